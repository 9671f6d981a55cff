//! The driver task. Nothing in here blocks: adapters have bounded queues and answer later.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::addresses::Changes;
use super::chronicle::Chronicle;
use super::helpers::Helpers;
use super::metrics::Pulse;
use super::reload::Settings;
use super::replies::{open, snapshot};
use super::speaking::Speaking;
use super::unattended::{Unattended, minutes};
use super::{Ended, Error, Signals, VERSION, stage, wire};
use crate::call::{Core, Effect, Input, PeerId, Refused};
use crate::config;
use crate::controls::gpio::{Opener, Wanted};
use crate::controls::socket::{Ask, What};
use crate::media::plan::stage::Stage;
use crate::media::{self, DescriptionKind, PeerKey, Role, VoiceSetting};
use crate::protocol::UserId;
use crate::protocol::action::Phase;
use crate::protocol::control::{Command, GpioStatus, HubState, HubStatus, PeerConnection, Status};
use crate::protocol::hub::{IceServers, Signal};
use crate::signaling;

/// Everything the driver holds.
pub(super) struct Driver {
    pub core: Core,
    pub hub: signaling::Handle,
    pub hub_events: mpsc::Receiver<signaling::Event>,
    pub engine: media::Handle,
    pub helpers: Helpers,
    /// What the hub named last.
    pub ice_servers: IceServers,
    pub settings: Settings,
    pub relays: Opener,
    /// The relay of the door that others may open.
    pub door: Option<String>,
    /// What goes on without anybody asking for it.
    pub unattended: Unattended,
    /// What becomes known some time after it was asked for.
    pub later: mpsc::Sender<Input>,
    pub late: mpsc::Receiver<Input>,
    pub shown: watch::Sender<Status>,
    pub view: watch::Receiver<media::View>,
    pub gpio: watch::Receiver<GpioStatus>,
    pub private: watch::Receiver<bool>,
    /// How users are heard, as somebody asked for.
    pub voices: BTreeMap<UserId, VoiceSetting>,
    pub addresses: watch::Receiver<Changes>,
    /// How many addresses were lost so far.
    pub lost: u64,
    /// What happens, for log, events and metrics.
    pub chronicle: Chronicle,
    /// Who of the others speaks.
    pub speaking: Speaking,
    /// When the call was asked for, and how long after that the first remote picture came.
    pub wished: Instant,
    pub first_picture_ms: Option<u64>,
    /// This appliance, for people.
    pub name: String,
    /// What the screen was told.
    pub staged: Option<Stage>,
    /// Somebody wants this to end; whoever supervises it starts it again.
    pub restart: Arc<Notify>,
}

/// What is shown before anything has happened.
pub(super) fn first_status(config: &config::Appliance) -> Status {
    let hub = HubStatus { url: config.hub.url.clone(), state: HubState::Connecting, error: None, retry_in_s: None };
    Status::new(config.hub.user.clone(), VERSION.to_owned(), hub)
}

impl Driver {
    pub(super) async fn run(
        mut self,
        signals: &mut Signals,
        mut media_events: mpsc::Receiver<media::Event>,
        mut asks: mpsc::Receiver<Ask>,
        mut wanted: mpsc::Receiver<Wanted>,
        mut pulse: Pulse,
    ) -> Result<Ended, Error> {
        self.privacy();
        self.chronicle.shown(&self.shown.borrow(), &self.view.borrow());
        self.clock();
        let mut minutes = minutes();
        let ended = loop {
            self.show();
            self.notice_quiet();
            let due = self.core.poll_timeout(Instant::now()).map(|(at, _)| tokio::time::Instant::from_std(at));
            let quiet = self.settings.due();
            tokio::select! {
                event = self.hub_events.recv() => self.hub_event(event.ok_or(Error::Ended("the hub client"))?),
                event = media_events.recv() => self.media_event(event.ok_or(Error::Ended("the media engine"))?),
                ask = asks.recv() => self.ask(ask.ok_or(Error::Ended("the control socket"))?),
                input = self.late.recv() => self.input(input.ok_or(Error::Ended("the driver"))?),
                wanted = wanted.recv() => self.wanted(wanted.ok_or(Error::Ended("the buttons"))?),
                changed = self.private.changed() => {
                    changed.map_err(|_| Error::Ended("the privacy switch"))?;
                    self.privacy();
                }
                changed = self.addresses.changed() => {
                    changed.map_err(|_| Error::Ended("the look at the network"))?;
                    self.addresses();
                }
                changed = self.gpio.changed() => changed.map_err(|_| Error::Ended("the buttons"))?,
                changed = self.view.changed() => changed.map_err(|_| Error::Ended("the media engine"))?,
                Some(alive) = pulse.recv() => {
                    let _ = alive.send(());
                }
                _ = minutes.tick() => self.clock(),
                () = at(self.unattended.deadline()) => self.next_user(),
                () = at(due) => {
                    self.core.handle_timeout(Instant::now());
                    self.drain();
                }
                read = self.settings.read.recv() => self.loaded(read.ok_or(Error::Ended("the configuration"))?),
                () = at(quiet) => {
                    if let Some(ended) = self.take_waiting() {
                        break ended;
                    }
                }
                _ = signals.hangup.recv() => self.reload(None),
                _ = signals.interrupt.recv() => {
                    self.input(Input::Command(Command::Leave));
                    break Ended::Stopped;
                }
                () = self.restart.notified() => break Ended::Stopped,
                _ = signals.terminate.recv() => break Ended::Stopped,
            }
        };
        self.chronicle.finish();
        if matches!(ended, Ended::Stopped) {
            super::watchdog::stopping();
        }
        tokio::join!(self.engine.stop(), self.hub.close());
        Ok(ended)
    }

    fn hub_event(&mut self, event: signaling::Event) {
        match event {
            signaling::Event::State { state, error, retry_in } => {
                if state != HubState::Connected {
                    self.input(Input::HubLost);
                }
                self.shown.send_modify(|status| {
                    status.hub.state = state;
                    status.hub.error = error;
                    status.hub.retry_in_s = retry_in.map(|pause| pause.as_secs_f64().ceil() as u64);
                });
                self.chronicle.shown(&self.shown.borrow(), &self.view.borrow());
            }
            signaling::Event::Opened { resumed, opened } => {
                tracing::debug!(user = %opened.user.id, resumed, "signed in to the hub");
                self.name = opened.user.name;
                self.input(Input::HubOpened { resumed });
            }
            signaling::Event::Hub(event) => self.input(Input::Hub(event)),
            signaling::Event::Reply { tag, outcome } => {
                self.settings.asked.remove(&tag);
                self.input(Input::Reply { tag, outcome });
            }
        }
    }

    fn media_event(&mut self, event: media::Event) {
        self.input(match event {
            media::Event::LocalDescription { key, kind, sdp } => {
                let signal = match kind {
                    DescriptionKind::Offer => Signal::Offer { sdp },
                    DescriptionKind::Answer => Signal::Answer { sdp },
                };
                Input::LocalSignal { peer: peer_id(key), signal }
            }
            media::Event::LocalCandidate { key, line, candidate } => {
                Input::LocalSignal { peer: peer_id(key), signal: Signal::Candidate { candidate, sdp_m_line_index: line } }
            }
            media::Event::Connection { key, state, error } => {
                // Whoever has everything switched off falls silent between two reports.
                if state == PeerConnection::Disconnected {
                    tracing::debug!(peer = %key.id, epoch = key.epoch, "nothing comes at the moment");
                } else {
                    tracing::info!(peer = %key.id, epoch = key.epoch, ?state, error, "peer connection");
                }
                Input::Connection { peer: peer_id(key), state, error }
            }
        });
    }

    fn ask(&mut self, ask: Ask) {
        let Some(ask) = self.listening(ask) else { return };
        match ask.what {
            What::Command(Command::Open { relay }) => {
                tokio::spawn(open(self.relays.clone(), relay, ask.reply));
            }
            What::Command(command) => {
                let calls = matches!(command, Command::Call { .. });
                let reply = self.command(command).map_err(|refused| wire::refused(&refused));
                let outgoing = self.core.outgoing().filter(|_| calls);
                let shown = outgoing.map_or(serde_json::Value::Null, |outgoing| json!(outgoing));
                let _ = ask.reply.send(reply.map(|()| shown));
            }
            What::Snapshot => {
                tokio::spawn(snapshot(self.engine.clone(), ask.reply));
            }
            What::Reload => self.reload(Some(ask.reply)),
            // Answered above.
            What::Devices | What::SpeakerTest => {}
        }
    }

    /// Somebody did something with a button: the same commands as at every other door.
    fn wanted(&mut self, wanted: Wanted) {
        let Wanted { button, gesture, actions, at } = wanted;
        self.chronicle.pressed(&button, gesture.name());
        let (call, ring, outgoing) = (self.core.status(), self.core.ring(), self.core.outgoing());
        let Some(action) = actions.now(Phase::of(call.as_ref(), ring.as_ref(), outgoing.as_ref())) else {
            tracing::info!(button, ?gesture, "nothing to do now");
            return;
        };
        let command = action.command(self.core.muted());
        let after_us = at.elapsed().as_micros() as u64;
        tracing::info!(button, ?gesture, ?command, after_us, "button");
        if let Command::Open { relay } = command {
            let (reply, _) = oneshot::channel();
            tokio::spawn(open(self.relays.clone(), relay, reply));
        } else if let Err(refused) = self.command(command) {
            tracing::info!(button, "refused: {refused}");
        }
    }

    fn addresses(&mut self) {
        let Changes { lost, .. } = *self.addresses.borrow_and_update();
        let gone = std::mem::replace(&mut self.lost, lost) != lost;
        // Signaling first: what the core says next has to wait for it.
        if self.hub.addresses_changed(gone) && gone {
            self.input(Input::AddressLost);
        }
    }

    fn privacy(&mut self) {
        let private = *self.private.borrow_and_update();
        self.input(Input::Privacy(private));
    }

    fn command(&mut self, command: Command) -> Result<(), Refused> {
        if matches!(command, Command::Join { .. } | Command::Call { .. } | Command::Answer { .. }) {
            (self.wished, self.first_picture_ms) = (Instant::now(), None);
        }
        let outcome = self.core.handle(Input::Command(command), Instant::now());
        self.drain();
        self.show();
        outcome
    }

    pub(super) fn input(&mut self, input: Input) {
        if let Err(refused) = self.core.handle(input, Instant::now()) {
            tracing::debug!("{refused}");
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            if let Err(error) = self.act(effect) {
                tracing::error!("{error}");
            }
        }
    }

    fn act(&mut self, effect: Effect) -> Result<(), media::Error> {
        match effect {
            Effect::Request { tag, request } => {
                match self.hub.request(tag, wire::request(request)) {
                    Ok(()) => _ = self.settings.asked.insert(tag),
                    // Refused at once: the core still gets its one reply.
                    Err(error) => _ = self.core.handle(Input::Reply { tag, outcome: Err(error) }, Instant::now()),
                }
            }
            Effect::Offer(peer) => {
                self.hear(&peer)?;
                self.engine.open_peer(key(peer), Role::Offer)?;
            }
            Effect::Answer { peer, sdp } => {
                self.hear(&peer)?;
                self.engine.open_peer(key(peer), Role::Answer { sdp })?;
            }
            Effect::RemoteAnswer { peer, sdp } => self.engine.remote_answer(key(peer), sdp)?,
            Effect::RemoteCandidate { peer, candidate, line } => self.engine.remote_candidate(key(peer), line, candidate)?,
            Effect::Close(peer) => self.engine.close_peer(key(peer))?,
            Effect::Mute(muted) => self.engine.mute(muted)?,
            Effect::SetMaxBitrate(bits) => self.engine.max_bitrate(bits)?,
            Effect::IceServers(servers) => {
                self.engine.helpers(self.helpers.with(&servers))?;
                self.ice_servers = servers;
            }
            Effect::Tone(tone) => self.engine.tone(tone)?,
            Effect::Record(recorded) => self.engine.record(recorded)?,
            Effect::OpenDoor { cid, request, by } => self.open_door(cid, request, by),
            Effect::Share(source) => self.engine.share(source)?,
        }
        Ok(())
    }

    /// Brings what is shown up to date; watchers wake only when something changed.
    fn show(&mut self) {
        let mut call = self.core.status();
        let view = self.view.borrow_and_update();
        if let Some(call) = &mut call {
            let first = view.peers.values().filter_map(|peer| peer.first_picture).filter(|at| *at > self.wished).min();
            self.first_picture_ms = self.first_picture_ms.or(first.map(|at| at.duration_since(self.wished).as_millis() as u64));
            call.first_picture_ms = self.first_picture_ms;
            let seen = self.core.peer_ids().filter_map(|peer| {
                let id = peer.participant.clone();
                view.peers.get(&key(peer)).map(|seen| (id, seen))
            });
            for (id, seen) in seen {
                if let Some(participant) = call.participants.iter_mut().find(|p| p.id == id) {
                    participant.video = seen.video.clone();
                    participant.share = seen.share.clone();
                    participant.audio = seen.audio.clone();
                    participant.estimated_bitrate = seen.estimated_bitrate;
                    participant.sent = seen.sent;
                    participant.stats = seen.stats.clone();
                }
            }
            self.speaking.mark(&mut call.participants, Instant::now());
        }
        let ended = self.chronicle.call(call.as_ref(), &view);
        let (ring, outgoing) = (self.core.ring(), self.core.outgoing());
        let quiet = self.core.is_quiet(Instant::now());
        let gpio = self.gpio.borrow_and_update();
        let changed = self.shown.send_if_modified(|status| {
            let changed = status.call != call
                || status.ring != ring
                || status.outgoing != outgoing
                || status.do_not_disturb != quiet
                || status.media != view.media
                || status.gpio != *gpio;
            (status.call, status.ring, status.outgoing, status.do_not_disturb) = (call, ring, outgoing, quiet);
            status.media = view.media.clone();
            status.gpio = gpio.clone();
            let over = ended.is_some();
            status.last_call = ended.or(status.last_call.take());
            changed || over
        });
        drop((view, gpio));
        if changed {
            self.chronicle.shown(&self.shown.borrow(), &self.view.borrow());
        }
        self.unattended.see(&self.shown.borrow(), self.core.quiet_by_hand(), Instant::now());
        self.stage();
    }

    /// Tells the screen what goes on.
    fn stage(&mut self) {
        let stage = stage::stage(&self.shown.borrow(), &self.name, self.core.muted());
        if self.staged.as_ref() == Some(&stage) {
            return;
        }
        match self.engine.show(stage.clone()) {
            Ok(()) => self.staged = Some(stage),
            Err(error) => tracing::error!("{error}"),
        }
    }
}

async fn at(due: Option<tokio::time::Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn key(peer: PeerId) -> PeerKey {
    PeerKey { id: peer.participant, epoch: peer.epoch }
}

fn peer_id(key: PeerKey) -> PeerId {
    PeerId { participant: key.id, epoch: key.epoch }
}
