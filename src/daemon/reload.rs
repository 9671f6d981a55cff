//! Reading the configuration anew while everything runs: by `callbox reload` and by SIGHUP.
//!
//! ```text
//!   reload ─► files are read and checked ─► wrong: the report goes back, what runs goes on
//!                                        └► plan: what changed ─┬─ taken at once, in a call as well
//!                                                               ├─ waits until nobody is connected
//!                                                               └─ waits so as well, and everything is started anew
//! ```

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::driver::Driver;
use super::helpers::Helpers;
use super::{Ended, Error};
use crate::call::Input;
use crate::config::{self, Appliance, Inputs, Loaded, Report};
use crate::controls::gpio;
use crate::media::Change;
use crate::protocol::control::{Command, ConfigStatus, Reloaded};
use crate::protocol::rpc::{self, ErrorKind};
use crate::{signaling, telemetry};

pub(super) mod plan;

use plan::{Part, When};

/// Who has just hung up may call again.
const QUIET: Duration = Duration::from_secs(1);

type Reply = oneshot::Sender<Result<Value, rpc::Error>>;

/// What was read, and who wants to know.
pub(super) struct Read {
    outcome: Result<Loaded<Appliance>, Report>,
    reply: Option<Reply>,
}

/// The configuration that runs, and the one that is to come.
pub(super) struct Settings {
    pub running: Appliance,
    waiting: Option<Appliance>,
    /// Where it comes from.
    inputs: Inputs,
    is_reading: bool,
    reads: mpsc::Sender<Read>,
    pub read: mpsc::Receiver<Read>,
    idle_since: Option<Instant>,
    pub lines: gpio::Handle,
    /// Requests that the hub has not answered yet.
    pub asked: BTreeSet<u64>,
}

impl Settings {
    pub(super) fn new(running: Appliance, inputs: Inputs, lines: gpio::Handle) -> Self {
        let (reads, read) = mpsc::channel(1);
        let (waiting, is_reading, idle_since, asked) = Default::default();
        Self { running, waiting, inputs, is_reading, reads, read, idle_since, lines, asked }
    }

    /// When what waits for quiet may be taken.
    pub(super) fn due(&self) -> Option<tokio::time::Instant> {
        self.idle_since.map(|since| tokio::time::Instant::from_std(since + QUIET))
    }
}

impl Driver {
    /// Begins to read; [`Driver::loaded`] follows.
    pub(super) fn reload(&mut self, reply: Option<Reply>) {
        if std::mem::replace(&mut self.settings.is_reading, true) {
            if let Some(reply) = reply {
                let busy = rpc::Error::new(ErrorKind::Conflict, "the configuration is being read already: try again in a moment");
                let _ = reply.send(Err(busy));
            }
            return;
        }
        let (inputs, reads) = (self.settings.inputs.clone(), self.settings.reads.clone());
        tokio::task::spawn_blocking(move || {
            let outcome = config::load_appliance(&inputs);
            // Without a driver nobody wants to know.
            let _ = reads.blocking_send(Read { outcome, reply });
        });
    }

    /// The files were read: takes what can be taken.
    pub(super) fn loaded(&mut self, read: Read) {
        self.settings.is_reading = false;
        let (loaded, report) = match read.outcome {
            Ok(loaded) if loaded.warnings.is_empty() => (Some(loaded.config), None),
            Ok(loaded) => (Some(loaded.config), Some(loaded.warnings)),
            Err(report) => (None, Some(report)),
        };
        let text = report.as_ref().map(ToString::to_string);
        let answer = match loaded {
            Some(config) => {
                let (changed, pending) = self.take_over(config);
                tracing::info!(?changed, ?pending, "the configuration was read anew");
                if let Some(text) = &text {
                    tracing::warn!("in the configuration:\n{text}");
                }
                Reloaded { taken: true, changed, pending, report: text }
            }
            None => {
                tracing::error!("the configuration is wrong, the last good one goes on:\n{}", text.as_deref().unwrap_or_default());
                let error = report.map(|report| report.summary());
                self.shown.send_modify(|status| status.config.error = error);
                Reloaded { taken: false, report: text, ..Reloaded::default() }
            }
        };
        if let Some(reply) = read.reply {
            let _ = reply.send(Ok(json!(answer)));
        }
    }

    /// What was taken, and what waits.
    fn take_over(&mut self, new: Appliance) -> (Vec<String>, Vec<String>) {
        let idle = self.core.is_idle();
        let mut taken = Vec::new();
        for part in plan::changed(&self.settings.running, &new) {
            if part.when() == When::Now || (idle && part.when() == When::Idle) {
                self.take(part, &new);
                taken.push(part.name().to_owned());
            }
        }
        let pending = self.await_quiet(new);
        (taken, pending)
    }

    /// Keeps what could not be taken yet, and says so.
    fn await_quiet(&mut self, new: Appliance) -> Vec<String> {
        let left = plan::changed(&self.settings.running, &new);
        let pending: Vec<String> = left.into_iter().map(|part| part.name().to_owned()).collect();
        self.settings.waiting = (!pending.is_empty()).then_some(new);
        let config = ConfigStatus { pending: pending.clone(), error: None };
        self.shown.send_if_modified(|status| std::mem::replace(&mut status.config, config.clone()) != config);
        pending
    }

    /// Notes since when nobody is connected; looked at after everything that happens.
    pub(super) fn notice_quiet(&mut self) {
        let quiet = self.settings.waiting.is_some() && self.core.is_idle();
        self.settings.idle_since = quiet.then(|| self.settings.idle_since.unwrap_or_else(Instant::now));
    }

    /// It has been quiet for long enough: takes what waited. When everything must be started anew, that is the end of this driver.
    pub(super) fn take_waiting(&mut self) -> Option<Ended> {
        let waiting = self.settings.waiting.take()?;
        for part in plan::changed(&self.settings.running, &waiting) {
            if part.when() != When::Anew {
                tracing::info!(part = part.name(), "a change that waited is taken");
                self.take(part, &waiting);
            }
        }
        let anew = plan::changed(&self.settings.running, &waiting);
        if self.await_quiet(waiting.clone()).is_empty() {
            return None;
        }
        // Another hub, or somebody else there: the present one is left for good. For the others there is no reason to go.
        if anew.iter().any(|part| matches!(part, Part::HubUrl | Part::HubUser | Part::State)) {
            self.input(Input::Command(Command::Leave));
        }
        Some(Ended::Anew(Box::new(waiting)))
    }

    fn take(&mut self, part: Part, new: &Appliance) {
        plan::take(part, new, &mut self.settings.running);
        if let Err(error) = self.start_anew(part) {
            tracing::error!(part = part.name(), "a change of the configuration could not be taken: {error}");
        }
    }

    fn start_anew(&mut self, part: Part) -> Result<(), Error> {
        let running = self.settings.running.clone();
        self.unattended.configure(part, &running);
        match part {
            Part::Log => telemetry::set_level(running.log.level),
            Part::Call | Part::AutoJoin => self.configure(&running),
            Part::Camera => self.engine.change(Change::Camera(running.camera))?,
            Part::Microphone => self.engine.change(Change::Microphone(running.microphone))?,
            Part::Speaker | Part::HasSpeaker => {
                self.engine.change(Change::Speaker(running.speaker))?;
                self.clock();
            }
            Part::Audio => self.engine.change(Change::Audio(running.audio))?,
            Part::Share => self.engine.change(Change::Share(running.share))?,
            Part::Video => self.engine.change(Change::Video(running.video))?,
            Part::Screen | Part::TestCard => self.engine.change(Change::Screen(running.screen))?,
            Part::Recording => {
                self.engine.change(Change::Recording(running.recording.clone()))?;
                self.configure(&running);
            }
            Part::Network => {
                self.renew_helpers(&running)?;
                self.engine.change(Change::Network(running.network))?;
            }
            Part::SignIn => self.sign_in_anew(&running)?,
            Part::Buttons => self.settings.lines.set_buttons(running.gpio.buttons),
            Part::Lights => self.settings.lines.set_lights(running.gpio.lights),
            Part::Privacy => self.settings.lines.set_privacy(running.gpio.privacy),
            Part::Relays => {
                self.settings.lines.set_relays(running.gpio.relays).map_err(Error::Gpio)?;
                self.relays = self.settings.lines.opener();
            }
            // Everything is started anew for these.
            Part::HubUrl | Part::HubUser | Part::Socket | Part::State => {}
            Part::Metrics | Part::Page | Part::Keypads | Part::Cec | Part::Mqtt => {}
            Part::Door => self.door = running.door.map(|door| door.relay),
        }
        Ok(())
    }

    fn configure(&mut self, running: &Appliance) {
        let records = running.recording.directory.is_some();
        self.input(Input::Configured { call: Box::new(running.call.clone()), records });
    }

    fn renew_helpers(&mut self, running: &Appliance) -> Result<(), Error> {
        self.helpers = Helpers::new(&running.network, running.hub.trust.clone());
        Ok(self.engine.helpers(self.helpers.with(&self.ice_servers))?)
    }

    /// The connection to the hub is made anew; media and those who are in the call do not notice.
    fn sign_in_anew(&mut self, running: &Appliance) -> Result<(), Error> {
        let (hub, events) = signaling::start(super::signaling_config(running)?);
        let before = std::mem::replace(&mut self.hub, hub);
        self.hub_events = events;
        tokio::spawn(before.close());
        self.input(Input::HubLost);
        for tag in std::mem::take(&mut self.settings.asked) {
            let lost = rpc::Error::new(ErrorKind::Unavailable, "the connection to the hub was made anew");
            self.input(Input::Reply { tag, outcome: Err(lost) });
        }
        self.renew_helpers(running)
    }
}
