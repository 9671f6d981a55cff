//! Two media engines in one process, joined by passing their descriptions by hand.
#![allow(dead_code)]

use std::time::Duration;

use callbox::config::{self, Bitrate, CameraSource, MicrophoneSource, SpeakerSink};
use callbox::media::{self, DescriptionKind, Event, PeerKey, Role, View};
use callbox::protocol::ParticipantId;
use callbox::protocol::control::PeerConnection;
use tokio::sync::{mpsc, watch};

/// Open files and threads are the whole process's: one test at a time.
pub static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A running engine.
pub struct Engine {
    /// The way in.
    pub handle: media::Handle,
    /// What it tells.
    pub events: mpsc::Receiver<Event>,
    /// What it does.
    pub view: watch::Receiver<View>,
}

/// A small moving picture and a tone.
pub fn settings() -> media::Config {
    media::Config {
        camera: config::Camera { source: CameraSource::Test, width: 320, height: 240, framerate: 30, controls: Vec::new() },
        share: config::Share { width: 640, height: 360, bitrate: Bitrate(500_000), ..config::Share::default() },
        microphone: config::Microphone { source: MicrophoneSource::Test { tone: 440 } },
        speaker: config::Speaker { sink: SpeakerSink::None, ..config::Speaker::default() },
        video: config::Video { bitrate: Bitrate(500_000), ..config::Video::default() },
        audio: config::Audio::default(),
        screen: config::Screen { read_test_card: true, width: 640, height: 360, ..config::Screen::default() },
        recording: config::Recording::default(),
        network: config::Network::default(),
        sensors: media::Sensors::default(),
    }
}

/// Starts one.
pub fn engine(settings: media::Config) -> Engine {
    let (handle, events, view) = media::start(settings).unwrap();
    Engine { handle, events, view }
}

/// Names a peer connection.
pub fn key(name: &str, epoch: u64) -> PeerKey {
    PeerKey { id: ParticipantId::new(name).unwrap(), epoch }
}

fn event_key(event: &Event) -> &PeerKey {
    match event {
        Event::LocalDescription { key, .. } | Event::LocalCandidate { key, .. } | Event::Connection { key, .. } => key,
    }
}

/// What happens to descriptions on the way.
pub type Tamper = fn(String) -> String;

/// Carries descriptions and candidates between the two until both say `until`, or time is over.
pub async fn carry(a: &mut Engine, b: &mut Engine, epoch: u64, tamper: Tamper, until: PeerConnection) -> Vec<Option<String>> {
    a.handle.open_peer(key("b", epoch), Role::Offer).unwrap();
    let mut done = (None, None);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while done.0.is_none() || done.1.is_none() {
        let (from_a, event) = tokio::select! {
            event = a.events.recv() => (true, event.unwrap()),
            event = b.events.recv() => (false, event.unwrap()),
            () = tokio::time::sleep_until(deadline) => panic!("not {until:?} in time: {done:?}"),
        };
        if event_key(&event).epoch != epoch {
            continue;
        }
        let (to, name) = if from_a { (&b.handle, "a") } else { (&a.handle, "b") };
        match event {
            Event::LocalDescription { kind: DescriptionKind::Offer, sdp, .. } => {
                to.open_peer(key(name, epoch), Role::Answer { sdp: tamper(sdp) }).unwrap();
            }
            Event::LocalDescription { kind: DescriptionKind::Answer, sdp, .. } => {
                to.remote_answer(key(name, epoch), tamper(sdp)).unwrap();
            }
            Event::LocalCandidate { line, candidate, .. } => to.remote_candidate(key(name, epoch), line, candidate).unwrap(),
            Event::Connection { state, error, .. } if state == until => {
                let side = if from_a { &mut done.0 } else { &mut done.1 };
                *side = Some(error);
            }
            Event::Connection { state, error, .. } => assert_ne!(state, PeerConnection::Failed, "{error:?}"),
        }
    }
    vec![done.0.unwrap(), done.1.unwrap()]
}

/// Waits until the view is so.
pub async fn wait_for(engine: &mut Engine, what: &str, condition: impl FnMut(&View) -> bool) -> View {
    let shown = engine.view.clone();
    match tokio::time::timeout(Duration::from_secs(15), engine.view.wait_for(condition)).await {
        Ok(view) => view.unwrap().clone(),
        Err(_) => panic!("no {what} in time: {:#?}", shown.borrow().clone()),
    }
}
