//! `callbox doctor` for the page: on threads of its own, and what goes on is shown as it goes on.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use crate::config::{self, Inputs, Loaded};
use crate::controls::socket::{Ask, What};
use crate::daemon::doctor::{self, Examination, Name, Outcome, Progress, report};
use crate::protocol::control::{DeviceInfo, Devices, Status};
use crate::protocol::rpc::{Error, ErrorKind};

/// Who is examined at the moment, and what came of the last time.
pub(super) struct Ward {
    shown: watch::Sender<Value>,
    report: Mutex<Option<String>>,
}

impl Default for Ward {
    fn default() -> Self {
        let shown = watch::Sender::new(json!({"running": false, "checks": []}));
        Self { shown, report: Mutex::default() }
    }
}

impl Ward {
    pub(super) fn shown(&self) -> watch::Receiver<Value> {
        self.shown.subscribe()
    }

    pub(super) fn report(&self) -> Option<String> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, progress: Progress) {
        self.shown.send_modify(|shown| {
            let (name, state) = match progress {
                Progress::Began(name) => (name, json!({"name": name.to_string(), "running": true})),
                Progress::Done(name, result) => (name, json!(result)),
            };
            let Some(checks) = shown["checks"].as_array_mut() else { return };
            let name = name.to_string();
            match checks.iter_mut().find(|check| check["name"] == name.as_str()) {
                Some(check) => *check = state,
                None => checks.push(state),
            }
        });
    }

    fn done(&self, summary: &str, verdict: &str) {
        self.shown.send_modify(|shown| {
            shown["running"] = false.into();
            (shown["summary"], shown["verdict"]) = (summary.into(), verdict.into());
        });
    }
}

/// Begins, unless it goes on already.
pub(super) fn begin(
    ward: &Arc<Ward>,
    inputs: &Inputs,
    status: watch::Receiver<Status>,
    asks: mpsc::Sender<Ask>,
) -> Result<(), Error> {
    let began = ward.shown.send_if_modified(|shown| {
        let free = shown["running"] == false;
        if free {
            *shown = json!({"running": true, "checks": []});
        }
        free
    });
    if !began {
        return Err(Error::new(ErrorKind::Conflict, "it is being examined already"));
    }
    let (nurse, inputs) = (ward.clone(), inputs.clone());
    let work = move || {
        // Whatever becomes of it, the next one may begin.
        let summary = examine(&nurse, &inputs, status, asks).unwrap_or_else(|error| (error, "fail"));
        nurse.done(&summary.0, summary.1);
    };
    let thread = std::thread::Builder::new().name("checkup".into()).spawn(work);
    thread.map(drop).map_err(|error| {
        ward.done("it could not begin", "fail");
        Error::new(ErrorKind::InternalError, format!("no thread for it: {error}"))
    })
}

fn examine(
    ward: &Ward,
    inputs: &Inputs,
    status: watch::Receiver<Status>,
    asks: mpsc::Sender<Ask>,
) -> Result<(String, &'static str), String> {
    let config = match config::load_appliance(inputs) {
        Ok(Loaded { config, warnings }) => Ok((config, (!warnings.is_empty()).then(|| warnings.render(false)))),
        Err(report) => Err(report.render(false)),
    };
    let (asker, asked) = (asks.clone(), status);
    let ask: doctor::Ask = Arc::new(move |_: &Path, method: &str| match method {
        "status" => serde_json::to_value(&*asked.borrow()).map_err(|error| error.to_string()),
        "devices" => answer(&asker, What::Devices),
        "snapshot" => answer(&asker, What::Snapshot),
        "speaker_test" => answer(&asker, What::SpeakerTest),
        _ => Err(format!("nobody answers `{method}` here")),
    });
    // The driver's thread and the page's have other things to do.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let wanted = Name::ALL.into_iter().collect();
    let outcome = runtime.block_on(doctor::run(Examination { config, wanted, ask }, |progress| ward.tell(progress)));
    // What hangs in a driver stays there.
    runtime.shutdown_background();
    let Outcome { checkup, picture } = outcome;
    let devices = answer(&asks, What::Devices).ok().and_then(|devices| serde_json::from_value(devices).ok());
    let more = [("Devices", devices.as_ref().map_or_else(|| "not known".to_owned(), listed))];
    let html = report::html(&checkup, &report::facts(), &more, picture.as_ref());
    *ward.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(html);
    Ok((report::summary(&checkup), checkup.verdict.as_str()))
}

/// Blocks.
fn answer(asks: &mpsc::Sender<Ask>, what: What) -> Result<Value, String> {
    let (reply, answer) = oneshot::channel();
    asks.blocking_send(Ask { what, reply }).map_err(|_| "callbox is stopping".to_owned())?;
    let answer = answer.blocking_recv().map_err(|_| "callbox is stopping".to_owned())?;
    answer.map_err(|error| error.message)
}

fn listed(devices: &Devices) -> String {
    let device = |one: &DeviceInfo| {
        let formats = if one.formats.is_empty() { String::new() } else { format!(": {}", one.formats.join(", ")) };
        format!("  {} {} ({}){formats}", if one.chosen { "*" } else { " " }, one.label, one.device_id)
    };
    let kinds = [("cameras", &devices.cameras), ("microphones", &devices.microphones), ("speakers", &devices.speakers)];
    let mut lines = Vec::new();
    for (kind, all) in kinds {
        lines.push(format!("{kind}: {}", if all.is_empty() { "none" } else { "" }));
        lines.extend(all.iter().map(device));
    }
    lines.extend(devices.errors.iter().cloned());
    lines.join("\n")
}
