# Bound: 300 s. Cameras that have one format only, at a size of their own: NV12, YUYV, motion JPEG.
[ -e "$TOOLS/v4l2loopback.ko" ] || skip "there is no v4l2loopback, see what device-tools said"
open_line
modprobe videodev
insmod "$TOOLS/v4l2loopback.ko" video_nr=9 exclusive_caps=1 card_label=Made
trap 'stop_helpers; end door; rmmod v4l2loopback' EXIT
# A feeder is running: see the picture at the desk.
try() {
    eventually 20 "the camera is there" v4l2-ctl -d /dev/video9 --get-fmt-video
    start_door camera.device=/dev/video9
    eventually $START "the door sends" more door .media.encoder.frames 5
    eventually 20 "the desk gets 320x180" moving 320x180
    eventually 20 "the desk shows the seven bars" bars seven
    end door
    end feeder
}
# raw FORMAT WIDTH HEIGHT RATE
raw() {
    say "$*"
    background feeder gst-launch-1.0 -q videotestsrc is-live=true pattern=smpte75 ! "video/x-raw,format=$1,width=$2,height=$3,framerate=$4/1" ! v4l2sink device=/dev/video9
    try
}
raw NV12 322 182 5
raw YUY2 354 198 7

# GStreamer's sink does not take its own encoder's pictures.
say "motion JPEG"
gst-launch-1.0 -q videotestsrc num-buffers=5 pattern=smpte75 ! video/x-raw,format=I420,width=320,height=180 ! jpegenc ! multifilesink location="$CASE_DIR/%d.jpg"
v4l2-ctl -d /dev/video9 -c keep_format=1 --set-fmt-video-out=width=320,height=180,pixelformat=MJPG
background feeder python3 "$here/feed.py" /dev/video9 10 "$CASE_DIR"/?.jpg
try
