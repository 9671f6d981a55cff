# Bound: 270 s. Without its sound card the call goes on by picture; plugged in again, it is heard again.
call
# The device may come back under another number.
rm "$CALL/standing"
eventually 20 "the microphone runs" microphone running
before=$(frames)
centiseconds_into unplugged
card_driver unbind
lost() { local word; look door "$1"; for word in missing failed; do [ "$REPLY" != $word ] || return 0; done; return 1; }
# What is allowed, and half a second for a status that is told so often.
within "$unplugged" 150 "the status says the microphone is lost" lost .media.microphone.state
within "$unplugged" 150 "and the speaker" lost .media.speaker.state
eventually 8 "the status says the microphone is missing" microphone missing
eventually 8 "and the speaker" is door .media.speaker.state missing
eventually 10 "the picture goes on" seen $((before + 20))
connected desk || fail "the call did not stay up"
centiseconds_into plugged
card_driver bind
within "$plugged" 350 "the microphone runs again" microphone running
within "$plugged" 350 "and the speaker" is door .media.speaker.state running
background player aplay -q -D "$MICROPHONE_CABLE" "$BOARD/tone.wav"
eventually 20 "the desk hears 1000 Hz" heard 1000 "$CALL/heard.wav"
