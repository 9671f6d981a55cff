//! From a JSON-RPC method to a request of the call model.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::calls::Request;
use crate::protocol::rpc::{Error, ErrorKind};

/// What a method of an open session asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// `session.ping`: for browsers, which cannot send WebSocket pings.
    Ping,
    /// Everything about calls.
    Call(Request),
}

impl Method {
    /// Reads method and params.
    pub fn read(method: &str, params: Value) -> Result<Self, Error> {
        let request = match method {
            "session.ping" => return Ok(Self::Ping),
            "session.open" => {
                return Err(Error::new(ErrorKind::Conflict, "this socket has an open session: use another socket for another one"));
            }
            "call.get" => Request::Get(read(method, params)?),
            "call.get_or_create" => Request::GetOrCreate(read(method, params)?),
            "call.list" => Request::List(read(method, params)?),
            "call.join" => Request::Join(read(method, params)?),
            "call.leave" => Request::Leave(read(method, params)?),
            "call.mute" => Request::Mute(read(method, params)?),
            "call.signal" => Request::Signal(read(method, params)?),
            "call.set_max_bandwidth" => Request::SetMaxBandwidth(read(method, params)?),
            "call.update" => Request::Update(read(method, params)?),
            "call.update_members" => Request::UpdateMembers(read(method, params)?),
            "call.update_permissions" => Request::UpdatePermissions(read(method, params)?),
            "call.kick" => Request::Kick(read(method, params)?),
            "call.block" => Request::Block(read(method, params)?),
            "call.unblock" => Request::Unblock(read(method, params)?),
            "call.mute_users" => Request::MuteUsers(read(method, params)?),
            "call.make" => Request::Make(read(method, params)?),
            "call.ring" => Request::Ring(read(method, params)?),
            "call.notify" => Request::Notify(read(method, params)?),
            "call.accept" => Request::Accept(read(method, params)?),
            "call.reject" => Request::Reject(read(method, params)?),
            "call.cancel" => Request::Cancel(read(method, params)?),
            "call.end" => Request::End(read(method, params)?),
            "call.go_live" => Request::GoLive(read(method, params)?),
            "call.stop_live" => Request::StopLive(read(method, params)?),
            "call.start_recording" => Request::StartRecording(read(method, params)?),
            "call.stop_recording" => Request::StopRecording(read(method, params)?),
            "call_type.list" => Request::ListTypes(read(method, params)?),
            "call_type.get" => Request::GetType(read(method, params)?),
            "call_type.put" => Request::PutType(read(method, params)?),
            "call_type.delete" => Request::DeleteType(read(method, params)?),
            other => return Err(unknown(other)),
        };
        Ok(Self::Call(request))
    }
}

/// Reads the params of a method.
pub fn read<T: DeserializeOwned>(method: &str, params: Value) -> Result<T, Error> {
    serde_json::from_value(params).map_err(|e| Error::new(ErrorKind::InvalidParams, format!("the params of `{method}`: {e}")))
}

fn unknown(method: &str) -> Error {
    let shown: String = method.chars().take(64).collect();
    Error::new(ErrorKind::MethodNotFound, format!("there is no method `{shown}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn params_that_do_not_fit_are_refused_with_the_reason() {
        let kind = |method: &str, params: Value| Method::read(method, params).unwrap_err().kind;
        assert_eq!(kind("call.join", json!({"type": "default"})), ErrorKind::InvalidParams);
        assert_eq!(kind("call.join", json!({"type": "default", "id": "x", "creat": true})), ErrorKind::InvalidParams);
        assert_eq!(kind("call.leave", json!({"cid": "no colon"})), ErrorKind::InvalidParams);
        assert_eq!(kind("call.leave", Value::Null), ErrorKind::InvalidParams);
        assert_eq!(kind("call.explode", Value::Null), ErrorKind::MethodNotFound);
        assert_eq!(Method::read("session.ping", Value::Null).unwrap(), Method::Ping);
    }
}
