//! Sound cards, by ALSA's names for good: `plughw:CARD=Name,DEV=0`.

use alsa::Direction;
use alsa::device_name::HintIter;

use super::{BY_LABEL, contains};
use crate::media::Error;
use crate::protocol::control::DeviceInfo;

/// What takes any format that we may have, and is a card.
const NAME: &str = "plughw:CARD=";

/// All devices of the cards in that direction.
pub fn list(direction: Direction) -> Result<Vec<DeviceInfo>, alsa::Error> {
    let hints = HintIter::new_str(None, "pcm")?;
    let fits = hints.filter(|hint| hint.direction.is_none_or(|of| of == direction));
    let named = fits.filter_map(|hint| Some((hint.name?, hint.desc.unwrap_or_default())));
    let cards = named.filter(|(name, _)| name.starts_with(NAME));
    Ok(cards.map(|(name, description)| info(name, &description)).collect())
}

fn info(name: String, description: &str) -> DeviceInfo {
    // The second line says what `plughw` is.
    let label = description.lines().next().unwrap_or_default().to_owned();
    DeviceInfo { label: if label.is_empty() { name.clone() } else { label }, device_id: name, ..DeviceInfo::default() }
}

/// What ALSA calls the device that the configuration names; anything but `name:…` is ALSA's own word.
pub fn resolve(device: &str, direction: Direction) -> Result<String, Error> {
    let Some(part) = device.strip_prefix(BY_LABEL) else {
        return Ok(device.to_owned());
    };
    let cards = list(direction).map_err(|error| Error::missing(format!("cannot ask ALSA for its cards: {error}")))?;
    let found = cards.into_iter().find(|card| contains(&card.label, part) || contains(&card.device_id, part));
    let missing = || Error::missing(format!("no sound card is named `{part}`: `callbox devices` says which there are"));
    Ok(found.ok_or_else(missing)?.device_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_first_line_of_what_alsa_says() {
        let card =
            info("plughw:CARD=Loopback,DEV=0".to_owned(), "Loopback, Loopback PCM\nHardware device with all software conversions");
        assert_eq!((card.label.as_str(), card.device_id.as_str()), ("Loopback, Loopback PCM", "plughw:CARD=Loopback,DEV=0"));
        assert_eq!(info("plughw:CARD=X,DEV=0".to_owned(), "").label, "plughw:CARD=X,DEV=0");
    }

    #[test]
    fn what_is_no_label_is_left_to_alsa() {
        assert_eq!(resolve("default", Direction::Playback).unwrap(), "default");
        assert_eq!(resolve("plughw:1,0", Direction::Capture).unwrap(), "plughw:1,0");
        let error = resolve("name:a card that nobody made", Direction::Capture).unwrap_err();
        assert!(error.to_string().contains("callbox devices"), "{error}");
    }
}
