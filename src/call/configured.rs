//! Another configuration while calls go on.

use super::core::Core;
use crate::config::CallConfig;
use crate::protocol::control::{OutgoingState, RingState};

impl Core {
    /// Whether nobody is there who would notice: no call with others, none on its way.
    pub fn is_idle(&self) -> bool {
        let rings = self.ring().is_some_and(|ring| ring.state != RingState::Ended);
        let calls = self.outgoing().is_some_and(|outgoing| outgoing.state != OutgoingState::Ended);
        !rings && !calls && !self.room.as_ref().is_some_and(super::room::InCall::has_company)
    }

    /// Goes on with this. Which call to be in is settled afterwards, as if another time of the day had come.
    pub(super) fn configure(&mut self, call: CallConfig, records: bool) {
        self.settings.records = records;
        let before = std::mem::replace(&mut self.settings.call, call);
        if self.settings.call.max_bandwidth != before.max_bandwidth {
            self.own_limit = self.settings.call.max_kbits();
        }
    }
}
