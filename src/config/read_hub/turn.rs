//! `[turn]`: the STUN and TURN servers that clients are told of.

use std::time::Duration;

use super::super::Turn;
use super::super::check;
use super::super::hub::DEFAULT_TURN_LIFETIME;
use super::super::reader::Section;
use super::super::report::Problem;
use crate::protocol::{IceKind, IceUrl};

/// More would only slow down the beginning of a call.
const MOST: usize = 8;

/// Reads the table; none if it names no server.
pub fn read(mut s: Section<'_, '_>) -> Option<Turn> {
    let texts = s.texts("urls");
    let secret = s.path("secret-file");
    let lifetime = s.duration("lifetime", Duration::from_secs(10)..=Duration::from_secs(30 * 86_400));
    if let Some(secret) = &secret {
        check::secret_file(&mut s, "secret-file", secret);
        if texts.is_none() && s.node("urls").is_none() {
            s.missing("urls", "name the servers that know the secret: urls = [\"turn:turn.example.org\"]");
        }
    }
    let mut urls = Vec::new();
    for text in texts.unwrap_or_default() {
        match text.value.parse::<IceUrl>() {
            Ok(_) if urls.len() == MOST => {
                s.note(Problem::error(format!("there are more than {MOST} `turn.urls`")).at(&text.at, "this is one too many"));
                break;
            }
            Ok(url) => urls.push(url),
            Err(why) => s.bad("urls", &text.at, why),
        }
    }
    if urls.iter().any(|url| url.kind != IceKind::Stun) && secret.is_none() && s.node("secret-file").is_none() {
        let help = "name the file with the secret that the TURN servers have as well (coturn's static-auth-secret)";
        s.missing("secret-file", help);
    }
    if urls.is_empty() {
        return None;
    }
    let lifetime = lifetime.unwrap_or(DEFAULT_TURN_LIFETIME);
    Some(Turn { urls, secret_file: secret.map(|secret| secret.value), lifetime })
}
