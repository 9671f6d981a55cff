//! PURE. Paints a scene. With a clip only what changed is painted anew, whatever lies above or below it: a name on a moving picture
//! costs the pixels of its letters.

use std::collections::BTreeMap;

use super::area::Area;
use super::canvas::{Canvas, Color, Image, Mask, Rgba};
use super::marks::{Mark, coverage};
use super::scene::{Letters, Scene, Shape, Tile, Who};

/// So many masks are kept; a screen has fewer.
const MASKS: usize = 64;
/// The middle of capital letters, from the top of a line, in thousandths of the size of the letters.
const CAPITALS: u32 = 563;

/// Where pictures are.
pub trait Gallery {
    /// The last picture of somebody.
    fn picture(&self, who: &Who) -> Option<Image<'_>>;
}

/// What is kept between one painting and the next.
#[derive(Debug, Default)]
pub struct Brush {
    masks: BTreeMap<Stencil, Mask>,
    logo: Option<Rgba>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stencil {
    Mark(Mark, u32),
    /// One corner of a box with this radius.
    Corner(Corner, u32),
    /// What is outside of it.
    Outside(Corner, u32),
    /// One corner of a frame of this width.
    Bow(Corner, u32, u32),
}

/// Upper left, upper right, lower left, lower right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Corner {
    right: bool,
    low: bool,
}

const CORNERS: [Corner; 4] = [
    Corner { right: false, low: false },
    Corner { right: true, low: false },
    Corner { right: false, low: true },
    Corner { right: true, low: true },
];

impl Corner {
    fn place(self, area: Area, radius: u32) -> (u32, u32) {
        let x = if self.right { area.right() - radius } else { area.x };
        let y = if self.low { area.bottom() - radius } else { area.y };
        (x, y)
    }

    /// How far a pixel of a corner is from the middle of its circle.
    fn distance(self, radius: u32, x: u32, y: u32) -> f32 {
        let along = |at: u32, far: bool| if far { at as f32 + 0.5 } else { radius as f32 - at as f32 - 0.5 };
        along(x, self.right).hypot(along(y, self.low))
    }
}

impl Stencil {
    fn cut(self) -> Mask {
        match self {
            Self::Mark(mark, size) => mark.mask(size),
            Self::Corner(corner, radius) => {
                Mask::of(radius, radius, |x, y| coverage(corner.distance(radius, x, y) - radius as f32))
            }
            Self::Outside(corner, radius) => {
                Mask::of(radius, radius, |x, y| coverage(radius as f32 - corner.distance(radius, x, y)))
            }
            Self::Bow(corner, radius, width) => Mask::of(radius, radius, |x, y| {
                let (distance, half) = (corner.distance(radius, x, y), width as f32 / 2.0);
                coverage((distance - radius as f32 + half).abs() - half)
            }),
        }
    }
}

/// Paints the part of a scene that lies within `clip`, whose sides are even.
pub fn paint(canvas: &mut Canvas, scene: &Scene, clip: Area, gallery: &dyn Gallery, brush: &mut Brush, letters: &mut dyn Letters) {
    canvas.clip(clip);
    shapes(canvas, &scene.ground, brush, letters);
    for tile in &scene.tiles {
        if tile.area.common(clip).is_some() {
            place(canvas, tile, gallery, brush, letters);
        }
    }
    shapes(canvas, &scene.over, brush, letters);
    canvas.clip(canvas.area());
}

/// A picture of somebody, or the card, with what lies above.
fn place(canvas: &mut Canvas, tile: &Tile, gallery: &dyn Gallery, brush: &mut Brush, letters: &mut dyn Letters) {
    let radius = tile.radius.min(tile.area.width / 2).min(tile.area.height / 2);
    let mut below: Vec<(Corner, Canvas)> = Vec::new();
    if radius > 0 {
        let kept = |corner: Corner| {
            let (x, y) = corner.place(tile.area, radius);
            (corner, canvas.part(Area { x, y, width: radius, height: radius }))
        };
        below.extend(CORNERS.into_iter().map(kept));
    }
    match gallery.picture(&tile.who).filter(|_| tile.picture) {
        Some(image) => {
            let area = tile.area.fit(image.width, image.height);
            if area != tile.area {
                shapes(canvas, tile.card.get(..1).unwrap_or_default(), brush, letters);
            }
            canvas.picture(&image, area, tile.mirrored);
        }
        None => shapes(canvas, &tile.card, brush, letters),
    }
    shapes(canvas, &tile.over, brush, letters);
    for (corner, mut part) in below {
        let (x, y) = corner.place(tile.area, radius);
        canvas.restore(&mut part, x, y, brush.mask(Stencil::Outside(corner, radius)));
    }
}

/// Paints shapes, one above the other.
pub fn shapes(canvas: &mut Canvas, shapes: &[Shape], brush: &mut Brush, letters: &mut dyn Letters) {
    for shape in shapes {
        match shape {
            Shape::Box { area, radius, color, cover } => block(canvas, *area, *radius, *color, *cover, brush),
            Shape::Frame { area, radius, width, color, cover } => frame(canvas, *area, *radius, *width, (*color, *cover), brush),
            Shape::Mark { mark, x, y, size, color } => {
                canvas.stamp(brush.mask(Stencil::Mark(*mark, *size)), *x, *y, *color, 255);
            }
            Shape::Text { text, x, middle, color } => {
                if let Some(mask) = letters.write(text) {
                    canvas.stamp(&mask, *x, middle.saturating_sub(text.size * CAPITALS / 1000), *color, 255);
                }
            }
            Shape::Logo { x, y } => {
                if let Some(logo) = &brush.logo {
                    canvas.lay(logo, *x, *y);
                }
            }
        }
    }
}

fn block(canvas: &mut Canvas, area: Area, radius: u32, color: Color, cover: u8, brush: &mut Brush) {
    let radius = radius.min(area.width / 2).min(area.height / 2) & !1;
    let wide = area.width - 2 * radius;
    let parts = [
        Area { x: area.x + radius, width: wide, ..area },
        Area { y: area.y + radius, width: radius, height: area.height - 2 * radius, ..area },
        Area { x: area.right() - radius, y: area.y + radius, width: radius, height: area.height - 2 * radius },
    ];
    for part in parts {
        canvas.fill(part, color, cover);
    }
    if radius > 0 {
        for corner in CORNERS {
            let (x, y) = corner.place(area, radius);
            canvas.stamp(brush.mask(Stencil::Corner(corner, radius)), x, y, color, cover);
        }
    }
}

fn frame(canvas: &mut Canvas, area: Area, radius: u32, width: u32, (color, cover): (Color, u8), brush: &mut Brush) {
    let radius = radius.min(area.width / 2).min(area.height / 2) & !1;
    let width = width.min(area.width / 2).min(area.height / 2);
    let (long, tall) = (area.width - 2 * radius, area.height - 2 * radius);
    let edges = [
        Area { x: area.x + radius, width: long, height: width, ..area },
        Area { x: area.x + radius, y: area.bottom() - width, width: long, height: width },
        Area { y: area.y + radius, width, height: tall, ..area },
        Area { x: area.right() - width, y: area.y + radius, width, height: tall },
    ];
    for edge in edges {
        canvas.fill(edge, color, cover);
    }
    if radius > 0 {
        for corner in CORNERS {
            let (x, y) = corner.place(area, radius);
            canvas.stamp(brush.mask(Stencil::Bow(corner, radius, width)), x, y, color, cover);
        }
    }
}

impl Brush {
    /// With the picture of the standby screen.
    pub fn new(logo: Option<Rgba>) -> Self {
        Self { masks: BTreeMap::new(), logo }
    }

    fn mask(&mut self, stencil: Stencil) -> &Mask {
        if self.masks.len() >= MASKS && !self.masks.contains_key(&stencil) {
            self.masks.clear();
        }
        self.masks.entry(stencil).or_insert_with(|| stencil.cut())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::{Corner as At, Layout};
    use crate::media::plan::scene::{Own, Seen, Sight, Style, Text, scene};
    use crate::media::plan::stage::{Call, Caller, Entry, Link, Person, Stage};
    use crate::protocol::ParticipantId;
    use crate::protocol::hub::Muted;

    struct Blocks(bool);

    impl Letters for Blocks {
        fn write(&mut self, text: &Text) -> Option<Arc<Mask>> {
            let letters = u32::try_from(text.text.chars().count()).unwrap();
            self.0.then(|| {
                Arc::new(Mask::of(letters * text.size / 2, text.size * 3 / 2, |x, y| if (x + y) % 3 == 0 { 255 } else { 0 }))
            })
        }
    }

    struct Film(u8);

    impl Gallery for Film {
        fn picture(&self, who: &Who) -> Option<Image<'_>> {
            static PLANES: [[u8; 64]; 4] = [[40; 64], [90; 64], [180; 64], [128; 64]];
            let luma = if *who == Who::Own { 2 } else { self.0 as usize % 2 };
            Some(Image { width: 8, height: 8, planes: [&PLANES[luma], &PLANES[3], &PLANES[3]], strides: [8, 4, 4] })
        }
    }

    fn person(name: &str, link: Link, muted: Muted, speaking: bool) -> Person {
        Person { id: ParticipantId::new(name).unwrap(), name: name.to_owned(), muted, sharing: false, link, speaking }
    }

    fn busy() -> Stage {
        let muted = Muted { audio: true, video: true };
        let people = vec![
            person("anna", Link::Up, Muted::default(), true),
            person("ben", Link::Away, Muted { audio: true, video: false }, false),
            person("carla", Link::Up, muted, false),
        ];
        let caller = Some(Caller { name: "door".to_owned(), video: true });
        Stage { offline: true, muted, caller, call: Some(Call { entry: Entry::In, people }), ..Stage::default() }
    }

    fn set(stage: &Stage, size: Area, letters: &mut Blocks) -> Scene {
        let corner = Some(At::TopRight);
        let style = Style { layout: Layout::Grid, self_view: corner, names: true, text: None, clock: true, logo: None };
        let sight = Sight { others: &|_| Seen::Fresh, own: Own::On, clock: "12:34", beat: 0 };
        scene(stage, &style, size, &sight, letters)
    }

    #[test]
    fn painting_what_changed_gives_the_same_as_painting_everything() {
        let size = Area::of(642, 360);
        let mut letters = Blocks(true);
        let scene = set(&busy(), size, &mut letters);
        let (mut part, mut whole) = (Canvas::new(642, 360), Canvas::new(642, 360));
        let mut brush = Brush::default();
        paint(&mut part, &scene, size, &Film(0), &mut brush, &mut letters);
        let first = part.clone();
        for film in [Film(1), Film(0), Film(1)] {
            for tile in &scene.tiles {
                paint(&mut part, &scene, tile.area, &film, &mut brush, &mut letters);
            }
        }
        paint(&mut whole, &scene, size, &Film(1), &mut brush, &mut letters);
        assert!(part == whole && part != first);
    }

    #[test]
    fn without_letters_marks_stay() {
        let size = Area::of(640, 360);
        let scene = set(&busy(), size, &mut Blocks(false));
        let shapes = scene.tiles.iter().flat_map(|tile| tile.card.iter().chain(&tile.over)).chain(&scene.over);
        let (marks, texts): (Vec<_>, Vec<_>) = shapes
            .filter(|shape| matches!(shape, Shape::Mark { .. } | Shape::Text { .. }))
            .partition(|s| matches!(s, Shape::Mark { .. }));
        assert!(texts.is_empty());
        for wanted in [Mark::MicrophoneOff, Mark::CameraOff, Mark::Reconnecting, Mark::Person, Mark::Offline, Mark::Camera] {
            assert!(marks.iter().any(|shape| matches!(shape, Shape::Mark { mark, .. } if *mark == wanted)), "{wanted:?}");
        }
    }

    #[test]
    fn screens_of_every_size_can_be_painted() {
        let ringing = Stage { caller: Some(Caller { name: "x".repeat(60), video: false }), ..Stage::default() };
        for (width, height) in [(64, 64), (64, 2160), (4096, 64), (720, 1280), (1366, 768)] {
            for stage in [busy(), ringing.clone(), Stage::default()] {
                let mut canvas = Canvas::new(width, height);
                let mut letters = Blocks(true);
                let scene = set(&stage, canvas.area(), &mut letters);
                let area = canvas.area();
                paint(&mut canvas, &scene, area, &Film(0), &mut Brush::default(), &mut letters);
            }
        }
    }
}
