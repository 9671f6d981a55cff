//! Buttons, lights, relays and the privacy switch. When the daemon has the lines, it is asked.

use crate::config::Line;
use crate::controls::gpio;
use crate::daemon::doctor::judge::{Finding, worst};
use crate::daemon::doctor::patient::{Patient, elsewhere};
use crate::protocol::control::{DeviceState, GpioStatus, LineStatus};

const FIX: &str = "`callbox devices` lists the lines of this board, with their names and who has them; correct the configuration, or install 60-callbox.rules for udev";

pub async fn check(patient: &Patient) -> Finding {
    let lines = configured(patient);
    let none = || Finding::skipped("no button, light or relay is configured");
    if lines.is_empty() {
        return none();
    }
    if let Ok(status) = &patient.daemon {
        return worst(of_daemon(&status.gpio), none);
    }
    let looked = elsewhere(move || {
        let look = |(name, line): (String, Line)| match gpio::look(&line) {
            Ok(place) => Finding::pass(format!("{name}: {place}")),
            Err(error) => Finding::fail(format!("{name}: {error}"), FIX),
        };
        lines.into_iter().map(look).collect::<Vec<_>>()
    });
    looked.await.map_or_else(|why| Finding::fail(why, FIX), |found| worst(found, none))
}

fn configured(patient: &Patient) -> Vec<(String, Line)> {
    let gpio = &patient.config.gpio;
    let mut all: Vec<(String, Line)> = gpio.buttons.iter().map(|one| (one.name.clone(), one.line.clone())).collect();
    all.extend(gpio.lights.iter().map(|one| (one.name.clone(), one.line.clone())));
    all.extend(gpio.relays.iter().map(|one| (one.name.clone(), one.line.clone())));
    all.extend(gpio.privacy.iter().map(|one| ("privacy".to_owned(), one.line.clone())));
    all
}

fn of_daemon(gpio: &GpioStatus) -> Vec<Finding> {
    let one = |line: &LineStatus| match (&line.error, line.state) {
        (None, DeviceState::Running) => Finding::pass(format!("{}: {}", line.name, line.line)),
        (Some(why), DeviceState::Running) => Finding::warn(format!("{}: {why}", line.name), "look at the button and its cable"),
        (why, _) => Finding::fail(format!("{}: {}", line.name, why.as_deref().unwrap_or("it is not had yet")), FIX),
    };
    gpio.buttons.iter().chain(&gpio.lights).chain(&gpio.relays).chain(&gpio.privacy).map(one).collect()
}
