//! The voltage is right.

use std::path::Path;

use super::heat::firmware;
use crate::daemon::doctor::judge::{self, Finding, Power};

pub fn check(sys: &Path) -> Finding {
    judge::power(&measure(sys))
}

fn measure(sys: &Path) -> Power {
    let read = |path: &Path| std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let mut power = Power::default();
    if let Some(bits) = firmware(sys) {
        power.watched = true;
        power.low.extend((bits & 1 == 1).then(|| "the firmware".to_owned()));
        power.was_low = bits >> 16 & 1 == 1;
    }
    for sensor in std::fs::read_dir(sys.join("class/hwmon")).into_iter().flatten().flatten() {
        let alarms = (0..8).filter_map(|number| read(&sensor.path().join(format!("in{number}_lcrit_alarm"))));
        let name = read(&sensor.path().join("name")).unwrap_or_default();
        for alarm in alarms {
            power.watched = true;
            power.low.extend((alarm == "1").then(|| name.clone()));
        }
    }
    for hub in std::fs::read_dir(sys.join("bus/usb/devices")).into_iter().flatten().flatten() {
        // The ports are below the hub's interface.
        let interfaces = std::fs::read_dir(hub.path())
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains("-port"));
        for port in interfaces {
            let count = read(&port.path().join("over_current_count")).and_then(|text| text.parse::<u32>().ok());
            power.ports.extend(count.filter(|count| *count > 0).map(|_| port.file_name().to_string_lossy().into_owned()));
        }
    }
    power
}

#[cfg(test)]
mod tests {
    use super::super::heat;
    use super::*;

    #[test]
    fn voltage_and_ports_are_read() {
        let sys = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = sys.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(measure(sys.path()), Power::default());
        write("class/hwmon/hwmon1/name", "rpi_volt\n");
        write("class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
        assert_eq!(measure(sys.path()), Power { watched: true, ..Power::default() });
        write("class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        write("devices/platform/soc/soc:firmware/get_throttled", "50005\n");
        write("bus/usb/devices/1-0:1.0/usb1-port2/over_current_count", "3\n");
        let power = measure(sys.path());
        assert_eq!((power.low.len(), power.was_low, power.ports.len()), (2, true, 1), "{power:?}");
        assert_eq!(heat::firmware(sys.path()), Some(0x50005));
    }
}
