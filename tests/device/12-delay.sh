# Bound: 270 s. 200 ms delay, jitter and reordering: picture and sound go on.
call
network delay 200ms
going_on 20
network delay 60ms 30ms distribution normal
going_on 20
network delay 40ms reorder 25% 50%
going_on 20
eventually 20 "the desk shows the colour bars" bars
connected desk || fail "the call did not stay up"
