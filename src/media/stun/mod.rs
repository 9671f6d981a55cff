//! For `callbox doctor`: asks STUN and TURN servers as libnice does in a call, and says what they answer.
//!
//! ```text
//!   STUN   Binding ───────────────────────────► our public address
//!   TURN   Allocate ──► 401, realm, nonce
//!          Allocate, signed with the password ─► a relayed address; given back by Refresh with lifetime 0
//! ```

mod message;
mod way;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use message::{Class, Message, Method, Writer};
pub use way::Way;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(4);
const UNAUTHORIZED: u16 = 401;
const STALE_NONCE: u16 = 438;

/// What a server granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// How the server sees us, or with TURN where others reach us.
    pub address: SocketAddr,
    /// From the first packet on.
    pub took: Duration,
}

/// Why a server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No packets get there, or none come back.
    #[error("{0}")]
    Unreachable(String),
    /// Nothing came back in time.
    #[error("does not answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// Who answers is no such server.
    #[error("answers, but not as a TURN server does: {0}")]
    Strange(&'static str),
    /// The user or the password is not taken.
    #[error("{code} {reason}")]
    Credentials {
        /// 401 and the like.
        code: u16,
        /// For people.
        reason: String,
    },
    /// Anything else that it answers.
    #[error("{code} {reason}")]
    Refused {
        /// 300 to 699.
        code: u16,
        /// For people.
        reason: String,
    },
}

/// Asks for our address as the server sees it.
pub async fn binding(way: &mut Way) -> Result<Granted, Error> {
    let begun = Instant::now();
    let request = Writer::new(Method::Binding, rand::random());
    let answer = ask(way, request).await?;
    let address = answer.mapped().ok_or(Error::Strange("its answer has no address in it"))?;
    Ok(Granted { address, took: begun.elapsed() })
}

/// Asks for a relayed address, and gives it back.
pub async fn allocate(way: &mut Way, user: &str, password: &str) -> Result<Granted, Error> {
    let begun = Instant::now();
    let request = || Writer::new(Method::Allocate, rand::random()).transport_udp();
    // A server that asks nobody for a password is used by everybody; it works nevertheless.
    let mut refused = match ask(way, request()).await {
        Ok(answer) => return granted(&answer, begun),
        Err(Failed::Refused(refused)) if refused.code == UNAUTHORIZED => refused,
        Err(failed) => return Err(failed.into()),
    };
    let mut login = Login::new(&refused, user, password).ok_or(Error::Strange("it wants a password, and names no realm"))?;
    for _ in 0..2 {
        let answer = ask(way, login.sign(request())).await;
        refused = match answer {
            Ok(answer) => {
                let outcome = granted(&answer, begun);
                // It is given back; a server that does not hear it lets it end by itself.
                let back = login.sign(Writer::new(Method::Refresh, rand::random()).lifetime(0));
                let _ = tokio::time::timeout(Duration::from_secs(1), ask(way, back)).await;
                return outcome;
            }
            Err(Failed::Refused(refused)) if refused.code == STALE_NONCE => refused,
            Err(Failed::Refused(Refusal { code: UNAUTHORIZED, reason, .. })) => {
                return Err(Error::Credentials { code: UNAUTHORIZED, reason });
            }
            Err(failed) => return Err(failed.into()),
        };
        login = Login::new(&refused, user, password).ok_or(Error::Strange("it wants another nonce, and names none"))?;
    }
    Err(Error::Refused { code: refused.code, reason: refused.reason })
}

fn granted(answer: &Message, begun: Instant) -> Result<Granted, Error> {
    let address = answer.relayed().ok_or(Error::Strange("it grants a relay, and names no address"))?;
    Ok(Granted { address, took: begun.elapsed() })
}

struct Login<'a> {
    user: &'a str,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    key: Vec<u8>,
}

impl<'a> Login<'a> {
    fn new(refused: &Refusal, user: &'a str, password: &str) -> Option<Self> {
        let (realm, nonce) = (refused.realm.clone()?, refused.nonce.clone()?);
        let key = message::long_term_key(user, &realm, password)?;
        Some(Self { user, realm, nonce, key })
    }

    fn sign(&self, request: Writer) -> Writer {
        request.login(self.user, &self.realm, &self.nonce, &self.key)
    }
}

/// An error response.
struct Refusal {
    code: u16,
    reason: String,
    realm: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
}

enum Failed {
    Refused(Refusal),
    Other(Error),
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(Refusal { code, reason, .. }) => Self::Refused { code, reason },
            Failed::Other(error) => error,
        }
    }
}

async fn ask(way: &mut Way, request: Writer) -> Result<Message, Failed> {
    let id = request.id();
    let bytes = request.finish();
    let answer = match tokio::time::timeout(PATIENCE, way.exchange(&bytes, &id)).await {
        Ok(answer) => answer.map_err(Failed::Other)?,
        Err(_) => return Err(Failed::Other(Error::Silent)),
    };
    match answer.class {
        Class::Success => Ok(answer),
        Class::Failure => {
            let (code, reason) = answer.error().ok_or(Failed::Other(Error::Strange("its refusal has no code")))?;
            Err(Failed::Refused(Refusal { code, reason, realm: answer.realm(), nonce: answer.nonce() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UdpSocket;

    /// A server that gives these answers, in order, to whatever it is asked; `ID` is put in by it.
    async fn server(answers: Vec<Vec<u8>>) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let at = socket.local_addr().unwrap();
        tokio::spawn(async move {
            for answer in answers {
                let mut asked = [0; 1500];
                let (_, from) = socket.recv_from(&mut asked).await.unwrap();
                let mut answer = answer;
                if answer.len() >= 20 {
                    answer[8..20].copy_from_slice(&asked[8..20]);
                }
                socket.send_to(&answer, from).await.unwrap();
            }
            // It stays there: who asks again hears nothing.
            std::future::pending::<()>().await;
            drop(socket);
        });
        at
    }

    #[tokio::test]
    async fn what_is_no_stun_server_is_told_and_noise_is_waited_out() {
        let nonsense = vec![vec![0xff; 40]];
        let mut way = Way::udp(server(nonsense).await).await.unwrap();
        let begun = Instant::now();
        assert!(matches!(binding(&mut way).await, Err(Error::Silent)));
        assert!(begun.elapsed() >= PATIENCE);
        // A success without an address in it.
        let empty = vec![[&[1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[0; 12]].concat()];
        let mut way = Way::udp(server(empty).await).await.unwrap();
        assert!(matches!(binding(&mut way).await, Err(Error::Strange(_))));
    }

    #[tokio::test]
    async fn a_binding_tells_the_address_as_the_server_sees_it() {
        // XOR-MAPPED-ADDRESS 192.0.2.1:32853, as in RFC 5769 section 2.2.
        let body = [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43];
        let answer = [&[1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42][..], &[0; 12], &body].concat();
        let mut way = Way::udp(server(vec![answer]).await).await.unwrap();
        assert_eq!(binding(&mut way).await.unwrap().address, "192.0.2.1:32853".parse().unwrap());
    }
}
