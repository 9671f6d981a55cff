//! `[page]`: the technician's page.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// `[page]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Holds the device password, read at each sign-in; none: whoever reaches the port is let in.
    pub password_file: Option<PathBuf>,
    /// How it is encrypted.
    pub tls: PageTls,
    /// The names by which browsers may call it, beside its addresses and its host name.
    pub names: Vec<String>,
    /// Whether it may end the service, which whoever supervises it starts again.
    pub restart: bool,
    /// The program and its arguments that reboot the machine; none: it may not.
    pub reboot: Option<Vec<String>>,
}

impl Default for Page {
    fn default() -> Self {
        let (password_file, tls, names) = (None, PageTls::Off, Vec::new());
        Self { listen: DEFAULT_PAGE, password_file, tls, names, restart: false, reboot: None }
    }
}

/// How the page is encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PageTls {
    /// Not at all.
    #[default]
    Off,
    /// With a certificate made at the first start and kept in the state directory.
    SelfSigned,
    /// With these PEM files.
    Files {
        /// The chain, the page's own first.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// Where the page is unless configured otherwise: on this machine only.
pub const DEFAULT_PAGE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8480);
