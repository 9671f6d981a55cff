//! What is sent follows the network: two real appliances at the two ends of a wire that is narrow or lossy. The figures are printed.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use callbox::protocol::control::{ParticipantStatus, PeerConnection, TestCardStatus, VideoStatus};
use support::{Appliance, Goal, Hub, Net, Side, Wav, eventually, figure, secs, tone_strength};

const TONE: u32 = 440;

/// Two appliances in a call over a wire. The pictures go from A to B only: two cores are no more than one encoder needs.
struct Call {
    door: Appliance,
    desk: Appliance,
    _hub: Hub,
    // Last: namespaces go when nothing runs in them any more.
    net: Net,
}

/// What was seen over some time.
#[derive(Debug)]
struct Seen {
    /// Bit/s over the wire, with all headers.
    rate: f64,
    /// Pictures per second.
    pictures: f64,
    card: TestCardStatus,
}

impl Call {
    /// None where there are no namespaces. `prepare` makes the wire what it is from the beginning.
    async fn over(prepare: impl FnOnce(&Net), bitrate: &str) -> Option<Self> {
        Self::with(prepare, bitrate, "").await
    }

    /// The same; `more` is for the door.
    async fn with(prepare: impl FnOnce(&Net), bitrate: &str, more: &str) -> Option<Self> {
        let net = Net::lay()?;
        prepare(&net);
        let hub = Hub::start_in(&net, Side::A);
        let join = "[call]\nauto-join = \"default:lobby\"\n[microphone]\nsource = \"test\"\n";
        let door = format!(
            "{join}tone = {TONE}\n[camera]\nsource = \"test\"\n[video]\nbitrate = \"{bitrate}\"\n[speaker]\nsink = \"none\"\n{more}"
        );
        let desk = format!(
            "{join}tone = 660\n[camera]\nsource = \"none\"\n[speaker]\nsink = \"file\"\nfile = \"{{dir}}/speaker.wav\"\n\
             [screen]\nread-test-card = true\n"
        );
        let call = Self {
            door: Appliance::start_in(&net, Side::A, &hub, "door-1", &door),
            desk: Appliance::start_in(&net, Side::B, &hub, "door-2", &desk),
            _hub: hub,
            net,
        };
        eventually(secs(60), "pictures come", async || match call.of_door() {
            Ok(door) if door.connection == PeerConnection::Connected && card(&door).read > 30 => Ok(()),
            seen => Err(format!("{seen:?}")),
        })
        .await;
        Some(call)
    }

    /// The door as the desk sees it.
    fn of_door(&self) -> Result<ParticipantStatus, String> {
        let call = self.desk.status()?.call.ok_or("not in a call")?;
        call.participants.first().cloned().ok_or_else(|| "alone".to_owned())
    }

    fn card(&self) -> TestCardStatus {
        card(&self.of_door().unwrap())
    }

    /// What passes in so many seconds.
    async fn watch(&self, seconds: u64) -> Seen {
        let (begin, before, bytes) = (Instant::now(), self.card(), self.net.sent(Side::A));
        let mut shown = Instant::now();
        while begin.elapsed() < secs(seconds) {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if shown.elapsed() > secs(2) {
                shown = Instant::now();
                self.show();
            }
        }
        let (after, elapsed) = (self.card(), begin.elapsed().as_secs_f64());
        let seen = Seen {
            rate: (self.net.sent(Side::A) - bytes) as f64 * 8.0 / elapsed,
            pictures: (after.read - before.read) as f64 / elapsed,
            card: after,
        };
        println!("{seen:?}");
        seen
    }

    fn show(&self) {
        let (door, seen) = (self.door.status().unwrap(), self.of_door().unwrap());
        let to_desk = door.call.as_ref().and_then(|call| call.participants.first()).cloned();
        let estimate = to_desk.and_then(|desk| desk.estimated_bitrate).unwrap_or(0) / 1000;
        let (encoder, video, card) = (door.media.encoder, &seen.video, card(&seen));
        println!(
            "estimate {estimate}, encoder {} kbit/s {}; arrives {}x{}, {} pictures, {} read, {} ms lately, p95 {} ms, {}",
            encoder.bitrate / 1000,
            encoder.picture.step,
            video.width,
            video.height,
            video.frames_decoded,
            card.read,
            card.latency_recent_ms,
            card.latency_p95_ms,
            trouble(&seen)
        );
    }
}

/// What the receiver had to ask for.
fn trouble(of: &ParticipantStatus) -> String {
    let received = of.stats.clone().unwrap_or_default().received;
    let held = received.buffer_ms.unwrap_or(0.0);
    let (lost, asked, keyframes) = (received.packets_lost, received.asked_again, received.keyframes_asked);
    format!("held back {held} ms, {lost} lost, {asked} asked again, {keyframes} keyframes, {} freezes", received.freezes)
}

fn card(of: &ParticipantStatus) -> TestCardStatus {
    of.video.test_card.clone().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-network"]
async fn c12_a_narrow_way_is_used_and_pictures_stay_fresh() {
    let Some(call) = Call::over(|net| net.narrow(Side::A, 1000, 100), "3 Mbit/s").await else { return };
    call.watch(15).await;
    let seen = call.watch(30).await;
    figure("1 Mbit/s: so much of it is used", Goal::AtLeast(85.0), seen.rate / 1e4, "%");
    figure("1 Mbit/s: age of a picture, 95 of 100", Goal::Under(400.0), seen.card.latency_p95_ms, "ms");
    // On two busy cores it was 64 %.
    assert!(seen.rate > 0.6e6, "{seen:?}");
    assert!(seen.card.latency_p95_ms < 400.0, "{seen:?}");
    assert!(seen.pictures > 20.0, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-network"]
async fn c12_the_picture_follows_the_bandwidth_when_it_falls() {
    let Some(call) = Call::over(|net| net.narrow(Side::A, 2000, 100), "3 Mbit/s").await else { return };
    call.watch(15).await;
    call.net.narrow(Side::A, 500, 100);
    let begin = Instant::now();
    let mut fresh_since: Option<(Duration, u64)> = None;
    // Fresh for two seconds, and pictures do come.
    let back = loop {
        assert!(begin.elapsed() < secs(20), "pictures stay old: {:?}", call.card());
        tokio::time::sleep(Duration::from_millis(200)).await;
        let (card, now) = (call.card(), begin.elapsed());
        call.show();
        if card.latency_recent_ms >= 400.0 {
            fresh_since = None;
            continue;
        }
        let (since, read) = *fresh_since.get_or_insert((now, card.read));
        if now - since > secs(2) && card.read > read + 20 {
            break since;
        }
    };
    figure("2 Mbit/s to 500 kbit/s: pictures are fresh again after", Goal::Under(3.0), back.as_secs_f64(), "s");
    assert!(back < secs(6), "{back:?}");
    let encoder = call.door.status().unwrap().media.encoder;
    assert!(encoder.bitrate < 500_000, "{encoder:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-network"]
async fn c12_of_a_way_that_loses_a_tenth_little_is_seen() {
    let Some(call) = Call::over(|_| (), "1500 kbit/s").await else { return };
    call.net.lose(Side::A, 0.1);
    call.watch(10).await;
    let seen = call.watch(20).await;
    figure("10 % loss: pictures", Goal::AtLeast(25.0), seen.pictures, "/s");
    figure("10 % loss: age of a picture, 95 of 100", Goal::Under(400.0), seen.card.latency_p95_ms, "ms");
    assert!(seen.pictures > 15.0, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-network"]
async fn c12_speech_goes_on_when_a_third_is_lost() {
    let Some(call) = Call::over(|_| (), "1500 kbit/s").await else { return };
    call.net.lose(Side::A, 0.3);
    let seen = call.watch(20).await;
    let wav = Wav::read(&call.desk.file("speaker.wav")).unwrap();
    let last = wav.last(10.0);
    let parts: Vec<f32> =
        last.chunks(wav.rate as usize / 2).map(|half_second| tone_strength(half_second, wav.rate, TONE as f32)).collect();
    println!("30 % loss: tone in half seconds {parts:.2?}");
    figure("30 % loss: pictures", Goal::AtLeast(5.0), seen.pictures, "/s");
    assert!(wav.duration() > 20.0, "{} s", wav.duration());
    let silent = last.chunks(480).filter(|ten_ms| ten_ms.iter().all(|sample| sample.abs() < 0.01)).count();
    let silent = silent as f64 / (last.len() / 480) as f64;
    figure("30 % loss: part of the time in which nothing is heard", Goal::Under(2.0), silent * 100.0, "%");
    // Of the packets that are lost, Opus has the last one again in the next, at a lower quality.
    assert!(parts.iter().filter(|strength| **strength > 0.3).count() * 10 >= parts.len() * 9, "{parts:?}");
    assert!(silent < 0.05, "{silent}");
}

/// What the desk gets of what the door shares.
fn shared(call: &Call) -> VideoStatus {
    call.of_door().unwrap().share.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-network"]
async fn c33_what_is_shared_and_the_camera_divide_a_narrow_way() {
    let Some(call) = Call::over(|net| net.narrow(Side::A, 1000, 100), "1500 kbit/s").await else { return };
    call.door.cli("share", &["start", "test"]).unwrap();
    eventually(secs(20), "what is shared comes", async || match shared(&call) {
        video if video.frames_decoded > 20 => Ok(()),
        video => Err(video),
    })
    .await;
    call.watch(10).await;
    let before = shared(&call).frames_decoded;
    let seen = call.watch(20).await;
    let pictures = (shared(&call).frames_decoded - before) as f64 / 20.0;
    println!("{:?}", call.door.status().unwrap().media.encoder);
    figure("1 Mbit/s, something shared: shared pictures", Goal::AtLeast(5.0), pictures, "/s");
    figure("1 Mbit/s, something shared: pictures of the camera", Goal::AtLeast(20.0), seen.pictures, "/s");
    figure("1 Mbit/s, something shared: age of the camera's pictures", Goal::Under(400.0), seen.card.latency_p95_ms, "ms");
    assert!(pictures > 1.0 && seen.pictures > 5.0, "{pictures}, {seen:?}");
}
