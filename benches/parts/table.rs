//! The closing table.

/// Figures in the order they were measured.
#[derive(Default)]
pub struct Table(Vec<[String; 5]>);

/// Median of some figures.
pub fn median(figures: &[f64]) -> f64 {
    percentile(figures, 0.5)
}

/// A percentile, `share` between 0 and 1.
pub fn percentile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

impl Table {
    /// A line: what, ours, theirs, how they compare, and the goal.
    pub fn line(&mut self, what: &str, ours: String, theirs: String, compared: String, goal: &str) {
        eprintln!("  {what}: {ours} against {theirs} ({compared})");
        self.0.push([what.to_owned(), ours, theirs, compared, goal.to_owned()]);
    }

    /// A line whose comparison is a ratio, with `most` as the goal.
    pub fn ratio(&mut self, what: &str, unit: &str, ours: f64, theirs: f64, most: f64) {
        let ratio = ours / theirs;
        let verdict = if ratio <= most { "met" } else { "MISSED" };
        let goal = format!("at most {most:.2}x: {verdict}");
        self.line(what, format!("{ours:.1} {unit}"), format!("{theirs:.1} {unit}"), format!("{ratio:.2}x"), &goal);
    }

    /// A line with a goal of its own: at least so many.
    pub fn least(&mut self, what: &str, unit: &str, ours: f64, goal: f64) {
        let verdict = if ours >= goal { "met" } else { "MISSED" };
        self.line(what, format!("{ours:.1} {unit}"), String::new(), String::new(), &format!("at least {goal:.0}: {verdict}"));
    }

    /// A line with a goal of its own: at most so many.
    pub fn most(&mut self, what: &str, unit: &str, ours: f64, goal: f64) {
        let verdict = if ours <= goal { "met" } else { "MISSED" };
        self.line(what, format!("{ours:.2} {unit}"), String::new(), String::new(), &format!("at most {goal:.0} {unit}: {verdict}"));
    }

    /// Prints it all.
    pub fn print(&self) {
        let head = ["", "callbox", "beside", "compared", "goal"].map(str::to_owned);
        let rows: Vec<&[String; 5]> = std::iter::once(&head).chain(&self.0).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..5).map(width).collect();
        println!();
        for row in rows {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            println!("{}", cells.join("  ").trim_end());
        }
    }
}
