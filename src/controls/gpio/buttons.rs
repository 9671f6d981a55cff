//! All buttons: one task listens to each line, one knows what their edges mean together.

use std::io;
use std::time::{Duration, Instant};

use gpiocdev::Request;
use gpiocdev::line::{EdgeKind, Value};
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::clock::Clock;
use super::{Error, Kind, LOOK, LineView, View, Wanted, line};
use crate::config;
use crate::controls::gesture::{Effect, Fault, Gesture, Gestures, Input, Settings};
use crate::protocol::control::DeviceState;

/// Edges on the way from a line; a line that is faster waits.
const QUEUE: usize = 64;

/// Runs until it is aborted.
pub(super) async fn run(buttons: Vec<config::Button>, view: View, wanted: mpsc::Sender<Wanted>) {
    let (inputs, mut inbox) = mpsc::channel(QUEUE);
    let mut listeners = JoinSet::new();
    for (index, button) in buttons.iter().enumerate() {
        listeners.spawn(listen(index, button.clone(), view.line(Kind::Button, index), inputs.clone()));
    }
    let mut gestures = Gestures::new(buttons.iter().map(settings));
    let views: Vec<LineView> = (0..buttons.len()).map(|index| view.line(Kind::Button, index)).collect();
    loop {
        let due = gestures.poll_timeout().map(|(at, _)| tokio::time::Instant::from_std(at));
        tokio::select! {
            biased;
            input = inbox.recv() => {
                let Some((input, at)) = input else { return };
                gestures.handle(input, at);
            }
            () = sleep_until(due) => {
                // The listeners go first: an edge that came before the timer counts before it.
                tokio::task::yield_now().await;
                while let Ok((input, at)) = inbox.try_recv() {
                    gestures.handle(input, at);
                }
                gestures.handle_timeout(Instant::now());
            }
        }
        while let Some(effect) = gestures.poll_effect() {
            act(effect, &buttons, &views, &wanted);
        }
    }
}

/// What means nothing is not waited for: a button without double press acts at once.
fn settings(button: &config::Button) -> Settings {
    Settings {
        debounce: button.debounce,
        hold: (!button.hold.is_empty()).then_some(button.hold_time),
        double: (!button.double_press.is_empty()).then_some(button.double_time),
        stuck: button.stuck_time,
    }
}

fn act(effect: Effect, buttons: &[config::Button], views: &[LineView], wanted: &mpsc::Sender<Wanted>) {
    match effect {
        Effect::Gesture { button, gesture } => {
            let button = &buttons[button];
            let actions = match gesture {
                Gesture::Press => &button.press,
                Gesture::Hold => &button.hold,
                Gesture::DoublePress => &button.double_press,
            };
            let event = Wanted { button: button.name.clone(), gesture, actions: actions.clone() };
            if wanted.try_send(event).is_err() {
                tracing::warn!(button = button.name, "nobody takes what the buttons say");
            }
        }
        Effect::Down { button, down } => views[button].on(down),
        Effect::Fault { button, fault } => {
            let text = fault.map(|fault| match fault {
                Fault::Stuck => {
                    let time = humantime::format_duration(buttons[button].stuck_time);
                    format!("it has been pressed for {time}: ignored until it is released, it may be stuck")
                }
                Fault::HeldAtStart => "it was pressed already at the start: ignored until it is released".to_owned(),
            });
            if let Some(text) = &text {
                tracing::warn!(button = buttons[button].name, "{text}");
            }
            views[button].change(|line| {
                // When the line itself is in trouble, that is what is shown.
                if line.state == DeviceState::Running {
                    line.error = text;
                }
            });
        }
    }
}

async fn sleep_until(due: Option<tokio::time::Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Opens the line, listens until it goes, and begins anew.
async fn listen(index: usize, button: config::Button, mut view: LineView, inputs: mpsc::Sender<(Input, Instant)>) {
    loop {
        let (line, bias, debounce) = (button.line.clone(), button.bias, button.debounce);
        let input = super::open(&mut view, move || line::input(&line, bias, debounce)).await;
        let ended = Listener { index, inputs: inputs.clone(), clock: Clock::default(), edges: None }.run(input).await;
        if inputs.send((Input::Lost { button: index }, Instant::now())).await.is_err() {
            return;
        }
        let error = Error::Failed { line: button.line.to_string(), why: ended };
        tokio::time::sleep(view.failed(&error)).await;
    }
}

struct Listener {
    index: usize,
    inputs: mpsc::Sender<(Input, Instant)>,
    clock: Clock,
    /// The number of the last edge.
    edges: Option<u32>,
}

impl Listener {
    /// Runs until the line goes: why.
    async fn run(mut self, input: line::Input) -> String {
        let debounced = input.debounced;
        // What took its place is `unsafe`, for the sake of types whose descriptor changes; this one's does not.
        #[allow(deprecated)]
        let request = match AsyncFd::new(input.request) {
            Ok(request) => request,
            Err(error) => return error.to_string(),
        };
        let opened = level(request.get_ref()).map(|down| Input::Opened { button: self.index, down, debounced });
        let mut input = opened.map(|input| (input, Instant::now()));
        loop {
            match input {
                Ok((input, at)) => {
                    if self.inputs.send((input, at)).await.is_err() {
                        return "nobody listens".to_owned();
                    }
                }
                Err(why) => return why,
            }
            input = match tokio::time::timeout(LOOK, self.edge(&request)).await {
                Ok(edge) => edge,
                Err(_) => self.look(&request),
            };
        }
    }

    /// How the line is now.
    fn look(&self, request: &AsyncFd<Request>) -> Result<(Input, Instant), String> {
        let down = level(request.get_ref())?;
        Ok((Input::Level { button: self.index, down }, Instant::now()))
    }

    async fn edge(&mut self, request: &AsyncFd<Request>) -> Result<(Input, Instant), String> {
        loop {
            let mut guard = request.readable().await.map_err(|error: io::Error| error.to_string())?;
            if !request.get_ref().has_edge_event().map_err(text)? {
                guard.clear_ready();
                continue;
            }
            let edge = request.get_ref().read_edge_event().map_err(text)?;
            let missed = self.edges.is_some_and(|last| edge.line_seqno != last.wrapping_add(1));
            self.edges = Some(edge.line_seqno);
            if missed {
                return self.look(request);
            }
            let at = self.clock.moment(Duration::from_nanos(edge.timestamp_ns), Instant::now());
            return Ok((Input::Level { button: self.index, down: edge.kind == EdgeKind::Rising }, at));
        }
    }
}

fn level(request: &Request) -> Result<bool, String> {
    let value = request.lone_value().map_err(text)?;
    Ok(value == Value::Active)
}

fn text(error: gpiocdev::Error) -> String {
    error.to_string()
}
