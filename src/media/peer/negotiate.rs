//! Offer, answer and candidates of one `webrtcbin`. Promises are answered on its threads: closures hold no strong reference to it.

use std::sync::Arc;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_sdp as gst_sdp;
use gstreamer_webrtc as gst_webrtc;

use super::connection_state;
use super::path::Paths;
use crate::media::engine::{Note, Notes};
use crate::media::{DescriptionKind, Error, PeerKey};

type Description = gst_webrtc::WebRTCSessionDescription;

/// Candidates and state changes become notes.
pub fn connect(webrtc: &gst::Element, key: &PeerKey, notes: &Notes, paths: &Arc<Paths>) {
    let (of, to, paths) = (key.clone(), notes.clone(), paths.clone());
    webrtc.connect("on-ice-candidate", false, move |values| {
        let line = values.get(1).and_then(|v| v.get::<u32>().ok())?;
        let candidate = values.get(2).and_then(|v| v.get::<String>().ok())?;
        paths.local(&candidate);
        to.send(Note::LocalCandidate { key: of.clone(), line, candidate });
        None
    });
    let (of, to) = (key.clone(), notes.clone());
    webrtc.connect_notify(Some("connection-state"), move |webrtc, _| {
        to.send(Note::PeerState { key: of.clone(), state: connection_state(webrtc) });
    });
}

/// Makes the offer, applies it, and reports it.
pub fn offer(webrtc: &gst::Element, key: &PeerKey, notes: &Notes) {
    let promise = described(webrtc, key, notes, "offer", DescriptionKind::Offer);
    webrtc.emit_by_name::<()>("create-offer", &[&None::<gst::Structure>, &promise]);
}

/// Applies the remote offer, makes the answer, applies it, and reports it.
pub fn answer(webrtc: &gst::Element, key: &PeerKey, notes: &Notes, sdp: &str) -> Result<(), Error> {
    let remote = parse(gst_webrtc::WebRTCSDPType::Offer, sdp)?;
    let (of, to, weak) = (key.clone(), notes.clone(), webrtc.downgrade());
    let promise = gst::Promise::with_change_func(move |reply| {
        if let Err(text) = failure(reply) {
            return to.send(Note::PeerFailed { key: of.clone(), text: format!("the remote offer was refused: {text}") });
        }
        if let Some(webrtc) = weak.upgrade() {
            let promise = described(&webrtc, &of, &to, "answer", DescriptionKind::Answer);
            webrtc.emit_by_name::<()>("create-answer", &[&None::<gst::Structure>, &promise]);
        }
    });
    webrtc.emit_by_name::<()>("set-remote-description", &[&remote, &promise]);
    Ok(())
}

/// Applies the remote answer.
pub fn remote_answer(webrtc: &gst::Element, key: &PeerKey, notes: &Notes, sdp: &str) -> Result<(), Error> {
    let remote = parse(gst_webrtc::WebRTCSDPType::Answer, sdp)?;
    let (of, to) = (key.clone(), notes.clone());
    let promise = gst::Promise::with_change_func(move |reply| {
        if let Err(text) = failure(reply) {
            to.send(Note::PeerFailed { key: of.clone(), text: format!("the remote answer was refused: {text}") });
        }
    });
    webrtc.emit_by_name::<()>("set-remote-description", &[&remote, &promise]);
    Ok(())
}

fn described(webrtc: &gst::Element, key: &PeerKey, notes: &Notes, field: &'static str, kind: DescriptionKind) -> gst::Promise {
    let (key, notes, weak) = (key.clone(), notes.clone(), webrtc.downgrade());
    gst::Promise::with_change_func(move |reply| {
        let made = failure(reply).and_then(|structure| {
            let structure = structure.ok_or_else(|| "nothing came back".to_owned())?;
            structure.get::<Description>(field).map_err(|e| e.to_string())
        });
        let text = made.and_then(|made| {
            let text = made.sdp().as_text().map_err(|e| e.to_string())?;
            if let Some(webrtc) = weak.upgrade() {
                webrtc.emit_by_name::<()>("set-local-description", &[&made, &gst::Promise::new()]);
            }
            Ok(text)
        });
        match text {
            Ok(sdp) => notes.send(Note::LocalDescription { key, kind, sdp }),
            Err(text) => notes.send(Note::PeerFailed { key, text: format!("cannot make an {field}: {text}") }),
        }
    })
}

type Reply<'a> = Result<Option<&'a gst::StructureRef>, gst::PromiseError>;

/// `webrtcbin` answers an operation that failed with a structure that has an `error` field.
fn failure(reply: Reply<'_>) -> Result<Option<&gst::StructureRef>, String> {
    let structure = reply.map_err(|e| format!("{e:?}"))?;
    match structure.and_then(|s| s.get::<gst::glib::Error>("error").ok()) {
        Some(error) => Err(error.message().to_owned()),
        None => Ok(structure),
    }
}

fn parse(kind: gst_webrtc::WebRTCSDPType, sdp: &str) -> Result<Description, Error> {
    let message =
        gst_sdp::SDPMessage::parse_buffer(sdp.as_bytes()).map_err(|_| Error::Pipeline("the description is not SDP".to_owned()))?;
    Ok(Description::new(kind, message))
}
