# Bound: 240 s. A full disk under state and sound file: the call goes on.
hang_up
mkdir "$CASE_DIR/full"
mount -t tmpfs -o size=200k tmpfs "$CASE_DIR/full"
trap 'stop_helpers; hang_up; umount "$CASE_DIR/full"' EXIT
start_hub
start_desk "speaker.file=$CASE_DIR/full/heard.wav" "state-directory=$CASE_DIR/full"
STATE_DIR=$CASE_DIR/full start_door
eventually $START "the desk sees the door" seen 5
dd if=/dev/zero of="$CASE_DIR/full/rest" bs=1k 2>/dev/null || true
say "full: $(df -k --output=avail "$CASE_DIR/full" | tail -n 1) kB left"
before=$(frames)
eventually 20 "the picture goes on" seen $((before + 30))
connected desk || fail "the call did not stay up"
eventually 10 "the status says what is wrong with the speaker" is desk .media.speaker.state failed
state desk .media.speaker.error
before=$(frames)
eventually 20 "the picture goes on" seen $((before + 30))
