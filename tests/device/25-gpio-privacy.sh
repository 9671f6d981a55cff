# Bound: 120 s. The privacy switch cuts picture and sound at the source, nothing lifts it, and without its line it is on. The
# camera's light says what the camera does.
. "$here/gpio.sh"
LINES=(PRIVACY LAMP)
open_line
plug_lines
trap 'stop_helpers; end door; unplug_lines' EXIT
{
    common door
    printf '[camera]\nsource = "v4l2"\ndevice = "/dev/video0"\nwidth = 320\nheight = 180\nframerate = 5\n'
    printf '[microphone]\nsource = "test"\n[speaker]\nsink = "none"\n'
    printf '[privacy]\nline = "PRIVACY"\n[[light]]\nline = "LAMP"\nshows = "camera"\n'
} >"$CALL/door.toml"
daemon door ip netns exec door "$BOARD/callbox" run --config "$CALL/door.toml"
eventually $START "the desk sees the door" seen 5
value LAMP 1 || fail "the camera runs and its light is off"

is_cut() { camera idle && microphone idle && is door .gpio.privacy.on true && value LAMP 0; }
silent() {
    local before
    before=$(state desk "$FRAMES" "$PACKETS")
    sleep 3
    [ "$(state desk "$FRAMES" "$PACKETS")" = "$before" ]
}
told() { [ "$(state desk '.call.participants[0].muted.audio' '.call.participants[0].muted.video')" = "true true" ]; }
closed() { ! ls -l "/proc/$(cat "$CALL/door.pid")/fd" | grep /dev/video; }

down PRIVACY
eventually 5 "camera and microphone are cut" is_cut
eventually 5 "nothing arrives any more" silent
eventually 2 "the camera is closed" closed
eventually 5 "the others know" told
refused=$("$BOARD/callbox" unmute all --socket "$CALL/door.sock" 2>&1) && fail "it can be lifted by a command"
[[ $refused == *"the privacy switch is on"* ]] || fail "$refused"
end door KILL
daemon door ip netns exec door "$BOARD/callbox" run --config "$CALL/door.toml"
eventually 40 "killed and started again, it is in the call" in_call
eventually 10 "and cut" is_cut
eventually 5 "nothing arrives" silent

for _ in 1 2 3 4 5; do up PRIVACY; down PRIVACY; done
eventually 5 "a switch that bounces is on" is_cut
up PRIVACY
eventually 30 "off: the camera runs" camera running
eventually 5 "and its light is on" value LAMP 1
going_on 30

unplug_lines
lost() { is door .gpio.privacy.state missing && camera idle && microphone idle; }
eventually 15 "without its line the switch is on" lost
eventually 5 "nothing arrives" silent
plug_lines
eventually 20 "the line is back: the camera runs" camera running
going_on 30
