//! In the end everybody knows what the hub knows.

use std::collections::BTreeSet;

use super::appliance::Appliance;
use super::page::Page;
use super::{Client, Fleet};
use crate::protocol::control::CallState;
use crate::protocol::hub::ParticipantState;
use crate::protocol::{Cid, ParticipantId};

impl Fleet {
    /// Returns how many are in a call.
    pub(super) fn agree(&self) -> u64 {
        let mut here = 0;
        for client in &self.clients {
            match client {
                Client::Page(page) => self.page_agrees(page),
                Client::Appliance(appliance) => self.appliance_agrees(appliance),
            }
        }
        for cid in self.hub.calls.all() {
            let call = self.hub.calls.call(&cid).unwrap();
            assert!(call.ring.is_none_or(|ring| ring.ended.is_some()), "{cid} still rings");
            let ghosts: Vec<_> = call.participants.iter().filter(|p| p.state == ParticipantState::Reconnecting).collect();
            assert!(ghosts.is_empty(), "ghosts in {cid}: {ghosts:?}");
            here += call.participants.len() as u64;
        }
        here
    }

    fn page_agrees(&self, page: &Page) {
        assert!(page.is_settled(), "{} is not back: {page:?}", page.user);
        let session = page.link.and_then(|link| self.hub.session_of(link)).expect("a session");
        for (cid, known) in &page.replica.calls {
            assert_eq!(Some(known), self.hub.view_for(cid, session).as_ref(), "what {} knows of {cid}", page.user);
        }
        let follows: BTreeSet<Cid> =
            self.hub.calls.all().into_iter().filter(|cid| self.hub.view_for(cid, session).is_some()).collect();
        let knows: BTreeSet<Cid> = page.replica.calls.keys().cloned().collect();
        // A call that `call.make` made is followed without being kept in this page's replica.
        assert!(follows.is_superset(&knows), "{} believes to follow {knows:?}, not {follows:?}", page.user);
    }

    fn appliance_agrees(&self, appliance: &Appliance) {
        let link = appliance.link.unwrap_or_else(|| panic!("{} is not back", appliance.user));
        let session = self.hub.session_of(link).expect("a session");
        let status = appliance.status();
        for cid in self.hub.calls.all() {
            let call = self.hub.calls.call(&cid).unwrap();
            let is_in = self.hub.calls.is_in(&cid, session);
            let believes = status.as_ref().filter(|status| status.cid == cid && status.state == CallState::Joined);
            assert_eq!(is_in, believes.is_some(), "{} in {cid}: the hub says {is_in}, it says {status:?}", appliance.user);
            if let Some(status) = believes {
                let others: BTreeSet<ParticipantId> = status.participants.iter().map(|p| p.id.clone()).collect();
                let own = status.participant.as_ref();
                let seen = call.participants.iter().map(|p| &p.id).filter(|id| Some(*id) != own).cloned().collect();
                assert_eq!(others, seen, "whom {} sees in {cid}", appliance.user);
            }
        }
    }
}
