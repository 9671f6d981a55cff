//! What a display costs: processor time of an appliance with a window on an Xvfb, showing the time, and in a call with another
//! appliance, with names and without, beside the same call without a display.

use std::time::{Duration, Instant};

use super::table::Table;
use crate::support::{Appliance, Display, Hub, eventually, secs};

const SETTLE: Duration = Duration::from_secs(5);
const DEVICES: &str =
    "[camera]\nsource = \"test\"\nwidth = 640\nheight = 360\n[microphone]\nsource = \"none\"\n[speaker]\nsink = \"none\"\n";

pub async fn measure(table: &mut Table, seconds: u64) {
    let Some(display) = Display::start() else {
        eprintln!("  screen: no Xvfb here");
        return;
    };
    let window = Duration::from_secs(seconds);
    let idle = {
        let hub = Hub::start();
        let screen = Appliance::start_as(&display.callbox(), &hub, "door-2", &format!("{DEVICES}[screen]\noutput = \"window\"\n"));
        tokio::time::sleep(SETTLE).await;
        per_minute(&screen, window).await
    };
    table.most("a display that shows the time", "CPU-s/min", idle, 1.0);
    let mut call = Vec::new();
    for screen in ["output = \"none\"", "output = \"window\"\nnames = false\nself-view = false", "output = \"window\""] {
        let hub = Hub::start();
        let toml = format!("[call]\nauto-join = \"default:lobby\"\n{DEVICES}");
        let _other = Appliance::start(&hub, "door-1", &toml);
        let one = Appliance::start_as(&display.callbox(), &hub, "door-2", &format!("{toml}[screen]\n{screen}\n"));
        eventually(secs(20), "pictures", async || {
            let call = one.status()?.call.ok_or("no call")?;
            let decoded = call.participants.first().map_or(0, |other| other.video.frames_decoded);
            if decoded > 30 { Ok(()) } else { Err(decoded.to_string()) }
        })
        .await;
        tokio::time::sleep(SETTLE).await;
        call.push(per_minute(&one, window).await);
    }
    let [without, plain, full] = call[..] else { return };
    let figure = |value: f64| format!("{value:.2} CPU-s/min");
    table.line("a call with a display, one without", figure(plain), figure(without), format!("{:+.2}", plain - without), "-");
    table.ratio("a display with names and own picture, one without them", "CPU-s/min", full, plain, 1.25);
}

async fn per_minute(appliance: &Appliance, window: Duration) -> f64 {
    let (begun, before) = (Instant::now(), ticks(appliance.process.pid()));
    tokio::time::sleep(window).await;
    // USER_HZ is 100 on every Linux.
    (ticks(appliance.process.pid()) - before) as f64 / 100.0 / begun.elapsed().as_secs_f64() * 60.0
}

fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
