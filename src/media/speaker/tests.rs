use std::sync::atomic::AtomicU64;
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

#[test]
fn what_the_mixer_calls_a_gap_comes_to_the_card_as_sound() {
    gst::init().unwrap();
    let pipeline = Pipeline::new("silence", &Timebase::new(), |_| {});
    let silence = element_with("audiotestsrc", &[("is-live", "true"), ("wave", "silence"), ("samplesperbuffer", "480")]).unwrap();
    let mixer = element_with("audiomixer", &[("latency", "20000000"), ("start-time-selection", "first")]).unwrap();
    let sink = element_with("fakesink", &[("sync", "false")]).unwrap();
    let (before, after) = (Arc::<[AtomicU64; 2]>::default(), Arc::<[AtomicU64; 2]>::default());
    let count = |pad: &gst::Pad, into: &Arc<[AtomicU64; 2]>| {
        let into = into.clone();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let gap = info.buffer().is_some_and(|buffer| buffer.flags().contains(gst::BufferFlags::GAP));
            into[usize::from(gap)].fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
    };
    let pad = sink.static_pad("sink").unwrap();
    count(&pad, &before);
    no_gaps(&sink);
    count(&pad, &after);
    pipeline.chain(&[&silence, &capsfilter(STEREO).unwrap(), &mixer, &capsfilter(STEREO).unwrap(), &sink]).unwrap();
    pipeline.play().unwrap();
    let begun = Instant::now();
    while after[0].load(Ordering::Relaxed) < 50 {
        assert!(begun.elapsed() < Duration::from_secs(10), "{before:?} {after:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(before[1].load(Ordering::Relaxed) >= 40, "the mixer marks silence alone: {before:?}");
    assert_eq!(after[1].load(Ordering::Relaxed), 0);
}

/// On how many of the last tenths of a second something was heard, in the file.
fn pattern(room: &Room, seconds: usize) -> Vec<bool> {
    let bytes = std::fs::read(room.file.path()).unwrap();
    let frames = bytes.get(44..).unwrap_or_default().as_chunks::<4>().0;
    let last = &frames[frames.len().saturating_sub(seconds * 48_000)..];
    let loud = |frame: &[u8; 4]| i16::from_le_bytes([frame[0], frame[1]]).unsigned_abs() > 1000;
    last.chunks(4800).map(|tenth| tenth.iter().filter(|frame| loud(frame)).count() > 2400).collect()
}

/// The strongest of these, where it sounds.
fn pitch(room: &Room, candidates: &[u32]) -> u32 {
    let bytes = std::fs::read(room.file.path()).unwrap();
    let frames = bytes.get(44..).unwrap_or_default().as_chunks::<4>().0;
    let left: Vec<f64> = frames.iter().map(|frame| f64::from(i16::from_le_bytes([frame[0], frame[1]]))).collect();
    let strength = |hz: u32| {
        let turn = 2.0 * (std::f64::consts::TAU * f64::from(hz) / 48_000.0).cos();
        let (mut one, mut two) = (0.0, 0.0);
        for sample in &left {
            (one, two) = (sample + turn * one - two, one);
        }
        one * one + two * two - turn * one * two
    };
    candidates.iter().copied().max_by(|a, b| strength(*a).total_cmp(&strength(*b))).unwrap()
}

#[test]
fn each_tone_has_its_pitch_and_its_rhythm_and_is_as_loud_as_the_speaker() {
    for (tone, hz, on, off) in [(Tone::Ringing, 800, 10, 20), (Tone::RingBack, 425, 10, 40), (Tone::Busy, 425, 5, 5)] {
        let mut room = room();
        room.speaker.play(Some(tone)).unwrap();
        let loudest = || {
            let begun = Instant::now();
            let mut most = -90;
            while begun.elapsed() < Duration::from_millis(5600) {
                most = most.max(room.canceller.played.level());
                std::thread::sleep(Duration::from_millis(20));
            }
            most
        };
        let level = loudest();
        assert!((-18..=-12).contains(&level), "{tone:?}: {level} dB");
        let heard = pattern(&room, 6);
        let mut runs: Vec<(bool, usize)> = heard.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect();
        // What is not played yet looks like silence.
        runs.pop_if(|(_, tenths)| *tenths <= 1);
        let whole = |wanted: bool, length: usize| {
            let inner = &runs[1..runs.len() - 1];
            inner.iter().filter(|(sounds, _)| *sounds == wanted).all(|(_, tenths)| tenths.abs_diff(length) <= 1)
        };
        assert!(runs.len() >= 3 && whole(true, on) && whole(false, off), "{tone:?}: {runs:?}");
        assert_eq!(pitch(&room, &[400, 425, 450, 700, 800, 900]), hz, "{tone:?}");
        let _ = room.speaker.set_volume(Volume { percent: Some(10), silent: false });
        if tone == Tone::Busy {
            eventually(&room, "20 dB softer", |softer| softer > -60 && softer <= level - 18);
        }
    }
}
