//! What we send to one peer: two m-lines, always both, audio first, so that nothing has to be negotiated later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_rtp as gst_rtp;
use gstreamer_rtp::prelude::*;
use gstreamer_utils::{ConsumptionLink, StreamProducer};
use gstreamer_webrtc as gst_webrtc;

use super::{Options, payloader};
use crate::media::Error;
use crate::media::pipeline::{Pipeline, element, parse_caps};
use crate::media::plan::sdp::{Payload, Remote, TWCC};

/// What we offer; an answer takes the numbers of the offer.
const OPUS: Payload = Payload { number: 111, twcc: None, line: 0 };
const H264: Payload = Payload { number: 96, twcc: Some(1), line: 1 };
/// Below this a picture is of no use; rate control has other means then.
const MIN_ESTIMATE: u32 = 100_000;

/// The sending half of a peer.
#[derive(Debug)]
pub struct Sender {
    video: Option<gst_app::AppSrc>,
    audio: Option<gst_app::AppSrc>,
    links: Vec<ConsumptionLink>,
}

impl Sender {
    /// Builds the branches in front of `webrtc`. `remote` is the offer to answer, none when we offer.
    pub fn build(
        pipeline: &Pipeline,
        webrtc: &gst::Element,
        remote: Option<&Remote>,
        options: &Options,
        estimate: &Arc<AtomicU64>,
    ) -> Result<Self, Error> {
        let (opus, h264) = remote.map_or((Some(OPUS), Some(H264)), |r| (r.opus, r.h264));
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
                    let extension = gst_rtp::RTPHeaderExtension::create_from_uri(TWCC)
                        .ok_or_else(|| Error::MissingElement("rtphdrexttwcc".to_owned()))?;
                    extension.set_id(u32::from(id));
                    pay.emit_by_name::<()>("add-extension", &[&extension]);
                    let estimator = estimator(options, estimate)?;
                    Some(branch(pipeline, webrtc, &[&pay, &estimator], &caps, true)?)
                } else {
                    Some(branch(pipeline, webrtc, &[&pay], &caps, true)?)
                }
            }
            None => None,
        };
        Ok(Self { video, audio, links: Vec::new() })
    }

    /// Connects the streams; what was connected before is cut.
    pub fn link(&mut self, video: Option<&StreamProducer>, audio: Option<&StreamProducer>) {
        self.unlink();
        for (producer, source) in [(video, &self.video), (audio, &self.audio)] {
            if let (Some(producer), Some(source)) = (producer, source) {
                match producer.add_consumer(source) {
                    Ok(link) => self.links.push(link),
                    Err(error) => tracing::warn!(%error, "a stream could not be linked to a peer"),
                }
            }
        }
    }

    /// Cuts the streams. Must come before their producers go: a consumer's probe needs its producer.
    pub fn unlink(&mut self) {
        self.links.clear();
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

fn estimator(options: &Options, estimate: &Arc<AtomicU64>) -> Result<gst::Element, Error> {
    let element = element("rtpgccbwe")?;
    let start = u32::try_from(options.max_bitrate).unwrap_or(u32::MAX);
    element.set_property("min-bitrate", MIN_ESTIMATE.min(start));
    element.set_property("max-bitrate", start.saturating_mul(3) / 2);
    element.set_property("estimated-bitrate", start);
    let estimate = estimate.clone();
    element.connect_notify(Some("estimated-bitrate"), move |element, _| {
        estimate.store(u64::from(element.property::<u32>("estimated-bitrate")), Ordering::Relaxed);
    });
    Ok(element)
}
