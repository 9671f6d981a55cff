# Bound: 60 s. The power was cut while the hub wrote (see `power-cut`, which ran before): what it had acknowledged is there.
# Recordings, which must survive the same, do not exist yet.
hang_up
[ -s "$POWER_CUT/acknowledged" ] || fail "nothing was acknowledged before the power was cut, see $POWER_CUT/console.log"
mapfile -t acknowledged <"$POWER_CUT/acknowledged"
say "${#acknowledged[@]} calls were acknowledged, ${acknowledged[-1]} was the last"
modprobe -a virtio_blk ext4
mkdir -p "$CALL/hub"
mount /dev/vda "$CALL/hub"
trap 'stop_helpers; for name in door hub; do end $name; done; umount "$CALL/hub"' EXIT
dmesg | grep -i 'ext4.*recovery' || say "the journal had nothing to replay"
start_hub
loaded=$(sed -n 's/.*calls loaded.*calls=\([0-9]*\).*/\1/p' "$CALL/hub.log")
say "the hub found $loaded calls"
[ "$loaded" -ge "${#acknowledged[@]}" ] || fail "of ${#acknowledged[@]} calls that were acknowledged $loaded are there"
start_silent_door call.create=false
eventually 20 "it is signed in" is door .hub.state connected
for cid in "${acknowledged[@]}"; do
    "$BOARD/callbox" join "$cid" --socket "$CALL/door.sock" || fail "$cid is gone"
    eventually 5 "$cid is there" is door '.call | "\(.cid) \(.state)"' "$cid joined"
done
