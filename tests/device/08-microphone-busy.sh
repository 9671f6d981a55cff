# Bound: 240 s. While another program has the microphone there is a picture; when it lets go, there is sound.
open_line
background other arecord -q -D "hw:0,1,0" -f S16_LE -r 48000 -c 2 /dev/null
sleep 2
call
eventually 10 "the microphone is busy" microphone busy
state door .media.microphone.error
end other
eventually 10 "the microphone runs" microphone running
background player aplay -q -D "$MICROPHONE_CABLE" "$BOARD/tone.wav"
eventually 20 "the desk hears 1000 Hz" heard 1000 "$CALL/heard.wav"
