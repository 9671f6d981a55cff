//! How this machine is: load and heat, as the kernel says.

use std::path::{Path, PathBuf};

use super::rate::Board;

/// Where to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensors {
    /// Holds `thermal_zone0` and so on.
    pub thermal: PathBuf,
    /// Pressure stall information of the processor.
    pub pressure: PathBuf,
}

impl Default for Sensors {
    fn default() -> Self {
        Self { thermal: "/sys/class/thermal".into(), pressure: "/proc/pressure/cpu".into() }
    }
}

impl Sensors {
    /// Reads both; what is not there stays unknown. A sensor on a slow bus takes its time.
    pub fn read(&self) -> Board {
        Board { load: std::fs::read_to_string(&self.pressure).ok().as_deref().and_then(load), heat: self.heat() }
    }

    /// Of the hottest zone, in degrees.
    fn heat(&self) -> Option<f32> {
        let zones = std::fs::read_dir(&self.thermal).ok()?.flatten();
        let zones = zones.filter(|zone| zone.file_name().to_string_lossy().starts_with("thermal_zone"));
        // Some zones say nonsense while they sleep.
        zones.filter_map(|zone| degrees(&zone.path())).filter(|heat| (-40.0..150.0).contains(heat)).reduce(f32::max)
    }
}

fn degrees(zone: &Path) -> Option<f32> {
    let text = std::fs::read_to_string(zone.join("temp")).ok()?;
    Some(text.trim().parse::<f32>().ok()? / 1000.0)
}

/// `some avg10=23.75 …`: the share of the last ten seconds in which something waited, here from 0 to 1.
fn load(text: &str) -> Option<f32> {
    let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let percent = some.split(' ').find_map(|word| word.strip_prefix("avg10="))?;
    Some(percent.parse::<f32>().ok()? / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_zone_and_the_pressure_are_read() {
        let root = tempfile::tempdir().unwrap();
        let sensors = Sensors { thermal: root.path().to_owned(), pressure: root.path().join("cpu") };
        assert_eq!(sensors.read(), Board::default(), "nothing is there");
        for (zone, text) in
            [("thermal_zone0", "51234\n"), ("thermal_zone1", "82500\n"), ("thermal_zone2", "-274000\n"), ("x", "99000")]
        {
            std::fs::create_dir(root.path().join(zone)).unwrap();
            std::fs::write(root.path().join(zone).join("temp"), text).unwrap();
        }
        std::fs::write(root.path().join("cpu"), "some avg10=23.75 avg60=57.32 total=13\nfull avg10=0.00 avg60=0 total=0\n")
            .unwrap();
        assert_eq!(sensors.read(), Board { load: Some(0.2375), heat: Some(82.5) });
        std::fs::write(root.path().join("cpu"), "some avg10=x").unwrap();
        assert_eq!(sensors.read().load, None);
    }
}
