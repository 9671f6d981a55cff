//! `callbox status`: a page for people.

use super::figures;
use super::text::{self, clean};
use crate::protocol::control::{
    CallStatus, ConfigStatus, DeviceStatus, GpioStatus, HubStatus, LineStatus, MediaStatus, OutgoingStatus, ParticipantStatus,
    RingStatus, SentPicture, SoundStatus, Status, StepReason,
};
use crate::protocol::hub::ParticipantState;

/// The page, of lines that are not longer than that.
pub fn page(status: &Status, width: usize) -> String {
    let mut out = format!("{}  {}\n\n", status.user, clean(&status.version));
    let mut rows = vec![hub(&status.hub)];
    rows.push(status.call.as_ref().map_or_else(|| vec!["call".to_owned(), "none".to_owned()], call));
    rows.extend(status.ring.as_ref().map(ring));
    rows.extend(status.outgoing.as_ref().map(outgoing));
    if status.do_not_disturb {
        rows.push(vec!["do not disturb".to_owned(), "on".to_owned()]);
    }
    rows.extend(status.last_call.as_ref().map(figures::last));
    rows.extend(config(&status.config));
    out.push_str(&text::wrapped(&rows, 0, width));
    if let Some(call) = &status.call
        && !call.participants.is_empty()
    {
        let head = ["PARTICIPANT", "CONNECTION", "PICTURE", "FRAMES", "PACKETS", "ESTIMATE", ""];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(call.participants.iter().map(participant));
        out.push('\n');
        out.push_str(&text::noted(rows, 2, width));
        let mut figures = figures::rows(call);
        if !figures.is_empty() {
            out.push('\n');
            text::fit(&mut figures, 2, width);
            out.push_str(&text::table(&figures, 2));
        }
    }
    out.push('\n');
    out.push_str(&text::wrapped(&media(&status.media), 0, width));
    let lines = gpio(&status.gpio);
    if !lines.is_empty() {
        out.push('\n');
        out.push_str(&text::wrapped(&lines, 0, width));
    }
    out
}

fn hub(hub: &HubStatus) -> Vec<String> {
    let mut rest = clean(&hub.url);
    if let Some(error) = &hub.error {
        rest = format!("{rest}: {}", clean(error));
    }
    if let Some(seconds) = hub.retry_in_s {
        rest = format!("{rest} (again in {seconds} s)");
    }
    vec!["hub".to_owned(), text::hub(hub.state).to_owned(), rest]
}

/// What waits, and why what was written is not what runs.
fn config(config: &ConfigStatus) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if let Some(error) = &config.error {
        rows.push(vec!["config".to_owned(), "refused".to_owned(), clean(error)]);
    }
    if !config.pending.is_empty() {
        let what = format!("{}: when nobody is connected", clean(&config.pending.join(", ")));
        rows.push(vec!["config".to_owned(), "pending".to_owned(), what]);
    }
    rows
}

fn call(call: &CallStatus) -> Vec<String> {
    let mut rest = call.cid.to_string();
    let recorded = call.recorded.then(|| "recorded".to_owned());
    for more in [text::muted(call.muted).map(str::to_owned), recorded, call.error.as_deref().map(clean)].into_iter().flatten() {
        rest = format!("{rest}: {more}");
    }
    vec!["call".to_owned(), text::call(call.state).to_owned(), rest]
}

fn ring(ring: &RingStatus) -> Vec<String> {
    let mut rest = format!("{}, {} call since {}", clean(&ring.name), text::kind(ring.video), clean(&ring.since));
    if let Some(reason) = &ring.reason {
        rest = format!("{rest}: {}", clean(reason));
    }
    vec!["call from".to_owned(), text::ring(ring.state).to_owned(), rest]
}

fn outgoing(outgoing: &OutgoingStatus) -> Vec<String> {
    let mut rest = format!("{}, {} call", clean(&outgoing.to), text::kind(outgoing.video));
    if let Some(reason) = &outgoing.reason {
        rest = format!("{rest}: {}", clean(reason));
    }
    vec!["call to".to_owned(), text::outgoing(outgoing.state).to_owned(), rest]
}

fn participant(participant: &ParticipantStatus) -> Vec<String> {
    let video = &participant.video;
    let picture = if video.width == 0 { "-".to_owned() } else { format!("{}x{}", video.width, video.height) };
    let mut notes: Vec<String> = Vec::new();
    if participant.state == ParticipantState::Reconnecting {
        notes.push("reconnecting".to_owned());
    }
    match participant.sent {
        SentPicture::Main => {}
        SentPicture::Low => notes.push("gets a small picture".to_owned()),
        SentPicture::None => notes.push("gets sound only".to_owned()),
    }
    notes.extend(participant.audio.speaking.then(|| "speaks".to_owned()));
    notes.extend(text::muted(participant.muted).map(str::to_owned));
    if participant.sharing {
        let share = participant.share.as_ref().map_or_else(String::new, |share| format!(" {}x{}", share.width, share.height));
        notes.push(format!("shares{share}"));
    }
    notes.extend(participant.error.as_deref().map(clean));
    if let Some(voice) = participant.audio.voice.as_ref().filter(|voice| (voice.volume, voice.balance) != (100, 0)) {
        notes.push(format!("volume {}%, balance {}", voice.volume, voice.balance));
    }
    if let Some(card) = &video.test_card {
        notes.push(format!("card {} ({:.0} ms)", card.frame, card.latency_p50_ms));
    }
    vec![
        clean(&participant.name),
        text::connection(participant.connection).to_owned(),
        picture,
        video.frames_decoded.to_string(),
        participant.audio.packets.to_string(),
        participant.estimated_bitrate.map_or_else(|| "-".to_owned(), text::bitrate),
        notes.join(", "),
    ]
}

fn media(media: &MediaStatus) -> Vec<Vec<String>> {
    let device = |name: &str, device: &DeviceStatus| {
        let what = clean(&device.device);
        let what = device.error.as_deref().map(clean).map_or_else(|| what.clone(), |error| format!("{what}: {error}"));
        vec![name.to_owned(), text::device(device.state).to_owned(), what]
    };
    let encoder = &media.encoder;
    let state = if encoder.instances == 0 { "idle" } else { "running" };
    let what = match &encoder.element {
        None => String::new(),
        Some(element) if encoder.instances == 0 => element.clone(),
        Some(element) => {
            let kind = if encoder.hardware { "hardware" } else { "software" };
            let picture = &encoder.picture;
            let shape = format!("{}x{} at {}", picture.width, picture.height, picture.framerate);
            let took = media.stages.encode_ms.map(|ms| format!(" in {ms:.0} ms each")).unwrap_or_default();
            // That there is room again is no trouble.
            let why = picture.reason.filter(|reason| *reason != StepReason::Room);
            let why = why.map(|why| format!(": {}", why.text())).unwrap_or_default();
            format!("{element} ({kind}), {shape}, {}, {} frames{took}{why}", text::bitrate(encoder.bitrate), encoder.frames)
        }
    };
    let mut rows = vec![vec!["encoder".to_owned(), state.to_owned(), what]];
    rows.extend(encoder.rejected.iter().map(|one| {
        let what = format!("{}: {}", clean(&one.element), clean(&one.error));
        vec!["encoder".to_owned(), "rejected".to_owned(), what]
    }));
    rows.push(device("camera", &media.camera));
    rows.extend(media.stages.camera.as_ref().map(|taken| {
        let what = format!("gives {}: {}", clean(&taken.format), clean(&taken.because));
        vec![String::new(), String::new(), what]
    }));
    let devices = [("microphone", &media.microphone), ("speaker", &media.speaker), ("screen", &media.screen)];
    rows.extend(devices.map(|(name, status)| device(name, status)));
    rows.extend(media.share.as_ref().map(|share| {
        let mut row = device("share", &share.device);
        let shape = format!("{}x{} at {}", share.width, share.height, share.framerate);
        if let Some(what) = row.last_mut() {
            *what = format!("{what}, {shape}, {}, {} frames", text::bitrate(share.bitrate), share.frames);
        }
        row
    }));
    rows.extend(sound(&media.sound));
    rows.extend(media.recording.as_ref().map(|recording| {
        let what = format!("{} files finished", recording.files);
        let what = recording.error.as_deref().map(clean).map_or_else(|| what.clone(), |error| format!("{what}: {error}"));
        vec!["recording".to_owned(), text::device(recording.state).to_owned(), what]
    }));
    rows
}

fn sound(sound: &SoundStatus) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(sound.volume.map(|percent| format!("volume {percent}%")));
    parts.extend(sound.silent.then(|| "speaker off".to_owned()));
    parts.extend(sound.speaker_level.map(|level| format!("speaker {level} dB")));
    parts.extend(sound.microphone_level.map(|level| format!("microphone {level} dB")));
    parts.extend(sound.echo.as_ref().map(|echo| format!("echo {} dB less", echo.removed)));
    parts.extend(sound.processing.error.as_deref().map(clean));
    let state = if sound.processing.error.is_some() { "as it is" } else { "" };
    (!parts.is_empty()).then(|| vec!["sound".to_owned(), state.to_owned(), parts.join(", ")])
}

fn gpio(gpio: &GpioStatus) -> Vec<Vec<String>> {
    let line = |kind: &str, word: &str, line: &LineStatus| {
        let state = if line.on { word } else { text::device(line.state) };
        let mut what = clean(&line.name);
        if line.line != line.name {
            what = format!("{what} ({})", clean(&line.line));
        }
        let what = line.error.as_deref().map(clean).map_or_else(|| what.clone(), |error| format!("{what}: {error}"));
        vec![kind.to_owned(), state.to_owned(), what]
    };
    let buttons = gpio.buttons.iter().map(|button| line("button", "pressed", button));
    let lights = gpio.lights.iter().map(|light| line("light", "lit", light));
    let relays = gpio.relays.iter().map(|relay| line("relay", "on", relay));
    let privacy = gpio.privacy.iter().map(|privacy| line("switch", "on", privacy));
    let others = gpio.others.iter().map(|other| {
        let word = match other.name.as_str() {
            "keypad" => "pressed",
            "broker" => "connected",
            _ => "on",
        };
        line(&clean(&other.name), word, &LineStatus { name: other.line.clone(), ..other.clone() })
    });
    buttons.chain(lights).chain(relays).chain(privacy).chain(others).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use serde_json::json;

    /// An appliance in a call with two others, one of whom tries to paint the terminal.
    pub fn example() -> Status {
        let participant = |id: &str, name: &str, connection: &str, width: u32| {
            json!({
                "id": id, "user": "anna", "name": name, "state": "joined", "muted": {"audio": true, "video": false},
                "connection": connection, "error": null, "audio": {"packets": 9012}, "estimated_bitrate": 1_250_000,
                "video": {"frames_decoded": 4821, "width": width, "height": width * 9 / 16}
            })
        };
        let device = |state: &str, error: Option<&str>| json!({"state": state, "device": "test", "error": error});
        serde_json::from_value(json!({
            "user": "door-1", "version": "callbox 0.1.0",
            "hub": {"url": "wss://hub.example.org", "state": "disconnected", "error": "nobody listens", "retry_in_s": 4},
            "call": {
                "cid": "default:lobby", "state": "reconnecting", "error": null, "participant": "me",
                "muted": {"audio": false, "video": true},
                "participants": [participant("p1", "Anna\u{1b}[31m", "connected", 1280), participant("p2", "Kiosk", "failed", 0)]
            },
            "media": {
                "encoder": {"element": "x264enc", "hardware": false, "instances": 1, "frames": 77, "bitrate": 1_500_000,
                    "picture": {"width": 1280, "height": 720, "framerate": 30, "step": "720p"},
                    "rejected": [{"element": "vah264enc", "error": "it does not answer"}]},
                "sound": {"volume": 70, "silent": false, "speaker_level": -20, "microphone_level": -31,
                    "processing": {"echo_cancellation": true, "noise_suppression": true, "gain_control": true, "error": null},
                    "echo": {"loss": 6, "removed": 38}},
                "camera": device("missing", Some("no such device")), "microphone": device("running", None),
                "speaker": device("disabled", None), "screen": device("idle", None)
            },
            "gpio": {
                "buttons": [{"name": "DOORBELL", "line": "DOORBELL", "state": "running", "on": true, "error": null}],
                "lights": [],
                "relays": [{"name": "door", "line": "gpiochip0 17", "state": "busy", "on": false, "error": "in use"}]
            }
        }))
        .unwrap()
    }

    #[test]
    fn the_page_shows_who_is_there_and_what_is_wrong() {
        let expected = "\
door-1  callbox 0.1.0

hub   disconnected  wss://hub.example.org: nobody listens (again in 4 s)
call  reconnecting  default:lobby: camera off

  PARTICIPANT  CONNECTION  PICTURE   FRAMES  PACKETS  ESTIMATE
  Anna[31m     connected   1280x720  4821    9012     1.2 Mbit/s
    microphone off
  Kiosk        failed      -         4821    9012     1.2 Mbit/s
    microphone off

encoder     running   x264enc (software), 1280x720 at 30, 1.5 Mbit/s, 77 frames
encoder     rejected  vah264enc: it does not answer
camera      missing   test: no such device
microphone  running   test
speaker     disabled  test
screen      idle      test
sound                 volume 70%, speaker -20 dB, microphone -31 dB, echo 38 dB
                      less

button  pressed  DOORBELL
relay   busy     door (gpiochip0 17): in use
";
        assert_eq!(page(&example(), 80), expected);
    }

    /// Everything at its longest.
    pub fn crowded() -> Status {
        let mut status = example();
        let long =
            "no way to the other side was found (ICE or DTLS failed): the network lets no UDP out, and there is no TURN server";
        let stats = json!({
            "path": "reflexive", "round_trip_ms": 1041.6,
            "sent": {"audio_bitrate": 32_000, "video_bitrate": 11_400_000, "frames": 9, "frames_dropped": 0, "loss": 0.115625},
            "received": {"audio_bitrate": 30_000, "video_bitrate": 11_400_000, "packets": 50, "packets_lost": 0, "loss": 1.0,
                "jitter_ms": 103.2, "freezes": 2123, "frozen_ms": 900}
        });
        status.hub.error = Some(long.to_owned());
        status.config.error = Some(format!("/etc/callbox/callbox.d/50-site.toml:3:9: {long}"));
        status.config.pending = ["video", "network", "hub.url", "state-directory"].map(str::to_owned).to_vec();
        status.media.camera.device =
            "/dev/v4l/by-id/usb-046d_Logitech_BRIO_Ultra_HD_Webcam_0123456789ABCDEF-video-index0".to_owned();
        status.media.camera.error = Some(long.to_owned());
        if let Some(call) = &mut status.call {
            for participant in &mut call.participants {
                participant.name = "Dr. Maximiliane von und zu Hohenstein-Wolkenburg".to_owned();
                participant.error = Some(long.to_owned());
                participant.stats = serde_json::from_value(stats.clone()).unwrap();
                participant.video.frames_decoded = 12_345_678;
                participant.audio.packets = 123_456_789;
            }
        }
        status
    }

    #[test]
    fn a_page_fits_a_terminal_whatever_is_on_it() {
        let text = page(&crowded(), 80);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{} characters: {line}", line.chars().count());
        }
        insta::with_settings!({snapshot_path => "../../../tests/snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!("crowded-page", text);
        });
    }
}
