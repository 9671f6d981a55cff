# Bound: 270 s. The picture goes on with 5 % and with 20 % loss in both directions.
call
network loss 5%
going_on 15
eventually 20 "the desk shows the colour bars" bars
network loss 20%
before=$(frames)
eventually 30 "the picture goes on" seen $((before + 30))
network
eventually 20 "the desk shows the colour bars" bars
connected desk || fail "the call did not stay up"
