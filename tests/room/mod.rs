//! A sound card in a room: elements under the names of ALSA's, on a clock of their own, between which sound goes through the air.
//! Everything else is real.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer::subclass::prelude::*;
use gstreamer_audio as gst_audio;
use gstreamer_audio::subclass::prelude::*;

/// Samples per second, as the card's own clock counts.
pub const RATE: usize = 48_000;

/// The room and its card, of which there is one.
#[derive(Default)]
pub struct Room {
    /// How many millionths the card's clock is fast.
    pub drift: f64,
    /// Samples of delay, and how much of the sound arrives by that way.
    pub ways: Vec<(usize, f32)>,
    /// What somebody says in the room, and when.
    pub near: Vec<f32>,
    pub near_from: Option<usize>,
    /// What the speaker has played: by the card's count of samples.
    pub played: Vec<f32>,
    /// What the microphone has heard, likewise.
    pub heard: Vec<f32>,
    /// The same without the speaker.
    pub said: Vec<f32>,
    /// How many samples of that were louder than the room itself.
    pub sounded: usize,
    /// Whether the card's driver comes back from playing.
    pub stuck: bool,
    /// Whether the card is there at all.
    pub unplugged: bool,
    /// How many pieces came to the card that were marked as a gap.
    pub gaps: usize,
    pub began: Option<(Instant, gst::ClockTime)>,
}

/// By the device of the card. The one without a name is for all others.
static ROOMS: Mutex<BTreeMap<String, Room>> = Mutex::new(BTreeMap::new());

/// Puts the card into a room; there is no other one from now on.
pub fn enter(room: Room) {
    gst::init().unwrap();
    if gst::ElementFactory::find("alsasink").is_none_or(|factory| factory.load().unwrap().element_type() != Speaker::static_type())
    {
        gst::Element::register(None, "alsasink", gst::Rank::NONE, Speaker::static_type()).unwrap();
        gst::Element::register(None, "alsasrc", gst::Rank::NONE, Microphone::static_type()).unwrap();
    }
    ROOMS.lock().unwrap().clear();
    enter_as("", room);
}

/// Puts this card into another room.
pub fn enter_as(device: &str, room: Room) {
    let began = Some((Instant::now(), gst::SystemClock::obtain().time()));
    ROOMS.lock().unwrap().insert(device.to_owned(), Room { began, ..room });
}

/// Looks at the room, or changes it.
pub fn with<T>(act: impl FnOnce(&mut Room) -> T) -> T {
    within("", act)
}

/// Looks at the room of this card, or changes it.
pub fn within<T>(device: &str, act: impl FnOnce(&mut Room) -> T) -> T {
    let mut rooms = ROOMS.lock().unwrap();
    let name = if rooms.contains_key(device) { device } else { "" };
    act(rooms.get_mut(name).unwrap())
}

/// A name as ALSA's elements have one.
fn device_property() -> &'static [glib::ParamSpec] {
    static PROPERTIES: std::sync::LazyLock<Vec<glib::ParamSpec>> =
        std::sync::LazyLock::new(|| vec![glib::ParamSpecString::builder("device").build()]);
    &PROPERTIES
}

impl Room {
    /// What the card counts now.
    pub fn now(&self) -> usize {
        (self.began.unwrap().0.elapsed().as_secs_f64() * self.per_second()) as usize
    }

    fn per_second(&self) -> f64 {
        RATE as f64 * (1.0 + self.drift / 1e6)
    }

    /// When the card counts so many.
    pub fn instant(&self, sample: usize) -> Instant {
        self.began.unwrap().0 + Duration::from_secs_f64(sample as f64 / self.per_second())
    }

    fn time(&self, sample: usize) -> gst::ClockTime {
        self.began.unwrap().1 + gst::ClockTime::from_nseconds((sample as f64 / self.per_second() * 1e9) as u64)
    }

    fn until(&self, sample: usize) -> Duration {
        Duration::from_secs_f64((sample.saturating_sub(self.now()) as f64 / self.per_second()).max(0.0005))
    }

    fn listen(&mut self, from: usize, count: usize) -> Vec<i16> {
        let mut heard = vec![0.0f32; count];
        for (delay, part) in &self.ways {
            let begin = from as i64 - *delay as i64;
            let (first, skip) = (begin.max(0) as usize, (-begin).max(0) as usize);
            let played = self.played.get(first..).unwrap_or_default();
            for (sample, echo) in heard.iter_mut().skip(skip).zip(played) {
                *sample += echo * part;
            }
        }
        let near = self.near_from.and_then(|begin| self.near.get(from.checked_sub(begin)?..)).unwrap_or_default();
        self.said.resize(from, 0.0);
        self.said.extend(near.iter().take(count));
        self.said.resize(from + count, 0.0);
        for (sample, near) in heard.iter_mut().zip(&self.said[from..]) {
            *sample = (*sample + near).clamp(-1.0, 1.0);
        }
        // No room is wholly silent.
        for (place, sample) in heard.iter_mut().enumerate() {
            *sample += ((from + place).wrapping_mul(2_654_435_761) >> 8 & 1023) as f32 / 1023.0 * 0.0006 - 0.0003;
        }
        let loud = heard.iter().map(|sample| sample * sample).sum::<f32>() / count.max(1) as f32 > 1e-5;
        self.sounded += if loud { count } else { 0 };
        self.heard.resize(from, 0.0);
        self.heard.extend(&heard);
        heard.iter().map(|sample| (sample * 32767.0) as i16).collect()
    }
}

/// A living room: the direct way, and reflections that fade within a third of a second.
pub fn reflections() -> Vec<(usize, f32)> {
    let mut seed = 12_345u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32
    };
    let mut ways = vec![(RATE * 6 / 1000, 0.5)];
    for _ in 0..30 {
        let seconds = 0.008 + random() * 0.14;
        let sign = if random() < 0.5 { -1.0 } else { 1.0 };
        ways.push(((seconds * RATE as f32) as usize, sign * random() * 0.3 * 10f32.powf(-3.0 * seconds / 0.3)));
    }
    ways
}

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct Speaker {
        device: Mutex<String>,
        /// Samples written, and how many have room in the card.
        state: Mutex<(usize, usize)>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Speaker {
        const NAME: &'static str = "RoomSpeaker";
        type Type = super::Speaker;
        type ParentType = gst_audio::AudioSink;
    }

    impl ObjectImpl for Speaker {
        fn properties() -> &'static [glib::ParamSpec] {
            device_property()
        }

        fn set_property(&self, _: usize, value: &glib::Value, _: &glib::ParamSpec) {
            *self.device.lock().unwrap() = value.get().unwrap();
        }
    }

    impl Speaker {
        fn card<T>(&self, act: impl FnOnce(&mut Room) -> T) -> T {
            let device = self.device.lock().unwrap().clone();
            within(&device, act)
        }
    }

    impl GstObjectImpl for Speaker {}

    impl ElementImpl for Speaker {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: std::sync::LazyLock<gst::subclass::ElementMetadata> = std::sync::LazyLock::new(|| {
                gst::subclass::ElementMetadata::new("Speaker in a room", "Sink/Audio", "Plays into a room", "Callbox")
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: std::sync::LazyLock<Vec<gst::PadTemplate>> =
                std::sync::LazyLock::new(|| vec![template("sink", gst::PadDirection::Sink, 2)]);
            &TEMPLATES
        }
    }

    impl BaseSinkImpl for Speaker {
        fn render(&self, buffer: &gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
            if buffer.flags().contains(gst::BufferFlags::GAP) {
                self.card(|card| card.gaps += 1);
            }
            self.parent_render(buffer)
        }
    }

    impl AudioBaseSinkImpl for Speaker {}

    impl AudioSinkImpl for Speaker {
        fn open(&self) -> Result<(), gst::LoggableError> {
            if self.card(|card| card.unplugged) {
                gst::element_imp_error!(self, gst::ResourceError::NotFound, ("there is no such card"));
                return Err(gst::loggable_error!(gst::CAT_RUST, "no card"));
            }
            Ok(())
        }

        fn prepare(&self, spec: &mut gst_audio::AudioRingBufferSpec) -> Result<(), gst::LoggableError> {
            let room = spec.buffer_time() as usize * RATE / 1_000_000;
            *self.state.lock().unwrap() = (self.card(|card| card.now()), room);
            Ok(())
        }

        fn unprepare(&self) -> Result<(), gst::LoggableError> {
            Ok(())
        }

        fn close(&self) -> Result<(), gst::LoggableError> {
            Ok(())
        }

        /// Waits until there is room in the card, as a driver does.
        fn write(&self, bytes: &[u8]) -> Result<i32, gst::LoggableError> {
            let count = bytes.len() / 4;
            loop {
                if self.card(|card| card.unplugged) {
                    gst::element_imp_error!(self, gst::ResourceError::Write, ("the card has been disconnected"));
                    return Err(gst::loggable_error!(gst::CAT_RUST, "no card"));
                }
                let wait = self.card(|card| {
                    let mut state = self.state.lock().unwrap();
                    // It ran dry.
                    state.0 = state.0.max(card.now());
                    let (written, room) = *state;
                    if card.stuck {
                        return Some(Duration::from_millis(50));
                    }
                    if written + count > card.now() + room {
                        return Some(card.until(written + count - room));
                    }
                    card.played.resize(written + count, 0.0);
                    for (frame, pair) in bytes.as_chunks::<4>().0.iter().enumerate() {
                        let [left, right] = [[pair[0], pair[1]], [pair[2], pair[3]]].map(|two| f32::from(i16::from_le_bytes(two)));
                        card.played[written + frame] = (left + right) / 65536.0;
                    }
                    state.0 += count;
                    None
                });
                let Some(wait) = wait else { return Ok(bytes.len() as i32) };
                std::thread::sleep(wait);
            }
        }

        fn delay(&self) -> u32 {
            let written = self.state.lock().unwrap().0;
            self.card(|card| written.saturating_sub(card.now())) as u32
        }

        fn reset(&self) {}
    }

    #[derive(Default)]
    pub struct Microphone {
        device: Mutex<String>,
        read: Mutex<usize>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Microphone {
        const NAME: &'static str = "RoomMicrophone";
        type Type = super::Microphone;
        type ParentType = gst_audio::AudioSrc;
    }

    impl ObjectImpl for Microphone {
        fn properties() -> &'static [glib::ParamSpec] {
            device_property()
        }

        fn set_property(&self, _: usize, value: &glib::Value, _: &glib::ParamSpec) {
            *self.device.lock().unwrap() = value.get().unwrap();
        }
    }

    impl Microphone {
        fn card<T>(&self, act: impl FnOnce(&mut Room) -> T) -> T {
            let device = self.device.lock().unwrap().clone();
            within(&device, act)
        }
    }

    impl GstObjectImpl for Microphone {}

    impl ElementImpl for Microphone {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: std::sync::LazyLock<gst::subclass::ElementMetadata> = std::sync::LazyLock::new(|| {
                gst::subclass::ElementMetadata::new("Microphone in a room", "Source/Audio", "Hears a room", "Callbox")
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: std::sync::LazyLock<Vec<gst::PadTemplate>> =
                std::sync::LazyLock::new(|| vec![template("src", gst::PadDirection::Src, 1)]);
            &TEMPLATES
        }
    }

    impl BaseSrcImpl for Microphone {}
    impl PushSrcImpl for Microphone {}
    impl AudioBaseSrcImpl for Microphone {}

    impl AudioSrcImpl for Microphone {
        fn open(&self) -> Result<(), gst::LoggableError> {
            if self.card(|card| card.unplugged) {
                gst::element_imp_error!(self, gst::ResourceError::NotFound, ("there is no such card"));
                return Err(gst::loggable_error!(gst::CAT_RUST, "no card"));
            }
            Ok(())
        }

        fn prepare(&self, _: &mut gst_audio::AudioRingBufferSpec) -> Result<(), gst::LoggableError> {
            *self.read.lock().unwrap() = self.card(|card| card.now());
            Ok(())
        }

        fn unprepare(&self) -> Result<(), gst::LoggableError> {
            Ok(())
        }

        fn close(&self) -> Result<(), gst::LoggableError> {
            Ok(())
        }

        /// Waits until so much was heard. The time stamp says when it began, as exactly as a driver knows.
        fn read(&self, bytes: &mut [u8]) -> Result<(u32, Option<gst::ClockTime>), gst::LoggableError> {
            let count = bytes.len() / 2;
            let from = *self.read.lock().unwrap();
            if self.card(|card| card.unplugged) {
                gst::element_imp_error!(self, gst::ResourceError::Read, ("the card has been disconnected"));
                return Err(gst::loggable_error!(gst::CAT_RUST, "no card"));
            }
            while let Some(wait) = self.card(|card| (card.now() < from + count).then(|| card.until(from + count))) {
                std::thread::sleep(wait);
            }
            let (heard, at) = self.card(|card| {
                let jitter = gst::ClockTime::from_useconds((from.wrapping_mul(7919) % 200) as u64);
                (card.listen(from, count), card.time(from) + jitter)
            });
            for (place, sample) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(heard) {
                *place = sample.to_le_bytes();
            }
            *self.read.lock().unwrap() = from + count;
            Ok((bytes.len() as u32, Some(at)))
        }

        fn delay(&self) -> u32 {
            let read = *self.read.lock().unwrap();
            self.card(|card| card.now().saturating_sub(read)) as u32
        }

        fn reset(&self) {}
    }

    fn template(name: &str, direction: gst::PadDirection, channels: i32) -> gst::PadTemplate {
        let caps = gst::Caps::builder("audio/x-raw").field("format", "S16LE").field("layout", "interleaved");
        let caps = caps.field("rate", RATE as i32).field("channels", channels).build();
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()
    }
}

glib::wrapper! {
    pub struct Speaker(ObjectSubclass<imp::Speaker>)
        @extends gst_audio::AudioSink, gst_audio::AudioBaseSink, gst_audio::gst_base::BaseSink, gst::Element, gst::Object;
}

glib::wrapper! {
    pub struct Microphone(ObjectSubclass<imp::Microphone>)
        @extends gst_audio::AudioSrc, gst_audio::AudioBaseSrc, gst_audio::gst_base::PushSrc, gst_audio::gst_base::BaseSrc, gst::Element, gst::Object;
}
