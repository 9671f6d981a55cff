# Bound: 240 s. The door loses its address and gets another one: the call comes back.
call
ip -n door address del 10.9.0.2/24 dev door0
ip -n door address add 10.9.0.3/24 dev door0
trap 'stop_helpers; ip -n door address flush dev door0; ip -n door address add 10.9.0.2/24 dev door0' EXIT
say "another address"
sleep 2
eventually 60 "they are connected" connected desk
eventually 40 "the hub is there" is door .hub.state connected
going_on 40
