//! The others in the call: who comes, who goes, and what they signal.

use std::time::Instant;

use super::core::Core;
use super::peers::Peer;
use super::room::{InCall, Joining};
use super::{Effect, PeerId};
use crate::protocol::ParticipantId;
use crate::protocol::hub::{Capability, Event, EventBody, Joined, LeaveReason, Participant, Signal, offers};

/// More others than this would not be shown: the hub's limits are lower.
const MAX_PEERS: usize = 16;
/// The longest remote candidate, in bytes.
const MAX_CANDIDATE: usize = 1024;

impl Core {
    /// The hub let us in.
    pub(super) fn joined(&mut self, joined: Joined, now: Instant) {
        let Some(room) = &mut self.room else {
            return;
        };
        let call = joined.call;
        let (me, others): (Vec<_>, Vec<_>) = call.participants.into_iter().partition(|p| p.id == joined.participant);
        let Some(me) = me.into_iter().next() else {
            room.joining = Joining::Done;
            room.error = Some("the hub's answer to the join does not name us".to_owned());
            return;
        };
        // A new generation of ours means that the others drop what they had with us.
        if room.me.as_ref().is_some_and(|before| before.generation != me.generation) {
            for peer in room.peers.values_mut() {
                self.effects.extend(peer.close());
            }
            room.peers.clear();
        }
        (room.told_muted, room.told_limit) = (Some((me.muted, me.sharing)), Some(me.max_bandwidth));
        room.settings = Some(call.settings);
        room.capabilities = call.own_capabilities;
        room.ring = call.ring;
        room.recorded = call.recording;
        room.is_in(me);
        // Before the connections that need them.
        self.ice_servers(joined.ice_servers, now);
        let Some(room) = &mut self.room else {
            return;
        };
        let gone: Vec<ParticipantId> = room.peers.keys().filter(|id| others.iter().all(|p| p.id != **id)).cloned().collect();
        for id in gone {
            self.participant_left(&id);
        }
        for participant in others {
            self.participant(participant, now);
        }
    }

    /// Something happened in the call that we are in, or want to be in.
    #[allow(clippy::wildcard_enum_match_arm)] // rings are dealt with before, and most of the rest is for people with a page
    pub(super) fn room_event(&mut self, event: Event, now: Instant) {
        let Some(room) = self.room.as_mut().filter(|room| room.cid == event.cid) else {
            return;
        };
        match &event.body {
            EventBody::Updated { call, .. } | EventBody::LiveStarted { call } | EventBody::LiveStopped { call } => {
                if room.me.is_some() {
                    room.settings = Some(call.settings.clone());
                } else {
                    self.news(&call.clone(), now);
                }
                return;
            }
            EventBody::Ended { by, .. } => return self.put_out(LeaveReason::Ended, Some(&by.clone()), now),
            EventBody::Closed { reason } => return self.put_out(*reason, None, now),
            EventBody::Capabilities { own_capabilities } => {
                let lacked = match room.joining {
                    Joining::Lobby(_) | Joining::Again(_) => &[Capability::JoinCall, Capability::JoinBackstage][..],
                    Joining::Ended(_) => &[Capability::JoinEndedCall],
                    Joining::Wanted | Joining::Asked(_) | Joining::Done | Joining::Out => &[],
                };
                if room.me.is_none() && lacked.iter().any(|capability| own_capabilities.contains(capability)) {
                    room.knock();
                }
                room.capabilities.clone_from(own_capabilities);
                return;
            }
            _ => {}
        }
        // Before the answer to our join there is nothing to compare with; it brings the whole state.
        let Some(me) = &mut room.me else {
            return;
        };
        match event.body {
            EventBody::ParticipantJoined { participant } | EventBody::ParticipantUpdated { participant } => {
                if participant.id != me.id {
                    self.participant(participant, now);
                } else if participant.generation == me.generation {
                    // Our own limit may be set by way of the hub's API as well.
                    if me.max_bandwidth != participant.max_bandwidth {
                        self.own_limit = participant.max_bandwidth;
                        room.told_limit = Some(participant.max_bandwidth);
                    }
                    *me = participant;
                }
            }
            EventBody::ParticipantLeft { participant, reason, .. } => {
                if participant == me.id {
                    self.put_out(reason, None, now);
                } else {
                    self.participant_left(&participant);
                }
            }
            EventBody::Recording { recording, .. } => room.recorded = recording,
            EventBody::DoorWanted { request, by } => self.door_wanted(request, by, now),
            EventBody::Digits { request, by, digits } => self.digits_came(request, by, &digits, now),
            EventBody::Signal { from, epoch, signal } => self.signal(&from, epoch, signal, now),
            EventBody::Muted { audio, video, screen, .. } => {
                self.sharing.take_if(|_| screen);
                self.wish.audio = if audio { Some(true) } else { self.wish.audio };
                self.wish.video = if video { Some(true) } else { self.wish.video };
            }
            EventBody::Replaced { .. } => {
                room.joining = Joining::Out;
                room.me = None;
                room.error = Some(
                    "another appliance with the same state joined in our place: `callbox join` takes the call back".to_owned(),
                );
                for peer in room.peers.values_mut() {
                    self.effects.extend(peer.close());
                }
                room.peers.clear();
            }
            _ => {}
        }
    }

    fn participant(&mut self, participant: Participant, now: Instant) {
        let sending = self.sending();
        let Some(InCall { me: Some(me), peers, .. }) = &mut self.room else {
            return;
        };
        let offering = offers(me, &participant);
        if let Some(peer) = peers.get_mut(&participant.id) {
            self.effects.extend(peer.update(participant, sending, now));
        } else if peers.len() < MAX_PEERS {
            peers.insert(participant.id.clone(), Peer::new(participant, offering, me.generation, now));
        }
    }

    fn participant_left(&mut self, id: &ParticipantId) {
        if let Some(room) = &mut self.room
            && let Some(mut peer) = room.peers.remove(id)
        {
            self.effects.extend(peer.close());
        }
    }

    /// The current connection of that name; those before it are no news.
    pub(super) fn peer(&mut self, id: &PeerId) -> Option<&mut Peer> {
        self.room.as_mut()?.peers.get_mut(&id.participant).filter(|peer| peer.epoch() == id.epoch)
    }

    fn signal(&mut self, from: &ParticipantId, epoch: u64, signal: Signal, now: Instant) {
        let Some(peer) = self.room.as_mut().and_then(|room| room.peers.get_mut(from)) else {
            return;
        };
        match signal {
            Signal::Offer { sdp } => self.effects.extend(peer.offered(epoch, sdp, now)),
            Signal::Answer { sdp } if peer.answers(epoch) => self.effects.push_back(Effect::RemoteAnswer { peer: peer.id(), sdp }),
            Signal::Candidate { candidate, sdp_m_line_index: line }
                if epoch == peer.epoch() && candidate.len() <= MAX_CANDIDATE =>
            {
                self.effects.push_back(Effect::RemoteCandidate { peer: peer.id(), candidate, line });
            }
            Signal::Restart => peer.restart_wanted(epoch, now),
            Signal::Answer { .. } | Signal::Candidate { .. } => {}
        }
    }
}
