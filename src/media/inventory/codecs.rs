//! Encoders and decoders, and why one of each is chosen.

use std::sync::OnceLock;
use std::time::Duration;

use gstreamer as gst;
use tokio::sync::oneshot;

use crate::config::Video;
use crate::media::examine;
use crate::media::pipeline;
use crate::media::plan::encoder::{DECODERS, ENCODERS};
use crate::protocol::control::{CodecInfo, EncoderStatus};

/// Five encoders of hardware that hang, one after the other, and one of software.
const PATIENCE: Duration = Duration::from_secs(25);
/// What decodes without the processor.
const SOFTWARE_DECODERS: [&str; 2] = ["avdec_h264", "openh264dec"];

/// Which one works, with why, and those that do not, with why. A board does not change while we run, and a driver that hangs keeps a
/// thread: it is tried once.
type Tried = Result<(&'static str, String, Vec<(&'static str, String)>), String>;
static TRIED: OnceLock<Tried> = OnceLock::new();

/// Encoders and decoders, the best first. An encoder that is in use is taken at its word: a second one may well not work beside it.
pub async fn codecs(in_use: EncoderStatus) -> Result<(Vec<CodecInfo>, Vec<CodecInfo>), String> {
    let (tell, hear) = oneshot::channel();
    let begun = std::thread::Builder::new().name("codecs".into()).spawn(move || {
        let _ = tell.send(look(&in_use));
    });
    begun.map_err(|error| error.to_string())?;
    match tokio::time::timeout(PATIENCE, hear).await {
        Ok(answer) => answer.map_err(|_| "the encoders could not be asked".to_owned())?,
        Err(_) => Err(format!("the encoders did not answer within {} s", PATIENCE.as_secs())),
    }
}

fn look(in_use: &EncoderStatus) -> Result<(Vec<CodecInfo>, Vec<CodecInfo>), String> {
    pipeline::init().map_err(|error| error.to_string())?;
    let tried = match &in_use.element {
        Some(_) => None,
        None => Some(TRIED.get_or_init(|| {
            let chosen = examine::chosen(&Video::default(), 1280, 720).map_err(|error| error.to_string())?;
            Ok((chosen.encoder.element, chosen.because, chosen.rejected))
        })),
    };
    let installed = |element: &str| gst::ElementFactory::find(element).is_some();
    let encoder = |element: &'static str, hardware: bool| {
        let (chosen, because) = match (tried, &in_use.element) {
            (_, Some(used)) if used == element => (true, "`callbox run` uses it".to_owned()),
            (Some(Ok((works, because, _))), _) if *works == element => (true, because.clone()),
            (Some(Err(why)), _) if installed(element) => (false, why.clone()),
            _ if !installed(element) => (false, "not installed".to_owned()),
            (Some(Ok((_, _, rejected))), _) => (false, refused(rejected.iter().map(|(of, why)| (*of, why.as_str())), element)),
            (_, _) => (false, refused(in_use.rejected.iter().map(|one| (one.element.as_str(), one.error.as_str())), element)),
        };
        CodecInfo { element: element.to_owned(), hardware, chosen, because }
    };
    let encoders = ENCODERS.iter().map(|one| encoder(one.element, one.hardware)).collect();
    let first = DECODERS.iter().find(|element| installed(element));
    let decoder = |element: &&'static str| CodecInfo {
        element: (*element).to_owned(),
        hardware: !SOFTWARE_DECODERS.contains(element),
        chosen: first == Some(element),
        because: match first {
            _ if !installed(element) => "not installed".to_owned(),
            Some(first) if first == element => "the first that is installed".to_owned(),
            Some(_) | None => "another one goes before it".to_owned(),
        },
    };
    Ok((encoders, DECODERS.iter().map(decoder).collect()))
}

fn refused<'a>(mut rejected: impl Iterator<Item = (&'a str, &'a str)>, element: &str) -> String {
    rejected
        .find(|(of, _)| *of == element)
        .map_or_else(|| "another one goes before it".to_owned(), |(_, why)| format!("does not work: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_of_each_is_chosen_and_each_says_why() {
        let (encoders, decoders) = codecs(EncoderStatus::default()).await.unwrap();
        for list in [&encoders, &decoders] {
            assert_eq!(list.iter().filter(|codec| codec.chosen).count(), 1, "{list:?}");
            assert!(list.iter().all(|codec| !codec.because.is_empty()), "{list:?}");
        }
        let used = EncoderStatus { element: Some("openh264enc".into()), ..EncoderStatus::default() };
        let (encoders, _) = codecs(used).await.unwrap();
        let chosen: Vec<_> = encoders.iter().filter(|codec| codec.chosen).map(|codec| codec.element.as_str()).collect();
        assert_eq!(chosen, ["openh264enc"]);
    }
}
