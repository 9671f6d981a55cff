//! The whole: what happens goes to the part that it concerns, then everything that follows is settled.

use std::collections::VecDeque;
use std::time::Instant;

use super::clock::Clock;
use super::door::Doors;
use super::ice::Ice;
use super::incoming::Incoming;
use super::limits::Wish;
use super::outgoing::Outgoing;
use super::owed::Owed;
use super::peers::Wish as PeerWish;
use super::room::{InCall, Joining, Origin};
use super::{Effect, Input, Recorded, Refused, Request, Settings, Tone};
use crate::config::CameraSource;
use crate::protocol::Cid;
use crate::protocol::control::Command;
use crate::protocol::hub::{Event, EventBody, Muted, Signal};

/// The state machine.
#[derive(Debug)]
pub struct Core {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) hub_open: bool,
    /// The call that we are in, or want to be in.
    pub(super) room: Option<InCall>,
    pub(super) incoming: Option<Incoming>,
    pub(super) outgoing: Option<Outgoing>,
    /// The call to be in whenever possible, as it is now.
    pub(super) home: Option<Cid>,
    /// Left by a person: the auto-join call is not joined again until asked for.
    pub(super) left: bool,
    /// The hardware privacy switch is on.
    pub(super) private: bool,
    /// What a person switched off or on in this call.
    pub(super) wish: Wish,
    /// The same for the room that a rung call interrupts.
    pub(super) resting: Option<(Cid, Wish)>,
    /// What the media engine was told.
    pub(super) muted: Muted,
    pub(super) max_bitrate: Option<u64>,
    pub(super) tone: Option<Tone>,
    pub(super) recorded: Option<Recorded>,
    pub(super) shown: Option<CameraSource>,
    /// What is shown beside the camera.
    pub(super) sharing: Option<CameraSource>,
    /// A wish about recording that the hub has not answered yet.
    pub(super) record_tag: Option<u64>,
    /// Our own limit, kbit/s; 0: none.
    pub(super) own_limit: u32,
    /// What a person said about disturbing, as long as it differs from the schedule.
    pub(super) quiet: Option<bool>,
    /// Rings that were dealt with: call, and when it began.
    pub(super) rung: VecDeque<(Cid, String)>,
    pub(super) owed: Owed,
    pub(super) doors: Doors,
    pub(super) ice: Ice,
    /// Calls made since the start.
    pub(super) calls: u64,
    pub(super) next_tag: u64,
    pub(super) effects: VecDeque<Effect>,
}

impl Core {
    /// Not in a call; goes for the auto-join call as soon as the hub is there.
    pub fn new(settings: Settings, now: Instant) -> Self {
        let own_limit = settings.call.max_kbits();
        let quiet = settings.quiet;
        let mut core = Self {
            settings,
            clock: Clock::default(),
            hub_open: false,
            room: None,
            incoming: None,
            outgoing: None,
            home: None,
            left: false,
            private: false,
            wish: Wish::default(),
            resting: None,
            muted: Muted::default(),
            max_bitrate: None,
            tone: None,
            recorded: None,
            shown: None,
            sharing: None,
            record_tag: None,
            own_limit,
            quiet,
            rung: VecDeque::new(),
            owed: Owed::default(),
            doors: Doors::default(),
            ice: Ice::default(),
            calls: 0,
            next_tag: 1,
            effects: VecDeque::new(),
        };
        core.settle(now);
        core
    }

    /// Takes what happened. Refusals are for whoever sent a command; nothing else is refused.
    pub fn handle(&mut self, input: Input, now: Instant) -> Result<(), Refused> {
        match input {
            Input::Command(command) => self.command(command, now)?,
            Input::Privacy(on) => self.private = on,
            Input::Configured { call, records } => self.configure(*call, records),
            Input::Clock { wall, day, minute } => self.clock.set(wall, day, minute, now),
            Input::NextUser => self.next_user(),
            Input::HubOpened { resumed } => {
                self.hub_open = true;
                self.room_hub_opened(resumed);
                self.incoming_hub_opened(resumed);
                self.outgoing_hub_opened(resumed, now);
            }
            Input::HubLost => self.hub_open = false,
            Input::Hub(event) => self.event(event, now),
            Input::Reply { tag, outcome } => {
                let owed = self.owed.answered(tag, outcome.as_ref().err(), now);
                if !owed
                    && !self.ice_reply(tag, &outcome, now)
                    && !self.recording_reply(tag, &outcome)
                    && !self.door_reply(tag, &outcome, now)
                    && !self.incoming_reply(tag, &outcome, now)
                    && !self.outgoing_reply(tag, &outcome, now)
                {
                    self.room_reply(tag, outcome, now);
                }
            }
            Input::LocalSignal { peer, signal } => {
                let current = self.peer(&peer).is_some();
                if let (true, Some(room)) = (current, &self.room) {
                    let cid = room.cid.clone();
                    self.request(Request::Signal { cid, peer, signal });
                }
            }
            Input::Connection { peer, state, error } => {
                let sending = self.sending();
                if let Some(found) = self.room.as_mut().and_then(|room| room.peers.get_mut(&peer.participant)) {
                    found.connection(peer.epoch, state, error, sending, now);
                }
            }
            Input::DoorMoved { cid, request, refused } => self.door_moved(cid, request, refused),
            Input::AddressLost => {
                self.hub_open = false;
                for peer in self.room.iter_mut().flat_map(|room| room.peers.values_mut()) {
                    peer.addresses_changed();
                }
            }
        }
        self.settle(now);
        Ok(())
    }

    /// Something that [`Core::poll_timeout`] named is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.settle(now);
    }

    /// What to do next; drain after each `handle`.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When something is due, and what.
    pub fn poll_timeout(&self, now: Instant) -> Option<(Instant, &'static str)> {
        let room = self.room.as_ref().and_then(|room| room.deadline(self.hub_open));
        let incoming = self.incoming.as_ref().and_then(|incoming| incoming.deadline(self.hub_open));
        let outgoing = self.outgoing.as_ref().and_then(|outgoing| outgoing.deadline(self.hub_open, now));
        let ice = self.ice.deadline().filter(|_| self.hub_open);
        let owed = self.owed.deadline().filter(|_| self.hub_open).map(|at| (at, "tell the hub again"));
        [room, incoming, outgoing, ice, owed].into_iter().flatten().min()
    }

    fn command(&mut self, command: Command, now: Instant) -> Result<(), Refused> {
        match command {
            Command::Join { cid } => {
                self.cancel_outgoing("another call was joined", now);
                self.left = false;
                match &mut self.room {
                    Some(room) if room.cid == cid && room.joining != Joining::Out => room.knock(),
                    Some(_) | None => self.enter(cid, Origin::Room, Wish::default(), now),
                }
                Ok(())
            }
            Command::Leave if self.cancel_outgoing("cancelled", now) => Ok(()),
            Command::Leave => self.leave_for_now(now),
            Command::Call { to, audio_only } => self.call(&to, audio_only, now),
            Command::Answer { muted, audio_only } => self.answer(muted, audio_only, now),
            Command::Reject { reason } => self.reject(reason, now),
            Command::Hangup => self.hang_up(now),
            Command::Mute { audio, video } => self.switch(audio, video),
            Command::DoNotDisturb { on } => self.disturb(on, now),
            Command::Record { on } => self.record(on),
            Command::Share { on, source } => self.share(on, source.as_deref()),
            Command::MaxBandwidth { kbits } => {
                self.own_limit = kbits;
                Ok(())
            }
            // Relays have nothing to do with the call: the driver keeps this for itself.
            // These are not about the call.
            Command::Open { .. } | Command::Volume { .. } | Command::Balance { .. } | Command::Use { .. } => Ok(()),
        }
    }

    fn leave_for_now(&mut self, now: Instant) -> Result<(), Refused> {
        let Some(room) = &self.room else {
            return Err(Refused::NoCall);
        };
        // After a call that was answered it goes on as before.
        self.left |= !room.is_rung();
        self.leave(now);
        Ok(())
    }

    fn hang_up(&mut self, now: Instant) -> Result<(), Refused> {
        let rung = self.room.as_ref().is_some_and(InCall::is_rung);
        if self.cancel_outgoing("cancelled", now) {
            return Ok(());
        }
        if !rung && self.reject(None, now).is_ok() {
            return Ok(());
        }
        self.leave_for_now(now)
    }

    #[allow(clippy::wildcard_enum_match_arm)] // the rest concerns the room alone
    fn event(&mut self, event: Event, now: Instant) {
        let cid = &event.cid;
        match &event.body {
            EventBody::Ringing { call, by } => {
                self.ring_changed(cid, call.ring.as_ref(), now);
                return self.ringing(call, by.clone(), now);
            }
            EventBody::Rejected { user, reason, ring, .. } => {
                self.outgoing_rejected(cid, user.clone(), reason.clone());
                return self.ring_changed(cid, Some(ring), now);
            }
            EventBody::Accepted { ring, .. } | EventBody::Missed { ring, .. } | EventBody::Cancelled { ring, .. } => {
                return self.ring_changed(cid, Some(ring), now);
            }
            EventBody::Ended { .. } | EventBody::Closed { .. } => {
                self.incoming_gone(cid, now);
                self.outgoing_gone(cid, now);
            }
            _ => {}
        }
        self.room_event(event, now);
    }

    fn ring_changed(&mut self, cid: &Cid, ring: Option<&crate::protocol::hub::Ring>, now: Instant) {
        self.incoming_changed(cid, ring, now);
        self.outgoing_changed(cid, ring, now);
        if let Some(room) = self.room.as_mut().filter(|room| room.cid == *cid) {
            room.ring = ring.cloned();
        }
    }

    /// What follows from the state as it is now.
    fn settle(&mut self, now: Instant) {
        self.settle_quiet(now);
        self.settle_home(now);
        self.settle_incoming(now);
        self.settle_outgoing(now);
        self.settle_company(now);
        self.settle_room(now);
        self.settle_sharing();
        self.settle_limits();
        self.settle_ice(now);
        self.settle_peers(now);
        self.settle_recording();
        self.settle_tone(now);
        self.settle_owed(now);
    }

    /// Whether anything goes to the others, as far as it depends on us.
    pub(super) fn sending(&self) -> bool {
        !(self.muted.audio && self.muted.video)
    }

    pub(super) fn settle_owed(&mut self, now: Instant) {
        if self.hub_open {
            for (tag, request) in self.owed.due(now, &mut self.next_tag) {
                self.effects.push_back(Effect::Request { tag, request });
            }
        }
    }

    fn settle_peers(&mut self, now: Instant) {
        let Some(room) = &mut self.room else {
            return;
        };
        let ready = self.hub_open && room.joining == Joining::Done;
        let mut wishes = Vec::new();
        for peer in room.peers.values_mut() {
            wishes.extend(peer.settle(ready, now));
        }
        let cid = room.cid.clone();
        for wish in wishes {
            match wish {
                PeerWish::Do(effect) => self.effects.push_back(effect),
                PeerWish::AskRestart(peer) => self.request(Request::Signal { cid: cid.clone(), peer, signal: Signal::Restart }),
            }
        }
    }

    pub(super) fn request(&mut self, request: Request) {
        let tag = self.next_tag;
        self.next_tag += 1;
        self.effects.push_back(Effect::Request { tag, request });
    }
}
