//! What a light shows: pure, from the status and the time since it began.

use std::time::Duration;

use crate::config::{Pattern, Shown, Shows};
use crate::protocol::control::{CallState, DeviceState, DeviceStatus, HubState, LineStatus, OutgoingState, RingState, Status};

/// Half a blink.
const BLINK: Duration = Duration::from_millis(400);
/// A flash, and from one to the next.
const FLASH: Duration = Duration::from_millis(100);
const FLASHES: Duration = Duration::from_secs(2);

/// The first that is the case.
pub(super) fn shown(shows: &[Shown], status: &Status) -> Option<Shown> {
    shows.iter().find(|shown| is_so(shown.what, status)).copied()
}

/// Whether a pattern is lit after this time, and when that changes.
pub(super) fn lit(pattern: Pattern, after: Duration) -> (bool, Option<Duration>) {
    let (on, period) = match pattern {
        Pattern::Steady => return (true, None),
        Pattern::Blink => (BLINK, 2 * BLINK),
        Pattern::Pulse => (FLASH, FLASHES),
    };
    let into = Duration::from_nanos((after.as_nanos() % period.as_nanos()) as u64);
    if into < on { (true, Some(on - into)) } else { (false, Some(period - into)) }
}

fn is_so(what: Shows, status: &Status) -> bool {
    let call = status.call.as_ref();
    // One that is being opened may be giving already.
    let device = |device: &DeviceStatus| matches!(device.state, DeviceState::Running | DeviceState::Starting);
    let rings = status.ring.as_ref().is_some_and(|ring| ring.state == RingState::Ringing);
    let calls = status.outgoing.as_ref().is_some_and(|outgoing| outgoing.state != OutgoingState::Ended);
    match what {
        Shows::Ringing => rings || calls,
        Shows::Calling => calls,
        Shows::InCall => call.is_some_and(|call| matches!(call.state, CallState::Joined | CallState::Reconnecting)),
        Shows::Joining => call.is_some_and(|call| call.state == CallState::Joining),
        Shows::Muted => call.is_some_and(|call| call.muted.audio),
        Shows::Fault => fault(status),
        // What the pipelines really do, not what was asked.
        Shows::Camera => device(&status.media.camera),
        Shows::Microphone => device(&status.media.microphone),
        Shows::Privacy => status.gpio.privacy.iter().any(|line| line.on),
        Shows::Online => status.hub.state == HubState::Connected,
    }
}

/// Whether something needs a technician.
fn fault(status: &Status) -> bool {
    let media = &status.media;
    let devices = [&media.camera, &media.microphone, &media.speaker, &media.screen];
    let broken = |state: DeviceState| match state {
        DeviceState::Missing | DeviceState::Busy | DeviceState::Denied | DeviceState::Failed => true,
        DeviceState::Idle | DeviceState::Starting | DeviceState::Running | DeviceState::Disabled => false,
    };
    let gpio = &status.gpio;
    let line = |line: &LineStatus| line.error.is_some() || broken(line.state);
    let hub = status.hub.state != HubState::Connected && status.hub.error.is_some();
    let call = status.call.as_ref().is_some_and(|call| call.error.is_some());
    hub || call
        || devices.iter().any(|device| broken(device.state))
        || gpio.buttons.iter().chain(&gpio.lights).chain(&gpio.relays).chain(&gpio.privacy).chain(&gpio.others).any(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::{CallStatus, HubStatus, OutgoingStatus, RingStatus};

    fn idle() -> Status {
        let hub = HubStatus { url: "ws://hub".into(), state: HubState::Connected, error: None, retry_in_s: None };
        Status::new("door".parse().unwrap(), "callbox test".into(), hub)
    }

    fn call(state: CallState) -> CallStatus {
        CallStatus {
            cid: "default:lobby".parse().unwrap(),
            state,
            error: None,
            participant: None,
            muted: Default::default(),
            recorded: false,
            first_picture_ms: None,
            participants: Vec::new(),
        }
    }

    fn so(status: &Status) -> Vec<&'static str> {
        Shows::ALL.iter().filter(|(_, what)| is_so(*what, status)).map(|(word, _)| *word).collect()
    }

    #[test]
    fn a_light_follows_what_is_really_so() {
        let mut status = idle();
        assert_eq!(so(&status), ["online"]);
        status.call = Some(call(CallState::Joining));
        assert_eq!(so(&status), ["joining", "online"]);
        status.call = Some(call(CallState::Joined));
        status.media.camera.state = DeviceState::Failed;
        status.media.microphone.state = DeviceState::Running;
        assert_eq!(so(&status), ["in-call", "fault", "microphone", "online"]);
        status.media.camera.state = DeviceState::Starting;
        assert_eq!(so(&status), ["in-call", "camera", "microphone", "online"]);
        status.media.camera.state = DeviceState::Running;
        status.call.as_mut().unwrap().muted.audio = true;
        assert_eq!(so(&status), ["in-call", "muted", "camera", "microphone", "online"]);
        status.hub.state = HubState::Disconnected;
        status.call.as_mut().unwrap().state = CallState::Reconnecting;
        assert_eq!(so(&status), ["in-call", "muted", "camera", "microphone"], "a moment without a hub is no fault");
    }

    #[test]
    fn a_light_rings_whoever_calls_and_is_steady_in_the_call() {
        let show = |what, pattern| Shown { what, pattern };
        let bell = [show(Shows::Ringing, Pattern::Blink), show(Shows::InCall, Pattern::Steady)];
        let mut status = idle();
        status.call = Some(call(CallState::Joined));
        status.ring = Some(RingStatus {
            cid: "default:visit".parse().unwrap(),
            by: "anna".parse().unwrap(),
            name: "Anna".into(),
            video: true,
            since: String::new(),
            state: RingState::Ringing,
            reason: None,
        });
        assert_eq!(so(&status)[..2], ["ringing", "in-call"]);
        assert_eq!(shown(&bell, &status), Some(bell[0]));
        status.ring.as_mut().unwrap().state = RingState::Ended;
        assert_eq!(shown(&bell, &status), Some(bell[1]));
        status.call = None;
        status.outgoing = Some(OutgoingStatus {
            cid: "default:visit".parse().unwrap(),
            to: "anna".into(),
            video: true,
            state: OutgoingState::Dialing,
            callees: Vec::new(),
            reason: None,
        });
        assert_eq!(so(&status)[..2], ["ringing", "calling"]);
        status.outgoing.as_mut().unwrap().state = OutgoingState::Ended;
        assert_eq!(shown(&bell, &status), None);
    }

    #[test]
    fn whatever_needs_a_technician_is_a_fault() {
        let trouble: [fn(&mut Status); 4] = [
            |status| status.media.speaker.state = DeviceState::Busy,
            |status| {
                status.hub.state = HubState::Disconnected;
                status.hub.error = Some("wrong password".into());
            },
            |status| status.gpio.buttons.push(LineStatus { error: Some("stuck".into()), ..LineStatus::default() }),
            |status| status.gpio.relays.push(LineStatus { state: DeviceState::Missing, ..LineStatus::default() }),
        ];
        assert!(!fault(&idle()));
        for make in trouble {
            let mut status = idle();
            make(&mut status);
            assert!(fault(&status), "{status:?}");
        }
    }

    #[test]
    fn the_first_of_several_is_shown() {
        let show = |what, pattern| Shown { what, pattern };
        let shows = [show(Shows::Joining, Pattern::Blink), show(Shows::InCall, Pattern::Steady)];
        let mut status = idle();
        assert_eq!(shown(&shows, &status), None);
        status.call = Some(call(CallState::Joining));
        assert_eq!(shown(&shows, &status), Some(shows[0]));
        status.call = Some(call(CallState::Joined));
        assert_eq!(shown(&shows, &status), Some(shows[1]));
    }

    #[test]
    fn patterns_begin_lit_and_say_when_they_change() {
        let ms = Duration::from_millis;
        assert_eq!(lit(Pattern::Steady, ms(12345)), (true, None));
        assert_eq!(lit(Pattern::Blink, ms(0)), (true, Some(ms(400))));
        assert_eq!(lit(Pattern::Blink, ms(400)), (false, Some(ms(400))));
        assert_eq!(lit(Pattern::Blink, ms(900)), (true, Some(ms(300))));
        assert_eq!(lit(Pattern::Pulse, ms(2050)), (true, Some(ms(50))));
        assert_eq!(lit(Pattern::Pulse, ms(2100)), (false, Some(ms(1900))));
    }
}
