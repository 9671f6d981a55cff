//! `[cec]`: from the merged tree to [`Cec`].

use std::time::Duration;

use super::reader::Section;
use super::{Cec, DEFAULT_CEC_DEVICE, DEFAULT_CEC_NAME, DEFAULT_STANDBY_AFTER};

/// The longest name that CEC has.
const LONGEST_NAME: usize = 14;

/// Reads the table; none unless it is there.
pub fn read(mut s: Section<'_, '_>, there: bool) -> Option<Cec> {
    let device = s.path("device").map_or_else(|| DEFAULT_CEC_DEVICE.into(), |device| device.value);
    let mut name = DEFAULT_CEC_NAME.to_owned();
    if let Some(text) = s.text("name") {
        if text.value.is_empty() || text.value.len() > LONGEST_NAME || !text.value.chars().all(|c| c.is_ascii_graphic() || c == ' ')
        {
            s.bad("name", &text.at, format!("write 1 to {LONGEST_NAME} letters of ASCII: CEC has no more"));
        }
        name = text.value.to_owned();
    }
    let standby = s.boolean("standby").unwrap_or(true);
    let longest = Duration::from_secs(24 * 3600);
    let standby_after = s.duration("standby-after", Duration::ZERO..=longest).unwrap_or(DEFAULT_STANDBY_AFTER);
    there.then_some(Cec { device, name, standby, standby_after })
}
