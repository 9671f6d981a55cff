//! Answers to whoever asks at the control socket that take their time.

use base64::Engine as _;
use tokio::sync::oneshot;

use crate::controls::gpio::{self, Opener};
use crate::media;
use crate::protocol::control::Snapshot;
use crate::protocol::rpc;

/// The picture of the screen.
pub(super) async fn snapshot(engine: media::Handle, reply: oneshot::Sender<Result<serde_json::Value, rpc::Error>>) {
    let refused = |error: media::Error| {
        let busy = matches!(error, media::Error::TooMany(_));
        let kind = if busy { rpc::ErrorKind::Unavailable } else { rpc::ErrorKind::InternalError };
        rpc::Error::new(kind, error.to_string())
    };
    let outcome = engine.snapshot().await.map_err(refused).and_then(|png| {
        let text = base64::engine::general_purpose::STANDARD.encode(&png.bytes);
        serde_json::to_value(Snapshot { png: text, width: png.width, height: png.height })
            .map_err(|e| rpc::Error::new(rpc::ErrorKind::InternalError, e.to_string()))
    });
    let _ = reply.send(outcome);
}

/// A relay that somebody asks for by its name.
pub(super) async fn open(relays: Opener, relay: String, reply: oneshot::Sender<Result<serde_json::Value, rpc::Error>>) {
    let outcome = relays.open(&relay).await;
    if let Err(refused) = &outcome {
        tracing::info!("{refused}");
    }
    let kind = |refused: &gpio::Refused| match refused {
        gpio::Refused::Unknown { .. } => rpc::ErrorKind::NotFound,
        gpio::Refused::Broken { .. } | gpio::Refused::Stopping => rpc::ErrorKind::Unavailable,
    };
    let outcome = outcome.map(|()| serde_json::Value::Null);
    let _ = reply.send(outcome.map_err(|refused| rpc::Error::new(kind(&refused), refused.to_string())));
}
