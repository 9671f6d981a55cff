# Bound: 120 s. A button joins the call and opens the door; it bounces, and that is one press; lamp and relay show it on their lines.
. "$here/gpio.sh"
hang_up
plug_lines
trap 'stop_helpers; end door; unplug_lines' EXIT
start_hub
start_gpio_door
eventually 30 "it is signed in" is door .hub.state connected
eventually 10 "the buttons are there" button_is bell state running
eventually 5 "the lamp is off" value LAMP 0
value OPENER 0 || fail "the relay is on"
value FAULT 1 || fail "a light that is on when low is not off at the start"

press BELL
eventually 20 "it is in the call" in_call
eventually 5 "the lamp is on" value LAMP 1
value OPENER 0 || fail "the relay is on"

# A relay that is on stays so: every try begins with one that is off. A busy machine may be too slow to bounce.
told=""
for _ in 1 2 3 4 5; do
    eventually 6 "the relay is off" value OPENER 0
    in_call || { press BELL; eventually 20 "it is in the call" in_call; }
    before=$(pressed bell) slow=""
    flicker BELL down up || slow=yes
    sleep 0.5
    [ -n "$slow" ] || pressed_is bell "$before" || fail "a glitch counts as a press"
    flicker BELL up down || slow=yes
    sleep 0.3
    flicker BELL down up || slow=yes
    [ -z "$slow" ] || { say "too slow to tell"; sleep 1; continue; }
    eventually 5 "the relay is on" value OPENER 1
    sleep 0.5
    pressed_is bell $((before + 1)) || fail "a press that bounces counts as $(($(pressed bell) - before))"
    told=yes
    break
done
[ -n "$told" ] || say "whether bouncing is one press remains open: this machine is too busy"
eventually 6 "the relay is off again" value OPENER 0
in_call || fail "it left the call"

press KEY
eventually 5 "the microphone is off" is door .call.muted.audio true
eventually 5 "its light is on" value FAULT 0
# Sooner it would be the bouncing of a contact.
sleep 0.5
press KEY
eventually 5 "the microphone is on" is door .call.muted.audio false
eventually 5 "its light is off" value FAULT 1

press BELL 1.6
eventually 10 "held for long: it is out of the call" idle
eventually 5 "the lamp is off" value LAMP 0
