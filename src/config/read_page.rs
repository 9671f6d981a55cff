//! `[page]`: from the merged tree to [`Page`].

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::reader::{At, Section};
use super::report::Problem;
use super::{Page, PageTls, check};

/// The shortest password that lets somebody in from elsewhere.
const SHORTEST: usize = 8;

/// Reads the table; none unless it is there.
pub fn read(mut s: Section<'_, '_>, there: bool, credentials: Option<&Path>) -> Option<Page> {
    let default = Page::default();
    let listen = listen(&mut s);
    let password_file = password_file(&mut s, credentials.filter(|_| there));
    let tls = tls(&mut s);
    let names = names(&mut s);
    let restart = s.boolean("restart").unwrap_or(default.restart);
    let reboot = s.text("reboot").and_then(|text| {
        let words: Vec<String> = text.value.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            s.bad("reboot", &text.at, "write a program and its arguments, for example \"systemctl reboot\", or leave the line out");
        }
        (!words.is_empty()).then_some(words)
    });
    if let Some(listen) = listen.as_ref().filter(|listen| !listen.value.ip().is_loopback()) {
        from_elsewhere(&mut s, listen, password_file.is_some(), &tls);
    }
    let listen = listen.map_or(default.listen, |listen| listen.value);
    there.then_some(Page { listen, password_file, tls, names, restart, reboot })
}

fn listen(s: &mut Section<'_, '_>) -> Option<At<SocketAddr>> {
    let text = s.text("listen")?;
    let Ok(value) = text.value.parse::<SocketAddr>() else {
        s.bad("listen", &text.at, "write ADDRESS:PORT in numbers, for example 127.0.0.1:8480, 0.0.0.0:8480 or [::]:8480");
        return None;
    };
    Some(At { value, at: text.at, key_at: text.key_at })
}

fn password_file(s: &mut Section<'_, '_>, credentials: Option<&Path>) -> Option<PathBuf> {
    let Some(file) = s.path("password-file") else {
        let credential = check::credential(credentials, "callbox-page-password");
        s.reading.given.extend(credential.iter().map(|file| ("page.password-file".to_owned(), file.clone())));
        return credential;
    };
    check::secret_file(s, "password-file", &file);
    if let Some(length) = length(&file.value).filter(|length| (1..SHORTEST).contains(length)) {
        let problem = Problem::error(format!("the password in `page.password-file` is too short: it has {length} letters"));
        s.note(problem.at(&file.at, "").help(format!("use at least {SHORTEST}: `openssl rand -base64 12` makes one")));
    }
    Some(file.value)
}

/// Of the password; none if the file cannot be read, of which is spoken elsewhere.
fn length(file: &Path) -> Option<usize> {
    let mut begin = Vec::new();
    // Opening a pipe would wait for somebody at its other end.
    let is_file = std::fs::metadata(file).is_ok_and(|found| found.is_file());
    is_file.then(|| std::fs::File::open(file).ok()?.take(4096).read_to_end(&mut begin).ok()).flatten()?;
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Some(String::from_utf8_lossy(line.trim_ascii()).chars().count())
}

fn tls(s: &mut Section<'_, '_>) -> PageTls {
    let certificate = s.path("certificate");
    let key = s.path("key");
    let self_signed = s.boolean("self-signed").unwrap_or(false);
    if let Some(certificate) = &certificate {
        check::readable_file(s, "certificate", certificate);
        check::certificates(s, "certificate", certificate);
        if s.node("key").is_none() {
            s.missing("key", "name the certificate's private key: key = \"…\"");
        }
        if self_signed {
            let problem = Problem::error("`page.self-signed` and `page.certificate` exclude each other");
            s.note(problem.at(&certificate.key_at, "this is a certificate already").help("leave one of them out"));
        }
    }
    if let Some(key) = &key {
        check::secret_file(s, "key", key);
        if s.node("certificate").is_none() {
            s.missing("certificate", "name the key's certificate: certificate = \"…\"");
        }
    }
    match (certificate, key) {
        (Some(certificate), Some(key)) => PageTls::Files { certificate: certificate.value, key: key.value },
        _ if self_signed => PageTls::SelfSigned,
        _ => PageTls::Off,
    }
}

fn names(s: &mut Section<'_, '_>) -> Vec<String> {
    let mut names = Vec::new();
    for name in s.texts("names").unwrap_or_default() {
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if name.value.is_empty() || name.value.len() > 253 || !name.value.chars().all(letter) {
            s.bad("names", &name.at, "write host names without scheme and port, for example \"door-1.example.org\"");
        }
        names.push(name.value.to_ascii_lowercase());
    }
    names
}

/// Whoever reaches the page from elsewhere needs a password, and should not send it in the clear.
fn from_elsewhere(s: &mut Section<'_, '_>, listen: &At<SocketAddr>, has_password: bool, tls: &PageTls) {
    if !has_password && s.node("password-file").is_none() {
        let problem = Problem::error("`page.password-file` is missing: the page is open to others than this machine");
        let help = "name a file with a password of the device, give systemd the credential callbox-page-password, or listen at \
                    127.0.0.1";
        return s.note(problem.at(&listen.at, "whoever reaches this address could change everything").help(help));
    }
    if *tls == PageTls::Off && s.node("certificate").is_none() {
        let problem = Problem::warning("the password of the page goes over the network in the clear");
        let help = "write self-signed = true, or name certificate and key";
        s.note(problem.at(&listen.at, "not only this machine, and not encrypted").help(help));
    }
}
