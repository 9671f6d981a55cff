# Bound: 240 s. Without its camera the call goes on by sound, with a card within a second; plugged in again, the picture is back within three.
call
# The device may come back under another number.
rm "$CALL/standing"
sounds=$(state desk "$PACKETS")
participant=$(state desk '.call.participants[0].id')
# What is allowed, and half a second each for two statuses that are told so often.
LOST=200 BACK=400
centiseconds_into unplugged
echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
within "$unplugged" $LOST "the status says so" camera_is missing failed
before=$(frames)
within "$unplugged" $LOST "the desk has a card" seen $((before + 1))
eventually 10 "sound goes on" more desk "$PACKETS" $((sounds + 100))
eventually 5 "it is called missing" camera missing
connected desk || fail "the call did not stay up"
centiseconds_into plugged
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
within "$plugged" $BACK "the camera runs again" camera running
before=$(frames)
within "$plugged" $BACK "the desk sees the door again" seen $((before + 1))
eventually 10 "the desk shows the colour bars" bars
[ "$(state desk '.call.participants[0].id')" = "$participant" ] || fail "the door came as somebody else"
