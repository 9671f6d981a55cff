//! Values with rules of their own: addresses, pins, files that hold secrets.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;

use super::reader::{At, Section};
use super::report::Problem;

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
    if authority.contains(['/', '?', '#']) {
        return Err("only host and port are wanted, no path".to_owned());
    }
    if authority.contains('@') {
        return Err("a user or password does not belong here".to_owned());
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
    let problem = match std::fs::metadata(&file.value) {
        Err(error) => Problem::error(format!("cannot read `{name}`: {error}")).at(&file.at, format!("{path}")),
        Ok(found) if found.permissions().mode() & 0o007 != 0 => {
            let mode = found.permissions().mode() & 0o7777;
            Problem::error(format!("everybody on this machine may open `{name}`: its mode is {mode:04o}"))
                .at(&file.at, format!("{path}"))
                .help(format!("chmod 600 {path}"))
        }
        Ok(found) if found.is_file() && found.len() == 0 => {
            Problem::error(format!("`{name}` is empty")).at(&file.at, format!("{path}"))
        }
        Ok(_) => return,
    };
    section.note(problem);
}

/// Notes that a file cannot be read.
pub fn readable_file(section: &mut Section<'_, '_>, key: &str, file: &At<PathBuf>) {
    if let Err(error) = std::fs::File::open(&file.value) {
        let problem = Problem::error(format!("cannot read `{}`: {error}", section.name(key)));
        section.note(problem.at(&file.at, format!("{}", file.value.display())));
    }
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
