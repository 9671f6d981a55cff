//! Events in the log: each with the id that the journal knows it by, and fields to look for.

use crate::protocol::event::{Event, EventKind, Weight};

/// Writes it to the log.
pub fn say(event: &Event) {
    let Event { event: kind, cid, participant, user, name, from, to, reason, summary } = event;
    if let Some(call) = summary {
        tracing::info!(
            message_id = kind.message_id(),
            event = kind.name(),
            call_cid = %call.cid,
            seconds = call.seconds,
            participants = call.participants,
            connections = call.connections,
            first_picture_ms = call.first_picture_ms,
            captured = call.frames_captured,
            encoded = call.frames_encoded,
            sent = call.frames_sent,
            dropped = call.frames_dropped,
            decoded = call.frames_decoded,
            rendered = call.frames_rendered,
            freezes = call.freezes,
            frozen_ms = call.frozen_ms,
            packets = call.packets,
            lost = call.packets_lost,
            most_sent = call.most_sent,
            most_received = call.most_received,
            worst_round_trip_ms = call.worst_round_trip_ms,
            worst_loss = call.worst_loss,
            worst_jitter_ms = call.worst_jitter_ms,
            encode_ms = call.encode_ms,
            worst_decode_ms = call.worst_decode_ms,
            rate_steps = call.rate_steps,
            echo_loss = call.echo_loss,
            "{}",
            kind.text()
        );
        return;
    }
    let (cid, participant) = (cid.as_ref().map(ToString::to_string), participant.as_ref().map(ToString::to_string));
    let user = user.as_ref().map(ToString::to_string);
    // People's names are nobody's business who reads logs; ids will do.
    let name = name.as_deref().filter(|_| user.is_none());
    macro_rules! write {
        ($level:ident) => {
            tracing::$level!(
                message_id = kind.message_id(),
                event = kind.name(),
                call_cid = cid.as_deref(),
                participant = participant.as_deref(),
                user = user.as_deref(),
                name = name,
                from = from.as_deref(),
                to = to.as_deref(),
                reason = reason.as_deref(),
                "{}",
                kind.text()
            )
        };
    }
    match kind.weight() {
        Weight::News => write!(info),
        Weight::Trouble => write!(warn),
    }
}

/// Writes an event to the log of which there is nothing more to say.
pub fn say_of(kind: EventKind, name: &str) {
    say(&Event::new(kind).named(name));
}
