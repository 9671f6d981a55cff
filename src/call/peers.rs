//! One other participant and the peer connection to it.

use std::time::{Duration, Instant};

use super::{Effect, PeerId};
use crate::protocol::control::{AudioStatus, ParticipantStatus, PeerConnection, SentPicture, VideoStatus};
use crate::protocol::hub::{Participant, ParticipantState};

/// After a failure the next attempt waits this long, doubling up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The offerer that does not answer a wish for a restart is asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(10);
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
    pause: Duration,
    next: Next,
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
            pause: FIRST_PAUSE,
            next: first(offering, now),
        }
    }

    /// The current peer connection.
    pub fn id(&self) -> PeerId {
        PeerId { participant: self.participant.id.clone(), epoch: self.epoch }
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
            connection: self.state,
            error: self.error.clone(),
            video: VideoStatus::default(),
            audio: AudioStatus::default(),
            estimated_bitrate: None,
            sent: SentPicture::default(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.next {
            Next::At(at) => Some(at),
            Next::Nothing | Next::Now => None,
        }
    }

    /// The hub tells something new of the participant.
    pub(super) fn update(&mut self, participant: Participant, now: Instant) -> Option<Effect> {
        let restarted = participant.generation != self.participant.generation;
        self.participant = participant;
        if !restarted {
            return None;
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

    /// The media engine reports.
    pub(super) fn connection(&mut self, state: PeerConnection, error: Option<String>, now: Instant) {
        // A failed connection is taken down at once; that it is closed then is no news.
        if self.state == PeerConnection::Failed && state == PeerConnection::Closed {
            return;
        }
        self.state = state;
        match state {
            PeerConnection::Connected => {
                self.error = None;
                self.pause = FIRST_PAUSE;
            }
            PeerConnection::Failed => {
                self.error = error;
                self.next = Next::At(now + self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            PeerConnection::Undefined | PeerConnection::Connecting | PeerConnection::Disconnected | PeerConnection::Closed => {}
        }
    }

    /// An offer came: a higher epoch replaces what is there, anything else is stale.
    pub(super) fn offered(&mut self, epoch: u64, sdp: String) -> Vec<Effect> {
        if self.offering || epoch <= self.epoch {
            return Vec::new();
        }
        let mut effects: Vec<Effect> = self.close().into_iter().collect();
        self.epoch = epoch;
        self.open = true;
        self.state = PeerConnection::Connecting;
        self.next = Next::Nothing;
        effects.push(Effect::Answer { peer: self.id(), sdp });
        effects
    }

    /// Whether an answer with this epoch is for us now.
    pub(super) fn answers(&self, epoch: u64) -> bool {
        self.offering && self.open && epoch == self.epoch && self.state == PeerConnection::Connecting
    }

    /// The answerer wants a new connection in place of this one.
    pub(super) fn restart_wanted(&mut self, epoch: u64, now: Instant) {
        let lost_our_offer = epoch < self.epoch && self.state != PeerConnection::Connected;
        if self.offering && (epoch == self.epoch || lost_our_offer) && self.next == Next::Nothing {
            self.next = Next::At(now + self.pause);
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Signals may have been lost while the hub was away.
    pub(super) fn hub_is_back(&mut self) {
        if matches!(self.state, PeerConnection::Connected | PeerConnection::Disconnected) {
            return;
        }
        self.next = Next::Now;
    }

    /// Takes the connection down, if there is one.
    pub(super) fn close(&mut self) -> Option<Effect> {
        self.state = PeerConnection::Closed;
        self.next = Next::Nothing;
        std::mem::take(&mut self.open).then(|| Effect::Close(self.id()))
    }

    /// Begins what is due. `ready`: our own way to the hub is there.
    pub(super) fn settle(&mut self, ready: bool, now: Instant) -> Vec<Wish> {
        let mut wishes = Vec::new();
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
            if std::mem::take(&mut self.open) {
                wishes.push(Wish::Do(Effect::Close(self.id())));
            }
            self.epoch += 1;
            self.open = true;
            self.state = PeerConnection::Connecting;
            self.next = Next::Nothing;
            wishes.push(Wish::Do(Effect::Offer(self.id())));
        } else {
            self.next = Next::At(now + ASK_AGAIN);
            wishes.push(Wish::AskRestart(self.id()));
        }
        wishes
    }
}
