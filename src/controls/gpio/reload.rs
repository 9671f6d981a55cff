//! Other lines while everything runs: each kind is replaced by itself, and what is on goes off.

use tokio::task::JoinSet;

use super::{Handle, Kind, buttons, lights, privacy, relays};
use crate::config;
use crate::controls::{cec, keypad};
use crate::protocol::control::{DeviceState, LineStatus};

/// The tasks behind the lines; dropping one ends what it stands for.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    pub buttons: JoinSet<()>,
    pub lights: JoinSet<()>,
    pub privacy: JoinSet<()>,
    pub others: JoinSet<()>,
}

impl Handle {
    /// These buttons from now on.
    pub fn set_buttons(&mut self, buttons: Vec<config::Button>) {
        // Dropped first: a line can be had by one only.
        self.tasks.buttons = JoinSet::new();
        self.view.0.send_modify(|status| status.buttons = buttons.iter().map(|one| starting(&one.name, &one.line)).collect());
        if !buttons.is_empty() {
            self.tasks.buttons.spawn(buttons::run(buttons, self.view.clone(), self.wanted.clone()));
        }
    }

    /// These lights from now on.
    pub fn set_lights(&mut self, lights: Vec<config::Light>) {
        self.tasks.lights = JoinSet::new();
        self.view.0.send_modify(|status| status.lights = lights.iter().map(|one| starting(&one.name, &one.line)).collect());
        for (index, light) in lights.into_iter().enumerate() {
            self.tasks.lights.spawn(lights::run(light, self.status.clone(), self.view.line(Kind::Light, index)));
        }
    }

    /// This privacy switch from now on; it is on until it was read.
    pub fn set_privacy(&mut self, privacy: Option<config::Privacy>) {
        self.tasks.privacy = JoinSet::new();
        let shown = privacy.as_ref().map(|one| LineStatus { on: true, ..starting("privacy", &one.line) });
        self.view.0.send_modify(|status| status.privacy = shown);
        self.private.send_if_modified(|private| std::mem::replace(private, privacy.is_some()) != privacy.is_some());
        if let Some(privacy) = privacy {
            self.tasks.privacy.spawn(privacy::run(privacy, self.private.clone(), self.view.line(Kind::Privacy, 0)));
        }
    }

    /// These relays from now on; one that is on goes off. [`Handle::opener`] is another one.
    pub fn set_relays(&mut self, relays: Vec<config::Relay>) -> std::io::Result<()> {
        self.view.0.send_modify(|status| status.relays = relays.iter().map(|one| starting(&one.name, &one.line)).collect());
        let old = std::mem::replace(&mut self.relays, relays::Relays::start(relays, &self.view)?);
        // It waits for its thread, and that for the kernel.
        tokio::task::spawn_blocking(move || drop(old));
        Ok(())
    }

    /// What is no line; once, at the start.
    pub(super) fn set_others(&mut self, keypads: Vec<config::Keypad>, cec: Option<config::Cec>, mqtt: Option<&config::Mqtt>) {
        let pads = keypads.iter().map(|keypad| starting_at("keypad", keypad.device.clone()));
        let screen = cec.iter().map(|cec| starting_at("screen", cec.device.display().to_string()));
        let broker = mqtt.iter().map(|mqtt| starting_at("broker", mqtt.host.clone()));
        let others: Vec<LineStatus> = pads.chain(screen).chain(broker).collect();
        self.broker = mqtt.map(|_| others.len() - 1);
        self.view.0.send_modify(|status| status.others = others);
        let mut place = 0;
        for keypad in keypads {
            self.tasks.others.spawn(keypad::run(keypad, self.view.line(Kind::Other, place), self.wanted.clone()));
            place += 1;
        }
        if let Some(cec) = cec {
            self.tasks.others.spawn(cec::run(cec, self.status.clone(), self.view.line(Kind::Other, place)));
        }
    }
}

fn starting(name: &str, line: &config::Line) -> LineStatus {
    starting_at(name, line.to_string())
}

fn starting_at(name: &str, line: String) -> LineStatus {
    LineStatus { name: name.to_owned(), line, state: DeviceState::Starting, on: false, error: None }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use crate::config::{Bias, DEFAULT_PULSE, Gpio, Light, Line, LineId, Privacy, Relay};
    use crate::controls::gpio::{self, Refused};
    use crate::protocol::control::{HubState, HubStatus, Status};

    fn line(name: &str) -> Line {
        Line { chip: Some("gpiochip-that-is-not-there".to_owned()), id: LineId::Name(name.to_owned()), active_low: false }
    }

    fn relay(name: &str) -> Relay {
        Relay { name: name.to_owned(), line: line(name), pulse: DEFAULT_PULSE }
    }

    #[tokio::test]
    async fn other_lines_take_the_place_of_those_before_and_the_others_stay() {
        let hub = HubStatus { url: "ws://hub".into(), state: HubState::Connecting, error: None, retry_in_s: None };
        let (_shown, status) = watch::channel(Status::new("door-1".parse().unwrap(), "test".into(), hub));
        let before = Gpio { relays: vec![relay("door")], ..Gpio::default() };
        let (mut lines, _wanted) = gpio::start(before, status).unwrap();
        let private = lines.private();
        assert!(!*private.borrow());

        lines.set_relays(vec![relay("gate"), relay("garage")]).unwrap();
        let light = |name: &str| Light { name: name.to_owned(), line: line(name), shows: Vec::new() };
        lines.set_lights(vec![light("lamp")]);
        lines.set_privacy(Some(Privacy { line: line("SWITCH"), bias: Bias::AsIs }));
        let names = |lines: &gpio::Handle| {
            let view = lines.view().borrow().clone();
            view.relays.iter().chain(&view.lights).chain(&view.privacy).map(|line| line.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&lines), ["gate", "garage", "lamp", "privacy"]);
        assert!(*private.borrow(), "on when in doubt");
        assert!(matches!(lines.opener().open("door").await, Err(Refused::Unknown { .. })));
        assert!(matches!(lines.opener().open("gate").await, Err(Refused::Broken { .. })));

        lines.set_privacy(None);
        lines.set_lights(Vec::new());
        assert_eq!(names(&lines), ["gate", "garage"]);
        assert!(!*private.borrow());
    }
}
