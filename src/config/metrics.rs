//! `[metrics]`: where Prometheus and health checks ask; the same in both files.

use std::net::SocketAddr;

use super::reader::Section;
use super::report::Problem;

/// Where Prometheus and health checks ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Address and port; none: nobody can ask. Port 0 picks a free one.
    pub listen: Option<SocketAddr>,
}

/// Reads it.
pub fn read(mut s: Section<'_, '_>) -> Metrics {
    let Some(text) = s.text("listen") else { return Metrics::default() };
    let Ok(listen) = text.value.parse::<SocketAddr>() else {
        s.bad("listen", &text.at, "write ADDRESS:PORT in numbers, for example 127.0.0.1:9469 or [::1]:9469");
        return Metrics::default();
    };
    if !listen.ip().is_loopback() {
        let problem = Problem::warning("whoever reaches this machine can read its metrics: how often and how long it is in calls");
        s.note(
            problem.at(&text.at, "not only this machine").help("let a firewall keep everybody but Prometheus away from this port"),
        );
    }
    Metrics { listen: Some(listen) }
}
