//! `callbox status --watch`: everything that matters in one line.

use super::text::{self, clean};
use crate::protocol::control::{DeviceState, Status};

/// The line.
pub fn line(status: &Status) -> String {
    let mut parts = vec![format!("hub {}", text::hub(status.hub.state))];
    if let Some(error) = &status.hub.error {
        parts.push(clean(error));
    }
    match &status.call {
        None => parts.push("no call".to_owned()),
        Some(call) => {
            parts.push(format!("{} {}", call.cid, text::call(call.state)));
            parts.extend(call.error.as_deref().map(clean));
            parts.extend(text::muted(call.muted).map(str::to_owned));
            parts.extend(call.participants.iter().map(|other| {
                let video = &other.video;
                let state = text::connection(other.connection);
                let (name, frames, packets) = (clean(&other.name), video.frames_decoded, other.audio.packets);
                let picture = if video.width == 0 { "no picture".to_owned() } else { format!("{}x{}", video.width, video.height) };
                format!("{name} {state} {picture} {frames} frames {packets} packets")
            }));
        }
    }
    if let Some(ring) = &status.ring {
        parts.push(format!("call from {} {}", clean(&ring.name), text::ring(ring.state)));
        parts.extend(ring.reason.as_deref().map(clean));
    }
    if let Some(outgoing) = &status.outgoing {
        parts.push(format!("call to {} {}", clean(&outgoing.to), text::outgoing(outgoing.state)));
        parts.extend(outgoing.reason.as_deref().map(clean));
    }
    if status.do_not_disturb {
        parts.push("do not disturb".to_owned());
    }
    let media = &status.media;
    for (name, device) in [("camera", &media.camera), ("microphone", &media.microphone), ("speaker", &media.speaker)] {
        match device.state {
            DeviceState::Missing | DeviceState::Busy | DeviceState::Denied | DeviceState::Failed => {
                parts.push(format!("{name} {}", text::device(device.state)));
            }
            DeviceState::Idle | DeviceState::Starting | DeviceState::Running | DeviceState::Disabled => {}
        }
    }
    parts.join(" | ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_line_names_the_trouble_and_has_no_line_end() {
        let line = super::line(&crate::cli::client::page::tests::example());
        assert_eq!(
            line,
            "hub disconnected | nobody listens | default:lobby reconnecting | camera off | \
             Anna[31m connected 1280x720 4821 frames 9012 packets | Kiosk failed no picture 4821 frames 9012 packets | camera missing"
        );
    }
}
