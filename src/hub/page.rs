//! The web page and the JavaScript SDK, compiled into the binary: plain ES modules, no build step, nothing from elsewhere.
//!
//! ```text
//!   index.html ─ app.js ─┬─ signin ─ lobby ─┬─ incall ─ tiles, people, live, door, panel   what a person sees
//!                        │        backstage ┘  ringing, dial, choose, endings, tones
//!                        └─ callbox.js ─ sdk/…   the SDK: `import { Client } from '/callbox.js'`; types in callbox.d.ts
//!
//!   sdk/client ─┬─ connection, tokens, services, relays  one session with the hub
//!               ├─ call ─┬─ verbs, state            one call: what can be asked of it, and what is known of it
//!               │        ├─ outgoing ─ device, screen, capture      what we send
//!               │        ├─ mesh ─ participant, peer, bandwidth     everybody else
//!               │        └─ attach, speaker, sound                  what we see and hear
//!               └─ history, conference, videochat, tracks      the same in the words of other SDKs
//! ```

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const TS: &str = "text/plain; charset=utf-8"; // declarations: read by tools, never run
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($path:literal: $mime:expr),* $(,)?) => {
        &[$(($path, $mime, include_bytes!(concat!("page/", $path)))),*]
    };
}

const FILES: &[(&str, &str, &[u8])] = files![
    "index.html": HTML,
    "favicon.svg": SVG,
    "style.css": CSS,
    "lobby.css": CSS,
    "call.css": CSS,
    "panel.css": CSS,
    "ringing.css": CSS,
    "app.js": JS,
    "link.js": JS,
    "dom.js": JS,
    "notices.js": JS,
    "signin.js": JS,
    "choose.js": JS,
    "backstage.js": JS,
    "dial.js": JS,
    "ringing.js": JS,
    "tones.js": JS,
    "endings.js": JS,
    "names.js": JS,
    "panel.js": JS,
    "people.js": JS,
    "live.js": JS,
    "door.js": JS,
    "lobby.js": JS,
    "incall.js": JS,
    "tiles.js": JS,
    "layout.js": JS,
    "callbox.js": JS,
    "callbox.d.ts": TS,
    "sdk/wire.d.ts": TS,
    "sdk/attach.js": JS,
    "sdk/bandwidth.js": JS,
    "sdk/call.js": JS,
    "sdk/capture.js": JS,
    "sdk/client.js": JS,
    "sdk/conference.js": JS,
    "sdk/connection.js": JS,
    "sdk/device.js": JS,
    "sdk/emitter.js": JS,
    "sdk/enums.js": JS,
    "sdk/errors.js": JS,
    "sdk/history.js": JS,
    "sdk/ids.js": JS,
    "sdk/mesh.js": JS,
    "sdk/outgoing.js": JS,
    "sdk/participant.js": JS,
    "sdk/peer.js": JS,
    "sdk/relays.js": JS,
    "sdk/screen.js": JS,
    "sdk/services.js": JS,
    "sdk/sound.js": JS,
    "sdk/speaker.js": JS,
    "sdk/state.js": JS,
    "sdk/tokens.js": JS,
    "sdk/tracks.js": JS,
    "sdk/verbs.js": JS,
    "sdk/videochat.js": JS,
];

/// The file for the path of a URL (`/`, `/callbox.js`, …): its media type and its bytes. None if there is no such file.
pub fn file(path: &str) -> Option<(&'static str, &'static [u8])> {
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let &(_, mime, bytes) = FILES.iter().find(|(path, _, _)| *path == name)?;
    Some((mime, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> &'static str {
        std::str::from_utf8(file(path).unwrap().1).unwrap()
    }

    #[test]
    fn the_root_is_the_page_and_a_stranger_is_nothing() {
        assert_eq!(file("/").unwrap().0, HTML);
        assert_eq!(file("/callbox.js").unwrap().0, JS);
        assert!(file("/../page.rs").is_none() && file("/nothing").is_none());
    }

    #[test]
    fn every_file_in_the_directory_is_in_the_table() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/hub/page");
        let on_disk = |dir: &str| {
            let prefix = if dir.is_empty() { String::new() } else { format!("{dir}/") };
            let entries = std::fs::read_dir(root.join(dir)).unwrap().map(Result::unwrap);
            entries.filter(|e| e.path().is_file()).map(|e| prefix.clone() + e.file_name().to_str().unwrap()).collect::<Vec<_>>()
        };
        for name in on_disk("").into_iter().chain(on_disk("sdk")) {
            assert!(file(&name).is_some(), "{name} is not in FILES");
        }
    }

    #[test]
    fn every_import_and_every_link_leads_to_a_file_of_ours() {
        let quoted = |line: &'static str| line.split(['\'', '"']).nth(1).unwrap_or_default();
        for (name, mime, _) in FILES.iter().filter(|(_, mime, _)| *mime == JS) {
            for line in text(name).lines().filter(|line| line.contains(" from '") && !line.trim_start().starts_with('*')) {
                let target = line.rsplit(" from ").next().map(quoted).unwrap_or_default();
                assert!(target.starts_with('/') && file(target).is_some(), "{name} ({mime}): {line}");
            }
        }
        for part in text("/").split(['\'', '"']).filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
            assert!(file(part).is_some(), "index.html names {part}");
        }
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for (name, _, _) in FILES {
            let text = text(name).replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("http://") && !text.contains("https://"), "{name} names another server");
        }
    }
}
