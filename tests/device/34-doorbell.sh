#!/usr/bin/env bash
# Runs inside a guest of its own, whose time is real: a door with camera, microphone, bell, lamp, relay and privacy switch, signed in
# to the hub of a test on this machine, which has the hands.   doorbell BINARY CACHE HUB-PORT HANDS-PORT
set -euo pipefail
export BOARD=/run/board CARD=plughw:0 HUB_ADDRESS=10.0.2.2 PATIENCE=3
export GST_REGISTRY=$BOARD/registry GST_REGISTRY_UPDATE=no NO_COLOR=1 RUST_BACKTRACE=1
mkdir -p $BOARD/call && chmod 755 $BOARD
cp "$1" "$BOARD/callbox"
cp "$2/registry" "$GST_REGISTRY"
modprobe -a virtio_pci virtio_net configfs snd-aloop
modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0
insmod "$2/gpiosim.ko"
ip link set lo up
# As QEMU's own network has it: this machine's loopback is the gateway.
for card in /sys/class/net/e*; do card=${card##*/}; done
ip link set "$card" up
ip address add 10.0.2.15/24 dev "$card"
ip route add default via $HUB_ADDRESS

. "$(dirname "$(realpath "$0")")/lib.sh"
. "$here/gpio.sh"
LINES=(BELL LAMP EYE OPENER PRIVACY)
plug_lines
(umask 077 && printf 'correct horse' >$CALL/password)
cat >"$CALL/door.toml" <<TOML
state-directory = "$CALL/door"
[hub]
url = "ws://$HUB_ADDRESS:$3"
user = "door-1"
password-file = "password"
[control]
socket = "$CALL/door.sock"
[camera]
source = "v4l2"
device = "/dev/video0"
width = 320
height = 180
framerate = 5
[video]
bitrate = "400 kbit/s"
[microphone]
source = "alsa"
device = "$CARD,1,0"
[speaker]
sink = "none"
[audio]
complexity = 0
echo-cancellation = false
noise-suppression = false
gain-control = false
[[button]]
line = "BELL"
name = "bell"
bias = "pull-up"
active-low = true
[button.press]
idle = "call anna"
calling = "hangup"
[[light]]
line = "LAMP"
name = "lamp"
shows = ["ringing blink", "in-call"]
[[light]]
line = "EYE"
name = "eye"
shows = "camera"
[[relay]]
line = "OPENER"
name = "strike"
pulse = "2s"
[door]
relay = "strike"
[privacy]
line = "PRIVACY"
TOML
sox -q -n -r 48000 -b 16 -c 2 $BOARD/tone.wav synth 600 sine 1000 gain -12
echo "the board is up $(cut -d. -f1 /proc/uptime) s after its start"
CASE_DIR=$BOARD background player aplay -q -D "$MICROPHONE_CABLE" $BOARD/tone.wav
"$BOARD/callbox" run --config "$CALL/door.toml" 2>&1 | sed -u 's/^/door: /' &
eventually 60 "the door answers" test -S "$CALL/door.sock"
lines=()
for name in "${LINES[@]}"; do lines+=("$name=$(line "$name")"); done
python3 "$here/hands.py" $HUB_ADDRESS "$4" "${lines[@]}" -- "$BOARD/callbox" status --json --socket "$CALL/door.sock"
