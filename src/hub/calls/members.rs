//! What is stored with a call and changes later: custom data, settings, members, permissions.

use std::collections::BTreeSet;

use super::{Answer, Caller, Calls, Refused, check};
use crate::protocol::UserId;
use crate::protocol::hub::{
    Capability, Member, MemberUpdate, RecordingMode, Role, UpdateCall, UpdateMembers, UpdatePermissions, deep_merge,
};

/// Adds and changes members, all or none.
pub(super) fn update(members: &mut Vec<Member>, updates: &[MemberUpdate]) -> Result<(), Refused> {
    for update in updates {
        check::custom("a member's `custom`", &update.custom)?;
    }
    let known = |members: &[Member], user: &UserId| members.iter().position(|member| member.user_id == *user);
    let new: BTreeSet<_> = updates.iter().map(|u| &u.user_id).filter(|user| known(members, user).is_none()).collect();
    if members.len() + new.len() > check::MAX_MEMBERS {
        return Err(Refused::TooMany { what: "members of a call", limit: check::MAX_MEMBERS });
    }
    for MemberUpdate { user_id, role, custom } in updates.iter().cloned() {
        match known(members, &user_id).and_then(|index| members.get_mut(index)) {
            Some(member) => {
                member.role = role.unwrap_or_else(|| member.role.clone());
                member.custom = custom.unwrap_or_else(|| std::mem::take(&mut member.custom));
            }
            None => {
                members.push(Member { user_id, role: role.unwrap_or_else(Role::call_member), custom: custom.unwrap_or_default() })
            }
        }
    }
    Ok(())
}

impl Calls {
    /// `call.update` (G17).
    pub(super) fn update(&mut self, by: &Caller, update: UpdateCall) -> Result<Answer, Refused> {
        let UpdateCall { cid, custom, settings_override, starts_at } = update;
        let call = if settings_override.is_empty() || !custom.is_empty() || starts_at.is_some() {
            self.allowed(by, &cid, Capability::UpdateCall)?
        } else {
            self.allowed(by, &cid, Capability::UpdateCallSettings)?
        };
        if !settings_override.is_empty() {
            self.allowed(by, &cid, Capability::UpdateCallSettings)?;
        }
        let mut all = call.info.custom.clone();
        for (key, value) in custom {
            if value.is_null() {
                all.remove(&key)
            } else {
                all.insert(key, value)
            };
        }
        check::custom("`custom`", &all)?;
        let mut overrides = call.info.settings_override.clone();
        // Checked before merging, which would keep a null for a setting that does not exist.
        self.types.of(&cid).settings.with(&settings_override)?;
        deep_merge(&mut overrides, &settings_override);
        check::custom("`settings_override`", &overrides)?;
        let settings = self.types.of(&cid).settings.with(&overrides)?;
        let starts_at = starts_at.map(|at| check::date("starts_at", &at)).transpose()?;
        let before = self.before(&cid);
        let call = self.call_mut(&cid)?;
        call.info.custom = all;
        call.info.settings_override = overrides;
        call.info.settings = settings;
        if starts_at.is_some() {
            call.info.starts_at = starts_at;
        }
        call.refresh();
        if call.info.settings.recording.mode == RecordingMode::Disabled {
            call.info.recording = false;
        }
        self.touched(&cid, &before, Some(&by.user.id));
        self.whole(by, &cid)
    }

    /// `call.update_members` (G28, G41).
    pub(super) fn update_members(&mut self, by: &Caller, change: UpdateMembers) -> Result<Answer, Refused> {
        let UpdateMembers { cid, update_members, remove_members } = change;
        let needed = if update_members.is_empty() { Capability::RemoveCallMember } else { Capability::UpdateCallMember };
        let call = self.allowed(by, &cid, needed)?;
        if !remove_members.is_empty() {
            self.allowed(by, &cid, Capability::RemoveCallMember)?;
        }
        let mut members = call.info.members.clone();
        for user in &remove_members {
            let index = members.iter().position(|member| member.user_id == *user);
            let index = index.ok_or_else(|| Refused::NotAMember { cid: cid.clone(), user: user.clone() })?;
            members.remove(index);
        }
        update(&mut members, &update_members)?;
        let before = self.before(&cid);
        let call = self.call_mut(&cid)?;
        call.info.members = members;
        let gone: Vec<UserId> = remove_members.into_iter().filter(|user| call.member(user).is_none()).collect();
        for user in gone {
            self.stop_ringing_for(&cid, &user);
        }
        self.touched(&cid, &before, Some(&by.user.id));
        self.whole(by, &cid)
    }

    /// `call.update_permissions`: of one user, beyond its roles.
    pub(super) fn update_permissions(&mut self, by: &Caller, change: UpdatePermissions) -> Result<Answer, Refused> {
        let UpdatePermissions { cid, user_id, grant, revoke } = change;
        let call = self.allowed(by, &cid, Capability::UpdateCallPermissions)?;
        // Nobody gives away what they do not have.
        let own = self.capabilities(&cid, Some(call), &by.user);
        if let Some(&capability) = grant.iter().find(|capability| !own.contains(capability)) {
            return Err(Refused::Forbidden { cid, capability });
        }
        if call.info.permissions.len() >= check::MAX_EXCEPTIONS && !call.info.permissions.contains_key(&user_id) {
            return Err(Refused::TooMany { what: "users with permissions of their own in a call", limit: check::MAX_EXCEPTIONS });
        }
        let mut permissions = call.info.permissions.get(&user_id).cloned().unwrap_or_default();
        permissions.revoked.retain(|capability| !grant.contains(capability));
        permissions.granted.extend(grant);
        permissions.granted.retain(|capability| !revoke.contains(capability));
        permissions.revoked.extend(revoke);
        for list in [&mut permissions.granted, &mut permissions.revoked] {
            list.sort_unstable();
            list.dedup();
        }
        let before = self.before(&cid);
        let call = self.call_mut(&cid)?;
        if permissions.granted.is_empty() && permissions.revoked.is_empty() {
            call.info.permissions.remove(&user_id);
        } else {
            call.info.permissions.insert(user_id, permissions);
        }
        self.touched(&cid, &before, Some(&by.user.id));
        self.whole(by, &cid)
    }
}
