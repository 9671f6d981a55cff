//! `callbox doctor`: looks at everything that a call needs, on this very board, and says what to do about what does not work.
//!
//! ```text
//!   network   dns   hub ── clock   sign-in ── stun, turn-udp, turn-tcp, turn-tls       all at once
//!   devices   camera, microphone ─► speaker ─► encoder ─► temperature, power           what would disturb each other in turn
//!   board     service, screen, gpio, disk                                              all at once
//!
//!   a check measures ──► judge (pure): verdict, what was found, what to do ──► Progress, Checkup, report
//! ```
//!
//! When `callbox run` has a device, it is asked through its control socket. Each check has a time limit of its own; what may hang in a
//! driver runs on a thread that is left behind.

mod checks;
mod judge;
mod name;
mod patient;
pub mod report;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::time::timeout;

use checks::{
    camera, clock, config, disk, dns, encoder, gpio, heat, helpers, hub, microphone, power, screen, service, sign_in, speaker,
};
use judge::Finding;
pub use name::{Name, Names};
pub use patient::Ask;
use patient::Patient;
pub(super) use patient::elsewhere;
use secrets::Secrets;

use crate::config::Appliance;
use crate::media::Png;
use crate::protocol::IceKind;
use crate::protocol::control::{CheckResult, Checkup, Verdict};

/// What is to be looked at.
pub struct Examination {
    /// The configuration with its warnings, if there are any; or the report of why it cannot be used.
    pub config: Result<(Appliance, Option<String>), String>,
    /// Which checks.
    pub wanted: BTreeSet<Name>,
    /// How to ask the daemon.
    pub ask: Ask,
}

/// What goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// This check began.
    Began(Name),
    /// This one came to an end.
    Done(Name, CheckResult),
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Every check that was wanted.
    pub checkup: Checkup,
    /// What the camera saw.
    pub picture: Option<Png>,
}

/// Looks at everything that is wanted. `tell` is called as it goes on, from any thread. Must be called within a tokio runtime.
pub async fn run(examination: Examination, tell: impl Fn(Progress) + Send + Sync) -> Outcome {
    let Examination { config, wanted, ask } = examination;
    let (begun, began) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    let rounds = Rounds { wanted, tell: &tell, results: Mutex::default() };
    let quoted = Secrets::default();
    let loaded = config.as_ref().map(|(_, warnings)| warnings.as_deref()).map_err(String::as_str);
    quoted.keep_of_report(loaded.map_or_else(|report| report, Option::unwrap_or_default));
    rounds.visit(Name::Config, &quoted, async { config::check(loaded) }).await;
    let mut picture = None;
    match config {
        Ok((config, _)) => {
            let patient = Patient::new(config, ask).await;
            rounds.all(&patient).await;
            picture = patient.picture.lock().unwrap_or_else(PoisonError::into_inner).take();
            rounds.hide(&patient.secrets);
        }
        Err(_) => {
            rounds.board(&quoted).await;
            for name in Name::ALL.into_iter().filter(|name| !name.without_configuration()) {
                rounds
                    .visit(name, &quoted, async { Finding::skipped("without a configuration nobody knows what to look at") })
                    .await;
            }
        }
    }
    let checks: Vec<CheckResult> = rounds.results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect();
    let worst = checks.iter().map(|check| check.verdict).filter(|verdict| *verdict != Verdict::Skipped).max();
    let checkup = Checkup {
        version: super::VERSION.to_owned(),
        began,
        took_ms: begun.elapsed().as_millis() as u64,
        verdict: worst.unwrap_or(Verdict::Skipped),
        checks,
    };
    Outcome { checkup, picture }
}

struct Rounds<'a> {
    wanted: BTreeSet<Name>,
    tell: &'a (dyn Fn(Progress) + Send + Sync),
    results: Mutex<BTreeMap<Name, CheckResult>>,
}

impl Rounds<'_> {
    async fn all(&self, patient: &Patient) {
        let hidden = &patient.secrets;
        let visit =
            async |name, check: std::pin::Pin<Box<dyn Future<Output = Finding> + '_>>| self.visit(name, hidden, check).await;
        let network = async {
            tokio::join!(
                visit(Name::Dns, Box::pin(dns::check(patient))),
                visit(Name::Hub, Box::pin(hub::check(patient))),
                visit(Name::Clock, Box::pin(clock::check(patient))),
                visit(Name::SignIn, Box::pin(sign_in::check(patient))),
                visit(Name::Stun, Box::pin(helpers::check(patient, IceKind::Stun))),
                visit(Name::TurnUdp, Box::pin(helpers::check(patient, IceKind::TurnUdp))),
                visit(Name::TurnTcp, Box::pin(helpers::check(patient, IceKind::TurnTcp))),
                visit(Name::TurnTls, Box::pin(helpers::check(patient, IceKind::TurnTls))),
            )
        };
        let devices = async {
            tokio::join!(
                visit(Name::Camera, Box::pin(camera::check(patient))),
                visit(Name::Microphone, Box::pin(microphone::check(patient)))
            );
            visit(Name::Speaker, Box::pin(speaker::check(patient))).await;
            visit(Name::Encoder, Box::pin(encoder::check(patient))).await;
            // When it has worked.
            self.board(hidden).await;
        };
        let board = async {
            tokio::join!(
                visit(Name::Service, Box::pin(async { service::check(patient) })),
                visit(Name::Screen, Box::pin(screen::check(patient))),
                visit(Name::Gpio, Box::pin(gpio::check(patient))),
                visit(Name::Disk, Box::pin(disk::check(patient))),
            )
        };
        tokio::join!(network, devices, board);
    }

    /// Heat and voltage. Sensors on slow buses take their time.
    async fn board(&self, hidden: &Secrets) {
        let look = async |check: fn(&Path) -> Finding| {
            let looked = patient::elsewhere(move || check(Path::new("/sys"))).await;
            looked.unwrap_or_else(|why| Finding::fail(why, "see `dmesg`"))
        };
        self.visit(Name::Temperature, hidden, look(heat::check)).await;
        self.visit(Name::Power, hidden, look(power::check)).await;
    }

    async fn visit(&self, name: Name, hidden: &Secrets, check: impl Future<Output = Finding>) {
        if !self.wanted.contains(&name) {
            return;
        }
        (self.tell)(Progress::Began(name));
        let begun = Instant::now();
        let finding = match timeout(name.limit(), check).await {
            Ok(finding) => finding,
            Err(_) => Finding::fail(format!("nothing came of it within {} s", name.limit().as_secs()), name.stuck()),
        };
        let Finding { verdict, found, advice, details, figures } = finding;
        let took_ms = begun.elapsed().as_millis() as u64;
        let result = hidden.clean(CheckResult { name: name.to_string(), verdict, found, advice, details, figures, took_ms });
        self.results.lock().unwrap_or_else(PoisonError::into_inner).insert(name, result.clone());
        (self.tell)(Progress::Done(name, result));
    }

    /// Secrets that were not known yet when the first checks were done.
    fn hide(&self, secrets: &Secrets) {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        for result in results.values_mut() {
            *result = secrets.clean(result.clone());
        }
    }
}
