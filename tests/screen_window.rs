//! A real display, though nobody sees it: what runs when nothing moves, and that `callbox snapshot` is taken from it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use callbox::protocol::control::DeviceState;
use support::{Appliance, Display, Hub, eventually, secs};

const DEVICES: &str = "[microphone]\nsource = \"none\"\n[speaker]\nsink = \"none\"\n[screen]\noutput = \"window\"\n";

/// User and system time so far.
fn spent(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    // USER_HZ is 100 on every Linux.
    Duration::from_millis((fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10)
}

fn bright(rgb: &[u8]) -> usize {
    rgb.chunks_exact(3).filter(|pixel| pixel.iter().all(|value| *value > 190)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_display_that_shows_the_time_costs_next_to_nothing_and_shows_who_comes() {
    let Some(display) = Display::start() else {
        eprintln!("skipped: no Xvfb here");
        return;
    };
    let hub = Hub::start();
    let test = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 180\n";
    let desk = Appliance::start_as(&display.callbox(), &hub, "door-2", &format!("{test}{DEVICES}"));
    eventually(secs(20), "the screen runs without a call", async || match desk.status()?.media.screen {
        screen if screen.state == DeviceState::Running => Ok(()),
        screen => Err(format!("{screen:?}")),
    })
    .await;
    let clock = eventually(secs(10), "the clock", async || match desk.snapshot()? {
        (1280, 720, rgb) if bright(&rgb) > 4000 => Ok(rgb),
        (width, height, rgb) => Err(format!("{width}x{height}, {} bright", bright(&rgb))),
    })
    .await;
    tokio::time::sleep(secs(2)).await;
    let before = spent(desk.process.pid());
    tokio::time::sleep(secs(5)).await;
    let cost = spent(desk.process.pid()) - before;
    eprintln!("{cost:?} of processor time in 5 s of standby");
    assert!(cost < Duration::from_millis(150), "{cost:?} in 5 s");

    let quiet = DEVICES.replace("window", "none");
    let door = Appliance::start(&hub, "door-1", &format!("{test}[call]\nauto-join = \"default:lobby\"\n{quiet}"));
    desk.cli("join", &["default:lobby"]).unwrap();
    let moving = async |what: &str| {
        let mut last: Option<Vec<u8>> = None;
        eventually(secs(20), what, async || {
            let (_, _, rgb) = desk.snapshot()?;
            let changed =
                last.replace(rgb.clone()).map_or(0, |last| last.iter().zip(&rgb).filter(|(a, b)| a.abs_diff(**b) > 40).count());
            if changed > 2000 && rgb != clock { Ok(()) } else { Err(format!("{changed} bytes changed")) }
        })
        .await;
    };
    moving("the other's picture moves").await;
    eventually(secs(10), "what was painted is counted and timed", async || {
        let status = desk.status()?;
        let decoded = status.call.iter().flat_map(|call| &call.participants).map(|other| other.video.frames_decoded).sum::<u64>();
        let stages = status.media.stages;
        let fits = stages.rendered > 10 && stages.rendered <= decoded && stages.render_ms.is_some_and(|ms| ms > 0.0 && ms < 500.0);
        if fits { Ok(()) } else { Err(format!("{stages:?}, {decoded} decoded")) }
    })
    .await;
    door.cli("leave", &[]).unwrap();
    eventually(secs(20), "the clock is back", async || match desk.snapshot()? {
        (_, _, rgb) if bright(&rgb) > 4000 && bright(&rgb) < 60_000 => Ok(()),
        (_, _, rgb) => Err(bright(&rgb).to_string()),
    })
    .await;
    door.cli("join", &["default:lobby"]).unwrap();
    moving("and moves again").await;
    assert_eq!(desk.status().unwrap().media.screen.state, DeviceState::Running);
}
