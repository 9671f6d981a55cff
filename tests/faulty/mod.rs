//! Elements under the names of hardware that work for a while, and then do what drivers do.
#![allow(dead_code)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer::subclass::prelude::*;

/// What an element does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// It works.
    #[default]
    Nothing,
    /// After so many pictures it takes more and gives none.
    Stalls(u64),
    /// After so many pictures it keeps the thread that brings one.
    Blocks(u64),
    /// After so many pictures it says that it failed.
    Fails(u64),
    /// After so many pictures it takes no more, and says nothing.
    Refuses(u64),
    /// It cannot be opened.
    DoesNotOpen,
    /// It is not there.
    Missing,
    /// It does not come back from being opened.
    NeverOpens,
    /// It does not come back from being stopped.
    NeverStops,
}

/// What the instances of each element do, in the order in which they are made; the last goes for all that follow.
static SCRIPTS: Mutex<BTreeMap<String, VecDeque<Fault>>> = Mutex::new(BTreeMap::new());

/// When an element first said that it failed, since the last script.
static FAILED: Mutex<Option<Instant>> = Mutex::new(None);

/// When an element first said that it failed, since the last script.
pub fn failed_at() -> Option<Instant> {
    *FAILED.lock().unwrap()
}

/// From now on, the first `vah264enc` (say) that is made does this, the next that.
pub fn script(element: &str, faults: &[Fault]) {
    gst::init().unwrap();
    if gst::ElementFactory::find(element).is_none() {
        let kind = if element.ends_with("src") { Source::static_type() } else { Encoder::static_type() };
        gst::Element::register(None, element, gst::Rank::NONE, kind).unwrap();
    }
    *FAILED.lock().unwrap() = None;
    SCRIPTS.lock().unwrap().insert(element.to_owned(), faults.iter().copied().collect());
}

fn next(element: &str) -> Fault {
    let mut scripts = SCRIPTS.lock().unwrap();
    let Some(script) = scripts.get_mut(element) else { return Fault::Nothing };
    if script.len() > 1 { script.pop_front().unwrap() } else { script.front().copied().unwrap_or_default() }
}

/// As a thread in a driver that does not come back.
fn never() -> ! {
    loop {
        std::thread::park();
    }
}

/// Does what the fault says before a state change.
fn on_state_change(bin: &gst::Bin, fault: Fault, transition: gst::StateChange) -> Result<(), gst::StateChangeError> {
    match (fault, transition) {
        (Fault::DoesNotOpen, gst::StateChange::NullToReady) => Err(gst::StateChangeError),
        (Fault::Missing, gst::StateChange::NullToReady) => {
            gst::element_error!(bin, gst::ResourceError::NotFound, ("it is not there"));
            Err(gst::StateChangeError)
        }
        (Fault::NeverOpens, gst::StateChange::NullToReady) | (Fault::NeverStops, gst::StateChange::PausedToReady) => never(),
        _ => Ok(()),
    }
}

/// Does what the fault says with a picture. Whether the picture goes on.
fn on_picture(bin: &gst::Bin, fault: Fault, number: u64) -> Result<bool, gst::FlowError> {
    match fault {
        Fault::Stalls(after) if number >= after => Ok(false),
        Fault::Blocks(after) if number >= after => never(),
        Fault::Refuses(after) if number >= after => Err(gst::FlowError::Error),
        Fault::Fails(after) if number >= after => {
            FAILED.lock().unwrap().get_or_insert_with(Instant::now);
            gst::element_error!(bin, gst::StreamError::Encode, ("the hardware failed"));
            Err(gst::FlowError::Error)
        }
        _ => Ok(true),
    }
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Encoder(pub Mutex<Fault>);

    #[glib::object_subclass]
    impl ObjectSubclass for Encoder {
        const NAME: &'static str = "FaultyEncoder";
        type Type = super::Encoder;
        type ParentType = gst::Bin;
    }

    impl ObjectImpl for Encoder {
        fn constructed(&self) {
            self.parent_constructed();
            let coder = gst::ElementFactory::make("x264enc").property_from_str("tune", "zerolatency");
            let coder = coder.property_from_str("speed-preset", "ultrafast").property("key-int-max", 2560u32);
            // What it is told in the units of the hardware does not reach it.
            let coder = coder.property("bitrate", 400u32).property("threads", 1u32);
            let coder = coder.property("vbv-buf-capacity", 120u32).property("b-adapt", false).build().unwrap();
            let bin = self.obj();
            bin.add(&coder).unwrap();
            bin.add_pad(&gst::GhostPad::with_target(&coder.static_pad("src").unwrap()).unwrap()).unwrap();
            let number = AtomicU64::new(0);
            let take = move |pad: &gst::GhostPad, parent: Option<&gst::Object>, picture: gst::Buffer| {
                let encoder = parent.and_then(|parent| parent.downcast_ref::<super::Encoder>()).unwrap();
                match on_picture(encoder.upcast_ref(), encoder.imp().fault(), number.fetch_add(1, Ordering::Relaxed))? {
                    true => gst::ProxyPad::chain_default(pad, parent, picture),
                    false => Ok(gst::FlowSuccess::Ok),
                }
            };
            let target = coder.static_pad("sink").unwrap();
            bin.add_pad(&gst::GhostPad::builder_with_target(&target).unwrap().chain_function(take).build()).unwrap();
        }
    }

    impl Encoder {
        pub fn fault(&self) -> Fault {
            *self.0.lock().unwrap()
        }
    }

    impl GstObjectImpl for Encoder {}

    impl ElementImpl for Encoder {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: std::sync::LazyLock<gst::subclass::ElementMetadata> = std::sync::LazyLock::new(|| {
                gst::subclass::ElementMetadata::new("Faulty encoder", "Codec/Encoder/Video/Hardware", "Fails as told", "Callbox")
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: std::sync::LazyLock<Vec<gst::PadTemplate>> = std::sync::LazyLock::new(|| {
                let template = |name, direction| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &gst::Caps::new_any()).unwrap()
                };
                vec![template("sink", gst::PadDirection::Sink), template("src", gst::PadDirection::Src)]
            });
            &TEMPLATES
        }

        fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
            if transition == gst::StateChange::NullToReady {
                let name = self.obj().factory().unwrap().name();
                *self.0.lock().unwrap() = next(&name);
            }
            on_state_change(self.obj().upcast_ref(), self.fault(), transition)?;
            self.parent_change_state(transition)
        }
    }

    impl BinImpl for Encoder {}

    #[derive(Debug, Default)]
    pub struct Source(pub Mutex<Fault>);

    #[glib::object_subclass]
    impl ObjectSubclass for Source {
        const NAME: &'static str = "FaultySource";
        type Type = super::Source;
        type ParentType = gst::Bin;
    }

    impl ObjectImpl for Source {
        fn constructed(&self) {
            self.parent_constructed();
            let source = gst::ElementFactory::make("videotestsrc").property("is-live", true).build().unwrap();
            let bin = self.obj();
            bin.add(&source).unwrap();
            let pad = source.static_pad("src").unwrap();
            bin.add_pad(&gst::GhostPad::with_target(&pad).unwrap()).unwrap();
            let (weak, number) = (bin.downgrade(), AtomicU64::new(0));
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                let Some(source) = weak.upgrade() else { return gst::PadProbeReturn::Drop };
                let fault = *source.imp().0.lock().unwrap();
                match on_picture(source.upcast_ref(), fault, number.fetch_add(1, Ordering::Relaxed)) {
                    Ok(true) => gst::PadProbeReturn::Ok,
                    Ok(false) | Err(_) => gst::PadProbeReturn::Drop,
                }
            });
        }
    }

    impl GstObjectImpl for Source {}

    impl ElementImpl for Source {
        fn change_state(&self, transition: gst::StateChange) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
            if transition == gst::StateChange::NullToReady {
                let name = self.obj().factory().unwrap().name();
                *self.0.lock().unwrap() = next(&name);
            }
            let fault = *self.0.lock().unwrap();
            on_state_change(self.obj().upcast_ref(), fault, transition)?;
            self.parent_change_state(transition)
        }
    }

    impl BinImpl for Source {}
}

glib::wrapper! {
    pub struct Encoder(ObjectSubclass<imp::Encoder>) @extends gst::Bin, gst::Element, gst::Object;
}

glib::wrapper! {
    pub struct Source(ObjectSubclass<imp::Source>) @extends gst::Bin, gst::Element, gst::Object;
}
