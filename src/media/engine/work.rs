//! What the engine does when it is asked, told, or when its tick comes.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gstreamer_webrtc::WebRTCPeerConnectionState as RemoteState;

use super::leaving::Leaving;
use super::measure::Measured;
use super::room::{Engine, Seat};
use super::{Ask, Device, Note};
use crate::config::SpeakerSink;
use crate::media::capture::Capture;
use crate::media::peer::{self, Options, Part, Peer, Role, Streams};
use crate::media::{Event, PeerKey, probe};
use crate::protocol::control::{DeviceState, PeerConnection};

/// A peer connection that is not up by then will not be.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Nothing came for this long. Sound comes fifty times a second; what a silence means is for the call core to say, which knows what
/// the other side has switched off.
const SILENT: Duration = Duration::from_millis(1500);

impl Engine {
    pub(super) fn handle(&mut self, ask: Ask, now: Instant) {
        match ask {
            Ask::Open { key, role } => self.open(key, &role, now),
            Ask::RemoteAnswer { key, sdp } => {
                let outcome = match self.peers.get_mut(&key) {
                    Some(seat) => seat.peer.remote_answer(&key, &self.notes, &sdp),
                    None => return,
                };
                if let Err(error) = outcome {
                    self.fail(&key, error.to_string());
                }
            }
            Ask::RemoteCandidate { key, line, candidate } => {
                if let Some(seat) = self.peers.get(&key) {
                    seat.peer.remote_candidate(line, &candidate);
                }
            }
            Ask::Close { key } => self.close(&key),
            Ask::Mute(muted) => {
                self.muted = muted;
                self.given(now);
            }
            Ask::Tone(tone) => self.tone = tone,
            Ask::Record(recorded) => self.recorded = recorded,
            Ask::Share(source) => self.share(source, now),
            Ask::Helpers(helpers) => self.helpers = helpers,
            Ask::Speaker { percent, silent } => self.set_speaker(percent, silent, now),
            Ask::Voice { id, setting } => self.set_voice(id, setting),
            Ask::SpeakerTest(reply) => self.begin_test(reply, now),
            Ask::Use { kind, device } => self.use_device(kind, device, now),
            Ask::Change(change) => self.change(*change, now),
            Ask::MaxBitrate(limit) => self.limit(limit, now),
            Ask::Show(stage) => self.set_stage(*stage, now),
            Ask::Snapshot(reply) => self.snapshot(reply),
            Ask::Ping(reply) => {
                let _ = reply.send(());
            }
            Ask::Stop(_) => {}
            Ask::Note(note) => self.note(note, now),
        }
    }

    fn open(&mut self, key: PeerKey, role: &Role, now: Instant) {
        self.close(&key);
        let decoder = match probe::decoder() {
            Ok(decoder) => decoder,
            Err(error) => return self.say(&key, PeerConnection::Failed, Some(error.to_string())),
        };
        if self.peers.is_empty() {
            // Loading it takes as long as connecting, and would hold up the first picture after that.
            self.retired.add(Leaving::WarmUp, now, move || peer::load(decoder));
        }
        let options = Options {
            latency: self.config.network.jitter_buffer,
            helpers: self.helpers.clone(),
            relay_only: self.config.network.relay_only,
            ports: self.config.network.ports,
            decoder,
            play_audio: self.config.speaker.sink != SpeakerSink::None,
            read_test_card: self.config.screen.read_test_card,
            max_bitrate: self.config.video.bitrate.0,
            most_shared: self.config.share.bitrate.0,
        };
        match Peer::open(&key, role, &options, &self.time, &self.notes) {
            Ok(peer) => {
                let seat = Seat {
                    peer,
                    state: PeerConnection::Connecting,
                    opened: now,
                    activity: 0,
                    active_at: now,
                    picture: None,
                    share: None,
                    voice: None,
                    measured: Measured::default(),
                    coded_picture: None,
                    coded_share: None,
                    coded_voice: None,
                };
                self.peers.insert(key.clone(), seat);
                self.say(&key, PeerConnection::Connecting, None);
            }
            Err(error) => self.say(&key, PeerConnection::Failed, Some(error.to_string())),
        }
    }

    fn close(&mut self, key: &PeerKey) {
        self.silence(key);
        self.hide_peer(key, Instant::now());
        if let Some(mut seat) = self.peers.remove(key) {
            seat.peer.send(Streams::default());
            self.retired.add(Leaving::Peer(key.clone()), Instant::now(), move || drop(seat));
            self.say(key, PeerConnection::Closed, None);
        }
    }

    fn note(&mut self, note: Note, now: Instant) {
        match note {
            Note::LocalDescription { key, kind, sdp } => self.tell(&key.clone(), Event::LocalDescription { key, kind, sdp }),
            Note::LocalCandidate { key, line, candidate } => {
                self.tell(&key.clone(), Event::LocalCandidate { key, line, candidate })
            }
            Note::PeerState { key, state } => self.peer_state(&key, state, now),
            Note::PeerFailed { key, text } => self.fail(&key, text),
            Note::PeerLatency { key } => {
                if let Some(seat) = self.peers.get(&key) {
                    seat.peer.pipeline().settle_latency();
                }
            }
            Note::PictureReady { key, part, producer, coded } => {
                if let Some(seat) = self.peers.get_mut(&key) {
                    match part {
                        Part::Camera => (seat.picture, seat.coded_picture) = (Some(producer), Some(coded)),
                        Part::Share => (seat.share, seat.coded_share) = (Some(producer), Some(coded)),
                    }
                    self.seat_all();
                }
            }
            Note::VoiceReady { key, producer, coded } => {
                if let Some(seat) = self.peers.get_mut(&key) {
                    (seat.voice, seat.coded_voice) = (producer, Some(coded));
                    self.seat_all();
                }
            }
            Note::Device { device, run, report } => {
                if self.runs.is_current(device, run) {
                    self.device(device, report, now);
                }
            }
            Note::Started { run, started } => self.started(run, started, now),
            Note::Stopped { device, run } => self.stopped(device, run),
            Note::Encoder(found) => self.found_encoder(found),
            Note::WayFell { key } if self.peers.contains_key(&key) => self.adapt(now),
            Note::WayFell { .. } => {}
            Note::Board(board) => self.board(board, now),
        }
    }

    /// Events of a peer that is gone are not worth telling.
    fn tell(&self, key: &PeerKey, event: Event) {
        if self.peers.contains_key(key) {
            self.emit(event);
        }
    }

    fn emit(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            tracing::error!("the daemon does not take the media engine's events: one is lost");
        }
    }

    fn say(&self, key: &PeerKey, state: PeerConnection, error: Option<String>) {
        self.emit(Event::Connection { key: key.clone(), state, error });
    }

    #[allow(clippy::wildcard_enum_match_arm)] // not our enum: it grows with every release
    fn peer_state(&mut self, key: &PeerKey, state: RemoteState, now: Instant) {
        match state {
            RemoteState::Connected => self.connected(key, now),
            RemoteState::Failed => self.fail(key, "no way to the other side was found (ICE or DTLS failed)".to_owned()),
            RemoteState::Closed => self.fail(key, "the other side closed the connection".to_owned()),
            // Silence is judged by what comes in, see `tick`.
            _ => {}
        }
    }

    fn connected(&mut self, key: &PeerKey, now: Instant) {
        let Some(seat) = self.peers.get_mut(key) else {
            return;
        };
        if seat.state != PeerConnection::Connecting {
            return;
        }
        if let Err(error) = seat.peer.admit() {
            return self.fail(key, error.to_string());
        }
        seat.state = PeerConnection::Connected;
        seat.active_at = now;
        self.link(key);
        for coder in self.coders_for(key).into_iter().flatten() {
            coder.request_keyframe();
        }
        self.say(key, PeerConnection::Connected, None);
    }

    fn fail(&mut self, key: &PeerKey, text: String) {
        if let Some(seat) = self.peers.get_mut(key)
            && seat.state != PeerConnection::Failed
        {
            seat.state = PeerConnection::Failed;
            // Nothing goes to or comes from a peer that was refused.
            seat.peer.send(Streams::default());
            self.say(key, PeerConnection::Failed, Some(text));
        }
    }

    /// Twice a second during a call.
    pub(super) fn tick(&mut self, now: Instant) {
        let mut changes = Vec::new();
        for (key, seat) in &mut self.peers {
            let activity = seat.peer.intake().activity();
            if activity != seat.activity {
                seat.activity = activity;
                seat.active_at = now;
            }
            let silence = now.duration_since(seat.active_at);
            match seat.state {
                PeerConnection::Connecting if now.duration_since(seat.opened) > CONNECT_TIMEOUT => {
                    changes.push((key.clone(), PeerConnection::Failed, Some("no connection within 20 s".to_owned())));
                }
                PeerConnection::Connected if silence > SILENT => changes.push((key.clone(), PeerConnection::Disconnected, None)),
                PeerConnection::Disconnected if silence < SILENT => changes.push((key.clone(), PeerConnection::Connected, None)),
                PeerConnection::Undefined
                | PeerConnection::Connecting
                | PeerConnection::Connected
                | PeerConnection::Disconnected
                | PeerConnection::Failed
                | PeerConnection::Closed => {}
            }
        }
        for (key, state, error) in changes {
            match error {
                Some(text) => self.fail(&key, text),
                None => {
                    if let Some(seat) = self.peers.get_mut(&key) {
                        seat.state = state;
                    }
                    self.say(&key, state, None);
                }
            }
        }
        self.look_at_board(now);
        self.measure(now);
        self.adapt(now);
        self.watch_camera(now);
        self.watch_share(now);
        self.watch_sound(now);
        self.watch_encoder(now);
    }

    /// A camera can stop without an error.
    fn watch_camera(&mut self, now: Instant) {
        if self.camera.get().is_none() {
            return;
        }
        let between = Duration::from_secs(3) / self.config.camera.framerate.max(1);
        if let Some(stalled) = self.flow.stalled(self.counters.taken.load(Ordering::Relaxed), between, now) {
            let text = format!("no picture came for {} s", stalled.as_secs());
            self.device_failed(Device::Camera, DeviceState::Failed, text, now);
        } else if self.flow.flows() && self.camera.status().state != DeviceState::Running {
            let refused = self.camera.get().and_then(Capture::refused);
            self.camera.proven();
            self.camera.remark(refused);
            if self.stand_in.get().is_some() {
                self.cut_links();
                self.link_all();
            }
        }
    }
}
