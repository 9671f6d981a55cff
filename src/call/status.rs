//! What people are shown.

use std::time::Instant;

use super::core::Core;
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::peers::Peer;
use super::room::Joining;
use super::{PeerId, Refused};
use crate::protocol::control::{CallState, CallStatus, OutgoingStatus, RingStatus};
use crate::protocol::hub::Muted;

impl Core {
    /// What is switched off here.
    pub fn muted(&self) -> Muted {
        self.muted
    }

    /// The call, for `status`; counters of pictures and sound are the media engine's to fill in.
    pub fn status(&self) -> Option<CallStatus> {
        let room = self.room.as_ref()?;
        let state = match (&room.me, room.joining) {
            (_, Joining::Out) => CallState::Out,
            (_, Joining::Lobby(_)) => CallState::Lobby,
            (_, Joining::Ended(_)) => CallState::Ended,
            (Some(_), Joining::Done) if self.hub_open => CallState::Joined,
            (Some(_), _) => CallState::Reconnecting,
            (None, _) => CallState::Joining,
        };
        Some(CallStatus {
            cid: room.cid.clone(),
            state,
            error: room.error.clone(),
            participant: room.me.as_ref().map(|me| me.id.clone()),
            muted: self.muted,
            recorded: room.recorded,
            first_picture_ms: None,
            participants: room.peers.values().map(Peer::status).collect(),
        })
    }

    /// Who calls, or called a moment ago.
    pub fn ring(&self) -> Option<RingStatus> {
        self.incoming.as_ref().map(Incoming::status)
    }

    /// Whom this appliance calls, or called a moment ago in vain.
    pub fn outgoing(&self) -> Option<OutgoingStatus> {
        self.outgoing.as_ref().map(Outgoing::status)
    }

    /// Whether who calls is rejected without ringing.
    pub fn is_quiet(&self, now: Instant) -> bool {
        self.quiet.unwrap_or_else(|| self.settings.call.do_not_disturb.at(self.clock.minute(now)))
    }

    /// What a person said about disturbing, as long as it differs from the schedule: to be kept across restarts.
    pub fn quiet_by_hand(&self) -> Option<bool> {
        self.quiet
    }

    /// The peer connections that media come from, for joining with the media engine's counters.
    pub fn peer_ids(&self) -> impl Iterator<Item = PeerId> {
        self.room.iter().flat_map(|room| room.peers.values().map(Peer::in_use))
    }

    /// A person switches it; that holds until the schedule says the same.
    pub(super) fn disturb(&mut self, quiet: bool, now: Instant) -> Result<(), Refused> {
        self.quiet = Some(quiet);
        self.settle_quiet(now);
        Ok(())
    }

    pub(super) fn settle_quiet(&mut self, now: Instant) {
        // Before anybody has said what time it is, the schedule says nothing.
        let Some((_, minute)) = self.clock.day_and_minute(now) else { return };
        let scheduled = self.settings.call.do_not_disturb.at(minute);
        self.quiet = self.quiet.filter(|quiet| *quiet != scheduled);
    }
}
