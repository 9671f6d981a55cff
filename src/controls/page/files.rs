//! The page itself, compiled into the binary: plain HTML, CSS and ES modules, no build step, nothing from elsewhere.
//!
//! ```text
//!   index.html ─ app.js ─┬─ wire      requests, and what is live
//!                        ├─ status    picture, levels, who is there, what does not work
//!                        ├─ devices   what there is
//!                        ├─ doctor    checks as they go on, the report
//!                        ├─ config    the files, what is wrong with them, saving
//!                        └─ logs      what happened, and what it means
//! ```

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($path:literal: $mime:expr),* $(,)?) => {
        &[$(($path, $mime, include_bytes!(concat!("web/", $path)))),*]
    };
}

const FILES: &[(&str, &str, &[u8])] = files![
    "index.html": HTML,
    "favicon.svg": SVG,
    "style.css": CSS,
    "views.css": CSS,
    "app.js": JS,
    "dom.js": JS,
    "wire.js": JS,
    "status.js": JS,
    "devices.js": JS,
    "doctor.js": JS,
    "config.js": JS,
    "logs.js": JS,
];

/// The file for the path of a URL: its media type and its bytes.
pub(super) fn file(path: &str) -> Option<(&'static str, &'static [u8])> {
    let name = match path.strip_prefix('/')? {
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
    fn every_file_in_the_directory_is_in_the_table() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/controls/page/web");
        for entry in std::fs::read_dir(root).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(file(&format!("/{name}")).is_some(), "{name} is not in FILES");
        }
        assert!(file("/../page.rs").is_none() && file("").is_none());
    }

    #[test]
    fn every_import_and_every_link_leads_to_a_file_of_ours_and_nothing_is_loaded_from_elsewhere() {
        for (name, mime, bytes) in FILES {
            let content = std::str::from_utf8(bytes).unwrap();
            let plain = content.replace("http://www.w3.org/2000/svg", "");
            assert!(!plain.contains("http://") && !plain.contains("https://"), "{name} names another server");
            let quoted = content
                .split(['\'', '"'])
                .filter(|part| part.starts_with('/') && (part.ends_with(".js") || part.ends_with(".css")));
            for target in quoted {
                assert!(file(target).is_some(), "{name} ({mime}) names {target}");
            }
        }
    }

    #[test]
    fn nothing_in_the_page_is_forbidden_by_its_own_policy() {
        let html = text("/");
        for inline in [" style=", " onclick=", "<style", "<script>"] {
            assert!(!html.contains(inline), "{inline}");
        }
        for (name, _, bytes) in FILES.iter().filter(|(_, mime, _)| *mime == JS) {
            let script = std::str::from_utf8(bytes).unwrap();
            assert!(!script.contains("innerHTML") && !script.contains("eval("), "{name} reads text as HTML or as a program");
        }
    }
}
