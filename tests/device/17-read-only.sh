# Bound: 210 s. With a read-only root and a state directory that cannot be made, the appliance runs all the same.
hang_up
! touch /written-to-root 2>/dev/null || skip "this root can be written"
STATE_DIR=/proc/nowhere call
rm "$CALL/standing" "$CALL/line"
going_on 15
eventually 15 "the desk shows the colour bars" bars
