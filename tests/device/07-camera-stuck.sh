# Bound: 240 s. A camera that says nothing and gives nothing is noticed, and tried again until it gives pictures.
call
v4l2-ctl -d /dev/video0 -c percentage_of_dropped_buffers=100
eventually 8 "the status says so" camera_is failed starting
state door .media.camera.error
sounds=$(state desk "$PACKETS")
eventually 10 "sound goes on" more desk "$PACKETS" $((sounds + 50))
connected desk || fail "the call did not stay up"
before=$(frames)
v4l2-ctl -d /dev/video0 -c percentage_of_dropped_buffers=0
eventually 15 "the camera runs" camera running
eventually 10 "the picture is back" seen $((before + 5))
