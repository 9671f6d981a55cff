use super::*;

#[test]
fn a_device_that_stops_giving_is_noticed_and_one_that_starts_is_given_time() {
    let start = Instant::now();
    let after = |ms| start + Duration::from_millis(ms);
    let rate = Duration::from_millis(100);
    let mut flow = Flow::new(None, start);
    assert_eq!(flow.stalled(7, rate, after(500)), None);
    assert_eq!(flow.stalled(7, rate, after(7000)), None);
    assert_eq!(flow.stalled(8, rate, after(8000)), None);
    assert_eq!(flow.stalled(8, rate, after(9900)), None);
    assert_eq!(flow.stalled(8, rate, after(10_500)), Some(Duration::from_millis(2500)));
    assert_eq!(Flow::new(None, start).stalled(7, rate, after(1)), None);
    let mut silent = Flow::new(None, start);
    assert_eq!(silent.stalled(0, rate, after(500)), None);
    assert_eq!(silent.stalled(0, rate, after(10_500)), Some(Duration::from_millis(10_500)));
}

#[test]
fn a_failing_device_is_tried_again_with_growing_pauses() {
    let start = Instant::now();
    let mut slot: Slot<()> = Slot::new("camera".into(), true);
    assert!(slot.due(start));
    let mut pauses = Vec::new();
    let mut now = start;
    for _ in 0..5 {
        slot.starting(now);
        assert!(!slot.due(now));
        slot.started(Err(Error::Pipeline("broken".into())), now);
        assert!(!slot.due(now));
        pauses.push((slot.retry_at().unwrap() - now).as_millis());
        now = slot.retry_at().unwrap();
        assert!(slot.due(now));
    }
    assert_eq!(pauses, [500, 1000, 2000, 3000, 3000]);
    assert_eq!(slot.status().state, DeviceState::Failed);
    slot.starting(now);
    slot.started(Err(Error::missing("gone".into())), now);
    assert_eq!((slot.status().state, slot.retry_at()), (DeviceState::Missing, Some(now + Duration::from_secs(1))));
    slot.started(Ok(()), now);
    assert_eq!((slot.status().state, slot.status().error.clone()), (DeviceState::Running, None));
}

#[test]
fn a_device_on_trial_is_shown_as_failed_until_it_gives_something() {
    let now = Instant::now();
    let mut slot: Slot<()> = Slot::new("camera".into(), true);
    slot.starting(now);
    slot.started_on_trial(Ok(()), now);
    assert_eq!(slot.status().state, DeviceState::Starting);
    let _ = slot.failed(DeviceState::Failed, "no picture came".into(), now);
    slot.stopped();
    slot.starting(now);
    slot.started_on_trial(Ok(()), now);
    assert_eq!((slot.status().state, slot.status().error.is_some()), (DeviceState::Failed, true));
    slot.proven();
    assert_eq!((slot.status().state, slot.status().error.clone()), (DeviceState::Running, None));
}

#[test]
fn a_device_whose_driver_does_not_return_is_said_to_be_stuck_once_and_not_tried_until_it_does() {
    let start = Instant::now();
    let after = |s| start + Duration::from_secs(s);
    let mut slot: Slot<()> = Slot::new("camera".into(), true);
    slot.starting(start);
    assert!(!slot.stuck(after(2)));
    assert!(slot.stuck(after(3)));
    assert!(!slot.stuck(after(4)) && !slot.due(after(60)) && slot.deadline().is_none());
    slot.started(Ok(()), after(60));
    assert!(slot.get().is_some());
    assert!(slot.stop(after(61)).is_some());
    assert!(!slot.due(after(62)) && slot.stuck(after(64)));
    slot.stopped();
    assert!(slot.due(after(65)));
}

#[test]
fn another_device_takes_the_place_at_once_of_one_that_runs_starts_or_failed() {
    let now = Instant::now();
    let mut slot: Slot<u8> = Slot::new("one".into(), true);
    slot.starting(now);
    assert_eq!(slot.replace("two".into(), now), (None, true));
    assert!(slot.due(now), "what still starts is not waited for");
    slot.starting(now);
    slot.started(Ok(2), now);
    assert_eq!(slot.replace("three".into(), now), (Some(2), false));
    assert!(!slot.due(now), "what ran is still stopping");
    slot.stopped();
    assert!(slot.due(now));
    slot.starting(now);
    slot.started(Err(Error::missing("gone".into())), now);
    assert_eq!(slot.replace("four".into(), now), (None, false));
    assert!(slot.due(now));
    assert_eq!(slot.status().device, "four");
}

#[test]
fn a_failure_reported_before_the_start_returned_is_not_lost() {
    let now = Instant::now();
    let mut slot: Slot<()> = Slot::new("camera".into(), true);
    assert!(!slot.early(&Report::Ended));
    slot.starting(now);
    assert!(slot.early(&Report::Latency));
    assert!(slot.early(&Report::Ended));
    assert_eq!(slot.started(Ok(()), now), Some(Report::Ended));
}

#[test]
fn an_encoder_stalls_when_it_takes_pictures_and_gives_none() {
    let start = Instant::now();
    let after = |ms| start + Duration::from_millis(ms);
    let patience = Duration::from_secs(3);
    let mut through = Through::new(7, 5, start);
    assert_eq!(through.stalled(10, 5, patience, after(9000)), None, "it may hold some back when the camera stops");
    assert_eq!(through.stalled(11, 5, patience, after(9000)), Some(Duration::from_secs(9)));
    assert_eq!(through.stalled(11, 6, patience, after(9100)), None);
    assert_eq!(through.stalled(50, 6, patience, after(12_000)), None);
    assert_eq!(through.stalled(50, 6, patience, after(12_200)), Some(Duration::from_millis(3100)));
}

#[test]
fn a_device_that_is_switched_off_is_never_due() {
    let slot: Slot<()> = Slot::new("none".into(), false);
    assert!(!slot.due(Instant::now()));
    assert_eq!(slot.status().state, DeviceState::Disabled);
}
