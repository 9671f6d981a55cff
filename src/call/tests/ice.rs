use serde_json::json;

use super::*;
use crate::protocol::hub::{IceServer, IceServers};

fn servers(user: &str, expires_in: u64) -> IceServers {
    let server =
        IceServer { urls: vec!["turn:turn.example.org".into()], username: Some(user.into()), credential: Some("x".into()) };
    IceServers { servers: vec![server], expires_in: Some(expires_in) }
}

/// In the lobby, with credentials for 40 s.
fn joined() -> (Bench, Vec<Effect>) {
    let mut bench = Bench::new();
    let effects = bench.input(Input::HubOpened { resumed: false });
    let (tag, _) = join_in(&effects).unwrap();
    let mut call = call(&lobby());
    call.participants = vec![participant("me", 1, ClientKind::Appliance), browser("anna")];
    let joined = Joined { call, participant: id("me"), ice_servers: servers("first", 40) };
    let effects = bench.input(Input::Reply { tag, outcome: Ok(json!(joined)) });
    (bench, effects)
}

#[test]
fn the_servers_of_the_hub_are_known_before_the_first_connection() {
    let (_, effects) = joined();
    let position = |is: fn(&Effect) -> bool| effects.iter().position(is).unwrap();
    assert!(position(|e| matches!(e, Effect::IceServers(_))) < position(|e| matches!(e, Effect::Offer(_))), "{effects:?}");
}

#[test]
fn credentials_are_renewed_while_there_is_time() {
    let (mut bench, _) = joined();
    assert_eq!(bench.timeout().map(|(at, why)| (at - bench.now, why)), Some((secs(30), "fresh TURN credentials")));
    let effects = bench.wait(secs(30));
    assert_eq!(requests(&effects), [&Request::IceServers]);
    let failed = bench.answer(&effects, |r| *r == Request::IceServers, refusal(ErrorKind::Timeout, "no answer"));
    assert_eq!(failed, []);
    let effects = bench.wait(secs(5));
    assert_eq!(requests(&effects), [&Request::IceServers], "again after a failure");
    let fresh = servers("second", 40);
    let effects = bench.answer(&effects, |r| *r == Request::IceServers, Ok(json!(fresh)));
    assert_eq!(effects, [Effect::IceServers(fresh)]);
    assert_eq!(requests(&bench.wait(secs(30))), [&Request::IceServers], "and so on");
}

#[test]
fn a_hub_that_is_away_is_asked_when_it_is_back_and_outside_of_calls_not_at_all() {
    let (mut bench, _) = joined();
    bench.input(Input::HubLost);
    assert_eq!(requests(&bench.wait(secs(35))), [] as [&Request; 0]);
    let effects = bench.input(Input::HubOpened { resumed: true });
    assert!(requests(&effects).contains(&&Request::IceServers), "{effects:?}");
    bench.answer(&effects, |r| *r == Request::IceServers, Ok(json!(servers("second", 40))));
    bench.command(Command::Leave).unwrap();
    assert!(!requests(&bench.wait(secs(60))).contains(&&Request::IceServers));
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
