//! Two peers joined by hand, without an engine: what they promise each other, and what is left of them.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_webrtc::WebRTCPeerConnectionState as State;

use super::*;
use crate::media::engine::Ask;
use crate::protocol::ParticipantId;

fn options() -> Options {
    Options {
        latency: Duration::from_millis(60),
        helpers: Helpers::default(),
        relay_only: false,
        ports: None,
        decoder: "avdec_h264",
        play_audio: false,
        read_test_card: false,
        max_bitrate: 500_000,
        most_shared: 500_000,
    }
}

struct End {
    peer: Peer,
    notes: Notes,
    inbox: Receiver<Ask>,
    candidates: Vec<(u32, String)>,
    is_up: bool,
}

fn key(epoch: u64) -> PeerKey {
    PeerKey { id: ParticipantId::new("p").unwrap(), epoch }
}

fn open(role: &Role, epoch: u64, time: &Timebase) -> End {
    let (notes, inbox) = Notes::of_test();
    End {
        peer: Peer::open(&key(epoch), role, &options(), time, &notes).unwrap(),
        notes,
        inbox,
        candidates: Vec::new(),
        is_up: false,
    }
}

/// Reads what one end says. Gives back its description, if it made one.
fn listen(from: &mut End) -> Option<String> {
    let mut made = None;
    while let Ok(Ask::Note(note)) = from.inbox.try_recv() {
        match note {
            Note::LocalDescription { sdp, .. } => made = Some(sdp),
            Note::LocalCandidate { line, candidate, .. } => from.candidates.push((line, candidate)),
            Note::PeerState { state: State::Connected, .. } => from.is_up = true,
            Note::PeerFailed { text, .. } => panic!("{text}"),
            Note::PeerState { .. }
            | Note::PeerLatency { .. }
            | Note::PictureReady { .. }
            | Note::VoiceReady { .. }
            | Note::Device { .. }
            | Note::Started { .. }
            | Note::Stopped { .. }
            | Note::Encoder(_)
            | Note::WayFell { .. }
            | Note::Board(_) => {}
        }
    }
    made
}

fn soon<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Two that are connected, and the answer of the second.
fn pair(epoch: u64, time: &Timebase) -> (End, End, String) {
    let mut one = open(&Role::Offer, epoch, time);
    let offer = soon("an offer", || listen(&mut one));
    let mut other = open(&Role::Answer { sdp: offer }, epoch, time);
    let answer = soon("an answer", || listen(&mut other));
    one.peer.remote_answer(&key(epoch), &one.notes, &answer).unwrap();
    soon("a connection", || {
        listen(&mut one);
        listen(&mut other);
        for (line, candidate) in one.candidates.drain(..) {
            other.peer.remote_candidate(line, &candidate);
        }
        for (line, candidate) in other.candidates.drain(..) {
            one.peer.remote_candidate(line, &candidate);
        }
        (one.is_up && other.is_up).then_some(())
    });
    one.peer.admit().unwrap();
    other.peer.admit().unwrap();
    (one, other, answer)
}

fn estimators(end: &End) -> Vec<glib::WeakRef<gst::Element>> {
    let all = end.peer.pipeline.bin().children().into_iter();
    all.filter(|one| one.factory().is_some_and(|factory| factory.name() == "rtpgccbwe")).map(|one| one.downgrade()).collect()
}

#[test]
fn nothing_is_left_of_twenty_peers() {
    crate::media::pipeline::init().unwrap();
    let time = Timebase::new();
    let mut left = Vec::new();
    for epoch in 0..10 {
        let (one, other, _) = pair(epoch, &time);
        for end in [one, other] {
            let found = estimators(&end);
            assert_eq!(found.len(), 1);
            left.extend(found);
            left.push(end.peer.webrtc.downgrade());
            drop(end);
        }
    }
    assert_eq!(left.len(), 40);
    soon("everything gone", || left.iter().all(|one| one.upgrade().is_none()).then_some(()));
}

#[test]
fn an_answer_promises_repairs_and_reports_as_the_offer_asks() {
    crate::media::pipeline::init().unwrap();
    let (_one, _other, answer) = pair(1, &Timebase::new());
    let video = answer.split("m=video").nth(1).unwrap();
    for promise in ["nack", "nack pli", "transport-cc", "rtx/90000", "apt=96", sdp::TWCC] {
        assert!(video.contains(promise), "no {promise} in {video}");
    }
}
