//! What strangers can send, given to the code that reads it: the targets of `make fuzz`, whose corpora run as tests as well.
//!
//! None of these may panic, hang, or take more memory than a small multiple of what it is given.

use crate::protocol::hub::{CallType, EventBody, JoinCall, UpdateCall};
use crate::protocol::rpc::Message;

/// A message on the control socket or the WebSocket: what can be read is written and read again unchanged.
pub fn rpc(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Message::parse(text) {
        Ok(message) => {
            assert_eq!(Message::parse(&message.to_json()).as_ref(), Ok(&message), "not the same when read again");
            if let Message::Request { method, params, .. } = message {
                let _ = crate::hub::api::read(&method, params);
            }
        }
        Err(error) => assert!(!error.message.is_empty(), "a refusal without a reason"),
    }
}

/// A session description from another participant.
pub fn sdp(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = crate::media::plan::sdp::read(text);
    }
}

/// An access token.
pub fn token(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let tokens = crate::hub::tokens::Tokens::of_nobody();
        let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000);
        assert!(tokens.check(text, now).is_err(), "a token that nobody has signed is believed");
        assert!(tokens.check_refresh(text, now).is_err(), "a refresh token that nobody has signed is believed");
    }
}

/// Overrides of a call's settings, and other things that calls keep.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(overrides) = serde_json::from_str(text)
        && let Some(default) = CallType::built_in("default")
        && let Ok(merged) = default.settings.with(&overrides)
    {
        let json = serde_json::to_value(&merged).unwrap_or_default();
        let whole = json.as_object().cloned().unwrap_or_default();
        assert_eq!(default.settings.with(&whole).as_ref(), Ok(&merged), "not the same when merged whole");
    }
    let _ = serde_json::from_str::<JoinCall>(text);
    let _ = serde_json::from_str::<UpdateCall>(text);
    let _ = serde_json::from_str::<EventBody>(text);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    fn corpus(name: &str, target: fn(&[u8])) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut files = 0;
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(std::panic::catch_unwind(|| target(&bytes)).is_ok(), "{}", path.display());
            // What is cut off anywhere is as hostile as the whole.
            for end in (0..bytes.len()).step_by(bytes.len() / 64 + 1) {
                assert!(std::panic::catch_unwind(|| target(&bytes[..end])).is_ok(), "{} up to {end}", path.display());
            }
            files += 1;
        }
        assert!(files >= 5, "{} has only {files} files", directory.display());
    }

    #[test]
    fn the_corpus_of_messages_is_read_or_refused() {
        corpus("rpc", super::rpc);
    }

    #[test]
    fn the_corpus_of_descriptions_is_read_or_refused() {
        corpus("sdp", super::sdp);
    }

    #[test]
    fn the_corpus_of_tokens_is_refused() {
        corpus("token", super::token);
    }

    #[test]
    fn the_corpus_of_settings_is_read_or_refused() {
        corpus("settings", super::settings);
    }
}
