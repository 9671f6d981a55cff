//! The certificate of the page: one from files, or one that was made here and stays.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

use super::Error;
use crate::config::{Page, PageTls};

/// TLS, and the fingerprint that a browser shows of the certificate; none where nothing is encrypted.
pub(super) fn identity(page: &Page, state: &Path, host: Option<&str>) -> Result<Option<(TlsAcceptor, String)>, Error> {
    let (certificate, key) = match &page.tls {
        PageTls::Off => return Ok(None),
        PageTls::Files { certificate, key } => (certificate.clone(), key.clone()),
        PageTls::SelfSigned => {
            let (certificate, key) = (state.join("page-certificate.pem"), state.join("page-key.pem"));
            if read(&certificate, &key).is_err() {
                make(state, &certificate, &key, page, host)?;
            }
            (certificate, key)
        }
    };
    let (chain, key) = read(&certificate, &key)?;
    let print = fingerprint(&chain);
    let bad = |reason: rustls::Error| Error::Tls { path: certificate.clone(), reason: reason.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(bad)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some((TlsAcceptor::from(Arc::new(config)), print)))
}

fn read(certificate: &Path, key: &Path) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
    let bad = |path: &Path, reason: String| Error::Tls { path: path.to_owned(), reason };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(bad(certificate, "there is no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| bad(key, error.to_string()))?;
    Ok((chain, key))
}

/// For all names and addresses by which it may be called. It never ends: a board may not know what day it is.
fn make(state: &Path, certificate: &Path, key: &Path, page: &Page, host: Option<&str>) -> Result<(), Error> {
    let bad = |path: &Path, reason: String| Error::Tls { path: path.to_owned(), reason };
    let unmade = |error: rcgen::Error| bad(certificate, error.to_string());
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(host.iter().flat_map(|host| [(*host).to_owned(), format!("{host}.local")]));
    names.extend(page.names.iter().cloned());
    let listen = page.listen.ip();
    names.extend((!listen.is_unspecified() && !listen.is_loopback()).then(|| listen.to_string()));
    names.dedup();
    let pair = KeyPair::generate().map_err(unmade)?;
    let mut wanted = CertificateParams::new(names).map_err(unmade)?;
    wanted.distinguished_name.push(DnType::CommonName, format!("Callbox {}", host.unwrap_or("appliance")));
    let made = wanted.self_signed(&pair).map_err(unmade)?;
    fs::create_dir_all(state).map_err(|error| bad(state, error.to_string()))?;
    keep(key, &pair.serialize_pem()).map_err(|error| bad(key, error.to_string()))?;
    keep(certificate, &made.pem()).map_err(|error| bad(certificate, error.to_string()))?;
    Ok(())
}

fn keep(file: &Path, text: &str) -> std::io::Result<()> {
    let part = file.with_extension("part");
    // One of an earlier try may have another mode.
    let _ = fs::remove_file(&part);
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&part, file)
}

/// SHA-256 of the first certificate, as browsers write it.
fn fingerprint(chain: &[CertificateDer<'_>]) -> String {
    let digest = chain.first().map(|first| Sha256::digest(first.as_ref())).unwrap_or_default();
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_certificate_that_was_made_stays_and_nobody_else_reads_its_key() {
        let directory = tempfile::tempdir().unwrap();
        let page = Page { tls: PageTls::SelfSigned, ..Page::default() };
        let state = directory.path().join("state");
        let (_, first) = identity(&page, &state, Some("door-1")).unwrap().unwrap();
        let (_, again) = identity(&page, &state, Some("door-1")).unwrap().unwrap();
        assert_eq!(first, again);
        assert_eq!((first.len(), first.matches(':').count()), (95, 31));
        assert_eq!(fs::metadata(state.join("page-key.pem")).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(state.join("page-certificate.pem"), "torn").unwrap();
        assert_ne!(identity(&page, &state, None).unwrap().unwrap().1, first, "a torn one is made anew");
    }
}
