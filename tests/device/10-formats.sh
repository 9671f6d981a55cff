# Bound: 360 s. What the camera does not have by itself is made of what it has: sizes, shapes, rates.
hang_up
start_hub
start_desk
try() {
    local size
    say "$*"
    start_door "$@"
    eventually $START "the desk sees the door" seen 5
    size=$(state desk '.call.participants[0].video | "\(.width)x\(.height)"')
    [ "$size" = "$wanted" ] || fail "the picture is $size instead of $wanted"
    eventually 20 "the desk shows the colour bars" bars
    end door
    eventually 20 "the door is gone" is desk '.call.participants | length' 0
}
wanted=640x360 try camera.width=640 camera.height=360 camera.framerate=5
wanted=322x182 try camera.width=322 camera.height=182 camera.framerate=10
wanted=320x180 try camera.framerate=7
wanted=320x180 try camera.framerate=10 video.encoder=openh264enc
