//! The technician's page in a real Chromium, of a real appliance that is in a call: on a phone and on a desk. Pictures of each view go to
//! `target/screenshots`.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use callbox::protocol::control::PeerConnection;
use support::{Appliance, Browser, Fake, Hub, eventually, secs};

const WHOLE: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n\
                     [speaker]\nsink = \"none\"\n[call]\nauto-join = \"default:lobby\"\n";
const SECRET: &str = "battery staple";
const VIEWS: [&str; 5] = ["status", "devices", "doctor", "config", "logs"];

struct Site {
    hub: Hub,
    door: Appliance,
    _desk: Appliance,
    url: String,
    _directory: tempfile::TempDir,
}

/// Two appliances in a call; one has a page.
async fn site(keys: &str) -> Site {
    let hub = Hub::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("page-password");
    std::fs::write(&file, SECRET).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let page = format!("{WHOLE}[page]\nlisten = \"127.0.0.1:0\"\npassword-file = {file:?}\n{keys}");
    let mut door = Appliance::start(&hub, "door-1", &page);
    let desk = Appliance::start(&hub, "door-2", WHOLE);
    let line = door.process.wait_for_line("the technician's page is at", secs(30));
    let url = line.split(" is at ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    eventually(secs(60), "they see each other", async || if frames(&door)? > 5 { Ok(()) } else { Err("no frames".to_owned()) })
        .await;
    Site { hub, door, _desk: desk, url, _directory: directory }
}

/// Frames of the other one, over the connection that there is.
fn frames(door: &Appliance) -> Result<u64, String> {
    let call = door.status()?.call.ok_or("no call")?;
    let other = call.participants.first().ok_or("alone")?;
    if other.connection == PeerConnection::Connected { Ok(other.video.frames_decoded) } else { Err(format!("{other:?}")) }
}

async fn shot(browser: &Browser, name: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&directory).unwrap();
    let file: PathBuf = directory.join(format!("{name}.png"));
    browser.driver.screenshot(&file).await.unwrap();
}

async fn view(browser: &Browser, name: &str) {
    browser.js::<()>(&format!("document.querySelector('nav [data-view={name}]').click()")).await;
    let shown: bool = browser.js(&format!("document.getElementById('view-{name}').checkVisibility()")).await;
    assert!(shown, "{name}");
}

async fn enter(browser: &Browser, url: &str) {
    browser.open(url).await;
    eventually(secs(20), "the page asks who it is", async || browser.text("password").await.ok_or("no field")).await;
    browser.type_into("password", SECRET).await;
    browser.click("signin-button").await;
    eventually(secs(20), "the page is live", async || match browser.text("who").await {
        Some(who) if who == "door-1" => Ok(()),
        other => Err((other, browser.text("signin-error").await)),
    })
    .await;
}

/// What a person reads in one place, once it is there.
async fn reads(browser: &Browser, id: &str, part: &str) -> String {
    eventually(secs(90), &format!("{id} says {part}"), async || match browser.text(id).await {
        Some(text) if text.contains(part) => Ok(text),
        other => Err(other),
    })
    .await
}

async fn write(browser: &Browser, text: &str) {
    browser
        .js::<()>(&format!(
            "((e) => {{ e.value = {text:?}; e.dispatchEvent(new Event('input')); }})(document.getElementById('text'))"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_with_a_phone_sees_what_goes_on_and_mends_it_without_dropping_the_call() {
    let site = site("restart = true").await;
    let browser = Browser::start(Fake { small: true, dark: true, ..Fake::default() }).await;
    browser.open(&site.url).await;
    eventually(secs(20), "the page asks who it is", async || browser.text("password").await.ok_or("no field")).await;
    browser.type_into("password", "guessed").await;
    browser.click("signin-button").await;
    reads(&browser, "signin-error", "not the password").await;
    shot(&browser, "page-phone-signin").await;
    enter(&browser, &site.url).await;

    reads(&browser, "people", "connected").await;
    reads(&browser, "db-microphone", "dB").await;
    let figures = async || browser.text("people").await.unwrap_or_default();
    let before = figures().await;
    eventually(secs(20), "the state is live", async || {
        let now = figures().await;
        if now != before { Ok(()) } else { Err(now) }
    })
    .await;
    let digest = async || {
        browser
            .js_async::<(u64, String)>(
                "const bytes = await (await fetch('/api/picture.png')).arrayBuffer();\
                 const hash = await crypto.subtle.digest('SHA-256', bytes);\
                 return [bytes.byteLength, [...new Uint8Array(hash)].join(',')];",
            )
            .await
    };
    let (length, first) = digest().await;
    assert!(length > 2000, "{length} bytes");
    eventually(secs(20), "the picture changes", async || if digest().await.1 != first { Ok(()) } else { Err("the same") }).await;
    eventually(secs(20), "it is shown", async || {
        let (width, count): (u32, u32) = browser
            .js("[document.getElementById('picture').naturalWidth, Number(document.getElementById('picture').dataset.count ?? 0)]")
            .await;
        if width > 0 && count > 1 { Ok(()) } else { Err((width, count)) }
    })
    .await;

    view(&browser, "devices").await;
    reads(&browser, "devices", "ENCODERS").await;
    view(&browser, "logs").await;
    reads(&browser, "log", "peer connection").await;
    mends(&browser, &site).await;

    for name in VIEWS {
        view(&browser, name).await;
        let (wide, narrow): (u32, u32) = browser.js("[document.documentElement.scrollWidth, innerWidth]").await;
        assert!(wide <= narrow && narrow == 360, "{name} is {wide} wide");
        let small: Vec<String> = browser
            .js("[...document.querySelectorAll('button, select, .button')].filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML.slice(0, 80))")
            .await;
        assert!(small.is_empty(), "{name}: too small for a thumb: {small:?}");
        shot(&browser, &format!("page-phone-{name}")).await;
    }
    browser.click("power").await;
    shot(&browser, "page-phone-power").await;
    browser.js::<()>("document.querySelector('#ask-buttons button').click()").await;
    assert!(site.door.status().is_ok(), "it asks again");
    browser.click("sure").await;
    let mut door = site.door;
    assert!(door.process.wait(secs(20)).success());
    drop(site.hub);
}

/// A mistake is shown as `callbox check` shows it and not saved; what is good is saved, kept, and taken in the call.
async fn mends(browser: &Browser, site: &Site) {
    let file = site.door.file("callbox.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    view(browser, "config").await;
    eventually(secs(20), "the file is there", async || {
        let shown: String = browser.js("document.getElementById('text').value").await;
        if shown == good { Ok(()) } else { Err(shown) }
    })
    .await;
    let broken = good.replace("width = 320", "widht = 640");
    write(browser, &broken).await;
    browser.click("save").await;
    reads(browser, "config-told", "Not saved").await;
    let problems = browser.text("problems").await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), good, "nothing was written");
    let scratch = site.door.file("scratch.toml");
    std::fs::write(&scratch, &broken).unwrap();
    let check =
        std::process::Command::new(env!("CARGO_BIN_EXE_callbox")).arg("check").arg("--json").arg("--config").arg(&scratch).output();
    let check: serde_json::Value = serde_json::from_slice(&check.unwrap().stdout).unwrap();
    for problem in check["problems"].as_array().unwrap() {
        let place = format!("{}:{}:{}", file.display(), problem["at"]["line"], problem["at"]["column"]);
        let title = problem["title"].as_str().unwrap();
        let helps = problem["help"].as_array().unwrap().iter().map(|help| help.as_str().unwrap());
        for part in helps.chain([place.as_str(), title]) {
            assert!(problems.contains(part), "{part} in {problems}");
        }
    }
    shot(browser, "page-phone-config-problem").await;

    let connections = site.door.process.output().matches("state=Connected").count();
    let before = frames(&site.door).unwrap();
    write(browser, &good.replace("width = 320\nheight = 240", "width = 640\nheight = 480")).await;
    browser.click("save").await;
    reads(browser, "config-told", "taken: camera").await;
    assert!(std::fs::read_to_string(&file).unwrap().contains("width = 640"));
    assert_eq!(std::fs::read_to_string(file.with_extension("toml.bak")).unwrap(), good);
    eventually(secs(30), "the call goes on", async || match frames(&site.door)? {
        now if now > before => Ok(()),
        now => Err(format!("{now}")),
    })
    .await;
    assert_eq!(site.door.process.output().matches("state=Connected").count(), connections, "the connection is the same");
    let now = std::fs::read_to_string(&file).unwrap();
    write(browser, &format!("{now}\n[video]\nbitrate = \"400 kbit/s\"\n")).await;
    browser.click("save").await;
    reads(browser, "config-told", "waits until nobody is connected: video").await;
    view(browser, "status").await;
    reads(browser, "troubles", "video: until nobody is connected").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_at_a_desk_examines_the_board_while_it_is_in_a_call() {
    let site = site("self-signed = true").await;
    assert!(site.url.starts_with("https://"), "{}", site.url);
    let browser = Browser::start(Fake::default()).await;
    enter(&browser, &site.url).await;
    reads(&browser, "people", "connected").await;
    view(&browser, "doctor").await;
    browser.click("examine").await;
    reads(&browser, "checks", "running").await;
    shot(&browser, "page-desk-doctor-running").await;
    let said = reads(&browser, "summary", "passed").await;
    let checks = browser.text("checks").await.unwrap();
    for name in ["config", "service", "hub", "sign-in", "camera", "encoder", "disk"] {
        assert!(checks.contains(name), "{name} in {checks}");
    }
    let (status, report): (u16, String) =
        browser.js_async("const answer = await fetch('/api/doctor/report'); return [answer.status, await answer.text()];").await;
    assert!(status == 200 && report.starts_with("<!doctype html>") && report.contains("callbox doctor"), "{said}: {report}");
    assert!(!report.contains(support::PASSWORD) && !report.contains(SECRET));
    assert!(frames(&site.door).is_ok(), "the call went on");
    for name in VIEWS {
        view(&browser, name).await;
        match name {
            "devices" => _ = reads(&browser, "devices", "ENCODERS").await,
            "logs" => _ = reads(&browser, "log", "peer connection").await,
            "status" => {
                eventually(secs(20), "a picture", async || {
                    let width: u32 = browser.js("document.getElementById('picture').naturalWidth").await;
                    if width > 0 { Ok(()) } else { Err(width) }
                })
                .await;
            }
            _ => {}
        }
        shot(&browser, &format!("page-desk-{name}")).await;
    }
    browser.click("signout").await;
    eventually(secs(20), "signed out", async || browser.text("password").await.ok_or("no field")).await;
    let (status,): (u16,) = browser.js_async("return [(await fetch('/api/status')).status];").await;
    assert_eq!(status, 401);
}
