//! Who may be in a call, as people see it in the page: backstage, members, put out, ended. Real Chromiums, a real hub.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use support::{Browser, Fake, Hub, eventually, secs};

/// An administrator; the hash is of the password that everybody has.
const ROOT: &str = r#"
[[user]]
id = "root"
role = "admin"
password-hash = "$argon2id$v=19$m=19456,t=2,p=1$P6BopYW7qmX4nfbUgBp3+w$Yriio6wLz4n0o+3d8UmNbuB0fuVmIhuVTV7Ukhc/fcs"
"#;

async fn open(hub: &Hub, browser: &Browser, user: &str, call: &str) {
    browser.open(&format!("{}/?call={call}#user={user}&password=correct%20horse", hub.url)).await;
    eventually(secs(20), "the lobby", async || browser.text("join").await.ok_or("no lobby")).await;
}

async fn two(hub: &Hub, call: &str) -> (Browser, Browser) {
    let (anna, ben) = tokio::join!(Browser::start(Fake::default()), Browser::start(Fake::default()));
    anna.join(hub, "anna", call).await;
    open(hub, &ben, "ben", call).await;
    (anna, ben)
}

async fn told(browser: &Browser, id: &str, part: &str) {
    eventually(secs(15), part, async || match browser.text(id).await {
        Some(text) if text.contains(part) => Ok(()),
        text => Err(text),
    })
    .await;
}

/// A button that has no id, by what a screen reader says of it.
async fn press(browser: &Browser, label: &str) {
    let script = format!("(b => {{ b?.click(); return b !== null; }})(document.querySelector('[aria-label=\"{label}\"]'))");
    eventually(secs(5), label, async || if browser.js::<bool>(&script).await { Ok(()) } else { Err("no such button") }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g34_regular_users_join_only_after_go_live() {
    let hub = Hub::start();
    let (anna, ben) = two(&hub, "livestream:show").await;
    assert_eq!(anna.text("live-state").await.as_deref(), Some("Backstage"));
    anna.shot("backstage-desktop").await;
    ben.click("join").await;
    told(&ben, "backstage", "This call is not live yet").await;
    ben.shot("waiting-desktop").await;
    assert_eq!(ben.js::<String>("callbox.call.state.state").await, "idle");

    anna.click("go-live").await;
    ben.in_call().await;
    eventually(secs(20), "Ben sees Anna", async || ben.sees("Anna Berg", 5).await).await;
    assert_eq!((ben.text("live-state").await.as_deref(), ben.text("stop-live").await), (Some("Live"), None));
    ben.click("call-mic").await;
    told(&ben, "toasts", "send-audio").await;
    ben.shot("listener-desktop").await;

    anna.click("stop-live").await;
    told(&ben, "lobby-note", "backstage again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g35_who_waits_comes_in_by_itself_when_the_time_has_come() {
    let hub = Hub::start();
    let anna = Browser::start(Fake::default()).await;
    open(&hub, &anna, "anna", "default:lobby").await;
    let data = "{ starts_at: new Date(Date.now() + 304_000), settings_override: { backstage: { enabled: true, join_ahead_time_seconds: 300 } } }";
    let _: Option<bool> =
        anna.js_async(&format!("await callbox.client.call('default', 'soon').getOrCreate({{ data: {data} }});")).await;
    let ben = Browser::start(Fake { phone: true, ..Fake::default() }).await;
    open(&hub, &ben, "ben", "default:soon").await;
    ben.click("join").await;
    eventually(secs(10), "Ben waits, or is in already", async || {
        match (ben.text("backstage").await, ben.js::<String>("callbox.call.state.state").await.as_str()) {
            (None, "idle" | "joining") => Err("neither"),
            _ => Ok(()),
        }
    })
    .await;
    ben.shot("waiting-phone").await;
    ben.in_call().await;
    assert_eq!(ben.text("live-state").await.as_deref(), Some("Backstage"), "in before it is live");
}

#[tokio::test(flavor = "multi_thread")]
async fn g41_a_member_who_is_removed_goes_out_of_the_call_and_stays_out() {
    let members = "[[call-type]]\nname = \"private\"\n\
        grants = { user = [\"create-call\", \"read-call\"], call-member = [\"read-call\", \"join-call\", \"send-audio\", \"send-video\"] }\n";
    let hub = Hub::with(members);
    let (anna, ben) = two(&hub, "private:room").await;
    ben.click("join").await;
    told(&ben, "join-error", "join-call").await; // G39: revoked from `user`
    ben.shot("refused-desktop").await;
    let update = |changes: &str| format!("await callbox.call.updateCallMembers({changes});");
    let _: Option<bool> = anna.js_async(&update("{ update_members: [{ user_id: 'ben', role: 'call_member' }] }")).await;
    ben.click("join").await; // G40: granted to members
    ben.in_call().await;
    eventually(secs(20), "Ben sees Anna", async || ben.sees("Anna Berg", 5).await).await;

    let _: Option<bool> = anna.js_async(&update("{ remove_members: ['ben'] }")).await;
    told(&ben, "lobby-note", "You were removed from the call").await;
    eventually(secs(5), "Anna is alone", async || match anna.tiles().await {
        tiles if tiles.len() == 1 => Ok(()),
        tiles => Err(tiles),
    })
    .await;
    ben.click("join").await;
    told(&ben, "join-error", "join-call").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_the_host_ends_the_call_for_everyone_and_g16_only_some_may_join_it_then() {
    let hub = Hub::with(ROOT);
    let (anna, ben) = two(&hub, "default:meeting").await;
    ben.click("join").await;
    ben.in_call().await;
    eventually(secs(20), "Anna sees Ben", async || anna.sees("Ben Holm", 5).await).await;
    ben.click("call-people").await;
    told(&ben, "people", "Anna Berg").await;
    assert!(ben.text("end-all").await.is_none() && ben.text("mute-all").await.is_none(), "Ben may not");
    anna.click("call-people").await;
    told(&anna, "people", "Ben Holm").await;
    anna.shot("people-desktop").await;
    press(&anna, "Mute Ben Holm").await;
    told(&ben, "toasts", "Anna Berg switched your microphone off").await;

    anna.click("end-all").await;
    told(&anna, "end-all", "Tap again").await;
    anna.click("end-all").await;
    told(&anna, "lobby-note", "You ended the call for everyone").await;
    told(&ben, "lobby-note", "The call was ended by Anna Berg").await;
    told(&ben, "who", "This call has ended").await;
    ben.shot("ended-desktop").await;
    ben.click("join").await;
    told(&ben, "join-error", "join-ended-call").await;
    let grant =
        "await (await signedIn('root')).call('default', 'meeting').updatePermissions('ben', { grant: ['join-ended-call'] });";
    let _: Option<bool> = anna.sdk(grant).await;
    ben.click("join").await;
    ben.in_call().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_put_out_may_come_back_and_who_is_blocked_may_not() {
    let hub = Hub::start();
    let (anna, ben) = two(&hub, "default:club").await;
    ben.click("join").await;
    ben.in_call().await;
    anna.click("call-people").await;
    press(&anna, "Remove Ben Holm").await;
    told(&ben, "lobby-note", "You may come back").await;
    ben.click("join").await;
    ben.in_call().await;
    let _: Option<bool> = anna.js_async("await callbox.call.blockUser('ben');").await;
    told(&ben, "lobby-note", "may not come back").await;
    ben.click("join").await;
    eventually(secs(10), "a refusal", async || ben.text("join-error").await.ok_or("none")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g24_members_who_are_not_in_are_rung_from_the_list() {
    let hub = Hub::start();
    let (anna, ben) = two(&hub, "default:team").await;
    anna.click("call-people").await;
    anna.type_into("invite-user", "ben").await;
    anna.click("invite-ring").await;
    eventually(secs(10), "it rings", async || ben.text("ring-title").await.ok_or("silence")).await;
    told(&anna, "people", "Ringing").await;
    ben.click("ring-decline").await;
    told(&anna, "people", "Declined").await;
    press(&anna, "Ring ben").await;
    eventually(secs(10), "it rings again", async || ben.text("ring-title").await.ok_or("silence")).await;
    ben.click("ring-video").await;
    ben.in_call().await;
    eventually(secs(20), "Anna sees Ben", async || anna.sees("Ben Holm", 5).await).await;
    told(&anna, "people", "In the call").await;
}
