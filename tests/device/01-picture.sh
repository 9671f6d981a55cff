# Bound: 210 s. The camera's picture is what the other side sees.
call
eventually 30 "the camera runs" camera running
eventually 20 "the desk shows the colour bars" bars
is door .media.encoder.instances 1 || fail "not one encoder"
