//! `[screen]` and `[screen.standby]`: from the merged tree to [`Screen`].

use std::time::Duration;

use super::read_appliance::{even, kind};
use super::reader::{At, Reading, Section};
use super::report::Problem;
use super::tree::{Table, Value};
use super::{check, *};

/// As long a text as fits on a screen.
const LONGEST_TEXT: usize = 64;

#[derive(Clone, Copy, PartialEq)]
enum To {
    Kms,
    Window,
    Snapshots,
    None,
}

/// Reads `[screen]`; what is wrong is noted in `reading`.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table) -> Screen {
    let mut s = reading.section(root, "screen");
    let default = Screen::default();
    const WORDS: [(&str, To); 4] = [("kms", To::Kms), ("window", To::Window), ("snapshots", To::Snapshots), ("none", To::None)];
    let kind = kind(&mut s, "output", &WORDS, To::None);
    let directory = s.path("directory");
    let directory = kind.only(&mut s, "directory", directory, &WORDS[2..3]);
    if let Some(directory) = &directory {
        check::directory(&mut s, "directory", directory);
    }
    let interval = s.duration("interval", Duration::from_millis(100)..=Duration::from_secs(3600));
    let said = s.node("interval").map(|node| At { value: (), at: node.at.clone(), key_at: node.key_at.clone() });
    kind.only(&mut s, "interval", said, &WORDS[2..3]);
    let output = match kind.value {
        To::Kms => Some(ScreenOutput::Kms),
        To::Window => Some(ScreenOutput::Window),
        To::Snapshots => kind
            .required(&mut s, "directory", directory)
            .map(|directory| ScreenOutput::Snapshots { directory, interval: interval.unwrap_or(DEFAULT_SNAPSHOT_INTERVAL) }),
        To::None => Some(ScreenOutput::None),
    };
    const LAYOUTS: [(&str, Layout); 2] = [("grid", Layout::Grid), ("spotlight", Layout::Spotlight)];
    let (width, height) = (even(&mut s, "width"), even(&mut s, "height"));
    let layout = s.choice("layout", &LAYOUTS).map_or(default.layout, |layout| layout.value);
    let self_view = self_view(&mut s).unwrap_or(default.self_view);
    let names = s.boolean("names").unwrap_or(default.names);
    let read_test_card = s.boolean("read-test-card").unwrap_or(default.read_test_card);
    let standby = match s.node("standby") {
        Some(node) => standby(reading.inner(node, "screen.standby")),
        None => standby(reading.nothing("screen.standby")),
    };
    Screen {
        output: output.unwrap_or(default.output),
        width: width.unwrap_or(default.width),
        height: height.unwrap_or(default.height),
        layout,
        self_view,
        names,
        standby,
        read_test_card,
    }
}

/// `true`, `false`, or a corner.
fn self_view(s: &mut Section<'_, '_>) -> Option<Option<Corner>> {
    const KEY: &str = "self-view";
    const CORNERS: [(&str, Corner); 4] = [
        ("top-left", Corner::TopLeft),
        ("top-right", Corner::TopRight),
        ("bottom-left", Corner::BottomLeft),
        ("bottom-right", Corner::BottomRight),
    ];
    let node = s.node(KEY)?;
    if let Some(on) = node.value.as_boolean() {
        return Some(if on { Screen::default().self_view } else { None });
    }
    match &node.value {
        Value::Text(_) | Value::Word(_) => s.choice(KEY, &CORNERS).map(|corner| Some(corner.value)),
        other @ (Value::Table(_) | Value::List(_) | Value::Integer(_) | Value::Float | Value::Boolean(_) | Value::Datetime) => {
            let problem = Problem::error(format!("`{}` must be a corner, true or false, not {}", s.name(KEY), other.kind()));
            s.note(problem.at(&node.at, "").help("write self-view = \"top-right\", or self-view = false"));
            None
        }
    }
}

fn standby(mut s: Section<'_, '_>) -> Standby {
    let text = s.text("text");
    if let Some(text) = &text
        && (text.value.chars().count() > LONGEST_TEXT || text.value.chars().any(char::is_control))
    {
        s.bad("text", &text.at, format!("it is one line of at most {LONGEST_TEXT} characters"));
    }
    let picture = s.path("picture");
    if let Some(picture) = &picture {
        check::readable_file(&mut s, "picture", picture);
        check::picture(&mut s, "picture", picture);
    }
    Standby {
        text: text.map(|text| text.value.to_owned()).filter(|text| !text.trim().is_empty()),
        picture: picture.map(|picture| picture.value),
        clock: s.boolean("clock").unwrap_or(Standby::default().clock),
    }
}
