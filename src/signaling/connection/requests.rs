//! Requests that wait for their answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::super::{Event, REQUEST_TIMEOUT, Request};
use crate::protocol::rpc::{Error, ErrorKind, Id, MAX_MESSAGE, Message};

/// Requests under way at a time; a call of four with all its candidates at once stays far below.
const MAX_PENDING: usize = 256;

/// Numbers requests and remembers who asked.
#[derive(Debug, Default)]
pub struct Requests {
    last_id: u64,
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    tag: u64,
    deadline: Instant,
}

impl Requests {
    /// An id that was never used.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Numbers a request and gives the text to send, or the reason why it cannot be sent.
    pub fn begin(&mut self, tag: u64, request: &Request, now: Instant) -> Result<String, Error> {
        if self.pending.len() >= MAX_PENDING {
            return Err(Error::new(ErrorKind::RateLimited, "the hub has too many unanswered requests; try again later"));
        }
        let id = self.next_id();
        let text = match request {
            Request::Get(params) => message(id, "call.get", params),
            Request::GetOrCreate(params) => message(id, "call.get_or_create", params),
            Request::End(params) => message(id, "call.end", params),
            Request::Accept(params) => message(id, "call.accept", params),
            Request::Reject(params) => message(id, "call.reject", params),
            Request::Cancel(params) => message(id, "call.cancel", params),
            Request::SetMaxBandwidth(params) => message(id, "call.set_max_bandwidth", params),
            Request::StartRecording(params) => message(id, "call.start_recording", params),
            Request::StopRecording(params) => message(id, "call.stop_recording", params),
            Request::AnswerDoor(params) => message(id, "call.answer_door", params),
            Request::IceServers => message(id, "session.ice_servers", &serde_json::json!({})),
            Request::Join(params) => message(id, "call.join", params),
            Request::Leave(params) => message(id, "call.leave", params),
            Request::Mute(params) => message(id, "call.mute", params),
            Request::Signal(params) => message(id, "call.signal", params),
        }?;
        self.pending.insert(id, Pending { tag, deadline: now + REQUEST_TIMEOUT });
        Ok(text)
    }

    /// The answer to one of ours; none if nobody waits for it (any more).
    pub fn answered(&mut self, id: &Id, outcome: Result<Value, Error>) -> Option<Event> {
        let Id::Number(id) = id else { return None };
        let pending = self.pending.remove(id)?;
        Some(Event::Reply { tag: pending.tag, outcome })
    }

    /// Gives up those that waited long enough.
    pub fn expired(&mut self, now: Instant) -> Vec<Event> {
        let late: Vec<u64> = self.pending.iter().filter(|(_, p)| p.deadline <= now).map(|(id, _)| *id).collect();
        let waited: Duration = REQUEST_TIMEOUT;
        let error = Error::new(ErrorKind::Timeout, format!("the hub did not answer within {} s", waited.as_secs()));
        late.into_iter().filter_map(|id| self.answered(&Id::Number(id), Err(error.clone()))).collect()
    }

    /// Gives up all of them: the connection is gone.
    pub fn abandoned(&mut self) -> Vec<Event> {
        let error = Error::new(ErrorKind::Unavailable, "the connection to the hub dropped before it answered");
        std::mem::take(&mut self.pending)
            .into_values()
            .map(|pending| Event::Reply { tag: pending.tag, outcome: Err(error.clone()) })
            .collect()
    }

    /// When the next one has waited long enough.
    pub fn deadline(&self) -> Option<Instant> {
        self.pending.values().map(|pending| pending.deadline).min()
    }
}

/// A request as text, if it is not too long for the other side.
pub fn message(id: u64, method: &str, params: &impl Serialize) -> Result<String, Error> {
    let params = serde_json::to_value(params).map_err(|e| Error::new(ErrorKind::InternalError, format!("`{method}`: {e}")))?;
    let text = Message::Request { id: Id::Number(id), method: method.to_owned(), params }.to_json();
    if text.len() > MAX_MESSAGE {
        let long = format!("`{method}` has {} bytes, the hub takes {MAX_MESSAGE}", text.len());
        return Err(Error::new(ErrorKind::TooLarge, long));
    }
    Ok(text)
}
