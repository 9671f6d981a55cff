//! What goes on, in the words of the screen: told by the daemon after every change.

use crate::protocol::ParticipantId;
use crate::protocol::hub::Muted;

/// What there is to show besides pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    /// This appliance, for people.
    pub name: String,
    /// The hub cannot be reached.
    pub offline: bool,
    /// Who calls is rejected without ringing.
    pub quiet: bool,
    /// What is switched off here.
    pub muted: Muted,
    /// Somebody calls at this moment.
    pub caller: Option<Caller>,
    /// This appliance calls somebody.
    pub called: Option<Called>,
    /// The call, if in one or on the way into one.
    pub call: Option<Call>,
}

/// Somebody calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// For people.
    pub name: String,
    /// Whether it is a video call.
    pub video: bool,
}

/// This appliance calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// Whom, for people.
    pub name: String,
    /// Nobody answered.
    pub over: bool,
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// How far in.
    pub entry: Entry,
    /// The others.
    pub people: Vec<Person>,
}

/// How far in the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Asked for.
    Coming,
    /// In the lobby until the call is live.
    Lobby,
    /// In.
    In,
    /// Not any more.
    Out,
}

/// One of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Stays when the connection is made anew.
    pub id: ParticipantId,
    /// For people.
    pub name: String,
    /// What this person has switched off.
    pub muted: Muted,
    /// Whether this person shows something beside the camera.
    pub sharing: bool,
    /// The connection.
    pub link: Link,
    /// Whether this person speaks at this moment.
    pub speaking: bool,
}

/// The connection to one of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Not there yet.
    Coming,
    /// There.
    Up,
    /// It was there, and is being made again.
    Away,
}

impl Stage {
    /// The others, if they are to be seen.
    pub fn people(&self) -> &[Person] {
        match &self.call {
            Some(call) if call.entry != Entry::Out => &call.people,
            Some(_) | None => &[],
        }
    }
}

/// What names may hold on a screen: one line of printable characters, not too long.
pub fn plain(name: &str) -> String {
    const LONGEST: usize = 64;
    let words: Vec<&str> = name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// The first letters of the first and the last word; none for a name without letters.
pub fn initials(name: &str) -> String {
    let mut letters = name.split(|c: char| !c.is_alphanumeric()).filter_map(|word| word.chars().next());
    let (first, last) = (letters.next(), letters.next_back());
    first.into_iter().chain(last).flat_map(char::to_uppercase).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_line_and_initials() {
        assert_eq!(plain(" Anna\nMaria \u{7} Berg "), "Anna Maria Berg");
        assert_eq!(plain(&"x".repeat(500)).len(), 64);
        assert_eq!(initials("Anna Maria Berg"), "AB");
        assert_eq!(initials("door-1"), "D1");
        assert_eq!(initials("élise"), "É");
        assert_eq!(initials("…"), "");
    }
}
