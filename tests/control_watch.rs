//! `callbox status --watch` on a terminal: the whole page, in place, in colours. A picture of it goes to `target/screenshots`.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::path::Path;
use std::process::Command;

use support::{Appliance, Browser, Fake, Hub, Process, eventually, secs};

const WHOLE: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n\
                     [speaker]\nsink = \"none\"\n[call]\nauto-join = \"default:lobby\"\n";

/// The last whole page that was painted over the one before.
fn last_page(output: &str) -> Option<String> {
    let pages: Vec<&str> = output.split("\x1b[H").collect();
    let whole = pages.iter().rev().find(|page| page.contains("\x1b[J"))?;
    let lines: Vec<&str> = whole.split("\x1b[J").next()?.lines().map(|line| line.trim_end_matches('\r')).collect();
    Some(lines.join("\n").replace("\x1b[K", ""))
}

fn html(page: &str) -> String {
    let text = page.replace('&', "&amp;").replace('<', "&lt;");
    let colours = [("1;31", "#ff7a86"), ("32", "#5ce1c4"), ("33", "#ffc46b"), ("2", "#8791a8"), ("1", "#ffffff")];
    let text = colours.iter().fold(text, |text, (code, colour)| {
        text.replace(&format!("\x1b[{code}m"), &format!("<b style='color:{colour};font-weight:inherit'>"))
    });
    let text = text.replace("\x1b[0m", "</b>");
    format!(
        "<body style='margin:0;background:#0b0e14;color:#d6dcea;padding:20px;font:15px/1.45 DejaVu Sans Mono,monospace'><pre style='margin:0;font:inherit'>{text}</pre>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_painted_in_place_and_in_colours() {
    let hub = Hub::start();
    let door = Appliance::start(&hub, "door-1", WHOLE);
    let _desk = Appliance::start(&hub, "door-2", WHOLE);
    eventually(secs(60), "they see each other", async || {
        let call = door.status()?.call.ok_or("no call")?;
        let other = call.participants.first().ok_or("alone")?;
        if other.video.frames_decoded > 5 && other.stats.is_some() { Ok(()) } else { Err(format!("{other:?}")) }
    })
    .await;
    let watch = format!("{} status --watch --socket {}", env!("CARGO_BIN_EXE_callbox"), door.file("control.sock").display());
    // A terminal for it, as a person has one.
    let watching = Process::start(
        "script",
        Command::new("script").args(["-qfec", &watch, "/dev/null"]).env("COLUMNS", "100").env_remove("NO_COLOR"),
    );
    let page = eventually(secs(20), "a page is painted over the one before", async || {
        let output = watching.output();
        let page = last_page(&output).filter(|_| output.matches("\x1b[H").count() > 3);
        page.filter(|page| page.contains("\x1b[32mconnected\x1b[0m")).ok_or(output)
    })
    .await;
    assert!(page.starts_with("\x1b[1mdoor-1") && page.contains("PARTICIPANT"), "{page}");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&directory).unwrap();
    let file = door.file("status.html");
    std::fs::write(&file, html(&page)).unwrap();
    let browser = Browser::start(Fake::default()).await;
    browser.open(&format!("file://{}", file.display())).await;
    browser.driver.screenshot(&directory.join("status-watch.png")).await.unwrap();
}
