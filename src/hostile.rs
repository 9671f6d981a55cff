//! What strangers can send, given to the code that reads it: the targets of `make fuzz`, whose corpora run as tests as well.
//!
//! None of these may panic, hang, or take more memory than a small multiple of what it is given.

use std::time::{Duration, Instant};

use crate::controls::gesture::{Effect, Gestures, Input, Settings};
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

/// A configuration, of the appliance and of the hub: it is read, or every problem can be shown.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for report in crate::config::read_text(text).into_iter().filter_map(Result::err) {
        assert!(report.has_errors(), "refused without a problem");
        assert!(!report.render(false).is_empty() && !report.render(true).is_empty() && !report.summary().is_empty());
        assert!(report.to_json()["problems"].as_array().is_some_and(|problems| !problems.is_empty()));
    }
}

/// Three buttons in the hands of a child: four bytes for each thing that it does.
pub fn gestures(bytes: &[u8]) {
    let (settings, steps) = bytes.split_at(bytes.len().min(12));
    let ms = |byte: u8| Duration::from_millis(u64::from(byte) * 8);
    let settings = settings.chunks_exact(4).map(|button| Settings {
        debounce: ms(button[0]) / 8,
        hold: (button[1] > 0).then(|| ms(button[1])),
        double: (button[2] > 0).then(|| ms(button[2])),
        stuck: ms(button[3]) + Duration::from_millis(1),
    });
    let mut gestures = Gestures::new(settings);
    let (mut now, mut presses, mut said) = (Instant::now(), 0, 0);
    for step in steps.chunks_exact(4) {
        let end = now + ms(step[0]);
        let mut timers = 0;
        while let Some((due, reason)) = gestures.poll_timeout().filter(|(due, _)| *due <= end) {
            assert!(due >= now && !reason.is_empty(), "a deadline in the past");
            timers += 1;
            assert!(timers < 1000, "it never comes to rest");
            now = due;
            gestures.handle_timeout(due);
            count(&mut gestures, &mut presses, &mut said);
        }
        now = end;
        let (button, down) = (usize::from(step[2]) % 4, step[3] % 2 == 1);
        let input = match step[1] % 8 {
            0 => Input::Opened { button, down, debounced: step[3] > 127 },
            1 => Input::Lost { button },
            _ => Input::Level { button, down },
        };
        gestures.handle(input, now);
        count(&mut gestures, &mut presses, &mut said);
        assert!(said <= presses * 2, "{said} gestures of {presses} presses");
    }
}

/// Takes what followed: counts presses and gestures.
fn count(gestures: &mut Gestures, presses: &mut u32, said: &mut u32) {
    while let Some(effect) = gestures.poll_effect() {
        match effect {
            Effect::Down { down: true, .. } => *presses += 1,
            Effect::Gesture { .. } => *said += 1,
            Effect::Down { down: false, .. } | Effect::Fault { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

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

    #[test]
    fn the_corpus_of_configurations_is_read_or_reported() {
        corpus("config", super::config);
    }

    #[test]
    fn the_corpus_of_gestures_comes_to_rest() {
        corpus("gestures", super::gestures);
    }

    /// Lines that mean something, in any order, with anything in between.
    fn toml() -> impl Strategy<Value = String> {
        const PIECES: [&str; 21] = [
            "[hub]\n",
            "[[button]]\n",
            "[[relay]]\n",
            "[[user]]\n",
            "[camera]\n",
            "[screen.standby]\n",
            "[call",
            "url = \"wss://h\"\n",
            "user = \"a\"\n",
            "line = 7\n",
            "press = \"open door\"\n",
            "press.idle = \"leave\"\n",
            "pulse = \"1h\"\n",
            "width = 1281\n",
            "controls = { a = 1, \"\" = 2 }\n",
            "auto-answer = [\"a\", 1]\n",
            "jitter-buffer = 9223372036854775808\n",
            "'''",
            "\"\u{e9}\u{1F600}\" = ",
            "= [",
            "\r",
        ];
        let piece = (0..PIECES.len()).prop_map(|index| PIECES[index].to_owned());
        let noise = prop::collection::vec(any::<char>(), 0..8).prop_map(|letters| letters.into_iter().collect::<String>());
        prop::collection::vec(prop_oneof![4 => piece, 1 => noise], 0..30).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_configuration_is_read_or_reported(text in toml()) {
            super::config(text.as_bytes());
        }

        #[test]
        fn any_fingers_make_at_most_two_gestures_a_press(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            super::gestures(&bytes);
        }
    }
}
