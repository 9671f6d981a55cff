//! What can be set at a camera, by the names that the configuration takes.

use linux_video::types::{CtrlFlag, CtrlType, Value};
use linux_video::{Control, Device};

use super::cameras::text;
use crate::protocol::control::{CameraControl, Choice};

/// Brightness and the like; exposure, focus, zoom; what a sensor has. A driver's own are not asked for: newer kernels have kinds of
/// values that the binding does not know.
const KNOWN: [std::ops::RangeInclusive<u32>; 3] = [0x0098_0900..=0x0098_092c, 0x009a_0901..=0x009a_0928, 0x009e_0901..=0x009e_090c];
/// Names of values; no camera has so many.
const CHOICES: usize = 32;

/// All that have a value and can be set.
pub fn controls(device: &Device) -> Vec<CameraControl> {
    let known = KNOWN.into_iter().flatten();
    known.filter_map(|id| device.control(id).ok()).filter_map(|control| read(device, control)).collect()
}

#[allow(clippy::wildcard_enum_match_arm)] // not our enum: it grows with every release
fn read(device: &Device, control: Control) -> Option<CameraControl> {
    let settable = !control.flags().intersects(CtrlFlag::Disabled | CtrlFlag::ReadOnly) && !control.has_payload();
    let plain = matches!(
        control.type_(),
        CtrlType::Integer | CtrlType::Boolean | CtrlType::Menu | CtrlType::IntegerMenu | CtrlType::BitMask | CtrlType::Button
    );
    if !settable || !plain {
        return None;
    }
    let mut choices = Vec::new();
    if let Some(mut items) = device.control_items(&control) {
        while let Ok(Some(item)) = items.fetch_next() {
            let name = item.name().map(text).or_else(|| item.value().map(|value| value.to_string()));
            choices.push(Choice { value: i64::from(item.index()), name: name.unwrap_or_default() });
            if choices.len() == CHOICES {
                break;
            }
        }
    }
    let (name, min, max) = (config_name(&text(control.name())), control.min(), control.max());
    let (step, default, kind) = (control.step(), control.default(), control.type_());
    let mut now = Value::from(control);
    let value = device.get_control(&mut now).ok().and_then(|()| match kind {
        CtrlType::Integer => now.try_ref::<i32>().map(|value| i64::from(*value)),
        // Read as a number: a driver's `true` need not be 1.
        CtrlType::Boolean => None,
        CtrlType::Menu | CtrlType::IntegerMenu | CtrlType::BitMask => now.try_ref::<u32>().map(|value| i64::from(*value)),
        _ => None,
    });
    Some(CameraControl { name, min, max, step, default, value, choices })
}

/// `White Balance, Automatic` is `white_balance_automatic`, as GStreamer and `v4l2-ctl` have it.
fn config_name(name: &str) -> String {
    let letters: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    letters.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_is_called_as_the_configuration_takes_it() {
        assert_eq!(config_name("White Balance, Automatic"), "white_balance_automatic");
        assert_eq!(config_name("Brightness"), "brightness");
        assert_eq!(config_name("Focus (absolute)"), "focus_absolute");
    }
}
