//! What is stored of a call. Whether a socket is there is not: after a restart nobody's is.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::call::{Call, Participant, Presence};
use crate::protocol::hub;

/// A call as it is stored. Fields are only ever added, with a default, so that an older record can be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The call and its participants; their `state` means nothing here.
    pub call: hub::Call,
    /// How many sessions the call has had.
    #[serde(default)]
    pub sessions: u64,
}

impl Record {
    pub(super) fn of(call: &Call) -> Self {
        Self { call: call.view(), sessions: call.sessions }
    }

    /// The call, with everybody away until the given time.
    pub(super) fn into_call(mut self, until: Instant) -> Call {
        let participants = std::mem::take(&mut self.call.participants);
        let mut call = Call::new(self.call);
        call.sessions = call.sessions.max(self.sessions);
        let away = Presence::Away { session: None, until };
        call.participants = participants.into_iter().map(|seen| Participant { seen, presence: away }).collect();
        call
    }
}
