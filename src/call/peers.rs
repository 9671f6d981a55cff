//! One other participant and the peer connection to it.
//!
//! A connection that went silent is not taken down: a new one is made beside it, and whichever comes to life first is used. After a
//! blackout that is the old one, after a change of addresses the new one.
//!
//! ```text
//!   offering | waiting for an offer ──► connected ◄──► silent ──► a higher epoch beside it ──► connected: the old one is closed
//!                      ▲                    └─ failed: closed at once ──┘ after a pause        └── the old one lives: it is used
//! ```

use std::time::{Duration, Instant};

use super::{Effect, PeerId};
use crate::protocol::UserId;
use crate::protocol::control::{AudioStatus, ParticipantStatus, PeerConnection, SentPicture, VideoStatus};
use crate::protocol::hub::{Participant, ParticipantState};

/// After a failure the next attempt waits this long, doubling up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The offerer that does not answer a wish for a restart is asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// An offer that was not answered with anything after this got lost.
const OFFER_ARRIVES: Duration = Duration::from_secs(2);
/// Who has everything switched off sends only reports: their silence means something only after this.
const REPORTS: Duration = Duration::from_secs(3);
/// A device that is switched on gives something after this at the latest.
const SWITCH_ON: Duration = Duration::from_secs(3);
/// A silent connection is kept for so long; it holds sockets and a decoder.
const KEEP_SILENT: Duration = Duration::from_secs(15);
/// Bits of the epoch that count connections within a generation.
const GENERATION_SHIFT: u32 = 16;

/// The other side of one peer connection.
#[derive(Debug)]
pub struct Peer {
    participant: Participant,
    /// Whether we offer.
    offering: bool,
    epoch: u64,
    state: PeerConnection,
    error: Option<String>,
    /// Whether the media engine has something open for this epoch.
    open: bool,
    /// The connection before this one, while this one is not up.
    old: Option<Old>,
    /// When what is silent is taken down.
    give_up: Option<Instant>,
    pause: Duration,
    next: Next,
    /// When we offered last.
    began: Option<Instant>,
    /// The next connection is for a silence that may end by itself.
    for_silence: bool,
}

/// A connection that is kept although another one is being made.
#[derive(Debug, Clone, Copy)]
struct Old {
    epoch: u64,
    alive: bool,
}

/// When the next connection begins.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Next {
    /// Nothing to do: one is there, or the other side begins.
    Nothing,
    /// As soon as both can be reached.
    Now,
    /// After a pause.
    At(Instant),
}

/// The offerer begins at once; the answerer asks if no offer comes.
fn first(offering: bool, now: Instant) -> Next {
    if offering { Next::Now } else { Next::At(now + ASK_AGAIN) }
}

/// What a peer wants done.
#[allow(clippy::large_enum_variant)] // there is one at a time
pub(super) enum Wish {
    Do(Effect),
    AskRestart(PeerId),
}

impl Peer {
    pub(super) fn new(participant: Participant, offering: bool, generation: u32, now: Instant) -> Self {
        Self {
            participant,
            offering,
            // An answerer knows no epoch until the first offer.
            epoch: if offering { u64::from(generation) << GENERATION_SHIFT } else { 0 },
            state: PeerConnection::Undefined,
            error: None,
            open: false,
            old: None,
            give_up: None,
            pause: FIRST_PAUSE,
            next: first(offering, now),
            began: None,
            for_silence: false,
        }
    }

    /// Whose client it is.
    pub fn user(&self) -> &UserId {
        &self.participant.user.id
    }

    /// The current peer connection.
    pub fn id(&self) -> PeerId {
        self.id_of(self.epoch)
    }

    /// The peer connection that media come from: the one before the current one, while that is not up.
    pub fn in_use(&self) -> PeerId {
        self.old.map_or_else(|| self.id(), |old| self.id_of(old.epoch))
    }

    fn id_of(&self, epoch: u64) -> PeerId {
        PeerId { participant: self.participant.id.clone(), epoch }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn status(&self) -> ParticipantStatus {
        ParticipantStatus {
            id: self.participant.id.clone(),
            user: self.participant.user.id.clone(),
            name: self.participant.user.name.clone(),
            state: self.participant.state,
            muted: self.participant.muted,
            sharing: self.participant.sharing,
            connection: self.shown(),
            error: self.error.clone(),
            video: VideoStatus::default(),
            share: None,
            audio: AudioStatus::default(),
            estimated_bitrate: None,
            sent: SentPicture::default(),
            stats: None,
        }
    }

    fn shown(&self) -> PeerConnection {
        let silence_is_fine = self.state == PeerConnection::Disconnected && self.give_up.is_none();
        match self.old {
            Some(Old { alive: true, .. }) => PeerConnection::Connected,
            Some(_) => PeerConnection::Disconnected,
            None if silence_is_fine => PeerConnection::Connected,
            None => self.state,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let next = match self.next {
            Next::At(at) => Some(at),
            Next::Nothing | Next::Now => None,
        };
        next.into_iter().chain(self.give_up).min()
    }

    /// The hub tells something new of the participant. `sending`: we send something to all.
    pub(super) fn update(&mut self, participant: Participant, sending: bool, now: Instant) -> Vec<Effect> {
        let restarted = participant.generation != self.participant.generation;
        let switched = self.participant.muted != participant.muted;
        self.participant = participant;
        if !restarted {
            if switched && self.state == PeerConnection::Disconnected && self.give_up.is_none() {
                // What was switched on is on its way.
                self.silent(sending, SWITCH_ON, now);
            }
            return Vec::new();
        }
        let close = self.close();
        self.error = None;
        self.pause = FIRST_PAUSE;
        self.next = first(self.offering, now);
        if !self.offering {
            // The new generation of the offerer counts from its own start.
            self.epoch = self.epoch.min(u64::from(self.participant.generation) << GENERATION_SHIFT);
        }
        close
    }

    /// The media engine reports on the connection of this epoch. `sending`: we send something to all.
    pub(super) fn connection(&mut self, epoch: u64, state: PeerConnection, error: Option<String>, sending: bool, now: Instant) {
        if epoch != self.epoch {
            return self.old_connection(epoch, state, now);
        }
        // A failed connection is taken down at once; that it is closed then is no news.
        if self.state == PeerConnection::Failed && state == PeerConnection::Closed {
            return;
        }
        self.state = state;
        match state {
            PeerConnection::Connected => {
                self.error = None;
                self.pause = FIRST_PAUSE;
                self.give_up = None;
                if std::mem::take(&mut self.for_silence) {
                    self.next = Next::Nothing;
                }
            }
            PeerConnection::Failed => {
                self.error = error;
                self.next = Next::At(now + self.pause);
                self.for_silence = false;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            PeerConnection::Disconnected => self.silent(sending, Duration::ZERO, now),
            PeerConnection::Undefined | PeerConnection::Connecting | PeerConnection::Closed => {}
        }
    }

    fn old_connection(&mut self, epoch: u64, state: PeerConnection, now: Instant) {
        let Some(old) = self.old.as_mut().filter(|old| old.epoch == epoch) else {
            return;
        };
        match state {
            PeerConnection::Connected => (old.alive, self.give_up) = (true, None),
            PeerConnection::Disconnected => {
                old.alive = false;
                self.give_up = self.give_up.or(Some(now + KEEP_SILENT));
            }
            // Without a time to wait for it is closed at once.
            PeerConnection::Failed | PeerConnection::Closed => (old.alive, self.give_up) = (false, None),
            PeerConnection::Undefined | PeerConnection::Connecting => {}
        }
    }

    /// Nothing comes any more. Whether that means something depends on what should come.
    fn silent(&mut self, sending: bool, least: Duration, now: Instant) {
        let muted = self.participant.muted.audio && self.participant.muted.video;
        let patience = match (muted, sending) {
            (false, _) => least,
            (true, true) => REPORTS,
            // Reports are about what is sent.
            (true, false) => return,
        };
        if self.next == Next::Nothing {
            self.next = Next::At(now + patience);
            self.for_silence = true;
        }
        self.give_up = Some(now + patience + KEEP_SILENT);
    }

    /// This machine has lost an address: whatever is there may be dead, and a new one will not be.
    pub(super) fn addresses_changed(&mut self) {
        if self.open {
            self.next = Next::Now;
            self.for_silence = false;
        }
    }

    /// An offer came: a higher epoch replaces what is there, anything else is stale.
    pub(super) fn offered(&mut self, epoch: u64, sdp: String, now: Instant) -> Vec<Effect> {
        if self.offering || epoch <= self.epoch {
            return Vec::new();
        }
        let mut effects = Vec::new();
        self.set_aside(&mut effects, now);
        self.epoch = epoch;
        self.open = true;
        self.state = PeerConnection::Connecting;
        (self.next, self.for_silence) = (Next::Nothing, false);
        effects.push(Effect::Answer { peer: self.id(), sdp });
        effects
    }

    /// A new connection is about to begin: what media can still come from is kept until it is up, everything else is closed.
    fn set_aside(&mut self, effects: &mut Vec<Effect>, now: Instant) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let alive = self.state == PeerConnection::Connected;
        if self.old.is_none() && (alive || self.state == PeerConnection::Disconnected) {
            self.old = Some(Old { epoch: self.epoch, alive });
            self.give_up = self.give_up.or((!alive).then_some(now + KEEP_SILENT));
        } else {
            effects.push(Effect::Close(self.id()));
        }
    }

    /// Whether an answer with this epoch is for us now.
    pub(super) fn answers(&self, epoch: u64) -> bool {
        self.offering && self.open && epoch == self.epoch && self.state == PeerConnection::Connecting
    }

    /// The answerer wants a new connection in place of this one.
    pub(super) fn restart_wanted(&mut self, epoch: u64, now: Instant) {
        let lost_our_offer = epoch < self.epoch && self.state != PeerConnection::Connected;
        if self.offering && (epoch == self.epoch || lost_our_offer) && self.next == Next::Nothing {
            // It may have asked before our offer came.
            let on_its_way = self.began.filter(|_| lost_our_offer).map_or(now, |began| began + OFFER_ARRIVES);
            self.for_silence = lost_our_offer;
            self.next = Next::At((now + self.pause).max(on_its_way));
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Signals may have been lost while the hub was away.
    pub(super) fn hub_is_back(&mut self) {
        if matches!(self.state, PeerConnection::Connected | PeerConnection::Disconnected) {
            return;
        }
        (self.next, self.for_silence) = (Next::Now, false);
    }

    /// Takes the connection down, if there is one.
    pub(super) fn close(&mut self) -> Vec<Effect> {
        self.state = PeerConnection::Closed;
        (self.next, self.for_silence, self.give_up) = (Next::Nothing, false, None);
        let mut effects: Vec<Effect> = self.old.take().map(|old| Effect::Close(self.id_of(old.epoch))).into_iter().collect();
        if std::mem::take(&mut self.open) {
            effects.push(Effect::Close(self.id()));
        }
        effects
    }

    /// Begins what is due. `ready`: our own way to the hub is there.
    pub(super) fn settle(&mut self, ready: bool, now: Instant) -> Vec<Wish> {
        let mut wishes = Vec::new();
        if self.give_up.is_some_and(|at| at <= now) {
            self.stop_waiting(now);
        }
        if let Some(old) = self.old
            && (self.state == PeerConnection::Connected || !old.alive && self.give_up.is_none())
        {
            self.old = None;
            wishes.push(Wish::Do(Effect::Close(self.id_of(old.epoch))));
        }
        // A dead connection holds sockets and a decoder: free them at once, whatever comes next.
        if self.open && matches!(self.state, PeerConnection::Failed | PeerConnection::Closed) {
            self.open = false;
            wishes.push(Wish::Do(Effect::Close(self.id())));
        }
        let due = match self.next {
            Next::Nothing => false,
            Next::Now => true,
            Next::At(at) => at <= now,
        };
        if !due {
            return wishes;
        }
        if !ready || self.participant.state != ParticipantState::Joined {
            self.next = Next::Now;
            return wishes;
        }
        if self.offering {
            let mut effects = Vec::new();
            self.set_aside(&mut effects, now);
            wishes.extend(effects.into_iter().map(Wish::Do));
            self.epoch += 1;
            self.open = true;
            self.began = Some(now);
            self.state = PeerConnection::Connecting;
            (self.next, self.for_silence) = (Next::Nothing, false);
            wishes.push(Wish::Do(Effect::Offer(self.id())));
        } else {
            self.next = Next::At(now + ASK_AGAIN);
            wishes.push(Wish::AskRestart(self.id()));
        }
        wishes
    }

    /// Silent for too long.
    fn stop_waiting(&mut self, now: Instant) {
        self.give_up = None;
        if self.old.is_none() && self.state == PeerConnection::Disconnected {
            let error = format!("nothing came from the other side for {} s", KEEP_SILENT.as_secs());
            self.state = PeerConnection::Failed;
            self.error = Some(error);
            if self.next == Next::Nothing {
                self.next = Next::At(now + self.pause);
            }
            self.for_silence = false;
        }
    }
}
