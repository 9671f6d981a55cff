//! `callbox hub`, and the verbs below it.

use std::io::{BufRead, IsTerminal, Read, Write};

use tokio::signal::unix::{SignalKind, signal};

use super::verbs::{HubArgs, HubConfigArgs, HubTokenArgs, HubVerb};
use super::{Failure, say};
use crate::config::{self, Hub};
use crate::protocol::hub::User;
use crate::{hub, telemetry};

/// The longest password that is read.
const MAX_PASSWORD: u64 = 1024;

/// Runs the hub, or the verb below it.
pub fn run(args: HubArgs) -> Result<(), Failure> {
    match args.verb {
        Some(HubVerb::Passwd) => passwd(),
        Some(HubVerb::Token(args)) => token(args),
        Some(HubVerb::Check(args)) => super::checked(config::load_hub(&args.config.config), args.json),
        Some(HubVerb::Config(args)) => super::shown(config::effective_hub(&args.config.config), args.how),
        None => {
            let mut config = load(&args.config)?;
            if let Some(listen) = args.listen {
                config.listen = listen;
            }
            telemetry::init(config.log.level);
            serve(config)
        }
    }
}

fn load(args: &HubConfigArgs) -> Result<Hub, Failure> {
    super::configuration(config::load_hub(&args.config))
}

fn serve(config: Hub) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::failed(format_args!("cannot start threads: {e}")))?;
    let served = runtime.block_on(async {
        let mut terminate =
            signal(SignalKind::terminate()).map_err(|e| Failure::failed(format_args!("cannot catch signals: {e}")))?;
        let mut interrupt =
            signal(SignalKind::interrupt()).map_err(|e| Failure::failed(format_args!("cannot catch signals: {e}")))?;
        let shutdown = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        };
        let listening = |url: &str| {
            say(&format!("listening on {url}"));
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        };
        hub::serve(config, listening, shutdown).await.map_err(Failure::failed)
    });
    // A thread that still computes a password hash must not hold up the end.
    runtime.shutdown_background();
    served
}

fn token(args: HubTokenArgs) -> Result<(), Failure> {
    let config = load(&args.config)?;
    let HubTokenArgs { user, name, role, teams, expires, key, key_file, .. } = args;
    let known = config.users.iter().find(|known| known.id == user).cloned();
    let mut user = known
        .map_or_else(|| User::new(user), |known| User { id: known.id, name: known.name, role: known.role, teams: known.teams });
    user.name = name.unwrap_or(user.name);
    user.role = role.unwrap_or(user.role);
    if !teams.is_empty() {
        user.teams = teams.into_iter().collect();
    }
    let wanted = hub::Minted { user, lifetime: expires, key: key.as_deref(), key_file: key_file.as_deref() };
    say(&hub::mint_token(&config, &wanted).map_err(Failure::failed)?);
    Ok(())
}

fn passwd() -> Result<(), Failure> {
    let password = if std::io::stdin().is_terminal() { ask()? } else { read_line(&mut std::io::stdin().lock())? };
    if password.is_empty() {
        return Err(Failure::failed("an empty password is none"));
    }
    let hash = hub::hash_password(&password).map_err(|e| Failure::failed(format_args!("cannot make the hash: {e}")))?;
    say(&hash);
    Ok(())
}

/// Asks twice, without showing what is typed.
fn ask() -> Result<String, Failure> {
    let prompt =
        |text: &str| rpassword::prompt_password(text).map_err(|e| Failure::failed(format_args!("cannot read a password: {e}")));
    let _ = std::io::stderr().flush();
    let password = prompt("Password: ")?;
    if prompt("Again: ")? != password {
        return Err(Failure::failed("the two passwords differ"));
    }
    Ok(password)
}

fn read_line(input: &mut impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    let read = input.take(MAX_PASSWORD + 2).read_line(&mut line);
    read.map_err(|e| Failure::failed(format_args!("cannot read a password from stdin: {e}")))?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.len() as u64 > MAX_PASSWORD {
        return Err(Failure::failed(format_args!("a password may have {MAX_PASSWORD} bytes")));
    }
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_of_bounded_length() {
        let read = |text: &str| read_line(&mut text.as_bytes());
        assert_eq!(read("secret\nmore\n").unwrap(), "secret");
        assert_eq!(read("with space \r\n").unwrap(), "with space ");
        assert_eq!(read("no newline").unwrap(), "no newline");
        assert!(read(&"x".repeat(1025)).unwrap_err().message.contains("1024"));
    }
}
