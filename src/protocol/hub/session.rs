//! Signing in, and the session that outlives its socket.

use serde::{Deserialize, Serialize};

use super::{ClientKind, User};
use crate::protocol::UserId;

/// `session.open`: the first message on a socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// From `POST /v1/token`.
    pub access_token: String,
    /// Who is calling.
    pub client: ClientInfo,
    /// What to be told of besides the calls that are followed (K4); rings and notifications unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<Service>>,
    /// The session of a dropped socket, to go on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// A client introduces itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientInfo {
    /// Appliance or browser.
    pub kind: ClientKind,
    /// Software and version, for logs: `callbox/0.1.0`.
    pub version: String,
}

/// Which session to go on with, and the last event seen in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The secret session id that `session.open` gave.
    pub session: String,
    /// `seq` of the last event received, 0 if none.
    pub last_seq: u64,
}

/// Something a session can be told of (K4 to K7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// `call.ring` and `call.notification` for this user.
    Call,
}

/// `session.subscribe`, `session.unsubscribe` (K4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Services {
    /// Which.
    pub services: Vec<Service>,
}

/// The answer to `session.subscribe`, `session.unsubscribe` and `session.subscriptions` (K7). The hub subscribes at once: what is
/// pending is known to the client alone, which has asked and not heard yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Subscriptions {
    /// What this session is told of.
    pub subscribed: Vec<Service>,
}

/// `session.renew`: a new token for the session that is open, so that it outlives the old one. It must name the same user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RenewSession {
    /// From `POST /v1/token`, or signed by the integrator.
    pub access_token: String,
}

/// The answer to `session.renew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Renewed {
    /// When the new token expires, RFC 3339.
    pub expires_at: String,
}

/// `user.revoke`: makes all tokens of a user void that were made before, and ends the sessions that they opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RevokeUser {
    /// Whose.
    pub user_id: UserId,
}

/// The answer to `session.open`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct SessionOpened {
    /// Secret; names this session when resuming.
    pub session: String,
    /// Who the token says you are.
    pub user: User,
    /// Whether the session that was asked for goes on. If not, join again (with participation) to get full state.
    pub resumed: bool,
    /// How long the others see `reconnecting` before `left` when the socket drops.
    pub reconnect_grace_ms: u64,
    /// When the access token expires, RFC 3339: renew it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// What this session is told of.
    #[serde(default)]
    pub subscribed: Vec<Service>,
}

/// `POST /v1/token`, OAuth2 password grant (RFC 6749 section 4.3, K2): the success response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Token {
    /// For `session.open`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until it expires.
    pub expires_in: u64,
    /// For `grant_type=refresh_token` (RFC 6749 section 6); good once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// `POST /v1/token`: the error response (RFC 6749 section 5.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct TokenError {
    /// `invalid_grant`, `invalid_request`, `unsupported_grant_type`, `slow_down`.
    pub error: String,
    /// For people.
    pub error_description: String,
}
