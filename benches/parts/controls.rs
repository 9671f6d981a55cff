//! What a hand waits for, and what an appliance costs that nobody uses: a key until its command is taken, a press until the other is
//! seen, and everything switched on in a call with nobody.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, EventType, InputEvent, KeyCode};

use super::cost;
use super::table::{Table, median, percentile};
use crate::support::{Appliance, Browser, Display, Fake, Hub, Process, eventually, secs};

const DEVICES: &str = "[camera]\nsource = \"test\"\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n";
const KEYPAD: &str = "Callbox bench keypad";
const KEYS: usize = 50;
/// What is done once, soon after the start, is over by then.
const SETTLE: Duration = Duration::from_secs(10);

/// Calls door-2, and waits for its first picture; milliseconds.
const DIAL: &str = "
document.getElementById('dial-user').value = 'door-2';
const begun = performance.now();
document.getElementById('dial-video').click();
for (;;) {
  const video = document.querySelector('.tile:not(.local) video');
  if (video) return await new Promise((resolve) => video.requestVideoFrameCallback(() => resolve(performance.now() - begun)));
  await new Promise((resolve) => requestAnimationFrame(resolve));
}";

pub async fn measure(table: &mut Table, seconds: u64, times: usize) {
    keys(table);
    press(table, times).await;
    idle(table, Duration::from_secs(seconds)).await;
}

/// From the kernel's event to the command that the call has taken, as the log says it. A line of GPIO needs its debounce time more;
/// what it needs beside that is measured on the virtual board, `tests/device/35-press-time.sh`.
fn keys(table: &mut Table) {
    let codes: AttributeSet<KeyCode> = [KeyCode::KEY_ENTER].into_iter().collect();
    let made = VirtualDevice::builder().and_then(|builder| builder.name(KEYPAD).with_keys(&codes)?.build());
    let Ok(mut keypad) = made else {
        eprintln!("  a key to the command: there is no uinput here; see scripts/test-device press-time");
        return;
    };
    let hub = Hub::start();
    let toml = format!("{DEVICES}[[keypad]]\ndevice = \"name:{KEYPAD}\"\n[keypad.press]\nenter = \"toggle mic\"\n");
    let mut door = Appliance::start(&hub, "door-1", &toml);
    door.process.wait_for_line("ready", secs(20));
    let taken = |door: &Appliance| door.process.output().matches("gesture=Press").count();
    let mut figures = Vec::new();
    for number in 0..=KEYS {
        std::thread::sleep(Duration::from_millis(150));
        let begun = Instant::now();
        keypad.emit(&[InputEvent::new(EventType::KEY.0, KeyCode::KEY_ENTER.0, 1)]).unwrap();
        while taken(&door) == number && begun.elapsed() < secs(5) {
            std::thread::sleep(Duration::from_micros(100));
        }
        assert!(taken(&door) == number + 1, "{}", door.process.output());
        keypad.emit(&[InputEvent::new(EventType::KEY.0, KeyCode::KEY_ENTER.0, 0)]).unwrap();
        figures.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    table.most("a key until its command is taken, p50", "ms", median(&figures), 5.0);
    table.most("a key until its command is taken, p95", "ms", percentile(&figures, 0.95), 5.0);
}

/// The same callee for both, who answers at once.
async fn press(table: &mut Table, times: usize) {
    let hub = Hub::start();
    let callee = Appliance::start(&hub, "door-2", &format!("{DEVICES}[call]\nauto-answer = \"always\"\ntones = false\n"));
    let caller = Appliance::start(&hub, "door-1", &format!("{DEVICES}[call]\ntones = false\n"));
    let browser = Browser::start(Fake::default()).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..times {
        // A link that differs in nothing would not be loaded again.
        browser.open("about:blank").await;
        browser.open(&format!("{}/?call=default:lobby#user=anna&password=correct%20horse", hub.url)).await;
        eventually(secs(20), "the lobby with a preview", async || {
            let ready = "document.getElementById('dial-video')?.checkVisibility() && !document.getElementById('dial-video').disabled\
                         && document.getElementById('preview-video').videoWidth > 0";
            if browser.js::<bool>(ready).await { Ok(()) } else { Err(browser.js::<String>("document.body.innerText").await) }
        })
        .await;
        free(&callee).await;
        theirs.push(browser.js_async::<f64>(DIAL).await);
        browser.click("leave").await;
        free(&callee).await;
        free(&caller).await;
        caller.cli("call", &["door-2"]).unwrap();
        let first = eventually(secs(20), "the caller sees the callee", async || {
            caller.status()?.call.and_then(|call| call.first_picture_ms).ok_or_else(|| "no picture".to_owned())
        })
        .await;
        ours.push(first as f64);
        caller.cli("hangup", &[]).unwrap();
    }
    let (a, b) = (median(&ours), median(&theirs));
    table.ratio("press to first remote picture, p50", "ms", a, b, 1.0);
    table.ratio("press to first remote picture, p95", "ms", percentile(&ours, 0.95), percentile(&theirs, 0.95), 1.0);
}

async fn free(appliance: &Appliance) {
    eventually(secs(20), "it is in no call, and its camera is off", async || {
        let status = appliance.status()?;
        let busy = status.call.is_some() || status.ring.is_some() || status.media.encoder.instances > 0;
        if busy { Err(format!("{:?} {:?}", status.call, status.ring)) } else { Ok(()) }
    })
    .await;
}

/// Signed in, with a broker, metrics, a keypad, buttons, lights, a relay and a privacy switch (those that this machine has not are
/// looked for), a schedule, and the standby picture on a display.
async fn idle(table: &mut Table, window: Duration) {
    let hub = Hub::start();
    let broker = Broker::start();
    let display = Display::start();
    let mut toml = format!("{DEVICES}[metrics]\nlisten = \"127.0.0.1:0\"\n[[keypad]]\ndevice = \"name:no such keypad\"\n");
    toml += "[keypad.press]\nenter = \"toggle mic\"\n[[button]]\nline = \"BELL\"\npress = \"join default:lobby\"\n[[light]]\nline = \"LAMP\"\n\
             shows = [\"ringing blink\", \"in-call\"]\n[[relay]]\nline = \"OPENER\"\nname = \"strike\"\n[door]\nrelay = \"strike\"\n\
             [[schedule]]\ndays = [\"mon\"]\ntime = \"08:00-08:01\"\ncall = \"default:reception\"\n";
    if let Some(broker) = &broker {
        toml += &format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\ndiscovery = \"homeassistant\"\n", broker.port);
    }
    let program = match &display {
        Some(display) => {
            toml += "[screen]\noutput = \"window\"\nwidth = 640\nheight = 360\n[screen.standby]\ntext = \"Welcome\"\n";
            display.callbox()
        }
        None => PathBuf::from(env!("CARGO_BIN_EXE_callbox")),
    };
    let mut door = Appliance::start_as(&program, &hub, "door-1", &toml);
    door.process.wait_for_line("ready", secs(20));
    tokio::time::sleep(SETTLE).await;
    let pid = door.process.pid();
    let (begun, before) = (Instant::now(), ran(pid));
    tokio::time::sleep(window).await;
    let share = (ran(pid) - before) / begun.elapsed().as_secs_f64() * 100.0;
    let with = format!("{}, {}", broker.map_or("no broker", |_| "a broker"), display.map_or("no display", |_| "a display"));
    table.most(&format!("idle with everything on ({with})"), "% of a core", share, 1.0);
    table.most("its memory (PSS)", "MiB", cost::pss(&[pid]), 25.0);
}

/// Processor seconds of all its threads so far. The ticks of `stat` are too coarse for so little.
fn ran(pid: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let of = |task: std::fs::DirEntry| -> Option<u64> {
        let said = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        said.split(' ').next()?.parse().ok()
    };
    tasks.filter_map(of).sum::<u64>() as f64 / 1e9
}

/// A broker that lets everybody in.
struct Broker {
    port: u16,
    _process: Process,
    _directory: tempfile::TempDir,
}

impl Broker {
    /// None where there is no mosquitto.
    fn start() -> Option<Self> {
        Command::new("mosquitto").arg("-h").output().ok()?;
        let directory = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = directory.path().join("mosquitto.conf");
        std::fs::write(&file, format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).unwrap();
        let mut process = Process::start("mosquitto", Command::new("mosquitto").arg("-v").arg("-c").arg(&file));
        process.wait_for_line("running", secs(10));
        Some(Self { port, _process: process, _directory: directory })
    }
}
