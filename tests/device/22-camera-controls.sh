# Bound: 150 s. Controls of the camera are set as configured; one that it does not have is named, and the picture comes all the same.
open_line
start_door camera.controls.contrast=110 camera.controls.horizontal_flip=true camera.controls.brightnes=7
eventually $START "the desk sees the door" seen 5
said() { [[ $(state door .media.camera.error) == *"no control \`brightnes\`"* ]]; }
eventually 5 "the control that is not there is named" said
state door .media.camera.error
camera running || fail "the camera does not run"
for pair in contrast=110 horizontal_flip=1; do
    control=$(v4l2-ctl -d /dev/video0 -C "${pair%=*}")
    [ "$control" = "${pair%=*}: ${pair#*=}" ] || fail "the camera has $control instead of $pair"
done
eventually 20 "the desk shows the colour bars, mirrored" bars mirrored
