//! Listens to the microphone for a few seconds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::wait;
use crate::config::Microphone;
use crate::media::Error;
use crate::media::microphone::{add_source, name};
use crate::media::pipeline::{self, Pipeline, Report, Timebase, capsfilter, element, element_with};
use crate::media::plan::loudness;
use crate::media::sound::{MONO, watch};
use crate::protocol::control::DeviceState;

/// A card that takes longer for its first sound is stuck.
const FIRST: Duration = Duration::from_secs(5);
/// A card begins with a crack.
const SETTLE: Duration = Duration::from_millis(300);
const LISTEN: Duration = Duration::from_secs(2);

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Which microphone.
    pub name: String,
    /// The loudest hundredth of a second, decibels below the loudest that there is.
    pub peak: i32,
    /// The usual: the median.
    pub usual: i32,
}

/// Listens for about two seconds. The card must not be in use, unless it can be shared.
pub fn microphone(microphone: &Microphone) -> Result<Heard, Error> {
    pipeline::init()?;
    let (failed, powers) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(Vec::new())));
    let (tell, hear) = (failed.clone(), powers.clone());
    let time = Timebase::new();
    let pipeline = Pipeline::new("microphone", &time, move |report| {
        if let Report::Failed { state, text, .. } = report {
            tell.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(Error::Device { state, text });
        }
    });
    let convert = element("audioconvert")?;
    let raw = capsfilter(MONO)?;
    watch(&raw, move |power, _| hear.lock().unwrap_or_else(PoisonError::into_inner).push(power));
    let sink = element_with("fakesink", &[("sync", "false")])?;
    pipeline.chain(&[&convert, &element("audioresample")?, &raw, &sink])?;
    add_source(&pipeline, &microphone.source, &convert, &time)?;
    pipeline.play()?;
    let count = || powers.lock().unwrap_or_else(PoisonError::into_inner).len();
    let name = name(&microphone.source);
    wait(&failed, Instant::now() + FIRST, || count() > 0)?;
    if count() == 0 {
        let text = format!("{name} gives no sound within {} s", FIRST.as_secs());
        return Err(Error::Device { state: DeviceState::Failed, text });
    }
    wait(&failed, Instant::now() + SETTLE, || false)?;
    powers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    wait(&failed, Instant::now() + LISTEN, || false)?;
    let mut heard = std::mem::take(&mut *powers.lock().unwrap_or_else(PoisonError::into_inner));
    heard.sort_unstable_by(f64::total_cmp);
    let decibels = |power: Option<&f64>| match power {
        Some(power) if *power > 0.0 => loudness::decibels(*power).round() as i32,
        Some(_) | None => loudness::SILENCE,
    };
    Ok(Heard { name, peak: decibels(heard.last()), usual: decibels(heard.get(heard.len() / 2)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MicrophoneSource;

    #[test]
    fn a_tone_is_as_loud_as_it_is_made() {
        let heard = microphone(&Microphone { source: MicrophoneSource::Test { tone: 440 } }).unwrap();
        // A sine of 0.3 of full scale.
        assert!((-15..=-12).contains(&heard.usual) && (-15..=-12).contains(&heard.peak), "{heard:?}");
    }
}
