# Bound: 240 s. The cable is pulled and another interface takes over, with another address: the call comes back. And again the other way.
call
rm "$CALL/standing" "$CALL/line"
participant=$(state desk '.call.participants[0].id')
ip link add desk1 type veth peer name door1 netns door
trap 'stop_helpers; ip -n door link set door0 up; ip link delete desk1' EXIT
ip address add 10.9.1.1/24 dev desk1
ip link set desk1 up
ip -n door address add 10.9.1.2/24 dev door1
ip -n door link set door1 up
ip -n door route add default via 10.9.1.1
ip -n door link set door0 down
say "another interface"
eventually 10 "the desk misses it" gone
eventually 60 "they are connected" connected desk
going_on 40
eventually 40 "the hub is there" is door .hub.state connected
[ "$(state desk '.call.participants[0].id')" = "$participant" ] || fail "the door came as somebody else"
ip -n door link set door0 up
ip -n door link set door1 down
say "the first interface again"
eventually 10 "the desk misses it" gone
eventually 60 "they are connected" connected desk
going_on 40
