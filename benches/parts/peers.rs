//! What one more viewer costs who sends: the same 720p30 film to one receiver and to three, which send nothing themselves. An
//! appliance encodes once for all; Chromium once for each.

use std::path::Path;
use std::time::Duration;

use super::cost::{self, Spent};
use super::latency::REMEMBER;
use super::table::{Table, median};
use crate::support::{Appliance, Browser, Fake, Hub, deep_link, eventually, secs, speech, video_file, y4m};

const RECEIVERS: [&str; 3] = ["door-2", "ben", "carla"];
const RECEIVER: &str = "[call]\nauto-join = \"default:lobby\"\n[camera]\nsource = \"none\"\n[microphone]\nsource = \"none\"\n\
                        [speaker]\nsink = \"file\"\nfile = \"/dev/null\"\n";
/// Bandwidth estimates have found their level by then.
const SETTLE: Duration = Duration::from_secs(15);

pub async fn measure(table: &mut Table, seconds: u64, rounds: u64) {
    let film = video_file("bigbuckbunny.mp4").expect("the film: run scripts/material");
    let film = y4m(&film, 1280, 720, 30);
    let talk = speech("The quick brown fox jumps over the lazy dog. How are you today? I am standing at the door.");
    let window = Duration::from_secs(seconds);
    let our_source = cost::our_source(&film, window).await;
    let their_source =
        cost::their_source(Fake { video: Some(film.clone()), audio: Some(talk.clone()), ..Fake::default() }, window).await;
    let mut net = [[Vec::new(), Vec::new()], [Vec::new(), Vec::new()]];
    for round in 1..=rounds {
        for (place, count) in [1, 3].into_iter().enumerate() {
            let ours = appliance_to(count, &film, &talk, window).await;
            let theirs = chromium_to(count, &film, &talk, window).await;
            eprintln!(
                "  round {round}, {count} receivers: appliance {:.1} CPU-s/min, Chromium {:.1}, with their sources ({our_source:.1}, {their_source:.1})",
                ours.per_minute, theirs.per_minute
            );
            net[0][place].push(ours.per_minute - our_source);
            net[1][place].push(theirs.per_minute - their_source);
        }
    }
    let [[one, three], [their_one, their_three]] = net.map(|side| side.map(|figures| median(&figures)));
    table.ratio("CPU of who sends to 3, beside to 1, net of the source", "CPU-s/min", three, one, 1.25);
    let compared = format!("{:.2}x", their_three / their_one);
    let figure = |value: f64| format!("{value:.1} CPU-s/min");
    table.line("the same of Chromium", figure(their_three), figure(their_one), compared, "-");
}

async fn appliance_to(count: usize, film: &Path, talk: &Path, window: Duration) -> Spent {
    let hub = Hub::start();
    let toml = format!(
        "[call]\nauto-join = \"default:lobby\"\n[camera]\nsource = \"file\"\nfile = {film:?}\n[microphone]\nsource = \"file\"\n\
         file = {talk:?}\n[speaker]\nsink = \"none\"\n[video]\nbitrate = \"1.5 Mbit/s\""
    );
    let sender = Appliance::start(&hub, "door-1", &toml);
    let receivers = receivers(&hub, count).await;
    tokio::time::sleep(SETTLE).await;
    let spent = watched(&receivers, &cost::tree(sender.process.pid()), window).await;
    let encoder = sender.status().unwrap().media.encoder;
    assert_eq!(encoder.instances, 1, "one encoder for all: {encoder:?}");
    spent
}

async fn chromium_to(count: usize, film: &Path, talk: &Path, window: Duration) -> Spent {
    let hub = Hub::start();
    let browser = Browser::start(Fake { video: Some(film.to_owned()), audio: Some(talk.to_owned()), ..Fake::default() }).await;
    browser.open(&deep_link(&hub, "anna", "default:lobby").replace("&join=1", "")).await;
    eventually(secs(20), "the lobby", async || {
        if browser.js("document.getElementById('join')?.checkVisibility()").await { Ok(()) } else { Err(()) }
    })
    .await;
    browser.js_async::<Option<()>>(REMEMBER).await;
    browser.click("join").await;
    browser.in_call().await;
    let receivers = receivers(&hub, count).await;
    browser.js_async::<bool>(&cost::cap()).await;
    tokio::time::sleep(SETTLE).await;
    watched(&receivers, &cost::tree_of(&browser), window).await
}

/// So many who look on.
async fn receivers(hub: &Hub, count: usize) -> Vec<Appliance> {
    let all: Vec<Appliance> = RECEIVERS[..count].iter().map(|user| Appliance::start(hub, user, RECEIVER)).collect();
    for one in &all {
        eventually(secs(40), "the film comes", async || match decoded(one)? {
            (frames, 1280) if frames > 30 => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }
    all
}

/// What the sender spends while everybody gets all of the film.
async fn watched(receivers: &[Appliance], sender: &[u32], window: Duration) -> Spent {
    let look = || receivers.iter().map(|one| decoded(one).unwrap()).collect::<Vec<_>>();
    let before = look();
    let spent = cost::spent(sender, window).await;
    for (before, after) in before.into_iter().zip(look()) {
        let rate = (after.0 - before.0) as f64 / spent.seconds;
        assert!(
            after.1 == 1280 && rate > 27.0,
            "the comparison is void: a receiver gets {rate:.1} frames a second, {} wide",
            after.1
        );
    }
    spent
}

/// Frames of whoever sends, and their width.
fn decoded(receiver: &Appliance) -> Result<(u64, u32), String> {
    let call = receiver.status()?.call.ok_or("no call")?;
    let most = call.participants.into_iter().map(|one| one.video).max_by_key(|video| video.frames_decoded).ok_or("alone")?;
    Ok((most.frames_decoded, most.width))
}
