# Bound: 420 s. The doctor with real devices, each broken in turn: the right line fails and says what to do, the others pass.
hang_up
start_hub
{ common door
  printf '[camera]\nsource = "v4l2"\ndevice = "/dev/video0"\nwidth = 320\nheight = 180\nframerate = 5\n'
  printf '[microphone]\nsource = "alsa"\ndevice = "%s,1,0"\n[speaker]\nsink = "alsa"\ndevice = "%s,0,1"\n' "$CARD" "$CARD"
} >"$CALL/door.toml"

# doctor NAMES [KEY=VALUE…]: its findings are in found.json.
doctor() {
    local names=$1
    shift
    ip netns exec door "$BOARD/callbox" doctor --json --config "$CALL/door.toml" --only "$names" "${@/#/--set=}" \
        >"$CASE_DIR/found.json" 2>>"$CASE_DIR/told" || true
    jq -r '.checks[] | "\(.verdict) \(.name): \(.found)"' "$CASE_DIR/found.json"
}
# verdict NAME WORD: that is how it went.
verdict() {
    local now
    now=$(jq -r --arg name "$1" '.checks[] | select(.name == $name).verdict' "$CASE_DIR/found.json")
    [ "$now" = "$2" ] || fail "$1 is $now, not $2: $(cat "$CASE_DIR/found.json")"
}
# says NAME TEXT: in what was found, or in what to do.
says() {
    jq -r --arg name "$1" '.checks[] | select(.name == $name) | "\(.found) \(.advice)"' "$CASE_DIR/found.json" | grep -qi -- "$2" ||
        fail "$1 does not say $2: $(cat "$CASE_DIR/found.json")"
}

say "all is well"
doctor camera,microphone,sign-in,clock,disk
[ "$(jq '[.checks[] | select(.verdict == "fail")] | length' "$CASE_DIR/found.json")" = 0 ] || fail "something fails: $(cat "$CASE_DIR/found.json")"
jq -e '.checks[] | select(.name == "camera").figures.fps > 1' "$CASE_DIR/found.json" >/dev/null || fail "the camera was not counted"

say "a busy camera"
background other v4l2-ctl -d /dev/video0 -v width=320,height=180 -p 5 --stream-mmap --stream-count=100000 --silent
sleep 2
doctor camera,sign-in
verdict camera fail
says camera v4l2-ctl
verdict sign-in pass
end other

say "no camera"
camera_driver unbind
doctor camera,microphone
verdict camera fail
says camera "plugged in"
camera_driver bind
sleep 1

say "a camera that never was"
doctor camera camera.device=/dev/video77
verdict camera fail

say "a wrong clock"
# The hub has the same clock. The kernel takes no time before its own start.
now=$(date +%s)
date -s "@$(($(cut -d. -f1 /proc/uptime) + 60))"
doctor clock,sign-in
date -s "@$now"
verdict clock fail
says clock timedatectl
verdict sign-in pass

say "a speaker that nobody hears, and one that is heard"
doctor speaker
verdict speaker fail
background air sh -c "arecord -q -D $SPEAKER_CABLE -f S16_LE -r 48000 -c 2 --buffer-time=100000 -t raw | aplay -q -D $MICROPHONE_CABLE -f S16_LE -r 48000 -c 2 --buffer-time=200000 -t raw"
sleep 3
heard() { doctor speaker && [ "$(jq -r '.checks[0].verdict' "$CASE_DIR/found.json")" = pass ]; }
eventually 60 "the speaker is heard" heard
end air

say "a full disk"
mkdir "$CASE_DIR/full"
mount -t tmpfs -o size=200k tmpfs "$CASE_DIR/full"
trap 'stop_helpers; umount "$CASE_DIR/full"' EXIT
dd if=/dev/zero of="$CASE_DIR/full/rest" bs=1k 2>/dev/null || true
doctor disk "state-directory=$CASE_DIR/full"
verdict disk fail
says disk "full"

say "a daemon that has the camera is asked"
start_desk
start_door
eventually $START "the desk sees the door" seen 5
doctor service,camera,encoder
verdict camera pass
says camera "callbox run"
verdict encoder skipped
going_on 15
