# Bound: 240 s. While another program has the camera there is sound; when it lets go, the picture comes.
open_line
background other v4l2-ctl -d /dev/video0 -v width=320,height=180 -p 5 --stream-mmap --stream-count=100000 --silent
sleep 2
start_door
eventually $START "they are connected" connected desk
eventually 10 "the camera is busy" camera busy
eventually 10 "sound arrives" more desk "$PACKETS" 50
state door .media.camera.error
! bars || fail "a picture of a busy camera?"
end other
eventually 10 "the camera runs" camera running
eventually 20 "the desk shows the colour bars" bars
