//! Notices that an address of this machine is gone: the cable was pulled, the network changed. Connections that used it are dead,
//! although nobody says so. Two small files of the kernel are read twice a second; that costs less than a packet.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::sync::watch;

const LOOK: Duration = Duration::from_millis(500);
/// On a router the list of routes is longer than anybody wants to read.
const MAX_FILE: usize = 1024 * 1024;

/// How often the addresses of this machine have changed since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// An address was gone.
    pub lost: u64,
    /// There was a new one.
    pub found: u64,
}

/// Begins to look.
pub(super) fn start() -> watch::Receiver<Changes> {
    let (told, changes) = watch::channel(Changes::default());
    tokio::spawn(async move {
        let mut known = look().await;
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = told.closed() => return,
            }
            let now = look().await;
            let (lost, found) = (known.difference(&now).count() > 0, now.difference(&known).count() > 0);
            if lost {
                tracing::info!("an address of this machine is gone: connections are made anew");
            }
            if lost || found {
                tracing::debug!(?known, ?now, "addresses");
                told.send_modify(|changes| {
                    changes.lost += u64::from(lost);
                    changes.found += u64::from(found);
                });
            }
            known = now;
        }
    });
    changes
}

async fn look() -> BTreeSet<IpAddr> {
    let mut addresses = BTreeSet::new();
    addresses.extend(v4(&read("/proc/net/fib_trie").await));
    addresses.extend(v6(&read("/proc/net/if_inet6").await));
    addresses
}

async fn read(path: &str) -> String {
    let text = tokio::fs::read_to_string(path).await.unwrap_or_default();
    if text.len() > MAX_FILE { String::new() } else { text }
}

/// An address of ours is a leaf `|-- ADDRESS` with `/32 host LOCAL` below it.
fn v4(text: &str) -> impl Iterator<Item = IpAddr> {
    let mut leaf = None;
    text.lines().filter_map(move |line| {
        let line = line.trim_start_matches([' ', '|', '+']);
        if let Some(address) = line.strip_prefix("-- ") {
            leaf = address.trim().parse::<IpAddr>().ok();
            return None;
        }
        leaf.filter(|address| line == "/32 host LOCAL" && !address.is_loopback())
    })
}

/// Address, interface, length, scope, flags, name; all but the last in hexadecimal.
fn v6(text: &str) -> impl Iterator<Item = IpAddr> {
    text.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let address = Ipv6Addr::from(u128::from_str_radix(fields.next()?, 16).ok()?);
        let scope = fields.nth(2)?;
        // Link-local ones come and go with their interface, and lead nowhere.
        (!address.is_loopback() && scope != "20").then_some(IpAddr::V6(address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_kernel_writes_them() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 192.0.2.0/24 2 0 2\n        \
                    |-- 192.0.2.0\n           /24 link UNICAST\nLocal:\n  +-- 0.0.0.0/0 3 0 5\n     +-- 127.0.0.0/8 2 0 2\n           \
                    |-- 127.0.0.1\n              /32 host LOCAL\n        |-- 192.0.2.2\n           /32 host LOCAL\n        \
                    |-- 192.0.2.255\n           /32 link BROADCAST\n";
        assert_eq!(v4(trie).collect::<Vec<_>>(), ["192.0.2.2".parse::<IpAddr>().unwrap()]);
        let inet6 = "00000000000000000000000000000001 01 80 10 80       lo\nfd000000000000000000000000000002 04 40 00 80     eth0\n\
                     fe8000000000000000fc00fffe000001 04 40 20 80     eth0\nnonsense\n";
        assert_eq!(v6(inet6).collect::<Vec<_>>(), ["fd00::2".parse::<IpAddr>().unwrap()]);
    }

    #[tokio::test]
    async fn this_machine_has_the_addresses_it_has() {
        assert_eq!(look().await, look().await);
        assert!(look().await.iter().all(|address| !address.is_loopback()));
    }
}
