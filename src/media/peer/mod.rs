//! One remote participant: a pipeline of its own around one `webrtcbin`, so that it can fail or go without touching the others.
//!
//! ```text
//!  StreamProducer ═► appsrc ─► rtpopuspay ───────────────┐            ┌─► rtpopusdepay ─► opusdec ─► appsink ═► speaker
//!                                                         ├► webrtcbin ┤
//!  StreamProducer ═► appsrc ─► rtph264pay ─► rtpgccbwe ──┤            ├─► rtph264depay ─► decoder ─► appsink ─► last picture
//!  StreamProducer ═► appsrc ─► rtph264pay (share) ────────┘            └─► the same for what the other side shares
//!        ▲                                                      │
//!        └── linked only when the remote certificate matches its description ([`verify`]); until then incoming media are dropped
//! ```
//!
//! States: new ─offer/answer─► connecting ─DTLS─► (certificate checked) connected ─► failed | closed. A `webrtcbin` cannot restart
//! ICE: a new connection is a new [`Peer`] with a higher epoch.
//!
//! `rtpgccbwe` stands before `webrtcbin`, not behind its `request-aux-sender` signal, which leaks the element before 1.24.4: the
//! feedback comes to it as an upstream event either way. Behind it, sound would pass through it as well, and wait for pictures that
//! are paced.

mod ice;
mod inside;
mod negotiate;
mod path;
mod receive;
mod seen;
mod send;
#[cfg(test)]
mod tests;
mod verify;
mod way;

use std::sync::Arc;
use std::time::Duration;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_webrtc as gst_webrtc;

pub use receive::{Intake, Part, Picture};
pub use send::Streams;
pub use way::Meter;

use super::engine::{Note, Notes};
use super::pipeline::{Pipeline, Report, Timebase, element, element_with};
use super::plan::ice::Helpers;
use super::plan::sdp;
use super::stats::session::{self, Source};
use super::{Error, PeerKey};
use crate::config::PortRange;
use crate::protocol::control::Path;
use path::Paths;

/// What a peer needs to know besides its key.
#[derive(Debug, Clone)]
pub struct Options {
    /// Jitter buffer.
    pub latency: Duration,
    /// STUN and TURN servers.
    pub helpers: Helpers,
    /// Nothing but relayed candidates (C36).
    pub relay_only: bool,
    /// Where media come from and go to.
    pub ports: Option<PortRange>,
    /// Decoder element.
    pub decoder: &'static str,
    /// Whether anybody listens; if not, sound is counted and dropped.
    pub play_audio: bool,
    /// Whether to look for a test card in each picture.
    pub read_test_card: bool,
    /// What the picture may take at most, bit/s.
    pub max_bitrate: u64,
    /// And what is shared beside it.
    pub most_shared: u64,
}

/// Whether we make the offer or answer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// We offer.
    Offer,
    /// We answer this offer.
    Answer {
        /// The remote description.
        sdp: String,
    },
}

/// Makes what all connections of a process share, so that the first one need not wait for it: GStreamer's RSA key, which takes seconds
/// on small boards. Not for the engine's thread.
pub fn warm_up() {
    if let Err(error) = element("dtlsdec") {
        tracing::error!(%error, "there can be no connection");
    }
}

/// Brings the code of an element into memory.
pub fn load(factory: &str) {
    if let Err(error) = element(factory) {
        tracing::warn!(%error, "cannot be loaded");
    }
}

/// One peer connection.
#[derive(Debug)]
pub struct Peer {
    webrtc: gst::Element,
    sender: send::Sender,
    intake: Arc<Intake>,
    meter: Arc<Meter>,
    fingerprints: Vec<sdp::Fingerprint>,
    /// Whether the other side knows the m-line for what is shared.
    takes_share: bool,
    paths: Arc<Paths>,
    // Last: the pipeline stops after the links above are cut.
    pipeline: Pipeline,
}

impl Peer {
    /// Builds it and begins to negotiate. What comes of it arrives as [`Note`]s.
    pub fn open(key: &PeerKey, role: &Role, options: &Options, time: &Timebase, notes: &Notes) -> Result<Self, Error> {
        let remote = match role {
            Role::Offer => None,
            Role::Answer { sdp } => Some(sdp::read(sdp).map_err(Error::Description)?),
        };
        let (reports, of) = (notes.clone(), key.clone());
        let pipeline = Pipeline::new(&format!("peer-{}", key.epoch), time, move |report| match report {
            Report::Latency => reports.send(Note::PeerLatency { key: of.clone() }),
            Report::Failed { text, .. } => reports.send(Note::PeerFailed { key: of.clone(), text }),
            Report::Ended => {}
        });
        let webrtc = element_with("webrtcbin", &[("bundle-policy", "max-bundle")])?;
        webrtc.set_property("latency", u32::try_from(options.latency.as_millis()).unwrap_or(200));
        inside::settle(&webrtc);
        pipeline.chain(&[&webrtc])?;
        let paths = Arc::new(Paths::default());
        ice::prepare(&webrtc, options, key.epoch, &paths)?;
        let intake = Arc::new(Intake::new(options.read_test_card));
        let meter = Arc::new(Meter::default());
        meter.limit(remote.as_ref().and_then(|remote| remote.video_limit));
        negotiate::connect(&webrtc, key, notes, &paths);
        let share = send::share_number(remote.as_ref());
        receive::connect(&webrtc, &pipeline, options, share, &intake, key, notes);
        let sender = send::Sender::build(&pipeline, &webrtc, remote.as_ref(), options, &meter, key, notes)?;
        pipeline.play()?;
        receive::count_rtcp(&webrtc, &intake);
        let takes_share = remote.as_ref().is_some_and(|remote| remote.share.is_some());
        let fingerprints = remote.map(|r| r.fingerprints).unwrap_or_default();
        let peer = Self { webrtc, sender, intake, meter, fingerprints, takes_share, paths, pipeline };
        match role {
            Role::Offer => negotiate::offer(&peer.webrtc, key, notes),
            Role::Answer { sdp } => {
                peer.paths.remote_description(sdp);
                negotiate::answer(&peer.webrtc, key, notes, sdp)?;
            }
        }
        Ok(peer)
    }

    /// Takes the remote answer.
    pub fn remote_answer(&mut self, key: &PeerKey, notes: &Notes, text: &str) -> Result<(), Error> {
        self.paths.remote_description(text);
        let remote = sdp::read(text).map_err(Error::Description)?;
        self.fingerprints = remote.fingerprints;
        self.takes_share = remote.share.is_some();
        self.meter.limit(remote.video_limit);
        negotiate::remote_answer(&self.webrtc, key, notes, text)
    }

    /// Takes a remote candidate; an empty one marks the end and is not needed.
    pub fn remote_candidate(&self, line: u32, candidate: &str) {
        if !candidate.is_empty() {
            self.paths.remote(candidate);
            self.webrtc.emit_by_name::<()>("add-ice-candidate", &[&line, &candidate]);
        }
    }

    /// DTLS is up: checks the remote certificate and opens the gate for what comes in.
    pub fn admit(&self) -> Result<(), Error> {
        verify::remote_certificate(&self.webrtc, &self.fingerprints)?;
        self.intake.open();
        Ok(())
    }

    /// Sends the streams, from the next keyframe on. Only after [`Peer::admit`].
    pub fn send(&mut self, streams: Streams<'_>) {
        self.sender.link(streams);
    }

    /// Whether what is shared has an m-line of its own.
    pub fn takes_share(&self) -> bool {
        self.takes_share
    }

    /// What has come in.
    pub fn intake(&self) -> &Arc<Intake> {
        &self.intake
    }

    /// How the way to the peer is.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// What the RTP session knows of the streams in both directions.
    pub fn sources(&self) -> Vec<Source> {
        session::read(&self.webrtc)
    }

    /// How packets travel.
    pub fn path(&self) -> Option<Path> {
        self.paths.chosen()
    }

    /// How long what comes in is held back to put it in order, milliseconds.
    pub fn buffer_ms(&self) -> u32 {
        self.webrtc.property("latency")
    }

    /// From now on, see [`crate::media::plan::buffer`].
    pub fn set_buffer(&self, length: Duration) {
        if let Ok(ms) = u32::try_from(length.as_millis()) {
            self.webrtc.set_property("latency", ms);
        }
    }

    /// Encoded pictures that went out, and those that did not.
    pub fn frames_sent(&self) -> (u64, u64) {
        self.sender.frames()
    }

    /// The pipeline, for latency.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.intake.close();
        self.sender.unlink();
    }
}

/// The state `webrtcbin` reports for the whole connection.
fn connection_state(webrtc: &gst::Element) -> gst_webrtc::WebRTCPeerConnectionState {
    webrtc.property("connection-state")
}

/// A payloader with its bounds against fragmentation on the way.
fn payloader(factory: &str, number: u8) -> Result<gst::Element, Error> {
    let element = element(factory)?;
    element.set_property("pt", u32::from(number));
    element.set_property("mtu", 1200u32);
    Ok(element)
}
