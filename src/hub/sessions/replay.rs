//! The events of one session that its client may not have seen yet.

use std::collections::VecDeque;
use std::sync::Arc;

use super::outbox::Text;
use crate::protocol::Cid;
use crate::protocol::hub::EventBody;

/// Events kept for a client that is away.
const MAX_EVENTS: usize = 256;
/// Bytes kept for a client that is away.
const MAX_BYTES: usize = 256 * 1024;

/// An event without its number, written once for all the sessions that are told.
#[derive(Debug, Clone)]
pub struct Told(Arc<str>);

#[derive(serde::Serialize)]
struct Rest<'a> {
    cid: &'a Cid,
    #[serde(flatten)]
    body: &'a EventBody,
}

impl Told {
    /// None if the event cannot be written as JSON, which no event type does.
    pub fn new(cid: &Cid, body: &EventBody) -> Option<Self> {
        let json = serde_json::to_string(&Rest { cid, body }).ok()?;
        json.strip_prefix('{').map(|rest| Self(rest.into()))
    }

    /// The notification with its number.
    fn numbered(&self, seq: u64) -> Text {
        Text { text: format!(r#"{{"jsonrpc":"2.0","method":"event","params":{{"seq":{seq},{}}}"#, self.0), seq: Some(seq) }
    }
}

/// The last events of a session, by number.
#[derive(Debug, Default)]
pub struct Replay {
    /// Of the last event, 0 before the first.
    last: u64,
    kept: VecDeque<Told>,
    bytes: usize,
}

impl Replay {
    /// Numbers an event and keeps it; returns what to send.
    pub fn push(&mut self, told: Told) -> Text {
        self.last += 1;
        let text = told.numbered(self.last);
        self.bytes += told.0.len();
        self.kept.push_back(told);
        while self.kept.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            self.forget_first();
        }
        text
    }

    /// The client has seen everything up to this number.
    pub fn seen(&mut self, seq: u64) {
        while self.first() <= seq.min(self.last) && !self.kept.is_empty() {
            self.forget_first();
        }
        if self.kept.is_empty() {
            self.kept = VecDeque::new();
        }
    }

    /// What to send to a client that has seen everything up to this number; none if that is not kept any more.
    pub fn since(&self, seq: u64) -> Option<Vec<Text>> {
        if seq > self.last || seq + 1 < self.first() {
            return None;
        }
        Some(
            (self.first()..)
                .zip(&self.kept)
                .filter(|(number, _)| *number > seq)
                .map(|(number, told)| told.numbered(number))
                .collect(),
        )
    }

    /// The number of the first event kept.
    fn first(&self) -> u64 {
        self.last + 1 - self.kept.len() as u64
    }

    fn forget_first(&mut self) {
        if let Some(told) = self.kept.pop_front() {
            self.bytes -= told.0.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::hub::{Event, LeaveReason};
    use crate::protocol::{ParticipantId, rpc};

    fn told(name: &str) -> Told {
        let participant = ParticipantId::new(name).unwrap();
        Told::new(
            &"default:lobby".parse().unwrap(),
            &EventBody::ParticipantLeft { participant, reason: LeaveReason::Left, extension: serde_json::Value::Null },
        )
        .unwrap()
    }

    fn numbers(texts: &[Text]) -> Vec<u64> {
        let event = |text: &Text| match rpc::Message::parse(&text.text).unwrap() {
            rpc::Message::Notification { params, .. } => serde_json::from_value::<Event>(params).unwrap().seq,
            other @ (rpc::Message::Request { .. } | rpc::Message::Response { .. }) => panic!("{other:?}"),
        };
        texts.iter().map(event).collect()
    }

    #[test]
    fn a_client_gets_what_it_missed_and_nothing_twice() {
        let mut replay = Replay::default();
        assert_eq!(replay.since(0), Some(vec![]));
        let sent: Vec<_> = ["a", "b", "c"].map(|name| replay.push(told(name))).into();
        assert_eq!(numbers(&sent), [1, 2, 3]);
        assert_eq!(numbers(&replay.since(1).unwrap()), [2, 3]);
        replay.seen(2);
        assert_eq!(numbers(&replay.since(2).unwrap()), [3]);
        assert_eq!(replay.since(1), None, "2 is forgotten");
        assert_eq!(replay.since(4), None, "4 never was");
        replay.seen(99);
        assert_eq!(numbers(&[replay.push(told("d"))]), [4]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut replay = Replay::default();
        for _ in 0..MAX_EVENTS + 10 {
            replay.push(told("a"));
        }
        assert_eq!(replay.since(9), None);
        assert_eq!(replay.since(10).unwrap().len(), MAX_EVENTS);
    }
}
