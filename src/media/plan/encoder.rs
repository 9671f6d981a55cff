//! H.264 encoders and decoders in order of preference, hardware first, with the settings a call needs.
//!
//! VP8 is not among them: who answers an offer has to take its codec, so a board without any H.264 encoder could only call, never be
//! called by one that has nothing else; and software H.264 is installed wherever Callbox is.

/// The longest distance between keyframes, in frames. Viewers ask for one when they need it, so distance costs nothing.
const KEYFRAME_DISTANCE: u32 = 2560;
/// `bcm2835-codec` takes bit rates in steps of so many bit/s, and from one step up to [`MOST_V4L2`].
const V4L2_STEP: u64 = 25_000;
/// At 25 Mbit/s, its nominal limit, it does not start.
const MOST_V4L2: u64 = 20_000_000;

/// One encoder element and how to talk to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoder {
    /// GStreamer element name.
    pub element: &'static str,
    /// Hardware encodes at no cost to the processor.
    pub hardware: bool,
    /// What the element calls its bit rate, and in which unit.
    pub bitrate: Bitrate,
    /// What brings pictures to where it takes them: an element and the caps after it.
    pub upload: Option<(&'static str, &'static str)>,
}

/// How an encoder takes its target bit rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bitrate {
    /// A property in bit/s.
    Bits(&'static str),
    /// A property in kbit/s.
    Kilobits(&'static str),
    /// The V4L2 control `video_bitrate` in bit/s, inside the `extra-controls` structure.
    V4l2Control,
}

/// How an encoder is asked for a keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyframe {
    /// By GStreamer's event.
    Event,
    /// By an action signal; the event does nothing.
    Signal(&'static str),
    /// By the V4L2 control `force_key_frame`; the event does nothing.
    V4l2Control,
}

const fn hardware(element: &'static str, bitrate: Bitrate) -> Encoder {
    Encoder { element, hardware: true, bitrate, upload: None }
}

const fn software(element: &'static str, bitrate: Bitrate) -> Encoder {
    Encoder { element, hardware: false, bitrate, upload: None }
}

/// All that Callbox knows, best first.
pub const ENCODERS: &[Encoder] = &[
    hardware("v4l2h264enc", Bitrate::V4l2Control),
    hardware("vah264enc", Bitrate::Kilobits("bitrate")),
    hardware("mpph264enc", Bitrate::Bits("bps")),
    Encoder {
        upload: Some(("nvvidconv", "video/x-raw(memory:NVMM),format=NV12")),
        ..hardware("nvv4l2h264enc", Bitrate::Bits("bitrate"))
    },
    hardware("vpuenc_h264", Bitrate::Kilobits("bitrate")),
    software("x264enc", Bitrate::Kilobits("bitrate")),
    software("openh264enc", Bitrate::Bits("bitrate")),
];

/// H.264 decoders, best first.
pub const DECODERS: &[&str] = &["v4l2h264dec", "vah264dec", "mppvideodec", "nvv4l2decoder", "avdec_h264", "openh264dec"];

impl Encoder {
    /// The encoders to try for the configured name: all for `auto`, else that one.
    pub fn candidates(wanted: &str) -> impl Iterator<Item = &'static Self> {
        ENCODERS.iter().filter(move |e| wanted == "auto" || e.element == wanted)
    }

    /// Properties as `(name, value)` in GStreamer's text form; ones the element of this version lacks are skipped.
    pub fn properties(&self, bitrate: u64, pixels: u64) -> Vec<(&'static str, String)> {
        let mut list = match self.element {
            "x264enc" => vec![
                ("tune", "zerolatency".to_owned()),
                ("speed-preset", "ultrafast".to_owned()),
                ("key-int-max", KEYFRAME_DISTANCE.to_string()),
                ("b-adapt", "false".to_owned()),
                ("vbv-buf-capacity", "120".to_owned()),
                // One slice thread keeps up with 720p30 on a small board and costs less than two that wait for each other.
                ("threads", if pixels > 1280 * 720 { "2" } else { "1" }.to_owned()),
            ],
            "openh264enc" => vec![
                ("rate-control", "bitrate".to_owned()),
                ("gop-size", KEYFRAME_DISTANCE.to_string()),
                ("complexity", "low".to_owned()),
                ("background-detection", "false".to_owned()),
                ("scene-change-detection", "false".to_owned()),
            ],
            "vah264enc" => {
                vec![("rate-control", "cbr".to_owned()), ("key-int-max", "1024".to_owned()), ("b-frames", "0".to_owned())]
            }
            "mpph264enc" => vec![
                ("rc-mode", "cbr".to_owned()),
                ("gop", KEYFRAME_DISTANCE.to_string()),
                // The peers that come later need the parameters as well.
                ("header-mode", "each-idr".to_owned()),
                ("profile", "baseline".to_owned()),
            ],
            "nvv4l2h264enc" => vec![
                ("control-rate", "constant_bitrate".to_owned()),
                ("iframeinterval", KEYFRAME_DISTANCE.to_string()),
                ("idrinterval", KEYFRAME_DISTANCE.to_string()),
                ("preset-level", "1".to_owned()),
                ("maxperf-enable", "true".to_owned()),
                ("insert-sps-pps", "true".to_owned()),
                ("insert-vui", "true".to_owned()),
            ],
            "vpuenc_h264" => vec![("gop-size", KEYFRAME_DISTANCE.to_string())],
            _ => Vec::new(),
        };
        list.push(self.bitrate_property(bitrate));
        list
    }

    /// The property that sets the bit rate, also while it runs, with its value for so many bit/s.
    pub fn bitrate_property(&self, bitrate: u64) -> (&'static str, String) {
        match self.bitrate {
            Bitrate::Bits(name) => (name, bitrate.to_string()),
            Bitrate::Kilobits(name) => (name, (bitrate / 1000).max(1).to_string()),
            Bitrate::V4l2Control => ("extra-controls", v4l2_controls(bitrate, false)),
        }
    }

    /// How it is asked for a keyframe in this version of GStreamer.
    pub fn keyframe(&self, version: (u32, u32, u32)) -> Keyframe {
        match self.element {
            "v4l2h264enc" if version < (1, 22, 4) => Keyframe::V4l2Control,
            "nvv4l2h264enc" => Keyframe::Signal("force-IDR"),
            _ => Keyframe::Event,
        }
    }

    /// What must come out: constrained baseline is what every browser decodes. V4L2 encoders need a level or refuse to start.
    pub fn output_caps(&self) -> &'static str {
        match self.element {
            "v4l2h264enc" => "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline,level=(string)4",
            // It says the same in fewer words.
            "mpph264enc" => "video/x-h264,stream-format=byte-stream,alignment=au,profile=baseline",
            _ => "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline",
        }
    }
}

/// The `extra-controls` of `v4l2h264enc`, all of them each time: it keeps only the last. The level is set in the caps, see
/// [`Encoder::output_caps`]. Units and names: bcm2835-codec, V4L2_CID_MPEG_VIDEO_*; it has no `video_gop_size`.
pub fn v4l2_controls(bitrate: u64, keyframe: bool) -> String {
    let bitrate = (bitrate / V4L2_STEP * V4L2_STEP).clamp(V4L2_STEP, MOST_V4L2);
    let button = if keyframe { ",force_key_frame=1" } else { "" };
    format!("controls,repeat_sequence_header=1,video_bitrate={bitrate},h264_i_frame_period={KEYFRAME_DISTANCE}{button}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_comes_before_software() {
        let first_software = ENCODERS.iter().position(|e| !e.hardware).unwrap();
        assert!(ENCODERS[first_software..].iter().all(|e| !e.hardware));
    }

    #[test]
    fn each_encoder_gets_its_bit_rate_in_its_own_unit() {
        let value = |element: &str, name: &str| {
            let encoder = Encoder::candidates(element).next().unwrap();
            encoder.properties(1_500_000, 1280 * 720).into_iter().find(|(n, _)| *n == name).map(|(_, v)| v)
        };
        assert_eq!(value("x264enc", "bitrate").as_deref(), Some("1500"));
        assert_eq!(value("openh264enc", "bitrate").as_deref(), Some("1500000"));
        assert_eq!(value("mpph264enc", "bps").as_deref(), Some("1500000"));
        assert_eq!(value("nvv4l2h264enc", "bitrate").as_deref(), Some("1500000"));
        for kilobits in ["vah264enc", "vpuenc_h264"] {
            assert_eq!(value(kilobits, "bitrate").as_deref(), Some("1500"), "{kilobits}");
        }
        assert!(value("v4l2h264enc", "extra-controls").unwrap().contains("video_bitrate=1500000"));
    }

    #[test]
    fn the_raspberry_pi_gets_bit_rates_that_it_takes() {
        for (asked, given) in [(0, 25_000), (110_000, 100_000), (1_510_000, 1_500_000), (90_000_000, 20_000_000)] {
            assert!(v4l2_controls(asked, false).contains(&format!("video_bitrate={given},")), "{asked}");
        }
    }

    #[test]
    fn keyframes_are_asked_for_in_the_way_that_works() {
        let keyframe = |element: &str, version| Encoder::candidates(element).next().unwrap().keyframe(version);
        assert_eq!(keyframe("v4l2h264enc", (1, 22, 0)), Keyframe::V4l2Control);
        assert_eq!(keyframe("v4l2h264enc", (1, 22, 3)), Keyframe::V4l2Control);
        assert_eq!(keyframe("v4l2h264enc", (1, 22, 4)), Keyframe::Event);
        assert_eq!(keyframe("v4l2h264enc", (1, 26, 2)), Keyframe::Event);
        assert_eq!(keyframe("nvv4l2h264enc", (1, 20, 3)), Keyframe::Signal("force-IDR"));
        assert_eq!(keyframe("x264enc", (1, 22, 0)), Keyframe::Event);
    }
}
