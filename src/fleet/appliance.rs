//! An appliance: the call core and the hub client, as the daemon joins them; a media engine that mostly works.

use std::time::{Duration, Instant, SystemTime};

use super::network::LinkId;
use super::random::Random;
use super::{Attempt, Want, user_of};
use crate::call::{Core, Effect, Input, PeerId, Settings};
use crate::config::{AutoAnswer, CallConfig, CameraSource};
use crate::protocol::control::{CallStatus, Command, HubState, PeerConnection};
use crate::protocol::hub::{ClientInfo, ClientKind, Signal};
use crate::protocol::{Cid, ParticipantId, UserId};
use crate::signaling::connection::{self, AccessToken, Connection, Failure};
use crate::signaling::{self};

/// What a media engine says of a peer connection.
#[derive(Debug)]
pub enum Media {
    Local(Signal),
    State(PeerConnection),
}

pub struct Appliance {
    pub user: UserId,
    pub link: Option<LinkId>,
    pub core: Core,
    connection: Connection,
    /// Of the attempt under way.
    attempt: u64,
    dropped: Vec<LinkId>,
}

impl std::fmt::Debug for Appliance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Appliance").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Appliance {
    /// As it boots: nothing is remembered but its participation.
    pub fn new(number: usize, seed: u64, now: Instant) -> Self {
        let user = user_of(number);
        let call = CallConfig {
            auto_join: (number == 0).then(|| "default:call-0".parse().unwrap()),
            auto_answer: if number == 1 { AutoAnswer::Always } else { AutoAnswer::Off },
            ..CallConfig::default()
        };
        let participant = ParticipantId::new(&format!("appliance-{number}")).unwrap();
        let settings = Settings {
            user: user.clone(),
            participant,
            call_ids: format!("made-{number}-{seed:x}"),
            call,
            quiet: None,
            records: true,
            door: None,
            share: CameraSource::Test,
        };
        let client = ClientInfo { kind: ClientKind::Appliance, version: "fleet".into() };
        let mut core = Core::new(settings, now);
        core.handle(Input::Clock { wall: SystemTime::UNIX_EPOCH, day: 0, minute: 600 }, now).unwrap();
        Self { user, link: None, core, connection: Connection::new(client, seed, now), attempt: seed, dropped: Vec::new() }
    }

    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let both = [self.core.poll_timeout(now), self.connection.poll_timeout()];
        both.into_iter().flatten().map(|(at, _)| at).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.core.poll_timeout(now).is_some_and(|(at, _)| at <= now) {
            self.core.handle_timeout(now);
        }
        if self.connection.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.connection.handle_timeout(now);
        }
    }

    fn hub(&mut self, input: connection::Input, now: Instant) {
        let _ = self.connection.handle(input, now);
    }

    pub fn received(&mut self, text: String, now: Instant) {
        self.hub(connection::Input::Received(text), now);
    }

    pub fn pong(&mut self, now: Instant) {
        self.hub(connection::Input::Pong, now);
    }

    pub fn lost(&mut self, now: Instant) {
        self.link = None;
        self.hub(connection::Input::Failed(Failure::passing("the socket is gone")), now);
    }

    /// Whether the link was taken.
    pub fn attempted(&mut self, number: u64, attempt: Attempt, reached: bool, link: Option<LinkId>, now: Instant) -> bool {
        if number != self.attempt {
            return false;
        }
        let input = match (reached, attempt) {
            (false, _) => connection::Input::Failed(Failure::passing("no way")),
            (true, Attempt::SignIn) => {
                let token = AccessToken(self.user.to_string());
                connection::Input::SignedIn { token, expires_in: Duration::from_secs(3600) }
            }
            (true, Attempt::Socket) => {
                self.link = link;
                connection::Input::SocketOpened
            }
        };
        self.hub(input, now);
        true
    }

    pub fn media(&mut self, peer: PeerId, media: Media, now: Instant) {
        let input = match media {
            Media::Local(signal) => Input::LocalSignal { peer, signal },
            Media::State(state) => Input::Connection { peer, state, error: None },
        };
        let _ = self.core.handle(input, now);
    }

    /// What a person at the appliance may do.
    pub fn act(&mut self, random: &mut Random, now: Instant) {
        let peer = self.core.peer_ids().next();
        let cid = || -> Cid { "development:call-1".parse().unwrap() };
        let someone = ["user-0", "user-1", "door-1", "door-2"][random.below(4) as usize];
        let command = match random.below(9) {
            0 => Command::Join { cid: cid() },
            1 => Command::Leave,
            2 => Command::Call { to: someone.into(), audio_only: false },
            3 | 4 => Command::Answer { muted: false, audio_only: false },
            5 => Command::Reject { reason: None },
            6 => Command::Hangup,
            7 if random.one_in(2) => Command::Share { on: random.one_in(2), source: None },
            7 => Command::Mute { audio: Some(random.one_in(2)), video: None },
            _ => {
                if let Some(peer) = peer {
                    self.media(peer, Media::State(PeerConnection::Failed), now);
                }
                return;
            }
        };
        if std::env::var_os("FLEET_TRACE").is_some() {
            eprintln!("          {} {command:?}", self.user);
        }
        let _ = self.core.handle(Input::Command(command), now);
    }

    /// Where it believes to be.
    pub fn status(&self) -> Option<CallStatus> {
        self.core.status()
    }

    /// Both cores until neither has anything to do, and what is left for the world.
    pub fn wants(&mut self, now: Instant) -> Vec<Want> {
        let mut wants: Vec<Want> = std::mem::take(&mut self.dropped).into_iter().map(Want::Drop).collect();
        loop {
            if let Some(effect) = self.connection.poll_effect() {
                self.connected(effect, &mut wants, now);
            } else if let Some(effect) = self.core.poll_effect() {
                self.called(effect, &mut wants, now);
            } else {
                return wants;
            }
        }
    }

    fn connected(&mut self, effect: connection::Effect, wants: &mut Vec<Want>, now: Instant) {
        use connection::Effect as E;
        match effect {
            E::SignIn | E::OpenSocket => {
                self.attempt = self.attempt.wrapping_add(1);
                let attempt = if matches!(effect, E::SignIn) { Attempt::SignIn } else { Attempt::Socket };
                wants.push(Want::Attempt(self.attempt, attempt));
            }
            // Tokens hold for as long as a run.
            E::Renew => {}
            E::Send(text) => wants.extend(self.link.map(|link| Want::Send(link, text))),
            E::Ping => wants.extend(self.link.map(Want::Ping)),
            E::Disconnect | E::Close => {
                self.attempt = self.attempt.wrapping_add(1);
                wants.extend(self.link.take().map(Want::Drop));
            }
            E::Tell(event) => {
                let input = match event {
                    signaling::Event::State { state: HubState::Connected, .. } => return,
                    signaling::Event::State { .. } => Input::HubLost,
                    signaling::Event::Opened { resumed, .. } => Input::HubOpened { resumed },
                    signaling::Event::Hub(event) => Input::Hub(event),
                    signaling::Event::Reply { tag, outcome } => Input::Reply { tag, outcome },
                };
                let _ = self.core.handle(input, now);
            }
        }
    }

    fn called(&mut self, effect: Effect, wants: &mut Vec<Want>, now: Instant) {
        let sdp = || "v=0".to_owned();
        match effect {
            Effect::Request { tag, request } => {
                if std::env::var_os("FLEET_TRACE").is_some() {
                    eprintln!("          {} asks {tag} {request:?}", self.user);
                }
                let request = crate::daemon::wire::request(request);
                self.hub(connection::Input::Request { tag, request }, now);
            }
            Effect::Offer(peer) => wants.push(Want::Media(peer, Media::Local(Signal::Offer { sdp: sdp() }))),
            Effect::Answer { peer, .. } => {
                wants.push(Want::Media(peer.clone(), Media::Local(Signal::Answer { sdp: sdp() })));
                wants.push(Want::Media(peer, Media::State(PeerConnection::Connected)));
            }
            Effect::RemoteAnswer { peer, .. } => wants.push(Want::Media(peer, Media::State(PeerConnection::Connected))),
            Effect::RemoteCandidate { .. }
            | Effect::Close(_)
            | Effect::Mute(_)
            | Effect::SetMaxBitrate(_)
            | Effect::Tone(_)
            | Effect::Record(_)
            | Effect::OpenDoor { .. }
            | Effect::Share(_)
            | Effect::IceServers(_) => {}
        }
    }
}
