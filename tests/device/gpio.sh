# shellcheck shell=bash
# Simulated GPIO lines, and a door without camera and sound that uses them.
#
#   BELL    a button to ground, with the chip's resistor: pressed when low
#   KEY     a button to the supply: pressed when high
#   LAMP, FAULT   lights        OPENER   a relay

SIMULATOR=/sys/kernel/config/gpio-sim/board
LINES=(BELL KEY LAMP FAULT OPENER)

plug_lines() {
    local number
    mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
    mkdir -p "$SIMULATOR/bank0"
    echo 8 >"$SIMULATOR/bank0/num_lines"
    # Not from the first line on: who counts wrongly shall meet another one.
    for number in "${!LINES[@]}"; do
        mkdir -p "$SIMULATOR/bank0/line$((number + 2))"
        echo "${LINES[number]}" >"$SIMULATOR/bank0/line$((number + 2))/name"
    done
    echo 1 >"$SIMULATOR/live"
    for number in "${!LINES[@]}"; do
        LINE_AT[${LINES[number]}]=/sys/devices/platform/$(cat "$SIMULATOR/dev_name")/$(cat "$SIMULATOR/bank0/chip_name")/sim_gpio$((number + 2))
    done
}
unplug_lines() {
    [ -d "$SIMULATOR" ] || return 0
    echo 0 >"$SIMULATOR/live"
    rmdir "$SIMULATOR"/bank0/line* "$SIMULATOR/bank0" "$SIMULATOR"
}
# Where the simulator shows a line. Without starting a program: presses are quick.
declare -A LINE_AT=()
line() { echo "${LINE_AT[$1]}"; }
# value LINE WANTED
value() { [ "$(cat "${LINE_AT[$1]}/value")" = "$2" ]; }
down() { case $1 in BELL) echo pull-down ;; *) echo pull-up ;; esac >"${LINE_AT[$1]}/pull"; }
up() { case $1 in BELL) echo pull-up ;; *) echo pull-down ;; esac >"${LINE_AT[$1]}/pull"; }
press() {
    down "$1"
    sleep "${2:-0.3}"
    up "$1"
}
# flicker NAME COMMAND COMMAND: five times both; whether that was quick enough to be bouncing. A busy machine stops in between.
flicker() {
    local begin=${EPOCHREALTIME/./} last now slowest=0
    last=$begin
    for _ in 1 2 3 4 5; do
        for how in "$2" "$3"; do
            "$how" "$1"
            now=${EPOCHREALTIME/./}
            [ $((now - last)) -le $slowest ] || slowest=$((now - last))
            last=$now
        done
    done
    say "$1 bounces, at the slowest after $((slowest / 1000)) ms"
    [ $slowest -lt 50000 ]
}

# start_gpio_door [KEY=VALUE…]
start_gpio_door() {
    {
        common door
        printf '[camera]\nsource = "none"\n[microphone]\nsource = "test"\n[speaker]\nsink = "none"\n'
        printf '[[button]]\nline = "BELL"\nname = "bell"\nbias = "pull-up"\nactive-low = true\ndebounce = "100ms"\nstuck-time = "4s"\n'
        printf '[button.press]\nidle = "join default:lobby"\nin-call = "open door"\n[button.hold]\nin-call = "leave"\n'
        printf '[[button]]\nline = "KEY"\nname = "key"\npress = "toggle mic"\nstuck-time = "4s"\n'
        printf '[[light]]\nline = "LAMP"\nname = "lamp"\nshows = "in-call"\n'
        printf '[[light]]\nline = "FAULT"\nname = "fault"\nactive-low = true\nshows = "muted"\n'
        printf '[[relay]]\nline = "OPENER"\nname = "door"\npulse = "2s"\n'
    } | grep -v auto-join >"$CALL/door.toml"
    daemon door ip netns exec door "$BOARD/callbox" run --config "$CALL/door.toml" "${@/#/--set=}"
}
# button NAME KEY
button() {
    local number
    for number in 0 1 2; do
        look door ".gpio.buttons[$number].name"
        [ "$REPLY" != "$1" ] || state door ".gpio.buttons[$number].$2"
    done
}
button_is() { [ "$(button "$1" "$2")" = "$3" ]; }
in_call() { is door .call.state joined; }
idle() { is door .call.state null; }
# pressed NAME: how often the door says so.
pressed() { grep -c "button=\"\\?$1\"\\? gesture=Press" "$CALL/door.log" || true; }
pressed_is() { [ "$(pressed "$1")" = "$2" ]; }
