//! What `webrtcbin` is made of, set as a conversation needs it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;

/// Sets what has a name for it, as soon as it is there.
///
/// Two waits are taken out: each packet sent is held back until its time plus the latency of all that came before it, for sources that
/// are not live (27 ms); and the first packet received is held back for the whole jitter buffer (60 ms).
pub fn settle(webrtc: &gst::Element) {
    let Some(bin) = webrtc.downcast_ref::<gst::Bin>() else {
        return;
    };
    bin.connect_deep_element_added(|_, _, child| match child.factory().as_ref().map(|factory| factory.name()).as_deref() {
        Some("clocksync") => child.set_property("sync", false),
        Some("rtpjitterbuffer") => child.set_property("faststart-min-packets", 1u32),
        _ => {}
    });
}

/// The elements in which what comes in is put in order, by the number of its stream.
#[derive(Debug, Default)]
pub struct Orderers(Mutex<BTreeMap<u32, glib::WeakRef<gst::Element>>>);

impl Orderers {
    /// Those that a `webrtcbin` will have.
    pub fn of(webrtc: &gst::Element) -> Arc<Self> {
        let all = Arc::new(Self::default());
        if let Some(rtpbin) = webrtc.downcast_ref::<gst::Bin>().and_then(|bin| bin.by_name("rtpbin")) {
            let known = all.clone();
            rtpbin.connect("new-jitterbuffer", false, move |values| {
                let orderer = values.get(1).and_then(|value| value.get::<gst::Element>().ok())?;
                let number = values.get(3).and_then(|value| value.get::<u32>().ok())?;
                known.0.lock().unwrap_or_else(PoisonError::into_inner).insert(number, orderer.downgrade());
                None
            });
        }
        all
    }

    /// Whether what is missing of this stream is asked for again. `webrtcbin` takes it from whichever m-line comes last in a list of its
    /// own: if that is the sound, no picture is ever repaired.
    pub fn ask_again(&self, number: u32, whether: bool) {
        let orderer = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&number).and_then(glib::WeakRef::upgrade);
        match orderer {
            Some(orderer) => orderer.set_property("do-retransmission", whether),
            None => tracing::warn!("what is lost on the way cannot be asked for again: its stream is not known"),
        }
    }
}

/// The number of the stream that comes from a pad of `webrtcbin`: the one inside is called `recv_rtp_src_SESSION_NUMBER_PAYLOAD`.
pub fn number(pad: &gst::Pad) -> Option<u32> {
    pad.downcast_ref::<gst::GhostPad>()?.target()?.name().split('_').nth(4)?.parse().ok()
}
