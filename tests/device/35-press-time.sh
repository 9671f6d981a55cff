# Bound: 150 s. From the edge of a button to its command: no more than 5 ms beside the debounce time, on this board's clock.
. "$here/gpio.sh"
DEBOUNCE=20000 MOST=5000 PRESSES=20
hang_up
plug_lines
trap 'stop_helpers; end door; unplug_lines' EXIT
start_hub
start_gpio_door
eventually 30 "it is signed in" is door .hub.state connected
eventually 10 "the buttons are there" button_is key state running
press BELL
eventually 20 "it is in the call" in_call
sleep 2
edges=()
for _ in $(seq $PRESSES); do
    edges+=("${EPOCHREALTIME/./}")
    press KEY
    sleep 0.3
done
eventually 5 "every press counts" pressed_is key $PRESSES
mapfile -t logged < <(grep 'button="\?key"\? gesture=Press' "$CALL/door.log" | grep -o '^[0-9T:.-]*Z' | date -u -f - +%s%6N)
beyond=()
for number in "${!edges[@]}"; do beyond+=($((logged[number] - edges[number] - DEBOUNCE))); done
mapfile -t sorted < <(printf '%s\n' "${beyond[@]}" | sort -n)
say "beyond the debounce time, in microseconds: ${sorted[*]}"
median=${sorted[PRESSES / 2]}
say "the median is $median us, the worst ${sorted[PRESSES - 1]} us"
[ "$median" -ge 0 ] || fail "a press counts before its debounce time"
[ "$median" -lt $MOST ] || fail "a press takes $median us beside the debounce time"
