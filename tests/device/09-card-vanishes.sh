# Bound: 270 s. Without its sound card the call goes on by picture; plugged in again, it is heard again.
call
# The device may come back under another number.
rm "$CALL/standing"
eventually 20 "the microphone runs" microphone running
before=$(frames)
card_driver unbind
eventually 8 "the status says the microphone is missing" microphone missing
eventually 8 "and the speaker" is door .media.speaker.state missing
eventually 10 "the picture goes on" seen $((before + 20))
connected desk || fail "the call did not stay up"
card_driver bind
eventually 10 "the microphone runs again" microphone running
eventually 10 "and the speaker" is door .media.speaker.state running
background player aplay -q -D "$MICROPHONE_CABLE" "$BOARD/tone.wav"
eventually 20 "the desk hears 1000 Hz" heard 1000 "$CALL/heard.wav"
