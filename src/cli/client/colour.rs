//! Colours for who reads a page on a terminal: what is well, what is on its way, what is not.

use std::io::{self, IsTerminal as _};

const GOOD: [&str; 6] = ["connected", "joined", "running", "on", "lit", "pressed"];
const WAITING: [&str; 11] = [
    "connecting",
    "starting",
    "joining",
    "lobby",
    "reconnecting",
    "ringing",
    "answering",
    "dialing",
    "pending",
    "rejected",
    "undefined",
];
const BAD: [&str; 8] = ["disconnected", "missing", "busy", "denied", "failed", "refused", "ended", "out"];

/// Whether whoever reads this wants colours.
pub fn wanted() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// The same page, in colours. Columns are two spaces or more apart.
pub fn painted(page: &str) -> String {
    let mut lines = page.lines();
    let first = lines.next().map(|line| format!("\x1b[1m{line}\x1b[0m\n")).unwrap_or_default();
    lines.fold(first, |painted, line| painted + &self::line(line) + "\n")
}

fn line(line: &str) -> String {
    let is_head = line.trim_start().starts_with(|c: char| c.is_uppercase())
        && line.split_whitespace().all(|word| word.chars().all(|c| !c.is_lowercase()));
    if is_head {
        return format!("\x1b[2m{line}\x1b[0m");
    }
    // The name, then the state; whatever follows is text.
    let indent = line.len() - line.trim_start().len();
    let Some(gap) = line[indent..].find("  ").map(|at| at + indent) else { return line.to_owned() };
    let begin = gap + line[gap..].len() - line[gap..].trim_start().len();
    let end = line[begin..].find("  ").map_or(line.len(), |at| at + begin);
    let word = &line[begin..end];
    let colour = match word {
        _ if GOOD.contains(&word) => "32",
        _ if WAITING.contains(&word) => "33",
        _ if BAD.contains(&word) => "1;31",
        _ => return line.to_owned(),
    };
    format!("{}\x1b[{colour}m{word}\x1b[0m{}", &line[..begin], &line[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::page;

    #[test]
    fn states_are_coloured_and_nothing_else_changes() {
        let page = page::page(&page::tests::example(), 80);
        let painted = painted(&page);
        for part in [
            "\x1b[1mdoor-1",
            "hub   \x1b[1;31mdisconnected\x1b[0m  wss",
            "microphone  \x1b[32mrunning\x1b[0m   test",
            "\x1b[2m  PARTICIPANT",
        ] {
            assert!(painted.contains(part), "{part:?} in {painted:?}");
        }
        let mut plain = painted;
        for code in ["0", "1", "2", "32", "33", "1;31"] {
            plain = plain.replace(&format!("\x1b[{code}m"), "");
        }
        assert_eq!(plain, page);
    }
}
