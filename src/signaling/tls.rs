//! Whom to believe: system roots, one private CA, or one pinned key; and what a failed handshake means.

use std::io;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

use super::connection::Failure;
use super::{HubAddress, Trust};

/// A PEM file longer than this is not a CA file.
const MAX_CA_FILE: u64 = 1024 * 1024;

/// TLS as this trust wants it. Reads files, so it blocks; done anew for every attempt, so that a replaced CA file counts.
pub fn client_config(trust: &Trust) -> Result<ClientConfig, Failure> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => by_roots(system_roots()?, &provider)?,
        Trust::CaFile(path) => by_roots(roots_from(path)?, &provider)?,
        Trust::Pin(pin) => Arc::new(PinnedKey { pin: *pin, provider: provider.clone() }),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Failure::lasting(format!("cannot prepare TLS: {e}")))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn by_roots(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Failure> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|e| Failure::lasting(format!("cannot prepare TLS: {e}")))
}

fn system_roots() -> Result<RootCertStore, Failure> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(Failure::lasting(format!(
            "this system has no root certificates{why}: install ca-certificates, or set `hub.ca-file` or `hub.pin`"
        )));
    }
    Ok(roots)
}

fn roots_from(path: &Path) -> Result<RootCertStore, Failure> {
    let bad = |why: &dyn std::fmt::Display| Failure::lasting(format!("cannot use the CA file {}: {why}", path.display()));
    let length = std::fs::metadata(path).map_err(|e| bad(&e))?.len();
    if length > MAX_CA_FILE {
        return Err(bad(&format!("it has {length} bytes, at most {MAX_CA_FILE} make sense")));
    }
    let pem = std::fs::read(path).map_err(|e| bad(&e))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.map_err(|e| bad(&e))?).map_err(|e| bad(&e))?;
    }
    if roots.is_empty() {
        return Err(bad(&"there is no certificate in it"));
    }
    Ok(roots)
}

/// Believes whoever holds the private key to one public key. Chain, name and dates say nothing more, and are not looked at;
/// that the key is really held is checked by the handshake signatures as always.
#[derive(Debug)]
struct PinnedKey {
    pin: [u8; 32],
    provider: Arc<CryptoProvider>,
}

#[derive(Debug, thiserror::Error)]
#[error("the key is {}", as_curl_writes_it(.found))]
struct PinMismatch {
    found: [u8; 32],
}

fn as_curl_writes_it(pin: &[u8; 32]) -> String {
    format!("sha256//{}", BASE64.encode(pin))
}

impl ServerCertVerifier for PinnedKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let found: [u8; 32] = Sha256::digest(parsed.subject_public_key_info().as_ref()).into();
        if found != self.pin {
            return Err(CertificateError::Other(OtherError(Arc::new(PinMismatch { found }))).into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What a failed handshake means, for people.
#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign, growing enum; the last arm says what it says")]
pub fn explain(error: &io::Error, address: &HubAddress) -> String {
    let host = address.host();
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return format!("the TLS handshake with {host} failed: {error}");
    };
    match tls {
        rustls::Error::InvalidCertificate(certificate) => distrust(certificate, host),
        rustls::Error::InvalidMessage(_) => {
            format!(
                "{} does not speak TLS: is the hub without a certificate, so that `hub.url` begins with ws://?",
                address.authority()
            )
        }
        other => format!("the TLS handshake with {host} failed: {other}"),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign, growing enum; the last arm says what it says")]
fn distrust(error: &CertificateError, host: &str) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of {host} has expired (or the clock of this machine is wrong)")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet: is the clock of this machine right?")
        }
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: Vec<&str> = presented.iter().map(String::as_str).take(5).collect();
            format!("the certificate is not for {host} but for {}: is `hub.url` right?", names.join(", "))
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the certificate is not for {host}: is `hub.url` right?")
        }
        CertificateError::UnknownIssuer => {
            format!("nobody whom this machine trusts has signed the certificate of {host}: set `hub.ca-file` or `hub.pin`")
        }
        CertificateError::BadSignature => {
            format!(
                "a signature of {host} is not by the key it should be: check `hub.ca-file` or `hub.pin`, unless somebody is in between"
            )
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<PinMismatch>() {
            Some(PinMismatch { found }) => {
                let found = as_curl_writes_it(found);
                format!("the key of {host} is not the pinned one but {found}: set `hub.pin` to it only if the hub has a new key")
            }
            None => format!("the certificate of {host} is not acceptable: {other} (a self-signed one needs `hub.pin`)"),
        },
        other => format!("the certificate of {host} is not acceptable: {other}"),
    }
}
