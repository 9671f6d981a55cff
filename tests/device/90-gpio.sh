# Bound: 200 s. Buttons, lights and relays.
chip=/sys/kernel/config/gpio-sim/board
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
names=(BELL KEY LED0 LED1 DOOR STUCK)
board_up() {
    mkdir -p $chip/bank0
    echo 8 >$chip/bank0/num_lines
    echo board >$chip/bank0/label
    for i in "${!names[@]}"; do mkdir -p $chip/bank0/line$i; echo "${names[$i]}" >$chip/bank0/line$i/name; done
    echo 1 >$chip/live
    sim=/sys/devices/platform/$(cat $chip/dev_name)/$(cat $chip/bank0/chip_name)
}
board_down() { echo 0 >$chip/live; rmdir $chip/bank0/line* $chip/bank0 $chip; }
hang_up
board_up
trap 'for n in door hub; do end $n; done; board_down; stop_helpers' EXIT
echo pull-up >$sim/sim_gpio5/pull
start_hub
{ common door | grep -v auto-join
  printf '[camera]\nsource = "none"\n[microphone]\nsource = "test"\n[speaker]\nsink = "none"\n'
  cat <<TOML
[[button]]
line = "BELL"
hold = "leave"
[button.press]
idle = "join default:lobby"
in-call = "toggle mic"
[[button]]
chip = "board"
line = 1
name = "key"
press = "open door"
double-press = "leave"
[[button]]
line = "STUCK"
press = "leave"
[[light]]
line = "LED0"
shows = ["muted blink", "in-call"]
[[light]]
line = "LED1"
shows = "online"
[[relay]]
line = "DOOR"
name = "door"
pulse = "2s"
TOML
} >$CALL/door.toml
daemon door "$BOARD/callbox" run --config $CALL/door.toml
value() { cat $sim/sim_gpio$1/value; }
lit() { [ "$(value $1)" = $2 ]; }
press() { echo pull-up >$sim/sim_gpio$1/pull; sleep "$2"; echo pull-down >$sim/sim_gpio$1/pull; }
call_state() { [ "$(state door .call.state)" = "$1" ]; }
muted() { [ "$(state door .call.muted.audio)" = "$1" ]; }
eventually 60 "online, and the light says so" lit 3 1
"$BOARD/callbox" status --socket $CALL/door.sock
is door .gpio.buttons[0].state running || fail "bell"
lit 2 0 || fail "led0 is lit"
sleep 1
press 0 0.2
eventually 20 "a press joins" call_state joined
eventually 5 "and the light is steady" lit 2 1
press 0 0.2
eventually 10 "a press mutes" muted true
seen0=0 seen1=0
for _ in $(seq 40); do if lit 2 1; then seen1=1; else seen0=1; fi; sleep 0.05; done
[ $seen0$seen1 = 11 ] || fail "does not blink: $seen0$seen1"
say blinks
press 0 1.5
eventually 10 "a hold leaves" call_state null
# bounce
for _ in $(seq 30); do echo pull-up >$sim/sim_gpio0/pull; echo pull-down >$sim/sim_gpio0/pull; done
press 0 0.2
eventually 20 "bounces and a press join" call_state joined
say "muted: $(state door .call.muted.audio)"
press 1 0.2
eventually 5 "the door opens" lit 4 1
t=$(cut -d' ' -f1 /proc/uptime)
eventually 5 "and closes" lit 4 0
say "since $t"
"$BOARD/callbox" open --socket $CALL/door.sock door
lit 4 1 || fail "open by command"
"$BOARD/callbox" open --socket $CALL/door.sock dor || true
press 1 0.1; sleep 0.1; press 1 0.1
eventually 10 "a double press leaves" call_state null
"$BOARD/callbox" status --socket $CALL/door.sock
echo pull-down >$sim/sim_gpio5/pull
eventually 5 "released" is door .gpio.buttons[2].error null
"$BOARD/callbox" open --socket $CALL/door.sock door
lit 4 1 || fail "open by command"
end door KILL
say "after kill: $(value 4)"
daemon door "$BOARD/callbox" run --config $CALL/door.toml
eventually 60 "online again" lit 3 1
lit 4 0 || fail "the relay is still on"
"$BOARD/callbox" open --socket $CALL/door.sock door
lit 4 1 || fail "open by command"
end door
lit 4 0 || fail "the relay is still on after the end"
lit 3 0 || fail "the light is still on after the end"
cp $CALL/*.log $CASE_DIR/
daemon door "$BOARD/callbox" run --config $CALL/door.toml
eventually 60 "online again" lit 3 1
board_down
eventually 10 "the lines are gone" is door .gpio.relays[0].state missing
eventually 10 "the lines are gone" is door .gpio.buttons[0].state missing
"$BOARD/callbox" status --socket $CALL/door.sock
board_up
eventually 20 "the lines are there again" is door .gpio.buttons[0].state running
eventually 20 "online" lit 3 1
press 0 0.2
eventually 20 "a press joins" call_state joined
