//! Which GPIO lines this board has.

use gpiocdev::chip::{self, Chip};
use gpiocdev::line::Direction;

use crate::protocol::control::{ChipInfo, LineInfo};

/// Lines of one chip that are told; expanders have fewer.
const LINES: u32 = 256;

/// All chips that may be opened; what may not is told in `errors`. Some are on slow buses: not for a thread that must go on.
pub fn chips(errors: &mut Vec<String>) -> Vec<ChipInfo> {
    let mut found = Vec::new();
    for path in chip::chips().unwrap_or_default() {
        let look = || -> gpiocdev::Result<ChipInfo> {
            let chip = Chip::from_path(&path)?;
            let info = chip.info()?;
            let lines = (0..info.num_lines.min(LINES)).filter_map(|number| chip.line_info(number).ok()).map(line);
            Ok(ChipInfo { chip: chip.name(), label: info.label, lines: lines.collect() })
        };
        match look() {
            Ok(chip) => found.push(chip),
            Err(error) => errors.push(format!("cannot ask {}: {error}", path.display())),
        }
    }
    found
}

fn line(info: gpiocdev::line::Info) -> LineInfo {
    let by = || if info.consumer.is_empty() { "the kernel".to_owned() } else { info.consumer.clone() };
    LineInfo { number: info.offset, output: info.direction == Direction::Output, used_by: info.used.then(by), name: info.name }
}
