//! What travels between a client (appliance or page) and the hub, over `wss://HUB/v1/socket`.
//!
//! ```text
//!   client                                   hub
//!     |-- session.open {access_token} ------->|   within 5 s of connecting
//!     |<------------- {session, user, …} -----|
//!     |-- call.join {type, id, create} ------>|
//!     |<-- {call, participant} ---------------|   full state; from here on events with rising `seq`
//!     |<== event participant.joined ==========|
//!     |-- call.signal {to, epoch, …} -------->|   relayed to one participant as an event
//!     |<== event call.signal =================|
//!     |<== event call.ring ===================|   somebody calls: answer by call.accept or call.reject
//!     x   socket drops: the others see participant.reconnecting for `reconnect_grace_ms`, then participant.left
//!     |-- session.open {…, resume} ---------->|   same session: the events that were missed follow, nobody has left
//! ```
//!
//! # Who offers, and epochs
//!
//! Of two participants one always offers: [`offers`]. The offerer numbers each new peer connection with a rising `epoch`
//! (`generation << 16 | n`). A description or candidate belongs to its epoch: an offer with a higher epoch replaces the peer
//! connection, a lower one is stale and ignored. The answerer asks for a new connection by a [`Signal::Restart`].
//!
//! # Participation
//!
//! A participant's `id` and `generation` name one running media stack. A client that reconnects with a live media stack joins with
//! both and the others keep their peer connections; one that restarted joins with the id alone, the hub raises the generation,
//! and everyone builds fresh peer connections.
//!
//! # Ringing
//!
//! ```text
//!   ring ──► ringing ──► accepted (by one device of the callee; its other devices stop)
//!              │  ├────► rejected (reason, extension; also over REST, without a socket)
//!              │  ├────► missed   (`settings.ring.incoming_call_timeout_ms`; offline, or nobody answered)
//!              │  └────► elsewhere (`settings.ring.answer = first` and somebody else accepted)
//!              └───────► cancelled (the caller gave up, the call ended, or `auto_cancel_timeout_ms` passed)
//! ```
//!
//! # Resuming
//!
//! Events are replayed, answers are not: what had no answer when the socket dropped is asked again. All requests can be repeated;
//! only a signal may then arrive twice. After `resumed: false`, join again with the participation to get the whole state.
//!
//! # When the hub closes the socket
//!
//! | code | because | what to do |
//! |---|---|---|
//! | 1001 | the hub goes down | resume after a while, with jitter |
//! | 1003, 1007, 1009 | a binary frame, text that is not UTF-8, a message over [`super::rpc::MAX_MESSAGE`] | a defect of the client |
//! | 1008 | no session was opened within 5 s, or far too many messages came | a defect of the client |
//! | 4001 | the session was resumed on another socket | nothing |
//! | 4002 | the access token has expired or was revoked | sign in again, then resume; `session.renew` in time avoids it |
//!
//! A client that is not heard for 25 s, or that does not read what it is sent, is cut off without a code: it may resume. The hub
//! pings every 10 s; browsers answer by themselves.

mod call;
mod call_type;
mod capability;
mod door;
mod event;
mod ice;
mod participant;
mod request;
mod ring;
mod session;
mod settings;
mod signal;

pub use call::{Call, CallData, CallSession, Member, MemberUpdate, Permissions};
pub use call_type::{BUILT_IN_TYPES, CallType, Grants, PutCallType, Role};
pub use capability::Capability;
pub use door::{AnswerDoor, DoorOpened, DoorState, MAX_DIGITS, OpenDoor, SendDigits, are_digits};
pub use event::{Event, EventBody, LeaveReason};
pub use ice::{IceServer, IceServers};
pub use participant::{ClientKind, Muted, Participant, ParticipantState, Participation, User, offers};
pub use request::*;
pub use ring::{AnswerMode, Callee, CalleeState, Ring, RingEnd};
pub use session::{
    ClientInfo, OpenSession, RenewSession, Renewed, Resume, RevokeUser, Service, Services, SessionOpened, Subscriptions, Token,
    TokenError,
};
pub use settings::{BadSettings, RecordingMode, Settings, deep_merge};
pub use signal::{SendSignal, Signal};
