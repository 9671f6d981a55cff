//! PURE. Names, the hub, and the servers that help where there is no direct path.

use std::time::Duration;

use super::Finding;
use crate::protocol::IceKind;

/// Longer than this, and a caller notices.
const SLOW_NAME: Duration = Duration::from_secs(1);
const SLOW_HUB: Duration = Duration::from_millis(1500);

/// What a name has come to: its addresses, or why there are none. `servers` are the name servers of this machine.
pub fn lookup(host: &str, found: Result<(Vec<String>, Duration), String>, servers: &[String]) -> Finding {
    let asked = if servers.is_empty() {
        "no name server is set in /etc/resolv.conf".to_owned()
    } else {
        format!("name servers: {}", servers.join(", "))
    };
    match found {
        Ok((addresses, took)) if took > SLOW_NAME => Finding::warn(
            format!("{host} was found, after {:.1} s", took.as_secs_f64()),
            format!("a name server that does not answer is asked first ({asked}): remove it"),
        )
        .detail(addresses.join(", "))
        .figure("lookup-ms", took.as_millis() as f64),
        Ok((addresses, took)) => {
            Finding::pass(format!("{host} is {}", addresses.join(", "))).figure("lookup-ms", took.as_millis() as f64)
        }
        Err(why) => {
            Finding::fail(format!("{host} is not found: {why}"), format!("is the network cable in, is `hub.url` right? ({asked})"))
        }
    }
}

/// What the hub answered to a stranger: its HTTP status and how long that took.
pub fn hub(at: &str, secure: bool, answer: Result<(u16, Duration), String>) -> Finding {
    match answer {
        Err(why) => Finding::fail(
            why,
            format!("from this machine, {at} must be reachable: check `hub.url`, cable, firewall, and the hub itself"),
        ),
        Ok((200, took)) => {
            let encrypted = if secure { ", encrypted" } else { "" };
            let found = format!("{at} answers after {} ms{encrypted}", took.as_millis());
            let finding = if took > SLOW_HUB {
                Finding::warn(found, "the way to the hub is slow: calls begin late")
            } else {
                Finding::pass(found)
            };
            finding.figure("answer-ms", took.as_millis() as f64)
        }
        Ok((status, _)) => Finding::fail(
            format!("{at} answers {status} where a hub says that it works"),
            "is `hub.url` the address of a callbox hub, and is every proxy before it right?",
        ),
    }
}

/// What came of signing in: after how many milliseconds, or why not.
pub fn sign_in(user: &str, password_file: &str, came: Result<u64, String>) -> Finding {
    match came {
        Ok(took_ms) => Finding::pass(format!("the hub lets `{user}` in, after {took_ms} ms")).figure("sign-in-ms", took_ms as f64),
        Err(why) if why.contains("does not let") => Finding::fail(
            why,
            format!(
                "the first line of {password_file} must be the password whose hash (`callbox hub passwd`) the hub has for `{user}`"
            ),
        ),
        Err(why) if why.contains("password file") => Finding::fail(
            why,
            format!("write the password into {password_file}, readable for the service and nobody else (chmod 600)"),
        ),
        Err(why) => Finding::fail(why, "see the checks before this one: dns, hub, clock"),
    }
}

/// What came of asking one server.
#[derive(Debug, Clone, PartialEq)]
pub struct Helper {
    /// `turn:HOST:PORT?transport=udp`
    pub url: String,
    /// Whether the hub names it, or the configuration.
    pub of_hub: bool,
    /// What it said.
    pub outcome: Outcome,
}

/// What a server said.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It works: what it told, and after how long.
    Works {
        /// For people.
        said: String,
        /// From the first packet to the answer that counts.
        took: Duration,
    },
    /// The user or the password is not taken.
    Credentials(String),
    /// It answers, and refuses for another reason.
    Refuses(String),
    /// The certificate is not believed.
    Certificate(String),
    /// Nothing comes back, or nobody listens.
    Silent(String),
}

/// The servers of one kind. `other_way`: TURN works by another transport. `needed`: without a relay there is no call.
pub fn helpers(kind: IceKind, found: &[Helper], other_way: bool, needed: bool) -> Finding {
    let works = found.iter().filter(|one| matches!(one.outcome, Outcome::Works { .. })).count();
    let lines = found.iter().map(line);
    let Some(broken) = found.iter().find(|one| !matches!(one.outcome, Outcome::Works { .. })) else {
        return match found.first() {
            None => none(kind, other_way, needed),
            Some(first) => {
                let finding = Finding::pass(line(first)).details(lines.skip(1));
                fastest(finding, found)
            }
        };
    };
    let (said, advice) = (line(broken), advice(kind, broken));
    let finding = match kind {
        _ if works > 0 => Finding::warn(format!("{said}; {works} of {} work", found.len()), advice),
        IceKind::Stun => Finding::warn(said, advice),
        _ if other_way => Finding::warn(format!("{said}; another transport works, so calls get through"), advice),
        IceKind::TurnUdp | IceKind::TurnTcp | IceKind::TurnTls => Finding::fail(said, advice),
    };
    let rest: Vec<String> = found.iter().filter(|one| *one != broken).map(line).collect();
    fastest(finding.details(rest), found)
}

fn fastest(finding: Finding, found: &[Helper]) -> Finding {
    let times = found.iter().filter_map(|one| match one.outcome {
        Outcome::Works { took, .. } => Some(took.as_millis() as f64),
        Outcome::Credentials(_) | Outcome::Refuses(_) | Outcome::Certificate(_) | Outcome::Silent(_) => None,
    });
    match times.reduce(f64::min) {
        Some(least) => finding.figure("answer-ms", least),
        None => finding,
    }
}

fn none(kind: IceKind, other_way: bool, needed: bool) -> Finding {
    let name = transport(kind);
    match kind {
        IceKind::TurnUdp | IceKind::TurnTcp | IceKind::TurnTls if needed && !other_way => Finding::fail(
            format!("there is no TURN server {name}, and `network.relay-only` wants one"),
            "name one in `[turn]` of the hub, or in `[[turn-server]]` here",
        ),
        IceKind::Stun => Finding::skipped("no STUN server is named, by the hub or in `network.stun-servers`"),
        IceKind::TurnTls => Finding::skipped(format!("no TURN server {name} is named"))
            .advised("behind a firewall that lets only HTTPS out, only `turns:HOST:443` gets through"),
        IceKind::TurnUdp | IceKind::TurnTcp => Finding::skipped(format!("no TURN server {name} is named")),
    }
}

fn transport(kind: IceKind) -> &'static str {
    match kind {
        IceKind::Stun | IceKind::TurnUdp => "over UDP",
        IceKind::TurnTcp => "over TCP",
        IceKind::TurnTls => "over TLS",
    }
}

fn line(one: &Helper) -> String {
    let Helper { url, outcome, .. } = one;
    match outcome {
        Outcome::Works { said, took } => format!("{url} {said} after {} ms", took.as_millis()),
        Outcome::Credentials(why) => format!("{url} does not take the credentials: {why}"),
        Outcome::Refuses(why) => format!("{url} refuses: {why}"),
        Outcome::Certificate(why) => format!("{url}: {why}"),
        Outcome::Silent(why) => format!("{url} {why}"),
    }
}

fn advice(kind: IceKind, broken: &Helper) -> String {
    let owner = if broken.of_hub { "`[turn]` of the hub" } else { "the configuration here" };
    match (&broken.outcome, kind) {
        (Outcome::Works { .. }, _) => String::new(),
        (Outcome::Credentials(_), _) if broken.of_hub => {
            "the hub's `turn.secret-file` and coturn's `static-auth-secret` must be the same, and both clocks right".to_owned()
        }
        (Outcome::Credentials(_), _) => "check `user` and `password-file` of this `[[turn-server]]`".to_owned(),
        (Outcome::Refuses(_), _) => format!("look into the log of that server; it is named in {owner}"),
        (Outcome::Certificate(_), _) => {
            "the server's certificate must be one that this machine trusts, see `hub.ca-file`; is the clock right?".to_owned()
        }
        (Outcome::Silent(_), IceKind::Stun | IceKind::TurnUdp) => {
            format!("is it running, and does every firewall on the way let UDP out to that port? It is named in {owner}")
        }
        (Outcome::Silent(_), IceKind::TurnTcp | IceKind::TurnTls) => {
            format!("is it running, and does every firewall on the way let TCP out to that port? It is named in {owner}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::Verdict;

    fn helper(outcome: Outcome, of_hub: bool) -> Helper {
        Helper { url: "turn:turn.example.org:3478".into(), of_hub, outcome }
    }

    fn works() -> Outcome {
        Outcome::Works { said: "relays".into(), took: Duration::from_millis(12) }
    }

    #[test]
    fn one_broken_server_of_two_is_a_warning_and_all_broken_a_failure() {
        let silent = || helper(Outcome::Silent("does not answer".into()), true);
        let of = |list: &[Helper]| helpers(IceKind::TurnUdp, list, false, false);
        assert_eq!(of(&[helper(works(), true)]).verdict, Verdict::Pass);
        assert_eq!(of(&[silent(), helper(works(), true)]).verdict, Verdict::Warn);
        let all = of(&[silent(), silent()]);
        assert_eq!(all.verdict, Verdict::Fail);
        assert!(all.advice.unwrap().contains("let UDP out"));
        assert_eq!(helpers(IceKind::TurnUdp, &[silent()], true, false).verdict, Verdict::Warn, "TCP gets through");
        assert_eq!(helpers(IceKind::Stun, &[silent()], false, false).verdict, Verdict::Warn);
    }

    #[test]
    fn wrong_credentials_lead_to_whoever_made_them() {
        let wrong = |of_hub| helpers(IceKind::TurnTcp, &[helper(Outcome::Credentials("401".into()), of_hub)], false, false);
        assert!(wrong(true).advice.unwrap().contains("static-auth-secret"));
        assert!(wrong(false).advice.unwrap().contains("password-file"));
    }

    #[test]
    fn no_relay_is_a_failure_only_where_one_is_needed() {
        assert_eq!(helpers(IceKind::TurnTcp, &[], false, false).verdict, Verdict::Skipped);
        assert_eq!(helpers(IceKind::TurnTcp, &[], false, true).verdict, Verdict::Fail);
        assert_eq!(helpers(IceKind::TurnTcp, &[], true, true).verdict, Verdict::Skipped);
    }

    #[test]
    fn a_hub_that_is_something_else_is_told_from_one_that_is_away() {
        assert_eq!(hub("ws://hub", false, Ok((200, Duration::from_millis(5)))).verdict, Verdict::Pass);
        assert_eq!(hub("ws://hub", false, Ok((200, Duration::from_secs(2)))).verdict, Verdict::Warn);
        assert!(hub("ws://hub", false, Ok((404, Duration::ZERO))).found.contains("404"));
        assert_eq!(hub("ws://hub", false, Err("nobody listens".into())).found, "nobody listens");
    }

    #[test]
    fn a_wrong_password_is_told_from_one_that_is_not_there() {
        let refused = "the hub does not let `door-1` in: wrong (check `hub.user` and the password in /etc/password)";
        for (why, part) in
            [(refused, "callbox hub passwd"), ("cannot read the password file /etc/password", "chmod 600"), ("away", "dns, hub")]
        {
            let finding = sign_in("door-1", "/etc/password", Err(why.to_owned()));
            assert!(finding.verdict == Verdict::Fail && finding.advice.as_ref().unwrap().contains(part), "{finding:?}");
        }
        assert_eq!(sign_in("door-1", "/etc/password", Ok(80)).verdict, Verdict::Pass);
    }

    #[test]
    fn a_name_that_is_found_late_warns() {
        let servers = ["192.0.2.1".to_owned()];
        let after = |seconds| lookup("hub.example.org", Ok((vec!["192.0.2.7".into()], Duration::from_secs(seconds))), &servers);
        assert_eq!((after(0).verdict, after(5).verdict), (Verdict::Pass, Verdict::Warn));
        let lost = lookup("hub.example.org", Err("no such name".into()), &[]);
        assert!(lost.verdict == Verdict::Fail && lost.advice.unwrap().contains("resolv.conf"));
    }
}
