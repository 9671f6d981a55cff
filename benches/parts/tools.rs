//! How long a technician waits for an answer of the command line.

use std::process::Command;
use std::time::Instant;

use super::table::{Table, median};
use crate::support::{Appliance, Hub, secs};

const RUNS: usize = 20;

pub fn measure(table: &mut Table) {
    let hub = Hub::start();
    let quiet = "[camera]\nsource = \"test\"\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"";
    let mut appliance = Appliance::start(&hub, "door-1", quiet);
    appliance.process.wait_for_line("ready", secs(20));
    let file = appliance.file("callbox.toml").display().to_string();
    let socket = appliance.file("control.sock").display().to_string();
    let broken = appliance.file("broken.toml");
    let words: String = (0..40).map(|number| format!("[[button]]\nlin = \"BELL{number}\"\npres = \"jion x\"\n")).collect();
    std::fs::write(&broken, words).unwrap();
    let broken = broken.display().to_string();
    for (what, arguments, most) in [
        ("check", vec!["check", "--config", &file], 50.0),
        ("check, 120 problems", vec!["check", "--config", &broken], 50.0),
        ("config show", vec!["config", "show", "--origin", "--config", &file], 50.0),
        ("status", vec!["status", "--socket", &socket], 20.0),
    ] {
        let figures: Vec<f64> = (0..RUNS).map(|_| run(&arguments)).collect();
        table.most(&format!("callbox {what}"), "ms", median(&figures), most);
    }
}

fn run(arguments: &[&str]) -> f64 {
    let begun = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_callbox")).args(arguments).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4)), "{output:?}");
    begun.elapsed().as_secs_f64() * 1000.0
}
