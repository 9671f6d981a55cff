# Bound: 240 s. 5 s without a network: the call goes on.
call
participant=$(state desk '.call.participants[0].id')
network loss 100%
sleep 5
network
eventually 20 "they are connected" connected desk
going_on 20
eventually 20 "the hub is there" is door .hub.state connected
[ "$(state desk '.call.participants[0].id')" = "$participant" ] || fail "the door came as somebody else"
