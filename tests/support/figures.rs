//! What was measured beside what is wanted. A machine that does something else as well measures less: what is asserted is more modest.

use std::io::Write;

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// So much or more.
    AtLeast(f64),
    /// Less than this.
    Under(f64),
}

impl Goal {
    fn is_reached(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(least) => measured >= least,
            Self::Under(most) => measured < most,
        }
    }
}

/// Prints a figure, and adds it to the table that `scripts/test-network` prints in the end.
pub fn figure(what: &str, goal: Goal, measured: f64, unit: &str) {
    let wanted = match goal {
        Goal::AtLeast(least) => format!("at least {least} {unit}"),
        Goal::Under(most) => format!("under {most} {unit}"),
    };
    let verdict = if goal.is_reached(measured) { "yes" } else { "NO" };
    println!("{what}: {measured:.1} {unit}, wanted {wanted}: {verdict}");
    let Ok(path) = std::env::var("NETWORK_FIGURES") else {
        return;
    };
    let mut table = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(table, "{what}\t{wanted}\t{measured:.1} {unit}\t{verdict}").unwrap();
}
