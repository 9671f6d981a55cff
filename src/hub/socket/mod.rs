//! `/v1/socket`: from an HTTP request to a WebSocket of bounded appetite.

mod connection;
mod frames;

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::debug;

use super::accept::Peer;
use super::http::App;
use crate::protocol::rpc::MAX_MESSAGE;

/// Thousands of idle clients: small buffers, which grow for the few large messages.
const BUFFER: usize = 2 * 1024;

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_MESSAGE)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

fn has(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// The handler: RFC 6455 section 4.2.
pub async fn upgrade(State(app): State<Arc<App>>, Extension(peer): Extension<Peer>, mut request: Request) -> Response {
    let headers = request.headers();
    if !has(headers, header::CONNECTION, "upgrade") || !has(headers, header::UPGRADE, "websocket") {
        let hint = [(header::UPGRADE, "websocket")];
        return (StatusCode::UPGRADE_REQUIRED, hint, "this is a WebSocket: connect with ws:// or wss://\n").into_response();
    }
    if !has(headers, header::SEC_WEBSOCKET_VERSION, "13") {
        let hint = [(header::SEC_WEBSOCKET_VERSION, "13")];
        return (StatusCode::UPGRADE_REQUIRED, hint, "WebSocket version 13 is needed\n").into_response();
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes())) else {
        return (StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing\n").into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // Held until the socket is closed: it counts as a connection.
        let _peer = peer;
        match upgrade.await {
            Ok(upgraded) => {
                let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(limits())).await;
                connection::run(stream, &app).await;
            }
            Err(e) => debug!("upgrade: {e}"),
        }
    });
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_ACCEPT, key.as_str())];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}
