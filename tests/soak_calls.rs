//! Call after call: what an appliance, the one it calls and the hub take of the machine does not grow. `SOAK_CALLS` says how many;
//! `make soak` does two hundred.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::PeerConnection;
use support::{Appliance, Hub, Usage, curve, eventually, middle, secs, slope};

const DEVICES: &str = "
[camera]
source = \"test\"
width = 320
height = 180
framerate = 15
[video]
bitrate = \"200 kbit/s\"
[microphone]
source = \"test\"
[speaker]
sink = \"file\"
file = \"/dev/null\"
";
/// GStreamer's registry, thread pools, fonts, the allocator's arenas.
const WARM_UP: usize = 10;
/// With fewer, an allocator that has not found its level yet says more than what grows.
const MANY: usize = 100;
/// KiB for each call.
const MOST_GROWTH: f64 = 16.0;
const MOST_GROWTH_OF_FEW: f64 = 500.0;
/// Beyond what there was before the first call: GLib keeps a thread or two for what comes.
const SPARE: usize = 3;

fn sees(appliance: &Appliance) -> Result<(), String> {
    let call = appliance.status()?.call.ok_or("no call")?;
    match call.participants.as_slice() {
        [one] if one.connection == PeerConnection::Connected && one.video.frames_decoded > 5 && one.audio.packets > 5 => Ok(()),
        others => Err(format!("{others:?}")),
    }
}

fn is_alone(appliance: &Appliance) -> Result<(), String> {
    let status = appliance.status()?;
    let others = status.call.map(|call| call.participants).unwrap_or_default();
    if others.is_empty() && status.media.encoder.instances == 0 { Ok(()) } else { Err(format!("{others:?}")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn call_after_call_memory_files_and_threads_stay_flat() {
    let calls: usize = std::env::var("SOAK_CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let hub = Hub::start();
    let caller = Appliance::start(&hub, "door-1", DEVICES);
    let waiting = Appliance::start(&hub, "door-2", &format!("[call]\nauto-join = \"default:lobby\"\n{DEVICES}"));
    eventually(secs(20), "the other one waits", async || match waiting.status()?.call {
        Some(call) if call.participant.is_some() => Ok(()),
        call => Err(format!("{call:?}")),
    })
    .await;
    let watched = [("caller", caller.process.pid()), ("called", waiting.process.pid()), ("hub", hub.process.pid())];
    let idle = watched.map(|(_, pid)| Usage::of(pid));
    let mut seen: Vec<Vec<Usage>> = vec![Vec::new(); watched.len()];
    for call in 1..=WARM_UP + calls {
        eventually(secs(20), "asked to join", async || caller.cli("join", &["default:lobby"])).await;
        for appliance in [&caller, &waiting] {
            eventually(secs(30), "picture and sound come", async || sees(appliance)).await;
        }
        caller.cli("leave", &[]).unwrap();
        for appliance in [&caller, &waiting] {
            eventually(secs(20), "alone again, camera off", async || is_alone(appliance)).await;
        }
        for ((_, pid), seen) in watched.iter().zip(&mut seen) {
            seen.push(Usage::of(*pid));
        }
        if call % 50 == 0 {
            let own = seen.iter().map(|seen| format!("{} KiB {} files", seen[call - 1].own, seen[call - 1].files));
            eprintln!("  {call} calls: {}", own.collect::<Vec<_>>().join(", "));
        }
    }
    let most = if calls < MANY { MOST_GROWTH_OF_FEW } else { MOST_GROWTH };
    let mut grown = Vec::new();
    for ((name, pid), (idle, seen)) in watched.iter().zip(idle.iter().zip(&seen)) {
        // Pools let go of threads that had nothing to do for a while.
        let over = eventually(secs(60), "threads and files are as before the first call", async || match Usage::of(*pid) {
            now if now.files <= idle.files + SPARE && now.threads <= idle.threads + SPARE => Ok(now),
            now => Err((*name, *idle, now)),
        })
        .await;
        let of = |which: fn(&Usage) -> u64| seen[WARM_UP..].iter().map(|usage| which(usage) as f64).collect::<Vec<f64>>();
        let own = of(|usage| usage.own);
        eprint!("{}", curve(&format!("{name}: memory of its own in KiB, after each of {calls} calls"), &own));
        let part = (calls / 5).max(1);
        let of_both: [(&str, Vec<f64>); 3] = [("own", own.clone()), ("RSS", of(|usage| usage.rss)), ("PSS", of(|usage| usage.pss))];
        for (what, values) in &of_both {
            let (before, after) = (middle(&values[..part]), middle(&values[values.len() - part..]));
            eprintln!("    {what} {before:.0} -> {after:.0} KiB (median of the first and the last {part})");
        }
        eprintln!("    files {} -> {}, threads {} -> {}", idle.files, over.files, idle.threads, over.threads);
        // What fills up once is over by the second half.
        let (all, late) = (slope(&own), slope(&own[own.len() / 2..]));
        eprintln!("    it grows by {all:.1} KiB with each call, in the second half by {late:.1}");
        if all.min(late) > most {
            grown.push(format!("{name} grows by {all:.1} KiB with each call, in the second half by {late:.1}"));
        }
    }
    assert!(grown.is_empty(), "{grown:#?}");
}
