//! How the mixers of the sound cards are set.

use alsa::Card;
use alsa::mixer::{Mixer, Selem, SelemChannelId};

use crate::protocol::control::{MixerElement, MixerInfo, MixerSide};

/// Elements of one card; studio cards have hundreds.
const ELEMENTS: usize = 40;

/// Of all cards that have one.
pub fn list() -> Vec<MixerInfo> {
    alsa::card::Iter::new().filter_map(Result::ok).filter_map(|card| mixer(&card)).collect()
}

fn mixer(card: &Card) -> Option<MixerInfo> {
    let name = format!("hw:{}", card.get_index());
    let open = Mixer::new(&name, true).ok()?;
    let elements: Vec<MixerElement> = open.iter().filter_map(Selem::new).filter_map(|one| element(&one)).take(ELEMENTS).collect();
    let label = card.get_name().unwrap_or_default();
    (!elements.is_empty()).then_some(MixerInfo { card: name, label, elements })
}

fn element(one: &Selem<'_>) -> Option<MixerElement> {
    let name = one.get_id().get_name().ok()?.to_owned();
    let left = SelemChannelId::FrontLeft;
    let side = |has: (bool, bool), range: (i64, i64), value: alsa::Result<i64>, switch: alsa::Result<i32>| {
        let percent = has.0.then(|| value.ok().map(|value| percent(value, range))).flatten();
        let on = has.1.then(|| switch.ok().map(|on| on != 0)).flatten();
        (percent.is_some() || on.is_some()).then_some(MixerSide { percent, on })
    };
    let playback = (one.has_playback_volume(), one.has_playback_switch());
    let capture = (one.has_capture_volume(), one.has_capture_switch());
    let playback = side(playback, one.get_playback_volume_range(), one.get_playback_volume(left), one.get_playback_switch(left));
    let capture = side(capture, one.get_capture_volume_range(), one.get_capture_volume(left), one.get_capture_switch(left));
    (playback.is_some() || capture.is_some()).then_some(MixerElement { name, playback, capture })
}

fn percent(value: i64, (least, most): (i64, i64)) -> u8 {
    let range = (most - least).max(1);
    ((value - least) * 100 / range).clamp(0, 100) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_a_part_of_its_range() {
        assert_eq!((percent(0, (-64, 64)), percent(64, (-64, 64)), percent(7, (7, 7)), percent(99, (0, 10))), (50, 100, 0, 100));
    }
}
