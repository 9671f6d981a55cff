//! `callbox.toml`: from the merged tree to [`Appliance`], one function per table.

use std::path::{Path, PathBuf};

use super::reader::{At, Reading, Section};
use super::report::Problem;
use super::tree::Table;
use super::*;
use super::{check, metrics, read_call, read_door, read_gpio, read_mqtt, read_network, read_page, read_screen, recording, similar};

const WIDTH: std::ops::RangeInclusive<u32> = 64..=4096;

/// Reads every table; what is wrong is noted in `reading`.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table, credentials: Option<&Path>) -> Option<Appliance> {
    let mut top = reading.root(root);
    let state_directory = top.path("state-directory");
    if let Some(path) = &state_directory {
        check::directory(&mut top, "state-directory", path);
    }
    let state_directory = state_directory.map(|path| path.value);
    let link = hub(reading.section(root, "hub"), credentials);
    let call = read_call::read(reading, root);
    let camera = camera(reading.section(root, "camera"));
    let share = share(reading.section(root, "share"));
    let microphone = microphone(reading.section(root, "microphone"));
    let speaker = speaker(reading.section(root, "speaker"));
    let video = video(reading.section(root, "video"));
    let audio = audio(reading.section(root, "audio"));
    let screen = read_screen::read(reading, root);
    let recording = recording::read(reading.section(root, "recording"));
    let network = read_network::read(reading, root);
    let control = control(reading.section(root, "control"));
    let metrics = metrics::read(reading.section(root, "metrics"));
    let page = read_page::read(reading.section(root, "page"), root.contains_key("page"), credentials);
    let log = Log { level: reading.section(root, "log").log_level().unwrap_or_default() };
    let mut gpio = read_gpio::read(reading, root);
    let user = link.as_ref().map(|link| &link.user);
    gpio.mqtt = read_mqtt::read(reading.section(root, "mqtt"), root.contains_key("mqtt"), user);
    let door = read_door::read(reading.section(root, "door"), root.contains_key("door"), &gpio.relays);
    let mut appliance = Appliance {
        call,
        camera,
        share,
        microphone,
        speaker,
        video,
        audio,
        screen,
        recording,
        network,
        control,
        metrics,
        page,
        log,
        gpio,
        door,
        ..Appliance::new(link?)
    };
    appliance.state_directory = state_directory.unwrap_or(appliance.state_directory);
    Some(appliance)
}

fn hub(mut s: Section<'_, '_>, credentials: Option<&Path>) -> Option<HubLink> {
    let url = s.text("url");
    if url.is_none() && s.node("url").is_none() {
        s.missing("url", "name the hub: url = \"wss://hub.example.org\"");
    }
    if let Some(url) = &url {
        match check::address(url.value, &["ws", "wss"]) {
            Err(why) => s.bad("url", &url.at, why),
            Ok(address) if address.scheme == "ws" && !check::is_loopback(address.host) => s.note(
                Problem::warning("the password goes to the hub in the clear")
                    .at(&url.at, "ws:// is not encrypted")
                    .help("give the hub a certificate and use wss://, with ca-file or pin if it is your own"),
            ),
            Ok(_) => {}
        }
    }
    let user = s.parse("user");
    if user.is_none() && s.node("user").is_none() {
        s.missing("user", "say who this appliance is: user = \"door-1\"");
    }
    let password_file = match s.path("password-file") {
        Some(file) => {
            check::secret_file(&mut s, "password-file", &file);
            Some(file.value)
        }
        None => {
            let credential = check::credential(credentials, "callbox-password");
            s.reading.given.extend(credential.iter().map(|file| ("hub.password-file".to_owned(), file.clone())));
            credential
        }
    };
    if password_file.is_none() && s.node("password-file").is_none() {
        s.missing("password-file", "name a file that holds the password, or give systemd the credential callbox-password");
    }
    let trust = trust(&mut s);
    if let Some(url) = url.as_ref().filter(|url| trust != Trust::System && url.value.starts_with("ws://")) {
        let problem = Problem::warning("`hub.ca-file` and `hub.pin` mean nothing without TLS");
        s.note(problem.at(&url.at, "ws:// shows no certificate").help("use wss://, or leave them out"));
    }
    Some(HubLink { url: url?.value.trim_end_matches('/').to_owned(), user: user?.value, password_file: password_file?, trust })
}

fn trust(s: &mut Section<'_, '_>) -> Trust {
    let ca = s.path("ca-file");
    let pin = s.text("pin");
    if let (Some(ca), Some(pin)) = (&ca, &pin)
        && !s.reading.overrules(&ca.at, &pin.at)
        && !s.reading.overrules(&pin.at, &ca.at)
    {
        s.note(
            Problem::error("`hub.ca-file` and `hub.pin` exclude each other")
                .at(&pin.key_at, "either this")
                .related(&ca.key_at, "or this")
                .help("keep the pin if the hub's key stays, the ca-file if its certificates are renewed by an authority of yours"),
        );
        return Trust::System;
    }
    let pin_is_later = match (&ca, &pin) {
        (Some(ca), Some(pin)) => s.reading.overrules(&pin.at, &ca.at),
        (None, _) => true,
        (Some(_), None) => false,
    };
    if let (Some(ca), Some(pin)) = (&ca, &pin) {
        s.reading.overruled.insert(if pin_is_later { ca.at.start } else { pin.at.start });
    }
    match (ca, pin) {
        (_, Some(pin)) if pin_is_later => match check::pin(pin.value) {
            Ok(digest) => Trust::Pin(digest),
            Err(why) => {
                s.bad("pin", &pin.at, why);
                Trust::System
            }
        },
        (Some(ca), _) => {
            check::readable_file(s, "ca-file", &ca);
            check::certificates(s, "ca-file", &ca);
            Trust::CaFile(ca.value)
        }
        _ => Trust::System,
    }
}

/// Which source or sink was chosen, and by which words.
pub(super) struct Kind<K> {
    key: &'static str,
    /// Said, but not one of the words: nothing can be said about the keys that go with it.
    unclear: bool,
    chosen: Option<At<K>>,
    pub(super) value: K,
    word: &'static str,
}

/// Reads `source`, `sink` or `output`.
pub(super) fn kind<K: Copy + PartialEq>(
    s: &mut Section<'_, '_>,
    key: &'static str,
    words: &[(&'static str, K)],
    default: K,
) -> Kind<K> {
    let chosen = s.choice(key, words);
    let value = chosen.as_ref().map_or(default, |chosen| chosen.value);
    let word = words.iter().find(|(_, kind)| *kind == value).map_or("", |(word, _)| word);
    let unclear = chosen.is_none() && s.node(key).is_some();
    Kind { key, unclear, chosen, value, word }
}

impl<K: Copy + PartialEq> Kind<K> {
    /// A key that only makes sense with some kinds: noted when it is said with another one, unless a later layer chose that.
    pub(super) fn only<T>(&self, s: &mut Section<'_, '_>, key: &str, found: Option<At<T>>, kinds: &[(&str, K)]) -> Option<At<T>> {
        let found = found?;
        if self.unclear || kinds.iter().any(|(_, kind)| *kind == self.value) {
            return Some(found);
        }
        if self.chosen.as_ref().is_some_and(|chosen| s.reading.overrules(&chosen.at, &found.at)) {
            s.reading.overruled.insert(found.at.start);
            return None;
        }
        let wanted: Vec<_> = kinds.iter().map(|(word, _)| format!("{} = \"{word}\"", self.key)).collect();
        let wanted = similar::either(&wanted);
        let problem = Problem::error(format!("`{}` needs {wanted}", s.name(key)));
        let problem = match &self.chosen {
            Some(chosen) => problem.at(&found.key_at, "").related(&chosen.at, "but this was chosen"),
            None => problem.at(&found.key_at, format!("but {} = \"{}\" by default", self.key, self.word)),
        };
        s.note(problem.help(format!("write {wanted}, or leave `{key}` out")));
        None
    }

    /// A key that this kind cannot do without.
    pub(super) fn required<T>(&self, s: &mut Section<'_, '_>, key: &'static str, found: Option<At<T>>) -> Option<T> {
        if found.is_none() && s.node(key).is_none() {
            let problem = Problem::error(format!("`{}` is missing", s.name(key)));
            let at = self.chosen.as_ref().map(|chosen| chosen.at.clone());
            let problem = at.map_or(problem.clone(), |at| problem.at(&at, "needs it"));
            s.note(problem.help(format!("write {key} = \"…\"")));
        }
        found.map(|found| found.value)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum From {
    Device,
    Libcamera,
    File,
    Test,
    None,
}

const PICTURES: [(&str, From); 5] =
    [("v4l2", From::Device), ("libcamera", From::Libcamera), ("file", From::File), ("test", From::Test), ("none", From::None)];

/// Where pictures come from; none: nothing usable was said.
fn pictures(s: &mut Section<'_, '_>, default: From) -> (Kind<From>, Option<CameraSource>) {
    let kind = kind(s, "source", &PICTURES, default);
    let device = s.text("device");
    let device = kind.only(s, "device", device, &PICTURES[..2]);
    let file = s.path("file");
    let file = kind.only(s, "file", file, &PICTURES[2..3]);
    let source = match kind.value {
        // A camera has a default device, nothing else has.
        From::Device if default != From::Device => {
            kind.required(s, "device", device).map(|device| CameraSource::V4l2 { device: device.into() })
        }
        From::Device => device.map(|device| CameraSource::V4l2 { device: device.value.into() }),
        From::Libcamera => Some(CameraSource::Libcamera { camera: device.map(|device| device.value.to_owned()) }),
        From::File => {
            existing(s, file.as_ref());
            kind.required(s, "file", file).map(|file| CameraSource::File { file })
        }
        From::Test => Some(CameraSource::Test),
        From::None => Some(CameraSource::None),
    };
    (kind, source)
}

fn share(mut s: Section<'_, '_>) -> Share {
    let default = Share::default();
    let (_, source) = pictures(&mut s, From::None);
    Share {
        source: source.unwrap_or(default.source),
        width: even(&mut s, "width").unwrap_or(default.width),
        height: even(&mut s, "height").unwrap_or(default.height),
        framerate: s.integer("framerate", 1..=60).map_or(default.framerate, |rate| rate.value),
        bitrate: s.bitrate("bitrate", Bitrate(50_000)..=Bitrate(50_000_000)).unwrap_or(default.bitrate),
    }
}

fn camera(mut s: Section<'_, '_>) -> Camera {
    let default = Camera::default();
    let (kind, source) = pictures(&mut s, From::Device);
    let controls = s.numbers("controls");
    let controls = kind.only(&mut s, "controls", controls, &PICTURES[..1]);
    Camera {
        source: source.unwrap_or(default.source),
        width: even(&mut s, "width").unwrap_or(default.width),
        height: even(&mut s, "height").unwrap_or(default.height),
        framerate: s.integer("framerate", 1..=120).map_or(default.framerate, |rate| rate.value),
        controls: controls.map(|controls| check::controls(&mut s, "controls", controls.value)).unwrap_or_default(),
    }
}

fn existing(s: &mut Section<'_, '_>, file: Option<&At<PathBuf>>) {
    if let Some(file) = file {
        check::readable_file(s, "file", file);
    }
}

pub(super) fn even(s: &mut Section<'_, '_>, key: &'static str) -> Option<u32> {
    let size = s.integer(key, WIDTH)?;
    if size.value % 2 == 1 {
        let problem = Problem::error(format!("`{}` must be even: H.264 encoders take 4:2:0 frames", s.name(key)));
        let nearest = size.value - 1;
        s.note(problem.at(&size.at, format!("{} is odd", size.value)).help(format!("use {nearest}")));
    }
    Some(size.value)
}

fn microphone(mut s: Section<'_, '_>) -> Microphone {
    const WORDS: [(&str, From); 4] = [("alsa", From::Device), ("file", From::File), ("test", From::Test), ("none", From::None)];
    let kind = kind(&mut s, "source", &WORDS, From::Device);
    let device = s.text("device");
    let device = kind.only(&mut s, "device", device, &WORDS[..1]);
    let file = s.path("file");
    let file = kind.only(&mut s, "file", file, &WORDS[1..2]);
    let tone = s.integer("tone", 20..=20_000);
    let tone = kind.only(&mut s, "tone", tone, &WORDS[2..3]).map_or(DEFAULT_TONE, |tone| tone.value);
    let source = match kind.value {
        From::File => {
            existing(&mut s, file.as_ref());
            kind.required(&mut s, "file", file).map(|file| MicrophoneSource::File { file })
        }
        From::Test => Some(MicrophoneSource::Test { tone }),
        From::None => Some(MicrophoneSource::None),
        From::Device | From::Libcamera => device.map(|device| MicrophoneSource::Alsa { device: device.value.to_owned() }),
    };
    source.map_or_else(Microphone::default, |source| Microphone { source })
}

fn speaker(mut s: Section<'_, '_>) -> Speaker {
    const WORDS: [(&str, From); 3] = [("alsa", From::Device), ("file", From::File), ("none", From::None)];
    let kind = kind(&mut s, "sink", &WORDS, From::Device);
    let device = s.text("device");
    let device = kind.only(&mut s, "device", device, &WORDS[..1]);
    let file = s.path("file");
    let file = kind.only(&mut s, "file", file, &WORDS[1..2]);
    let sink = match kind.value {
        From::File => kind.required(&mut s, "file", file).map(|file| SpeakerSink::File { file }),
        From::None => Some(SpeakerSink::None),
        From::Device | From::Libcamera | From::Test => device.map(|device| SpeakerSink::Alsa { device: device.value.to_owned() }),
    };
    let default = Speaker::default();
    let percent = |volume: At<u32>| u8::try_from(volume.value).unwrap_or(100);
    let max_volume = s.integer("max-volume", 1..=100).map_or(default.max_volume, percent);
    let volume = s.integer("volume", 0..=100);
    if let Some(volume) = volume.as_ref().filter(|volume| volume.value > u32::from(max_volume)) {
        let problem = Problem::error("`speaker.volume` is more than `speaker.max-volume`");
        s.note(problem.at(&volume.at, "").help(format!("use {max_volume}, or allow more with max-volume")));
    }
    let volume = volume.map(percent);
    let (night, night_volume) = night(&mut s);
    Speaker { sink: sink.unwrap_or(default.sink), volume, max_volume, night, night_volume }
}

/// When it is night, and how loud the speaker may be then.
fn night(s: &mut Section<'_, '_>) -> (Vec<Window>, Option<u8>) {
    let windows = read_call::windows(s, "night");
    let volume = s.integer("night-volume", 0..=100).and_then(|volume| u8::try_from(volume.value).ok());
    let help = "both belong together: night = [\"22:00-07:00\"] and night-volume = 30";
    for (there, other) in [("night", "night-volume"), ("night-volume", "night")] {
        if s.node(there).is_some() && s.node(other).is_none() {
            s.missing(other, help);
        }
    }
    (windows.unwrap_or_default(), volume)
}

fn video(mut s: Section<'_, '_>) -> Video {
    let default = Video::default();
    let encoder = s.text("encoder").map(|name| {
        let plain = !name.value.is_empty() && name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !plain {
            s.bad("encoder", &name.at, "write \"auto\" or the name of a GStreamer element, for example \"x264enc\"");
        }
        if name.value == "auto" { Encoder::Auto } else { Encoder::Element(name.value.to_owned()) }
    });
    Video {
        encoder: encoder.unwrap_or(default.encoder),
        bitrate: s.bitrate("bitrate", Bitrate(50_000)..=Bitrate(50_000_000)).unwrap_or(default.bitrate),
    }
}

fn audio(mut s: Section<'_, '_>) -> Audio {
    let default = Audio::default();
    Audio {
        bitrate: s.bitrate("bitrate", Bitrate(6_000)..=Bitrate(510_000)).unwrap_or(default.bitrate),
        complexity: s.integer("complexity", 0..=10).map_or(default.complexity, |number| number.value),
        echo_cancellation: s.boolean("echo-cancellation").unwrap_or(default.echo_cancellation),
        noise_suppression: s.boolean("noise-suppression").unwrap_or(default.noise_suppression),
        gain_control: s.boolean("gain-control").unwrap_or(default.gain_control),
    }
}

fn control(mut s: Section<'_, '_>) -> Control {
    let Some(socket) = s.path("socket") else { return Control::default() };
    // sockaddr_un holds 108 bytes with the closing zero.
    if socket.value.as_os_str().len() > 107 {
        s.bad("socket", &socket.at, "the path of a Unix socket has at most 107 bytes");
    }
    Control { socket: socket.value }
}
