//! Everything of this board that matters to a call: what media knows of, and the lines.

use crate::controls::gpio;
use crate::media;
use crate::media::inventory;
use crate::protocol::control::{Devices, EncoderStatus};

/// `chosen` are the names of camera, microphone and speaker in use, `encoder` the one in use.
pub async fn all(chosen: [String; 3], encoder: EncoderStatus) -> Result<Devices, media::Error> {
    let lines = super::doctor::elsewhere(|| {
        let mut errors = Vec::new();
        let chips = gpio::chips(&mut errors);
        (chips, errors)
    });
    let lines = async { tokio::time::timeout(std::time::Duration::from_secs(5), lines).await };
    let (devices, codecs, lines) = tokio::join!(inventory::list(chosen), inventory::codecs(encoder), lines);
    let mut devices = devices?;
    match codecs {
        Ok((encoders, decoders)) => (devices.encoders, devices.decoders) = (encoders, decoders),
        Err(why) => devices.errors.push(why),
    }
    match lines {
        Ok(Ok((chips, errors))) => {
            devices.gpio = chips;
            devices.errors.extend(errors);
        }
        Ok(Err(why)) => devices.errors.push(why),
        Err(_) => devices.errors.push("the GPIO chips do not answer".to_owned()),
    }
    Ok(devices)
}
