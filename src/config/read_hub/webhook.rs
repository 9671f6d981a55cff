//! `[webhook]`: who is told of rings.

use std::collections::BTreeSet;

use url::{Host, ParseError, Url};

use super::super::check;
use super::super::reader::Section;
use super::super::report::Problem;
use super::super::similar;
use super::super::{Webhook, WebhookEvent};
use super::signing_secret;

/// Reads the table; none if it names no address.
pub fn read(mut s: Section<'_, '_>) -> Option<Webhook> {
    let url = s.text("url");
    let secret = s.path("secret-file");
    let events = s.texts("events");
    let in_the_clear = s.boolean("allow-http").unwrap_or_default();
    if let Some(secret) = &secret {
        signing_secret(&mut s, "secret-file", secret);
        if s.node("url").is_none() {
            s.missing("url", "say where to post to: url = \"https://…\"");
        }
    }
    let mut wanted = BTreeSet::new();
    let words: Vec<&str> = WebhookEvent::ALL.iter().map(|(word, _)| *word).collect();
    for event in events.iter().flatten() {
        match WebhookEvent::ALL.iter().find(|(word, _)| *word == event.value) {
            Some((_, event)) => _ = wanted.insert(*event),
            None => {
                let problem = Problem::error(format!("`webhook.events` cannot have \"{}\"", event.value));
                let label = similar::best(event.value, words.iter().copied()).map(|word| format!("did you mean \"{word}\"?"));
                s.note(problem.at(&event.at, label.unwrap_or_default()).help(format!("use {}", similar::either(&words))));
            }
        }
    }
    if events.is_none() {
        wanted.extend(WebhookEvent::ALL.iter().map(|(_, event)| *event));
    }
    let url = url?;
    if let Err(why) = check_url(url.value, in_the_clear) {
        s.bad("url", &url.at, why);
    }
    if s.node("secret-file").is_none() {
        s.missing("secret-file", "name the file with the secret that signs, so that the receiver knows the hub");
    }
    Some(Webhook { url: url.value.to_owned(), secret_file: secret?.value, events: wanted })
}

fn check_url(text: &str, in_the_clear: bool) -> Result<(), String> {
    let url = Url::parse(text).map_err(|e| {
        let why = if e == ParseError::RelativeUrlWithoutBase { "the scheme is missing".to_owned() } else { e.to_string() };
        format!("{why}: write https://HOST/PATH")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or password does not belong here".to_owned());
    }
    let here = match url.host() {
        None => return Err("the host is missing: write https://HOST/PATH".to_owned()),
        Some(Host::Domain(name)) => check::is_loopback(name),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if here || in_the_clear => Ok(()),
        "http" => Err("http:// would tell everybody on the way who calls whom: use https://, or set allow-http = true".to_owned()),
        _ => Err("the scheme must be https".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_goes_to_https_or_to_this_machine() {
        for good in ["https://push.example.org/hook?x=1", "http://localhost:9000/", "http://127.0.0.1/", "http://[::1]:80/x"] {
            assert_eq!(check_url(good, false), Ok(()), "{good}");
        }
        assert_eq!(check_url("http://push.example.org/", true), Ok(()));
        for (bad, why) in [
            ("http://push.example.org/", "allow-http"),
            ("ftp://push.example.org/", "must be https"),
            ("https://me:secret@push.example.org/", "does not belong"),
            ("push.example.org", "write https://"),
            ("file:///etc/passwd", "host is missing"),
        ] {
            let said = check_url(bad, false).unwrap_err();
            assert!(said.contains(why), "{bad}: {said}");
        }
    }
}
