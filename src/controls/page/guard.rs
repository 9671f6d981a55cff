//! Who a request comes from: a page of ours, or one of somebody else's that the same browser has open.

use std::net::IpAddr;

use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use hyper::http::uri::Authority;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// By which names this page may be called.
#[derive(Debug)]
pub(super) struct Guard {
    names: Vec<String>,
    secure: bool,
}

impl Guard {
    /// `secure`: whether it is HTTPS.
    pub(super) fn new(names: impl IntoIterator<Item = String>, secure: bool) -> Self {
        Self { names: names.into_iter().flat_map(|name| [format!("{name}.local"), name]).collect(), secure }
    }

    /// Whether HTTPS is spoken.
    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether this is one of our names. Others lead here when somebody lets a name of his own point at us (DNS rebinding): an
    /// address cannot be made to do that.
    pub(super) fn is_us(&self, headers: &HeaderMap) -> bool {
        let Some(authority) = only(headers, HOST).and_then(|host| host.parse::<Authority>().ok()) else { return false };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        host == "localhost" || host.parse::<IpAddr>().is_ok() || self.names.contains(&host)
    }

    /// Whether it was sent by our own page, or by no page at all. Another page of the same machine is somebody else's as well.
    pub(super) fn is_ours(&self, headers: &HeaderMap) -> bool {
        let site = only(headers, FETCH_SITE).unwrap_or("none");
        if !matches!(site, "same-origin" | "none") {
            return false;
        }
        if !headers.contains_key(ORIGIN) {
            return true;
        }
        let scheme = if self.secure { "https" } else { "http" };
        let own = only(headers, HOST).map(|host| format!("{scheme}://{host}"));
        own.is_some() && only(headers, ORIGIN) == own.as_deref()
    }

    /// Whether somebody follows a link to us.
    pub(super) fn is_visit(&self, headers: &HeaderMap) -> bool {
        only(headers, FETCH_MODE) == Some("navigate")
    }
}

/// The value of a header that is there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let mut map = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            map.append(name, value);
        }
        map
    }

    #[test]
    fn names_of_others_that_point_at_us_are_not_ours() {
        let guard = Guard::new(["door-1".to_owned(), "door.example.org".to_owned()], false);
        for good in
            ["127.0.0.1:8480", "[::1]:8480", "192.0.2.7", "localhost:8480", "door-1", "DOOR-1.local:8480", "door.example.org"]
        {
            assert!(guard.is_us(&headers(&[("host", good)])), "{good}");
        }
        for bad in ["evil.example.org", "127.0.0.1.evil.example.org", "localhost.evil.org", "", "door.example.org.", "a b"] {
            assert!(!guard.is_us(&headers(&[("host", bad)])), "{bad}");
        }
        assert!(!guard.is_us(&headers(&[])));
        assert!(!guard.is_us(&headers(&[("host", "127.0.0.1"), ("host", "127.0.0.1")])));
    }

    #[test]
    fn what_pages_of_others_send_is_not_ours() {
        let guard = Guard::new([], false);
        let sent = |more: &[(&'static str, &'static str)]| guard.is_ours(&headers(&[&[("host", "127.0.0.1:8480")], more].concat()));
        assert!(sent(&[]) && sent(&[("origin", "http://127.0.0.1:8480")]) && sent(&[("sec-fetch-site", "same-origin")]));
        for origin in
            ["http://evil.example.org", "null", "http://127.0.0.1:80", "https://127.0.0.1:8480", "http://127.0.0.1:8480.org"]
        {
            assert!(!sent(&[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "?"] {
            assert!(!sent(&[("sec-fetch-site", site)]), "{site}");
        }
    }
}
