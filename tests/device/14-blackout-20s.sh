# Bound: 270 s. 20 s without a network: the door is lost, said to be, and comes back by itself.
call
participant=$(state desk '.call.participants[0].id')
network loss 100%
sleep 20
! connected desk || fail "the desk still calls it connected"
network
eventually 30 "they are connected" connected desk
going_on 20
[ "$(state desk '.call.participants[0].id')" = "$participant" ] || fail "the door came as somebody else"
