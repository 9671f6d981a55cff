//! The volume that a sound card has itself.

use alsa::mixer::{Mixer, Selem, SelemId};

/// How the volume that matters is called, the best first; otherwise the first that there is.
const NAMES: [&str; 6] = ["Master", "Speaker", "PCM", "Headphone", "Digital", "Playback"];

/// A card that has a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardVolume {
    mixer: String,
    control: String,
}

impl CardVolume {
    /// Of the card that this ALSA device is on, if it has one. Asks the driver.
    pub fn of(device: &str) -> Option<Self> {
        let mixer = mixer_of(device)?;
        let open = Mixer::new(&mixer, true).ok()?;
        let with_volume = open.iter().filter_map(Selem::new).filter(Selem::has_playback_volume);
        let names: Vec<String> = with_volume.filter_map(|one| one.get_id().get_name().ok().map(str::to_owned)).collect();
        let best = NAMES.iter().find_map(|name| names.iter().find(|there| there.as_str() == *name));
        let control = best.or(names.first())?.clone();
        Some(Self { mixer, control })
    }

    /// Sets it, in percent of its range. Asks the driver.
    pub fn set(&self, percent: u8) -> Result<(), alsa::Error> {
        let open = Mixer::new(&self.mixer, true)?;
        let Some(control) = open.find_selem(&SelemId::new(&self.control, 0)) else {
            return Ok(());
        };
        let (least, most) = control.get_playback_volume_range();
        control.set_playback_volume_all(least + (most - least) * i64::from(percent.min(100)) / 100)?;
        if control.has_playback_switch() {
            control.set_playback_switch_all(1)?;
        }
        Ok(())
    }
}

/// `hw:CARD` of `plughw:CARD=Name,DEV=0`, `hw:1,0` and the like.
fn mixer_of(device: &str) -> Option<String> {
    let (kind, arguments) = device.split_once(':')?;
    if !["hw", "plughw", "sysdefault", "front", "dmix"].contains(&kind) {
        return None;
    }
    let first = arguments.split(',').next()?;
    let card = first.strip_prefix("CARD=").unwrap_or(first);
    (!card.is_empty()).then(|| format!("hw:{card}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_the_mixer_of_its_card() {
        for (device, mixer) in [
            ("plughw:CARD=Loopback,DEV=0", Some("hw:Loopback")),
            ("hw:1,0", Some("hw:1")),
            ("plughw:2", Some("hw:2")),
            ("default", None),
            ("null", None),
            ("file:/tmp/out", None),
            ("hw:", None),
        ] {
            assert_eq!(mixer_of(device).as_deref(), mixer, "{device}");
        }
    }

    #[test]
    fn a_card_that_is_not_there_has_no_volume() {
        assert_eq!(CardVolume::of("plughw:CARD=nobody,DEV=0"), None);
    }
}
