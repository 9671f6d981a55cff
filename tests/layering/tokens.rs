//! Just enough of Rust's grammar to see which paths a file names: comments and literals go, use-trees are spelt out.

/// One token: an identifier, or one of the marks that paths and macros are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    /// `::`
    Path,
    Mark(char),
}

/// The tokens of a source text, without comments, strings and characters.
pub fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        at += match rest {
            ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
            ['/', '*', ..] => block_comment(rest),
            ['r' | 'b' | 'c', ..] if raw_string(rest).is_some() => raw_string(rest).unwrap_or(1),
            ['b' | 'c', '"', ..] => 1 + string(&rest[1..]),
            ['"', ..] => string(rest),
            ['\'', ..] => character(rest),
            [':', ':', ..] => {
                tokens.push(Token::Path);
                2
            }
            [c, ..] if c.is_alphabetic() || *c == '_' => {
                let word: String = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                let length = word.chars().count();
                tokens.push(Token::Word(word));
                length
            }
            [c, ..] if c.is_whitespace() => 1,
            [c, ..] => {
                tokens.push(Token::Mark(*c));
                1
            }
            [] => 1,
        };
    }
    tokens
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`, if this is one.
fn raw_string(rest: &[char]) -> Option<usize> {
    let prefix = rest.iter().take_while(|c| c.is_alphabetic()).count();
    if prefix > 2 || rest[prefix - 1] != 'r' {
        return None;
    }
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    if rest.get(prefix + hashes) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = prefix + hashes + 1;
    let length = rest[body..].windows(end.len()).position(|window| window == end).unwrap_or(rest.len() - body);
    Some(body + length + end.len())
}

/// `'x'`, `'\n'`, `'\u{1F600}'`; of a lifetime only the tick.
fn character(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', ..] => 3 + rest[3.min(rest.len())..].iter().take_while(|c| **c != '\'').count() + 1,
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
}

/// The tokens without what only tests see: `#[cfg(test)]` and the item after it.
pub fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let marker = ['#', '[', 'c', '(', 't', ')', ']'].map(|c| match c {
        'c' => Token::Word("cfg".into()),
        't' => Token::Word("test".into()),
        mark => Token::Mark(mark),
    });
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].starts_with(&marker) {
            at += marker.len();
            at += item(&tokens[at..]);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The length of an item: up to its `;`, or its closing brace.
fn item(tokens: &[Token]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark('{') => depth += 1,
            Token::Mark('}') if depth == 1 => return at + 1,
            Token::Mark('}') => depth -= 1,
            Token::Mark(';') if depth == 0 => return at + 1,
            Token::Mark(_) | Token::Path | Token::Word(_) => {}
        }
    }
    tokens.len()
}

/// Every path that is named, use-trees spelt out: `a::{b, c::d}` is `a::b` and `a::c::d`.
pub fn paths(tokens: &[Token]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at += match &tokens[at] {
            Token::Word(_) => path(&tokens[at..], &[], &mut found),
            Token::Path | Token::Mark(_) => 1,
        };
    }
    found
}

/// One path from here on; gives how many tokens it took.
fn path(tokens: &[Token], before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut names = before.to_vec();
    let mut at = 0;
    while let Some(Token::Word(name)) = tokens.get(at) {
        names.push(name.clone());
        at += 1;
        if tokens.get(at) != Some(&Token::Path) {
            found.push(names);
            return at;
        }
        at += 1;
    }
    if tokens.get(at) == Some(&Token::Mark('{')) {
        at += 1;
        while let Some(token) = tokens.get(at) {
            at += match token {
                Token::Mark('}') => return at + 1,
                Token::Word(_) => path(&tokens[at..], &names, found),
                Token::Path | Token::Mark(_) => 1,
            };
        }
    }
    found.push(names);
    at.max(1)
}
