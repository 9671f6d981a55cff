//! Which encoders have failed on this machine, and which to use instead.
//!
//! ```text
//!  trusted ─ failed ─► resting ─ the call is over ─► trusted          a hiccup costs one call
//!     │                   └──── the third time ────► out              a broken driver is not tried in every call
//!     └──── never came back from its driver ───────► out              its thread is lost, and one is enough
//! ```

use std::collections::BTreeMap;

use super::encoder::{ENCODERS, Encoder};

/// So many failures, and an encoder is not tried again.
const CHANCES: u32 = 3;

/// What is known about encoders beside that they exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    bad: BTreeMap<&'static str, Bad>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bad {
    why: String,
    times: u32,
    resting: bool,
    out: bool,
}

impl Trust {
    /// The encoders to try for the configured name (`auto` or an element), best first. When all that are wanted have failed, the
    /// software encoders; when these have failed as well, those that failed least badly: any picture is better than none.
    pub fn candidates(&self, wanted: &str) -> Vec<&'static Encoder> {
        let trusted = |encoder: &&Encoder| !self.bad.get(encoder.element).is_some_and(|bad| bad.resting || bad.out);
        let named: Vec<_> = Encoder::candidates(wanted).collect();
        if named.is_empty() {
            return named;
        }
        let lists = [
            named.iter().copied().filter(trusted).collect::<Vec<_>>(),
            ENCODERS.iter().filter(|encoder| !encoder.hardware).filter(trusted).collect(),
            ENCODERS.iter().filter(|encoder| !encoder.hardware).collect(),
        ];
        lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default()
    }

    /// It failed: it is not used again in this call.
    pub fn failed(&mut self, element: &'static str, why: String) {
        let bad = self.bad.entry(element).or_insert_with(|| Bad { why: String::new(), times: 0, resting: false, out: false });
        bad.why = why;
        bad.times += 1;
        bad.resting = true;
        bad.out |= bad.times >= CHANCES;
    }

    /// Its driver did not come back: it is never used again.
    pub fn stuck(&mut self, element: &'static str, why: String) {
        self.failed(element, why);
        if let Some(bad) = self.bad.get_mut(element) {
            bad.out = true;
        }
    }

    /// It was taken down and did not come back: it is never used again. What else was wrong with it says more.
    pub fn lost(&mut self, element: &'static str) {
        match self.bad.get_mut(element) {
            Some(bad) => bad.out = true,
            None => self.stuck(element, "it does not stop".to_owned()),
        }
    }

    /// The call is over. Whether an encoder may be tried again that rested.
    pub fn rested(&mut self) -> bool {
        let mut again = false;
        for bad in self.bad.values_mut().filter(|bad| bad.resting) {
            bad.resting = false;
            again |= !bad.out;
        }
        again
    }

    /// Those that failed and why, without the one in use.
    pub fn rejected<'a>(&'a self, in_use: Option<&'a str>) -> impl Iterator<Item = (&'static str, &'a str)> {
        self.bad.iter().filter(move |(element, _)| Some(**element) != in_use).map(|(element, bad)| (*element, bad.why.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(trust: &Trust, wanted: &str) -> Vec<&'static str> {
        trust.candidates(wanted).into_iter().map(|encoder| encoder.element).collect()
    }

    #[test]
    fn an_encoder_that_failed_rests_for_the_call_and_is_out_after_the_third_time() {
        let mut trust = Trust::default();
        for time in 1..=3 {
            assert_eq!(names(&trust, "auto")[0], "v4l2h264enc");
            trust.failed("v4l2h264enc", "no".into());
            assert_eq!(names(&trust, "auto")[0], "vah264enc");
            assert_eq!(trust.rested(), time < 3);
        }
        assert_eq!(names(&trust, "auto")[0], "vah264enc");
        assert_eq!(trust.rejected(None).collect::<Vec<_>>(), [("v4l2h264enc", "no")]);
    }

    #[test]
    fn an_encoder_whose_driver_did_not_come_back_is_out_at_once() {
        let mut trust = Trust::default();
        trust.stuck("v4l2h264enc", "it does not answer".into());
        assert!(!trust.rested());
        assert_eq!(names(&trust, "auto")[0], "vah264enc");
    }

    #[test]
    fn software_takes_the_place_of_a_named_encoder_that_failed_and_something_is_always_left() {
        let mut trust = Trust::default();
        assert_eq!(names(&trust, "vah264enc"), ["vah264enc"]);
        trust.failed("vah264enc", "no".into());
        assert_eq!(names(&trust, "vah264enc"), ["x264enc", "openh264enc"]);
        for encoder in ENCODERS {
            trust.stuck(encoder.element, "no".into());
        }
        assert_eq!(names(&trust, "auto"), ["x264enc", "openh264enc"]);
        assert_eq!(names(&trust, "no-such-encoder"), [""; 0]);
    }
}
