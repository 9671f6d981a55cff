//! What several screens are made of.

use super::{BLACK, GREY, Letters, Shape, WHITE};
use crate::media::plan::area::{Area, even};
use crate::media::plan::canvas::Color;
use crate::media::plan::marks::Mark;
use crate::media::plan::stage::{initials, plain};

/// A line of text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// Pixels.
    pub size: u32,
    /// Whether it is bold.
    pub bold: bool,
}

/// A screen of some size, and what writes on it.
pub struct Sheet<'a> {
    /// All of it.
    pub area: Area,
    letters: &'a mut dyn Letters,
    unit: u32,
}

/// Discs behind initials: calm, and light letters can be read on each.
const CALM: [Color; 6] = [
    Color::rgb(59, 102, 150),
    Color::rgb(44, 118, 112),
    Color::rgb(112, 86, 148),
    Color::rgb(146, 84, 84),
    Color::rgb(120, 104, 54),
    Color::rgb(70, 112, 70),
];

impl<'a> Sheet<'a> {
    pub(super) fn new(area: Area, letters: &'a mut dyn Letters) -> Self {
        Self { area, letters, unit: area.height.min(area.width * 9 / 16).max(1) }
    }

    /// Thousandths of the screen's height, even.
    pub(super) fn u(&self, thousandths: u32) -> u32 {
        even((self.unit * thousandths + 500) / 1000).max(2)
    }

    /// A text shortened until it is no longer than `longest`, and its length; none where nothing can be written.
    pub(super) fn shorten(&mut self, text: &str, size: u32, bold: bool, longest: u32) -> Option<(Text, u32)> {
        let whole = plain(text);
        let mut keep = whole.chars().count();
        let mut text = Text { text: whole.clone(), size, bold };
        loop {
            let width = self.letters.write(&text).map(|mask| mask.width).filter(|width| *width > 0)?;
            if width <= longest || keep <= 1 {
                return Some((text, width));
            }
            keep = (keep * longest as usize / width as usize).clamp(1, keep - 1);
            let kept: String = whole.chars().take(keep).collect();
            text.text = format!("{}…", kept.trim_end());
        }
    }

    /// A line of text in the middle between two edges.
    pub(super) fn centred(&mut self, text: &str, style: (u32, bool), within: Area, middle: u32, color: Color) -> Option<Shape> {
        let (text, width) = self.shorten(text, style.0, style.1, within.width)?;
        Some(Shape::Text { text, x: within.x + (within.width - width.min(within.width)) / 2, middle, color })
    }

    /// Marks in a row, their middle at this height.
    pub(super) fn marks(&self, marks: &[Mark], middle: u32, size: u32, color: Color) -> Vec<Shape> {
        let step = size + size / 2;
        let count = u32::try_from(marks.len()).unwrap_or(0);
        let left = self.area.x + (self.area.width - (count * step).min(self.area.width)) / 2 + size / 4;
        let place =
            |(index, mark): (u32, &Mark)| Shape::Mark { mark: *mark, x: left + index * step, y: middle - size / 2, size, color };
        (0..).zip(marks).map(place).collect()
    }
}

/// A disc with its middle there.
pub fn disc(x: u32, y: u32, radius: u32, color: Color, cover: u8) -> Shape {
    let radius = even(radius).min(even(x)).min(even(y));
    let area = Area { x: even(x) - radius, y: even(y) - radius, width: 2 * radius, height: 2 * radius };
    Shape::Box { area, radius, color, cover }
}

/// A mark with its middle there.
pub fn mark(mark: Mark, x: u32, y: u32, size: u32, color: Color) -> Shape {
    Shape::Mark { mark, x: x - (size / 2).min(x), y: y - (size / 2).min(y), size, color }
}

/// Somebody without a picture: initials on a disc whose colour stays with the name.
pub fn portrait(name: &str, x: u32, y: u32, radius: u32, sheet: &mut Sheet<'_>) -> Vec<Shape> {
    let hash = name.bytes().fold(2_166_136_261u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    let color = CALM[(hash >> 7) as usize % CALM.len()];
    let within = Area { x: x - radius.min(x), y: y - radius.min(y), width: 2 * radius, height: 2 * radius };
    let letters = sheet.centred(&initials(name), (even(radius * 4 / 5), true), within, y, WHITE);
    let face = letters.unwrap_or_else(|| mark(Mark::Person, x, y, even(radius * 6 / 5), WHITE));
    vec![disc(x, y, radius, color, 255), face]
}

/// What a tile shows instead of a picture: who it is, and why there is none.
pub fn card(name: &str, why: Option<Mark>, area: Area, sheet: &mut Sheet<'_>) -> Vec<Shape> {
    let side = area.height.min(area.width * 3 / 4);
    let (x, y) = (area.x + area.width / 2, area.y + area.height / 2);
    let radius = side / 5;
    let Some(why) = why else {
        return portrait(name, x, y, radius, sheet);
    };
    let mut shapes = portrait(name, x, y - side / 16, radius, sheet);
    shapes.push(mark(why, x, y + side * 4 / 15, even(side / 6), GREY));
    shapes
}

/// A dark strip with a mark and a name, from the lower left corner of an area.
pub fn label(name: Option<&str>, marks: &[Mark], area: Area, size: u32, sheet: &mut Sheet<'_>) -> Vec<Shape> {
    let height = even(size * 3 / 2);
    let margin = even((area.height / 40).max(size / 3));
    let pad = even(size * 7 / 10);
    let icon = even(size * 21 / 20);
    let icons = u32::try_from(marks.len()).unwrap_or(0) * (icon + pad / 2);
    let room = area.width.saturating_sub(2 * margin + 2 * pad + icons);
    let text = name.and_then(|name| sheet.shorten(name, size, true, room));
    if text.is_none() && marks.is_empty() {
        return Vec::new();
    }
    let length = text.as_ref().map_or(0, |(_, width)| *width);
    let inner = if text.is_some() { icons + length } else { icons - pad / 2 };
    let strip = Area {
        x: even(area.x + margin),
        y: even(area.bottom() - margin - height),
        width: even(inner + 2 * pad + 1).min(even(area.width - margin.min(area.width))),
        height,
    };
    let mut shapes = vec![Shape::Box { area: strip, radius: even(height / 2), color: BLACK, cover: 178 }];
    let (mut x, middle) = (strip.x + pad, strip.y + height / 2);
    for one in marks {
        shapes.push(Shape::Mark { mark: *one, x, y: middle - icon / 2, size: icon, color: WHITE });
        x += icon + pad / 2;
    }
    if let Some((text, _)) = text {
        shapes.push(Shape::Text { text, x, middle, color: WHITE });
    }
    shapes
}
