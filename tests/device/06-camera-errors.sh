# Bound: 300 s. Errors of the driver: the call stays up and the picture comes back.
control() { v4l2-ctl -d /dev/video0 -c "$1=1"; }
call
for error in inject_v4l2_buf_flag_error inject_fatal_streaming_error inject_vidioc_qbuf_error; do
    before=$(frames)
    control $error
    say "$error"
    eventually 20 "the picture goes on" seen $((before + 20))
    connected desk || fail "the call did not stay up"
done
end door
control inject_vidioc_streamon_error
start_door
eventually $START "the desk sees the door" connected desk
eventually 20 "the camera runs" camera running
eventually 20 "the picture goes on" seen 5
