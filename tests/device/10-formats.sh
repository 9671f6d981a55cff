# Bound: 360 s. What the camera does not have by itself is made of what it has: sizes, shapes, rates.
open_line
# Started anew, the door is who it was, and its old picture is no proof.
try() {
    say "$*"
    start_door "$@"
    eventually $START "the door sends" more door .media.encoder.frames 5
    eventually 20 "the desk gets $wanted" moving "$wanted"
    eventually 20 "the desk shows the colour bars" bars
    end door
}
wanted=640x360 try camera.width=640 camera.height=360 camera.framerate=5
wanted=322x182 try camera.width=322 camera.height=182 camera.framerate=10
wanted=320x180 try camera.framerate=7
wanted=640x360 try camera.width=640 camera.height=360 camera.framerate=10 video.encoder=openh264enc
