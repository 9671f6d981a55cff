# Bound: 300 s. Without a desktop: the display shows the standby picture, and in a call what the others show, as its driver has it.
[ -e "$TOOLS/vkms.ko" ] || skip "there is no vkms, see what device-tools said"
hang_up
# No console on it: nobody but us.
modprobe drm_kms_helper fbdev_emulation=0
modprobe drm_shmem_helper
insmod "$TOOLS/vkms.ko"
trap 'stop_helpers; hang_up; rmmod vkms' EXIT
start_hub
start_desk screen.output=kms screen.width=640 screen.height=480 screen.names=false
eventually 30 "the screen runs" is desk .media.screen.state running
"$BOARD/callbox" devices --socket "$CALL/desk.sock" >"$CASE_DIR/devices"
grep -q 'Virtual-1' "$CASE_DIR/devices" || fail "the list does not have the display"
shows_what_it_says() {
    "$BOARD/callbox" snapshot --socket "$CALL/desk.sock" "$CASE_DIR/snapshot.png" && python3 "$here/kms.py" "$CASE_DIR/standby.png" "$CASE_DIR/snapshot.png"
}
eventually 30 "the display shows the standby picture" shows_what_it_says
start_door
eventually $START "the desk sees the door" seen 5
shows_bars() { python3 "$here/kms.py" "$CASE_DIR/call.png" && python3 "$here/bars.py" "$CASE_DIR/call.png"; }
eventually 40 "the display shows the colour bars" shows_bars
more desk .media.stages.rendered 5 || fail "no pictures were painted"
end door INT
eventually 15 "the desk is alone" alone
eventually 40 "the display shows the standby picture again" shows_what_it_says
