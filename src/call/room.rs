//! The call that the appliance is in, or wants to be in: joining, waiting in its lobby, being put out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::core::Core;
use super::limits::Wish;
use super::peers::Peer;
use super::{Request, owed};
use crate::protocol::hub::{self, Call, Capability, GetCall, JoinCall, Joined, Participant, Participation, Ring};
use crate::protocol::{Cid, ParticipantId, rpc};
use rpc::ErrorKind;

/// A refused join is tried again after this, doubling up to [`LONGEST_PAUSE`].
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Whoever was removed, or may not come in, does not knock more often.
pub(super) const NOT_WANTED_PAUSE: Duration = Duration::from_secs(60);
/// In the lobby the hub tells when the call is live; this is for news that got lost.
const LOBBY_PAUSE: Duration = Duration::from_secs(60);
/// The same for an ended call.
pub(super) const ENDED_PAUSE: Duration = Duration::from_secs(300);
/// In a call that was answered, nobody came.
pub(super) const NOBODY_CAME: Duration = Duration::from_secs(30);

/// The one call.
#[derive(Debug)]
pub(super) struct InCall {
    pub cid: Cid,
    pub origin: Origin,
    /// Our own entry, once joined.
    pub me: Option<Participant>,
    pub joining: Joining,
    /// A join was asked for and its answer was lost: the hub may have us in.
    unsure: bool,
    pub error: Option<String>,
    pub peers: BTreeMap<ParticipantId, Peer>,
    /// What holds in this call, once joined.
    pub settings: Option<hub::Settings>,
    /// What we may do there; empty if the hub does not say.
    pub capabilities: Vec<Capability>,
    /// What the hub was told last, and whether something is shared.
    pub told_muted: Option<(hub::Muted, bool)>,
    pub told_limit: Option<u32>,
    /// Whether the call is being recorded.
    pub recorded: bool,
    /// The ring that made it, as far as it is known.
    pub ring: Option<Ring>,
    /// When a rung call is left because nobody else is in it.
    pub alone_until: Option<Instant>,
    /// Asked to be told of it while not in it.
    follow: Follow,
    pause: Duration,
}

/// Why we are in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin {
    /// By its id: the configuration or a person named it.
    Room,
    /// Somebody called, or was called: it is over when the others are gone.
    Rung {
        /// We called.
        made: bool,
        /// With pictures.
        video: bool,
    },
}

/// How far we are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Joining {
    /// Waiting for the hub.
    Wanted,
    /// Asked with this tag.
    Asked(u64),
    /// In, and the hub knows it.
    Done,
    /// Refused; again at this time.
    Again(Instant),
    /// Not live: in its lobby, tried again at this time at the latest.
    Lobby(Instant),
    /// Ended for everyone; tried again at this time at the latest.
    Ended(Instant),
    /// Put out; only a person can change that.
    Out,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Follow {
    No,
    Wanted,
    Asked(u64),
    Yes,
}

impl InCall {
    pub(super) fn new(cid: Cid, origin: Origin, now: Instant) -> Self {
        let alone_until = (origin != Origin::Room).then(|| now + NOBODY_CAME);
        Self {
            cid,
            origin,
            me: None,
            joining: Joining::Wanted,
            unsure: false,
            error: None,
            peers: BTreeMap::new(),
            settings: None,
            capabilities: Vec::new(),
            told_muted: None,
            told_limit: None,
            recorded: false,
            ring: None,
            alone_until,
            follow: Follow::No,
            pause: FIRST_PAUSE,
        }
    }

    /// Joined to answer somebody, or because somebody answered.
    pub(super) fn is_rung(&self) -> bool {
        self.origin != Origin::Room
    }

    /// In, from the hub's answer: what was asked for is done.
    pub(super) fn is_in(&mut self, me: Participant) {
        (self.me, self.joining, self.error, self.pause) = (Some(me), Joining::Done, None, FIRST_PAUSE);
        // Taking part is following; after it the hub forgets.
        self.follow = Follow::No;
        self.unsure = false;
    }

    /// With somebody else, or on the way to somebody who waits.
    pub(super) fn has_company(&self) -> bool {
        self.is_rung() || !self.peers.is_empty()
    }

    pub(super) fn deadline(&self, hub_open: bool) -> Option<(Instant, &'static str)> {
        let join = match self.joining {
            Joining::Again(at) | Joining::Lobby(at) | Joining::Ended(at) if hub_open => Some((at, "join again")),
            Joining::Again(_)
            | Joining::Lobby(_)
            | Joining::Ended(_)
            | Joining::Wanted
            | Joining::Asked(_)
            | Joining::Done
            | Joining::Out => None,
        };
        let alone = self.alone_until.map(|at| (at, "alone"));
        let peers = self.peers.values().filter_map(Peer::deadline).map(|at| (at, "connect again"));
        peers.chain(join).chain(alone).min()
    }

    /// Asks at once instead of later: a person wants it, or something has changed.
    pub(super) fn knock(&mut self) {
        if matches!(self.joining, Joining::Again(_) | Joining::Lobby(_) | Joining::Ended(_)) {
            (self.joining, self.pause) = (Joining::Wanted, FIRST_PAUSE);
        }
    }

    /// Not in it any more, or not yet.
    pub(super) fn outside(&mut self, joining: Joining, why: impl Into<String>) {
        (self.me, self.joining, self.error) = (None, joining, Some(why.into()));
        (self.told_muted, self.told_limit, self.settings) = (None, None, None);
        self.capabilities.clear();
        self.recorded = false;
        if matches!(joining, Joining::Lobby(_) | Joining::Ended(_)) && self.follow == Follow::No {
            self.follow = Follow::Wanted;
        }
    }
}

impl Core {
    /// Goes into a call, leaving the present one.
    pub(super) fn enter(&mut self, cid: Cid, origin: Origin, wish: Wish, now: Instant) {
        // What was said while there was no call is meant for the next one (G13).
        let before = if self.room.is_none() { self.wish } else { Wish::default() };
        self.leave(now);
        self.owed.forget_leaving(&cid);
        let resting = self.resting.take_if(|(resting, _)| *resting == cid).map_or(Wish::default(), |(_, wish)| wish);
        self.wish = wish.or(before).or(resting);
        self.room = Some(InCall::new(cid, origin, now));
    }

    /// Leaves the call, if there is one.
    pub(super) fn leave(&mut self, now: Instant) {
        let Some(mut room) = self.room.take() else {
            return;
        };
        for peer in room.peers.values_mut() {
            self.effects.extend(peer.close());
        }
        let still_rings = room.ring.as_ref().is_some_and(|ring| ring.ended.is_none());
        if still_rings && matches!(room.origin, Origin::Rung { made: true, .. }) {
            self.owed.owe(Request::Cancel(room.cid.clone()), now);
        }
        // A person who switched off the microphone finds it off when coming back to the room.
        if !room.is_rung() && self.wish != Wish::default() {
            self.resting = Some((room.cid.clone(), self.wish));
        }
        self.wish = Wish::default();
        if room.me.is_some() || room.unsure || matches!(room.joining, Joining::Asked(_)) || room.follow != Follow::No {
            self.owed.owe(Request::Leave(room.cid), now);
        }
    }

    pub(super) fn room_hub_opened(&mut self, resumed: bool) {
        let Some(room) = &mut self.room else {
            return;
        };
        if resumed {
            // What was said last may not have arrived.
            (room.told_muted, room.told_limit) = (None, None);
        } else {
            room.follow = if matches!(room.follow, Follow::No) { Follow::No } else { Follow::Wanted };
            if room.joining != Joining::Out {
                room.joining = Joining::Wanted;
                room.pause = FIRST_PAUSE;
            }
        }
        // What was said while the hub was away did not arrive: whoever is not connected starts over.
        for peer in room.peers.values_mut() {
            peer.hub_is_back();
        }
    }

    pub(super) fn room_reply(&mut self, tag: u64, outcome: Result<serde_json::Value, rpc::Error>, now: Instant) {
        let Some(room) = &mut self.room else {
            return;
        };
        if room.follow == Follow::Asked(tag) {
            room.follow = Follow::Yes;
            // It may have gone live since the join was refused.
            if let Some(call) = outcome.ok().and_then(|value| serde_json::from_value::<Call>(value).ok())
                && room.me.is_none()
            {
                self.news(&call, now);
            }
            return;
        }
        if room.joining != Joining::Asked(tag) {
            return;
        }
        let joined = outcome.and_then(|value| {
            serde_json::from_value::<Joined>(value)
                .map_err(|e| rpc::Error::new(ErrorKind::InternalError, format!("the hub's answer to the join cannot be read: {e}")))
        });
        match joined {
            Ok(joined) => self.joined(joined, now),
            Err(error) => self.join_refused(error, now),
        }
    }

    fn join_refused(&mut self, error: rpc::Error, now: Instant) {
        let Some(room) = &mut self.room else {
            return;
        };
        room.unsure = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Timeout);
        if room.is_rung() && !owed::passing(&error) {
            return self.leave(now);
        }
        let details = error.details.unwrap_or_default();
        let retry_after = details.retry_after_ms.map(Duration::from_millis);
        match error.kind {
            ErrorKind::NotLive => {
                let at = details.joinable_at.as_deref();
                let wait = retry_after.or_else(|| self.clock.until(at?, now)).unwrap_or(LOBBY_PAUSE);
                // By a clock that is ahead, the time is over and the refusal goes on.
                let wait = wait.clamp(room.pause, ENDED_PAUSE);
                room.pause = (room.pause * 2).min(LOBBY_PAUSE);
                let text = match at {
                    Some(at) => format!("in the lobby until {at}, or until somebody goes live: {}", error.message),
                    None => format!("in the lobby until somebody goes live: {}", error.message),
                };
                room.outside(Joining::Lobby(now + wait), text);
            }
            ErrorKind::CallEnded => room.outside(Joining::Ended(now + ENDED_PAUSE), error.message),
            ErrorKind::ParseError
            | ErrorKind::InvalidRequest
            | ErrorKind::MethodNotFound
            | ErrorKind::InvalidParams
            | ErrorKind::InternalError
            | ErrorKind::Unauthenticated
            | ErrorKind::PermissionDenied
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Full
            | ErrorKind::TooLarge
            | ErrorKind::RateLimited
            | ErrorKind::Timeout
            | ErrorKind::Unavailable => {
                let least = if error.kind == ErrorKind::PermissionDenied { NOT_WANTED_PAUSE } else { room.pause };
                room.error = Some(error.message);
                room.joining = Joining::Again(now + least.max(retry_after.unwrap_or_default()));
                room.pause = (room.pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// Joins, follows and leaves what is due.
    pub(super) fn settle_room(&mut self, now: Instant) {
        if self.room.as_ref().is_some_and(|room| room.alone_until.is_some_and(|at| at <= now)) {
            self.leave(now);
        }
        if self.room.is_none()
            && !self.left
            && let Some(home) = self.home.clone()
        {
            self.enter(home, Origin::Room, Wish::default(), now);
        }
        if !self.hub_open {
            return;
        }
        // Before anything is joined, so that the hub never sees us in two calls.
        self.settle_owed(now);
        self.follow();
        let Some(room) = &mut self.room else {
            return;
        };
        let due = match room.joining {
            Joining::Wanted => true,
            Joining::Again(at) | Joining::Lobby(at) | Joining::Ended(at) => at <= now,
            Joining::Asked(_) | Joining::Done | Joining::Out => false,
        };
        if !due {
            return;
        }
        room.joining = Joining::Asked(self.next_tag);
        let participation =
            Some(Participation { id: self.settings.participant.clone(), generation: room.me.as_ref().map(|me| me.generation) });
        let create = self.settings.call.create && !room.is_rung();
        let data = self.settings.call.team.clone().filter(|_| create);
        let data = data.map(|team| hub::CallData { team: Some(team), ..hub::CallData::default() });
        let (kind, id) = (room.cid.kind().to_owned(), room.cid.id().to_owned());
        let (custom, door) = (serde_json::Value::Null, self.settings.door.is_some());
        self.request(Request::Join(JoinCall { kind, id, create, data, participation, custom, door }));
    }

    fn follow(&mut self) {
        if let Some(room) = self.room.as_mut().filter(|room| room.follow == Follow::Wanted) {
            room.follow = Follow::Asked(self.next_tag);
            let request = Request::Get(get(&room.cid));
            self.request(request);
        }
    }
}

pub(super) fn get(cid: &Cid) -> GetCall {
    GetCall { kind: cid.kind().to_owned(), id: cid.id().to_owned(), data: None }
}
