# Bound: 240 s. The wall clock jumps a year ahead, then to 1970: the call does not notice.
call
now=$(date +%s)
date -s "@$((now + 31536000))"
going_on 15
# The kernel takes no time before its own start.
date -s "@$(($(cut -d. -f1 /proc/uptime) + 60))"
going_on 15
eventually 15 "the desk shows the colour bars" bars
date -s "@$now"
going_on 15
connected desk || fail "the call did not stay up"
connected door || fail "the call did not stay up"
