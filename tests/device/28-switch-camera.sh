# Bound: 240 s. Another camera in a call: the same participant, the same connection, and what is muted stays muted.
[ -e "$TOOLS/v4l2loopback.ko" ] || skip "there is no v4l2loopback, see what device-tools said"
call
rm "$CALL/standing"
insmod "$TOOLS/v4l2loopback.ko" video_nr=9 exclusive_caps=1 card_label=Made
trap 'stop_helpers; end door; rmmod v4l2loopback' EXIT
background feeder gst-launch-1.0 -q videotestsrc is-live=true pattern=smpte75 ! video/x-raw,format=YUY2,width=320,height=180,framerate=10/1 ! v4l2sink device=/dev/video9
eventually 20 "the other camera is there" v4l2-ctl -d /dev/video9 --get-fmt-video
ask() { "$BOARD/callbox" "$@" --socket "$CALL/door.sock"; }
ask devices | tee "$CASE_DIR/devices"
participant=$(state desk '.call.participants[0].id')
eventually 20 "the desk shows the first camera's bars" bars
ask use camera Made
eventually 20 "the desk shows the other camera's bars" bars seven
ask mute video
eventually 10 "the camera is off" camera idle
ask use camera vivid
sleep 3
camera idle || fail "the camera runs although it is muted"
ask unmute video
eventually 20 "the desk shows the first camera's bars again" bars
[ "$(state desk '.call.participants[0].id')" = "$participant" ] || fail "the door came as somebody else"
! ask use camera nobody 2>"$CASE_DIR/refused" || fail "a camera that is not there was taken"
grep -q 'callbox devices' "$CASE_DIR/refused" || fail "the refusal does not say what to do"
