use std::time::{Duration, Instant};

use super::*;
use crate::config::Audio;
use crate::media::pipeline::fan_out;
use crate::protocol::ParticipantId;

/// Somebody who hums, and whose sound comes so much later than its time stamps say.
struct Humming {
    producer: StreamProducer,
    _pipeline: Pipeline,
}

fn hum(time: &Timebase, late: Duration) -> Humming {
    let pipeline = Pipeline::new("humming", time, |_| {});
    let source = element_with("audiotestsrc", &[("is-live", "true"), ("volume", "0.5"), ("samplesperbuffer", "960")]).unwrap();
    source.static_pad("src").unwrap().set_offset(-i64::try_from(late.as_nanos()).unwrap());
    let sink = gst_app::AppSink::builder().sync(false).build();
    pipeline.chain(&[&source, &capsfilter("audio/x-raw,rate=48000,channels=1").unwrap(), sink.upcast_ref()]).unwrap();
    let producer = fan_out(&sink);
    pipeline.play().unwrap();
    Humming { producer, _pipeline: pipeline }
}

struct Room {
    speaker: Speaker,
    canceller: Canceller,
    time: Timebase,
    file: tempfile::NamedTempFile,
}

fn room() -> Room {
    gst::init().unwrap();
    let (time, file) = (Timebase::new(), tempfile::NamedTempFile::new().unwrap());
    // All shared running times have begun long ago, as in a daemon.
    std::thread::sleep(Duration::from_millis(700));
    let canceller = Canceller::new(&Audio::default());
    let sink = SpeakerSink::File { file: file.path().to_owned() };
    let speaker = Speaker::start(&sink, Volume::default(), &canceller, &time, |_| {}).unwrap();
    Room { speaker, canceller, time, file }
}

fn key() -> PeerKey {
    PeerKey { id: ParticipantId::new("anna").unwrap(), epoch: 1 }
}

/// Waits until what is played is so loud.
fn eventually(room: &Room, what: &str, so: impl Fn(i32) -> bool) {
    let begun = Instant::now();
    while !so(room.canceller.played.level()) {
        let voice = room.speaker.voice(&key());
        assert!(begun.elapsed() < Duration::from_secs(10), "not {what}: {} dB, {voice:?}", room.canceller.played.level());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_voice_that_is_always_late_is_heard_whether_it_or_the_speaker_was_first() {
    for late in [0, 25, 45, 200] {
        let mut room = room();
        let humming = hum(&room.time, Duration::from_millis(late));
        std::thread::sleep(Duration::from_millis(200));
        room.speaker.add(&key(), &humming.producer, VoiceSetting::default()).unwrap();
        eventually(&room, "heard", |level| level > -12);
        let held = room.speaker.voice(&key()).unwrap().held_ms;
        assert!(u64::from(held) <= late + 40, "{held} ms for one that is {late} ms late");
        drop(room.speaker.remove(&key()));
        eventually(&room, "silent", |level| level < -60);
        room.speaker.add(&key(), &humming.producer, VoiceSetting::default()).unwrap();
        eventually(&room, "heard again", |level| level > -12);
    }
}

#[test]
fn b14_and_b15_a_voice_is_as_loud_as_asked_for_and_comes_from_where_it_should() {
    let mut room = room();
    let humming = hum(&room.time, Duration::ZERO);
    room.speaker.add(&key(), &humming.producer, VoiceSetting { volume: 100, balance: -100 }).unwrap();
    eventually(&room, "heard", |level| level > -15);
    let loud = room.canceller.played.level();
    room.speaker.set(&key(), VoiceSetting { volume: 10, balance: -100 });
    eventually(&room, "20 dB softer", |level| (loud - 22..=loud - 18).contains(&level));
    let _ = room.speaker.set_volume(Volume { percent: Some(50), silent: false });
    eventually(&room, "26 dB softer", |level| (loud - 28..=loud - 24).contains(&level));
    let _ = room.speaker.set_volume(Volume { percent: Some(50), silent: true });
    eventually(&room, "silent", |level| level < -80);
    let file = room.file;
    drop(room.speaker);
    let bytes = std::fs::read(file.path()).unwrap();
    let (mut left, mut right) = (0f64, 0f64);
    for frame in bytes[44..].as_chunks::<4>().0 {
        left += f64::from(i16::from_le_bytes([frame[0], frame[1]])).powi(2);
        right += f64::from(i16::from_le_bytes([frame[2], frame[3]])).powi(2);
    }
    assert!(left > 1e9 && right < left / 1000.0, "left {left}, right {right}");
}

#[test]
fn a_noise_and_a_tone_come_and_go() {
    let mut room = room();
    assert!(room.speaker.noise(true).unwrap().is_none());
    eventually(&room, "a noise", |level| level > -30);
    drop(room.speaker.noise(false).unwrap());
    eventually(&room, "silent", |level| level < -60);
    assert!(room.speaker.play(Some(Tone::RingBack)).unwrap().is_none());
    eventually(&room, "a tone", |level| level > -30);
    drop(room.speaker.play(None).unwrap());
    eventually(&room, "silent again", |level| level < -60);
}
