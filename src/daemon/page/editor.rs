//! The files of the configuration: shown, checked, written. What is there before is kept beside it, and nothing is half written.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::config::{self, Inputs, Page};
use crate::controls::page::Draft;
use crate::protocol::rpc::{Error, ErrorKind};

/// What the distribution ships is not edited: it is overridden.
const SHIPPED: &str = "/usr/lib/callbox/";

/// Everything that can be read of them.
pub(super) fn files(inputs: &Inputs) -> Value {
    let shown = |path: PathBuf| {
        let shipped = path.starts_with(SHIPPED);
        match text(&path) {
            Ok(text) => json!({"path": path, "text": text, "digest": digest(&text), "shipped": shipped}),
            Err(error) => json!({"path": path, "error": error.message, "shipped": shipped}),
        }
    };
    let files: Vec<Value> = config::appliance_files(inputs).into_iter().map(shown).collect();
    json!({"files": files})
}

/// What `callbox check --json` would say.
pub(super) fn check(inputs: &Inputs, draft: &Draft) -> Result<Value, Error> {
    let file = known(inputs, draft)?;
    let loaded = config::try_appliance(inputs, &file, &draft.text);
    Ok(loaded.map_or_else(|report| report.to_json(), |loaded| loaded.warnings.to_json()))
}

/// Writes it if nothing is wrong with it.
pub(super) fn save(inputs: &Inputs, draft: &Draft, page: &Page) -> Result<Value, Error> {
    let file = known(inputs, draft)?;
    if file.starts_with(SHIPPED) {
        let text = format!("{} belongs to the distribution: override it in /etc/callbox", file.display());
        return Err(Error::new(ErrorKind::PermissionDenied, text));
    }
    let before = text(&file)?;
    if digest(&before) != draft.digest {
        let text = format!("{} was changed by somebody else in the meantime: load it again", file.display());
        return Err(Error::new(ErrorKind::Conflict, text));
    }
    let loaded = match config::try_appliance(inputs, &file, &draft.text) {
        Err(report) => return Ok(json!({"saved": false, "report": report.to_json()})),
        Ok(loaded) => loaded,
    };
    if loaded.config.page.as_ref() != Some(page) {
        let text = "the page does not change [page], which decides who may do what here: edit that in a terminal";
        return Err(Error::new(ErrorKind::PermissionDenied, text));
    }
    if let Some(line) = config::secret_line(&draft.text) {
        let text = format!("line {line} seems to hold a secret: write it into a file and name that, as in password-file = \"…\"");
        return Err(Error::new(ErrorKind::PermissionDenied, text));
    }
    write(&file, &before, &draft.text).map_err(|error| {
        let text = format!("cannot write {}: {error}; docs/page.md says what the service must be allowed", file.display());
        Error::new(ErrorKind::PermissionDenied, text)
    })?;
    tracing::info!(file = %file.display(), "somebody at the page changed the configuration");
    Ok(json!({"saved": true, "report": loaded.warnings.to_json(), "digest": digest(&draft.text)}))
}

/// Only what is read anyway.
fn known(inputs: &Inputs, draft: &Draft) -> Result<PathBuf, Error> {
    let found = config::appliance_files(inputs).into_iter().find(|file| file.as_os_str() == draft.file.as_str());
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, "this is not a file of the configuration"))
}

fn text(file: &Path) -> Result<String, Error> {
    let bad = |error: std::io::Error| Error::new(ErrorKind::Unavailable, format!("cannot read {}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(bad)?;
    match config::secret_line(&text) {
        None => Ok(text),
        Some(line) => {
            let text =
                format!("line {line} of {} seems to hold a secret, so it is not shown: edit it in a terminal", file.display());
            Err(Error::new(ErrorKind::PermissionDenied, text))
        }
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// First what was there before, then what is new; each whole or not at all.
fn write(file: &Path, before: &str, after: &str) -> std::io::Result<()> {
    // A link stays one.
    let file = fs::canonicalize(file)?;
    let like = fs::metadata(&file)?;
    replace(&beside(&file, ".bak"), before, &like)?;
    replace(&file, after, &like)?;
    let directory = file.parent().unwrap_or(Path::new("/"));
    fs::File::open(directory)?.sync_all()
}

fn replace(file: &Path, text: &str, like: &fs::Metadata) -> std::io::Result<()> {
    let part = beside(file, ".part");
    // One of an earlier try.
    let _ = fs::remove_file(&part);
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    out.write_all(text.as_bytes())?;
    // Without the right to give it away it stays ours, which reads as well.
    let _ = std::os::unix::fs::fchown(&out, Some(like.uid()), Some(like.gid()));
    out.set_permissions(fs::Permissions::from_mode(like.mode() & 0o777))?;
    out.sync_all()?;
    fs::rename(&part, file)
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf, Inputs) {
        let directory = tempfile::tempdir().unwrap();
        let (file, password) = (directory.path().join("door.toml"), directory.path().join("password"));
        fs::write(&password, "secret").unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "[hub]\nurl = \"wss://hub\"\nuser = \"door\"\npassword-file = \"password\"\n[page]\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let inputs = Inputs { file: Some(file.clone()), ..Inputs::default() };
        (directory, file, inputs)
    }

    fn draft(inputs: &Inputs, edit: impl FnOnce(&str) -> String) -> Draft {
        let shown = files(inputs)["files"][0].clone();
        let text = |key: &str| shown[key].as_str().unwrap().to_owned();
        Draft { file: text("path"), text: edit(&text("text")), digest: text("digest") }
    }

    #[test]
    fn what_is_good_is_written_and_what_was_before_is_kept() {
        let (_directory, file, inputs) = place();
        let before = fs::read_to_string(&file).unwrap();
        let good = draft(&inputs, |text| format!("{text}[camera]\nwidth = 640\n"));
        assert_eq!(save(&inputs, &good, &Page::default()).unwrap()["saved"], true);
        assert_eq!(fs::read_to_string(&file).unwrap(), good.text);
        assert_eq!(fs::read_to_string(beside(&file, ".bak")).unwrap(), before);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert_eq!(save(&inputs, &good, &Page::default()).unwrap_err().kind, ErrorKind::Conflict, "it is another one by now");
    }

    #[test]
    fn what_is_wrong_or_not_the_pages_business_is_not_written() {
        let (directory, file, inputs) = place();
        let before = fs::read_to_string(&file).unwrap();
        let wrong = draft(&inputs, |text| format!("{text}[camera]\nwidth = 641\n"));
        let answer = save(&inputs, &wrong, &Page::default()).unwrap();
        assert_eq!((answer["saved"].clone(), answer["report"].clone()), (false.into(), check(&inputs, &wrong).unwrap()));
        let page = draft(&inputs, |text| format!("{text}restart = true\nreboot = \"sh -c id\"\n"));
        assert_eq!(save(&inputs, &page, &Page::default()).unwrap_err().kind, ErrorKind::PermissionDenied);
        let gone = draft(&inputs, |text| text.replace("[page]", ""));
        assert_eq!(save(&inputs, &gone, &Page::default()).unwrap_err().kind, ErrorKind::PermissionDenied);
        let secret = draft(&inputs, |text| format!("#password = \"correct horse\"\n{text}"));
        assert!(save(&inputs, &secret, &Page::default()).unwrap_err().message.starts_with("line 1 "));
        let other = Draft { file: directory.path().join("password").display().to_string(), ..wrong };
        assert_eq!(save(&inputs, &other, &Page::default()).unwrap_err().kind, ErrorKind::NotFound);
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }

    #[test]
    fn a_file_with_a_secret_in_it_is_not_shown() {
        let (_directory, file, inputs) = place();
        fs::write(&file, "[hub]\npassword = \"correct horse\"\n").unwrap();
        let shown = files(&inputs).to_string();
        assert!(shown.contains("seems to hold a secret") && !shown.contains("correct horse"), "{shown}");
    }
}
