//! Nobody to see: the clock, a line of text, the picture of the house.

use super::call::ground;
use super::parts::{disc, mark};
use super::{BLACK, GREY, Scene, Shape, Sheet, Sight, Style, WHITE};
use crate::media::plan::marks::Mark;
use crate::media::plan::stage::{Entry, Stage};

/// The most that the picture takes of the screen when something is written below it, thousandths of its height.
pub const LOGO_HEIGHT: u32 = 380;

pub(super) fn scene(stage: &Stage, style: &Style, sight: &Sight<'_>, sheet: &mut Sheet<'_>) -> Scene {
    let mut shapes = vec![ground(sheet.area)];
    let half = sheet.area.height / 2;
    let whole = style.logo.is_some_and(|(width, height)| width == sheet.area.width || height == sheet.area.height);
    if let Some((width, height)) = style.logo {
        let writes = style.clock || style.text.is_some();
        let middle = if whole || !writes { half } else { half - sheet.u(170) };
        let place = sheet.area.middle(width, height);
        shapes.push(Shape::Logo { x: place.x, y: middle - (height / 2).min(middle) });
    }
    let within = sheet.area.inset(sheet.u(60));
    let (clock, clock_at, text_at) = match (style.logo.is_some(), style.clock) {
        (false, true) => (sheet.u(300), half - sheet.u(30), half + sheet.u(190)),
        (false, false) => (0, 0, half),
        (true, true) => (sheet.u(170), half + sheet.u(160), half + sheet.u(300)),
        (true, false) => (0, 0, half + sheet.u(200)),
    };
    if style.clock {
        shapes.extend(sheet.centred(sight.clock, (clock, false), within, clock_at, WHITE));
    }
    if let Some(text) = &style.text {
        let color = if whole { WHITE } else { GREY };
        shapes.extend(sheet.centred(text, (sheet.u(58), false), within, text_at, color));
    }
    let entry = match stage.call.as_ref().map(|call| call.entry) {
        Some(Entry::Coming) => Some(Mark::Dots),
        Some(Entry::Lobby) => Some(Mark::Hourglass),
        Some(Entry::In) => Some(Mark::Person),
        Some(Entry::Out) | None => None,
    };
    let in_call = entry.is_some();
    let said = [
        entry,
        stage.quiet.then_some(Mark::Moon),
        stage.offline.then_some(Mark::Offline),
        (in_call && stage.muted.audio).then_some(Mark::MicrophoneOff),
        (in_call && stage.muted.video).then_some(Mark::CameraOff),
    ];
    let marks: Vec<Mark> = said.into_iter().flatten().collect();
    let (size, middle) = (sheet.u(72), sheet.area.height - sheet.u(100));
    for shape in sheet.marks(&marks, middle, size, GREY) {
        // On a picture a mark needs a ground of its own.
        if let (true, Shape::Mark { mark: one, x, .. }) = (whole, &shape) {
            shapes.push(disc(x + size / 2, middle, size * 2 / 3, BLACK, 178));
            shapes.push(mark(*one, x + size / 2, middle, size, WHITE));
        } else {
            shapes.push(shape);
        }
    }
    Scene { ground: shapes, ..Scene::default() }
}
