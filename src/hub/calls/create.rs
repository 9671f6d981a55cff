//! Loading, creating and listing calls.

use std::time::{Instant, SystemTime};

use serde_json::Value;

use super::call::Call;
use super::{Answer, Caller, Calls, Refused, check};
use crate::protocol::Cid;
use crate::protocol::hub::{self, CallData, CallList, Capability, GetCall, ListCalls};

/// Calls in the answer to `call.list`.
const LISTED: usize = 25;
/// At most.
const MAX_LISTED: usize = 100;

impl Calls {
    pub(super) fn get(&mut self, by: &Caller, get: &GetCall) -> Result<Answer, Refused> {
        let cid = Cid::new(&get.kind, &get.id)?;
        self.allowed(by, &cid, Capability::ReadCall)?;
        self.may_follow(by, &cid)?;
        self.follow(by.session, &cid);
        self.whole(by, &cid)
    }

    /// Of an existing call only ringing and notifying are done (G6, G7, G24, G25).
    pub(super) fn get_or_create(&mut self, by: &Caller, get: GetCall, now: Instant) -> Result<Answer, Refused> {
        let cid = Cid::new(&get.kind, &get.id)?;
        self.may_follow(by, &cid)?;
        let data = get.data.unwrap_or_default();
        if self.calls.contains_key(&cid) {
            self.allowed(by, &cid, Capability::ReadCall)?;
            if data.ring {
                self.may_ring_again(by, &cid)?;
            }
            if data.notify {
                self.allowed(by, &cid, Capability::JoinCall)?;
            }
            if data.ring || data.notify {
                self.paces.ring(&by.user.id, now)?;
            }
        } else {
            let call = self.draft(by, &cid, &data)?;
            self.create(by, call, &data, now)?;
        }
        self.follow(by.session, &cid);
        self.ring_and_notify(by, &cid, &data, Value::Null, now);
        self.whole(by, &cid)
    }

    /// The call as it will be, checked as a whole; nothing changes.
    pub(super) fn draft(&self, by: &Caller, cid: &Cid, data: &CallData) -> Result<Call, Refused> {
        let call_type = self.types.named(cid.kind())?;
        let capability = Capability::CreateCall;
        if !super::access::capabilities(call_type, None, &by.user).contains(&capability) {
            return Err(Refused::Forbidden { cid: cid.clone(), capability });
        }
        if self.calls.len() >= self.limits.calls {
            return Err(Refused::TooManyCalls(self.limits.calls));
        }
        self.team_of(by, cid, data)?;
        let mut info = hub::Call::new(cid.clone(), by.user.id.clone(), rfc3339(by.wall));
        check::custom("`data.custom`", &data.custom)?;
        info.custom.clone_from(&data.custom);
        info.settings_override.clone_from(&data.settings_override);
        if let Some(kbps) = data.max_bandwidth {
            let limits = serde_json::json!({ "limits": { "max_bandwidth": kbps } });
            hub::deep_merge(&mut info.settings_override, limits.as_object().unwrap_or(&serde_json::Map::new()));
        }
        check::custom("`data.settings_override`", &info.settings_override)?;
        info.settings = call_type.settings.with(&info.settings_override)?;
        info.starts_at = data.starts_at.as_deref().map(|at| check::date("data.starts_at", at)).transpose()?;
        info.team.clone_from(&data.team);
        info.video = data.video.unwrap_or(true);
        info.ends_when_alone = data.ring;
        super::members::update(&mut info.members, &data.members)?;
        let mut call = Call::new(info);
        call.refresh();
        if data.ring {
            super::ring::callees(&call, &by.user.id, None)?;
            super::ring::rings(&call)?;
        }
        Ok(call)
    }

    /// Keeps a drafted call. Ringing follows by [`Self::ring_and_notify`].
    pub(super) fn create(&mut self, by: &Caller, call: Call, data: &CallData, now: Instant) -> Result<(), Refused> {
        if data.ring || data.notify {
            self.paces.ring(&by.user.id, now)?;
        }
        self.paces.create(&by.user.id, now)?;
        let cid = call.info.cid.clone();
        self.calls.insert(cid.clone(), call);
        self.changed(&cid);
        Ok(())
    }

    /// A user with teams creates calls for one of them, a user without teams for none (G36).
    fn team_of(&self, by: &Caller, cid: &Cid, data: &CallData) -> Result<(), Refused> {
        check::team(data.team.as_ref())?;
        match &data.team {
            Some(team) if by.user.teams.contains(team) => Ok(()),
            Some(_) => Err(Refused::OtherTeam(cid.clone())),
            None if by.user.teams.is_empty() => Ok(()),
            None => Err(Refused::NameATeam(by.user.teams.iter().cloned().collect::<Vec<_>>().join(" or "))),
        }
    }

    pub(super) fn list(&self, by: &Caller, list: &ListCalls) -> Result<Answer, Refused> {
        let limit = list.limit.map_or(LISTED, |limit| (limit as usize).min(MAX_LISTED));
        let belongs = |call: &Call| call.info.created_by == by.user.id || call.member(&by.user.id).is_some();
        let mut found: Vec<&Call> = self
            .calls
            .values()
            .filter(|call| list.kind.as_deref().is_none_or(|kind| call.info.cid.kind() == kind))
            .filter(|call| list.ended || call.info.ended_at.is_none())
            .filter(|call| belongs(call) && self.allowed(by, &call.info.cid, Capability::ReadCall).is_ok())
            .collect();
        found.sort_by(|a, b| b.info.created_at.cmp(&a.info.created_at).then_with(|| a.info.cid.cmp(&b.info.cid)));
        let calls = found.into_iter().take(limit).map(|call| self.view_for(by, &call.info.cid)).collect::<Result<_, _>>()?;
        Ok(Answer::Calls(CallList { calls }))
    }
}

/// A date as calls store it.
pub(super) fn rfc3339(wall: SystemTime) -> String {
    humantime::format_rfc3339_millis(wall).to_string()
}
