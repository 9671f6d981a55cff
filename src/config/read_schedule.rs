//! `[[schedule]]`: from the merged tree to [`Schedule`].

use super::reader::{Reading, Section, tables};
use super::report::Problem;
use super::tree::Table;
use super::{DAYS, Schedule, Window, similar};
use crate::protocol::Cid;

/// Reads every table.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table) -> Vec<Schedule> {
    tables(reading, root, "schedule", schedule)
}

fn schedule(s: &mut Section<'_, '_>) -> Option<Schedule> {
    let cid = s.parse::<Cid>("call");
    if s.node("call").is_none() {
        s.missing("call", "say which call to be in: call = \"default:lobby\"");
    }
    let days = days(s);
    let window = match s.text("time") {
        None => None,
        Some(text) => match text.value.parse::<Window>() {
            Ok(window) => Some(window),
            Err(why) => {
                s.bad("time", &text.at, format!("{why}, or leave it out for the whole day"));
                return None;
            }
        },
    };
    Some(Schedule { days, window, cid: cid?.value })
}

fn days(s: &mut Section<'_, '_>) -> [bool; 7] {
    let Some(texts) = s.texts("days") else { return [true; 7] };
    let mut days = [false; 7];
    for text in &texts {
        match DAYS.iter().position(|day| *day == text.value) {
            Some(day) => days[day] = true,
            None => {
                let label = similar::best(text.value, DAYS).map(|day| format!("did you mean \"{day}\"?")).unwrap_or_default();
                let problem = Problem::error(format!("`schedule.days` cannot have \"{}\"", text.value)).at(&text.at, label);
                s.note(problem.help(format!("use {}", similar::either(&DAYS))));
            }
        }
    }
    if texts.is_empty()
        && let Some(node) = s.node("days")
    {
        let problem = Problem::error("`schedule.days` is empty").at(&node.at, "");
        s.note(problem.help("name at least one day, or leave it out for every day"));
    }
    days
}
