//! The table of all operations.

use axum::http::Method;
use serde_json::Value;

use super::super::calls::{Nothing, Request};
use super::Ask;
use super::operation::{Names, NoParams, Operation, Route, Shape, Wanted, query};
use crate::protocol::hub::{
    AnswerDoor, Call, CallList, CallType, CallTypes, DoorOpened, GetCall, IceServers, InCall, JoinCall, Joined, ListCalls,
    MakeCall, MuteSelf, MuteUsers, NamedType, OfUser, OpenDoor, PutCallType, RenewSession, Renewed, RevokeUser, RingCall,
    SendDigits, SendSignal, Services, SetMaxBandwidth, Subscriptions, UpdateCall, UpdateMembers, UpdatePermissions, WithExtension,
    WithReason,
};

type Read = Result<Wanted, serde_json::Error>;

fn calls(request: Request) -> Wanted {
    Wanted::Driver(Ask::Calls(Box::new(request)))
}

macro_rules! shape {
    (-) => {
        None
    };
    (NoParams) => {
        None
    };
    (Nothing) => {
        None
    };
    ($type:ident) => {
        Some(Shape::of::<$type>())
    };
}

macro_rules! route {
    (socket) => {
        None
    };
    ($verb:ident $path:literal $names:ident) => {
        Some(Route { verb: Method::$verb, path: $path, names: Names::$names })
    };
}

macro_rules! operations {
    ($($method:literal: $params:ident => $answer:tt, [$($route:tt)+], $wanted:expr, $summary:literal;)*) => {
        /// All operations, in the order of the document.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            method: $method,
            route: route!($($route)+),
            summary: $summary,
            params: shape!($params),
            answer: shape!($answer),
            fresh_id: matches!($method.as_bytes(), b"call.get_or_create"),
            read: |params: Value| -> Read { serde_json::from_value::<$params>(params).map($wanted) },
            query: query::<$params>,
        },)*];
    };
}

operations! {
    "call.get_or_create": GetCall => Call, [POST "/v1/calls/{type}/{id}" Params], |x| calls(Request::GetOrCreate(x)),
        "Create a call if there is none, and load it. Over a socket its events follow.";
    "call.get": GetCall => Call, [GET "/v1/calls/{type}/{id}" Params], |x| calls(Request::Get(x)),
        "Load a call. Over a socket its events follow.";
    "call.list": ListCalls => CallList, [GET "/v1/calls" Params], |x| calls(Request::List(x)),
        "The calls that you created or are a member of, the newest first.";
    "call.make": MakeCall => Call, [POST "/v1/calls" Params], |x| calls(Request::Make(x)),
        "Call somebody: a new call with one other member, who is rung.";
    "call.join": JoinCall => Joined, [socket], |x| calls(Request::Join(x)),
        "Come in: from here on you are a participant.";
    "call.leave": WithExtension => -, [socket], |x| calls(Request::Leave(x)),
        "Leave a call, or follow it no longer.";
    "call.mute": MuteSelf => -, [socket], |x| calls(Request::Mute(x)),
        "Tell the others what is switched off here.";
    "call.signal": SendSignal => -, [socket], |x| calls(Request::Signal(x)),
        "Something for one other participant: a description, a candidate, a wish to start anew.";
    "call.set_max_bandwidth": SetMaxBandwidth => -, [socket], |x| calls(Request::SetMaxBandwidth(x)),
        "Limit what you send yourself.";
    "call.update": UpdateCall => Call, [PATCH "/v1/calls/{type}/{id}" Cid], |x| calls(Request::Update(x)),
        "Change custom data, settings and start.";
    "call.update_members": UpdateMembers => Call, [POST "/v1/calls/{type}/{id}/members" Cid], |x| calls(Request::UpdateMembers(x)),
        "Add, change and remove members: all of it or nothing.";
    "call.update_permissions": UpdatePermissions => Call, [POST "/v1/calls/{type}/{id}/permissions" Cid],
        |x| calls(Request::UpdatePermissions(x)),
        "What one user may in this call beyond the roles.";
    "call.ring": RingCall => Call, [POST "/v1/calls/{type}/{id}/ring" Cid], |x| calls(Request::Ring(x)),
        "Ring members: on all their devices, until they answer or time is up.";
    "call.notify": RingCall => Call, [POST "/v1/calls/{type}/{id}/notify" Cid], |x| calls(Request::Notify(x)),
        "Tell members of the call without ringing.";
    "call.accept": WithExtension => Call, [POST "/v1/calls/{type}/{id}/accept" Cid], |x| calls(Request::Accept(x)),
        "Answer a ring; your other devices stop ringing.";
    "call.reject": WithReason => -, [POST "/v1/calls/{type}/{id}/reject" Cid], |x| calls(Request::Reject(x)),
        "Say no to a ring.";
    "call.cancel": WithReason => -, [POST "/v1/calls/{type}/{id}/cancel" Cid], |x| calls(Request::Cancel(x)),
        "Give up ringing others.";
    "call.end": WithExtension => Call, [POST "/v1/calls/{type}/{id}/end" Cid], |x| calls(Request::End(x)),
        "End a call for everyone.";
    "call.go_live": InCall => Call, [POST "/v1/calls/{type}/{id}/live/start" Cid], |x| calls(Request::GoLive(x)),
        "Let everybody in who waits backstage.";
    "call.stop_live": InCall => Call, [POST "/v1/calls/{type}/{id}/live/stop" Cid], |x| calls(Request::StopLive(x)),
        "Go back to backstage.";
    "call.start_recording": InCall => Call, [POST "/v1/calls/{type}/{id}/recording/start" Cid], |x| calls(Request::StartRecording(x)),
        "Ask those who can record to do so.";
    "call.stop_recording": InCall => Call, [POST "/v1/calls/{type}/{id}/recording/stop" Cid], |x| calls(Request::StopRecording(x)),
        "Ask them to stop.";
    "call.open_door": OpenDoor => DoorOpened, [POST "/v1/calls/{type}/{id}/door" Cid], |x| calls(Request::OpenDoor(x)),
        "Open the door of an appliance in the call; answered when it is open, or stays shut.";
    "call.digits": SendDigits => -, [POST "/v1/calls/{type}/{id}/digits" Cid], |x| calls(Request::SendDigits(x)),
        "Press keys of a telephone: an appliance opens its door for its code.";
    "call.answer_door": AnswerDoor => -, [socket], |x| calls(Request::AnswerDoor(x)),
        "What becomes of a request to open your door.";
    "call.kick": OfUser => Call, [POST "/v1/calls/{type}/{id}/kick" Cid], |x| calls(Request::Kick(x)),
        "Put a user out.";
    "call.block": OfUser => Call, [POST "/v1/calls/{type}/{id}/block" Cid], |x| calls(Request::Block(x)),
        "Put a user out, and keep out.";
    "call.unblock": OfUser => Call, [POST "/v1/calls/{type}/{id}/unblock" Cid], |x| calls(Request::Unblock(x)),
        "Let a user in again.";
    "call.mute_users": MuteUsers => Call, [POST "/v1/calls/{type}/{id}/mute" Cid], |x| calls(Request::MuteUsers(x)),
        "Switch off others' microphones, cameras and screens.";
    "call_type.list": Nothing => CallTypes, [GET "/v1/call-types" Params], |x| calls(Request::ListTypes(x)),
        "All call types.";
    "call_type.get": NamedType => CallType, [GET "/v1/call-types/{name}" Params], |x| calls(Request::GetType(x)),
        "One call type.";
    "call_type.put": PutCallType => CallType, [PUT "/v1/call-types/{name}" Params], |x| calls(Request::PutType(x)),
        "Make or change a call type (role admin). Calls of the type take the change over.";
    "call_type.delete": NamedType => -, [DELETE "/v1/call-types/{name}" Params], |x| calls(Request::DeleteType(x)),
        "Back to what hub.toml says of a call type, or away with it (role admin).";
    "user.revoke": RevokeUser => -, [POST "/v1/users/{user_id}/revoke" Params], |x| Wanted::Driver(Ask::Revoke(x.user_id)),
        "Make void what tokens a user has, and end the sessions that they opened (role admin).";
    "session.ping": NoParams => -, [socket], |_| Wanted::Ping,
        "Whether anybody is there.";
    "session.renew": RenewSession => Renewed, [socket], Wanted::Renew,
        "Go on with a new access token of the same user.";
    "session.ice_servers": Nothing => IceServers, [GET "/v1/ice-servers" Params], |_| Wanted::Driver(Ask::IceServers),
        "STUN and TURN servers, with fresh credentials for you.";
    "session.subscribe": Services => Subscriptions, [socket], |x| Wanted::Driver(Ask::Subscribe(x.services)),
        "Be told of more.";
    "session.unsubscribe": Services => Subscriptions, [socket], |x| Wanted::Driver(Ask::Unsubscribe(x.services)),
        "Be told of less.";
    "session.subscriptions": NoParams => Subscriptions, [socket], |_| Wanted::Driver(Ask::Subscriptions),
        "What this session is told of.";
}
