//! How packets travel: which kinds of candidates ICE has chosen. `webrtcbin` does not tell before 1.28; libnice names the pair by its
//! foundations, and candidates say which foundation is of which kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gstreamer::glib;
use gstreamer::glib::subclass::SignalId;
use gstreamer::prelude::*;

use crate::protocol::control::Path;

/// Descriptions are hostile: nobody has so many candidates.
const MOST: usize = 256;

/// What is known of the candidates of one connection.
#[derive(Debug, Default)]
pub struct Paths(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    local: BTreeMap<String, Kind>,
    remote: BTreeMap<String, Kind>,
    chosen: Option<Path>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Host,
    Reflexive,
    Relayed,
}

impl Paths {
    /// Learns what the agent chooses.
    pub fn watch(self: &Arc<Self>, agent: &glib::Object) {
        if SignalId::lookup("new-selected-pair", agent.type_()).is_none() {
            return;
        }
        let paths = Arc::downgrade(self);
        agent.connect("new-selected-pair", false, move |values| {
            let local = values.get(3).and_then(|value| value.get::<String>().ok());
            let remote = values.get(4).and_then(|value| value.get::<String>().ok());
            if let (Some(paths), Some(local), Some(remote)) = (paths.upgrade(), local, remote) {
                paths.choose(&local, &remote);
            }
            None
        });
    }

    /// A candidate of ours.
    pub fn local(&self, candidate: &str) {
        self.note(candidate, |known| &mut known.local);
    }

    /// A candidate of the other side.
    pub fn remote(&self, candidate: &str) {
        self.note(candidate, |known| &mut known.remote);
    }

    /// The candidates in its description.
    pub fn remote_description(&self, sdp: &str) {
        sdp.lines().filter_map(|line| line.strip_prefix("a=")).for_each(|line| self.remote(line));
    }

    /// None before ICE has chosen.
    pub fn chosen(&self) -> Option<Path> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).chosen
    }

    fn note(&self, candidate: &str, side: impl Fn(&mut Known) -> &mut BTreeMap<String, Kind>) {
        let Some((foundation, kind)) = read(candidate) else {
            return;
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let side = side(&mut known);
        if side.len() < MOST {
            side.insert(foundation.to_owned(), kind);
        }
    }

    fn choose(&self, local: &str, remote: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A candidate that nobody has named was found by its packets: there is a NAT before it.
        let kind = |side: &BTreeMap<String, Kind>, foundation| side.get(foundation).copied().unwrap_or(Kind::Reflexive);
        known.chosen = Some(match (kind(&known.local, local), kind(&known.remote, remote)) {
            (Kind::Relayed, _) | (_, Kind::Relayed) => Path::Relayed,
            (Kind::Reflexive, _) | (_, Kind::Reflexive) => Path::Reflexive,
            (Kind::Host, Kind::Host) => Path::Direct,
        });
    }
}

/// `candidate:FOUNDATION COMPONENT PROTOCOL PRIORITY ADDRESS PORT typ KIND …` (RFC 8839 section 5.1).
fn read(candidate: &str) -> Option<(&str, Kind)> {
    let mut words = candidate.trim_start_matches("a=").strip_prefix("candidate:")?.split_whitespace();
    let foundation = words.next().filter(|foundation| foundation.len() <= 32)?;
    let kind = match words.skip_while(|word| *word != "typ").nth(1)? {
        "host" => Kind::Host,
        "srflx" | "prflx" => Kind::Reflexive,
        "relay" => Kind::Relayed,
        _ => return None,
    };
    Some((foundation, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_pair_is_known_by_its_foundations() {
        let paths = Paths::default();
        assert_eq!(paths.chosen(), None);
        paths.local("candidate:1 1 UDP 2015363327 192.0.2.2 49460 typ host");
        paths.local("candidate:5 1 UDP 8191 192.0.2.9 60000 typ relay raddr 192.0.2.2 rport 49460");
        paths.remote_description("v=0\r\na=candidate:7 1 udp 2113937151 192.0.2.3 5000 typ host generation 0\r\na=mid:0\r\n");
        paths.remote("candidate:8 1 udp 1677729535 198.51.100.3 5000 typ srflx raddr 0.0.0.0 rport 0");
        for (local, remote, path) in
            [("1", "7", Path::Direct), ("1", "8", Path::Reflexive), ("5", "7", Path::Relayed), ("1", "99", Path::Reflexive)]
        {
            paths.choose(local, remote);
            assert_eq!(paths.chosen(), Some(path), "{local} {remote}");
        }
    }

    #[test]
    fn what_is_no_candidate_is_nothing() {
        for bad in ["", "candidate:", "candidate:1 1 udp 1 x 1 typ", "candidate:1 1 udp 1 x 1 typ odd", "mid:0"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
