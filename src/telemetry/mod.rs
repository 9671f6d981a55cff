//! Logs: to stderr, one line each, for a person or for the journal.

use std::fmt;
use std::io::IsTerminal as _;
use std::os::unix::fs::MetadataExt as _;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Compact, Format, FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, time::SystemTime};
use tracing_subscriber::registry::LookupSpan;

use crate::config::LogLevel;

/// Starts logging. `RUST_LOG`, where set, overrides the level, module by module. A second call changes nothing.
pub fn init(level: LogLevel) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(directives(level)));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let outcome = if journal_reads_stderr() {
        builder.with_ansi(false).event_format(Journal(Format::default().compact().without_time().with_level(false))).try_init()
    } else {
        let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let format: Format<Compact, SystemTime> = Format::default().compact();
        builder.with_ansi(coloured).event_format(format).try_init()
    };
    // Somebody else (a test) already listens: theirs stays.
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
