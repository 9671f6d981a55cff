# Bound: 150 s. The keys of a USB keypad call and hang up; one that is held is not many, one that is plugged in later works then, and
# one that may not be opened, or that somebody else has, is named with what helps.
modprobe uinput 2>/dev/null || true
[ -e /dev/uinput ] || skip "this kernel has no uinput"
modprobe evdev 2>/dev/null || true
ENTER=28 ESC=1 ONE=2
plug() {
    rm -f "$CASE_DIR/keys"
    mkfifo "$CASE_DIR/keys"
    background keypad bash -c "python3 '$here/keys.py' 'Callbox Test Keypad' <'$CASE_DIR/keys'"
    exec 7>"$CASE_DIR/keys"
    eventually 20 "the keypad is there" grep -q 'Callbox Test Keypad' /proc/bus/input/devices
}
unplug() { exec 7>&-; eventually 10 "the keypad is gone" gone; }
gone() { ! grep -q 'Callbox Test Keypad' /proc/bus/input/devices; }
event() { awk '/Callbox Test Keypad/ { found = 1 } found && /Handlers=/ { for (i = 1; i <= NF; i++) if ($i ~ /^event/) { print "/dev/input/" $i; exit } }' /proc/bus/input/devices; }
key() {
    echo "down $1" >&7
    sleep "${2:-0.2}"
    echo "up $1" >&7
}
keypad() { state door ".gpio.others[0].$1"; }
keypad_is() { [ "$(keypad "$1")" = "$2" ]; }
says() { [[ $(keypad error) == *"$1"* ]]; }
joined() { is door .call.state joined; }
idle() { is door .call.state null; }

hang_up
trap 'exec 7>&-; stop_helpers; end door' EXIT
start_hub
{
    common door | grep -v auto-join
    printf '[camera]\nsource = "none"\n[microphone]\nsource = "test"\n[speaker]\nsink = "none"\n'
    printf '[[keypad]]\ndevice = "name:callbox test keypad"\nstuck-time = "5s"\n[keypad.press]\nenter = { idle = "join default:lobby", in-call = "toggle mic" }\nesc = "hangup"\n'
    printf '[keypad.hold]\nesc = "toggle camera"\n'
} >"$CALL/door.toml"
daemon door ip netns exec door "$BOARD/callbox" run --config "$CALL/door.toml"
eventually 30 "it is signed in" is door .hub.state connected
eventually 10 "there is no keypad" keypad_is state missing
says "plug it in" || fail "it does not say what helps: $(keypad error)"

plug
eventually 20 "plugged in later, it is taken" keypad_is state running
key $ENTER
eventually 20 "a key joins the call" joined
key $ENTER
eventually 5 "in the call it does something else" is door .call.muted.audio true
key $ONE
echo "down $ENTER" >&7
for _ in 1 2 3 4 5; do echo "repeat $ENTER" >&7; done
eventually 5 "a key that is held is one press" is door .call.muted.audio false
sleep 0.5
is door .call.muted.audio false || fail "repeats count as presses"
eventually 10 "held for too long it is named" says "the key enter is held for too long"
echo "up $ENTER" >&7
eventually 5 "released it is well" keypad_is error null
key $ESC 1.5
eventually 5 "a long press is another thing" is door .call.muted.video true
key $ESC
eventually 10 "a short one hangs up" idle

unplug
eventually 15 "unplugged, that is said" keypad_is state missing
plug
eventually 20 "and it is taken again" keypad_is state running

end door
node=$(event)
background other bash -c "exec python3 -c 'import fcntl, time; f = open(\"$node\", \"rb\"); fcntl.ioctl(f, 0x40044590, 1); time.sleep(60)'"
sleep 1
daemon door ip netns exec door "$BOARD/callbox" run --config "$CALL/door.toml"
eventually 30 "one that somebody else has is named" keypad_is state busy
says "grab = false" || fail "it does not say what helps: $(keypad error)"
end other
eventually 15 "and taken when it is free" keypad_is state running
end door
chmod 600 "$node"
chown -R nobody "$CALL"
chmod 755 "$CALL"
daemon door setpriv --reuid=nobody --clear-groups "$BOARD/callbox" run --config "$CALL/door.toml"
eventually 30 "one that may not be opened is named" keypad_is state denied
says "join the group \`input\`" || fail "it does not say what helps: $(keypad error)"
