# Bound: 120 s. A button that is stuck, or held at the start, is said to be, and does nothing until it was released; a chip that
# goes and comes is found again; at the end everything is off.
. "$here/gpio.sh"
hang_up
plug_lines
trap 'stop_helpers; end door; unplug_lines' EXIT
start_hub
down KEY
start_gpio_door
eventually 30 "it is signed in" is door .hub.state connected
held() { [[ $(button key error) == *"already at the start"* ]]; }
eventually 5 "the key is said to be held since the start" held
up KEY
eventually 5 "released, it is fine" button_is key error null
pressed_is key 0 || fail "being held at the start counts as a press"
press BELL
eventually 20 "it is in the call" in_call

down KEY
stuck() { [[ $(button key error) == *"may be stuck"* ]]; }
eventually 10 "the key is said to be stuck" stuck
pressed_is key 1 || fail "a stuck key is pressed $(pressed key) times"
press BELL
eventually 5 "another button works all the same" value OPENER 1
up KEY
eventually 5 "released, it is fine" button_is key error null
press KEY
eventually 5 "and works" pressed_is key 2

unplug_lines
eventually 15 "the lines are gone" button_is bell state missing
in_call || fail "it left the call"
plug_lines
eventually 20 "the lines are back" button_is bell state running
eventually 15 "the lamp is on" value LAMP 1
press BELL
eventually 5 "the relay is on" value OPENER 1
end door
value OPENER 0 || fail "the relay stays on at the end"
value LAMP 0 || fail "the lamp stays on at the end"
