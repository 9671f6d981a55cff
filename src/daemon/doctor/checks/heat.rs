//! It is not too hot, and not slowed down for that.

use std::path::Path;

use crate::daemon::doctor::judge::{self, Finding, Heat, Zone};

/// What the firmware of a Raspberry Pi says, in hexadecimal.
const FIRMWARE: &str = "devices/platform/soc/soc:firmware/get_throttled";

pub fn check(sys: &Path) -> Finding {
    judge::heat(&measure(sys))
}

fn measure(sys: &Path) -> Heat {
    let entries = |directory: &str| {
        let entries = std::fs::read_dir(sys.join(directory)).into_iter().flatten().flatten();
        let mut all: Vec<_> = entries.map(|entry| entry.path()).collect();
        all.sort();
        all
    };
    let named = |path: &Path, start: &str| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start));
    let zones = entries("class/thermal").into_iter().filter(|path| named(path, "thermal_zone")).filter_map(|path| zone(&path));
    let mut throttled: Vec<String> = entries("class/thermal")
        .into_iter()
        .filter(|path| named(path, "cooling_device"))
        .filter_map(|path| cooling(&path))
        .collect();
    let bits = firmware(sys).unwrap_or(0);
    let now = [(1, "the frequency is capped"), (2, "throttled by the firmware"), (3, "the firmware's soft limit is reached")];
    throttled.extend(now.into_iter().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, text)| text.to_owned()));
    Heat { zones: zones.collect(), throttled, was_throttled: bits >> 17 & 0b111 != 0 }
}

/// What the firmware of a Raspberry Pi says about heat and voltage.
pub fn firmware(sys: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(sys.join(FIRMWARE)).ok()?;
    u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
}

fn read(path: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(path.join(name)).ok().map(|text| text.trim().to_owned())
}

fn degrees(path: &Path, name: &str) -> Option<f32> {
    read(path, name)?.parse::<f32>().ok().map(|thousandth| thousandth / 1000.0)
}

fn zone(path: &Path) -> Option<Zone> {
    // Some zones say nonsense while they sleep.
    let heat = degrees(path, "temp").filter(|heat| (-40.0..150.0).contains(heat))?;
    let trip = |wanted: &[&str]| {
        let of = |number: usize| {
            let kind = read(path, &format!("trip_point_{number}_type"))?;
            wanted.contains(&kind.as_str()).then(|| degrees(path, &format!("trip_point_{number}_temp")))?
        };
        // Nought is a limit that is not set.
        (0..16).filter_map(of).filter(|limit| *limit > 40.0).reduce(f32::min)
    };
    Some(Zone { name: read(path, "type")?, heat, trips: (trip(&["passive", "hot"]), trip(&["critical"])) })
}

/// A processor that the kernel slows down now.
fn cooling(path: &Path) -> Option<String> {
    let kind = read(path, "type")?;
    let slows = kind.contains("cpufreq") || kind == "Processor";
    let state: u32 = read(path, "cur_state")?.parse().ok()?;
    (slows && state > 0).then(|| format!("{kind} at step {state}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_limits_and_throttling_are_read() {
        let sys = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = sys.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(measure(sys.path()), Heat::default());
        for (name, text) in
            [("type", "cpu-thermal\n"), ("temp", "61234\n"), ("trip_point_0_type", "critical\n"), ("trip_point_0_temp", "110000\n")]
        {
            write(&format!("class/thermal/thermal_zone0/{name}"), text);
        }
        write("class/thermal/cooling_device0/type", "cpufreq-cpu0\n");
        write("class/thermal/cooling_device0/cur_state", "2\n");
        write("class/thermal/cooling_device1/type", "pwm-fan\n");
        write("class/thermal/cooling_device1/cur_state", "3\n");
        write(FIRMWARE, "20002\n");
        let heat = measure(sys.path());
        assert_eq!(heat.zones, [Zone { name: "cpu-thermal".into(), heat: 61.234, trips: (None, Some(110.0)) }]);
        assert_eq!((heat.throttled.len(), heat.was_throttled), (2, true), "{heat:?}");
    }
}
