# Bound: 240 s. A card with a volume of its own is told how loud; one without is made so by ourselves.
modprobe snd-dummy 2>/dev/null || skip "this kernel has no snd-dummy"
trap 'stop_helpers; modprobe -r snd-dummy 2>/dev/null || true' EXIT
chmod 666 /dev/snd/*
call
rm "$CALL/standing"
ask() { "$BOARD/callbox" "$@" --socket "$CALL/door.sock"; }
ask devices | tee "$CASE_DIR/devices"
grep -q 'plughw:CARD=Dummy,DEV=0' "$CASE_DIR/devices" || fail "the list does not have the card"
ask use speaker Dummy
eventually 10 "the other card plays" is door .media.speaker.state running
is door .media.speaker.device 'plughw:CARD=Dummy,DEV=0' || fail "it is called $(state door .media.speaker.device)"
loud() { amixer -c Dummy sget Master | tee "$CASE_DIR/mixer" | grep -q "\[$1%\]"; }
ask volume 30%
eventually 5 "the card has 30 %" loud 30
ask volume 80%
eventually 5 "the card has 80 %" loud 80
ask use speaker "$CARD,0,1"
eventually 10 "the first card plays again" is door .media.speaker.state running
connected desk || fail "the call did not stay up"
