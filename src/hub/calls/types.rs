//! Call types: the built-in ones, those of `hub.toml`, and those made or changed by administrators.

use std::collections::BTreeMap;

use super::{Answer, Caller, Calls, Effect, Refused};
use crate::protocol::Cid;
use crate::protocol::hub::{BUILT_IN_TYPES, CallType, CallTypes, NamedType, PutCallType, Role};
use crate::protocol::id::check_name;

/// Call types that a hub keeps.
const MAX_TYPES: usize = 200;
/// Roles that a call type knows.
const MAX_ROLES: usize = 50;

/// All call types.
#[derive(Debug, Clone)]
pub struct Types {
    types: BTreeMap<String, CallType>,
    /// As they are without an administrator's changes: what deleting one goes back to.
    configured: BTreeMap<String, CallType>,
    fallback: CallType,
}

impl Default for Types {
    fn default() -> Self {
        let types: BTreeMap<_, _> =
            BUILT_IN_TYPES.iter().filter_map(|name| Some(((*name).to_owned(), CallType::built_in(name)?))).collect();
        let empty = CallType { name: String::new(), settings: crate::protocol::hub::Settings::default(), grants: BTreeMap::new() };
        let fallback = types.get("default").cloned().unwrap_or(empty);
        Self { configured: types.clone(), types, fallback }
    }
}

impl Types {
    /// Adds or changes a type as `hub.toml` says.
    pub fn configure(&mut self, put: PutCallType) -> Result<(), Refused> {
        let changed = self.with(put)?;
        self.configured.insert(changed.name.clone(), changed.clone());
        self.types.insert(changed.name.clone(), changed);
        Ok(())
    }

    /// Takes in a type as it was stored.
    pub fn restore(&mut self, stored: CallType) {
        self.types.insert(stored.name.clone(), stored);
    }

    /// The type of a call; `default` if there is none of that name any more.
    pub(super) fn of(&self, cid: &Cid) -> &CallType {
        self.types.get(cid.kind()).unwrap_or(&self.fallback)
    }

    /// A type that is not as configured.
    pub(super) fn changed(&self, name: &str) -> Option<&CallType> {
        self.types.get(name).filter(|call_type| self.configured.get(name) != Some(*call_type))
    }

    pub(super) fn get(&self, name: &str) -> Option<&CallType> {
        self.types.get(name)
    }

    pub(super) fn named(&self, name: &str) -> Result<&CallType, Refused> {
        let known = || self.types.keys().cloned().collect::<Vec<_>>().join(", ");
        self.types.get(name).ok_or_else(|| Refused::NoSuchType { name: name.chars().take(64).collect(), known: known() })
    }

    /// A type with changes, checked.
    fn with(&self, put: PutCallType) -> Result<CallType, Refused> {
        check_name("a call type", &put.name, "-_")?;
        if !self.types.contains_key(&put.name) && self.types.len() >= MAX_TYPES {
            return Err(Refused::TooMany { what: "call types", limit: MAX_TYPES });
        }
        let base = self.types.get(&put.name).unwrap_or(&self.fallback);
        let settings = base.settings.with(&put.settings)?;
        let mut grants = base.grants.clone();
        grants.extend(put.grants);
        if grants.len() > MAX_ROLES {
            return Err(Refused::TooMany { what: "roles in a call type", limit: MAX_ROLES });
        }
        Ok(CallType { name: put.name, settings, grants })
    }
}

impl Calls {
    pub(super) fn list_types(&self) -> Answer {
        Answer::Types(CallTypes { call_types: self.types.types.values().cloned().collect() })
    }

    pub(super) fn get_type(&self, named: &NamedType) -> Result<Answer, Refused> {
        Ok(Answer::Type(Box::new(self.types.named(&named.name)?.clone())))
    }

    pub(super) fn put_type(&mut self, by: &Caller, put: PutCallType) -> Result<Answer, Refused> {
        is_admin(by)?;
        let changed = self.types.with(put)?;
        if self.types.get(&changed.name) != Some(&changed) {
            self.set_type(changed.name.clone(), Some(changed.clone()));
        }
        Ok(Answer::Type(Box::new(changed)))
    }

    /// A type of `hub.toml`, or a built-in one, is as configured again; another one is gone, if no call needs it.
    pub(super) fn delete_type(&mut self, by: &Caller, named: &NamedType) -> Result<Answer, Refused> {
        is_admin(by)?;
        self.types.named(&named.name)?;
        let configured = self.types.configured.get(&named.name).cloned();
        let calls = self.calls.keys().filter(|cid| cid.kind() == named.name).count();
        if configured.is_none() && calls > 0 {
            return Err(Refused::TypeInUse { name: named.name.clone(), calls });
        }
        self.set_type(named.name.clone(), configured);
        Ok(Answer::Done)
    }

    /// Every call of the type takes the change over.
    fn set_type(&mut self, name: String, call_type: Option<CallType>) {
        let cids: Vec<Cid> = self.calls.keys().filter(|cid| cid.kind() == name).cloned().collect();
        let before: Vec<_> = cids.iter().map(|cid| self.before(cid)).collect();
        match call_type {
            Some(call_type) => self.types.types.insert(name.clone(), call_type),
            None => self.types.types.remove(&name),
        };
        self.effects.push_back(Effect::TypeChanged(name));
        for (cid, before) in cids.into_iter().zip(before) {
            let call_type = self.types.of(&cid).clone();
            if let Some(call) = self.calls.get_mut(&cid) {
                call.follow_type(&call_type);
            }
            self.touched(&cid, &before, None);
        }
    }
}

fn is_admin(by: &Caller) -> Result<(), Refused> {
    if by.user.role == Role::admin() { Ok(()) } else { Err(Refused::NotAdmin) }
}
