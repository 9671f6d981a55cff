# Bound: 30 s. The board has a simulated line that can be pulled and read. The appliance has no buttons yet.
chip=/sys/kernel/config/gpio-sim/board
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
mkdir -p $chip/bank0/line2
echo 8 >$chip/bank0/num_lines
echo bell >$chip/bank0/line2/name
echo 1 >$chip/live
trap 'echo 0 >$chip/live; rmdir $chip/bank0/line2 $chip/bank0 $chip; stop_helpers' EXIT
line=/sys/devices/platform/$(cat $chip/dev_name)/$(cat $chip/bank0/chip_name)/sim_gpio2
for pull in pull-up pull-down; do
    echo $pull >"$line/pull"
    say "$pull: $(cat "$line/value")"
done
[ -c "/dev/$(cat $chip/bank0/chip_name)" ] || fail "no character device for the chip"
echo pull-up >"$line/pull"
[ "$(cat "$line/value")" = 1 ] || fail "pulled up, the line is not 1"
echo pull-down >"$line/pull"
[ "$(cat "$line/value")" = 0 ] || fail "pulled down, the line is not 0"
