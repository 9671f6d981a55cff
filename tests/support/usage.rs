//! What a process takes of the machine, and how that goes on.

use std::fs;

/// At one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Proportional set size, KiB.
    pub pss: u64,
    /// Resident set size, KiB.
    pub rss: u64,
    /// What belongs to nobody else and to no file, KiB: whatever else runs on the machine, it stays the same.
    pub own: u64,
    /// Open files.
    pub files: usize,
    /// Threads.
    pub threads: usize,
}

impl Usage {
    /// Of a process that runs.
    pub fn of(pid: u32) -> Self {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        let kib = |name: &str| {
            let line = rollup.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let count = |what: &str| fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count();
        Self { pss: kib("Pss:"), rss: kib("Rss:"), own: kib("Anonymous:"), files: count("fd"), threads: count("task") }
    }
}

/// By how much it grows with each step (least squares).
pub fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (mean_x, mean_y) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let deviations = || values.iter().enumerate().map(|(x, y)| (x as f64 - mean_x, y - mean_y));
    let width: f64 = deviations().map(|(x, _)| x * x).sum();
    if width <= f64::EPSILON { 0.0 } else { deviations().map(|(x, y)| x * y).sum::<f64>() / width }
}

/// The median.
pub fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// A curve of characters: at most 72 columns (the mean of what falls into one), 8 lines, the scale at the left.
pub fn curve(title: &str, values: &[f64]) -> String {
    const LINES: usize = 8;
    let columns = values.len().min(72);
    let part = |column: usize| &values[column * values.len() / columns..(column + 1) * values.len() / columns];
    let means: Vec<f64> = (0..columns).map(|column| part(column).iter().sum::<f64>() / part(column).len() as f64).collect();
    let (low, high) = means.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let line_of = |value: f64| if high > low { ((value - low) / (high - low) * (LINES - 1) as f64).round() as usize } else { 0 };
    let mut text = format!("  {title}\n");
    for line in (0..LINES).rev() {
        let scale = low + (high - low) * line as f64 / (LINES - 1) as f64;
        let marks: String = means.iter().map(|value| if line_of(*value) == line { '*' } else { ' ' }).collect();
        text.push_str(&format!("  {scale:9.1} |{}\n", marks.trim_end()));
    }
    text
}
