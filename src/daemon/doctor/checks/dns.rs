//! The hub's name has an address.

use std::net::IpAddr;
use std::time::Instant;

use crate::daemon::doctor::judge::{self, Finding};
use crate::daemon::doctor::patient::Patient;

const SHOWN: usize = 4;

pub async fn check(patient: &Patient) -> Finding {
    let address = match patient.hub() {
        Ok(hub) => hub.url,
        Err(error) => return Finding::fail(format!("`hub.url`: {error}"), "correct `hub.url`"),
    };
    let host = address.host();
    if host.parse::<IpAddr>().is_ok() {
        return Finding::skipped(format!("`hub.url` has an address, {host}: no name is looked up"));
    }
    let begun = Instant::now();
    let found = match tokio::net::lookup_host((host, address.port())).await {
        Ok(found) => Ok((found.map(|at| at.ip().to_string()).take(SHOWN).collect::<Vec<_>>(), begun.elapsed())),
        Err(error) => Err(error.to_string()),
    };
    let found =
        found.and_then(|(list, took)| if list.is_empty() { Err("the name has no address".to_owned()) } else { Ok((list, took)) });
    let servers = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let servers = servers.lines().filter_map(|line| line.trim().strip_prefix("nameserver ")).map(|server| server.trim().to_owned());
    judge::lookup(host, found, &servers.collect::<Vec<_>>())
}
