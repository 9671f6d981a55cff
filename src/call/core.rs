//! The call as a whole.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::peers::{Peer, Wish};
use super::switches::Switches;
use super::{Effect, Input, PeerId, Refused, Request, Settings};
use crate::protocol::control::{CallState, CallStatus, Command};
use crate::protocol::hub::{Event, EventBody, JoinCall, Joined, Muted, Participant, Participation, Signal, offers};
use crate::protocol::{Cid, ParticipantId, rpc};

/// A refused join is tried again after this, doubling up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// More others than this would not be shown: the hub's limits are lower.
const MAX_PEERS: usize = 16;
/// The longest remote candidate, in bytes.
const MAX_CANDIDATE: usize = 1024;

/// The state machine.
#[derive(Debug)]
pub struct Core {
    settings: Settings,
    hub_open: bool,
    call: Option<InCall>,
    /// Left by a person: the auto-join call is not joined again until asked for.
    left: bool,
    switches: Switches,
    next_tag: u64,
    effects: VecDeque<Effect>,
}

#[derive(Debug)]
struct InCall {
    cid: Cid,
    /// Our own entry, once joined.
    me: Option<Participant>,
    joining: Joining,
    error: Option<String>,
    pause: Duration,
    peers: BTreeMap<ParticipantId, Peer>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Joining {
    /// Waiting for the hub.
    Wanted,
    /// Asked with this tag.
    Asked(u64),
    /// In, and the hub knows it.
    Done,
    /// Refused; again at this time.
    Again(Instant),
    /// Another appliance took the participation over; only a person can change that.
    Replaced,
}

impl Core {
    /// Not in a call; goes for the auto-join call as soon as the hub is there.
    pub fn new(settings: Settings) -> Self {
        let call = settings.auto_join.clone().map(InCall::new);
        Self { settings, hub_open: false, call, left: false, switches: Switches::default(), next_tag: 1, effects: VecDeque::new() }
    }

    /// Takes what happened. Refusals are for whoever sent a command; nothing else is refused.
    pub fn handle(&mut self, input: Input, now: Instant) -> Result<(), Refused> {
        match input {
            Input::Command(command) => self.command(command)?,
            Input::Privacy(on) => self.switch(self.switches.privacy(on)),
            Input::HubOpened { resumed } => self.opened(resumed),
            Input::HubLost => self.hub_open = false,
            Input::Hub(event) => self.event(event, now),
            Input::Reply { tag, outcome } => self.reply(tag, outcome, now),
            Input::LocalSignal { peer, signal } => {
                let current = self.peer(&peer).is_some();
                if let (true, Some(call)) = (current, &self.call) {
                    let cid = call.cid.clone();
                    self.request(Request::Signal { cid, peer, signal });
                }
            }
            Input::Connection { peer, state, error } => {
                if let Some(found) = self.peer(&peer) {
                    found.connection(state, error, now);
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
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let call = self.call.as_ref()?;
        let join = match call.joining {
            Joining::Again(at) if self.hub_open => Some((at, "join again")),
            Joining::Again(_) | Joining::Wanted | Joining::Asked(_) | Joining::Done | Joining::Replaced => None,
        };
        let peers = call.peers.values().filter_map(Peer::deadline).map(|at| (at, "connect again"));
        peers.chain(join).min()
    }

    /// What is switched off here.
    pub fn muted(&self) -> Muted {
        self.switches.off()
    }

    /// For `status`; counters of pictures and sound are the media engine's to fill in.
    pub fn status(&self) -> Option<CallStatus> {
        let call = self.call.as_ref()?;
        let state = match (&call.me, call.joining) {
            (Some(_), Joining::Done) if self.hub_open => CallState::Joined,
            (Some(_), _) => CallState::Reconnecting,
            (None, _) => CallState::Joining,
        };
        Some(CallStatus {
            cid: call.cid.clone(),
            state,
            error: call.error.clone(),
            participant: call.me.as_ref().map(|me| me.id.clone()),
            muted: self.muted(),
            first_picture_ms: None,
            participants: call.peers.values().map(Peer::status).collect(),
        })
    }

    /// The peer connections in use, for joining with the media engine's counters.
    pub fn peer_ids(&self) -> impl Iterator<Item = PeerId> {
        self.call.iter().flat_map(|call| call.peers.values().map(Peer::id))
    }

    fn peer(&mut self, id: &PeerId) -> Option<&mut Peer> {
        self.call.as_mut()?.peers.get_mut(&id.participant).filter(|peer| peer.epoch() == id.epoch)
    }

    fn command(&mut self, command: Command) -> Result<(), Refused> {
        match command {
            Command::Join { cid } => {
                self.left = false;
                if self.call.as_ref().is_some_and(|call| call.cid == cid && call.joining != Joining::Replaced) {
                    return Ok(());
                }
                self.leave();
                self.call = Some(InCall::new(cid));
            }
            Command::Leave => {
                if self.call.is_none() {
                    return Err(Refused::NoCall);
                }
                self.leave();
                self.left = true;
            }
            Command::Mute { audio, video } => self.switch(self.switches.wish(audio, video)?),
            // Relays have nothing to do with the call: the driver keeps this for itself.
            Command::Open { .. } => {}
        }
        Ok(())
    }

    fn leave(&mut self) {
        let Some(mut call) = self.call.take() else {
            return;
        };
        for peer in call.peers.values_mut() {
            self.effects.extend(peer.close());
        }
        if call.me.is_some() || matches!(call.joining, Joining::Asked(_)) {
            self.request(Request::Leave(call.cid));
        }
    }

    fn opened(&mut self, resumed: bool) {
        self.hub_open = true;
        let Some(call) = &mut self.call else {
            return;
        };
        if !resumed && call.joining != Joining::Replaced {
            call.joining = Joining::Wanted;
            call.pause = FIRST_PAUSE;
        }
        // What was said while the hub was away did not arrive: whoever is not connected starts over.
        for peer in call.peers.values_mut() {
            peer.hub_is_back();
        }
    }

    fn reply(&mut self, tag: u64, outcome: Result<serde_json::Value, rpc::Error>, now: Instant) {
        let Some(call) = &mut self.call else {
            return;
        };
        if call.joining != Joining::Asked(tag) {
            return;
        }
        let joined = outcome.and_then(|value| {
            serde_json::from_value::<Joined>(value).map_err(|e| {
                rpc::Error::new(rpc::ErrorKind::InternalError, format!("the hub's answer to the join cannot be read: {e}"))
            })
        });
        match joined {
            Ok(joined) => self.joined(joined, now),
            Err(error) => {
                call.error = Some(error.message);
                call.joining = Joining::Again(now + call.pause);
                call.pause = (call.pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    fn joined(&mut self, joined: Joined, now: Instant) {
        let Some(call) = &mut self.call else {
            return;
        };
        call.joining = Joining::Done;
        call.error = None;
        call.pause = FIRST_PAUSE;
        let (me, others): (Vec<_>, Vec<_>) = joined.call.participants.into_iter().partition(|p| p.id == joined.participant);
        let Some(me) = me.into_iter().next() else {
            call.error = Some("the hub's answer to the join does not name us".to_owned());
            return;
        };
        // A new generation of ours means that the others drop what they had with us.
        if call.me.as_ref().is_some_and(|before| before.generation != me.generation) {
            for peer in call.peers.values_mut() {
                self.effects.extend(peer.close());
            }
            call.peers.clear();
        }
        let tell = self.switches.off() != me.muted;
        call.me = Some(me);
        let gone: Vec<ParticipantId> = call.peers.keys().filter(|id| others.iter().all(|p| p.id != **id)).cloned().collect();
        for id in gone {
            self.participant_left(&id);
        }
        for participant in others {
            self.participant(participant, now);
        }
        if tell {
            self.tell_muted();
        }
    }

    #[allow(clippy::wildcard_enum_match_arm)] // rings and lobbies follow
    fn event(&mut self, event: Event, now: Instant) {
        let Some(call) = &mut self.call else {
            return;
        };
        // Before the answer to our join there is nothing to compare with; it brings the whole state.
        let Some(me) = call.me.as_ref().filter(|_| call.cid == event.cid) else {
            return;
        };
        match event.body {
            EventBody::ParticipantJoined { participant } | EventBody::ParticipantUpdated { participant } => {
                if participant.id != me.id {
                    self.participant(participant, now);
                }
            }
            EventBody::ParticipantLeft { participant, .. } => {
                if participant == me.id {
                    call.joining = Joining::Wanted;
                } else {
                    self.participant_left(&participant);
                }
            }
            EventBody::Signal { from, epoch, signal } => self.signal(&from, epoch, signal, now),
            EventBody::Replaced { .. } => {
                call.joining = Joining::Replaced;
                call.me = None;
                call.error = Some(
                    "another appliance with the same state joined in our place: `callbox join` takes the call back".to_owned(),
                );
                for peer in call.peers.values_mut() {
                    self.effects.extend(peer.close());
                }
                call.peers.clear();
            }
            _ => {}
        }
    }

    fn participant(&mut self, participant: Participant, now: Instant) {
        let Some(InCall { me: Some(me), peers, .. }) = &mut self.call else {
            return;
        };
        let offering = offers(me, &participant);
        if let Some(peer) = peers.get_mut(&participant.id) {
            self.effects.extend(peer.update(participant, now));
        } else if peers.len() < MAX_PEERS {
            peers.insert(participant.id.clone(), Peer::new(participant, offering, me.generation, now));
        }
    }

    fn participant_left(&mut self, id: &ParticipantId) {
        if let Some(call) = &mut self.call
            && let Some(mut peer) = call.peers.remove(id)
        {
            self.effects.extend(peer.close());
        }
    }

    fn signal(&mut self, from: &ParticipantId, epoch: u64, signal: Signal, now: Instant) {
        let Some(peer) = self.call.as_mut().and_then(|call| call.peers.get_mut(from)) else {
            return;
        };
        match signal {
            Signal::Offer { sdp } => self.effects.extend(peer.offered(epoch, sdp)),
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

    fn switch(&mut self, switches: Switches) {
        let before = std::mem::replace(&mut self.switches, switches).off();
        if self.muted() != before {
            self.effects.push_back(Effect::Mute(self.muted()));
            self.tell_muted();
        }
    }

    fn tell_muted(&mut self) {
        if let Some(call) = &self.call
            && call.me.is_some()
        {
            let cid = call.cid.clone();
            self.request(Request::Mute(cid, self.muted()));
        }
    }

    /// What follows from the state as it is now.
    fn settle(&mut self, now: Instant) {
        if self.call.is_none() && !self.left {
            self.call = self.settings.auto_join.clone().map(InCall::new);
        }
        let Some(call) = &mut self.call else {
            return;
        };
        let due = match call.joining {
            Joining::Wanted => true,
            Joining::Again(at) => at <= now,
            Joining::Asked(_) | Joining::Done | Joining::Replaced => false,
        };
        if due && self.hub_open {
            let tag = self.next_tag;
            call.joining = Joining::Asked(tag);
            let generation = call.me.as_ref().map(|me| me.generation);
            let participation = Some(Participation { id: self.settings.participant.clone(), generation });
            let join = JoinCall {
                kind: call.cid.kind().to_owned(),
                id: call.cid.id().to_owned(),
                create: self.settings.create,
                data: None,
                participation,
                custom: serde_json::Value::Null,
            };
            self.request(Request::Join(join));
        }
        let Some(call) = &mut self.call else {
            return;
        };
        let ready = self.hub_open && call.joining == Joining::Done;
        let mut wishes = Vec::new();
        for peer in call.peers.values_mut() {
            wishes.extend(peer.settle(ready, now));
        }
        let cid = call.cid.clone();
        for wish in wishes {
            match wish {
                Wish::Do(effect) => self.effects.push_back(effect),
                Wish::AskRestart(peer) => self.request(Request::Signal { cid: cid.clone(), peer, signal: Signal::Restart }),
            }
        }
    }

    fn request(&mut self, request: Request) {
        let tag = self.next_tag;
        self.next_tag += 1;
        self.effects.push_back(Effect::Request { tag, request });
    }
}

impl InCall {
    fn new(cid: Cid) -> Self {
        Self { cid, me: None, joining: Joining::Wanted, error: None, pause: FIRST_PAUSE, peers: BTreeMap::new() }
    }
}
