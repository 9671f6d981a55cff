//! Calls that are written down (C37, G18): real hub, real appliances, and the files played again.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use callbox::protocol::control::{CallState, DeviceState, HubState, Status};
use gstreamer as gst;
use gstreamer::prelude::*;
use support::{Appliance, Hub, eventually, secs};

const DEVICES: &str = "[camera]\nsource = \"test\"\nwidth = 640\nheight = 480\nframerate = 15\n[microphone]\nsource = \"test\"\n\
                       [speaker]\nsink = \"none\"\n[call]\nauto-join = \"default:lobby\"\n";

fn start(hub: &Hub, user: &str, more: &str) -> Appliance {
    Appliance::start(hub, user, &format!("{DEVICES}{more}"))
}

async fn shows<T>(appliance: &Appliance, what: &str, is: impl Fn(&Status) -> Option<T>) -> T {
    eventually(secs(40), what, async || {
        let status = appliance.status()?;
        is(&status).ok_or(format!("{status:?}"))
    })
    .await
}

/// A door that records, in the call that it made, and a desk that came into it.
async fn pair(hub: &Hub, recording: &str) -> (Appliance, Appliance) {
    let door = start(hub, "door-1", recording);
    shows(&door, "it is in", |status| (status.call.as_ref()?.state == CallState::Joined).then_some(())).await;
    let desk = start(hub, "door-2", "");
    talks(&door).await;
    talks(&desk).await;
    (door, desk)
}

/// Pictures and sound of one other.
async fn talks(appliance: &Appliance) {
    let talking = |status: &Status| {
        let other = status.call.as_ref()?.participants.first()?;
        (other.video.frames_decoded > 10 && other.audio.packets > 10).then_some(())
    };
    shows(appliance, "it sees and hears the other", talking).await;
}

async fn writes(appliance: &Appliance, files: u64) {
    let writing = |status: &Status| {
        let recording = status.media.recording.as_ref()?;
        (recording.state == DeviceState::Running && recording.files >= files && recording.open_bytes > 0).then_some(())
    };
    shows(appliance, "it writes the call down", writing).await;
}

fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = all.filter(|file| file.to_str().unwrap().ends_with(ending)).collect();
    found.sort();
    found
}

/// What is in a file: decoded pictures, packets of sound, and how far its time goes.
#[derive(Debug)]
struct Played {
    pictures: u64,
    sounds: u64,
    seconds: f64,
    /// Of its first picture, pixels.
    height: u64,
}

fn play(file: &Path) -> Played {
    gst::init().unwrap();
    let pipeline = gst::parse::launch("filesrc name=file ! matroskademux name=demux").unwrap().downcast::<gst::Pipeline>().unwrap();
    pipeline.by_name("file").unwrap().set_property("location", file.to_str().unwrap());
    let [pictures, sounds, last, height]: [Arc<AtomicU64>; 4] = std::array::from_fn(|_| Arc::default());
    let counters = (pictures.clone(), sounds.clone(), last.clone(), height.clone());
    let weak = pipeline.downgrade();
    pipeline.by_name("demux").unwrap().connect_pad_added(move |_, pad| {
        let pipeline = weak.upgrade().unwrap();
        let video = pad.name().starts_with("video");
        let text = if video {
            "queue ! h264parse ! avdec_h264 ! fakesink name=end async=false"
        } else {
            "queue ! fakesink name=end async=false"
        };
        let bin = gst::parse::bin_from_description_with_name(text, true, &pad.name()).unwrap();
        let (count, last) = (if video { counters.0.clone() } else { counters.1.clone() }, counters.2.clone());
        let height = counters.3.clone();
        bin.by_name("end").unwrap().static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            let caps = pad.current_caps().unwrap();
            if let Ok(pixels) = caps.structure(0).unwrap().get::<i32>("height") {
                assert!([0, pixels as u64].contains(&height.swap(pixels as u64, Ordering::Relaxed)), "one file, one size");
            }
            count.fetch_add(1, Ordering::Relaxed);
            let pts = info.buffer().and_then(|buffer| buffer.pts()).map_or(0, gst::ClockTime::mseconds);
            last.fetch_max(pts, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
        pipeline.add(&bin).unwrap();
        bin.sync_state_with_parent().unwrap();
        pad.link(&bin.static_pad("sink").unwrap()).unwrap();
    });
    pipeline.set_state(gst::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    let end = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &[gst::MessageType::Eos, gst::MessageType::Error]);
    pipeline.set_state(gst::State::Null).unwrap();
    let end = end.unwrap_or_else(|| panic!("{} does not end", file.display()));
    assert_eq!(end.type_(), gst::MessageType::Eos, "{}: {end:?}", file.display());
    let seconds = last.load(Ordering::Relaxed) as f64 / 1000.0;
    let [pictures, sounds, height] = [pictures, sounds, height].map(|counter| counter.load(Ordering::Relaxed));
    Played { pictures, sounds, seconds, height }
}

#[tokio::test(flavor = "multi_thread")]
async fn c37_a_call_is_written_down_as_everybody_sends_it_without_a_second_encoder() {
    let hub = Hub::start();
    let (door, desk) = pair(&hub, "[recording]\ndirectory = \"recordings\"\nsegment = \"3s\"\n").await;
    let refused = desk.cli("record", &["start"]).unwrap_err();
    assert_eq!(refused, "error: this appliance does not record: name a `directory` in [recording]\n");
    door.cli("record", &["start"]).unwrap();
    shows(&desk, "the other one is told", |status| status.call.as_ref()?.recorded.then_some(())).await;
    assert_eq!(desk.status().unwrap().media.recording, None);
    // Two of each, and more to come.
    writes(&door, 4).await;
    assert_eq!(door.status().unwrap().media.encoder.instances, 1);
    // The picture shrinks, and a file has one size.
    door.cli("max-bandwidth", &["150 kbit/s"]).unwrap();
    let small = |status: &Status| (status.call.as_ref()?.participants.first()?.video.height < 480).then_some(());
    shows(&desk, "the picture is smaller", small).await;
    let shrunk = door.status().unwrap().media.recording.unwrap().files;
    writes(&door, shrunk + 3).await;
    door.cli("mute", &["video"]).unwrap();
    let muted = door.status().unwrap().media.recording.unwrap().files;
    writes(&door, muted + 3).await;
    door.cli("record", &["stop"]).unwrap();
    shows(&door, "it ends", |status| status.media.recording.is_none().then_some(())).await;
    shows(&desk, "and the other one is told", |status| (!status.call.as_ref()?.recorded).then_some(())).await;
    let directory = door.file("recordings");
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700, "nobody else's to see");
    eventually(secs(10), "all files are finished", async || match files(&directory, ".part") {
        open if open.is_empty() => Ok(()),
        open => Err(format!("{open:?}")),
    })
    .await;
    for who in ["door-1", "door-2"] {
        let all: Vec<(PathBuf, Played)> = files(&directory, ".mkv")
            .into_iter()
            .filter(|file| file.to_str().unwrap().contains(who))
            .map(|file| (file.clone(), play(&file)))
            .collect();
        eprintln!("{all:#?}");
        assert!(all.len() >= 3, "{who}");
        let whole = |played: &Played| {
            played.pictures as f64 > played.seconds * 15.0 * 0.6 && played.sounds as f64 > played.seconds * 50.0 * 0.7
        };
        assert!(all.iter().filter(|(_, played)| played.seconds > 1.5 && whole(played)).count() >= 2, "{who}");
        assert!(all.iter().all(|(_, played)| played.seconds < 8.0 && (played.pictures > 0 || played.sounds > 0)), "{who}");
        let silent_picture = all.iter().any(|(_, played)| played.pictures == 0 && played.sounds > 20);
        let sizes: BTreeSet<u64> = all.iter().map(|(_, played)| played.height).filter(|height| *height > 0).collect();
        assert_eq!(sizes.len() > 1, who == "door-1", "{sizes:?}");
        assert_eq!(silent_picture, who == "door-1", "without a camera there is sound alone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c37_what_was_written_before_a_sigkill_is_kept_and_the_recording_goes_on() {
    let hub = Hub::start();
    let (mut door, _desk) = pair(&hub, "[recording]\ndirectory = \"recordings\"\n").await;
    door.cli("record", &["start"]).unwrap();
    writes(&door, 0).await;
    let directory = door.file("recordings");
    let safe = door.status().unwrap().media.recording.unwrap().open_bytes;
    let cut: Vec<PathBuf> = files(&directory, ".part");
    assert_eq!(cut.len(), 2);
    door.kill();
    let left: u64 = cut.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(left >= safe, "{left} of {safe} bytes");
    door.restart();
    writes(&door, 0).await;
    for file in cut {
        let kept = file.with_extension("");
        let played = play(&kept);
        eprintln!("{}: {played:?}", kept.display());
        assert!(played.pictures > 5 && played.sounds > 10);
        assert!(!file.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_the_calls_recording_mode_forbids_it_or_begins_by_itself() {
    const TYPES: &str = "[[call-type]]\nname = \"private\"\nsettings = { recording = { mode = \"disabled\" } }\n\
                         [[call-type]]\nname = \"kept\"\nsettings = { recording = { mode = \"auto-on\" } }\n";
    let hub = Hub::with(TYPES);
    let door = start(&hub, "door-1", "[recording]\ndirectory = \"recordings\"\n");
    let joined = |cid: &'static str| {
        move |status: &Status| {
            let call = status.call.as_ref()?;
            (call.cid.to_string() == cid && call.state == CallState::Joined).then_some(())
        }
    };
    let signed_in = |status: &Status| (status.hub.state == HubState::Connected).then_some(());
    shows(&door, "it is signed in", signed_in).await;
    door.cli("join", &["private:talk"]).unwrap();
    shows(&door, "it is in", joined("private:talk")).await;
    let refused = door.cli("record", &["start"]).unwrap_err();
    assert_eq!(refused, "error: this call must not be recorded: its settings say so\n");
    door.cli("join", &["kept:talk"]).unwrap();
    shows(&door, "it is in", joined("kept:talk")).await;
    // Alone: camera and microphone run when somebody else comes.
    let desk = start(&hub, "door-2", "");
    shows(&desk, "it is signed in", signed_in).await;
    desk.cli("join", &["kept:talk"]).unwrap();
    writes(&door, 0).await;
    door.cli("leave", &[]).unwrap();
    let directory = door.file("recordings");
    eventually(secs(10), "leaving finishes the files", async || match (files(&directory, ".part"), files(&directory, ".mkv")) {
        (open, done) if open.is_empty() && done.len() >= 2 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}
