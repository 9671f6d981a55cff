//! Values with rules of their own: addresses, pins, files that hold secrets.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;

use super::reader::{At, Section};
use super::report::Problem;

/// No file of certificates is longer.
const MAX_PEM: u64 = 1 << 20;
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// An address, taken apart as far as configuration needs it.
pub struct Address<'t> {
    /// Before `://`.
    pub scheme: &'t str,
    /// Name or number, without brackets.
    pub host: &'t str,
    /// If it is said.
    pub port: Option<u16>,
}

/// `SCHEME://HOST[:PORT][/]` and nothing more.
pub fn address<'t>(text: &'t str, schemes: &[&str]) -> Result<Address<'t>, String> {
    let example = format!("write {}://HOST or {0}://HOST:PORT", schemes[schemes.len() - 1]);
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!("the scheme is missing: {example}"));
    };
    if !schemes.contains(&scheme) {
        let hint = match scheme {
            "http" if schemes.contains(&"ws") => ", did you mean ws://?",
            "https" if schemes.contains(&"wss") => ", did you mean wss://?",
            _ => "",
        };
        return Err(format!("the scheme must be {}{hint}", super::similar::either(schemes)));
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return Err("a user or password does not belong here".to_owned());
    }
    if authority.contains(['/', '?', '#']) {
        return Err("only host and port are wanted, no path".to_owned());
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("the host is missing: {example}"));
    }
    let number = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0));
    if number == Some(None) {
        return Err("the port must be a number from 1 to 65535".to_owned());
    }
    Ok(Address { scheme, host, port: number.flatten() })
}

/// V4L2 controls by the names that `v4l2-ctl` and GStreamer give them; at most 31 letters, as the kernel has them.
pub fn controls(s: &mut Section<'_, '_>, key: &str, controls: Vec<(&str, At<i32>)>) -> Vec<(String, i32)> {
    let mut good = Vec::new();
    for (name, value) in controls {
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.len() > 31 || !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(letter) {
            let problem = Problem::error(format!("`{}` is not the name of a control", s.name(&format!("{key}.{name}"))));
            let help = "use a name that `v4l2-ctl --list-ctrls` prints, for example brightness or exposure_time_absolute";
            s.note(problem.at(&value.key_at, "").help(help));
        }
        good.push((name.to_owned(), value.value));
    }
    good
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `sha256//BASE64`, as `curl --pinnedpubkey` takes it.
pub fn pin(text: &str) -> Result<[u8; 32], String> {
    let Some(encoded) = text.strip_prefix("sha256//") else {
        return Err("a pin begins with sha256//".to_owned());
    };
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).map_err(|error| format!("not base64: {error}"))?;
    bytes.try_into().map_err(|bytes: Vec<u8>| format!("SHA-256 has 32 bytes, this has {}", bytes.len()))
}

/// Notes what speaks against a file that holds a secret.
pub fn secret_file(section: &mut Section<'_, '_>, key: &str, file: &At<PathBuf>) {
    let name = section.name(key);
    let path = file.value.display();
    let found = match std::fs::metadata(&file.value) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let problem = Problem::error(format!("`{name}` names a file that is not there")).at(&file.at, missing(&file.value));
            return section.note(problem.help(format!("write the secret into it, then chmod 600 {path}")));
        }
        Err(error) => return section.note(unreadable(&name, file, &error)),
        Ok(found) => found,
    };
    let mode = found.permissions().mode() & 0o7777;
    let problem = if found.is_dir() {
        Problem::error(format!("`{name}` names a directory")).at(&file.at, "").help("name a file in it")
    } else if mode & 0o007 != 0 {
        let problem = Problem::error(format!("everybody on this machine may open `{name}`: its mode is {mode:04o}"));
        problem.at(&file.at, "").help(format!("chmod 600 {path}"))
    } else if !found.is_file() {
        // Opening a pipe would wait for somebody at its other end.
        return;
    } else {
        match first_line(&file.value) {
            Ok(Some(_)) => return,
            Ok(None) => {
                let problem = Problem::error(format!("`{name}` has nothing on its first line")).at(&file.at, "");
                problem.help("it holds the secret and nothing else")
            }
            Err(error) => unreadable(&name, file, &error),
        }
    };
    section.note(problem);
}

/// Notes that a file cannot be read.
pub fn readable_file(section: &mut Section<'_, '_>, key: &str, file: &At<PathBuf>) {
    let name = section.name(key);
    let problem = match std::fs::metadata(&file.value) {
        Err(error) => unreadable(&name, file, &error),
        Ok(found) if found.is_dir() => {
            Problem::error(format!("`{name}` names a directory")).at(&file.at, "").help("name a file in it")
        }
        // Opening a pipe would wait for somebody at its other end.
        Ok(found) if !found.is_file() => return,
        Ok(_) => match File::open(&file.value) {
            Ok(_) => return,
            Err(error) => unreadable(&name, file, &error),
        },
    };
    section.note(problem);
}

/// Notes that there is no certificate in a file that should have some.
pub fn certificates(section: &mut Section<'_, '_>, key: &str, file: &At<PathBuf>) {
    let mut text = Vec::new();
    let read = File::open(&file.value).and_then(|opened| opened.take(MAX_PEM).read_to_end(&mut text));
    let is_there = text.windows(CERTIFICATE.len()).any(|part| part == CERTIFICATE);
    if read.is_ok() && !is_there && std::fs::metadata(&file.value).is_ok_and(|found| found.is_file()) {
        let problem = Problem::error(format!("there is no certificate in `{}`", section.name(key))).at(&file.at, "");
        section.note(problem.help("it is a PEM file: it has a line -----BEGIN CERTIFICATE-----"));
    }
}

/// Notes that a directory is none. One that is not there is made when it is needed.
pub fn directory(section: &mut Section<'_, '_>, key: &str, directory: &At<PathBuf>) {
    if std::fs::metadata(&directory.value).is_ok_and(|found| !found.is_dir()) {
        let problem = Problem::error(format!("`{}` names something that is not a directory", section.name(key)));
        section.note(problem.at(&directory.at, "").help("name a directory; it is made if it is not there"));
    }
}

/// Notes that a file is no picture of a kind that can be shown.
#[cfg(feature = "appliance")]
pub fn picture(section: &mut Section<'_, '_>, key: &str, file: &At<PathBuf>) {
    let mut begin = [0; 8];
    let is_file = std::fs::metadata(&file.value).is_ok_and(|found| found.is_file());
    let read = if is_file { File::open(&file.value).and_then(|mut opened| opened.read(&mut begin)) } else { return };
    if read.is_ok() && begin != *b"\x89PNG\r\n\x1a\n" && !begin.starts_with(b"\xff\xd8\xff") {
        let problem = Problem::error(format!("`{}` is neither PNG nor JPEG", section.name(key)));
        section.note(problem.at(&file.at, "").help("save it as one of them; the name alone does not make it one"));
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // not our enum: it grows with every release
fn unreadable(name: &str, file: &At<PathBuf>, error: &std::io::Error) -> Problem {
    let path = file.value.display();
    match error.kind() {
        ErrorKind::NotFound => {
            Problem::error(format!("`{name}` names a file that is not there")).at(&file.at, missing(&file.value))
        }
        ErrorKind::PermissionDenied => Problem::error(format!("`{name}` may not be read by this user"))
            .at(&file.at, "")
            .help(format!("the service runs as `callbox`: chown callbox {path}")),
        _ => {
            let text = error.to_string();
            // "(os error 13)" helps nobody.
            let text = text.split(" (os error").next().unwrap_or_default().to_owned();
            Problem::error(format!("cannot read `{name}`: {text}")).at(&file.at, "")
        }
    }
}

/// How far the path leads.
fn missing(path: &Path) -> String {
    match path.ancestors().skip(1).find(|above| above.as_os_str().is_empty() || above.exists()) {
        Some(above) if path.parent() != Some(above) => format!("already {} is not there", first_missing(path, above).display()),
        _ => String::new(),
    }
}

fn first_missing<'p>(path: &'p Path, above: &Path) -> &'p Path {
    path.ancestors().find(|part| part.parent() == Some(above)).unwrap_or(path)
}

/// What a secret is read from; none if it is blank.
fn first_line(path: &Path) -> std::io::Result<Option<()>> {
    let mut begin = [0; 4096];
    let read = File::open(path)?.read(&mut begin)?;
    let line = begin[..read].split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok((!line.trim_ascii().is_empty()).then_some(()))
}

/// The file of a systemd credential, if there is one of this name.
pub fn credential(directory: Option<&Path>, name: &str) -> Option<PathBuf> {
    directory.map(|directory| directory.join(name)).filter(|file| file.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_host_and_port() {
        for good in ["wss://hub.example.org", "ws://127.0.0.1:8080/", "ws://[::1]:8080"] {
            assert!(address(good, &["ws", "wss"]).is_ok(), "{good}");
        }
        let cases = [
            ("hub.example.org", "scheme is missing"),
            ("https://hub", "did you mean wss://"),
            ("wss://", "host is missing"),
            ("wss://hub:99999", "1 to 65535"),
            ("wss://hub/v1/socket", "no path"),
            ("wss://me:you@hub", "does not belong here"),
        ];
        for (bad, why) in cases {
            let said = address(bad, &["ws", "wss"]).err().unwrap_or_default();
            assert!(said.contains(why), "{bad}: {said}");
        }
    }

    #[test]
    fn a_pin_is_32_bytes() {
        assert_eq!(pin("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), Ok([0; 32]));
        assert!(pin("sha256//AAAA").unwrap_err().contains("has 3"));
        assert!(pin("md5//AAAA").is_err());
        assert!(pin("sha256//?").is_err());
    }

    #[test]
    fn loopback_is_known_by_name_and_number() {
        assert!(is_loopback("localhost") && is_loopback("127.0.0.9") && is_loopback("::1"));
        assert!(!is_loopback("192.168.1.2") && !is_loopback("hub.example.org"));
    }
}
