//! All buttons: one task listens to each line, one knows what their edges mean together.

use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::edges::Edges;
use super::{Error, Kind, LineView, View, Wanted, line};
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
        let due = gestures.poll_timeout().map(|(at, _)| at);
        let at = tokio::select! {
            biased;
            input = inbox.recv() => {
                let Some((input, at)) = input else { return };
                gestures.handle(input, at);
                at
            }
            at = sleep_until(due) => {
                // The listeners go first: an edge that came before the timer counts before it.
                tokio::task::yield_now().await;
                while let Ok((input, at)) = inbox.try_recv() {
                    gestures.handle(input, at);
                }
                gestures.handle_timeout(Instant::now());
                at
            }
        };
        while let Some(effect) = gestures.poll_effect() {
            act(effect, at, &buttons, &views, &wanted);
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

fn act(effect: Effect, at: Instant, buttons: &[config::Button], views: &[LineView], wanted: &mpsc::Sender<Wanted>) {
    match effect {
        Effect::Gesture { button, gesture } => {
            let button = &buttons[button];
            let actions = match gesture {
                Gesture::Press => &button.press,
                Gesture::Hold => &button.hold,
                Gesture::DoublePress => &button.double_press,
            };
            let event = Wanted { button: button.name.clone(), gesture, actions: actions.clone(), at };
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

async fn sleep_until(due: Option<Instant>) -> Instant {
    let Some(due) = due else { return std::future::pending().await };
    tokio::time::sleep_until(tokio::time::Instant::from_std(due)).await;
    due
}

/// Opens the line, listens until it goes, and begins anew.
async fn listen(index: usize, button: config::Button, mut view: LineView, inputs: mpsc::Sender<(Input, Instant)>) {
    loop {
        let (line, bias, debounce) = (button.line.clone(), button.bias, button.debounce);
        let input = super::open(&mut view, move || line::input(&line, bias, debounce)).await;
        let Err(why) = follow(index, input, &inputs).await else {
            return;
        };
        if inputs.send((Input::Lost { button: index }, Instant::now())).await.is_err() {
            return;
        }
        let error = Error::Failed { line: button.line.to_string(), why };
        tokio::time::sleep(view.failed(&error)).await;
    }
}

/// Runs until the line goes: why.
async fn follow(index: usize, input: line::Input, inputs: &mpsc::Sender<(Input, Instant)>) -> Result<(), String> {
    let debounced = input.debounced;
    let mut edges = Edges::new(input.request)?;
    let mut input = Input::Opened { button: index, down: edges.level()?, debounced };
    let mut at = Instant::now();
    loop {
        if inputs.send((input, at)).await.is_err() {
            return Ok(());
        }
        let (down, since) = edges.next().await?;
        (input, at) = (Input::Level { button: index, down }, since);
    }
}
