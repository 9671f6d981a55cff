//! The appliance built for a board's processor, under user-mode emulation, in real calls: `make test-cross` builds it and runs these.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::path::PathBuf;

use callbox::protocol::control::{ParticipantStatus, PeerConnection};
use support::{Appliance, Hub, Wav, eventually, secs, tone_strength};

/// A program that runs the foreign build with the arguments it is given.
fn foreign() -> PathBuf {
    std::env::var_os("FOREIGN_CALLBOX").expect("FOREIGN_CALLBOX: started by scripts/test-cross only").into()
}

/// Small and slow enough for an emulated processor.
fn toml(tone: u32) -> String {
    format!(
        "[call]\nauto-join = \"default:lobby\"\n[camera]\nsource = \"test\"\nwidth = 320\nheight = 180\nframerate = 8\n\
         [video]\nbitrate = \"300 kbit/s\"\n[microphone]\nsource = \"test\"\ntone = {tone}\n\
         [speaker]\nsink = \"file\"\nfile = \"{{dir}}/speaker.wav\"\n[screen]\nwidth = 320\nheight = 180\nread-test-card = true\n"
    )
}

fn other(appliance: &Appliance) -> Result<ParticipantStatus, String> {
    let call = appliance.status()?.call.ok_or("not in a call")?;
    let [one] = call.participants.as_slice() else { return Err(format!("{:?}", call.participants)) };
    Ok(one.clone())
}

/// How much of what its speaker played in the last second is this tone.
fn heard(appliance: &Appliance, tone: u32) -> Result<f32, String> {
    let wav = Wav::read(&appliance.file("speaker.wav"))?;
    if wav.duration() < 2.0 {
        return Err(format!("only {} s", wav.duration()));
    }
    Ok(tone_strength(wav.last(1.0), wav.rate, tone as f32))
}

/// What `appliance` must see and hear of the other one.
async fn sees_and_hears(appliance: &Appliance, tone: u32) {
    let first = eventually(secs(60), "test cards are read", async || match other(appliance)? {
        one if one.connection == PeerConnection::Connected => {
            let card = one.video.test_card.clone().ok_or_else(|| format!("{one:?}"))?;
            if card.read > 10 { Ok(card) } else { Err(format!("{one:?}")) }
        }
        one => Err(format!("{one:?}")),
    })
    .await;
    let seen = eventually(secs(30), "they go on", async || {
        let one = other(appliance)?;
        let card = one.video.test_card.clone().ok_or("no card")?;
        if card.read > first.read + 30 && card.frame != first.frame { Ok(one) } else { Err(format!("{one:?}")) }
    })
    .await;
    assert_eq!((seen.video.width, seen.video.height), (320, 180));
    eventually(secs(30), "the speaker plays the tone", async || match heard(appliance, tone)? {
        strength if strength > 0.9 => Ok(()),
        strength => Err(format!("{strength} of it is {tone} Hz")),
    })
    .await;
    let (_, _, picture) = appliance.snapshot().unwrap();
    let coloured = picture.chunks_exact(3).filter(|p| p[0].abs_diff(p[1]).max(p[1].abs_diff(p[2])) > 60).count();
    assert!(coloured > picture.len() / 3 / 2, "{coloured} pixels of the colour bars");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-cross"]
async fn a_foreign_and_a_native_appliance_see_and_hear_each_other() {
    let hub = Hub::start();
    let native = Appliance::start(&hub, "door-2", &toml(440));
    let emulated = Appliance::start_as(&foreign(), &hub, "door-1", &toml(880));
    tokio::join!(sees_and_hears(&native, 880), sees_and_hears(&emulated, 440));
    assert_eq!(emulated.status().unwrap().media.encoder.element.as_deref(), Some("x264enc"));

    emulated.cli("mute", &["all"]).unwrap();
    eventually(secs(20), "the tone ends", async || match heard(&native, 880)? {
        strength if strength < 0.1 => Ok(()),
        strength => Err(strength.to_string()),
    })
    .await;
    emulated.cli("unmute", &["all"]).unwrap();
    sees_and_hears(&native, 880).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-cross"]
async fn two_foreign_appliances_see_and_hear_each_other() {
    let hub = Hub::start();
    let (one, two) =
        (Appliance::start_as(&foreign(), &hub, "door-1", &toml(440)), Appliance::start_as(&foreign(), &hub, "door-2", &toml(880)));
    tokio::join!(sees_and_hears(&one, 880), sees_and_hears(&two, 440));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-cross"]
async fn a_foreign_appliance_that_is_killed_comes_back_as_the_same_participant() {
    let hub = Hub::start();
    let native = Appliance::start(&hub, "door-2", &toml(440));
    let mut emulated = Appliance::start_as(&foreign(), &hub, "door-1", &toml(880));
    sees_and_hears(&native, 880).await;
    let before = other(&native).unwrap().id;
    emulated.kill();
    emulated.restart();
    eventually(secs(20), "the picture ends", async || match other(&native)? {
        one if one.video.frames_decoded < 10 => Ok(()),
        one => Err(format!("{one:?}")),
    })
    .await;
    sees_and_hears(&native, 880).await;
    assert_eq!(other(&native).unwrap().id, before);
}
