//! "Did you mean": the nearest known word, and keys that nobody knows.

use std::collections::BTreeSet;

use super::report::Problem;
use super::source::SourceMap;
use super::tree::{Table, Value};

/// The word most like this one, if one is alike enough to be meant.
pub fn best<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_ascii_lowercase().replace('_', "-");
    let near = |other: &&str| {
        let allowed = (word.chars().count().max(other.chars().count()) / 3).max(1);
        let distance = strsim::damerau_levenshtein(&word, other);
        (distance <= allowed).then_some(distance)
    };
    words.into_iter().filter_map(|other| near(&other).map(|distance| (distance, other))).min().map(|(_, other)| other)
}

/// `a, b or c`.
pub fn either(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Notes every key of the tree that is not among the known ones. In the environment, where others have variables too, it is a
/// warning only.
pub fn unknown_keys(root: &Table, known: &BTreeSet<String>, map: &SourceMap, problems: &mut Vec<Problem>) {
    walk(root, "", known, map, problems);
}

fn walk(table: &Table, path: &str, known: &BTreeSet<String>, map: &SourceMap, problems: &mut Vec<Problem>) {
    for (key, node) in table {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if !known.contains(&name) {
            let environment =
                map.find(&node.key_at).is_some_and(|(source, _)| !source.is_file && source.name == super::layers::ENVIRONMENT);
            problems.push(unknown(key, path, known, environment).at(&node.key_at, label(key, path, known, environment)));
            continue;
        }
        match &node.value {
            Value::Table(inner) => walk(inner, &name, known, map, problems),
            Value::List(items) => {
                for item in items {
                    if let Value::Table(inner) = &item.value {
                        walk(inner, &name, known, map, problems);
                    }
                }
            }
            Value::Text(_) | Value::Word(_) | Value::Integer(_) | Value::Float | Value::Boolean(_) | Value::Datetime => {}
        }
    }
}

fn siblings<'k>(path: &str, known: &'k BTreeSet<String>) -> impl Iterator<Item = &'k str> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
    known.iter().filter_map(move |name| name.strip_prefix(prefix.as_str())).filter(|rest| !rest.contains('.'))
}

fn label(key: &str, path: &str, known: &BTreeSet<String>, environment: bool) -> String {
    match best(key, siblings(path, known)) {
        Some(word) if environment => format!("did you mean {}?", variable(path, word)),
        Some(word) => format!("did you mean `{word}`?"),
        None => String::new(),
    }
}

fn unknown(key: &str, path: &str, known: &BTreeSet<String>, environment: bool) -> Problem {
    if environment {
        return Problem::warning(format!("the variable {} sets nothing", variable(path, key)));
    }
    let problem = match path {
        "" => Problem { stray: true, ..Problem::error(format!("`{key}` is not a key or table here")) },
        path => Problem::error(format!("`{key}` is not a key of [{path}]")),
    };
    if key == "password" || key == "secret" {
        return problem.help("a password does not belong here: write it into a file of its own, and name that with password-file");
    }
    if best(key, siblings(path, known)).is_some() {
        return problem;
    }
    let tail = format!(".{key}");
    let homes: Vec<String> = known
        .iter()
        .filter_map(|name| name.strip_suffix(tail.as_str()))
        .map(|table| format!("[{table}]"))
        .chain(known.contains(key).then(|| "the top of the file, before the first [table]".to_owned()))
        .collect();
    if !homes.is_empty() {
        return problem.help(format!("`{key}` belongs into {}", either(&homes)));
    }
    let words: Vec<_> = siblings(path, known).map(|word| format!("`{word}`")).collect();
    problem.help(format!("there are {}", words.join(", ")))
}

/// The environment variable that sets a key.
fn variable(path: &str, key: &str) -> String {
    let name = if path.is_empty() { key.to_owned() } else { format!("{path}__{key}") };
    format!("{}{}", super::layers::PREFIX, name.replace(['.', '-'], "_").to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_that_is_alike_is_suggested() {
        let words = ["width", "height", "framerate"];
        assert_eq!(best("widht", words), Some("width"));
        assert_eq!(best("frame-rate", words), Some("framerate"));
        assert_eq!(best("frame_rate", words), Some("framerate"));
        assert_eq!(best("colour", words), None);
    }

    #[test]
    fn a_choice_reads_like_a_sentence() {
        assert_eq!(either(&["a"]), "a");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
    }
}
