//! `POST /v1/token`: a name and a password for an access token (OAuth2 password grant).

use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::connection::{AccessToken, Failure};
use super::dial::dial;
use super::{Config, PasswordSource};
use crate::protocol::hub::{Token, TokenError};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
const MAX_BODY: usize = 16 * 1024;
const MAX_HEAD: usize = 16 * 1024;
const MAX_PASSWORD: u64 = 1024;

/// Signs in over a connection of its own.
pub async fn sign_in(config: &Config) -> Result<(AccessToken, Duration), Failure> {
    let password = read_password(&config.password).await?;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "password")
        .append_pair("client_id", "callbox")
        .append_pair("scope", "openid")
        .append_pair("username", config.user.as_str())
        .append_pair("password", &password)
        .finish();
    let request = Request::post(config.url.path("/v1/token"))
        .header(header::HOST, config.url.authority())
        .header(header::USER_AGENT, &config.client.version)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(form)))
        .map_err(|e| Failure::lasting(format!("cannot ask the hub for a token: {e}")))?;
    let stream = dial(&config.url, &config.trust).await?;
    match timeout(ANSWER_TIMEOUT, exchange(TokioIo::new(stream), request)).await {
        Ok(Ok((status, body))) => read_answer(status, &body, config),
        Ok(Err(error)) => {
            let strange = error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
            let hint = if strange && !config.url.secure() { " (does it want TLS, wss:// in `hub.url`?)" } else { "" };
            Err(Failure::passing(format!("the sign-in at the hub failed: {error}{hint}")))
        }
        Err(_) => Err(Failure::passing(format!("the hub did not answer the sign-in within {} s", ANSWER_TIMEOUT.as_secs()))),
    }
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new().max_buf_size(MAX_HEAD).handshake(stream).await?;
    let answer = async move {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await?.to_bytes();
        Ok((status, body))
    };
    tokio::pin!(connection, answer);
    tokio::select! {
        answered = &mut answer => answered,
        ended = &mut connection => {
            ended?;
            answer.await
        }
    }
}

fn read_answer(status: StatusCode, body: &[u8], config: &Config) -> Result<(AccessToken, Duration), Failure> {
    if status == StatusCode::OK {
        let token: Token = serde_json::from_slice(body)
            .map_err(|e| Failure::passing(format!("the hub's answer to the sign-in makes no sense ({e}): is it a callbox hub?")))?;
        return Ok((AccessToken(token.access_token), Duration::from_secs(token.expires_in)));
    }
    let Ok(refusal) = serde_json::from_slice::<TokenError>(body) else {
        return Err(Failure::passing(format!(
            "the hub answered {status} to the sign-in: is `hub.url` the address of a callbox hub?"
        )));
    };
    let why = for_people(&refusal.error_description);
    match refusal.error.as_str() {
        "invalid_grant" => Err(Failure::lasting(format!(
            "the hub does not let `{}` in: {why} (check `hub.user` and the password in {})",
            config.user,
            config.password.file.display()
        ))),
        "slow_down" => Err(Failure::lasting(format!("the hub asks to wait with signing in: {why}"))),
        other => Err(Failure::passing(format!("the hub refused the sign-in ({}): {why}", for_people(other)))),
    }
}

async fn read_password(source: &PasswordSource) -> Result<String, Failure> {
    let file = source.file.display();
    let bad = |e: io::Error| Failure::lasting(format!("cannot read the password file {file}: {e}"));
    let mut text = String::new();
    let opened = tokio::fs::File::open(&source.file).await.map_err(bad)?;
    opened.take(MAX_PASSWORD).read_to_string(&mut text).await.map_err(bad)?;
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        Some(_) | None => Err(Failure::lasting(format!("the password file {file} has no password on its first line"))),
    }
}

/// What the other side says goes to a terminal and into logs: one short line without control characters.
pub fn for_people(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
