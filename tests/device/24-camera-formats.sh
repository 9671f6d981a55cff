# Bound: 300 s. Cameras that have one format only, at a size of their own: motion JPEG, NV12, YUYV.
[ -e "$TOOLS/v4l2loopback.ko" ] || skip "there is no v4l2loopback, see what device-tools said"
hang_up
modprobe videodev
insmod "$TOOLS/v4l2loopback.ko" video_nr=9 exclusive_caps=1 card_label=Made
trap 'stop_helpers; end door; rmmod v4l2loopback' EXIT
start_hub
start_desk
# try FORMAT WIDTH HEIGHT RATE ENCODER…
try() {
    local format=$1 size="width=$2,height=$3,framerate=$4/1"
    shift 4
    say "$format $size"
    background feeder gst-launch-1.0 -q videotestsrc is-live=true pattern=smpte75 ! "video/x-raw,format=$format,$size" ! "$@" v4l2sink device=/dev/video9
    eventually 20 "the camera is there" v4l2-ctl -d /dev/video9 --get-fmt-video
    start_door camera.device=/dev/video9
    eventually $START "the door sends" more door .media.encoder.frames 5
    eventually 20 "the desk gets 320x180" moving 320x180
    eventually 20 "the desk shows the seven bars" bars seven
    end door
    end feeder
}
try I420 320 180 10 jpegenc !
try NV12 322 182 5
try YUY2 354 198 7
