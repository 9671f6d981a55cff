# Bound: 120 s. A line that somebody else has, or that may not be opened, is named with what helps, and taken when it can be; a
# relay is off after a SIGKILL; two presses in time are one double press.
. "$here/gpio.sh"
LINES=(BELL OPENER)
hang_up
plug_lines
trap 'stop_helpers; end door; end desk; unplug_lines' EXIT
up BELL
start_hub
chip=/dev/$(cat "$SIMULATOR/bank0/chip_name")
chmod 600 "$chip"
lines() {
    printf '[camera]\nsource = "none"\n[microphone]\nsource = "none"\n[speaker]\nsink = "none"\n'
    printf '[[button]]\nline = "BELL"\nname = "bell"\nbias = "pull-up"\nactive-low = true\npress = "open door"\ndouble-press = "toggle mic"\n'
    printf '[[relay]]\nline = "OPENER"\nname = "door"\npulse = "30s"\n'
}
says() { [[ $(button bell error) == *"$1"* ]]; }

{ common door; lines; } >"$CALL/door.toml"
chown -R nobody "$CALL"
chmod 755 "$CALL"
daemon door setpriv --reuid=nobody --clear-groups "$BOARD/callbox" run --config "$CALL/door.toml"
eventually 30 "without permission that is said" says "no permission for $chip: install 60-callbox.rules"
button_is bell state denied || fail "the state is $(button bell state)"
"$BOARD/callbox" open door --socket "$CALL/door.sock" && fail "a relay without a line opens"
chmod 666 "$chip"
eventually 15 "with permission it is taken" button_is bell state running
eventually 15 "and so is the relay's" is door '.gpio.relays[0].state' running

{ common desk; lines; } >"$CALL/desk.toml"
daemon desk "$BOARD/callbox" run --config "$CALL/desk.toml"
other() { [[ $(state desk '.gpio.buttons[0].error') == *"in use by callbox"* ]]; }
eventually 20 "to another one it is busy, and by whom" other
is desk '.gpio.buttons[0].state' busy || fail "it is not busy"
"$BOARD/callbox" open door --socket "$CALL/door.sock"
value OPENER 1 || fail "the relay is not on"
end door KILL
eventually 15 "the other one takes the lines" is desk '.gpio.relays[0].state' running
value OPENER 0 || fail "the relay stays on after a SIGKILL"

eventually 20 "it is in the call" is desk .call.state joined
press BELL 0.1
sleep 0.1
press BELL 0.1
eventually 5 "two presses in time are a double press" is desk .call.muted.audio true
value OPENER 0 || fail "and a press as well"
# Sooner it would be the bouncing of a contact.
sleep 0.5
press BELL 0.1
eventually 5 "one press is a press" value OPENER 1
is desk .call.muted.audio true || fail "and a double press as well"
