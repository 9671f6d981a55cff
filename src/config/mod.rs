//! Configuration: TOML files in, checked structs out, or a [`Report`] that points at every line that is wrong.
//!
//! ```text
//!   files, drop-ins, environment, --set      layers: one source map, so that a span names file and line
//!        └─► tree: one deep merge ─► reader: typed values, problems noted ─► Appliance or Hub
//!                                                      └─► similar: unknown keys ─► report
//! ```

mod appliance;
mod call;
mod cec;
#[cfg_attr(not(all(feature = "appliance", feature = "hub")), allow(dead_code))] // one half alone needs fewer kinds of values
mod check;
mod door;
#[cfg(feature = "appliance")]
mod draft;
#[cfg_attr(not(all(feature = "appliance", feature = "hub")), allow(dead_code))] // one half alone needs fewer kinds of values
mod effective;
mod gpio;
mod hub;
mod keypad;
#[cfg_attr(not(all(feature = "appliance", feature = "hub")), allow(dead_code))] // one half alone needs fewer kinds of values
mod layers;
mod manual;
mod metrics;
mod mqtt;
mod network;
mod page;
#[cfg(feature = "appliance")]
mod read_appliance;
#[cfg(feature = "appliance")]
mod read_call;
#[cfg(feature = "appliance")]
mod read_cec;
#[cfg(feature = "appliance")]
mod read_door;
#[cfg(feature = "appliance")]
mod read_gpio;
#[cfg(feature = "hub")]
mod read_hub;
#[cfg(feature = "appliance")]
mod read_keypad;
#[cfg(feature = "appliance")]
mod read_mqtt;
#[cfg(feature = "appliance")]
mod read_network;
#[cfg(feature = "appliance")]
mod read_page;
#[cfg(feature = "appliance")]
mod read_schedule;
#[cfg(feature = "appliance")]
mod read_screen;
#[cfg_attr(not(all(feature = "appliance", feature = "hub")), allow(dead_code))] // one half alone needs fewer kinds of values
mod reader;
mod recording;
#[cfg(test)]
mod reference;
mod report;
mod schedule;
mod screen;
mod share;
mod similar;
mod source;
mod syntax;
mod tree;
mod value;

use std::path::{Path, PathBuf};

pub use appliance::{
    Appliance, Audio, Camera, CameraSource, Control, DEFAULT_SOCKET, DEFAULT_TONE, Encoder, HubLink, Log, Microphone,
    MicrophoneSource, Speaker, SpeakerSink, Trust, Video,
};
pub use call::{AutoAnswer, BadWindow, CallConfig, DoNotDisturb, SpeedDial, WhenBusy, Window};
pub use cec::{Cec, DEFAULT_CEC_DEVICE, DEFAULT_CEC_NAME, DEFAULT_STANDBY_AFTER};
pub use door::Door;
#[cfg(feature = "appliance")]
pub use draft::{appliance_files, secret_line, try_appliance};
pub use effective::Effective;
pub use gpio::{
    Bias, Button, DEFAULT_DEBOUNCE, DEFAULT_DOUBLE_TIME, DEFAULT_HOLD_TIME, DEFAULT_PULSE, DEFAULT_STUCK_TIME, Gpio, Light, Line,
    LineId, MAX_PULSE, Pattern, Privacy, Relay, Shown, Shows,
};
pub use hub::{Hub, HubUser, Tls, TokenKey, TokenKeyKind, Turn, Webhook, WebhookEvent};
pub use keypad::{Key, Keypad};
pub use metrics::Metrics;
pub use mqtt::{MQTT_PORT, MQTTS_PORT, Mqtt};
pub use network::{Network, PortRange, TurnServer};
pub use page::{DEFAULT_PAGE, Page, PageTls};
pub use recording::{Recording, Size};
pub use report::Report;
pub use schedule::{DAYS, Schedule};
pub use screen::{Corner, DEFAULT_SNAPSHOT_INTERVAL, Layout, Screen, ScreenOutput, Standby};
pub use share::Share;
pub use value::{BadBitrate, Bitrate, LogLevel, Secret};

use layers::Layers;
use reader::Reading;

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Loaded<T> {
    /// Checked.
    pub config: T,
    /// What is probably not as meant; may be empty.
    pub warnings: Report,
}

/// Where a configuration comes from.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// This file and the drop-ins beside it; none: the system's files.
    pub file: Option<PathBuf>,
    /// Variables; those that begin with `CALLBOX_` count.
    pub environment: Vec<(String, String)>,
    /// `KEY=VALUE`, over everything else.
    pub settings: Vec<String>,
    /// Where systemd puts credentials.
    pub credentials: Option<PathBuf>,
}

impl Inputs {
    /// With this process's environment.
    pub fn of_this_process(file: Option<&Path>, settings: &[String]) -> Self {
        let text = |text: std::ffi::OsString| text.into_string().ok();
        Self {
            file: file.map(Path::to_owned),
            environment: std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect(),
            settings: settings.to_vec(),
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        }
    }
}

/// The commented files that this version ships; they are the manual.
#[cfg(feature = "appliance")]
const MANUAL: &str = include_str!("../../config/callbox.toml");
#[cfg(feature = "hub")]
const HUB_MANUAL: &str = include_str!("../../config/hub.toml");

/// Reads the appliance's configuration.
#[cfg(feature = "appliance")]
pub fn load_appliance(inputs: &Inputs) -> Result<Loaded<Appliance>, Report> {
    finish(appliance_layers(inputs, Layers::default()), |reading, root| {
        read_appliance::read(reading, root, inputs.credentials.as_deref())
    })
    .map(|(loaded, _)| loaded)
}

/// What holds for the appliance in the end, and who said so.
#[cfg(feature = "appliance")]
pub fn effective_appliance(inputs: &Inputs) -> Result<Effective, Report> {
    let layers = appliance_layers(inputs, Layers::default());
    let credentials = inputs.credentials.as_deref();
    let (_, findings) = finish(layers.clone(), |reading, root| read_appliance::read(reading, root, credentials))?;
    Ok(Effective::new(&layers, &findings, MANUAL))
}

#[cfg(feature = "appliance")]
fn appliance_layers(inputs: &Inputs, mut layers: Layers) -> Layers {
    match &inputs.file {
        Some(file) => layers.add_named(file),
        None => layers.add_system(),
    }
    layers.add_environment(inputs.environment.iter().cloned());
    layers.add_settings(&inputs.settings);
    layers.forbid_silence();
    layers
}

/// Reads the hub's configuration: this file and the drop-ins beside it.
#[cfg(feature = "hub")]
pub fn load_hub(file: &Path) -> Result<Loaded<Hub>, Report> {
    let mut layers = Layers::default();
    layers.add_named(file);
    finish(layers, |reading, root| Some(read_hub::read(reading, root))).map(|(loaded, _)| loaded)
}

/// What holds for the hub in the end, and who said so. Hashes of passwords are left out.
#[cfg(feature = "hub")]
pub fn effective_hub(file: &Path) -> Result<Effective, Report> {
    let mut layers = Layers::default();
    layers.add_named(file);
    let (_, findings) = finish(layers.clone(), |reading, root| Some(read_hub::read(reading, root)))?;
    Ok(Effective::new(&layers, &findings, HUB_MANUAL))
}

/// A text as if it were a file of the appliance's or of the hub's; for fuzzing.
#[cfg(all(any(test, fuzzing), feature = "appliance", feature = "hub"))]
pub(crate) fn read_text(text: &str) -> [Result<(), Report>; 2] {
    let layers = || {
        let mut layers = Layers::default();
        layers.add_text(Path::new("text.toml"), text.to_owned());
        layers
    };
    [
        finish(layers(), |reading, root| read_appliance::read(reading, root, None)).map(drop),
        finish(layers(), |reading, root| Some(read_hub::read(reading, root))).map(drop),
    ]
}

#[cfg(any(feature = "appliance", feature = "hub"))]
fn finish<T>(
    layers: Layers,
    read: impl for<'a> FnOnce(&mut Reading<'a>, &'a tree::Table) -> Option<T>,
) -> Result<(Loaded<T>, effective::Findings), Report> {
    let Layers { map, root, problems, .. } = layers;
    let mut reading = Reading::new(&map, problems);
    let config = read(&mut reading, &root);
    let Reading { known, mut problems, understood, overruled, given, .. } = reading;
    similar::unknown_keys(&root, &known, &map, &mut problems);
    let report = Report::new(map, problems);
    let findings = effective::Findings { understood, overruled, given };
    match config {
        Some(config) if !report.has_errors() => Ok((Loaded { config, warnings: report }, findings)),
        _ => Err(report),
    }
}
