//! Logs: to the journal with fields and message ids where it reads stderr, else to stderr, one line each, for a person. And metrics:
//! what Prometheus and health checks are answered.

#[cfg(feature = "appliance")]
pub mod appliance;
pub mod catalog;
mod journal;
#[cfg(any(feature = "appliance", feature = "hub"))]
pub mod listener;
pub mod process;
#[cfg(feature = "appliance")]
pub mod recent;
mod says;
pub mod sheet;

pub use says::{say, say_of};

use std::fmt;
use std::io::IsTerminal as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::OnceLock;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::{RecordFields, VisitOutput as _};
use tracing_subscriber::fmt::format::{Compact, DefaultVisitor, Format, FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, time::SystemTime};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, reload};

use crate::config::LogLevel;

/// Changes the level of what listens.
static LEVEL: OnceLock<Box<dyn Fn(LogLevel) + Send + Sync>> = OnceLock::new();

/// Another level from now on. `RUST_LOG` overrides it as at the start.
pub fn set_level(level: LogLevel) {
    if let Some(set) = LEVEL.get() {
        set(level);
    }
}

/// Starts logging. `RUST_LOG`, where set, overrides the level, module by module. A second call changes nothing.
pub fn init(level: LogLevel) {
    let named = EnvFilter::try_from_default_env().ok();
    let is_fixed = named.is_some();
    let filter = named.unwrap_or_else(|| EnvFilter::new(directives(level)));
    let (filter, handle) = reload::Layer::new(filter);
    let _ = LEVEL.set(Box::new(move |level| {
        // Nobody listens any more, or somebody else does.
        let _ = if is_fixed { Ok(()) } else { handle.reload(EnvFilter::new(directives(level))) };
    }));
    let registry = tracing_subscriber::registry().with(filter);
    #[cfg(feature = "appliance")]
    let registry = registry.with(recent::Recent);
    let in_journal = journal_reads_stderr();
    if let Some(journal) = in_journal.then(journal::Journal::open).and_then(Result::ok) {
        // Somebody else (a test) already listens: theirs stays.
        let _ = registry.with(journal).try_init();
        return;
    }
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).fmt_fields(WithoutIds);
    let outcome = if in_journal {
        let format = Journal(Format::default().compact().without_time().with_level(false));
        registry.with(layer.with_ansi(false).event_format(format)).try_init()
    } else {
        let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let format: Format<Compact, SystemTime> = Format::default().compact();
        registry.with(layer.with_ansi(coloured).event_format(format)).try_init()
    };
    drop(outcome);
}

/// Libraries speak one level lower than we do: their INFO is rarely news to the person at the appliance.
fn directives(level: LogLevel) -> String {
    let libraries = match level {
        LogLevel::Error => "error",
        LogLevel::Warn | LogLevel::Info => "warn",
        LogLevel::Debug => "info",
        LogLevel::Trace => "debug",
    };
    format!("{libraries},callbox={}", level.as_str())
}

/// systemd names device and inode of the stream that it connected to the journal; stderr may have been redirected since.
fn journal_reads_stderr() -> bool {
    let Ok(named) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stderr) = std::fs::metadata("/proc/self/fd/2") else { return false };
    named == format!("{}:{}", stderr.dev(), stderr.ino())
}

/// Fields as people read them: without what is for the journal only.
struct WithoutIds;

impl<'w> FormatFields<'w> for WithoutIds {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Visitor(DefaultVisitor::new(writer, true));
        fields.record(&mut visitor);
        visitor.0.finish()
    }
}

struct Visitor<'w>(DefaultVisitor<'w>);

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() != journal::ID {
            self.0.record_str(field, value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.0.record_error(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != journal::ID {
            self.0.record_debug(field, value);
        }
    }
}

/// Puts the priority in front of each line, as `sd-daemon(3)` has it.
struct Journal<F>(F);

impl<S, N, F> FormatEvent<S, N> for Journal<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

/// syslog(3)
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_modules_speak_at_the_configured_level_and_libraries_below_it() {
        assert_eq!(directives(LogLevel::Info), "warn,callbox=info");
        assert_eq!(directives(LogLevel::Trace), "debug,callbox=trace");
        for (_, level) in LogLevel::ALL {
            assert!(EnvFilter::try_new(directives(level)).is_ok());
        }
    }

    #[test]
    fn the_journal_learns_the_priority() {
        assert_eq!((priority(Level::ERROR), priority(Level::INFO), priority(Level::TRACE)), (3, 6, 7));
    }
}
