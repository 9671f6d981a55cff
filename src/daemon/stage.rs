//! What goes on, in the words of the screen.

use crate::media::plan::stage::{Call, Called, Caller, Entry, Link, Person, Stage};
use crate::protocol::control::{
    CallState, CallStatus, HubState, OutgoingState, OutgoingStatus, ParticipantStatus, PeerConnection, RingState, RingStatus,
    Status,
};
use crate::protocol::hub::{Muted, ParticipantState};

/// From what every door shows.
pub(super) fn stage(status: &Status, name: &str, muted: Muted) -> Stage {
    let ringing = |ring: &&RingStatus| ring.state == RingState::Ringing;
    Stage {
        name: name.to_owned(),
        offline: status.hub.state != HubState::Connected,
        quiet: status.do_not_disturb,
        muted,
        caller: status.ring.as_ref().filter(ringing).map(|ring| Caller { name: ring.name.clone(), video: ring.video }),
        called: status.outgoing.as_ref().map(called),
        call: status.call.as_ref().map(call),
    }
}

fn called(outgoing: &OutgoingStatus) -> Called {
    Called { name: outgoing.to.clone(), over: outgoing.state == OutgoingState::Ended }
}

fn call(call: &CallStatus) -> Call {
    let entry = match call.state {
        CallState::Joining => Entry::Coming,
        CallState::Lobby => Entry::Lobby,
        CallState::Joined | CallState::Reconnecting => Entry::In,
        CallState::Ended | CallState::Out => Entry::Out,
    };
    Call { entry, people: call.participants.iter().map(person).collect() }
}

fn person(participant: &ParticipantStatus) -> Person {
    let link = match (participant.state, participant.connection) {
        (_, PeerConnection::Connected) => Link::Up,
        (ParticipantState::Joined, PeerConnection::Undefined | PeerConnection::Connecting) => Link::Coming,
        (_, PeerConnection::Undefined | PeerConnection::Connecting) => Link::Away,
        (_, PeerConnection::Disconnected | PeerConnection::Failed | PeerConnection::Closed) => Link::Away,
    };
    Person {
        id: participant.id.clone(),
        name: participant.name.clone(),
        muted: participant.muted,
        sharing: participant.sharing,
        link,
        speaking: participant.audio.speaking,
    }
}
