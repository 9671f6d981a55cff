//! What the page asks for; whoever gets here may have it.

use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use serde::Deserialize;
use serde_json::json;

use super::answer::done;
use super::body::{self, Body};
use super::{Desk, Draft, live};
use crate::controls::socket::What;
use crate::protocol::rpc::{Error, ErrorKind};

/// A configuration and what JSON makes of it.
const DRAFT: usize = 512 * 1024;
/// Everything else.
const SMALL: usize = 1024;

/// Nothing; but it must be said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Answers.
pub(super) async fn answer(desk: &Desk, method: Method, verb: &str, request: Request<Incoming>) -> Result<Response<Body>, Error> {
    let works = &desk.works;
    match (method.as_str(), verb) {
        ("GET", "events") => Ok(live::stream(desk.status.clone(), works.examined())),
        ("GET", "status") => {
            let status = serde_json::to_value(&*desk.status.borrow());
            status.map(|status| body::value(&status)).map_err(|error| Error::new(ErrorKind::InternalError, error.to_string()))
        }
        ("GET", "picture.png") => Ok(body::bytes("image/png", desk.asks.picture().await?)),
        ("GET", "devices") => Ok(body::value(&desk.asks.ask(What::Devices).await?)),
        ("GET", "doctor") => Ok(body::value(&works.examined().borrow())),
        ("POST", "doctor") => {
            let Nothing {} = body::read(request, SMALL).await?;
            works.examine()?;
            Ok(done())
        }
        ("GET", "config") => Ok(body::value(&works.files().await?)),
        ("POST", "config/check") => Ok(body::value(&works.check(body::read::<Draft>(request, DRAFT).await?).await?)),
        ("POST", "config/save") => {
            let mut answer = works.save(body::read::<Draft>(request, DRAFT).await?).await?;
            if answer["saved"] == true {
                // It is written, whatever comes of reading it.
                answer["reload"] = match desk.asks.ask(What::Reload).await {
                    Ok(reloaded) => reloaded,
                    Err(error) => json!({"error": error.message}),
                };
            }
            Ok(body::value(&answer))
        }
        ("GET", "logs") => {
            let query = request.uri().query().and_then(|query| query.strip_prefix("after="));
            let after = query.map_or(Ok(0), str::parse).map_err(|_| Error::new(ErrorKind::InvalidParams, "`after` is a number"))?;
            Ok(body::value(&works.logs(after)))
        }
        ("POST", "restart") => {
            let Nothing {} = body::read(request, SMALL).await?;
            works.restart()?;
            Ok(done())
        }
        ("POST", "reboot") => {
            let Nothing {} = body::read(request, SMALL).await?;
            works.reboot().await?;
            Ok(done())
        }
        _ => Err(Error::new(ErrorKind::NotFound, "there is nothing of this name: docs/page.md lists what there is")),
    }
}
