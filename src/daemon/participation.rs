//! The participation id, kept in the state directory: the others see the same participant after a restart.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use uuid::Uuid;

use crate::protocol::{ParticipantId, UserId};

/// Reads the id of this user, or makes one and keeps it. A state directory that cannot be written costs only the identity.
pub(super) fn load(directory: &Path, user: &UserId) -> ParticipantId {
    let file = directory.join("participation");
    if let Some(id) = fs::read_to_string(&file).ok().and_then(|text| read(&text, user)) {
        return id;
    }
    let id = ParticipantId::from(Uuid::new_v4());
    if let Err(error) = keep(directory, &file, &format!("{user} {id}\n")) {
        tracing::warn!(file = %file.display(), "cannot keep the participation, a restart will look like somebody new: {error}");
    }
    id
}

fn read(text: &str, user: &UserId) -> Option<ParticipantId> {
    let (owner, id) = text.trim().split_once(' ')?;
    if owner != user.as_str() {
        return None;
    }
    ParticipantId::new(id).ok()
}

fn keep(directory: &Path, file: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    let part = file.with_extension("part");
    let mut out = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&part, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_user_comes_back_as_the_same_participant() {
        let directory = tempfile::tempdir().unwrap();
        let (door, desk) = (UserId::new("door").unwrap(), UserId::new("desk").unwrap());
        let first = load(directory.path(), &door);
        assert_eq!(load(directory.path(), &door), first);
        assert_ne!(load(directory.path(), &desk), first, "another user is somebody else");
    }

    #[test]
    fn a_torn_or_unwritable_file_is_no_reason_to_stay_out() {
        let directory = tempfile::tempdir().unwrap();
        let door = UserId::new("door").unwrap();
        fs::write(directory.path().join("participation"), "door \u{0}").unwrap();
        let id = load(directory.path(), &door);
        assert_eq!(load(directory.path(), &door), id);
        load(Path::new("/proc/no-such-directory"), &door);
    }
}
