//! PURE. From what was measured to a verdict, and to what to do next.

mod board;
mod camera;
mod clock;
mod encoder;
mod network;
mod sound;

use std::collections::BTreeMap;

use crate::protocol::control::Verdict;

pub use board::{Disk, Display, Heat, Power, Zone, disk, displays, heat, power};
pub use camera::{Pictures, pictures};
pub use clock::{Clock, clock, date};
pub use encoder::{Speed, encoder};
pub use network::{Helper, Outcome, helpers, hub, lookup, sign_in};
pub use sound::{level, speaker};

/// What a check came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How it went.
    pub verdict: Verdict,
    /// One line.
    pub found: String,
    /// What to do next.
    pub advice: Option<String>,
    /// More lines.
    pub details: Vec<String>,
    /// What was measured.
    pub figures: BTreeMap<String, f64>,
}

impl Finding {
    fn new(verdict: Verdict, found: impl Into<String>, advice: Option<String>) -> Self {
        Self { verdict, found: found.into(), advice, details: Vec::new(), figures: BTreeMap::new() }
    }

    /// All is well.
    pub fn pass(found: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, found, None)
    }

    /// Nothing to look at.
    pub fn skipped(found: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, found, None)
    }

    /// It works, and something should be better.
    pub fn warn(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, found, Some(advice.into()))
    }

    /// It does not work.
    pub fn fail(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, found, Some(advice.into()))
    }

    /// With something to do, though nothing is wrong.
    #[must_use]
    pub fn advised(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// With one more line.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// With more lines.
    #[must_use]
    pub fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        self
    }

    /// With something that was measured.
    #[must_use]
    pub fn figure(mut self, name: impl Into<String>, value: f64) -> Self {
        self.figures.insert(name.into(), value);
        self
    }
}

/// Several findings under one name: the worst says what was found, and its advice is given.
pub fn worst(findings: Vec<Finding>, none: impl FnOnce() -> Finding) -> Finding {
    let mut all = findings.into_iter();
    let Some(mut whole) = all.next() else { return none() };
    for next in all {
        let (found, advice) = if next.verdict > whole.verdict {
            whole.verdict = next.verdict;
            (next.found, next.advice)
        } else if next.verdict == whole.verdict {
            let joined = format!("{}; {}", whole.found, next.found);
            (joined, whole.advice.take().or(next.advice))
        } else {
            (std::mem::take(&mut whole.found), whole.advice.take())
        };
        (whole.found, whole.advice) = (found, advice);
        whole.details.extend(next.details);
        whole.figures.extend(next.figures);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_the_worst_is_said_and_all_figures_stay() {
        let several = vec![
            Finding::pass("a is there").figure("a", 1.0),
            Finding::fail("b is gone", "plug b in"),
            Finding::warn("c is slow", "wait"),
            Finding::fail("d is gone", "plug d in").figure("d", 2.0),
        ];
        let whole = worst(several, || Finding::skipped("none"));
        assert_eq!((whole.verdict, whole.found.as_str()), (Verdict::Fail, "b is gone; d is gone"));
        assert_eq!((whole.advice.as_deref(), whole.figures.len()), (Some("plug b in"), 2));
        assert_eq!(worst(Vec::new(), || Finding::skipped("none")).verdict, Verdict::Skipped);
    }
}
