# Bound: 200 s. The speaker test hears the speaker through the microphone, and says so when it does not. So does another microphone.
call
rm "$CALL/standing"
"$BOARD/callbox" mute video --socket "$CALL/door.sock"
ask() { "$BOARD/callbox" "$@" --socket "$CALL/door.sock"; }
eventually 20 "the microphone runs" microphone running
eventually 20 "the speaker runs" is door .media.speaker.state running
! ask speaker-test >"$CASE_DIR/apart" 2>&1 || fail "it was heard without a way through the air: $(cat "$CASE_DIR/apart")"
cat "$CASE_DIR/apart"
# The air: what comes out of the speaker goes into the microphone.
background air sh -c "arecord -q -D $SPEAKER_CABLE -f S16_LE -r 48000 -c 2 --buffer-time=100000 -t raw | aplay -q -D $MICROPHONE_CABLE -f S16_LE -r 48000 -c 2 --buffer-time=200000 -t raw"
sleep 3
heard_itself() { ask speaker-test | tee "$CASE_DIR/together"; }
eventually 40 "the microphone hears the speaker" heard_itself
connected desk || fail "the call did not stay up"
