//! Buttons, lights and relays on GPIO lines, through the kernel's character devices.
//!
//! ```text
//!   line ── edges ──► gestures (pure) ──► Wanted ──► driver          one task for all buttons, one for each line
//!   driver ── Status (watch) ──► lights                              one task for each
//!   driver ── open ──► relays                                        a thread of their own
//!   privacy switch ──► driver                                        on when in doubt
//! ```
//!
//! Keypads, the screen at the HDMI cable and the broker are no lines, but have their place here among the hands.
//!
//! A line that is not to be had, or goes, is said in `status` and tried again, with growing pauses, for ever.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::gesture::Gesture;
use crate::config;
use crate::protocol::action::Actions;
use crate::protocol::control::{DeviceState, GpioStatus, LineStatus, Status};

mod buttons;
mod chips;
mod clock;
mod edges;
mod light;
mod lights;
mod line;
mod privacy;
mod relays;
mod reload;

pub use chips::chips;
pub use line::{Error, look};
pub use relays::{Opener, Refused};

/// Gestures that nobody has taken yet; nobody presses faster.
const QUEUE: usize = 32;
/// The first pause before a line is tried again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often a line that has nothing to say is looked at: older kernels do not tell when it goes.
const LOOK: Duration = Duration::from_secs(3);

/// Somebody did something with a button.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which button.
    pub button: String,
    /// What was done.
    pub gesture: Gesture,
    /// What is to be done, depending on the state of the call.
    pub actions: Actions,
    /// Since when that is clear; with debouncing and waiting behind it.
    pub at: Instant,
}

/// Why something is not to be had.
pub(super) trait Trouble: std::fmt::Display + Sized {
    /// For `status`.
    fn state(&self) -> DeviceState;
    /// Anything that nobody has thought of.
    fn other(why: String) -> Self;
}

impl Trouble for Error {
    fn state(&self) -> DeviceState {
        self.state()
    }

    fn other(why: String) -> Self {
        Self::Failed { line: String::new(), why }
    }
}

/// Keeps the lines; dropping it switches everything off.
#[derive(Debug)]
pub struct Handle {
    relays: relays::Relays,
    // Kept, whether there are lines or not: nobody must take the end of a channel for the end of the buttons.
    view: View,
    /// The place of the broker among the others.
    broker: Option<usize>,
    private: watch::Sender<bool>,
    wanted: mpsc::Sender<Wanted>,
    status: watch::Receiver<Status>,
    tasks: reload::Tasks,
}

impl Handle {
    /// The way to the relays.
    pub fn opener(&self) -> Opener {
        self.relays.opener()
    }

    /// Whether the privacy switch is on. Without one it is off, and one that cannot be read is on.
    pub fn private(&self) -> watch::Receiver<bool> {
        self.private.subscribe()
    }

    /// Where the broker is shown, if there is one.
    pub(super) fn broker(&self) -> Option<LineView> {
        Some(self.view.line(Kind::Other, self.broker?))
    }

    /// How the lines are; changes with them.
    pub fn view(&self) -> watch::Receiver<GpioStatus> {
        self.view.0.subscribe()
    }
}

/// Begins. Lines are opened behind the scenes: nothing here fails but the making of a thread. Must be called within a tokio
/// runtime.
pub fn start(config: config::Gpio, status: watch::Receiver<Status>) -> std::io::Result<(Handle, mpsc::Receiver<Wanted>)> {
    let view = View(watch::Sender::default());
    let (wanted, receiver) = mpsc::channel(QUEUE);
    let private = watch::Sender::new(config.privacy.is_some());
    let relays = relays::Relays::start(Vec::new(), &view)?;
    let tasks = reload::Tasks::default();
    let mut handle = Handle { relays, view, broker: None, private, wanted, status, tasks };
    handle.set_lights(config.lights);
    handle.set_buttons(config.buttons);
    handle.set_privacy(config.privacy);
    handle.set_relays(config.relays)?;
    handle.set_others(config.keypads, config.cec, config.mqtt.as_ref());
    Ok((handle, receiver))
}

/// What hangs on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Button,
    Light,
    Relay,
    Privacy,
    Other,
}

/// What is shown of all lines.
#[derive(Debug, Clone)]
struct View(watch::Sender<GpioStatus>);

impl View {
    fn line(&self, kind: Kind, index: usize) -> LineView {
        LineView { view: self.clone(), kind, index, pause: FIRST_PAUSE }
    }
}

/// What is shown of one line.
#[derive(Debug)]
pub(super) struct LineView {
    view: View,
    kind: Kind,
    index: usize,
    pause: Duration,
}

impl LineView {
    pub(super) fn change(&self, change: impl FnOnce(&mut LineStatus)) {
        self.view.0.send_if_modified(|status| {
            let lines = match self.kind {
                Kind::Button => status.buttons.as_mut_slice(),
                Kind::Light => status.lights.as_mut_slice(),
                Kind::Relay => status.relays.as_mut_slice(),
                Kind::Privacy => status.privacy.as_mut_slice(),
                Kind::Other => status.others.as_mut_slice(),
            };
            let Some(line) = lines.get_mut(self.index) else { return false };
            let before = line.clone();
            change(line);
            *line != before
        });
    }

    pub(super) fn on(&self, on: bool) {
        self.change(|line| line.on = on);
    }

    /// A line that we do not have is off, but the privacy switch is on.
    fn in_doubt(&self) -> bool {
        self.kind == Kind::Privacy
    }

    /// We have it.
    pub(super) fn running(&mut self) {
        self.pause = FIRST_PAUSE;
        let on = self.in_doubt();
        self.change(|line| *line = LineStatus { state: DeviceState::Running, on, error: None, ..line.clone() });
    }

    /// We have it no more, or not yet: the pause before the next attempt.
    pub(super) fn failed(&mut self, error: &impl Trouble) -> Duration {
        let (state, text, on) = (error.state(), error.to_string(), self.in_doubt());
        self.change(|line| {
            if line.error.as_ref() != Some(&text) {
                tracing::warn!(line.name, "{text}");
            }
            *line = LineStatus { state, on, error: Some(text), ..line.clone() };
        });
        let pause = self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        pause
    }
}

/// Opens a line off the runtime's thread: looking through all chips may take a while.
pub(super) async fn open<T, E>(view: &mut LineView, open: impl Fn() -> Result<T, E> + Clone + Send + 'static) -> T
where
    T: Send + 'static,
    E: Trouble + Send + 'static,
{
    loop {
        let error = match tokio::task::spawn_blocking(open.clone()).await {
            Ok(Ok(opened)) => {
                view.running();
                return opened;
            }
            Ok(Err(error)) => error,
            Err(ended) => E::other(ended.to_string()),
        };
        tokio::time::sleep(view.failed(&error)).await;
    }
}
