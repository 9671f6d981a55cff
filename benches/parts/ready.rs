//! From `exec` to a control socket that answers.

use std::time::Instant;

use super::table::{Table, median, percentile};
use crate::support::{Appliance, Hub, secs};

const STARTS: usize = 10;

pub fn measure(table: &mut Table) {
    let hub = Hub::start();
    let mut figures = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut appliance = Appliance::start(
            &hub,
            "door-1",
            "[camera]\nsource = \"test\"\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"",
        );
        appliance.process.wait_for_line("ready", secs(20));
        figures.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    let (p50, p95) = (median(&figures), percentile(&figures, 0.95));
    let verdict = if p50 < 300.0 { "met" } else { "MISSED" };
    table.line(
        "start to ready",
        format!("{p50:.0} ms (p95 {p95:.0})"),
        "-".into(),
        "-".into(),
        &format!("under 300 ms: {verdict}"),
    );
}
