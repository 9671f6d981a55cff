# Bound: 180 s. The screen at the HDMI cable is switched on for a call and sent to standby after it.
command -v cec-ctl >/dev/null || skip "there is no cec-ctl here: install v4l-utils"
# vivid with an HDMI input and an HDMI output, and a cable between them: the input is the screen.
restore() {
    modprobe -r vivid 2>/dev/null || true
    modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0 || true
    chmod 666 /dev/video0 || true
}
hang_up
trap 'stop_helpers; end door; restore' EXIT
modprobe -r vivid || skip "vivid cannot be loaded anew"
modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=3 num_outputs=1 output_types=1 || skip "vivid has no HDMI here"
adapter() { cec-ctl --list-devices 2>/dev/null | grep -oE "/dev/cec[0-9]+.*" | grep -iE "$1" | grep -oE '/dev/cec[0-9]+' | head -1; }
sleep 1
screen="" board=""
for node in /dev/cec*; do
    [ -e "$node" ] || skip "this kernel's vivid has no CEC"
    name=$(cec-ctl -d "$node" 2>/dev/null | sed -n 's/.*Adapter Name *: *//p')
    say "$node is $name"
    case $name in *vid-cap*) screen=$node ;; *vid-out*) board=$node ;; esac
done
[ -n "$screen" ] && [ -n "$board" ] || skip "there are not both ends of a cable"
v4l2-ctl -d /dev/video0 --set-edid=edid=hdmi,pad=0 >/dev/null 2>&1 || true
cec-ctl -d "$screen" --tv --osd-name Screen >"$CASE_DIR/screen" 2>&1 || { cat "$CASE_DIR/screen"; skip "the screen takes no place"; }
cec-ctl -d "$board" --playback | tee "$CASE_DIR/board"
grep -q 'Physical Address *: [0-9]' "$CASE_DIR/board" || skip "no address comes through the cable"
background bus cec-ctl -d "$screen" --monitor --wall-clock
heard() { grep -q "$1" "$CASE_DIR/bus.log"; }

start_hub
{
    common door | grep -v auto-join
    printf '[camera]\nsource = "none"\n[microphone]\nsource = "test"\n[speaker]\nsink = "none"\n'
    printf '[cec]\ndevice = "%s"\nname = "Front door"\nstandby-after = "2s"\n' "$board"
} >"$CALL/door.toml"
daemon door ip netns exec door "$BOARD/callbox" run --config "$CALL/door.toml"
cec() { state door ".gpio.others[0].$1"; }
cec_is() { [ "$(cec "$1")" = "$2" ]; }
eventually 30 "it is signed in" is door .hub.state connected
eventually 20 "the screen is there" cec_is state running
heard 'IMAGE_VIEW_ON' && fail "it was switched on for nothing"
"$BOARD/callbox" call desk --socket "$CALL/door.sock" || fail "it does not call"
eventually 20 "the screen is switched on" heard 'IMAGE_VIEW_ON'
eventually 10 "and shows us" heard 'ACTIVE_SOURCE'
eventually 10 "that is said" cec_is on true
"$BOARD/callbox" hangup --socket "$CALL/door.sock" || true
eventually 30 "the screen is sent to standby" heard 'STANDBY'
eventually 10 "that is said too" cec_is on false
