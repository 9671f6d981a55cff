//! STUN messages: RFC 8489, and the attributes of TURN that are needed here: RFC 8656. What comes in is hostile.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use gstreamer::glib::{Checksum, ChecksumType, compute_hmac_for_data};

/// The first bytes of every message after type and length.
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// The fixed part.
pub const HEAD: usize = 20;
/// The signature with its own head.
const INTEGRITY: usize = 24;
/// Longer is nothing that a server says to us.
pub const MAX: usize = 2048;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const LIFETIME: u16 = 0x000d;
const REALM: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const XOR_RELAYED_ADDRESS: u16 = 0x0016;
const REQUESTED_TRANSPORT: u16 = 0x0019;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const MAPPED_ADDRESS: u16 = 0x0001;

/// Tells an answer to one request from all others.
pub type Id = [u8; 12];

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Our own address.
    Binding,
    /// A relayed address.
    Allocate,
    /// To keep it, or to give it back.
    Refresh,
}

/// How it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Granted.
    Success,
    /// Refused.
    Failure,
}

/// A request in the making.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    id: Id,
    key: Option<Vec<u8>>,
}

impl Writer {
    /// Without attributes.
    pub fn new(method: Method, id: Id) -> Self {
        let kind: u16 = match method {
            Method::Binding => 0x0001,
            Method::Allocate => 0x0003,
            Method::Refresh => 0x0004,
        };
        let bytes = [&kind.to_be_bytes()[..], &[0, 0], &COOKIE, &id].concat();
        Self { bytes, id, key: None }
    }

    /// Its id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The relay is to speak UDP.
    pub fn transport_udp(self) -> Self {
        self.attribute(REQUESTED_TRANSPORT, &[17, 0, 0, 0])
    }

    /// For so many seconds.
    pub fn lifetime(self, seconds: u32) -> Self {
        self.attribute(LIFETIME, &seconds.to_be_bytes())
    }

    /// Who asks; signed at the end.
    pub fn login(self, user: &str, realm: &[u8], nonce: &[u8], key: &[u8]) -> Self {
        let mut with = self.attribute(USERNAME, user.as_bytes()).attribute(REALM, realm).attribute(NONCE, nonce);
        with.key = Some(key.to_vec());
        with
    }

    fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend((value.len() as u16).to_be_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// As it is sent.
    pub fn finish(mut self) -> Vec<u8> {
        let Some(key) = self.key.take() else {
            self.set_length(0);
            return self.bytes;
        };
        // The length that is signed counts the signature.
        self.set_length(INTEGRITY);
        let signature = hmac_sha1(&key, &self.bytes).unwrap_or_default();
        self.attribute(MESSAGE_INTEGRITY, &signature).bytes
    }

    fn set_length(&mut self, more: usize) {
        let length = (self.bytes.len() - HEAD + more) as u16;
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }
}

/// RFC 8489 section 9.2.2: MD5 of `user:realm:password`; long broken, and what every TURN server wants.
pub fn long_term_key(user: &str, realm: &[u8], password: &str) -> Option<Vec<u8>> {
    let mut checksum = Checksum::new(ChecksumType::Md5)?;
    checksum.update(&[user.as_bytes(), b":", realm, b":", password.as_bytes()].concat());
    Some(checksum.digest())
}

fn hmac_sha1(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let hex = compute_hmac_for_data(ChecksumType::Sha1, key, data);
    let digits: Option<Vec<u8>> = hex.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    Some(digits?.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect())
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Granted or refused.
    pub class: Class,
    /// Of the request.
    pub id: Id,
    attributes: Vec<(u16, Vec<u8>)>,
}

/// How long the message is that begins so, with its head; none: it is no answer of a STUN server.
pub fn length(head: &[u8]) -> Option<usize> {
    let (kind, length) = (be16(head, 0)?, usize::from(be16(head, 2)?));
    let fits = kind & 0xc000 == 0 && length % 4 == 0 && HEAD + length <= MAX && head.get(4..8)? == COOKIE;
    fits.then_some(HEAD + length)
}

impl Message {
    /// Reads an answer. None: it is not one.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if length(bytes)? != bytes.len() {
            return None;
        }
        let class = match be16(bytes, 0)? & 0x0110 {
            0x0100 => Class::Success,
            0x0110 => Class::Failure,
            _ => return None,
        };
        let id = bytes.get(8..HEAD)?.try_into().ok()?;
        let (mut attributes, mut rest) = (Vec::new(), bytes.get(HEAD..)?);
        while !rest.is_empty() {
            let (kind, length) = (be16(rest, 0)?, usize::from(be16(rest, 2)?));
            attributes.push((kind, rest.get(4..4 + length)?.to_vec()));
            rest = rest.get(4 + length.next_multiple_of(4)..)?;
        }
        Some(Self { class, id, attributes })
    }

    fn attribute(&self, kind: u16) -> Option<&[u8]> {
        self.attributes.iter().find(|(of, _)| *of == kind).map(|(_, value)| value.as_slice())
    }

    /// How the server sees us.
    pub fn mapped(&self) -> Option<SocketAddr> {
        let xored = self.attribute(XOR_MAPPED_ADDRESS).and_then(|value| address(value, Some(&self.id)));
        xored.or_else(|| address(self.attribute(MAPPED_ADDRESS)?, None))
    }

    /// Where others reach us.
    pub fn relayed(&self) -> Option<SocketAddr> {
        address(self.attribute(XOR_RELAYED_ADDRESS)?, Some(&self.id))
    }

    /// Code and words of a refusal.
    pub fn error(&self) -> Option<(u16, String)> {
        let value = self.attribute(ERROR_CODE)?;
        let (class, number) = (u16::from(*value.get(2)? & 7), u16::from(*value.get(3)?));
        let words = String::from_utf8_lossy(value.get(4..)?);
        Some((class * 100 + number, words.chars().filter(|c| !c.is_control()).take(100).collect()))
    }

    /// Whose passwords it wants.
    pub fn realm(&self) -> Option<Vec<u8>> {
        self.attribute(REALM).map(<[u8]>::to_vec)
    }

    /// To be sent back.
    pub fn nonce(&self) -> Option<Vec<u8>> {
        self.attribute(NONCE).map(<[u8]>::to_vec)
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// With an id, what is in it was mixed with cookie and id, so that no router changes it on the way.
fn address(value: &[u8], id: Option<&Id>) -> Option<SocketAddr> {
    let mask: Vec<u8> = id.map_or_else(|| vec![0; 16], |id| [&COOKIE[..], id].concat());
    let mixed = |bytes: &[u8]| -> Vec<u8> { bytes.iter().zip(&mask).map(|(byte, mask)| byte ^ mask).collect() };
    let port = u16::from_be_bytes(mixed(value.get(2..4)?).try_into().ok()?);
    let rest = mixed(value.get(4..)?);
    let ip: IpAddr = match value.get(1)? {
        1 => Ipv4Addr::from(<[u8; 4]>::try_from(rest).ok()?).into(),
        2 => Ipv6Addr::from(<[u8; 16]>::try_from(rest).ok()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 section 2.4: a request with long-term authentication.
    #[test]
    fn a_request_is_signed_as_the_standard_has_it() {
        let id = [0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e];
        let user = "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}";
        let (realm, nonce) = (b"example.org", b"f//499k954d6OL34oL9FSTvy64sA");
        let key = long_term_key(user, realm, "TheMatrIX").unwrap();
        // The standard's order: user, nonce, realm.
        let mut request = Writer::new(Method::Binding, id);
        request = request.attribute(USERNAME, user.as_bytes()).attribute(NONCE, nonce).attribute(REALM, realm);
        request.key = Some(key);
        let bytes = request.finish();
        let signature = [
            0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6, 0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66,
        ];
        assert_eq!(bytes[bytes.len() - 20..], signature);
        assert_eq!(usize::from(be16(&bytes, 2).unwrap()), bytes.len() - HEAD);
    }

    #[test]
    fn an_answer_is_read_with_its_refusal() {
        let refusal = [0, 9, 0, 16, 0, 0, 4, 1, b'U', b'n', b'a', b'u', b't', b'h', b'o', b'r', b'i', b'z', b'e', b'd'];
        let bytes = [&[1, 0x13, 0, 20][..], &COOKIE, &[7; 12], &refusal].concat();
        let message = Message::parse(&bytes).unwrap();
        assert_eq!((message.class, message.id, message.error()), (Class::Failure, [7; 12], Some((401, "Unauthorized".into()))));
        assert_eq!((message.realm(), message.relayed()), (None, None));
    }

    #[test]
    fn addresses_of_both_kinds_are_unmixed() {
        let v6 = [0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9];
        let id = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
        assert_eq!(address(&v6, Some(&id)), Some("[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap()));
        assert_eq!(address(&[0, 1, 0x80, 0x55, 192, 0, 2, 1], None), Some("192.0.2.1:32853".parse().unwrap()));
        for bad in [&[][..], &[0, 1], &[0, 1, 0, 0, 1, 2, 3], &[0, 2, 0, 0, 1, 2, 3, 4], &[0, 9, 0, 0, 1, 2, 3, 4]] {
            assert_eq!(address(bad, Some(&id)), None, "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_fall_over(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), whole: bool) {
            if whole && bytes.len() >= HEAD {
                let length = (bytes.len() - HEAD) as u16 / 4 * 4;
                bytes.truncate(HEAD + usize::from(length));
                bytes[0] = 1;
                bytes[2..4].copy_from_slice(&length.to_be_bytes());
                bytes[4..8].copy_from_slice(&COOKIE);
            }
            if let Some(message) = Message::parse(&bytes) {
                let _ = (message.mapped(), message.relayed(), message.error());
            }
        }
    }
}
