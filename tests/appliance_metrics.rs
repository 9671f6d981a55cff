//! Metrics and health of a real hub and real appliances in a call, asked for as Prometheus does; and the page that names them all.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeMap;

use callbox::protocol::event::{Event, EventKind};
use support::{Appliance, Hub, Metric, Process, Scraped, documented, eventually, get, metrics_address, secs};

const METRICS: &str = "[metrics]\nlisten = \"127.0.0.1:0\"\n";
const DEVICES: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"file\"\nfile = \"{dir}/heard.wav\"\n";

/// Everything that was given is documented so, and nothing else is.
fn compare(given: &BTreeMap<String, Metric>, tables: &BTreeMap<String, BTreeMap<String, Metric>>, whose: &str) {
    let mut expected = tables["Both"].clone();
    expected.extend(tables[whose].clone());
    let names = |metrics: &BTreeMap<String, Metric>| metrics.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(given), names(&expected), "docs/metrics.md names what {whose} gives");
    for (name, metric) in given {
        let documented = &expected[name];
        assert_eq!((&metric.kind, &metric.help), (&documented.kind, &documented.help), "{name} in docs/metrics.md");
        let unknown: Vec<_> = metric.labels.difference(&documented.labels).collect();
        assert!(unknown.is_empty(), "docs/metrics.md does not name labels of {name}: {unknown:?}");
        assert!(metric.labels.is_empty() || metric.labels == documented.labels, "{name} has labels {:?}", metric.labels);
    }
}

#[tokio::test]
async fn a_call_of_two_appliances_is_told_in_metrics_and_the_docs_name_them_all() {
    let mut hub = Hub::with(METRICS);
    let hub_address = metrics_address(&mut hub.process);
    let more = format!("{DEVICES}{METRICS}");
    let mut door = Appliance::start(&hub, "door-1", &more);
    let address = metrics_address(&mut door.process);
    let ready = async || match get(&address, "/readyz") {
        (200, _, body) if body == "ready\n" => Ok(()),
        other => Err(other),
    };
    eventually(secs(30), "the appliance is ready", ready).await;
    let idle = Scraped::of(&address);
    assert_eq!(idle.value("callbox_signaling_connected"), 1.0);
    assert_eq!(idle.value("callbox_call_state{state=\"none\"}"), 1.0);
    assert_eq!(idle.value("callbox_encoder_instances"), 0.0);
    let other = Appliance::start(&hub, "door-2", &more);
    let mut listening = std::process::Command::new(env!("CARGO_BIN_EXE_callbox"));
    listening.args(["events", "--named", "--json", "--socket"]).arg(door.file("control.sock"));
    let events = Process::start("events", &mut listening);
    let hears = async || {
        for switch in ["on", "off"] {
            door.cli("do-not-disturb", &[switch])?;
        }
        if events.output().contains("quiet.changed") { Ok(()) } else { Err(events.output()) }
    };
    eventually(secs(10), "events are heard", hears).await;
    for appliance in [&other, &door] {
        eventually(secs(30), "it joins", async || appliance.cli("join", &["default:lobby"])).await;
    }
    let page = eventually(secs(60), "pictures and sound flow and are counted", async || {
        let page = Scraped::of(&address);
        let sees = page.value("callbox_frames_total{stage=\"decoded\"}") > 20.0;
        let hears = page.find("callbox_level_decibels{of=\"others\"}").is_some_and(|level| level > -40.0);
        let measured =
            page.find("callbox_round_trip_seconds").is_some() && page.find("callbox_loss_ratio{direction=\"sent\"}").is_some();
        // Rates are between two looks.
        let measured = measured && page.value("callbox_bits_per_second{direction=\"sent\",media=\"video\"}") > 0.0;
        if sees && hears && measured { Ok(page) } else { Err(page.samples) }
    })
    .await;
    let frames = |stage: &str| page.value(&format!("callbox_frames_total{{stage=\"{stage}\"}}"));
    assert!(frames("captured") >= frames("encoded") && frames("encoded") >= frames("sent") && frames("sent") > 10.0);
    for (sample, expected) in [
        ("callbox_call_state{state=\"joined\"}", 1.0),
        ("callbox_calls_total", 1.0),
        ("callbox_call_participants", 1.0),
        ("callbox_peers{state=\"connected\"}", 1.0),
        ("callbox_encoder_instances", 1.0),
        ("callbox_device_state{device=\"camera\",state=\"running\"}", 1.0),
        ("callbox_events_total{event=\"participant.connected\"}", 1.0),
        ("callbox_paths{path=\"direct\"}", 1.0),
        ("callbox_speaking", 1.0),
        ("callbox_picture_pixels{side=\"width\"}", 320.0),
    ] {
        assert_eq!(page.value(sample), expected, "{sample}");
    }
    for sample in [
        "callbox_latency_seconds{stage=\"encode\"}",
        "callbox_latency_seconds{stage=\"decode\"}",
        "callbox_bits_per_second{direction=\"sent\",media=\"video\"}",
        "callbox_packets_received_total",
        "callbox_call_seconds_total",
        "callbox_first_picture_seconds",
        "callbox_process_cpu_seconds_total",
    ] {
        assert!(page.value(sample) > 0.0, "{sample} is {}", page.value(sample));
    }
    assert_eq!(get(&address, "/healthz").0, 200);

    assert_eq!(get(hub.url.strip_prefix("http://").unwrap(), "/v1/calls").0, 401, "who does not say who it is");
    let hubs = Scraped::of(&hub_address);
    for (sample, expected) in [
        ("callbox_hub_sockets", 2.0),
        ("callbox_hub_sessions{socket=\"yes\"}", 2.0),
        ("callbox_hub_calls_running", 1.0),
        ("callbox_hub_participants", 2.0),
        ("callbox_hub_requests_total{method=\"call.join\",result=\"ok\"}", 2.0),
        ("callbox_hub_requests_total{method=\"call.list\",result=\"unauthenticated\"}", 1.0),
        ("callbox_hub_signins_total{outcome=\"good\"}", 2.0),
        ("callbox_hub_store_failing", 0.0),
    ] {
        assert_eq!(hubs.value(sample), expected, "{sample}");
    }
    assert!(hubs.value("callbox_hub_store_seconds_count") >= 1.0);
    assert_eq!((get(&hub_address, "/healthz").0, get(&hub_address, "/readyz").0), (200, 200));

    let tables = documented();
    compare(&page.metrics, &tables, "Appliance");
    compare(&hubs.metrics, &tables, "Hub");
    let mut scrapes: Vec<_> = (0..20).map(|_| Scraped::of(&address).took).collect();
    scrapes.sort();
    eprintln!("a scrape in a call takes {:?}, at most {:?}; {} samples", scrapes[10], scrapes[19], page.samples.len());
    assert!(page.samples.len() < 400, "too many for one appliance");

    // What was counted stays when the other one goes.
    other.cli("leave", &[]).unwrap();
    let alone = eventually(secs(20), "the other one has left", async || {
        let page = Scraped::of(&address);
        if page.value("callbox_call_participants") == 0.0 { Ok(page) } else { Err(page.samples) }
    })
    .await;
    assert!(alone.value("callbox_frames_total{stage=\"decoded\"}") >= frames("decoded"));
    assert_eq!(alone.value("callbox_peers{state=\"connected\"}"), 0.0);
    door.cli("leave", &[]).unwrap();
    let heard = eventually(secs(20), "the end is told by name", async || {
        let heard: Vec<Event> = events.output().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        if heard.iter().any(|event| event.event == EventKind::CallSummary) { Ok(heard) } else { Err(heard) }
    })
    .await;
    let place = |kind: EventKind| heard.iter().position(|event| event.event == kind).unwrap_or_else(|| panic!("{kind}: {heard:?}"));
    let order = [
        EventKind::CallJoined,
        EventKind::ParticipantConnected,
        EventKind::ParticipantLeft,
        EventKind::CallLeft,
        EventKind::CallSummary,
    ];
    assert!(order.windows(2).all(|pair| place(pair[0]) < place(pair[1])), "{heard:?}");
    let summary = heard[place(EventKind::CallSummary)].summary.clone().unwrap();
    assert!(summary.frames_captured >= summary.frames_encoded && summary.frames_encoded > 10 && summary.frames_decoded > 20);
    assert!(summary.encode_ms.is_some_and(|ms| ms > 0.0) && summary.most_sent > 0 && summary.most_received > 0, "{summary:?}");
    let log = door.process.wait_for_line("the call is over", secs(5));
    assert!(log.contains("call_cid=default:lobby") && log.contains("encode_ms=") && log.contains("rendered=0"), "{log}");
    assert!(!log.contains("message_id"), "that is for the journal: {log}");
}

#[tokio::test]
async fn an_appliance_that_cannot_work_lives_but_is_not_ready_and_says_why() {
    let mut hub = Hub::start();
    let missing = format!(
        "[camera]\ndevice = \"/dev/no-such-camera\"\n[microphone]\nsource = \"none\"\n[speaker]\nsink = \"none\"\n{METRICS}"
    );
    let mut door = Appliance::start(&hub, "door-1", &missing);
    let address = metrics_address(&mut door.process);
    let misses = async |what: &str| {
        eventually(secs(30), what, async || match get(&address, "/readyz") {
            (503, _, body) if body.contains(what) => Ok(()),
            other => Err(other),
        })
        .await;
    };
    misses("camera /dev/no-such-camera is missing").await;
    hub.kill();
    misses("not signed in at the hub").await;
    assert_eq!(get(&address, "/healthz").0, 200, "it lives");
    hub.restart();
    let signed_in = async || {
        let page = Scraped::of(&address);
        if page.value("callbox_signaling_connected") == 1.0 { Ok(page) } else { Err(page.samples) }
    };
    let page = eventually(secs(60), "it is signed in again", signed_in).await;
    assert!(page.value("callbox_events_total{event=\"hub.lost\"}") >= 1.0);
    assert_eq!(page.value("callbox_events_total{event=\"camera.lost\"}"), 1.0);
    let connected = page.value("callbox_events_total{event=\"hub.connected\"}");
    assert!(connected >= 1.0, "{connected}");
}
