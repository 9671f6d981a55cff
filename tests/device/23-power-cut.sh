# Bound: 120 s. The power was cut while the hub and a recording wrote (see `power-cut`, which ran before): what they had
# acknowledged is there, and the recording can be played.
hang_up
[ -s "$POWER_CUT/acknowledged" ] || fail "nothing was acknowledged before the power was cut, see $POWER_CUT/console.log"
mapfile -t acknowledged <"$POWER_CUT/acknowledged"
say "${#acknowledged[@]} calls were acknowledged, ${acknowledged[-1]} was the last"
modprobe -a virtio_blk ext4
mkdir -p "$CALL/hub"
mount /dev/vda "$CALL/hub"
trap 'stop_helpers; for name in door hub; do end $name; done; umount "$CALL/hub"' EXIT
dmesg | grep -i 'ext4.*recovery' || say "the journal had nothing to replay"
recordings=$CALL/hub/recordings
recorded=$(cat "$POWER_CUT/recorded")
there=$(cat "$recordings"/*.part | wc -c)
say "$recorded bytes of the recording were acknowledged, $there are there"
[ "${recorded:-0}" -gt 0 ] && [ "$there" -ge "$recorded" ] || fail "of $recorded bytes of the recording $there are there"

start_hub
loaded=$(sed -n 's/.*calls loaded.*calls=\([0-9]*\).*/\1/p' "$CALL/hub.log")
say "the hub found $loaded calls"
[ "$loaded" -ge "${#acknowledged[@]}" ] || fail "of ${#acknowledged[@]} calls that were acknowledged $loaded are there"
start_silent_door call.create=false "recording.directory=$recordings"
eventually 20 "it is signed in" is door .hub.state connected
for cid in "${acknowledged[@]}"; do
    "$BOARD/callbox" join "$cid" --socket "$CALL/door.sock" || fail "$cid is gone"
    eventually 5 "$cid is there" joined door "$cid"
done

# Finished by the appliance that finds it.
finished() { ! ls "$recordings"/*.part && [ "$(ls "$recordings"/*.mkv | wc -l)" = 2 ]; } 2>/dev/null
eventually 10 "the recording is finished" finished
for who in desk other; do
    gst-launch-1.0 -q filesrc location="$(ls "$recordings"/*_"$who"_*.mkv)" ! matroskademux name=file file.audio_0 ! filesink location="$CASE_DIR/$who.opus"
    [ -s "$CASE_DIR/$who.opus" ] || fail "there is no sound of the $who"
done
gst-launch-1.0 -q filesrc location="$(ls "$recordings"/*_desk_*.mkv)" ! matroskademux ! h264parse ! avdec_h264 ! filesink location="$CASE_DIR/pictures"
pictures=$(($(stat -c %s "$CASE_DIR/pictures") / (320 * 180 * 3 / 2)))
say "the recording has $pictures pictures"
[ "$pictures" -gt 5 ] || fail "the recording has $pictures pictures"
