//! The verb that shows the others something.

use clap::Args;

use super::{Recording, SocketArgs};

/// The help below `callbox share`.
pub const SHARE_EXAMPLES: &str = "\
The others see it large and the camera small. It ends with the call. Where the call does not let this appliance share, the answer
says so.

Examples:
  callbox share start                   what [share] says
  callbox share start test
  callbox share start /dev/video2       an HDMI capture stick, a second camera
  callbox share start name:HDMI
  callbox share start welcome.mp4
  callbox share stop";

/// `callbox share`.
#[derive(Debug, Args)]
pub struct ShareArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// Begin or end
    #[arg(value_name = "WHAT")]
    pub what: Recording,
    /// `test`, a video device or a video file; what [share] says if left out
    #[arg(value_name = "SOURCE")]
    pub source: Option<String>,
}
