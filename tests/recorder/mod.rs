//! Elements under the names of hardware encoders that encode in software and remember what they were told, as the hardware's own
//! element would be: by its properties in its units, and its signals.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer::subclass::prelude::*;

/// What each element was told: a property with its value as text, or a signal.
static TOLD: Mutex<BTreeMap<String, Vec<(String, String)>>> = Mutex::new(BTreeMap::new());

fn tell(element: &str, what: &str, value: String) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.entry(element.to_owned()).or_default().push((what.to_owned(), value));
}

/// All values of a property that an element was told, or as many empty texts as a signal was sent.
pub fn told(element: &str, what: &str) -> Vec<String> {
    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let all = told.get(element).into_iter().flatten();
    all.filter(|(name, _)| name == what).map(|(_, value)| value.clone()).collect()
}

fn text(value: &glib::Value) -> String {
    if let Ok(structure) = value.get::<Option<gst::Structure>>() {
        return structure.map(|structure| structure.to_string()).unwrap_or_default();
    }
    value.serialize().map(|text| text.to_string()).unwrap_or_default()
}

fn software() -> gst::Element {
    let coder = gst::ElementFactory::make("x264enc").property_from_str("tune", "zerolatency");
    let coder = coder.property_from_str("speed-preset", "ultrafast").property("key-int-max", 2560u32);
    // What it is told in the units of the hardware does not reach it.
    coder.property("bitrate", 400u32).property("threads", 1u32).property("b-adapt", false).build().unwrap()
}

fn templates(sink: &str, src: &str) -> Vec<gst::PadTemplate> {
    let template = |name, direction, caps: &str| {
        let caps = caps.parse::<gst::Caps>().unwrap();
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()
    };
    vec![template("sink", gst::PadDirection::Sink, sink), template("src", gst::PadDirection::Src, src)]
}

macro_rules! recorder {
    ($kind:ident, $imp:ident, $element:literal, [$($property:expr),* $(,)?], [$($signal:literal),*]) => {
        mod $imp {
            use super::*;

            #[derive(Debug, Default)]
            pub struct $kind;

            #[glib::object_subclass]
            impl ObjectSubclass for $kind {
                const NAME: &'static str = concat!("Recorder", stringify!($kind));
                type Type = super::$kind;
                type ParentType = gst::Bin;
            }

            impl ObjectImpl for $kind {
                fn properties() -> &'static [glib::ParamSpec] {
                    static ALL: std::sync::LazyLock<Vec<glib::ParamSpec>> = std::sync::LazyLock::new(|| vec![$($property),*]);
                    &ALL
                }

                fn signals() -> &'static [glib::subclass::Signal] {
                    static ALL: std::sync::LazyLock<Vec<glib::subclass::Signal>> = std::sync::LazyLock::new(|| {
                        let all: Vec<&'static str> = vec![$($signal),*];
                        let signal = |name: &'static str| {
                            glib::subclass::Signal::builder(name).action().class_handler(move |_| {
                                tell($element, name, String::new());
                                None
                            }).build()
                        };
                        all.into_iter().map(signal).collect()
                    });
                    &ALL
                }

                fn set_property(&self, _: usize, value: &glib::Value, spec: &glib::ParamSpec) {
                    tell($element, spec.name(), text(value));
                }

                fn constructed(&self) {
                    self.parent_constructed();
                    let coder = software();
                    let bin = self.obj();
                    bin.add(&coder).unwrap();
                    for name in ["sink", "src"] {
                        bin.add_pad(&gst::GhostPad::with_target(&coder.static_pad(name).unwrap()).unwrap()).unwrap();
                    }
                }
            }

            impl GstObjectImpl for $kind {}
            impl BinImpl for $kind {}
            impl ElementImpl for $kind {
                fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                    static DATA: std::sync::LazyLock<gst::subclass::ElementMetadata> = std::sync::LazyLock::new(|| {
                        gst::subclass::ElementMetadata::new($element, "Codec/Encoder/Video/Hardware", "Remembers", "Callbox")
                    });
                    Some(&DATA)
                }

                fn pad_templates() -> &'static [gst::PadTemplate] {
                    static ALL: std::sync::LazyLock<Vec<gst::PadTemplate>> = std::sync::LazyLock::new(|| templates("ANY", "ANY"));
                    &ALL
                }
            }
        }

        glib::wrapper! {
            pub struct $kind(ObjectSubclass<$imp::$kind>) @extends gst::Bin, gst::Element, gst::Object;
        }
    };
}

fn number(name: &str) -> glib::ParamSpec {
    glib::ParamSpecUInt::builder(name).write_only().build()
}

fn word(name: &str) -> glib::ParamSpec {
    glib::ParamSpecString::builder(name).write_only().build()
}

fn switch(name: &str) -> glib::ParamSpec {
    glib::ParamSpecBoolean::builder(name).write_only().build()
}

recorder!(V4l2, v4l2, "v4l2h264enc", [glib::ParamSpecBoxed::builder::<gst::Structure>("extra-controls").write_only().build()], []);
recorder!(Va, va, "vah264enc", [number("bitrate"), number("key-int-max"), number("b-frames"), word("rate-control")], []);
recorder!(Mpp, mpp, "mpph264enc", [number("bps"), number("gop"), word("rc-mode"), word("header-mode"), word("profile")], []);
recorder!(
    Nv,
    nv,
    "nvv4l2h264enc",
    [
        number("bitrate"),
        number("preset-level"),
        number("iframeinterval"),
        number("idrinterval"),
        word("control-rate"),
        switch("maxperf-enable"),
        switch("insert-sps-pps"),
        switch("insert-vui")
    ],
    ["force-IDR"]
);
recorder!(Vpu, vpu, "vpuenc_h264", [number("bitrate"), number("gop-size")], []);

/// Makes this element one that remembers.
pub fn install(element: &str) {
    gst::init().unwrap();
    let kind = match element {
        "v4l2h264enc" => V4l2::static_type(),
        "vah264enc" => Va::static_type(),
        "mpph264enc" => Mpp::static_type(),
        "nvv4l2h264enc" => Nv::static_type(),
        "vpuenc_h264" => Vpu::static_type(),
        other => panic!("no recorder for {other}"),
    };
    gst::Element::register(None, element, gst::Rank::NONE, kind).unwrap();
}
