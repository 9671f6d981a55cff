//! What a remote session description promises: fingerprints, payload types, header extensions (RFC 8829, RFC 8122, RFC 8285).
//!
//! Only these few lines are read here, before GStreamer parses the whole; a description that breaks a limit never gets there.

/// The longest description accepted, in bytes.
pub const MAX_SDP: usize = 32 * 1024;
/// The most m-lines accepted.
const MAX_MEDIA: usize = 8;
/// Transport-wide congestion control, the extension that bandwidth estimates come from.
pub const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Why a description was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSdp {
    /// Over a limit.
    #[error("the description is too large: {0}")]
    TooLarge(&'static str),
    /// Nothing to check the remote certificate against.
    #[error("the description has no sha-256, sha-384 or sha-512 fingerprint")]
    NoFingerprint,
    /// Nothing that could be sent or received.
    #[error("the description offers neither H.264 (packetization mode 1) nor Opus")]
    NoCodec,
}

/// A certificate hash, `a=fingerprint:sha-256 AB:CD:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Which hash.
    pub hash: Hash,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Hash functions strong enough for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
    /// 64 bytes.
    Sha512,
}

/// The payload type and extension id to use for one codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    /// RTP payload type.
    pub number: u8,
    /// Extension id of [`TWCC`] in this m-line.
    pub twcc: Option<u8>,
    /// Index of the m-line.
    pub line: u32,
}

/// What matters of a remote description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// All fingerprints named; the remote certificate must match one.
    pub fingerprints: Vec<Fingerprint>,
    /// Opus, in the first audio line that has it.
    pub opus: Option<Payload>,
    /// H.264, constrained baseline where offered, in the first video line that has it.
    pub h264: Option<Payload>,
    /// The same of the next video line, for what is shared (C33), if the other side knows what that line is for: it takes part in
    /// both directions. Its payload type is another one: that is how packets of the two are told apart.
    pub share: Option<Payload>,
    /// The most that is wanted in the first video line, bit/s (`b=TIAS`, RFC 3890, or `b=AS`, RFC 8866).
    pub video_limit: Option<u64>,
}

#[derive(Default)]
struct Media<'a> {
    kind: &'a str,
    /// Port 0, and not because another line's port counts for it.
    refused: bool,
    bundle_only: bool,
    /// Sends or receives, but not both.
    one_way: bool,
    rtpmap: Vec<(u8, &'a str)>,
    fmtp: Vec<(u8, &'a str)>,
    twcc: Option<u8>,
    tias: Option<u64>,
    kbits: Option<u64>,
}

/// Reads a description.
pub fn read(sdp: &str) -> Result<Remote, BadSdp> {
    if sdp.len() > MAX_SDP {
        return Err(BadSdp::TooLarge("over 32 KiB"));
    }
    let mut fingerprints = Vec::new();
    let mut media: Vec<Media<'_>> = Vec::new();
    for line in sdp.lines() {
        if let Some(rest) = line.strip_prefix("m=") {
            if media.len() == MAX_MEDIA {
                return Err(BadSdp::TooLarge("over 8 m-lines"));
            }
            let mut words = rest.split(' ');
            let kind = words.next().unwrap_or_default();
            media.push(Media { kind, refused: words.next() == Some("0"), ..Media::default() });
        } else if let Some(rest) = line.strip_prefix("a=fingerprint:") {
            fingerprints.extend(fingerprint(rest));
        } else if let Some(current) = media.last_mut() {
            attribute(current, line);
        }
    }
    if fingerprints.is_empty() {
        return Err(BadSdp::NoFingerprint);
    }
    let video = media.iter().find(|m| m.kind == "video");
    let video_limit = video.and_then(|m| m.tias.or(m.kbits.and_then(|kbits| kbits.checked_mul(1000)))).filter(|bits| *bits > 0);
    let camera = find(&media, "video", |media| h264(media, None));
    let share = camera.and_then(|camera| share(&media, camera));
    let remote = Remote { fingerprints, opus: find(&media, "audio", opus), h264: camera, share, video_limit };
    if remote.opus.is_none() && remote.h264.is_none() {
        return Err(BadSdp::NoCodec);
    }
    Ok(remote)
}

fn attribute<'a>(media: &mut Media<'a>, line: &'a str) {
    match line.trim_end() {
        "a=bundle-only" => media.bundle_only = true,
        "a=sendonly" | "a=recvonly" | "a=inactive" => media.one_way = true,
        _ => {}
    }
    if let Some((number, text)) = line.strip_prefix("a=rtpmap:").and_then(numbered) {
        media.rtpmap.push((number, text));
    } else if let Some((number, text)) = line.strip_prefix("a=fmtp:").and_then(numbered) {
        media.fmtp.push((number, text));
    } else if let Some(bits) = line.strip_prefix("b=TIAS:") {
        media.tias = bits.trim().parse().ok();
    } else if let Some(kbits) = line.strip_prefix("b=AS:") {
        media.kbits = kbits.trim().parse().ok();
    } else if let Some((id, uri)) = line.strip_prefix("a=extmap:").and_then(|rest| rest.split_once(' '))
        && uri.split(' ').next() == Some(TWCC)
    {
        // `a=extmap:3/sendrecv URI` carries a direction behind the id. One-byte headers have ids 1 to 14.
        media.twcc = id.split('/').next().and_then(|id| id.parse().ok()).filter(|id| (1..=14).contains(id));
    }
}

fn numbered(rest: &str) -> Option<(u8, &str)> {
    let (number, text) = rest.split_once(' ')?;
    let number = number.parse().ok().filter(|n| *n < 128)?;
    Some((number, text))
}

fn find(media: &[Media<'_>], kind: &str, choose: fn(&Media<'_>) -> Option<u8>) -> Option<Payload> {
    media.iter().enumerate().filter(|(_, m)| m.kind == kind).find_map(|(line, m)| {
        let number = choose(m)?;
        Some(Payload { number, twcc: m.twcc, line: line as u32 })
    })
}

fn share(media: &[Media<'_>], camera: Payload) -> Option<Payload> {
    let (line, next) = media.iter().enumerate().filter(|(_, m)| m.kind == "video").find(|(line, _)| *line as u32 > camera.line)?;
    if next.one_way || (next.refused && !next.bundle_only) {
        return None;
    }
    let number = h264(next, Some(camera.number))?;
    Some(Payload { number, twcc: next.twcc, line: line as u32 })
}

fn opus(media: &Media<'_>) -> Option<u8> {
    media.rtpmap.iter().find(|(_, codec)| codec.to_ascii_lowercase().starts_with("opus/48000")).map(|(number, _)| *number)
}

fn h264(media: &Media<'_>, taken: Option<u8>) -> Option<u8> {
    let usable = media.rtpmap.iter().filter(|(_, codec)| codec.eq_ignore_ascii_case("H264/90000")).filter_map(|(number, _)| {
        let format = media.fmtp.iter().find(|(n, _)| n == number).map(|(_, text)| *text)?;
        (format.contains("packetization-mode=1") && Some(*number) != taken).then_some((*number, format))
    });
    // 42e0xx is constrained baseline, 4200xx baseline, which in practice is the same.
    usable
        .min_by_key(|(_, format)| {
            let profile = format.split("profile-level-id=").nth(1).unwrap_or_default().to_ascii_lowercase();
            if profile.starts_with("42e0") {
                0
            } else if profile.starts_with("42") {
                1
            } else {
                2
            }
        })
        .map(|(number, _)| number)
}

fn fingerprint(text: &str) -> Option<Fingerprint> {
    let (name, hex) = text.trim().split_once(' ')?;
    let (hash, length) = match name.to_ascii_lowercase().as_str() {
        "sha-256" => (Hash::Sha256, 32),
        "sha-384" => (Hash::Sha384, 48),
        "sha-512" => (Hash::Sha512, 64),
        _ => return None,
    };
    let bytes: Vec<u8> = hex.split(':').map(|pair| u8::from_str_radix(pair, 16)).collect::<Result<_, _>>().ok()?;
    (bytes.len() == length).then_some(Fingerprint { hash, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sdp() -> String {
        let fingerprint = vec!["AB"; 32].join(":");
        format!(
            "v=0\r\na=fingerprint:sha-256 {fingerprint}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\na=extmap:3/sendrecv {TWCC}\r\na=rtpmap:96 VP8/90000\r\n\
             a=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=640c1f;packetization-mode=1\r\n\
             a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1;profile-level-id=42e01f\r\n"
        )
    }

    #[test]
    fn the_promises_of_a_description_are_found() {
        let remote = read(&sdp()).unwrap();
        assert_eq!(remote.fingerprints, [Fingerprint { hash: Hash::Sha256, bytes: vec![0xAB; 32] }]);
        assert_eq!(remote.opus, Some(Payload { number: 111, twcc: None, line: 0 }));
        assert_eq!(remote.h264, Some(Payload { number: 98, twcc: Some(3), line: 1 }));
    }

    fn with_share(attributes: &str, port: u32) -> String {
        let map = "a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1;profile-level-id=42e01f\r\n\
                   a=rtpmap:99 H264/90000\r\na=fmtp:99 packetization-mode=1;profile-level-id=42001f\r\n";
        format!("{}m=video {port} UDP/TLS/RTP/SAVPF 98 99\r\na=extmap:3 {TWCC}\r\n{attributes}{map}", sdp())
    }

    #[test]
    fn c33_the_second_video_line_is_for_what_is_shared() {
        let remote = read(&with_share("a=sendrecv\r\n", 9)).unwrap();
        assert_eq!(remote.h264, Some(Payload { number: 98, twcc: Some(3), line: 1 }));
        assert_eq!(remote.share, Some(Payload { number: 99, twcc: Some(3), line: 2 }), "not the camera's number");
        assert_eq!(read(&with_share("", 9)).unwrap().share.map(|share| share.line), Some(2), "both ways unless said otherwise");
        assert!(read(&with_share("a=bundle-only\r\n", 0)).unwrap().share.is_some());
    }

    #[test]
    fn c33_who_does_not_know_the_second_video_line_gets_what_is_shared_in_the_first() {
        assert_eq!(read(&sdp()).unwrap().share, None);
        assert_eq!(read(&with_share("", 0)).unwrap().share, None, "refused");
        for one_way in ["a=recvonly\r\n", "a=sendonly\r\n", "a=inactive\r\n"] {
            assert_eq!(read(&with_share(one_way, 9)).unwrap().share, None, "{one_way}");
        }
        let same = with_share("", 9).replace("a=rtpmap:99 H264", "a=rtpmap:99 VP8");
        assert_eq!(read(&same).unwrap().share, None, "nothing tells them apart");
    }

    #[test]
    fn c12_what_the_other_side_wants_at_most_is_read() {
        assert_eq!(read(&sdp()).unwrap().video_limit, None);
        assert_eq!(read(&format!("{}b=AS:512\r\n", sdp())).unwrap().video_limit, Some(512_000));
        assert_eq!(read(&format!("{}b=AS:512\r\nb=TIAS:400000\r\n", sdp())).unwrap().video_limit, Some(400_000));
        for nonsense in ["b=AS:0", "b=AS:-1", "b=AS:99999999999999999999", "b=TIAS:x", "b=AS:18446744073709551615"] {
            assert_eq!(read(&format!("{}{nonsense}\r\n", sdp())).unwrap().video_limit, None, "{nonsense}");
        }
    }

    #[test]
    fn a_description_without_a_usable_fingerprint_is_refused() {
        assert_eq!(read("v=0\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/48000/2"), Err(BadSdp::NoFingerprint));
        let weak = "v=0\r\na=fingerprint:sha-1 AB:CD\r\na=fingerprint:sha-256 AB:CD\r\n";
        assert_eq!(read(weak), Err(BadSdp::NoFingerprint));
    }

    #[test]
    fn an_oversized_description_is_refused() {
        assert!(matches!(read(&"a".repeat(MAX_SDP + 1)), Err(BadSdp::TooLarge(_))));
        assert!(matches!(read(&"m=video 9 X\r\n".repeat(9)), Err(BadSdp::TooLarge(_))));
    }

    proptest! {
        #[test]
        fn no_description_panics(text in "(a=|m=|b=AS:|rtpmap:|fmtp:|extmap:|fingerprint:|[ -~]|\r\n){0,80}") {
            let _ = read(&text);
        }
    }
}
