//! What we send to one peer: three m-lines, always all of them, so that nothing has to be negotiated later: sound, the camera, and
//! what is shared (C33). Who does not know the third one gets what is shared in place of the camera.

use std::sync::Arc;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_rtp as gst_rtp;
use gstreamer_rtp::prelude::*;
use gstreamer_utils::{ConsumptionLink, StreamProducer};
use gstreamer_webrtc as gst_webrtc;

use super::way::Meter;
use super::{Options, payloader};
use crate::media::engine::{Note, Notes};
use crate::media::pipeline::{Pipeline, element, parse_caps};
use crate::media::plan::sdp::{Payload, Remote, TWCC};
use crate::media::{Error, PeerKey};

/// What we offer; an answer takes the numbers of the offer.
const OPUS: Payload = Payload { number: 111, twcc: None, line: 0 };
const H264: Payload = Payload { number: 96, twcc: Some(1), line: 1 };
const SHARE: Payload = Payload { number: 98, twcc: Some(1), line: 2 };
/// The level in the description, which ends in 1f.
const LEVEL: &str = "3.1";
/// Below this a picture is of no use; rate control has other means then.
const MIN_ESTIMATE: u32 = 60_000;
/// The estimator takes lost packets for a full way. Where no queue is full, it is not believed below this.
const HELD: u32 = 400_000;
/// The engine is told at once of an estimate that fell by this part, and of any other when it asks.
const FALL: f64 = 0.03;

/// What goes to a peer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Streams<'a> {
    /// The microphone.
    pub audio: Option<&'a StreamProducer>,
    /// The camera.
    pub video: Option<&'a StreamProducer>,
    /// What is shared.
    pub share: Option<&'a StreamProducer>,
}

/// The payload type by which the other side's shared picture is known; `remote` is the offer to answer, none when we offer.
pub fn share_number(remote: Option<&Remote>) -> Option<u8> {
    remote.map_or(Some(SHARE), |remote| remote.share).map(|payload| payload.number)
}

/// The sending half of a peer.
#[derive(Debug)]
pub struct Sender {
    video: Option<gst_app::AppSrc>,
    audio: Option<gst_app::AppSrc>,
    share: Option<gst_app::AppSrc>,
    video_link: Option<ConsumptionLink>,
    audio_link: Option<ConsumptionLink>,
    share_link: Option<ConsumptionLink>,
    /// Of the links for pictures that are cut: handed on, and not.
    frames: (u64, u64),
}

impl Sender {
    /// Builds the branches in front of `webrtc`. `remote` is the offer to answer, none when we offer.
    pub fn build(
        pipeline: &Pipeline,
        webrtc: &gst::Element,
        remote: Option<&Remote>,
        options: &Options,
        meter: &Arc<Meter>,
        key: &PeerKey,
        notes: &Notes,
    ) -> Result<Self, Error> {
        let (opus, h264, share) = remote.map_or((Some(OPUS), Some(H264), Some(SHARE)), |r| (r.opus, r.h264, r.share));
        let audio = match opus {
            Some(payload) => {
                let pay = payloader("rtpopuspay", payload.number)?;
                let caps = format!(
                    "application/x-rtp,media=audio,encoding-name=OPUS,payload={},clock-rate=48000,encoding-params=(string)2,\
                     minptime=(string)10,useinbandfec=(string)1",
                    payload.number
                );
                Some(branch(pipeline, webrtc, &[&pay], &caps, false)?)
            }
            None => None,
        };
        let video = match h264 {
            Some(payload) => {
                let estimator = if payload.twcc.is_some() { Some(estimator(options, meter, key, notes)?) } else { None };
                Some(picture(pipeline, webrtc, payload, estimator.as_ref())?)
            }
            None => None,
        };
        // The reports on its packets come to the estimator as well: what it estimates is for both.
        let share = share.map(|payload| picture(pipeline, webrtc, payload, None)).transpose()?;
        Ok(Self { video, audio, share, video_link: None, audio_link: None, share_link: None, frames: (0, 0) })
    }

    /// Connects the streams. One that is connected already goes on, any other is cut.
    pub fn link(&mut self, Streams { audio, video, share }: Streams<'_>) {
        if self.video_link.as_ref().and_then(ConsumptionLink::stream_producer) != video {
            self.frames = self.frames();
        }
        relink(&mut self.video_link, self.video.as_ref(), video);
        relink(&mut self.audio_link, self.audio.as_ref(), audio);
        relink(&mut self.share_link, self.share.as_ref(), share);
    }

    /// Cuts the streams. Must come before their producers go: a consumer's probe needs its producer.
    pub fn unlink(&mut self) {
        self.frames = self.frames();
        (self.video_link, self.audio_link, self.share_link) = (None, None, None);
    }

    /// Encoded pictures that were handed on, and those for which there was no room or no keyframe.
    pub fn frames(&self) -> (u64, u64) {
        let (sent, dropped) = self.frames;
        let now = self.video_link.as_ref().map_or((0, 0), |link| (link.pushed(), link.dropped()));
        (sent + now.0, dropped + now.1)
    }
}

/// One m-line of pictures.
fn picture(
    pipeline: &Pipeline,
    webrtc: &gst::Element,
    payload: Payload,
    estimator: Option<&gst::Element>,
) -> Result<gst_app::AppSrc, Error> {
    let pay = payloader("rtph264pay", payload.number)?;
    pay.set_property_from_str("aggregate-mode", "zero-latency");
    pay.set_property("config-interval", -1i32);
    let mut caps = format!(
        "application/x-rtp,media=video,encoding-name=H264,payload={},clock-rate=90000,packetization-mode=(string)1,\
         profile-level-id=(string)42e01f,level-asymmetry-allowed=(string)1",
        payload.number
    );
    if let Some(id) = payload.twcc {
        caps = format!("{caps},extmap-{id}=(string){TWCC}");
        let extension =
            gst_rtp::RTPHeaderExtension::create_from_uri(TWCC).ok_or_else(|| Error::MissingElement("rtphdrexttwcc".to_owned()))?;
        extension.set_id(u32::from(id));
        pay.emit_by_name::<()>("add-extension", &[&extension]);
    }
    let tail: Vec<&gst::Element> = std::iter::once(&pay).chain(estimator).collect();
    let source = branch(pipeline, webrtc, &tail, &caps, true)?;
    name_level(&source);
    Ok(source)
}

/// The payloader refuses a higher level than the description names, though the description also says that levels need not be the same:
/// hardware that is always of level 4, or 1080 lines, would never get through. So it is told what it wants to hear.
fn name_level(source: &gst_app::AppSrc) {
    let Some(pad) = source.static_pad("src") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        if let Some(gst::EventView::Caps(event)) = info.event().map(|event| event.view()) {
            let mut caps = event.caps_owned();
            for structure in caps.make_mut().iter_mut() {
                structure.set("level", LEVEL);
                structure.set("profile", "constrained-baseline");
            }
            info.data = Some(gst::PadProbeData::Event(gst::event::Caps::new(&caps)));
        }
        gst::PadProbeReturn::Ok
    });
}

fn relink(link: &mut Option<ConsumptionLink>, source: Option<&gst_app::AppSrc>, producer: Option<&StreamProducer>) {
    if link.as_ref().and_then(ConsumptionLink::stream_producer) == producer {
        return;
    }
    *link = None;
    if let (Some(producer), Some(source)) = (producer, source) {
        match producer.add_consumer(source) {
            Ok(new) => *link = Some(new),
            Err(error) => tracing::warn!(%error, "a stream could not be linked to a peer"),
        }
    }
}

fn branch(
    pipeline: &Pipeline,
    webrtc: &gst::Element,
    tail: &[&gst::Element],
    caps: &str,
    nack: bool,
) -> Result<gst_app::AppSrc, Error> {
    let source = gst_app::AppSrc::builder().format(gst::Format::Time).is_live(true).build();
    StreamProducer::configure_consumer(&source);
    let mut chain: Vec<&gst::Element> = vec![source.upcast_ref()];
    chain.extend(tail);
    pipeline.chain(&chain)?;
    let caps = parse_caps(caps)?;
    let refused = || Error::Pipeline("webrtcbin gives no pad".to_owned());
    let template = webrtc.pad_template("sink_%u").ok_or_else(refused)?;
    let pad = webrtc.request_pad(&template, None, Some(&caps)).ok_or_else(refused)?;
    let transceiver = pad.property::<gst_webrtc::WebRTCRTPTransceiver>("transceiver");
    transceiver.set_property("codec-preferences", &caps);
    transceiver.set_property("do-nack", nack);
    let last = tail.last().and_then(|e| e.static_pad("src")).ok_or_else(refused)?;
    last.link(&pad).map_err(|e| Error::Pipeline(format!("cannot link to webrtcbin: {e}")))?;
    Ok(source)
}

fn estimator(options: &Options, meter: &Arc<Meter>, key: &PeerKey, notes: &Notes) -> Result<gst::Element, Error> {
    let element = element("rtpgccbwe")?;
    let start = u32::try_from(options.max_bitrate).unwrap_or(u32::MAX);
    element.set_property("min-bitrate", MIN_ESTIMATE.min(start));
    let with_share = start.saturating_add(u32::try_from(options.most_shared).unwrap_or(u32::MAX));
    element.set_property("max-bitrate", (start.saturating_mul(3) / 2).max(with_share));
    element.set_property("estimated-bitrate", start);
    if let Some(pad) = element.static_pad("src") {
        let meter = meter.clone();
        pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            if let Some(event) = info.event() {
                meter.hear(event);
            }
            gst::PadProbeReturn::Ok
        });
    }
    let (meter, key, notes) = (meter.clone(), key.clone(), notes.clone());
    element.connect_notify(Some("estimated-bitrate"), move |element, _| {
        let bits = element.property::<u32>("estimated-bitrate");
        let held = HELD.min(start);
        if bits < held && meter.is_bad() {
            // This is heard here again.
            return element.set_property("estimated-bitrate", held);
        }
        let bits = u64::from(bits);
        let before = meter.estimated(bits);
        if (bits as f64) < before as f64 * (1.0 - FALL) {
            notes.send(Note::WayFell { key: key.clone() });
        }
    });
    Ok(element)
}
