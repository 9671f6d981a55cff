//! A doorbell: somebody presses a button of the virtual board, Chromium on this machine answers. Lamp, relay and privacy switch are
//! simulated lines, the camera is the kernel's. `scripts/test-device doorbell` boots the board and runs this beside it.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod board;
mod support;

use std::time::Duration;

use board::{Edge, Hands};
use callbox::protocol::control::{DeviceState, HubState, Status};
use support::{Browser, Fake, Hub, eventually, secs};

/// Vivid's colour bars, from the left.
const BARS: [[f64; 3]; 8] = [
    [191.0, 191.0, 191.0],
    [191.0, 191.0, 0.0],
    [0.0, 191.0, 191.0],
    [0.0, 191.0, 0.0],
    [191.0, 0.0, 191.0],
    [191.0, 0.0, 0.0],
    [0.0, 0.0, 191.0],
    [0.0, 0.0, 0.0],
];
const TOLERANCE: f64 = 60.0;
/// Of the tone that is played into the card.
const TONE: f64 = 1000.0;
const CAMERA: &str = "/dev/video0";
/// What the card records.
const MICROPHONE: &str = "/dev/snd/pcmC0D1c";
/// An emulated machine is slow, and how slow depends on this one.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test-device doorbell"]
async fn a_press_on_the_board_rings_in_chromium_the_lamp_says_so_the_door_opens_and_the_privacy_switch_cuts() {
    let hub = Hub::start();
    let hands = Hands::of(&hub).await;
    let anna = Browser::start(Fake::default()).await;
    anna.open(&format!("{}/?call=default:lobby#user=anna&password=correct%20horse", hub.url)).await;
    eventually(secs(30), "the lobby", async || anna.text("join").await.ok_or("no lobby")).await;
    shows(&hands, "the door is signed in", |door| door.hub.state == HubState::Connected).await;
    assert_eq!(hands.value("LAMP"), Some(false), "the lamp is on before anything was");

    let pressed = hands.pull("BELL", false).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    hands.pull("BELL", true).await;
    told(&anna, "ring-title", "Front door is calling").await;
    say("Chromium says: Front door is calling");
    let blinks = eventually(PATIENCE, "the lamp blinks", async || match hands.edges("LAMP", pressed) {
        edges if edges.len() >= 8 => Ok(edges),
        edges => Err(edges),
    })
    .await;
    // Between two that go on, after the first: it may have begun in the middle.
    let rises: Vec<u64> = blinks.iter().filter(|edge| edge.on).map(|edge| edge.ms).collect();
    let periods: Vec<u64> = rises.windows(2).map(|two| two[1] - two[0]).collect();
    say(&format!("the lamp blinks: {} (periods {periods:?} ms)", written(&blinks, pressed)));
    assert!(periods.len() >= 3, "{blinks:?}");
    assert!(blinks.windows(2).all(|two| two[0].on != two[1].on), "{blinks:?}");

    anna.click("ring-sound").await;
    anna.in_call().await;
    eventually(PATIENCE, "Anna sees the door", async || anna.sees("Front door", 10).await).await;
    let bars = eventually(secs(30), "Anna sees the camera's bars", async || bars(&anna).await).await;
    say(&format!("Chromium shows vivid's bars: {bars}"));
    let pitch = eventually(secs(60), "Anna hears the tone", async || match anna.pitch().await {
        (pitch, level) if (pitch - TONE).abs() < 10.0 && level > -60.0 => Ok((pitch, level)),
        other => Err(other),
    })
    .await;
    say(&format!("Chromium hears {:.0} Hz at {:.0} dB", pitch.0, pitch.1));
    let since = eventually(PATIENCE, "the lamp is steady", async || {
        let now = hands.now().await;
        match hands.edges("LAMP", pressed).last() {
            Some(edge) if edge.on && now > edge.ms + 4000 => Ok(edge.ms),
            edge => Err(edge.copied()),
        }
    })
    .await;
    say(&format!("the lamp is steady since {} ms after the press, for {} ms", since - pressed, hands.now().await - since));
    assert_eq!(hands.value("EYE"), Some(true), "the camera runs and its light is off");

    assert_eq!(hands.value("OPENER"), Some(false), "the relay is on");
    eventually(secs(30), "Anna has the button", async || anna.text("open-door").await.ok_or("hidden")).await;
    let asked = hands.now().await;
    anna.click("open-door").await;
    let pulse = eventually(secs(60), "the relay pulses", async || match hands.edges("OPENER", asked) {
        edges if edges.len() == 2 => Ok(edges),
        edges => Err(edges),
    })
    .await;
    let length = pulse[1].ms - pulse[0].ms;
    say(&format!("the relay is on {} ms after the click, for {length} ms", pulse[0].ms - asked));
    assert!(pulse[0].on && (1500..4000).contains(&length), "{pulse:?}");
    say(&format!("Chromium says: {:?}", anna.text("toasts").await));

    assert!(hands.users(CAMERA).await > 0 && hands.users(MICROPHONE).await > 0, "the call does without camera and microphone");
    let switched = hands.pull("PRIVACY", true).await;
    shows(&hands, "camera and microphone are cut", cut).await;
    eventually(secs(10), "camera and microphone are closed", async || {
        match (hands.users(CAMERA).await, hands.users(MICROPHONE).await) {
            (0, 0) => Ok(()),
            open => Err(open),
        }
    })
    .await;
    let dark = eventually(secs(10), "the camera's light is off", async || match hands.edges("EYE", switched).last() {
        Some(edge) if !edge.on => Ok(edge.ms - switched),
        edge => Err(edge.copied()),
    })
    .await;
    say(&format!("privacy: the camera's light is off after {dark} ms; nobody has {CAMERA} or {MICROPHONE} open"));
    let tile = eventually(secs(30), "Anna sees no picture", async || match anna.tile("Front door").await? {
        tile if !tile.picture && tile.label.contains("microphone off") && tile.label.contains("camera off") => Ok(tile),
        tile => Err(vec![tile]),
    })
    .await;
    say(&format!("Chromium shows an avatar instead of a picture, with the marks {:?}", tile.label));
    let silence = eventually(secs(30), "Anna hears nothing", async || match anna.loudness().await {
        loud if loud < 0.000_1 => Ok(loud),
        loud => Err(loud),
    })
    .await;
    let frames = anna.tile("Front door").await.unwrap().frames;
    tokio::time::sleep(secs(3)).await;
    let later = anna.tile("Front door").await.unwrap().frames;
    say(&format!("Chromium hears {silence:.6} of full scale, and was shown {} frames in 3 s", later - frames));
    assert_eq!(frames, later, "pictures arrive");
    anna.shot("doorbell-privacy").await;

    hands.pull("PRIVACY", false).await;
    eventually(PATIENCE, "Anna sees the door again", async || anna.sees("Front door", later + 5).await).await;
    let bars = eventually(secs(30), "Anna sees the bars again", async || self::bars(&anna).await).await;
    say(&format!("the switch is off: Chromium shows the bars again: {bars}"));
    let left = hands.now().await;
    anna.click("leave").await;
    eventually(PATIENCE, "the lamp is off", async || match hands.edges("LAMP", left).last() {
        Some(edge) if !edge.on => Ok(()),
        edge => Err(edge.copied()),
    })
    .await;
    say("Anna has left: the lamp is off");
}

fn say(what: &str) {
    println!("{what}");
}

fn written(edges: &[Edge], since: u64) -> String {
    let words: Vec<String> =
        edges.iter().map(|edge| format!("{} at {}", if edge.on { "on" } else { "off" }, edge.ms - since)).collect();
    words.join(", ") + " ms"
}

fn cut(door: &Status) -> bool {
    let idle = |state: &DeviceState| *state == DeviceState::Idle;
    idle(&door.media.camera.state) && idle(&door.media.microphone.state)
}

async fn shows(hands: &Hands, what: &str, is: impl Fn(&Status) -> bool) {
    eventually(PATIENCE, what, async || match hands.status().await {
        Some(status) if is(&status) => Ok(()),
        other => Err(other),
    })
    .await;
    say(what);
}

async fn told(browser: &Browser, id: &str, part: &str) {
    eventually(PATIENCE, part, async || match browser.text(id).await {
        Some(text) if text.contains(part) => Ok(()),
        text => Err(text),
    })
    .await;
}

/// Reads the middles of the eight bars from the picture, below the writing.
async fn bars(anna: &Browser) -> Result<String, String> {
    let mut seen = Vec::new();
    for bar in 0..8 {
        seen.push(anna.colour((f64::from(bar) + 0.4) / 8.0, 0.82, 0.2 / 8.0, 0.06).await);
    }
    let words: Vec<String> = seen.iter().map(|[r, g, b]| format!("#{:02x}{:02x}{:02x}", *r as u8, *g as u8, *b as u8)).collect();
    let near = |(seen, wanted): (&[f64; 3], &[f64; 3])| seen.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= TOLERANCE);
    if seen.iter().zip(&BARS).all(near) { Ok(words.join(" ")) } else { Err(words.join(" ")) }
}
