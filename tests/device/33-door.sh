# Bound: 150 s. Somebody in the call has the door opened over the hub: the relay pulses, who asked is logged; who may not, does not.
. "$here/gpio.sh"
hang_up
plug_lines
trap 'stop_helpers; end door; unplug_lines' EXIT
start_hub
{
    common door
    printf '[camera]\nsource = "none"\n[microphone]\nsource = "test"\n[speaker]\nsink = "none"\n'
    printf '[[relay]]\nline = "OPENER"\nname = "strike"\npulse = "2s"\n[door]\nrelay = "strike"\ncode = "*1#"\n'
    printf '[[light]]\nline = "LAMP"\nname = "lamp"\nshows = ["ringing blink", "in-call"]\n'
} >"$CALL/door.toml"
daemon door ip netns exec door "$BOARD/callbox" run --config "$CALL/door.toml"
eventually 30 "it is in the call" is door .call.state joined
value OPENER 0 || fail "the relay is on"
# ask WHO PATH BODY: the status of the answer.
ask() {
    local token
    token=$("$BOARD/callbox" hub token "$1" --config "$CALL/hub.toml")
    curl -s -o "$CASE_DIR/answer" -w '%{http_code}' -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d "$3" \
        "http://$HUB_ADDRESS:8080/v1/calls/default/lobby/$2"
}
opened() { grep -c 'the door is open' "$CALL/door.log" || true; }

[ "$(ask desk door '{}')" = 403 ] || fail "who may not opens the door: $(cat "$CASE_DIR/answer")"
value OPENER 0 || fail "the relay is on"
# The door made the call, and is its host: it may.
[ "$(ask door door '{}')" = 200 ] || fail "the door does not open: $(cat "$CASE_DIR/answer")"
value OPENER 1 || fail "it was said to be open before it was"
grep 'the door is open' "$CALL/door.log" | grep -q 'by=door' || fail "nobody knows who it was"
eventually 10 "the relay is off again" value OPENER 0
for key in '*' 1 '#'; do [ "$(ask door digits "{\"digits\": \"$key\"}")" = 200 ] || fail "no keys: $(cat "$CASE_DIR/answer")"; done
eventually 10 "the code opens it" value OPENER 1
eventually 10 "and it is off again" value OPENER 0
[ "$(opened)" = 2 ] || fail "it was opened $(opened) times"

# Whoever asks on and on: it is on for its time, and then off.
for _ in 1 2 3 4 5; do ask door door '{}' >/dev/null; done
eventually 5 "it is off in between" value OPENER 0

# Two who call each other blink, then are steady.
"$BOARD/callbox" leave --socket "$CALL/door.sock"
"$BOARD/callbox" call desk --socket "$CALL/door.sock" || fail "it does not call"
eventually 5 "the lamp is on" value LAMP 1
eventually 5 "and off: it blinks" value LAMP 0
