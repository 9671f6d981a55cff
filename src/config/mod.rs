//! Configuration: TOML files in, checked structs out, or a [`Report`] that points at every line that is wrong.

mod appliance;
mod hub;
mod value;

pub use appliance::{
    Appliance, Audio, CallConfig, Camera, CameraSource, Control, DEFAULT_SOCKET, Encoder, HubLink, Log, Microphone,
    MicrophoneSource, Network, Screen, ScreenOutput, Speaker, SpeakerSink, Trust, Video,
};
pub use hub::{Hub, HubUser, Tls};
pub use value::{BadBitrate, Bitrate, LogLevel, Secret};
