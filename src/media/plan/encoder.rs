//! H.264 encoders and decoders in order of preference, hardware first, with the settings a call needs.

/// The longest distance between keyframes, in frames. Viewers ask for one when they need it, so distance costs nothing.
const KEYFRAME_DISTANCE: u32 = 2560;

/// One encoder element and how to talk to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoder {
    /// GStreamer element name.
    pub element: &'static str,
    /// Hardware encodes at no cost to the processor.
    pub hardware: bool,
    /// What the element calls its bit rate, and in which unit.
    pub bitrate: Bitrate,
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

/// All that Callbox knows, best first.
pub const ENCODERS: &[Encoder] = &[
    Encoder { element: "v4l2h264enc", hardware: true, bitrate: Bitrate::V4l2Control },
    Encoder { element: "vah264enc", hardware: true, bitrate: Bitrate::Kilobits("bitrate") },
    Encoder { element: "mpph264enc", hardware: true, bitrate: Bitrate::Bits("bps") },
    Encoder { element: "nvv4l2h264enc", hardware: true, bitrate: Bitrate::Bits("bitrate") },
    Encoder { element: "vpuenc_h264", hardware: true, bitrate: Bitrate::Kilobits("bitrate") },
    Encoder { element: "x264enc", hardware: false, bitrate: Bitrate::Kilobits("bitrate") },
    Encoder { element: "openh264enc", hardware: false, bitrate: Bitrate::Bits("bitrate") },
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
            "vah264enc" => vec![("rate-control", "cbr".to_owned()), ("key-int-max", "1024".to_owned())],
            "nvv4l2h264enc" => vec![
                ("preset-level", "1".to_owned()),
                ("maxperf-enable", "true".to_owned()),
                ("insert-sps-pps", "true".to_owned()),
                ("insert-vui", "true".to_owned()),
            ],
            "v4l2h264enc" => vec![(
                "extra-controls",
                // The level is set in the caps; see `output_caps`. Units and names: bcm2835-codec, V4L2_CID_MPEG_VIDEO_*.
                format!("controls,repeat_sequence_header=1,video_bitrate={bitrate},h264_i_frame_period={KEYFRAME_DISTANCE}"),
            )],
            _ => Vec::new(),
        };
        match self.bitrate {
            Bitrate::Bits(name) => list.push((name, bitrate.to_string())),
            Bitrate::Kilobits(name) => list.push((name, (bitrate / 1000).max(1).to_string())),
            Bitrate::V4l2Control => {}
        }
        list
    }

    /// What must come out: constrained baseline is what every browser decodes. V4L2 encoders need a level or refuse to start.
    pub fn output_caps(&self) -> &'static str {
        match self.element {
            "v4l2h264enc" => "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline,level=(string)4",
            _ => "video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline",
        }
    }
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
        assert!(value("v4l2h264enc", "extra-controls").unwrap().contains("video_bitrate=1500000"));
    }
}
