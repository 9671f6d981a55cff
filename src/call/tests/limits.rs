//! What is sent: microphone, camera, bandwidth.

use super::*;
use crate::config::Bitrate;
use EventBody as E;

fn muted(audio: bool, video: bool) -> Muted {
    Muted { audio, video }
}

/// In a call with these changes to its settings.
fn joined_to(change: impl FnOnce(&mut Call), before: &[Command]) -> (Bench, Vec<Effect>) {
    let mut bench = Bench::new();
    for command in before {
        bench.command(command.clone()).unwrap();
    }
    let effects = bench.input(Input::HubOpened { resumed: false });
    let mut call = call(&lobby());
    change(&mut call);
    let effects = bench.answer_join_to(&effects, 1, &[browser("z")], call);
    (bench, effects)
}

fn switch(audio: Option<bool>, video: Option<bool>) -> Command {
    Command::Mute { audio, video }
}

#[test]
fn g30_the_microphone_is_as_the_call_has_it_before_anything_is_sent() {
    let (mut bench, effects) = joined_to(|call| call.settings.audio.mic_default_on = false, &[]);
    assert_eq!(effects[0], Effect::Mute(muted(true, false)), "before any connection: {effects:?}");
    assert!(requests(&effects).contains(&&Request::Mute(lobby(), muted(true, false), false)));
    bench.command(switch(Some(false), None)).unwrap();
    assert_eq!(bench.core.muted(), muted(false, false), "a person may switch it on");
}

#[test]
fn g31_the_camera_is_as_the_call_has_it() {
    let (bench, _) = joined_to(|call| call.settings.video.camera_default_on = false, &[]);
    assert_eq!(bench.core.muted(), muted(false, true));
}

#[test]
fn g13_what_was_said_in_the_lobby_overrides_the_defaults_of_the_call() {
    let before = [switch(Some(false), Some(true))];
    let (bench, _) = joined_to(|call| call.settings.audio.mic_default_on = false, &before);
    assert_eq!(bench.core.muted(), muted(false, true));
}

#[test]
fn what_the_call_does_not_let_us_send_stays_off_and_says_why() {
    let (mut bench, _) = joined_to(|call| call.own_capabilities = vec![hub::Capability::SendVideo], &[]);
    assert_eq!(bench.core.muted(), muted(true, false));
    let refused = bench.command(switch(Some(false), None)).unwrap_err();
    assert!(refused.to_string().contains("send-audio"), "{refused}");
    let own_capabilities = vec![hub::Capability::SendAudio, hub::Capability::SendVideo];
    bench.event(E::Capabilities { own_capabilities });
    assert_eq!(bench.core.muted(), muted(false, false), "allowed now, and on by default");
}

#[test]
fn a_microphone_switched_off_by_others_is_off_until_a_person_here_says_otherwise() {
    let mut bench = Bench::joined(&[]);
    let effects = bench.event(E::Muted { by: user("anna"), audio: true, video: false, screen: false });
    assert_eq!(effects[0], Effect::Mute(muted(true, false)));
    bench.command(switch(Some(false), None)).unwrap();
    assert_eq!(bench.core.muted(), muted(false, false));
}

#[test]
fn the_hub_is_told_again_what_is_off_after_its_connection_dropped() {
    let mut bench = Bench::joined(&[]);
    bench.input(Input::HubLost);
    bench.command(switch(None, Some(true))).unwrap();
    let effects = bench.input(Input::HubOpened { resumed: true });
    assert!(requests(&effects).contains(&&Request::Mute(lobby(), muted(false, true), false)), "{effects:?}");
}

#[test]
fn c8_the_configured_limit_holds_from_the_start_and_the_hub_is_told() {
    let config = CallConfig { max_bandwidth: Some(Bitrate(256_000)), auto_join: Some(lobby()), ..CallConfig::default() };
    let mut bench = Bench::with(config);
    let effects = bench.input(Input::HubOpened { resumed: false });
    assert_eq!(effects[0], Effect::SetMaxBitrate(Some(256_000)));
    let effects = bench.answer_join(&effects, 1, &[]);
    assert_eq!(requests(&effects), [&Request::SetMaxBandwidth(lobby(), 256)]);
}

#[test]
fn c10_the_limit_of_the_call_is_for_everybody_and_the_lowest_holds() {
    let (mut bench, effects) = joined_to(|call| call.settings.limits.max_bandwidth = 256, &[]);
    assert!(effects.contains(&Effect::SetMaxBitrate(Some(256_000))));
    bench.command(Command::MaxBandwidth { kbits: 512 }).unwrap();
    assert!(!bench.drain().contains(&Effect::SetMaxBitrate(Some(512_000))));
    let mut without = call(&lobby());
    without.settings.limits.max_bandwidth = 0;
    let effects = bench.event(E::Updated { call: Box::new(without), by: None });
    assert_eq!(effects, [Effect::SetMaxBitrate(Some(512_000))]);
}

#[test]
fn c11_a_limit_during_the_call_is_for_ourselves_and_0_removes_it() {
    let mut bench = Bench::joined(&[]);
    let effects = bench.command(Command::MaxBandwidth { kbits: 512 }).unwrap();
    assert_eq!(effects[0], Effect::SetMaxBitrate(Some(512_000)));
    assert_eq!(requests(&effects), [&Request::SetMaxBandwidth(lobby(), 512)]);
    let effects = bench.command(Command::MaxBandwidth { kbits: 0 }).unwrap();
    assert_eq!(effects[0], Effect::SetMaxBitrate(None));
    let mut me = participant("me", 1, ClientKind::Appliance);
    me.max_bandwidth = 128;
    let effects = bench.event(E::ParticipantUpdated { participant: me });
    assert_eq!(effects, [Effect::SetMaxBitrate(Some(128_000))], "set by way of the hub");
}
