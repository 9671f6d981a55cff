//! GStreamer's own tracer of leaks, asked when three calls are over: of what an appliance made for them nothing is alive any more.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use callbox::protocol::control::PeerConnection;
use support::{Appliance, Hub, eventually, secs};

const CALLS: usize = 3;
const DEVICES: &str = "
[camera]
source = \"test\"
width = 320
height = 180
framerate = 15
[microphone]
source = \"test\"
[speaker]
sink = \"file\"
file = \"/dev/null\"
[screen]
read-test-card = true
";

/// What may be alive without a call: type, what its description has in it, how many at most, and who keeps it.
const KEPT: [(&str, &str, usize, &str); 9] = [
    ("GstElementFactory", "", 500, "GStreamer's registry"),
    ("GstTypeFindFactory", "", 500, "GStreamer's registry"),
    ("GstTracerFactory", "", 50, "GStreamer's registry"),
    ("GstDeviceProviderFactory", "", 50, "GStreamer's registry"),
    ("GstPlugin", "", 500, "GStreamer's registry, and the plugin that is linked in"),
    ("GstDtlsAgent", "", 1, "the plugin for DTLS makes one for all connections"),
    ("GstWebrtcEchoProbe", "played-", 1, "the echo canceller's, as long as the process lives: `webrtcdsp` finds it by its name"),
    ("GstPad", "played-", 2, "the same one's"),
    // Seen in 1.22.0: `gst_webrtc_echo_probe_src_event` makes two for each change of the latency and drops neither.
    ("GstQuery", "latency query", 16 * CALLS, "`webrtcechoprobe` forgets them"),
];

/// Something that is alive.
#[derive(Debug, Clone, PartialEq)]
struct Alive {
    kind: String,
    description: String,
}

/// An appliance under the tracer, and where it writes what it found.
fn traced(hub: &Hub, directory: &Path, user: &str, toml: &str) -> (Appliance, PathBuf) {
    let (script, log) = (directory.join(format!("{user}.sh")), directory.join(format!("{user}.log")));
    let words = format!(
        "#!/bin/sh\nexport GST_TRACERS='leaks(check-refs=false)' GST_LEAKS_TRACER_SIG=1 GST_DEBUG=GST_TRACER:7 GST_DEBUG_NO_COLOR=1\n\
         GST_DEBUG_FILE='{}' exec '{}' \"$@\"\n",
        log.display(),
        env!("CARGO_BIN_EXE_callbox")
    );
    std::fs::write(&script, words).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    (Appliance::start_as(&script, hub, user, toml), log)
}

/// Asks the tracer, and waits until it has said all.
async fn alive(appliance: &Appliance, log: &Path) -> Vec<Alive> {
    let length = || std::fs::metadata(log).map_or(0, |file| file.len());
    let before = length();
    appliance.process.signal("USR1");
    let mut last = before;
    eventually(secs(20), "the tracer has said all", async || {
        tokio::time::sleep(secs(1)).await;
        let now = length();
        if now > before && std::mem::replace(&mut last, now) == now { Ok(()) } else { Err(now) }
    })
    .await;
    let text = std::fs::read(log).unwrap();
    let text = String::from_utf8_lossy(&text[before as usize..]).into_owned();
    let part = |line: &str, name: &str, end: &str| -> Option<String> {
        let rest = line.split_once(name)?.1;
        Some(rest.split_once(end).map_or(rest, |(value, _)| value).to_owned())
    };
    let found = text.lines().filter(|line| line.contains("object-alive, type-name=(string)Gst") || line.contains("(string)Rtp"));
    found
        .filter_map(|line| {
            let kind = part(line, "type-name=(string)", ",")?;
            Some(Alive { kind, description: part(line, "description=(string)", ", ref-count").unwrap_or_default() })
        })
        .collect()
}

/// What is there that nobody may keep.
fn left_over(alive: &[Alive]) -> Vec<String> {
    let kept = |one: &Alive| KEPT.iter().position(|(kind, text, ..)| one.kind == *kind && one.description.contains(text));
    let mut counts = [0; KEPT.len()];
    let mut left = Vec::new();
    for one in alive {
        match kept(one) {
            Some(place) => counts[place] += 1,
            None => left.push(format!("{} {}", one.kind, one.description)),
        }
    }
    let too_many = KEPT.iter().zip(counts).filter(|((_, _, most, _), count)| count > most);
    left.extend(too_many.map(|((kind, text, most, who), count)| format!("{count} {kind} {text}, not {most} ({who})")));
    left
}

#[tokio::test(flavor = "multi_thread")]
async fn when_calls_are_over_nothing_of_them_is_alive() {
    let hub = Hub::start();
    let directory = tempfile::tempdir().unwrap();
    let (caller, caller_log) = traced(&hub, directory.path(), "door-1", DEVICES);
    let waits = format!("[call]\nauto-join = \"default:lobby\"\n{DEVICES}");
    let (called, called_log) = traced(&hub, directory.path(), "door-2", &waits);
    let both = [(&caller, &caller_log), (&called, &called_log)];
    for call in 0..CALLS {
        eventually(secs(20), "asked to join", async || caller.cli("join", &["default:lobby"])).await;
        for (appliance, _) in both {
            eventually(secs(30), "picture and sound come", async || {
                let call = appliance.status()?.call.ok_or("no call")?;
                match call.participants.as_slice() {
                    [one]
                        if one.connection == PeerConnection::Connected && one.video.frames_decoded > 5 && one.audio.packets > 5 =>
                    {
                        Ok(())
                    }
                    others => Err(format!("{others:?}")),
                }
            })
            .await;
        }
        if call == 0 {
            let during = alive(&caller, &caller_log).await;
            for kind in ["GstWebRTCBin", "GstPipeline", "GstAppSrc"] {
                assert!(during.iter().any(|one| one.kind == kind), "the tracer does not see a {kind} in a call: {during:?}");
            }
        }
        caller.cli("leave", &[]).unwrap();
        for (appliance, _) in both {
            eventually(secs(20), "alone again, camera off", async || {
                let status = appliance.status()?;
                let others = status.call.map(|call| call.participants).unwrap_or_default();
                if others.is_empty() && status.media.encoder.instances == 0 { Ok(()) } else { Err(format!("{others:?}")) }
            })
            .await;
        }
    }
    for (appliance, log) in both {
        // Farewells take a moment.
        let kept = eventually(secs(30), "nothing is left over", async || {
            let alive = alive(appliance, log).await;
            let left = left_over(&alive);
            if left.is_empty() { Ok(alive.len()) } else { Err(left) }
        })
        .await;
        eprintln!("  {kept} objects are kept by GStreamer");
    }
}
