//! The verbs a person types. This is the only place that prints to stdout; `--json` prints wire types unchanged.

#[cfg(feature = "appliance")]
mod client;
#[cfg(feature = "appliance")]
mod doctor;
mod exit;
mod generate;
mod help;
#[cfg(feature = "hub")]
mod hub;
mod logs;
#[cfg(feature = "appliance")]
mod run;
pub mod verbs;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::config::{Effective, Loaded, Report};
pub use exit::{Exit, Failure};
use verbs::{Cli, HowArgs, Verb};
#[cfg(feature = "appliance")]
use verbs::{ConfigVerb, Recording, Switch, What};

/// Parses the command line, does what it says, and says how it ended.
pub fn main() -> ExitCode {
    // clap prints help and usage errors itself and leaves with 0 or 2.
    let mut command = help::command();
    let cli = match Cli::from_arg_matches_mut(&mut command.get_matches_mut()) {
        Ok(cli) => cli,
        Err(error) => error.format(&mut command).exit(),
    };
    match dispatch(cli.verb) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            eprintln!("{}", failure.message);
            failure.exit.into()
        }
    }
}

fn dispatch(verb: Verb) -> Result<(), Failure> {
    match verb {
        #[cfg(feature = "appliance")]
        Verb::Run(args) => run::run(args),
        #[cfg(feature = "appliance")]
        Verb::Check(args) => run::check(&args),
        #[cfg(feature = "appliance")]
        Verb::Config(args) => match args.verb {
            ConfigVerb::Show(args) => run::show(&args),
        },
        #[cfg(feature = "appliance")]
        Verb::Reload(args) => client::reload(&args.socket.socket, args.json),
        #[cfg(feature = "appliance")]
        Verb::Doctor(args) => doctor::doctor(args),
        #[cfg(feature = "appliance")]
        Verb::Status(args) => client::status(&args.socket.socket, args.json, args.watch),
        #[cfg(feature = "appliance")]
        Verb::Events(args) if args.named => client::named_events(&args.socket.socket, args.json),
        #[cfg(feature = "appliance")]
        Verb::Events(args) => client::events(&args.socket.socket, args.json),
        #[cfg(feature = "appliance")]
        Verb::Join(args) => client::join(&args.socket.socket, &args.cid),
        #[cfg(feature = "appliance")]
        Verb::Leave(args) => client::leave(&args.socket.socket),
        #[cfg(feature = "appliance")]
        Verb::Mute(args) => client::mute(&args.socket.socket, args.for_named(What::Audio, true), args.for_named(What::Video, true)),
        #[cfg(feature = "appliance")]
        Verb::Unmute(args) => {
            client::mute(&args.socket.socket, args.for_named(What::Audio, false), args.for_named(What::Video, false))
        }
        #[cfg(feature = "appliance")]
        Verb::Call(args) => client::call(&args),
        #[cfg(feature = "appliance")]
        Verb::Answer(args) => client::answer(&args.socket.socket, args.muted, args.audio),
        #[cfg(feature = "appliance")]
        Verb::Reject(args) => client::reject(&args.socket.socket, &args.reason),
        #[cfg(feature = "appliance")]
        Verb::Hangup(args) => client::hangup(&args.socket.socket),
        #[cfg(feature = "appliance")]
        Verb::DoNotDisturb(args) => client::do_not_disturb(&args.socket.socket, args.switch == Switch::On),
        #[cfg(feature = "appliance")]
        Verb::MaxBandwidth(args) => client::max_bandwidth(&args.socket.socket, args.kbits),
        #[cfg(feature = "appliance")]
        Verb::Volume(args) => client::volume(&args.socket.socket, args.level, args.user.as_ref()),
        #[cfg(feature = "appliance")]
        Verb::Balance(args) => client::balance(&args.socket.socket, args.balance, &args.user),
        #[cfg(feature = "appliance")]
        Verb::Devices(args) => client::devices(&args.socket.socket, args.json),
        #[cfg(feature = "appliance")]
        Verb::Use(args) => client::use_device(&args.socket.socket, args.kind, &args.device),
        #[cfg(feature = "appliance")]
        Verb::SpeakerTest(args) => client::speaker_test(&args.socket.socket, args.json),
        #[cfg(feature = "appliance")]
        Verb::Record(args) => client::record(&args.socket.socket, args.what == Recording::Start),
        #[cfg(feature = "appliance")]
        Verb::Share(args) => client::share(&args),
        #[cfg(feature = "appliance")]
        Verb::Open(args) => client::open(&args.socket.socket, &args.relay),
        #[cfg(feature = "appliance")]
        Verb::Snapshot(args) => client::snapshot(&args.socket.socket, &args.file),
        Verb::Logs(args) => logs::logs(&args),
        Verb::Explain(args) => logs::explain(args.what.as_deref()),
        #[cfg(feature = "hub")]
        Verb::Hub(args) => hub::run(args),
        Verb::Generate(args) => generate::generate(&args.what),
    }
}

/// Prints one line to stdout; a reader that went away is no error (`callbox status | head -1`).
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Says what is wrong with a configuration, or `ok`.
fn checked<T>(loaded: Result<Loaded<T>, Report>, as_json: bool) -> Result<(), Failure> {
    if !as_json {
        configuration(loaded)?;
        say("ok");
        return Ok(());
    }
    let (report, refused) = match loaded {
        Ok(loaded) => (loaded.warnings, false),
        Err(report) => (report, true),
    };
    say(&format!("{:#}", report.to_json()));
    if refused { Err(Failure::configuration(report.summary())) } else { Ok(()) }
}

/// Prints what holds in the end.
fn shown(effective: Result<Effective, Report>, how: HowArgs) -> Result<(), Failure> {
    let effective = effective.map_err(|report| Failure::configuration(report.render(coloured())))?;
    say(&if how.json { format!("{:#}", effective.to_json(how.origin)) } else { effective.to_toml(how.origin) });
    Ok(())
}

fn coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// What was loaded, with its warnings on stderr; or a failure that holds the whole report.
pub(crate) fn configuration<T>(loaded: Result<Loaded<T>, Report>) -> Result<T, Failure> {
    match loaded {
        Ok(Loaded { config, warnings }) => {
            if !warnings.is_empty() {
                eprintln!("{}", warnings.render(coloured()));
            }
            Ok(config)
        }
        Err(report) => Err(Failure::configuration(report.render(coloured()))),
    }
}
