//! What the call core asks and refuses, in the words of the wire.

use crate::call::{Refused, Request};
use crate::protocol::hub::{InCall, MuteSelf, SendSignal, SetMaxBandwidth, WithExtension, WithReason};
use crate::protocol::rpc::{Error, ErrorKind};
use crate::signaling;

/// As the hub client takes it.
pub(crate) fn request(request: Request) -> signaling::Request {
    let plain = |cid| WithExtension { cid, extension: serde_json::Value::Null };
    let reason = |cid, reason| WithReason { cid, reason, extension: serde_json::Value::Null };
    match request {
        Request::Get(call) => signaling::Request::Get(call),
        Request::Make(call) => signaling::Request::GetOrCreate(call),
        Request::Join(join) => signaling::Request::Join(join),
        Request::Leave(cid) => signaling::Request::Leave(InCall { cid }),
        Request::End(cid) => signaling::Request::End(plain(cid)),
        Request::Accept(cid) => signaling::Request::Accept(plain(cid)),
        Request::Reject(cid, why) => signaling::Request::Reject(reason(cid, Some(why))),
        Request::Cancel(cid) => signaling::Request::Cancel(reason(cid, None)),
        Request::Mute(cid, muted, sharing) => signaling::Request::Mute(MuteSelf { cid, muted, sharing: Some(sharing) }),
        Request::StartRecording(cid) => signaling::Request::StartRecording(InCall { cid }),
        Request::StopRecording(cid) => signaling::Request::StopRecording(InCall { cid }),
        Request::AnswerDoor(answer) => signaling::Request::AnswerDoor(answer),
        Request::IceServers => signaling::Request::IceServers,
        Request::SetMaxBandwidth(cid, max_bandwidth) => signaling::Request::SetMaxBandwidth(SetMaxBandwidth { cid, max_bandwidth }),
        Request::Signal { cid, peer, signal } => {
            signaling::Request::Signal(SendSignal { cid, to: peer.participant, epoch: peer.epoch, signal })
        }
    }
}

/// As whoever sent the command is told.
pub(super) fn refused(refused: &Refused) -> Error {
    let kind = match refused {
        Refused::NoCall
        | Refused::NobodyCalls
        | Refused::Busy(_)
        | Refused::Private
        | Refused::NothingToShare
        | Refused::NoPlaceForRecordings => ErrorKind::Conflict,
        Refused::NobodyOfThatName { .. } => ErrorKind::NotFound,
        Refused::Itself(_) | Refused::BadSource(_) => ErrorKind::InvalidParams,
        Refused::HubAway => ErrorKind::Unavailable,
        Refused::NotAllowed(..) | Refused::RecordingDisabled | Refused::SharingDisabled => ErrorKind::PermissionDenied,
    };
    Error::new(kind, refused.to_string())
}
