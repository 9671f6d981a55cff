//! Whom the hub client believes: certificates made by openssl, good and bad in every way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "appliance")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use callbox::signaling::Trust;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

mod fake_hub;
use fake_hub::{Door, FakeHub, token};

fn openssl(directory: &Path, args: &str) -> Vec<u8> {
    let output = Command::new("openssl").current_dir(directory).args(args.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/// A private CA and what it signs.
struct Pki(tempfile::TempDir);

impl Pki {
    fn new() -> Self {
        Self::named("House-CA")
    }

    fn named(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        openssl(directory.path(), &format!("req -x509 {NEW_KEY} -keyout ca.key -out ca.pem -subj /CN={name} -days 2"));
        Self(directory)
    }

    fn ca(&self) -> Trust {
        Trust::CaFile(self.0.path().join("ca.pem"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A hub with a certificate for these names.
    async fn hub(&self, names: &str, days: i32) -> FakeHub {
        let at = self.0.path();
        std::fs::write(self.file("names"), format!("subjectAltName={names}\n")).unwrap();
        openssl(at, &format!("req {NEW_KEY} -keyout hub.key -out hub.csr -subj /CN=hub"));
        openssl(
            at,
            &format!("x509 -req -in hub.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -extfile names -out hub.pem"),
        );
        serve(&self.file("hub.pem"), &self.file("hub.key")).await
    }

    /// What `curl --pinnedpubkey` would be given for it.
    fn pin(&self) -> [u8; 32] {
        let at = self.0.path();
        std::fs::write(self.file("key.pem"), openssl(at, "x509 -in hub.pem -noout -pubkey")).unwrap();
        openssl(at, "pkey -pubin -in key.pem -outform der -out key.der");
        openssl(at, "dgst -sha256 -binary key.der").try_into().unwrap()
    }
}

async fn serve(certificate: &Path, key: &Path) -> FakeHub {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    FakeHub::start(Some(tls), token(), None, |_, mut socket| async move {
        socket.open("s", false).await;
        socket.stay().await;
    })
    .await
}

fn at(host: &str, hub: &FakeHub) -> String {
    format!("wss://{host}:{}", hub.port)
}

async fn refused(url: &str, trust: Trust, hub: &FakeHub) -> String {
    let (error, retry_in) = Door::start(url, trust).failure().await;
    assert!(retry_in.as_secs() < 30, "the network may change: {retry_in:?}");
    assert!(hub.sign_ins.lock().unwrap().is_empty(), "the password went to somebody who is not believed");
    error
}

#[tokio::test]
async fn a_certificate_of_the_private_ca_is_believed_by_name_and_by_address() {
    let pki = Pki::new();
    let hub = pki.hub("DNS:localhost,IP:127.0.0.1", 2).await;
    for host in ["localhost", "127.0.0.1"] {
        assert!(!Door::start(&at(host, &hub), pki.ca()).opened().await);
    }
}

#[tokio::test]
async fn an_expired_certificate_is_said_to_be_expired() {
    let pki = Pki::new();
    let hub = pki.hub("DNS:localhost", -1).await;
    let error = refused(&at("localhost", &hub), pki.ca(), &hub).await;
    assert_eq!(error, "the certificate of localhost has expired (or the clock of this machine is wrong)");
}

#[tokio::test]
async fn a_certificate_for_another_host_names_both() {
    let pki = Pki::new();
    let hub = pki.hub("DNS:hub.example.org,DNS:hub.example.net", 2).await;
    let error = refused(&at("localhost", &hub), pki.ca(), &hub).await;
    assert!(error.starts_with("the certificate is not for localhost but for "), "{error}");
    assert!(error.contains("hub.example.org") && error.contains("`hub.url`"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_with_the_way_out() {
    let (pki, other, namesake) = (Pki::new(), Pki::named("Other-CA"), Pki::new());
    let hub = pki.hub("DNS:localhost", 2).await;
    for trust in [other.ca(), Trust::System] {
        let error = refused(&at("localhost", &hub), trust, &hub).await;
        assert!(error.contains("nobody whom this machine trusts") || error.contains("no root certificates"), "{error}");
        assert!(error.contains("`hub.ca-file` or `hub.pin`"), "{error}");
    }
    let error = refused(&at("localhost", &hub), namesake.ca(), &hub).await;
    assert!(error.contains("check `hub.ca-file`"), "{error}");
}

#[tokio::test]
async fn a_pinned_key_is_believed_whatever_else_the_certificate_says() {
    let pki = Pki::new();
    let hub = pki.hub("DNS:elsewhere.example.org", -1).await;
    assert!(!Door::start(&at("localhost", &hub), Trust::Pin(pki.pin())).opened().await);
}

#[tokio::test]
async fn another_key_than_the_pinned_one_is_refused_and_shown() {
    let pki = Pki::new();
    let hub = pki.hub("DNS:localhost", 2).await;
    let error = refused(&at("localhost", &hub), Trust::Pin([7; 32]), &hub).await;
    assert!(error.contains(&format!("but sha256//{}", BASE64.encode(pki.pin()))), "{error}");
}

#[tokio::test]
async fn a_stolen_certificate_without_its_key_is_refused_although_the_key_in_it_is_pinned() {
    let pki = Pki::new();
    pki.hub("DNS:localhost", 2).await;
    let pin = pki.pin();
    openssl(pki.0.path(), "ecparam -name prime256v1 -genkey -noout -out thief.key");
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(pki.file("hub.pem")).unwrap().map(Result::unwrap).collect();
    let provider = rustls::crypto::ring::default_provider();
    let key = provider.key_provider.load_private_key(PrivateKeyDer::from_pem_file(pki.file("thief.key")).unwrap()).unwrap();
    let stolen = rustls::sign::CertifiedKey::new(chain, key);
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(stolen)));
    let hub = FakeHub::start(Some(TlsAcceptor::from(Arc::new(config))), token(), None, |_, _| async {}).await;
    let error = refused(&at("localhost", &hub), Trust::Pin(pin), &hub).await;
    assert!(error.starts_with("a signature of localhost is not by the key it should be"), "{error}");
}

#[tokio::test]
async fn a_self_signed_certificate_as_its_own_ca_is_refused_with_the_way_out() {
    let pki = Pki::new();
    let hub = serve(&pki.file("ca.pem"), &pki.file("ca.key")).await;
    let error = refused(&at("localhost", &hub), pki.ca(), &hub).await;
    assert!(error.contains("hub.pin"), "{error}");
}

#[tokio::test]
async fn tls_and_no_tls_are_told_apart() {
    let plain = FakeHub::plain(|_, _| async {}).await;
    let error = refused(&at("127.0.0.1", &plain), Trust::System, &plain).await;
    assert!(error.contains("TLS"), "{error}");
    let pki = Pki::new();
    let tls = pki.hub("DNS:localhost", 2).await;
    let error = refused(&format!("ws://127.0.0.1:{}", tls.port), Trust::System, &tls).await;
    assert!(error.contains("wss"), "{error}");
}

#[tokio::test]
async fn a_bad_ca_file_is_named() {
    let pki = Pki::new();
    let hub = pki.hub("DNS:localhost", 2).await;
    std::fs::write(pki.file("empty.pem"), "nothing\n").unwrap();
    for (name, part) in [("missing.pem", "No such file"), ("empty.pem", "no certificate"), ("hub.key", "no certificate")] {
        let (error, retry_in) = Door::start(&at("localhost", &hub), Trust::CaFile(pki.file(name))).failure().await;
        assert!(error.starts_with("cannot use the CA file ") && error.contains(part), "{name}: {error}");
        assert!(retry_in.as_secs() >= 30);
    }
}
