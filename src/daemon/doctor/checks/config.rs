//! The configuration can be read.

use crate::daemon::doctor::judge::Finding;

/// What was loaded: with its warnings if there are any, or the report of why it could not be.
pub fn check(loaded: Result<Option<&str>, &str>) -> Finding {
    let lines = |report: &str| report.lines().map(str::to_owned).collect::<Vec<_>>();
    match loaded {
        Ok(None) => Finding::pass("it is in order"),
        Ok(Some(warnings)) => Finding::warn("it can be used, and something in it is probably not as meant", "see `callbox check`")
            .details(lines(warnings)),
        Err(report) => Finding::fail(
            "it cannot be used, and `callbox run` does not start",
            "correct what is said here, until `callbox check` says ok",
        )
        .details(lines(report)),
    }
}
