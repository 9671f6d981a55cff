//! Tokens that end while the session goes on.

use super::*;

impl Bench {
    /// Lets time pass, with a hub that answers every ping, until something else is due.
    fn idle(&mut self) -> (Duration, &'static str) {
        let begin = self.now;
        loop {
            let (_, why) = self.wait();
            let due = std::mem::take(&mut self.effects);
            if due.iter().any(|effect| matches!(effect, Effect::Ping)) {
                self.give(Input::Pong);
            }
            if why != "ping" {
                self.effects = due;
                return (self.now - begin, why);
            }
        }
    }

    fn renewed(&mut self, minutes: u64) -> Value {
        let token = AccessToken("new-token".into());
        sent(self.give(Input::Renewed(Ok((token, Duration::from_secs(minutes * 60))))))
    }
}

#[test]
fn a_token_is_renewed_in_time_and_the_session_goes_on() {
    let mut bench = Bench::opened();
    assert_eq!(bench.idle(), (Duration::from_secs(45 * 60), "renewal"));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Renew)));
    let renew = bench.renewed(20);
    assert_eq!((&renew["method"], &renew["params"]), (&json!("session.renew"), &json!({"access_token": "new-token"})));
    let answer = json!({"jsonrpc": "2.0", "id": renew["id"], "result": {}});
    assert!(bench.give(Input::Received(answer.to_string())).is_empty(), "nobody need know");
    assert_eq!(bench.idle(), (Duration::from_secs(15 * 60), "renewal"));
    bench.lost();
    bench.wait();
    assert!(matches!(bench.effects[..], [Effect::Tell(_), Effect::OpenSocket]), "with the new one: {:?}", bench.effects);
}

#[test]
fn a_renewal_that_fails_is_tried_again_and_harms_nothing() {
    let mut bench = Bench::opened();
    bench.idle();
    assert!(bench.give(Input::Renewed(Err(Failure::passing("nobody listens")))).is_empty());
    assert_eq!(bench.idle(), (Duration::from_secs(15), "renewal"));
    let renew = bench.renewed(60);
    let error = json!({"code": -32001, "message": "no", "data": {"kind": "unauthenticated"}});
    bench.give(Input::Received(json!({"jsonrpc": "2.0", "id": renew["id"], "error": error}).to_string()));
    assert_eq!(bench.idle(), (Duration::from_secs(15), "renewal"));
    assert!(bench.give(Input::Renewed(Err(Failure::lasting("the password is wrong")))).is_empty());
    bench.lost();
    bench.wait();
    bench.open_session("s1", true);
}
