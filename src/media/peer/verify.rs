//! The remote DTLS certificate against the fingerprint in its description (RFC 8122 section 5).
//!
//! `webrtcbin` before 1.28.5 does not check it: whoever sits on the path could answer the handshake with any certificate.

use base64::Engine as _;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_webrtc as gst_webrtc;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::media::Error;
use crate::media::plan::sdp::{Fingerprint, Hash};

/// Refuses a certificate that matches none of `promised`, and the absence of one.
pub fn remote_certificate(webrtc: &gst::Element, promised: &[Fingerprint]) -> Result<(), Error> {
    let pem = certificate(webrtc).ok_or(Error::Certificate("the remote sent no certificate"))?;
    let der = der(&pem).ok_or(Error::Certificate("the remote certificate cannot be read"))?;
    if promised.iter().any(|fingerprint| matches(fingerprint, &der)) {
        Ok(())
    } else {
        Err(Error::Certificate("the remote certificate does not match the fingerprint in its description"))
    }
}

fn certificate(webrtc: &gst::Element) -> Option<String> {
    let transceiver = webrtc.emit_by_name::<Option<gst_webrtc::WebRTCRTPTransceiver>>("get-transceiver", &[&0i32])?;
    let sender = transceiver.property::<Option<gst_webrtc::WebRTCRTPSender>>("sender")?;
    let transport = sender.property::<Option<gst_webrtc::WebRTCDTLSTransport>>("transport")?;
    transport.property::<Option<String>>("remote-certificate")
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let body = pem.split("-----BEGIN CERTIFICATE-----").nth(1)?.split("-----END").next()?;
    let text: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn matches(fingerprint: &Fingerprint, der: &[u8]) -> bool {
    match fingerprint.hash {
        Hash::Sha256 => fingerprint.bytes == Sha256::digest(der)[..],
        Hash::Sha384 => fingerprint.bytes == Sha384::digest(der)[..],
        Hash::Sha512 => fingerprint.bytes == Sha512::digest(der)[..],
    }
}
