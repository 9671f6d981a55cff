# Bound: 240 s. A camera that may not be opened is said to be denied; with the permission the picture comes.
open_line
chmod 600 /dev/video0
chmod 777 "$CASE_DIR" "$CALL"
# What the door left here when it was somebody else is not this one's.
rm -rf "$CALL/door" "$CALL"/door.sock*
printf 'correct horse' >"$CASE_DIR/nobodys-password"
chmod 400 "$CASE_DIR/nobodys-password"
chown nobody "$CASE_DIR/nobodys-password"
AS="setpriv --reuid=nobody --regid=nogroup --clear-groups" start_door "hub.password-file=$CASE_DIR/nobodys-password"
eventually $START "they are connected" connected desk
eventually 10 "the camera is denied" camera denied
state door .media.camera.error
eventually 10 "sound arrives" more desk "$PACKETS" 50
chmod 666 /dev/video0
eventually 10 "the camera runs" camera running
eventually 20 "the desk shows the colour bars" bars
