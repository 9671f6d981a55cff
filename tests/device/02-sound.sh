# Bound: 240 s. A tone into the card is heard at the other side, and the other side's tone comes out of the card.
hang_up
TALKS=yes call
rm "$CALL/standing" "$CALL/line"
# What the picture takes of an emulated processor is better spent on sound.
"$BOARD/callbox" mute video --socket "$CALL/door.sock"
eventually 20 "the microphone runs" microphone running
background player aplay -q -D "$MICROPHONE_CABLE" "$BOARD/tone.wav"
eventually 30 "the desk hears 1000 Hz" heard 1000 "$CALL/heard.wav"
out_of_the_card() {
    arecord -q -D "$SPEAKER_CABLE" -f S16_LE -r 48000 -c 2 -d 3 "$CASE_DIR/played.wav" && heard 600 "$CASE_DIR/played.wav"
}
eventually 30 "600 Hz come out of the card" out_of_the_card
before=$(frames)
"$BOARD/callbox" unmute video --socket "$CALL/door.sock"
eventually 20 "the picture is back" seen $((before + 3))
