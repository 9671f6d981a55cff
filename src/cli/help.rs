//! `callbox --help`: the verbs in groups, by what somebody wants to do.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::verbs::Cli;

/// What people come for, and the verbs for it. A verb that is in none of them is shown at the end.
const GROUPS: [(&str, &[&str]); 7] = [
    ("Run", &["run", "hub"]),
    ("Call", &["join", "leave", "call", "answer", "reject", "hangup", "do-not-disturb", "open", "record"]),
    ("Hear and see", &["mute", "unmute", "volume", "balance", "max-bandwidth", "share", "snapshot"]),
    ("Devices", &["devices", "use", "speaker-test"]),
    ("Look", &["status", "events", "logs", "explain"]),
    ("Configure", &["check", "doctor", "config", "reload"]),
    ("Install", &["generate"]),
];

/// The command line, with its help in groups.
pub fn command() -> Command {
    let command = Cli::command();
    let verbs = grouped(&command);
    command
        .help_template(format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{verbs}Options:\n{{options}}{{after-help}}"))
}

fn grouped(command: &Command) -> String {
    let verbs: Vec<&Command> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).collect();
    let width = verbs.iter().map(|verb| verb.get_name().len()).max().unwrap_or(0);
    let known = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let others: Vec<&str> = verbs.iter().map(|verb| verb.get_name()).filter(|name| !known(name)).collect();
    let mut out = String::new();
    for (title, names) in GROUPS.iter().copied().chain([("More", others.as_slice())]) {
        let there: Vec<_> = names.iter().filter_map(|name| verbs.iter().find(|verb| verb.get_name() == *name)).collect();
        if there.is_empty() {
            continue;
        }
        // Writing to a String does not fail.
        let _ = writeln!(out, "{title}:");
        for verb in there {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(out, "  {:width$}  {about}", verb.get_name());
        }
        out.push('\n');
    }
    out
}

#[cfg(all(test, feature = "appliance", feature = "hub"))]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_in_one_group_and_fits_on_a_line() {
        let command = command();
        let mut named: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        named.sort_unstable();
        verbs.sort_unstable();
        assert_eq!(named, verbs);
        for line in grouped(&command).lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn the_command_line_is_consistent_and_every_verb_explains_itself() {
        command().debug_assert();
        let mut waiting: Vec<Command> = command().get_subcommands().cloned().collect();
        while let Some(verb) = waiting.pop() {
            assert!(verb.get_about().is_some(), "{}", verb.get_name());
            for argument in verb.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", verb.get_name(), argument.get_id());
            }
            waiting.extend(verb.get_subcommands().cloned());
        }
    }
}
