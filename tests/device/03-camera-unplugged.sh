# Bound: 240 s. Without its camera the call goes on by sound; plugged in again, the picture comes back.
call
# The device may come back under another number.
rm "$CALL/standing"
sounds=$(state desk "$PACKETS")
participant=$(state desk '.call.participants[0].id')
camera_driver unbind
eventually 5 "the status says so" camera_is missing failed
eventually 10 "sound goes on" more desk "$PACKETS" $((sounds + 100))
eventually 5 "it is called missing" camera missing
connected desk || fail "the call did not stay up"
before=$(frames)
camera_driver bind
eventually 10 "the camera runs again" camera running
eventually 5 "the desk sees the door again" seen $((before + 5))
eventually 10 "the desk shows the colour bars" bars
[ "$(state desk '.call.participants[0].id')" = "$participant" ] || fail "the door came as somebody else"
