//! Somebody calls, or is called.

use super::call::ground;
use super::parts::{disc, label, mark, portrait};
use super::{BLUE, GREEN, RED, Scene, Shape, Sheet, WHITE};
use crate::media::plan::area::{Area, even};
use crate::media::plan::canvas::Color;
use crate::media::plan::marks::Mark;
use crate::media::plan::stage::{Called, Caller};

pub(super) fn incoming(caller: &Caller, beat: u32, sheet: &mut Sheet<'_>) -> Scene {
    let sign = if caller.video { Mark::Camera } else { Mark::Phone };
    person(&caller.name, sign, GREEN, Some(beat), sheet)
}

pub(super) fn outgoing(called: &Called, beat: u32, sheet: &mut Sheet<'_>) -> Scene {
    match called.over {
        true => person(&called.name, Mark::PhoneDown, RED, None, sheet),
        false => person(&called.name, Mark::Phone, BLUE, Some(beat), sheet),
    }
}

/// Who it is, large; rings go out from the portrait while it rings.
fn person(name: &str, sign: Mark, color: Color, beat: Option<u32>, sheet: &mut Sheet<'_>) -> Scene {
    let mut shapes = vec![ground(sheet.area)];
    let (x, y) = (sheet.area.width / 2, sheet.area.height / 2 - sheet.u(130));
    let radius = sheet.u(150);
    if let Some(beat) = beat {
        for ring in 0..3 {
            let out = radius + sheet.u(34) * (ring + 1);
            let near = (ring + 3 - beat % 3) % 3;
            let cover = [120, 66, 34][near as usize];
            shapes.push(outline(x, y, out, sheet.u(6), color, cover));
        }
    }
    shapes.extend(portrait(name, x, y, radius, sheet));
    let within = sheet.area.inset(sheet.u(60));
    let below = sheet.area.height / 2 + sheet.u(212);
    shapes.extend(sheet.centred(name, (sheet.u(96), true), within, below, WHITE));
    let foot = sheet.area.height / 2 + sheet.u(370);
    shapes.push(disc(x, foot, sheet.u(66), color, 255));
    shapes.push(mark(sign, x, foot, sheet.u(78), WHITE));
    Scene { ground: shapes, moves: beat.is_some(), ..Scene::default() }
}

fn outline(x: u32, y: u32, radius: u32, width: u32, color: Color, cover: u8) -> Shape {
    let radius = even(radius).min(even(x)).min(even(y));
    let area = Area { x: even(x) - radius, y: even(y) - radius, width: 2 * radius, height: 2 * radius };
    Shape::Frame { area, radius, width, color, cover }
}

/// Somebody calls during a call: a strip at the upper left, above the pictures.
pub(super) fn banner(caller: &Caller, sheet: &mut Sheet<'_>) -> Vec<Shape> {
    let sign = if caller.video { Mark::Camera } else { Mark::Phone };
    let size = sheet.u(50);
    let width = even(sheet.area.width / 2);
    let strip = Area { x: 0, y: 0, width, height: even(size * 5 / 2) };
    let mut shapes = label(Some(&caller.name), &[sign], strip, size, sheet);
    if let Some(Shape::Box { color, cover, .. }) = shapes.first_mut() {
        (*color, *cover) = (GREEN, 255);
    }
    shapes
}
