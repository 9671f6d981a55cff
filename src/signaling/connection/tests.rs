use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::protocol::hub::{self, ClientKind, InCall};

mod renewal;

struct Bench {
    core: Connection,
    now: Instant,
    effects: Vec<Effect>,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        let client = ClientInfo { kind: ClientKind::Appliance, version: "callbox/test".into() };
        Self { core: Connection::new(client, 42, now), now, effects: Vec::new() }
    }

    fn drain(&mut self) -> &[Effect] {
        self.effects = std::iter::from_fn(|| self.core.poll_effect()).collect();
        &self.effects
    }

    fn give(&mut self, input: Input) -> &[Effect] {
        self.core.handle(input, self.now).unwrap();
        self.drain()
    }

    /// Goes to the next deadline.
    fn wait(&mut self) -> (Duration, &'static str) {
        let (at, why) = self.core.poll_timeout().unwrap();
        let waited = at.saturating_duration_since(self.now);
        self.now = self.now.max(at);
        self.core.handle_timeout(self.now);
        self.drain();
        (waited, why)
    }

    fn token() -> Input {
        Input::SignedIn { token: AccessToken("secret-token".into()), expires_in: Duration::from_secs(3600) }
    }

    /// From opening the socket to an open session; returns what was sent.
    fn open_session(&mut self, session: &str, resumed: bool) -> Value {
        let sent = sent(self.give(Input::SocketOpened));
        let id = sent["id"].clone();
        let user = json!({"id": "door", "name": "Door"});
        let result = json!({"session": session, "user": user, "resumed": resumed, "reconnect_grace_ms": 30000});
        self.give(Input::Received(json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string()));
        sent
    }

    fn opened() -> Self {
        let mut bench = Self::new();
        bench.wait();
        bench.give(Self::token());
        bench.open_session("s1", false);
        bench
    }

    fn event(&mut self, seq: u64) -> &[Effect] {
        let params = json!({"seq": seq, "cid": "default:lobby", "type": "participant.left", "participant": "p", "reason": "left"});
        self.give(Input::Received(json!({"jsonrpc": "2.0", "method": "event", "params": params}).to_string()))
    }

    fn lost(&mut self) {
        self.give(Input::Failed(Failure::passing("the line was cut")));
    }
}

fn sent(effects: &[Effect]) -> Value {
    let text = effects.iter().find_map(|e| if let Effect::Send(text) = e { Some(text) } else { None }).expect("nothing sent");
    serde_json::from_str(text).unwrap()
}

fn told(effects: &[Effect]) -> Vec<&Event> {
    effects.iter().filter_map(|e| if let Effect::Tell(event) = e { Some(event) } else { None }).collect()
}

fn leave() -> Request {
    Request::Leave(InCall { cid: "default:lobby".parse().unwrap() })
}

#[test]
fn it_signs_in_opens_a_socket_and_a_session() {
    let mut bench = Bench::new();
    assert_eq!(bench.wait(), (Duration::ZERO, "next attempt"));
    assert!(matches!(bench.effects[..], [Effect::Tell(Event::State { state: HubState::Connecting, .. }), Effect::SignIn]));
    assert!(matches!(bench.give(Bench::token()), [Effect::OpenSocket]));
    let open = bench.open_session("s1", false);
    assert_eq!(open["method"], "session.open");
    assert_eq!(open["params"]["access_token"], "secret-token");
    assert!(open["params"].get("resume").is_none());
    assert!(matches!(
        told(&bench.effects)[..],
        [Event::State { state: HubState::Connected, error: None, .. }, Event::Opened { resumed: false, .. }]
    ));
}

#[test]
fn a_wrong_password_is_tried_again_slowly_and_says_so() {
    let mut bench = Bench::new();
    bench.wait();
    for _ in 0..20 {
        let effects = bench.give(Input::Failed(Failure::lasting("the hub does not accept the password")));
        let events = told(effects);
        let [Event::State { state: HubState::Disconnected, error: Some(error), retry_in: Some(wait) }] = events[..] else {
            panic!("{events:?}")
        };
        assert!(error.contains("password"));
        assert!((30..=60).contains(&wait.as_secs()));
        bench.wait();
    }
}

#[test]
fn an_hour_of_refused_connections_makes_few_attempts() {
    let mut bench = Bench::new();
    let start = bench.now;
    let mut attempts = 0;
    while bench.now - start < Duration::from_secs(3600) {
        bench.wait();
        attempts += 1;
        bench.give(Input::Failed(Failure::passing("nobody listens")));
    }
    assert!((100..400).contains(&attempts), "{attempts}");
}

#[test]
fn a_dropped_socket_is_resumed_where_it_was_without_signing_in_again() {
    let mut bench = Bench::opened();
    bench.event(1);
    bench.event(2);
    bench.lost();
    let (waited, _) = bench.wait();
    assert!(waited <= Duration::from_secs(1), "the first attempt after a drop comes soon: {waited:?}");
    assert!(matches!(bench.effects[..], [_, Effect::OpenSocket]));
    let open = bench.open_session("s1", true);
    assert_eq!(open["params"]["resume"], json!({"session": "s1", "last_seq": 2}));
    assert!(matches!(told(&bench.effects)[1], Event::Opened { resumed: true, .. }));
    assert!(told(bench.event(2)).is_empty(), "a repeat is passed over");
    assert!(matches!(told(bench.event(3))[..], [Event::Hub(hub::Event { seq: 3, .. })]));
}

#[test]
fn a_session_that_the_hub_forgot_counts_its_events_anew() {
    let mut bench = Bench::opened();
    bench.event(1);
    bench.lost();
    bench.wait();
    bench.open_session("s2", false);
    assert!(matches!(told(bench.event(1))[..], [Event::Hub(_)]));
}

#[test]
fn a_hub_that_claims_to_resume_what_nobody_asked_for_is_not_believed() {
    let mut bench = Bench::new();
    bench.wait();
    bench.give(Bench::token());
    bench.open_session("s1", true);
    assert!(matches!(told(&bench.effects)[1], Event::Opened { resumed: false, .. }));
}

#[test]
fn a_gap_in_the_events_means_a_new_session() {
    let mut bench = Bench::opened();
    bench.event(1);
    let effects = bench.event(3);
    assert!(matches!(effects[0], Effect::Disconnect));
    assert!(told(effects).iter().all(|event| !matches!(event, Event::Hub(_))));
    bench.wait();
    assert!(bench.open_session("s2", false)["params"].get("resume").is_none());
}

#[test]
fn an_unknown_event_of_a_newer_hub_is_counted_and_passed_over() {
    let mut bench = Bench::opened();
    let params = json!({"seq": 1, "cid": "default:lobby", "type": "call.sang"});
    assert!(bench.give(Input::Received(json!({"jsonrpc": "2.0", "method": "event", "params": params}).to_string())).is_empty());
    assert!(matches!(told(bench.event(2))[..], [Event::Hub(_)]));
}

#[test]
fn an_expired_token_is_replaced_before_the_next_session() {
    let mut bench = Bench::opened();
    bench.now += Duration::from_secs(3580);
    bench.lost();
    bench.wait();
    assert!(matches!(bench.effects[..], [_, Effect::SignIn]));
}

#[test]
fn a_token_refused_early_means_signing_in_once_and_keeps_the_session() {
    let mut bench = Bench::opened();
    bench.event(1);
    bench.lost();
    bench.wait();
    let refuse = |bench: &mut Bench| {
        let id = sent(bench.give(Input::SocketOpened))["id"].clone();
        let error = json!({"code": -32001, "message": "the token is expired", "data": {"kind": "unauthenticated"}});
        bench.give(Input::Received(json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string()));
    };
    refuse(&mut bench);
    assert!(matches!(bench.effects[..], [Effect::Disconnect, Effect::SignIn]));
    bench.give(Bench::token());
    refuse(&mut bench);
    assert!(matches!(told(&bench.effects)[..], [Event::State { state: HubState::Disconnected, .. }]), "no loop: wait");
    bench.wait();
    bench.give(Bench::token());
    assert_eq!(bench.open_session("s1", true)["params"]["resume"]["last_seq"], 1);
}

#[test]
fn a_silent_hub_is_noticed_within_fifteen_seconds() {
    let mut bench = Bench::opened();
    let start = bench.now;
    assert_eq!(bench.wait(), (PING_INTERVAL, "ping"));
    assert!(matches!(bench.effects[..], [Effect::Ping]));
    assert_eq!(bench.wait(), (PONG_TIMEOUT, "pong"));
    assert!(bench.now - start <= Duration::from_secs(15));
    let [Event::State { state: HubState::Disconnected, error: Some(error), .. }] = told(&bench.effects)[..] else {
        panic!("{:?}", bench.effects)
    };
    assert!(error.contains("silent"));
}

#[test]
fn a_hub_that_answers_pings_is_kept() {
    let mut bench = Bench::opened();
    // Until the token is renewed.
    for _ in 0..200 {
        assert_eq!(bench.wait().1, "ping");
        assert!(matches!(bench.effects[..], [Effect::Ping]));
        bench.give(Input::Pong);
    }
}

#[test]
fn an_unanswered_request_times_out_and_a_late_answer_is_ignored() {
    let mut bench = Bench::opened();
    bench.now += Duration::from_secs(1);
    let request = sent(bench.give(Input::Request { tag: 7, request: leave() }));
    assert_eq!((&request["method"], &request["params"]["cid"]), (&json!("call.leave"), &json!("default:lobby")));
    assert_eq!(bench.wait().1, "ping");
    bench.give(Input::Pong);
    assert_eq!(bench.wait(), (Duration::from_secs(1), "request"));
    let [Event::Reply { tag: 7, outcome: Err(error) }] = told(&bench.effects)[..] else { panic!() };
    assert_eq!(error.kind, ErrorKind::Timeout);
    let late = json!({"jsonrpc": "2.0", "id": request["id"], "result": null}).to_string();
    assert!(bench.give(Input::Received(late)).is_empty());
}

#[test]
fn every_request_is_answered_once_whatever_happens() {
    let mut bench = Bench::new();
    let unavailable = |effects: &[Effect], expected: u64| {
        let events = told(effects);
        let [.., Event::Reply { tag, outcome: Err(error) }] = events[..] else { panic!("{events:?}") };
        assert_eq!((*tag, error.kind), (expected, ErrorKind::Unavailable));
    };
    unavailable(bench.give(Input::Request { tag: 1, request: leave() }), 1);
    let mut bench = Bench::opened();
    bench.give(Input::Request { tag: 2, request: leave() });
    unavailable(bench.give(Input::Failed(Failure::passing("cut"))), 2);
    let mut bench = Bench::opened();
    bench.give(Input::Request { tag: 3, request: leave() });
    let effects = bench.give(Input::Close);
    assert!(matches!(effects[..], [Effect::Tell(Event::Reply { tag: 3, .. }), Effect::Close]));
    assert!(bench.core.poll_timeout().is_none());
    assert_eq!(bench.core.handle(Input::SocketOpened, bench.now), Err(Refused));
}

#[test]
fn a_request_too_long_for_the_hub_is_not_sent() {
    let mut bench = Bench::opened();
    let join = hub::JoinCall {
        kind: "default".into(),
        id: "lobby".into(),
        create: true,
        data: None,
        participation: None,
        custom: json!("x".repeat(70_000)),
        door: false,
    };
    let effects = bench.give(Input::Request { tag: 1, request: Request::Join(join) });
    let [Event::Reply { outcome: Err(error), .. }] = told(effects)[..] else { panic!() };
    assert_eq!((error.kind, effects.len()), (ErrorKind::TooLarge, 1));
}

#[test]
fn nonsense_from_the_hub_ends_the_connection_and_names_it() {
    let mut bench = Bench::opened();
    let effects = bench.give(Input::Received("{".into()));
    assert!(matches!(effects[0], Effect::Disconnect));
    let [Event::State { error: Some(error), .. }] = told(effects)[..] else { panic!() };
    assert!(error.starts_with("the hub sent what is not JSON"), "{error}");
}

#[test]
fn nothing_secret_is_shown() {
    let bench = Bench::opened();
    assert!(!format!("{:?}", bench.core).contains("secret-token"));
}

fn any_input() -> impl Strategy<Value = Option<Input>> {
    prop_oneof![
        4 => Just(None),
        2 => (0_u64..200_000).prop_map(|s| {
            Some(Input::SignedIn { token: AccessToken("t".into()), expires_in: Duration::from_secs(s) })
        }),
        2 => Just(Some(Input::SocketOpened)),
        1 => any::<bool>().prop_map(|slow| Some(Input::Failed(Failure { slow, message: "x".into() }))),
        1 => Just(Some(Input::Pong)),
        2 => any::<u64>().prop_map(|tag| Some(Input::Request { tag, request: leave() })),
        1 => "[ -~]{0,40}".prop_map(|text| Some(Input::Received(text))),
        4 => (0_u64..12, any::<bool>()).prop_map(|(id, resumed)| {
            let user = json!({"id": "door", "name": "Door"});
            let result = json!({"session": "s", "user": user, "resumed": resumed, "reconnect_grace_ms": 1});
            Some(Input::Received(json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string()))
        }),
        2 => any::<u64>().prop_map(|id| {
            let error = json!({"code": 1, "message": "m", "data": {"kind": "unauthenticated"}});
            Some(Input::Received(json!({"jsonrpc": "2.0", "id": id % 12, "error": error}).to_string()))
        }),
        3 => prop_oneof![0_u64..5, any::<u64>()].prop_map(|seq| {
            let params = json!({"seq": seq, "cid": "default:lobby", "type": "call.sang"});
            Some(Input::Received(json!({"jsonrpc": "2.0", "method": "event", "params": params}).to_string()))
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_there_is_a_next_deadline_and_every_request_gets_one_reply(
        inputs in proptest::collection::vec((any_input(), 0_u64..20_000), 0..200),
    ) {
        let mut bench = Bench::new();
        let (mut asked, mut replied) = (0, 0);
        for (input, millis) in inputs {
            match input {
                None => { bench.wait(); }
                Some(input) => {
                    asked += u64::from(matches!(input, Input::Request { .. }));
                    let _ = bench.core.handle(input, bench.now);
                    bench.drain();
                }
            }
            replied += told(&bench.effects).iter().filter(|e| matches!(e, Event::Reply { .. })).count() as u64;
            let (deadline, _) = bench.core.poll_timeout().unwrap();
            prop_assert!(deadline <= bench.now + Duration::from_secs(60));
            bench.now += Duration::from_millis(millis);
        }
        bench.core.handle(Input::Close, bench.now).unwrap();
        bench.drain();
        replied += told(&bench.effects).iter().filter(|e| matches!(e, Event::Reply { .. })).count() as u64;
        prop_assert_eq!(asked, replied);
    }
}
