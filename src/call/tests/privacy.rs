//! The hardware privacy switch.

use proptest::prelude::*;

use super::*;

const CUT: Muted = Muted { audio: true, video: true };

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
    let Bench { mut core, now, .. } = Bench::with(CallConfig::default());
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
        let Bench { mut core, now, .. } = Bench::with(CallConfig::default());
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
