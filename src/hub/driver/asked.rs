//! What is asked for, by whichever door: done or refused, and answered once the change behind it is stored.

use std::collections::BTreeSet;
use std::time::{Instant, SystemTime};

use serde_json::{Value, json};

use super::super::calls::{Answer, Caller, Input, Refused, Request, SessionId};
use super::super::persist::Item;
use super::super::tokens::Identity;
use super::{Ask, Door, Driver, date, deadline, internal};
use crate::protocol::hub::{ClientKind, DoorOpened, IceServers, Renewed, Role, Service, Subscriptions, User};
use crate::protocol::rpc::{self, ErrorKind};
use crate::protocol::{ParticipantId, UserId};

/// Who asks.
struct Who {
    session: Option<SessionId>,
    user: User,
    kind: ClientKind,
}

/// How a request is answered.
enum Said {
    Now(Value),
    Later(u64),
}

/// What an answer speaks of.
enum About {
    Nothing,
    This(Item),
    Everything,
}

impl Driver {
    pub(super) fn asked(&mut self, from: Door, what: Ask, method: &'static str, now: Instant) {
        let who = match &from {
            Door::Socket { session, outbox, .. } => {
                let Some(linked) = self.sessions.linked(*session, outbox) else { return };
                Who { session: Some(*session), user: linked.user.clone(), kind: linked.kind }
            }
            Door::Rest { .. } if self.waiting.is_full() => {
                let Door::Rest { reply, .. } = from else { return };
                self.meters.request(method, Some(ErrorKind::Unavailable));
                let error = rpc::Error::new(ErrorKind::Unavailable, "the hub's disk does not keep up: try again later");
                let _ = reply.send(Err(error));
                return;
            }
            Door::Rest { user, .. } => Who { session: None, user: user.clone(), kind: ClientKind::Browser },
        };
        let about = about(&what);
        let before = self.persist.latest();
        let outcome = match self.answer_to(who, what, now) {
            Ok(Said::Now(value)) => Ok(value),
            Ok(Said::Later(request)) => {
                self.meters.request(method, None);
                self.later.insert(request, from);
                return self.drain();
            }
            Err(error) => Err(error),
        };
        self.meters.request(method, outcome.as_ref().err().map(|error| error.kind));
        self.drain();
        // A refusal has changed nothing; an answer may speak of a change that is not on the disk yet.
        let after = match (&outcome, about) {
            (Err(_), _) => 0,
            (Ok(_), _) if self.persist.latest() > before => self.persist.latest(),
            (Ok(_), About::This(item)) => self.persist.unstored(&item),
            (Ok(_), About::Everything) => self.persist.anything_unstored(),
            (Ok(_), About::Nothing) => 0,
        };
        match from {
            Door::Socket { session, request: Some(request), .. } => self.sessions.answer(session, request, outcome, after),
            Door::Socket { request: None, .. } => {}
            Door::Rest { reply, .. } => self.waiting.answer(after, reply, outcome),
        }
    }

    /// Something else has happened that somebody waits for.
    pub(super) fn answered(&mut self, request: u64, outcome: Result<DoorOpened, Refused>) {
        let outcome = outcome.map_err(rpc::Error::from).and_then(|opened| serde_json::to_value(opened).map_err(internal));
        match self.later.remove(&request) {
            // A socket that came since did not ask.
            Some(Door::Socket { session, outbox, request: Some(request) }) if self.sessions.linked(session, &outbox).is_some() => {
                self.sessions.answer(session, request, outcome, 0);
            }
            Some(Door::Rest { reply, .. }) => _ = reply.send(outcome),
            Some(Door::Socket { .. }) | None => {}
        }
    }

    fn answer_to(&mut self, who: Who, what: Ask, now: Instant) -> Result<Said, rpc::Error> {
        if let Ask::Calls(request) = what {
            return self.answer_about_calls(who, request, now);
        }
        self.answer_at_once(&who, what, now).map(Said::Now)
    }

    fn answer_about_calls(&mut self, who: Who, request: Box<Request>, now: Instant) -> Result<Said, rpc::Error> {
        let fresh = ParticipantId::from(uuid::Uuid::new_v4());
        let by = Caller { session: who.session, user: who.user, kind: who.kind, fresh, wall: SystemTime::now() };
        let user = by.user.id.clone();
        let mut answer = self.calls.handle(Input::Asked { by, request }, now)?;
        if let Answer::Later(request) = answer {
            return Ok(Said::Later(request));
        }
        if let Answer::Joined(joined) = &mut answer {
            joined.ice_servers = self.ice_servers(&user);
        }
        answer.into_result().map(Said::Now).map_err(internal)
    }

    fn answer_at_once(&mut self, who: &Who, what: Ask, now: Instant) -> Result<Value, rpc::Error> {
        match what {
            // Answered above.
            Ask::Calls(_) => Ok(json!({})),
            Ask::Subscribe(more) => self.subscribe(who, |services| services.extend(more), now),
            Ask::Unsubscribe(less) => self.subscribe(who, |services| services.retain(|service| !less.contains(service)), now),
            Ask::Subscriptions => self.subscribe(who, |_| {}, now),
            Ask::IceServers => serde_json::to_value(self.ice_servers(&who.user.id)).map_err(internal),
            Ask::Renew(identity) => self.renew(who, *identity, now),
            Ask::Revoke(user) => self.revoke(who, &user, now),
        }
    }

    fn ice_servers(&self, user: &UserId) -> IceServers {
        self.turn.as_ref().map(|turn| turn.servers(user, SystemTime::now())).unwrap_or_default()
    }

    /// Changes what a session is told of (K4); answers what that is now (K7).
    fn subscribe(&mut self, who: &Who, change: impl FnOnce(&mut BTreeSet<Service>), now: Instant) -> Result<Value, rpc::Error> {
        let session = who.session.ok_or_else(needs_session)?;
        let old = self.sessions.services(session);
        let mut services = old.clone();
        change(&mut services);
        if services != old {
            self.sessions.subscribe(session, services.clone());
            let _ = self.calls.handle(Input::SessionOpened { session, user: who.user.clone(), services: services.clone() }, now);
        }
        serde_json::to_value(Subscriptions { subscribed: services.into_iter().collect() }).map_err(internal)
    }

    fn renew(&mut self, who: &Who, Identity { user, times }: Identity, now: Instant) -> Result<Value, rpc::Error> {
        let session = who.session.ok_or_else(needs_session)?;
        if user.id != who.user.id {
            let text = format!("this session is {}'s, and the token {}'s: open another session", who.user.id, user.id);
            return Err(rpc::Error::new(ErrorKind::PermissionDenied, text));
        }
        if self.identities.is_revoked(&user.id, times.issued_at) {
            return Err(super::Identities::revoked());
        }
        self.sessions.renew(session, user.clone(), deadline(times.expires_at, now));
        if user != who.user {
            let services = self.sessions.services(session);
            let _ = self.calls.handle(Input::SessionOpened { session, user, services }, now);
        }
        serde_json::to_value(Renewed { expires_at: date(times.expires_at) }).map_err(internal)
    }

    /// Makes void what tokens a user has, and ends the sessions that they opened.
    fn revoke(&mut self, who: &Who, user: &UserId, now: Instant) -> Result<Value, rpc::Error> {
        if who.user.role != Role::admin() {
            return Err(rpc::Error::new(ErrorKind::PermissionDenied, "only administrators (role `admin`) revoke tokens"));
        }
        self.identities.revoke(user, SystemTime::now());
        self.persist.changed(Item::User(user.clone()));
        for session in self.sessions.end_of(user) {
            let _ = self.calls.handle(Input::SessionEnded(session), now);
        }
        Ok(json!({}))
    }
}

fn needs_session() -> rpc::Error {
    rpc::Error::new(ErrorKind::Conflict, "this needs a session: open the socket at /v1/socket")
}

#[allow(clippy::wildcard_enum_match_arm)] // all other requests name the one call that they are about, or none
fn about(what: &Ask) -> About {
    let Ask::Calls(request) = what else { return About::Nothing };
    match &**request {
        Request::List(_) | Request::ListTypes(_) => About::Everything,
        Request::GetType(named) | Request::DeleteType(named) => About::This(Item::Type(named.name.clone())),
        Request::PutType(put) => About::This(Item::Type(put.name.clone())),
        other => other.cid().map_or(About::Nothing, |cid| About::This(Item::Call(cid))),
    }
}
