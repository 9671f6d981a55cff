# shellcheck shell=bash
# What cases are made of. A case passes by coming to its end; `fail` and `skip` say why not.
#
#   door   the appliance under test: camera /dev/video0, card hw:0, in the network namespace `door`
#   desk   the appliance at the other side: it writes down what it hears and shows what it sees
#
# The card's cables: what the door's microphone hears is played on $MICROPHONE_CABLE, what its speaker plays is on $SPEAKER_CABLE.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
MICROPHONE_CABLE=$CARD,0,0
SPEAKER_CABLE=$CARD,1,1
declare -A pid=()
CALL=$BOARD/call
# A first connection takes seconds under emulation: all of GStreamer is loaded and nothing is in a cache.
START=60
trap 'stop_helpers' EXIT

# uptime_into VARIABLE: whole seconds, whatever the clock says.
uptime_into() { IFS=. read -r "$1" _ </proc/uptime; }
# centiseconds_into VARIABLE: on the board's own clock, which stands still while the machine does something else.
centiseconds_into() {
    local whole part
    IFS='. ' read -r whole part _ </proc/uptime
    printf -v "$1" %d "$((10#$whole$part))"
}
# within SINCE LIMIT TEXT COMMAND…: until it succeeds, and that within so many centiseconds. Looks as often as it can.
within() {
    local since=$1 limit=$2 text=$3 now
    shift 3
    while :; do
        if "$@"; then break; fi
        centiseconds_into now
        [ $((now - since)) -lt 6000 ] || fail "not within 60 s: $text"
        sleep 0.05
    done
    centiseconds_into now
    say "$text after $((now - since))0 ms"
    [ $((now - since)) -le "$limit" ] || fail "$text after $((now - since))0 ms, and not ${limit}0 ms"
}
say() {
    local up
    read -r up _ </proc/uptime
    printf '%7.1f %s\n' "$up" "$*"
}
fail() {
    for who in door desk; do [ ! -S "$CALL/$who.sock" ] || "$BOARD/callbox" status --json --socket "$CALL/$who.sock" | jq -c . || true; done
    echo "$*"
    exit 1
}
skip() { echo "$*"; exit 77; }

# background NAME COMMAND…: a helper of this case; its output goes to NAME.log.
background() {
    local name=$1
    shift
    "$@" >>"$CASE_DIR/$name.log" 2>&1 </dev/null &
    pid[$name]=$!
}

# daemon NAME COMMAND…: a part of the call, which may outlive the case.
daemon() {
    local name=$1
    shift
    setsid "$@" >>"$CALL/$name.log" 2>&1 </dev/null &
    echo $! >"$CALL/$name.pid"
}

# end NAME [SIGNAL]: and wait until it is gone.
end() {
    local it=${pid[$1]:-}
    [ -n "$it" ] || it=$(cat "$CALL/$1.pid" 2>/dev/null) || return 0
    # What a shell has begun would go on without it.
    pkill "-${2:-TERM}" -P "$it" 2>/dev/null || true
    kill "-${2:-TERM}" "$it" 2>/dev/null || true
    for _ in $(seq 100); do
        kill -0 "$it" 2>/dev/null || break
        wait "$it" 2>/dev/null || true
        sleep 0.1
    done
    kill -KILL "$it" 2>/dev/null || true
    unset "pid[$1]"
    rm -f "$CALL/$1.pid"
    # What it said last is no longer so.
    it=$(cat "$CALL/$1.follower" 2>/dev/null) || return 0
    kill -- "-$it" 2>/dev/null || true
    rm -f "$CALL/$1.follower" "$CALL/$1.state"
}

stop_helpers() {
    local name
    for name in "${!pid[@]}"; do end "$name"; done
}

hang_up() {
    local name
    for name in door desk other hub; do end $name; done
    rm -rf "$CALL"
    mkdir -p "$CALL"
}

start_hub() {
    local user
    rm -f "$CALL/standing" "$CALL/line"
    {
        printf 'listen = "%s:8080"\nstate-directory = "%s/hub"\n' "$HUB_ADDRESS" "$CALL"
        for user in door desk other; do printf '[[user]]\nid = "%s"\npassword-hash = "%s"\n' $user "$(cat "$BOARD/hash")"; done
    } >"$CALL/hub.toml"
    rm -f "$CALL/hub.log"
    daemon hub "$BOARD/callbox" hub --config "$CALL/hub.toml"
    eventually 30 "the hub listens" grep -q '^listening on' "$CALL/hub.log"
}

common() {
    cp --preserve=mode "$BOARD/password" "$CALL/password-$1"
    printf 'state-directory = "%s/%s"\n' "${STATE_DIR:-$CALL}" "$1"
    printf '[hub]\nurl = "ws://%s:8080"\nuser = "%s"\npassword-file = "password-%s"\n' "$HUB_ADDRESS" "$1" "$1"
    printf '[call]\nauto-join = "default:lobby"\n[control]\nsocket = "%s/%s.sock"\n' "$CALL" "$1"
    printf '[video]\nbitrate = "400 kbit/s"\n'
}

# start_door [KEY=VALUE…]
start_door() {
    rm -f "$CALL/standing"
    { common door
      printf '[camera]\nsource = "v4l2"\ndevice = "/dev/video0"\nwidth = 320\nheight = 180\nframerate = 5\n'
      printf '[microphone]\nsource = "alsa"\ndevice = "%s,1,0"\n[speaker]\nsink = "alsa"\ndevice = "%s,0,1"\n' "$CARD" "$CARD"
      # The tones by which the cases tell sounds apart are noise to whoever suppresses noise.
      printf '[audio]\ncomplexity = 0\necho-cancellation = false\nnoise-suppression = false\ngain-control = false\n'
    } >"$CALL/door.toml"
    # shellcheck disable=SC2086 # AS holds words
    daemon door ip netns exec door ${AS:-} "$BOARD/callbox" run --config "$CALL/door.toml" "${@/#/--set=}"
}

# start_silent_door [KEY=VALUE…]: one without camera and sound, that joins nothing by itself.
start_silent_door() {
    { common door | grep -v auto-join
      printf '[camera]\nsource = "none"\n[microphone]\nsource = "none"\n[speaker]\nsink = "none"\n'
    } >"$CALL/door.toml"
    # shellcheck disable=SC2086 # words, or none
    daemon door ${NAMESPACE-ip netns exec door} "$BOARD/callbox" run --config "$CALL/door.toml" "${@/#/--set=}"
}

# start_desk [KEY=VALUE…]: it listens. With TALKS=yes it has a microphone as well, with a tone.
start_desk() {
    rm -f "$CALL/standing" "$CALL/line"
    { common desk
      printf '[camera]\nsource = "none"\n'
      [ -n "${TALKS:-}" ] && printf '[microphone]\nsource = "test"\ntone = 600\n' || printf '[microphone]\nsource = "none"\n'
      printf '[audio]\ncomplexity = 0\n[speaker]\nsink = "file"\nfile = "heard.wav"\n[screen]\nwidth = 320\nheight = 180\n'
    } >"$CALL/desk.toml"
    daemon desk "$BOARD/callbox" run --config "$CALL/desk.toml" "${@/#/--set=}"
}

# open_line: a hub, and a desk that listens and is alone: those that stand since an earlier case, or else new ones.
open_line() {
    rm -f "$CALL/standing"
    if [ -e "$CALL/line" ] && alive hub && alive desk; then
        # SIGINT leaves the call. Ended otherwise, the hub keeps its place for 30 s.
        end door INT
        eventually 15 "the desk is alone" alone
        return
    fi
    hang_up
    start_hub
    start_desk
    touch "$CALL/line"
}
alone() { [ "$(state desk .hub.state .call.state '.call.participants[0].id')" = "connected joined null" ]; }
alive() { kill -0 "$(cat "$CALL/$1.pid" 2>/dev/null)" 2>/dev/null; }

# A call with the picture of the door at the desk: the one that stands since an earlier case, or else a new one.
call() {
    if [ -e "$CALL/standing" ]; then
        going_on 20
        return
    fi
    open_line
    start_door
    eventually $START "the desk sees the door" seen 5
    touch "$CALL/standing"
}

# follow WHO: what it says of itself, always the newest, in WHO.state: `key=value` between separators, with the keys as jq(1) has them.
# To start one program for each look takes most of a second here, and takes the processor away from what is looked at.
follow() {
    local it=""
    { read -r it <"$CALL/$1.follower"; } 2>/dev/null || true
    [ -z "$it" ] || ! kill -0 "$it" 2>/dev/null || return 0
    rm -f "$CALL/$1.state"
    setsid bash -c '
        "$1/callbox" events --json --socket "$2.sock" 2>/dev/null | jq -r --unbuffered "$3" |
            while IFS= read -r line; do printf "%s\x1fend" "$line" >"$2.state"; done' - "$BOARD" "$CALL/$1" "$FLAT" >/dev/null 2>&1 </dev/null &
    it=$!
    echo $it >"$CALL/$1.follower"
    while [ ! -s "$CALL/$1.state" ] && kill -0 $it 2>/dev/null; do sleep 0.1; done
}
# shellcheck disable=SC2016 # jq's variables
FLAT='select(.hub) | [paths(type != "object" and type != "array") as $p |
    ($p | map(if type == "number" then "[\(.)]" else ".\(.)" end) | add) + "=\(getpath($p) | tostring | gsub("\n"; " "))"] | "\u001f" + join("\u001f")'
# look WHO KEY: into REPLY; empty when it does not run, `null` for what is not there.
look() {
    local all="" tries=0
    follow "$1"
    # It is written anew now and then: the end must be there.
    while { IFS= read -r -d '' all <"$CALL/$1.state"; [[ $all != *$'\x1fend' ]]; } 2>/dev/null && [ $((tries += 1)) -lt 50 ]; do :; done
    REPLY=""
    [[ $all == *$'\x1fend' ]] || return 0
    REPLY=null
    [[ $all != *$'\x1f'"$2="* ]] || { REPLY=${all#*$'\x1f'"$2="}; REPLY=${REPLY%%$'\x1f'*}; }
}
# state WHO KEY…: the values, with spaces between them.
state() {
    local who=$1 all=()
    shift
    while [ $# -gt 0 ]; do look "$who" "$1"; all+=("$REPLY"); shift; done
    echo "${all[*]}"
}
is() { look "$1" "$2"; [ "$REPLY" = "$3" ]; }
# number WHO KEY: into REPLY, 0 when there is none.
number() {
    look "$1" "$2"
    [[ $REPLY =~ ^[0-9]+$ ]] || REPLY=0
}
VIDEO='.call.participants[0].video'
FRAMES=$VIDEO.frames_decoded
PACKETS='.call.participants[0].audio.packets'
frames() { number desk "$FRAMES"; echo "$REPLY"; }
seen() { number desk "$FRAMES"; [ "$REPLY" -gt "$1" ]; }
# moving WIDTHxHEIGHT: pictures of this size arrive now.
moving() {
    local before
    before=$(frames)
    sleep 1
    seen "$before" && [ "$(state desk "$VIDEO.width" "$VIDEO.height")" = "${1/x/ }" ]
}
# more WHO FILTER THAN
more() { number "$1" "$2"; [ "$REPLY" -gt "$3" ]; }
# joined WHO CID
joined() { [ "$(state "$1" .call.cid .call.state)" = "$2 joined" ]; }
connected() { is "$1" '.call.participants[0].connection' connected; }
gone() { ! connected desk; }
camera() { is door .media.camera.state "$1"; }
microphone() { is door .media.microphone.state "$1"; }
# Any of several states.
camera_is() {
    local word
    look door .media.camera.state
    for word in "$@"; do [ "$REPLY" != "$word" ] || return 0; done
    return 1
}

# eventually SECONDS TEXT COMMAND…: until the command succeeds. The seconds are for a quiet machine.
eventually() {
    local limit=$(($1 * PATIENCE)) text=$2 start now
    shift 2
    uptime_into start
    until "$@"; do
        uptime_into now
        [ $((now - start)) -lt "$limit" ] || fail "not within $limit s: $text"
        sleep 0.3
    done
    say "$text"
}

# Both directions go on now: pictures and sound at the desk, sound at the door.
going_on() {
    local pictures sounds
    number desk "$FRAMES"
    pictures=$REPLY
    number desk "$PACKETS"
    sounds=$REPLY
    eventually "${1:-10}" "pictures arrive" seen $((pictures + 5))
    eventually "${1:-10}" "sound arrives" more desk "$PACKETS" $((sounds + 20))
}

# bars [KIND]: colour bars are what the desk shows, vivid's unless said otherwise.
bars() {
    "$BOARD/callbox" snapshot --socket "$CALL/desk.sock" "$CASE_DIR/screen.png" && python3 "$here/bars.py" "$CASE_DIR/screen.png" "$@"
}

# heard FREQUENCY FILE: in its last 1.5 s.
heard() { python3 "$here/tone.py" "$1" "$2"; }

# network OPTIONS…: on both ends, as tc-netem(8) has them; without any, a good network.
network() {
    tc qdisc del dev desk0 root 2>/dev/null || true
    ip netns exec door tc qdisc del dev door0 root 2>/dev/null || true
    [ $# -gt 0 ] || return 0
    tc qdisc add dev desk0 root netem "$@"
    ip netns exec door tc qdisc add dev door0 root netem "$@"
}

camera_driver() {
    echo vivid.0 >"/sys/bus/platform/drivers/vivid/$1"
    sleep 0.3
    say "camera nodes: $(echo /dev/video*); open: $(ls -l /proc/[0-9]*/fd 2>/dev/null | grep -o '/dev/video.*' | tr '\n' ' ' || true)"
}
card_driver() { echo snd_aloop.0 >"/sys/bus/platform/drivers/snd_aloop/$1"; }
