//! PURE. From edges of buttons to what fingers mean by them: press, hold, double press.
//!
//! ```text
//!        down                 hold time                    up
//!   up ───────► down ────────────────────► spent (HOLD) ─────────► up
//!    ▲           │ up: PRESS, or             │ stuck time
//!    │           ▼     if a double press     ▼
//!    │        waiting  means something     stuck (fault) ── up ──► up
//!    │           │
//!    └───────────┴─ double time is over: PRESS;  down again: DOUBLE PRESS
//! ```
//!
//! One defined thing for what should not be:
//!
//! - A button that *bounces* counts when it has been still for its debounce time.
//! - A button for which nothing but a press means anything acts when it goes down, any other when it is known what it was.
//! - A button *held* longer than its stuck time is reported as stuck, once, and does nothing more until it was released.
//! - A button that is *down at the start* does nothing and is reported, until it was released.
//! - *Two at once*: the first one pressed wins; one that goes down while another is down does nothing until it was released.
//!   A button with a fault holds nobody up.
//!
//! [`Gestures`] has four verbs: [`Gestures::handle`], [`Gestures::handle_timeout`], [`Gestures::poll_effect`],
//! [`Gestures::poll_timeout`]. After each of the first two the caller drains `poll_effect`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// What one button means to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A change counts when it has lasted so long.
    pub debounce: Duration,
    /// Held so long, it is a hold; none: a hold is a press.
    pub hold: Option<Duration>,
    /// Pressed again within this time, it is a double press; none: these are two presses.
    pub double: Option<Duration>,
    /// Held so long, the button is stuck.
    pub stuck: Duration,
}

/// What happened to the button of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The line was opened, and is like this.
    Opened {
        /// Which.
        button: usize,
        /// Pressed.
        down: bool,
        /// Somebody below us waits until the line is still.
        debounced: bool,
    },
    /// The line changed to this, or was looked at and is this.
    Level {
        /// Which.
        button: usize,
        /// Pressed.
        down: bool,
    },
    /// The line is gone.
    Lost {
        /// Which.
        button: usize,
    },
}

/// What fingers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gesture {
    /// Short.
    Press,
    /// Long.
    Hold,
    /// Twice.
    DoublePress,
}

impl Gesture {
    /// As the configuration calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Press => "press",
            Self::Hold => "hold",
            Self::DoublePress => "double-press",
        }
    }
}

/// What is wrong with a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody holds a button for so long.
    Stuck,
    /// It was down before we looked.
    HeldAtStart,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Somebody did this.
    Gesture {
        /// Which.
        button: usize,
        /// What.
        gesture: Gesture,
    },
    /// The button is pressed or released, in earnest.
    Down {
        /// Which.
        button: usize,
        /// Pressed.
        down: bool,
    },
    /// The button is in trouble, or out of it again.
    Fault {
        /// Which.
        button: usize,
        /// None: it is well again.
        fault: Option<Fault>,
    },
}

/// The state machine of all buttons.
#[derive(Debug)]
pub struct Gestures {
    buttons: Vec<Button>,
    effects: VecDeque<Effect>,
}

#[derive(Debug)]
struct Button {
    settings: Settings,
    debounced: bool,
    /// What the line says, and what is believed.
    line: bool,
    down: bool,
    /// When the line is believed.
    settles: Option<Instant>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    /// Pressed at this time, for the second time or not.
    Down {
        since: Instant,
        second: bool,
    },
    /// Released; a second press until this time makes two.
    Waiting {
        until: Instant,
    },
    /// Has done what it does, and is still pressed since this time.
    Spent {
        since: Instant,
    },
    /// Another one was first.
    Ignored {
        since: Instant,
    },
    Faulty(Fault),
}

impl Gestures {
    /// All buttons, numbered as in `settings`; none is down.
    pub fn new(settings: impl IntoIterator<Item = Settings>) -> Self {
        let button = |settings| Button { settings, debounced: false, line: false, down: false, settles: None, state: State::Up };
        Self { buttons: settings.into_iter().map(button).collect(), effects: VecDeque::new() }
    }

    /// Takes what happened. Buttons that are not there are ignored.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.handle_timeout(now);
        let (Input::Opened { button: index, .. } | Input::Level { button: index, .. } | Input::Lost { button: index }) = input;
        let Some(button) = self.buttons.get_mut(index) else {
            return;
        };
        match input {
            Input::Opened { down, debounced, .. } => {
                button.debounced = debounced;
                (button.line, button.settles) = (down, None);
                self.reset(index, down.then_some(Fault::HeldAtStart));
            }
            Input::Lost { .. } => {
                (button.line, button.settles) = (false, None);
                self.reset(index, None);
            }
            Input::Level { down, .. } if down != button.line => {
                button.line = down;
                let pause = if button.debounced { Duration::ZERO } else { button.settings.debounce };
                button.settles = (down != button.down).then_some(now + pause);
                self.handle_timeout(now);
            }
            Input::Level { .. } => {}
        }
    }

    /// Something that [`Gestures::poll_timeout`] named is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        // One at a time and in their order: what a late timer does happens when it should have.
        while let Some((at, index)) = self.next().filter(|(at, _)| *at <= now) {
            self.expire(index, at);
        }
    }

    /// What follows; drain after each `handle`.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When something is due, and what.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let (at, index) = self.next()?;
        let reason = match self.buttons[index].state {
            _ if self.buttons[index].settles == Some(at) => "is still",
            State::Waiting { .. } => "no second press",
            State::Down { .. } | State::Spent { .. } | State::Ignored { .. } => "held",
            State::Up | State::Faulty(_) => "nothing",
        };
        Some((at, reason))
    }

    fn next(&self) -> Option<(Instant, usize)> {
        self.buttons.iter().enumerate().filter_map(|(index, button)| button.due().map(|at| (at, index))).min()
    }

    fn expire(&mut self, index: usize, now: Instant) {
        let button = &mut self.buttons[index];
        if button.settles.is_some_and(|at| at <= now) {
            button.settles = None;
            return self.change(index, now);
        }
        let stuck = button.settings.stuck;
        match button.state {
            State::Waiting { .. } => {
                button.state = State::Up;
                self.tell(index, Gesture::Press);
            }
            State::Down { since, second } if button.settings.hold.is_some_and(|hold| hold < stuck && since + hold <= now) => {
                button.state = State::Spent { since };
                // Somebody who presses twice and holds has pressed once before.
                if second {
                    self.tell(index, Gesture::Press);
                }
                self.tell(index, Gesture::Hold);
            }
            State::Down { .. } | State::Spent { .. } | State::Ignored { .. } => self.fault(index, Fault::Stuck),
            State::Up | State::Faulty(_) => {}
        }
    }

    /// The line is still, and is not as it was.
    fn change(&mut self, index: usize, now: Instant) {
        let held = |other: &Button| other.down && !matches!(other.state, State::Faulty(_));
        let others = self.buttons.iter().enumerate().any(|(number, other)| number != index && held(other));
        let button = &mut self.buttons[index];
        button.down = button.line;
        let (hold, double) = (button.settings.hold, button.settings.double);
        self.effects.push_back(Effect::Down { button: index, down: button.down });
        let before = button.state;
        match (button.down, before) {
            (true, State::Waiting { .. }) if others => {
                button.state = State::Ignored { since: now };
                self.tell(index, Gesture::Press);
            }
            (true, _) if others => button.state = State::Ignored { since: now },
            (true, State::Waiting { .. }) if hold.is_none() => {
                button.state = State::Spent { since: now };
                self.tell(index, Gesture::DoublePress);
            }
            (true, State::Waiting { .. }) => button.state = State::Down { since: now, second: true },
            (true, _) if hold.is_none() && double.is_none() => {
                button.state = State::Spent { since: now };
                self.tell(index, Gesture::Press);
            }
            (true, _) => button.state = State::Down { since: now, second: false },
            (false, State::Down { second: true, .. }) => {
                button.state = State::Up;
                self.tell(index, Gesture::DoublePress);
            }
            (false, State::Down { second: false, .. }) => match double {
                Some(double) => button.state = State::Waiting { until: now + double },
                None => {
                    button.state = State::Up;
                    self.tell(index, Gesture::Press);
                }
            },
            (false, State::Faulty(_)) => {
                button.state = State::Up;
                self.effects.push_back(Effect::Fault { button: index, fault: None });
            }
            (false, _) => button.state = State::Up,
        }
    }

    /// Begins anew; whatever was going on is forgotten.
    fn reset(&mut self, index: usize, fault: Option<Fault>) {
        let button = &mut self.buttons[index];
        let was = matches!(button.state, State::Faulty(_));
        if button.down != button.line {
            button.down = button.line;
            self.effects.push_back(Effect::Down { button: index, down: button.down });
        }
        button.state = State::Up;
        match fault {
            Some(fault) => self.fault(index, fault),
            None if was => self.effects.push_back(Effect::Fault { button: index, fault: None }),
            None => {}
        }
    }

    fn tell(&mut self, button: usize, gesture: Gesture) {
        self.effects.push_back(Effect::Gesture { button, gesture });
    }

    fn fault(&mut self, index: usize, fault: Fault) {
        self.buttons[index].state = State::Faulty(fault);
        self.effects.push_back(Effect::Fault { button: index, fault: Some(fault) });
    }
}

impl Button {
    fn due(&self) -> Option<Instant> {
        let stuck = self.settings.stuck;
        let state = match self.state {
            State::Up | State::Faulty(_) => None,
            State::Down { since, .. } => Some(since + self.settings.hold.map_or(stuck, |hold| hold.min(stuck))),
            State::Waiting { until } => Some(until),
            State::Spent { since } | State::Ignored { since } => Some(since + stuck),
        };
        self.settles.into_iter().chain(state).min()
    }
}
