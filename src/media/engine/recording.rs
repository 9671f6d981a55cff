//! What of a call is written down: our own streams as they are sent, and the others' as they come.

use std::collections::BTreeMap;
use std::time::Instant;

use gstreamer_utils::StreamProducer;

use super::leaving::Leaving;
use super::room::Engine;
use crate::call::Recorded;
use crate::media::microphone::Microphone;
use crate::media::record::{Recorder, Stream};
use crate::protocol::ParticipantId;

impl Engine {
    /// Begins, goes on or ends.
    pub(super) fn settle_recorder(&mut self, now: Instant) {
        let present = self.recorder.as_ref().map(|(cid, _)| cid);
        if present != self.recorded.as_ref().map(|recorded| &recorded.cid)
            && let Some((_, recorder)) = self.recorder.take()
        {
            self.retired.add(Leaving::Recorder, now, move || recorder.finish());
        }
        let Some(recorded) = &self.recorded else {
            return;
        };
        if self.recorder.is_none() {
            match Recorder::start(self.config.recording.clone(), recorded.cid.to_string(), self.time.clone()) {
                Ok(recorder) => self.recorder = Some((recorded.cid.clone(), recorder)),
                Err(error) => return tracing::error!("no thread to record with: {error}"),
            }
        }
        let streams = self.streams(recorded);
        if let Some((_, recorder)) = &mut self.recorder {
            recorder.record(streams);
        }
    }

    fn streams(&self, recorded: &Recorded) -> BTreeMap<String, Stream> {
        let camera = self.camera.get().map(|capture| capture.coder().producer());
        let microphone = self.microphone.get().map(Microphone::producer);
        let name = |id| recorded.names.get(id).map_or_else(|| "somebody".to_owned(), ToString::to_string);
        let own = Stream { name: name(&recorded.me), video: camera.cloned(), audio: microphone.cloned() };
        // While a connection is replaced there are two: the newest that gives something counts.
        let gives = self.peers.iter().filter(|(_, seat)| seat.coded_picture.is_some() || seat.coded_voice.is_some());
        let others = gives.map(|(key, seat)| {
            let stream = Stream { name: name(&key.id), video: seat.coded_picture.clone(), audio: seat.coded_voice.clone() };
            (key.id.to_string(), stream)
        });
        let shares = self.shares(recorded).map(|(id, video)| {
            (format!("{id} share"), Stream { name: format!("{}-share", name(id)), video: Some(video.clone()), audio: None })
        });
        std::iter::once((recorded.me.to_string(), own)).chain(others).chain(shares).collect()
    }

    /// What is shown beside a camera, in files of its own.
    fn shares<'a>(&'a self, recorded: &'a Recorded) -> impl Iterator<Item = (&'a ParticipantId, &'a StreamProducer)> {
        let own = self.sharing.slot.get().map(|capture| (&recorded.me, capture.coder().producer()));
        let shows = |id: &ParticipantId| self.showing.stage.people().iter().any(|person| person.id == *id && person.sharing);
        let others = self.peers.iter().filter(move |(key, _)| shows(&key.id));
        own.into_iter().chain(others.filter_map(|(key, seat)| Some((&key.id, seat.coded_share.as_ref()?))))
    }
}
