//! One two-way 720p30 call between the appliance and Chromium: the same film as both cameras, the same speech as both microphones,
//! the same bit rate. CPU is user and system time of the whole process tree; memory is proportional set size (PSS).

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::latency::REMEMBER;
use super::table::{Table, median};
use crate::support::{Appliance, Browser, Fake, Hub, Process, deep_link, eventually, secs, speech, video_file, y4m};

/// Both sides' ceiling, bit/s.
const BITRATE: u64 = 1_500_000;
/// Bandwidth estimates have found their level by then.
const SETTLE: Duration = Duration::from_secs(15);

pub async fn measure(table: &mut Table, seconds: u64, rounds: u64) {
    let film = video_file("bigbuckbunny.mp4").expect("the film: run scripts/material");
    let film = y4m(&film, 1280, 720, 30);
    let talk = speech("The quick brown fox jumps over the lazy dog. How are you today? I am standing at the door.");
    let window = Duration::from_secs(seconds);
    let fake = || Fake { video: Some(film.clone()), audio: Some(talk.clone()), ..Fake::default() };

    let our_source = our_source(&film, window).await;
    let their_source = their_source(fake(), window).await;

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut our_memory, mut their_memory) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let hub = Hub::start();
        let toml = format!(
            "[call]\nauto-join = \"default:lobby\"\n[camera]\nsource = \"file\"\nfile = \"{}\"\n[microphone]\nsource = \"file\"\nfile = \"{}\"\n\
             [speaker]\nsink = \"file\"\nfile = \"/dev/null\"\n[video]\nbitrate = \"1.5 Mbit/s\"",
            film.display(),
            talk.display()
        );
        let appliance = Appliance::start(&hub, "door-1", &toml);
        let browser = Browser::start(fake()).await;
        browser.open(&deep_link(&hub, "anna", "default:lobby").replace("&join=1", "")).await;
        eventually(secs(20), "the lobby", async || {
            if browser.js("document.getElementById('join')?.checkVisibility()").await { Ok(()) } else { Err(()) }
        })
        .await;
        browser.js_async::<Option<()>>(REMEMBER).await;
        browser.click("join").await;
        browser.in_call().await;
        eventually(secs(20), "the browser sees the appliance", async || browser.sees("Front door", 10).await).await;
        browser.js_async::<bool>(&cap()).await;
        tokio::time::sleep(SETTLE).await;

        let before = (decoded(&appliance), shown(&browser).await, sent(&browser).await);
        let (our_tree, their_tree) = (tree(appliance.process.pid()), tree_of(&browser));
        let (a, b) = tokio::join!(spent(&our_tree, window), spent(&their_tree, window));
        let after = (decoded(&appliance), shown(&browser).await, sent(&browser).await);
        let rate = |frames: u64| frames as f64 / a.seconds;
        let (we_decode, they_show) = (rate(after.0.1 - before.0.1), rate(after.1 - before.1));
        let bits = (after.2 - before.2) * 8.0 / a.seconds / 1e6;
        let status = appliance.status().unwrap();
        eprintln!(
            "  round {round}: appliance {:.1} CPU-s/min {:.0} MiB, decodes {we_decode:.1} fps {}x{}, encodes {:.2} Mbit/s; \
             Chromium {:.1} CPU-s/min {:.0} MiB, shows {they_show:.1} fps, sends {bits:.2} Mbit/s",
            a.per_minute,
            a.memory,
            after.0.2,
            after.0.3,
            status.media.encoder.bitrate as f64 / 1e6,
            b.per_minute,
            b.memory
        );
        assert!(after.0.2 == 1280 && we_decode > 27.0 && they_show > 27.0, "the comparison is void: one side did not keep 720p30");
        ours.push(a.per_minute);
        theirs.push(b.per_minute);
        our_memory.push(a.memory);
        their_memory.push(b.memory);
    }
    let (a, b) = (median(&ours), median(&theirs));
    table.line("CPU-s per minute of the source alone", format!("{our_source:.1}"), format!("{their_source:.1}"), "-".into(), "-");
    table.ratio("CPU of a 720p30 call, gross", "CPU-s/min", a, b, 0.7);
    table.ratio("CPU of a 720p30 call, net of the source", "CPU-s/min", a - our_source, b - their_source, 0.7);
    table.ratio("memory in the call (PSS)", "MiB", median(&our_memory), median(&their_memory), 0.25);
}

/// What decoding the film alone costs an appliance.
pub async fn our_source(film: &Path, window: Duration) -> f64 {
    let mut command = Command::new("gst-launch-1.0");
    command.args(["-q", "filesrc", &format!("location={}", film.display()), "!", "decodebin", "!", "identity", "sync=true"]);
    command.args(["!", "fakesink", "sync=false"]);
    let source = Process::start("source", &mut command);
    let film_length = Duration::from_secs(4);
    spent(&tree(source.pid()), film_length.min(window)).await.per_minute
}

/// What an open camera alone costs Chromium.
pub async fn their_source(fake: Fake, window: Duration) -> f64 {
    let hub = Hub::start();
    let browser = Browser::start(fake).await;
    browser.open(&hub.url).await;
    let open = "window.held = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720, frameRate: 30 } }); return true;";
    browser.js_async::<bool>(open).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    spent(&tree_of(&browser), window).await.per_minute
}

/// What a process tree took.
pub struct Spent {
    /// Seconds of the processor for a minute.
    pub per_minute: f64,
    /// MiB.
    pub memory: f64,
    /// How long it was watched.
    pub seconds: f64,
}

/// What it takes in so long.
pub async fn spent(tree: &[u32], window: Duration) -> Spent {
    let (begun, before) = (Instant::now(), ticks(tree));
    tokio::time::sleep(window).await;
    let (seconds, after) = (begun.elapsed().as_secs_f64(), ticks(tree));
    // USER_HZ is 100 on every Linux.
    Spent { per_minute: (after - before) as f64 / 100.0 / seconds * 60.0, memory: pss(tree), seconds }
}

/// A process and all its descendants. By parent, not by environment: Chromium's children write their titles over theirs.
pub fn tree(root: u32) -> Vec<u32> {
    let stat = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    let parent = |pid: u32| stat(pid)?.rsplit(") ").next()?.split(' ').nth(1)?.parse::<u32>().ok();
    let all: Vec<u32> =
        std::fs::read_dir("/proc").unwrap().flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
    let mut found = vec![root];
    let mut next = 0;
    while next < found.len() {
        let of = found[next];
        found.extend(all.iter().copied().filter(|pid| parent(*pid) == Some(of)));
        next += 1;
    }
    found
}

/// The browser without its driver.
pub fn tree_of(browser: &Browser) -> Vec<u32> {
    tree(browser.pid()).split_off(1)
}

fn ticks(tree: &[u32]) -> u64 {
    let of = |pid: &u32| -> Option<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit(") ").next()?.split(' ').collect();
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    };
    tree.iter().filter_map(of).sum()
}

/// Proportional set size, MiB.
pub(super) fn pss(tree: &[u32]) -> f64 {
    let of = |pid: &u32| -> Option<f64> {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
    };
    tree.iter().filter_map(of).sum()
}

fn decoded(appliance: &Appliance) -> (Instant, u64, u32, u32) {
    let call = appliance.status().unwrap().call.unwrap();
    let video = &call.participants[0].video;
    (Instant::now(), video.frames_decoded, video.width, video.height)
}

async fn shown(browser: &Browser) -> u64 {
    browser.js("document.querySelector('.tile:not(.local) video').getVideoPlaybackQuality().totalVideoFrames").await
}

async fn sent(browser: &Browser) -> f64 {
    browser
        .js_async(
            "let sum = 0; for (const one of (await window.connections.at(-1).getStats()).values())\
             if (one.type === 'outbound-rtp' && one.kind === 'video') sum += one.bytesSent; return sum;",
        )
        .await
}

/// Holds what a page sends at the ceiling, on every connection that it remembers.
pub fn cap() -> String {
    format!(
        "for (const connection of window.connections) {{\
           const sender = connection.getSenders().find((one) => one.track?.kind === 'video'); if (!sender) continue;\
           const parameters = sender.getParameters(); if (!parameters.encodings?.length) continue;\
           parameters.encodings[0].maxBitrate = {BITRATE};\
           parameters.degradationPreference = 'maintain-resolution'; await sender.setParameters(parameters); }} return true;"
    )
}
