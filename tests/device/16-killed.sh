# Bound: 300 s. After a SIGKILL of appliance or hub the call is there again.
call
rm "$CALL/standing"
participant=$(state desk '.call.participants[0].id')
end door KILL
lost() { ! seen 4; }
start_door
eventually 10 "the desk loses the picture" lost
eventually $START "the desk sees the door" seen 10
[ "$(state desk '.call.participants[0].id')" = "$participant" ] || fail "the door came as somebody else"
before=$(frames)
end hub KILL
eventually 10 "media go on without the hub" seen $((before + 20))
start_hub
back() { [ "$(state "$1" .hub.state .call.state)" = "connected joined" ]; }
eventually $START "the door is back at the hub" back door
eventually $START "and the desk" back desk
going_on 20
