//! Who may do what: roles, capabilities, teams, blocked users, and the conditions for being in a call.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::call::Call;
use super::{Caller, Calls, Refused};
use crate::protocol::Cid;
use crate::protocol::hub::{CallType, Capability, Role, User};

/// What a user may do in a call, or in a call of this type that does not exist yet. Roles add up: the user's own, that of its
/// membership and `call-member`, and `host` for who created the call. Whom the call keeps out may nothing.
pub(super) fn capabilities(call_type: &CallType, call: Option<&Call>, user: &User) -> BTreeSet<Capability> {
    let mut roles = BTreeSet::from([user.role.clone()]);
    let Some(call) = call else { return granted(call_type, &roles) };
    if is_kept_out(call, user) {
        return BTreeSet::new();
    }
    if let Some(member) = call.member(&user.id) {
        roles.extend([member.role.clone(), Role::call_member()]);
    }
    if call.info.created_by == user.id {
        roles.insert(Role::host());
    }
    let mut all = granted(call_type, &roles);
    if let Some(own) = call.info.permissions.get(&user.id) {
        all.extend(&own.granted);
        for revoked in &own.revoked {
            all.remove(revoked);
        }
    }
    all
}

/// Which of sound, camera and screen somebody with these capabilities can send, as the call's settings are.
pub(super) fn sendable(call: &Call, own: &BTreeSet<Capability>) -> BTreeSet<Capability> {
    let settings = &call.info.settings;
    let possible = [
        (Capability::SendAudio, true),
        (Capability::SendVideo, settings.video.enabled),
        (Capability::Screenshare, settings.screensharing.enabled),
    ];
    possible
        .into_iter()
        .filter(|(capability, possible)| *possible && own.contains(capability))
        .map(|(capability, _)| capability)
        .collect()
}

fn granted(call_type: &CallType, roles: &BTreeSet<Role>) -> BTreeSet<Capability> {
    roles.iter().filter_map(|role| call_type.grants.get(role)).flatten().copied().collect()
}

fn is_kept_out(call: &Call, user: &User) -> bool {
    call.info.blocked.contains(&user.id) || is_of_other_team(call, user)
}

fn is_of_other_team(call: &Call, user: &User) -> bool {
    call.info.team.as_ref().is_some_and(|team| !user.teams.contains(team))
}

impl Calls {
    pub(super) fn capabilities(&self, cid: &Cid, call: Option<&Call>, user: &User) -> BTreeSet<Capability> {
        capabilities(self.types.of(cid), call, user)
    }

    /// The call, if it is there and this user may do this in it.
    pub(super) fn allowed(&self, by: &Caller, cid: &Cid, capability: Capability) -> Result<&Call, Refused> {
        let call = self.calls.get(cid).ok_or_else(|| Refused::NoSuchCall(cid.clone()))?;
        self.allowed_in(by, call, capability)?;
        Ok(call)
    }

    fn allowed_in(&self, by: &Caller, call: &Call, capability: Capability) -> Result<(), Refused> {
        let cid = &call.info.cid;
        if is_of_other_team(call, &by.user) {
            return Err(Refused::OtherTeam(cid.clone()));
        }
        if call.info.blocked.contains(&by.user.id) {
            return Err(Refused::Blocked(cid.clone()));
        }
        if !self.capabilities(cid, Some(call), &by.user).contains(&capability) {
            return Err(Refused::Forbidden { cid: cid.clone(), capability });
        }
        Ok(())
    }

    /// Whether this user may come in now (G16, G34, G35, G39 to G41).
    pub(super) fn may_join(&self, by: &Caller, call: &Call) -> Result<(), Refused> {
        let cid = &call.info.cid;
        self.allowed_in(by, call, Capability::ReadCall)?;
        self.allowed_in(by, call, Capability::JoinCall)?;
        let own = self.capabilities(cid, Some(call), &by.user);
        if call.info.ended_at.is_some() && !own.contains(&Capability::JoinEndedCall) {
            return Err(Refused::Ended(cid.clone()));
        }
        if call.info.backstage && !own.contains(&Capability::JoinBackstage) {
            let opens = opens_at(call);
            if opens.is_none_or(|opens| by.wall < opens) {
                let joinable_at = opens.map(|opens| humantime::format_rfc3339_millis(opens).to_string());
                return Err(Refused::NotLive { cid: cid.clone(), joinable_at });
            }
        }
        Ok(())
    }

    /// Whether somebody who is in may stay, after roles, members or blocked users changed.
    pub(super) fn may_stay(&self, cid: &Cid, call: &Call, user: &User) -> bool {
        let own = self.capabilities(cid, Some(call), user);
        own.contains(&Capability::JoinCall) && own.contains(&Capability::ReadCall)
    }
}

/// From when on everybody may join a call that is not live (G35).
fn opens_at(call: &Call) -> Option<SystemTime> {
    let ahead = call.info.settings.backstage.join_ahead_time_seconds;
    let starts = call.info.starts_at.as_deref().filter(|_| ahead > 0)?;
    let starts = humantime::parse_rfc3339(starts).ok()?;
    Some(starts.checked_sub(Duration::from_secs(ahead.into())).unwrap_or(SystemTime::UNIX_EPOCH))
}
