//! PURE. The board itself: disk, heat, power, display.

use super::Finding;

const MB: u64 = 1_000_000;
/// Participation, recordings' list and a few files more.
const LEAST: u64 = 4 * MB;
const LITTLE: u64 = 64 * MB;
/// Where boards begin to slow down unless they say otherwise, degrees.
const HOT: f32 = 80.0;
const TOO_HOT: f32 = 95.0;

/// One directory.
#[derive(Debug, Clone, PartialEq)]
pub struct Disk {
    /// `state-directory`, `recording.directory`.
    pub key: &'static str,
    /// Where.
    pub path: String,
    /// Bytes that may be written, and of how many; none when it could not be asked.
    pub free: Option<(u64, u64)>,
    /// No more files can be made, whatever their size.
    pub no_inodes: bool,
    /// Why a file could not be written there.
    pub broken: Option<String>,
    /// What the configuration wants to stay free.
    pub keep_free: u64,
}

/// The verdict.
pub fn disk(disk: &Disk) -> Finding {
    let Disk { key, path, keep_free, .. } = disk;
    let there = match disk.free {
        Some((free, all)) => format!("{path} has {} of {} free", bytes(free), bytes(all)),
        None => path.clone(),
    };
    let full = disk.free.is_some_and(|(free, _)| free < LEAST) || disk.no_inodes;
    let finding = match &disk.broken {
        _ if full => Finding::fail(
            format!("the disk is full: {there}{}", if disk.no_inodes { ", and no room for one more file" } else { "" }),
            format!(
                "delete what is not needed (`du -x / | sort -n | tail`, `journalctl --vacuum-size=50M`), or move `{key}` elsewhere"
            ),
        ),
        Some(why) if why.contains("ead-only") => Finding::fail(
            format!("{there}, but it is read-only"),
            format!("is the card worn out (`dmesg`)? If it is read-only on purpose, set `{key}` to a place that is not"),
        ),
        Some(why) => Finding::fail(
            format!("nothing can be written to {path}: {why}"),
            format!(
                "check that it exists and who owns it, or set `{key}` to another place; run this as the user of the service, or as root"
            ),
        ),
        None => match disk.free {
            Some((free, _)) if free < *keep_free => Finding::warn(
                there,
                format!(
                    "`recording.min-free` keeps {} free: the oldest recordings go, and then no more is recorded",
                    bytes(*keep_free)
                ),
            ),
            Some((free, _)) if free < LITTLE => Finding::warn(there, "little is left: delete what is not needed"),
            Some(_) | None => Finding::pass(there),
        },
    };
    match disk.free {
        Some((free, _)) => finding.figure(format!("{key}-free-bytes"), free as f64),
        None => finding,
    }
}

fn bytes(count: u64) -> String {
    match count {
        _ if count >= 1000 * MB => format!("{:.1} GB", count as f64 / 1e9),
        _ if count >= 10 * MB => format!("{} MB", count / MB),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

/// One sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// What the kernel calls it.
    pub name: String,
    /// Degrees.
    pub heat: f32,
    /// From where on the board slows down, and where it switches off.
    pub trips: (Option<f32>, Option<f32>),
}

/// How warm it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heat {
    /// All sensors.
    pub zones: Vec<Zone>,
    /// Why it is slowed down now, in the kernel's or the firmware's words.
    pub throttled: Vec<String>,
    /// The same, at some time since it was switched on.
    pub was_throttled: bool,
}

const COOLER: &str = "give the case air or a heat sink, keep it out of the sun, and check the fan";

/// The verdict.
pub fn heat(measured: &Heat) -> Finding {
    let hottest = measured.zones.iter().max_by(|a, b| a.heat.total_cmp(&b.heat));
    let said = hottest.map_or("no sensor".to_owned(), |zone| format!("{:.0} °C ({})", zone.heat, zone.name));
    let near = |zone: &Zone| zone.trips.1.map_or(TOO_HOT, |off| off - 5.0);
    let slow = |zone: &Zone| zone.trips.0.unwrap_or(HOT);
    let finding = if let Some(zone) = measured.zones.iter().find(|zone| zone.heat >= near(zone)) {
        Finding::fail(format!("{:.0} °C ({}): it is about to switch off", zone.heat, zone.name), COOLER)
    } else if !measured.throttled.is_empty() {
        Finding::warn(format!("{said}, slowed down now: {}", measured.throttled.join(", ")), COOLER)
    } else if let Some(zone) = measured.zones.iter().find(|zone| zone.heat >= slow(zone)) {
        Finding::warn(format!("{:.0} °C ({}): so hot that it slows down", zone.heat, zone.name), COOLER)
    } else if measured.was_throttled {
        Finding::warn(format!("{said}; it was slowed down since it was switched on"), COOLER)
    } else if measured.zones.is_empty() {
        Finding::skipped("this board has no thermal sensor that the kernel knows")
    } else {
        Finding::pass(said)
    };
    match hottest {
        Some(zone) => finding.figure("heat-c", f64::from(zone.heat.round())),
        None => finding,
    }
}

/// What the board says about its supply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Power {
    /// Whether anything watches the supply.
    pub watched: bool,
    /// Too low now: which sensor says so.
    pub low: Vec<String>,
    /// Too low at some time since it was switched on.
    pub was_low: bool,
    /// USB ports that were switched off for drawing too much.
    pub ports: Vec<String>,
}

/// The verdict.
pub fn power(measured: &Power) -> Finding {
    const SUPPLY: &str =
        "use the supply that the board's maker names, and a short, thick cable; power cameras from a hub with its own supply";
    if !measured.low.is_empty() {
        return Finding::fail(format!("the voltage is too low now ({})", measured.low.join(", ")), SUPPLY);
    }
    if measured.was_low {
        return Finding::warn("the voltage was too low since it was switched on", SUPPLY);
    }
    if !measured.ports.is_empty() {
        return Finding::warn(format!("a USB device drew too much: {}", measured.ports.join(", ")), SUPPLY);
    }
    if !measured.watched {
        return Finding::skipped("nothing on this board watches its supply");
    }
    Finding::pass("the voltage is right, and was")
}

/// One connector.
#[derive(Debug, Clone, PartialEq)]
pub struct Display {
    /// `HDMI-A-1`.
    pub connector: String,
    /// Something is plugged in.
    pub connected: bool,
    /// The best size, if it said any.
    pub mode: Option<String>,
}

/// For a screen that is driven directly. `denied`: a graphics device that may not be opened.
pub fn displays(found: &[Display], denied: Option<&str>) -> Finding {
    let said = |display: &Display| format!("{} {}", display.connector, display.mode.as_deref().unwrap_or("without a size"));
    let connected: Vec<String> = found.iter().filter(|display| display.connected).map(said).collect();
    if let Some(device) = denied {
        return Finding::fail(
            format!("no permission for {device}"),
            "join the groups that own it (often `video` and `render`), or use the service's unit",
        );
    }
    if found.is_empty() {
        return Finding::fail(
            "this machine has no display connector",
            "is the graphics driver there (`dtoverlay=vc4-kms-v3d` on a Raspberry Pi)? Without a screen, set `screen.output` to \"none\"",
        );
    }
    if connected.is_empty() {
        let names: Vec<&str> = found.iter().map(|display| display.connector.as_str()).collect();
        return Finding::fail(
            format!("nothing is plugged into {}", names.join(", ")),
            "check the cable, and that the display is on; some need `hdmi_force_hotplug` or `video=HDMI-A-1:D` to be seen",
        );
    }
    Finding::pass(connected.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::Verdict;

    fn a_disk() -> Disk {
        Disk {
            key: "state-directory",
            path: "/var/lib/callbox".into(),
            free: Some((5_000 * MB, 30_000 * MB)),
            no_inodes: false,
            broken: None,
            keep_free: 0,
        }
    }

    #[test]
    fn a_disk_is_full_read_only_forbidden_nearly_full_or_fine() {
        let fine = disk(&a_disk());
        assert!(fine.verdict == Verdict::Pass && fine.found.contains("5.0 GB of 30.0 GB"), "{fine:?}");
        for (wrong, verdict, part) in [
            (
                Disk { free: Some((40_000, 200_000)), broken: Some("No space left on device".into()), ..a_disk() },
                Verdict::Fail,
                "the disk is full",
            ),
            (Disk { no_inodes: true, ..a_disk() }, Verdict::Fail, "one more file"),
            (Disk { broken: Some("Read-only file system (os error 30)".into()), ..a_disk() }, Verdict::Fail, "read-only"),
            (Disk { broken: Some("Permission denied".into()), ..a_disk() }, Verdict::Fail, "Permission denied"),
            (Disk { free: Some((20 * MB, 30_000 * MB)), ..a_disk() }, Verdict::Warn, "20 MB"),
            (Disk { keep_free: 6_000 * MB, ..a_disk() }, Verdict::Warn, "5.0 GB"),
        ] {
            let finding = disk(&wrong);
            assert!(finding.verdict == verdict && finding.found.contains(part) && finding.advice.is_some(), "{finding:?}");
        }
    }

    #[test]
    fn heat_is_judged_by_the_boards_own_limits() {
        let of = |heat: f32, trips, throttled: &[&str], was_throttled| {
            let zones = vec![Zone { name: "cpu-thermal".into(), heat, trips }];
            super::heat(&Heat { zones, throttled: throttled.iter().map(|text| (*text).to_owned()).collect(), was_throttled })
        };
        let usual = (Some(80.0), Some(110.0));
        assert_eq!(of(55.0, usual, &[], false).verdict, Verdict::Pass);
        assert_eq!(of(83.0, usual, &[], false).verdict, Verdict::Warn);
        assert_eq!(of(83.0, (Some(90.0), Some(110.0)), &[], false).verdict, Verdict::Pass);
        assert_eq!(of(107.0, usual, &[], false).verdict, Verdict::Fail);
        assert_eq!(of(96.0, (None, None), &[], false).verdict, Verdict::Fail);
        assert_eq!(of(60.0, usual, &["the frequency is capped"], false).verdict, Verdict::Warn);
        assert_eq!(of(60.0, usual, &[], true).verdict, Verdict::Warn);
        assert_eq!(super::heat(&Heat::default()).verdict, Verdict::Skipped);
    }

    #[test]
    fn a_weak_supply_is_said_also_when_it_was_weak() {
        let fine = Power { watched: true, ..Power::default() };
        assert_eq!(power(&fine).verdict, Verdict::Pass);
        assert_eq!(power(&Power { low: vec!["rpi_volt".into()], ..fine.clone() }).verdict, Verdict::Fail);
        assert_eq!(power(&Power { was_low: true, ..fine.clone() }).verdict, Verdict::Warn);
        assert_eq!(power(&Power { ports: vec!["usb1-port2".into()], ..fine }).verdict, Verdict::Warn);
        assert_eq!(power(&Power::default()).verdict, Verdict::Skipped);
    }

    #[test]
    fn a_display_must_be_plugged_in() {
        let display = |connected| Display { connector: "HDMI-A-1".into(), connected, mode: Some("1920x1080".into()) };
        assert_eq!(displays(&[display(true)], None).found, "HDMI-A-1 1920x1080");
        assert!(displays(&[display(false)], None).found.contains("nothing is plugged"));
        assert_eq!(displays(&[], None).verdict, Verdict::Fail);
        assert!(displays(&[display(true)], Some("/dev/dri/card0")).found.contains("/dev/dri/card0"));
    }
}
