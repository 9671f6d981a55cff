//! What is switched off here: by a wish, or by the hardware privacy switch, which is above all wishes.

use super::Refused;
use crate::protocol::hub::Muted;

/// Microphone and camera.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Switches {
    wished: Muted,
    private: bool,
}

impl Switches {
    /// What is off.
    pub fn off(&self) -> Muted {
        Muted { audio: self.wished.audio || self.private, video: self.wished.video || self.private }
    }

    /// Off or on; none leaves it as it is. Nothing is switched on while the privacy switch is on, and not half of it either.
    pub fn wish(self, audio: Option<bool>, video: Option<bool>) -> Result<Self, Refused> {
        if self.private && (audio == Some(false) || video == Some(false)) {
            return Err(Refused::Private);
        }
        let wished = Muted { audio: audio.unwrap_or(self.wished.audio), video: video.unwrap_or(self.wished.video) };
        Ok(Self { wished, ..self })
    }

    /// The privacy switch. What was wished before it went on is what is so when it goes off.
    pub fn privacy(self, private: bool) -> Self {
        Self { private, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;
    use crate::call::{Core, Effect, Input, Settings};
    use crate::protocol::control::Command;

    const CUT: Muted = Muted { audio: true, video: true };

    fn core() -> Core {
        Core::new(Settings { auto_join: None, create: true, participant: "me".parse().unwrap() })
    }

    fn mute(audio: Option<bool>, video: Option<bool>) -> Input {
        Input::Command(Command::Mute { audio, video })
    }

    /// What the engine is told.
    fn told(core: &mut Core) -> Vec<Muted> {
        let muted = |effect| if let Effect::Mute(muted) = effect { Some(muted) } else { None };
        std::iter::from_fn(|| core.poll_effect()).filter_map(muted).collect()
    }

    #[test]
    fn the_privacy_switch_is_above_every_wish_and_gives_back_what_was() {
        let (mut core, now) = (core(), Instant::now());
        core.handle(mute(None, Some(true)), now).unwrap();
        core.handle(Input::Privacy(true), now).unwrap();
        assert_eq!(core.handle(mute(Some(false), Some(true)), now), Err(Refused::Private));
        core.handle(mute(Some(true), None), now).unwrap();
        core.handle(Input::Privacy(true), now).unwrap();
        assert_eq!(told(&mut core), [Muted { audio: false, video: true }, CUT]);
        core.handle(Input::Privacy(false), now).unwrap();
        assert_eq!(told(&mut core), [], "both were wished to be off");
        core.handle(mute(Some(false), Some(false)), now).unwrap();
        assert_eq!(told(&mut core), [Muted::default()]);
    }

    proptest! {
        #[test]
        fn nothing_lifts_the_privacy_switch(steps in proptest::collection::vec((any::<Option<bool>>(), any::<Option<bool>>(), 0..6u8), 0..60)) {
            let (mut core, now) = (core(), Instant::now());
            let (mut private, mut engine) = (false, Muted::default());
            for (audio, video, kind) in steps {
                let input = match kind {
                    0 => {
                        private = !private;
                        Input::Privacy(private)
                    }
                    1 => Input::HubOpened { resumed: false },
                    2 => Input::Command(Command::Join { cid: "default:lobby".parse().unwrap() }),
                    3 => Input::Command(Command::Leave),
                    _ => mute(audio, video),
                };
                let _ = core.handle(input, now);
                for muted in told(&mut core) {
                    prop_assert!(!private || muted == CUT);
                    engine = muted;
                }
                prop_assert_eq!(engine, core.muted());
                prop_assert!(!private || engine == CUT);
            }
        }
    }
}
