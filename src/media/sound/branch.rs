//! A branch into the mixer: a voice or a tone.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_utils::ConsumptionLink;

use crate::media::Error;
use crate::media::pipeline::Pipeline;

/// Dropping it takes it out, which may take as long as the mixer likes: it waits for a sink that is stuck.
#[derive(Debug)]
pub struct Branch {
    link: Option<ConsumptionLink>,
    elements: Vec<gst::Element>,
    pad: gst::Pad,
    mixer: gst::Element,
    bin: gst::Pipeline,
}

impl Branch {
    /// Links the elements in a row to the mixer and starts them. Waits for nothing.
    pub fn new(
        pipeline: &Pipeline,
        mixer: &gst::Element,
        elements: Vec<gst::Element>,
        link: Option<ConsumptionLink>,
    ) -> Result<Self, Error> {
        let pad = mixer.request_pad_simple("sink_%u").ok_or_else(|| Error::Pipeline("the mixer is full".to_owned()))?;
        let branch = Self { link, elements, pad, mixer: mixer.clone(), bin: pipeline.bin().clone() };
        pipeline.chain(&branch.elements.iter().collect::<Vec<_>>())?;
        let last = branch.elements.last().and_then(|element| element.static_pad("src"));
        let last = last.ok_or_else(|| Error::Pipeline("no source pad".to_owned()))?;
        // Both sides have one format; to compare all that is possible would ask the sink.
        last.link_full(&branch.pad, gst::PadLinkCheck::empty())
            .map_err(|e| Error::Pipeline(format!("cannot link to the mixer: {e}")))?;
        // From the mixer on, or the first buffer would come to elements that are off.
        for element in branch.elements.iter().rev() {
            element.sync_state_with_parent().map_err(|e| Error::pipeline(&e))?;
        }
        Ok(branch)
    }

    /// How loud it is mixed in, 1 as it comes.
    pub fn set_volume(&self, volume: f64) {
        self.pad.set_property("volume", volume);
    }
}

impl Drop for Branch {
    fn drop(&mut self) {
        self.link.take();
        // What waits in front of the mixer gives up.
        if let Some(first) = self.elements.first() {
            first.send_event(gst::event::FlushStart::new());
        }
        for element in &self.elements {
            element.set_locked_state(true);
            let _ = element.set_state(gst::State::Null);
        }
        if let Some(peer) = self.pad.peer() {
            let _ = peer.unlink(&self.pad);
        }
        self.mixer.release_request_pad(&self.pad);
        let _ = self.bin.remove_many(&self.elements);
    }
}
