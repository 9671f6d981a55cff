//! `callbox share`.

use std::path::Path;

use serde_json::json;

use super::link::Link;
use crate::cli::Failure;
use crate::cli::verbs::{Recording, ShareArgs};

/// Begins, takes another source, or ends.
pub fn share(args: &ShareArgs) -> Result<(), Failure> {
    let on = args.what == Recording::Start;
    if !on && args.source.is_some() {
        return Err(Failure::failed("what is shared ends whatever it is: write `callbox share stop`"));
    }
    let source = args.source.as_deref().map(whole);
    Link::open(&args.socket.socket)?.call("share", json!({"on": on, "source": source}))?;
    Ok(())
}

/// The daemon works elsewhere: a file that is there is named by its whole path.
fn whole(source: &str) -> String {
    let path = Path::new(source);
    let found = if path.is_absolute() || !path.is_file() { None } else { path.canonicalize().ok() };
    found.and_then(|path| path.into_os_string().into_string().ok()).unwrap_or_else(|| source.to_owned())
}
