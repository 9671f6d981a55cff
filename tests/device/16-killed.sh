# Bound: 300 s. After a SIGKILL of appliance or hub the call is there again.
call
rm "$CALL/standing"
participant=$(state desk '.call.participants[0].id')
end door KILL
start_door
eventually 10 "the desk loses the picture" is desk "($FRAMES // 0) < 5" true
eventually $START "the desk sees the door" seen 10
[ "$(state desk '.call.participants[0].id')" = "$participant" ] || fail "the door came as somebody else"
before=$(frames)
end hub KILL
eventually 10 "media go on without the hub" seen $((before + 20))
start_hub
eventually $START "the door is back at the hub" is door '.hub.state + " " + .call.state' "connected joined"
eventually $START "and the desk" is desk '.hub.state + " " + .call.state' "connected joined"
going_on 20
