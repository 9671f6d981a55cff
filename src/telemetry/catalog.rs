//! What messages mean: the catalog that systemd reads as well, from `/usr/lib/systemd/catalog`.

use crate::protocol::event::EventKind;

const CATALOG: &str = include_str!("../../systemd/callbox.catalog");

/// What a message means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// In one line.
    pub subject: &'static str,
    /// What it means and what to do.
    pub text: &'static str,
}

/// The entry of this event; every one has one, which a test holds.
pub fn entry(kind: EventKind) -> Option<Entry> {
    let begin = CATALOG.find(&format!("-- {}\n", kind.message_id()))?;
    let rest = CATALOG[begin..].split_once('\n')?.1;
    let whole = rest.find("\n-- ").map_or(rest, |end| &rest[..end]);
    let (head, text) = whole.split_once("\n\n")?;
    let subject = head.lines().find_map(|line| line.strip_prefix("Subject: "))?;
    Some(Entry { subject, text: text.trim() })
}

/// With each `@FIELD@` of the catalog as the message has it.
pub fn filled(text: &str, field: &dyn Fn(&str) -> Option<String>) -> String {
    let mut parts = text.split('@');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    let mut is_name = true;
    for part in parts {
        let names = is_name && !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        match names {
            true => filled.push_str(&field(part).unwrap_or_else(|| "…".to_owned())),
            // No field begins at this @.
            false if is_name => filled.extend(["@", part]),
            false => filled.push_str(part),
        }
        is_name = !names;
    }
    filled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalog_has_an_entry_for_each_event_and_no_other() {
        let known: BTreeSet<&str> = EventKind::ALL.iter().map(|kind| kind.message_id()).collect();
        let ids: Vec<&str> = CATALOG.lines().filter_map(|line| line.strip_prefix("-- ")).collect();
        assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), known);
        assert_eq!(ids.len(), known.len(), "one is there twice");
        for kind in EventKind::ALL {
            let entry = entry(*kind).unwrap_or_else(|| panic!("{kind} has no entry that can be read"));
            assert!(!entry.subject.is_empty() && entry.text.len() > 40, "{kind}: say what it means and what to do");
            let head = CATALOG.split(kind.message_id()).nth(1).unwrap();
            assert!(head.lines().nth(2).is_some_and(|line| line.starts_with("Defined-By: callbox")), "{kind}");
        }
    }

    #[test]
    fn fields_are_filled_in() {
        let field = |name: &str| (name == "CALL_CID").then(|| "default:lobby".to_owned());
        assert_eq!(filled("in @CALL_CID@: @REASON@. mail a@b.c", &field), "in default:lobby: …. mail a@b.c");
    }
}
