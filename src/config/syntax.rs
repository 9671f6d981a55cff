//! What is not TOML, in words for somebody who has never heard of TOML.

use super::report::Problem;
use super::source::Span;

/// How the parser begins when it means this, what it is called here, and what helps.
const WORDS: [(&str, &str, &str); 18] = [
    ("string values must be quoted", "a text must be in quotes", ""),
    ("invalid boolean", "this is neither true nor false", ""),
    ("invalid basic string, expected `\"`", "the quote at the end of this text is missing", "close it on the same line: \"…\""),
    ("invalid literal string, expected `'`", "the quote at the end of this text is missing", "close it on the same line: '…'"),
    ("invalid basic string", "this character cannot be in quotes", "remove it: it was probably pasted along"),
    ("invalid literal string", "this character cannot be in quotes", "remove it: it was probably pasted along"),
    ("unclosed table", "the bracket at the end of this header is missing", "write it as [name]"),
    ("unclosed array table", "the brackets at the end of this header are missing", "write it as [[name]]"),
    ("unclosed array", "the bracket at the end of this list is missing", "write it as [\"…\", \"…\"]"),
    ("missing comma between array elements", "there is no comma between these two", "write it as [\"…\", \"…\"]"),
    ("extra comma in array", "there is a comma too much", "write it as [\"…\", \"…\"]"),
    ("missing value", "nothing is said here", "write a value behind the =, or leave the line out"),
    ("key with no value", "this is neither a header nor a key with a value", "write key = value, or # in front of a comment"),
    ("invalid unquoted key", "this cannot be a key", "a key is a word, then = and a value; put # in front of a comment"),
    ("invalid float", "this is no number", "put it in quotes if it is a text"),
    (
        "unexpected key or value",
        "there is something behind this value",
        "one key on a line, texts in quotes, and # in front of a comment",
    ),
    ("extra `=`", "there is an = too much", "write key = value"),
    ("unexpected leading zero", "a number does not begin with 0", "leave the zero out, or put it in quotes if it is a text"),
];
/// The one whose help depends on what stands there.
const ESCAPE: (&str, &str) = ("a \\ in quotes has a meaning of its own", "write \\\\ for one \\, or use single quotes: '…'");

/// Everything that the parser found in a text that begins at `start` in the whole map: one problem for each line, for after the
/// first the parser only guesses.
pub fn problems(errors: &[toml::de::Error], text: &str, start: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut lines = Vec::new();
    for error in errors {
        let local = error.span().unwrap_or(0..0);
        let at = |local: &Span| local.start + start..local.end + start;
        if let Some(end) = list_left_open(error.message(), text, local.start) {
            let problem = Problem::syntax("the bracket at the end of this list is missing").at(&at(&end), "here or further up");
            // All that follows was read as a part of the list.
            problems.push(Problem { blinds: true, ..problem.help("write ] at its end") });
            break;
        }
        let line = text[..text.floor_char_boundary(local.start)].matches('\n').count();
        if !lines.contains(&line) {
            lines.push(line);
            problems.push(problem(error.message(), text, &local, &at(&local)));
        }
    }
    problems
}

/// A list that goes on where a new line begins was probably not meant to: where its line ends.
fn list_left_open(message: &str, text: &str, at: usize) -> Option<Span> {
    let before = text.get(..at)?;
    let fresh = before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
    let begins = text.get(at..)?.lines().next().unwrap_or_default();
    let looks_new = begins.starts_with('[') || begins.split_once('=').is_some_and(|(key, _)| !key.contains(['"', '\'']));
    if !(message.starts_with("missing comma") && fresh && looks_new) {
        return None;
    }
    let end = before.trim_end().len();
    let last = before[..end].char_indices().next_back()?.0;
    Some(last..end)
}

/// The problem at `local` in `text`, which is at `at` in the whole map.
fn problem(message: &str, text: &str, local: &Span, at: &Span) -> Problem {
    let around = line(text, local.start);
    let found = text.get(local.clone()).unwrap_or_default();
    let word = found.trim();
    if message.starts_with("duplicate key") {
        let is_header = around.trim_start().starts_with('[');
        let title = if is_header { format!("[{found}] is there twice") } else { format!("`{found}` is there twice") };
        let help = if is_header { "put what is below it under the first one" } else { "keep one of the two" };
        return Problem::syntax(title).at(at, "the second").help(help);
    }
    if message.starts_with("missing escaped value") {
        return Problem::syntax(ESCAPE.0).at(at, "").help(ESCAPE.1);
    }
    if message.starts_with("unexpected key or value") && around.trim_start().starts_with('[') {
        let problem = Problem::syntax("there is something behind this header").at(at, "");
        return problem.help("write [name] or [[name]] on a line of its own, with as many brackets on both sides");
    }
    let message = if message.starts_with("string values must be quoted") && word.is_empty() { "missing value" } else { message };
    let known = WORDS.iter().find(|(begin, ..)| message.starts_with(begin));
    let title = known.map_or_else(|| format!("not TOML: {}", message.replace('\n', ", ")), |(_, title, _)| (*title).to_owned());
    let problem = Problem::syntax(title).at(at, "");
    if around.contains(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}']) {
        return problem.help("these are the quotes of a word processor: type plain ones, \"…\"");
    }
    match known {
        _ if ["yes", "no", "on", "off", "True", "False", "TRUE", "FALSE"].contains(&word) => problem.help("write true or false"),
        Some(("key with no value", ..)) if around.contains(':') && !around.contains('=') => {
            problem.help("write = in place of the colon")
        }
        Some((_, _, "")) if is_number_with_unit(word) => problem.help(format!("put it in quotes with its unit: \"{word}\"")),
        Some((_, _, "")) if !word.is_empty() => problem.help(format!("write \"{word}\"")),
        Some((_, _, help)) if !help.is_empty() => problem.help(*help),
        _ => problem,
    }
}

fn is_number_with_unit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(|c: char| c.is_ascii_alphabetic())
}

fn line(text: &str, at: usize) -> &str {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    &text[start..end]
}
