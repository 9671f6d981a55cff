//! The shipped, commented file as a list of keys: the order in which people expect them, and what holds where nobody says anything.
//! That its defaults are those of the code, and that no key is missing in it, is what the tests in `reference` hold.

use super::effective::Said;

/// One `[table]` or `[[list]]` of the manual; the keys at its top are in a table without a name.
#[derive(Debug)]
pub struct Chapter<'m> {
    /// Without brackets: `camera`, `screen.standby`.
    pub path: &'m str,
    /// Written in double brackets.
    pub is_list: bool,
    /// In the order of the manual, each once.
    pub keys: Vec<&'m str>,
    /// `#key = value`.
    pub defaults: Vec<Default<'m>>,
}

/// What holds where nobody says anything.
#[derive(Debug)]
pub struct Default<'m> {
    /// Of what.
    pub key: &'m str,
    /// What holds.
    pub value: Said,
    /// Only with this: key and value, from "With source = "test", …".
    pub needs: Option<(&'m str, &'m str)>,
}

/// Reads a manual.
pub fn read(text: &str) -> Vec<Chapter<'_>> {
    let mut chapters = vec![Chapter { path: "", is_list: false, keys: Vec::new(), defaults: Vec::new() }];
    let (mut current, mut needs) = (0, None);
    for line in text.lines() {
        if let Some(condition) = line.strip_prefix("# With ") {
            needs = condition.split_once(',').and_then(|(condition, _)| condition.split_once(" = "));
            continue;
        }
        if line.is_empty() {
            needs = None;
        }
        let plain = line.trim_start_matches('#').trim();
        if let Some((path, is_list)) = header(plain) {
            current = chapters.iter().position(|chapter| chapter.path == path).unwrap_or(chapters.len());
            if current == chapters.len() {
                chapters.push(Chapter { path, is_list, keys: Vec::new(), defaults: Vec::new() });
            }
        } else if let Some((key, value)) = plain.split_once(" = ").filter(|(key, _)| is_key(key))
            && let Some(chapter) = chapters.get_mut(current)
        {
            if !chapter.keys.contains(&key) {
                chapter.keys.push(key);
            }
            let is_default = line.strip_prefix('#').is_some_and(is_key_first);
            if let (true, Ok(value)) = (is_default, value.parse::<toml::Value>()) {
                chapter.defaults.push(Default { key, value: Said::from(value), needs });
            }
        }
    }
    // A table inside a list is written beside its keys: `press = { idle = … }`.
    let lists: Vec<&str> = chapters.iter().filter(|chapter| chapter.is_list).map(|chapter| chapter.path).collect();
    let inside = |path: &str| path.split_once('.').is_some_and(|(outer, _)| lists.contains(&outer));
    chapters.retain(|chapter| !inside(chapter.path));
    chapters
}

fn header(line: &str) -> Option<(&str, bool)> {
    let path = line.strip_prefix('[')?;
    match path.strip_prefix('[') {
        Some(path) => path.strip_suffix("]]").map(|path| (path, true)),
        None => path.strip_suffix(']').map(|path| (path, false)),
    }
    .filter(|(path, _)| path.split('.').all(is_key))
}

fn is_key(text: &str) -> bool {
    is_key_first(text) && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_key_first(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_keys_and_conditions_are_read_as_people_read_them() {
        let text = "# About.\n#top = 1\n\n[camera]\n# The source.\n#source = \"v4l2\"\n\n# With source = \"v4l2\", which:\n#device = \"a\"\n\
                    #   file = \"x\"\n\n#   [[button]]\n#   line = \"A\"\n# With [[button]], how:\n#bias = \"none\"\n#   [button.press]\n#   idle = \"leave\"\n";
        let chapters = read(text);
        let paths: Vec<_> = chapters.iter().map(|chapter| (chapter.path, chapter.is_list)).collect();
        assert_eq!(paths, [("", false), ("camera", false), ("button", true)]);
        assert_eq!(chapters[1].keys, ["source", "device", "file"]);
        let defaults: Vec<_> = chapters[1].defaults.iter().map(|default| (default.key, default.needs)).collect();
        assert_eq!(defaults, [("source", None), ("device", Some(("source", "\"v4l2\"")))]);
        assert_eq!(chapters[2].keys, ["line", "bias"]);
        assert_eq!(chapters[2].defaults.len(), 1);
    }
}
