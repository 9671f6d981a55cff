//! What is stored of a call. Whether a socket is there is not: after a restart nobody's is.

use std::collections::BTreeSet;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::call::{Call, Participant, Presence};
use crate::protocol::{Cid, hub};

/// A call as it is stored. Fields are only ever added, with a default, so that an older record can be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The call and its participants; their `state` means nothing here.
    pub call: hub::Call,
}

impl Record {
    pub(super) fn of(cid: &Cid, call: &Call) -> Self {
        Self { call: call.view(cid) }
    }

    /// The call, with everybody away until the given time.
    pub(super) fn into_call(self, until: Instant) -> (Cid, Call) {
        let hub::Call { cid, created_by, created_at, custom, participants, .. } = self.call;
        let participants = participants
            .into_iter()
            .map(|p| Participant {
                id: p.id,
                generation: p.generation,
                user: p.user,
                kind: p.kind,
                muted: p.muted,
                custom: p.custom,
                presence: Presence::Away { session: None, until },
            })
            .collect();
        (cid, Call { created_by, created_at, custom, participants, followers: BTreeSet::new() })
    }
}
