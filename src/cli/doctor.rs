//! `callbox doctor`: what goes on, as it goes on, and what came of it.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Link, devices_text};
use super::run::drain_cameras;
use super::verbs::DoctorArgs;
use super::{Exit, Failure, say};
use crate::config::{self, Inputs, Loaded};
use crate::daemon::doctor::{self, Examination, Name, Outcome, Progress, report};
use crate::protocol::control::{CheckResult, Verdict};

/// How often the line that says what goes on is renewed.
const RENEW: Duration = Duration::from_millis(500);

/// Looks at everything, says how it is, and writes what is wanted.
pub fn doctor(args: DoctorArgs) -> Result<(), Failure> {
    drain_cameras();
    let loaded = config::load_appliance(&Inputs::of_this_process(args.config.config.as_deref(), &args.config.set));
    let bad_config = loaded.is_err();
    let config = match loaded {
        Ok(Loaded { config, warnings }) => Ok((config, (!warnings.is_empty()).then(|| warnings.render(false)))),
        Err(report) => Err(report.render(false)),
    };
    let named = |names: &[doctor::Names]| names.iter().flat_map(|names| names.0.clone()).collect::<BTreeSet<Name>>();
    let (only, skip) = (named(&args.only), named(&args.skip));
    let wanted = Name::ALL.into_iter().filter(|name| (only.is_empty() || only.contains(name)) && !skip.contains(name)).collect();
    let socket = config.as_ref().ok().map(|(config, _)| config.control.socket.clone());
    let ask: doctor::Ask = Arc::new(|socket: &Path, method: &str| {
        let answer = Link::open(socket).and_then(|mut link| link.call(method, Value::Null));
        answer.map_err(|failure| failure.message.trim_start_matches("error: ").to_owned())
    });
    let teller = Arc::new(Teller::new(args.json));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(error.to_string()))?;
    let outcome = runtime.block_on(async {
        let renewed = teller.clone();
        let renew = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW).await;
                renewed.renew();
            }
        });
        let outcome = doctor::run(Examination { config, wanted, ask }, |progress| teller.tell(progress)).await;
        renew.abort();
        outcome
    });
    // What hangs in a driver stays there.
    runtime.shutdown_background();
    teller.end();
    write(&args, &outcome, socket.as_deref())?;
    let Outcome { checkup, .. } = &outcome;
    if args.json {
        let json = serde_json::to_string_pretty(checkup).map_err(|error| Failure::failed(error.to_string()))?;
        say(&json);
    } else {
        say(&format!("\n{}", report::summary(checkup)));
    }
    match checkup.verdict {
        Verdict::Fail if bad_config => {
            Err(Failure { exit: Exit::BadConfig, message: "the configuration cannot be used".to_owned() })
        }
        Verdict::Fail => Err(Failure::failed("not everything works: see what is said above")),
        Verdict::Pass | Verdict::Skipped | Verdict::Warn => Ok(()),
    }
}

fn write(args: &DoctorArgs, outcome: &Outcome, socket: Option<&Path>) -> Result<(), Failure> {
    let bad = |file: &Path, error: std::io::Error| Failure::failed(format!("cannot write {}: {error}", file.display()));
    if let Some(file) = &args.picture {
        let none = || Failure::failed("the camera gave no picture that could be saved: see the check `camera`");
        let picture = outcome.picture.as_ref().ok_or_else(none)?;
        std::fs::write(file, &picture.bytes).map_err(|error| bad(file, error))?;
    }
    if let Some(file) = &args.report {
        let devices = socket.and_then(|socket| devices_text(socket).ok()).unwrap_or_else(|| "not known".to_owned());
        let (facts, more) = (report::facts(), [("Devices", devices)]);
        let page = match file.extension().is_some_and(|extension| extension == "txt") {
            true => report::text(&outcome.checkup, &facts, &more),
            false => report::html(&outcome.checkup, &facts, &more, outcome.picture.as_ref()),
        };
        std::fs::write(file, page).map_err(|error| bad(file, error))?;
        eprintln!("written to {}", file.display());
    }
    Ok(())
}

/// A line for each check that is done; on a terminal also one, at the end, of what goes on.
struct Teller {
    json: bool,
    live: bool,
    coloured: bool,
    running: Mutex<Vec<(Name, Instant)>>,
}

impl Teller {
    fn new(json: bool) -> Self {
        let live = if json { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
        Self { json, live, coloured: live && std::env::var_os("NO_COLOR").is_none(), running: Mutex::default() }
    }

    fn tell(&self, progress: Progress) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let text = match progress {
            Progress::Began(name) => {
                running.push((name, Instant::now()));
                String::new()
            }
            Progress::Done(name, result) => {
                running.retain(|(other, _)| *other != name);
                lines(&result, self.coloured)
            }
        };
        self.show(&text, &running);
    }

    fn renew(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if self.live && !running.is_empty() {
            self.show("", &running);
        }
    }

    fn end(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.clear();
        self.show("", &running);
    }

    fn show(&self, text: &str, running: &[(Name, Instant)]) {
        let mut out = String::new();
        if self.live {
            // Without wrapping, or a long line would not be replaced but pushed up.
            out.push_str("\r\x1b[K");
        }
        out.push_str(text);
        if self.live && !running.is_empty() {
            let names: Vec<String> =
                running.iter().map(|(name, since)| format!("{name} {} s", since.elapsed().as_secs())).collect();
            out.push_str(&format!("\x1b[?7l… {}\x1b[?7h", names.join(", ")));
        }
        // Who reads no more has what it wanted.
        let _ = if self.json { std::io::stderr().write_all(out.as_bytes()) } else { std::io::stdout().write_all(out.as_bytes()) };
        let _ = std::io::stdout().flush();
    }
}

fn lines(result: &CheckResult, coloured: bool) -> String {
    let verdict = result.verdict.as_str();
    let word = if result.verdict == Verdict::Fail { verdict.to_uppercase() } else { verdict.to_owned() };
    let colour = match result.verdict {
        Verdict::Pass => "32",
        Verdict::Skipped => "2",
        Verdict::Warn => "33",
        Verdict::Fail => "1;31",
    };
    let word = if coloured { format!("\x1b[{colour}m{word:<8}\x1b[0m") } else { format!("{word:<8}") };
    let mut out = format!("{word}{:<12} {}\n", result.name, result.found);
    let more = result.advice.iter().map(|advice| format!("-> {advice}")).chain(result.details.iter().cloned());
    more.for_each(|line| out.push_str(&format!("{:21}{line}\n", "")));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_a_line_with_what_to_do_below() {
        let result = CheckResult {
            name: "camera".to_owned(),
            verdict: Verdict::Fail,
            found: "it is gone".to_owned(),
            advice: Some("plug it in".to_owned()),
            details: vec!["more".to_owned()],
            figures: Default::default(),
            took_ms: 1,
        };
        let expected = "FAIL    camera       it is gone\n                     -> plug it in\n                     more\n";
        assert_eq!(lines(&result, false), expected);
        assert!(lines(&result, true).starts_with("\x1b[1;31mFAIL"));
    }
}
