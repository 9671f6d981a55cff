//! In the call with others.

use super::parts::{card, label, mark};
use super::{BLACK, BLUE, GROUND, Own, Scene, Seen, Shape, Sheet, Sight, Style, TILE, Tile, WHITE, Who};
use crate::config::{Corner, Layout};
use crate::media::plan::area::{Area, even};
use crate::media::plan::grid::{grid, spotlight};
use crate::media::plan::marks::Mark;
use crate::media::plan::stage::{Link, Person, Stage};

pub(super) fn scene(stage: &Stage, style: &Style, sight: &Sight<'_>, sheet: &mut Sheet<'_>) -> Scene {
    let people = order(stage.people(), style.layout);
    let shows = |person: &&&Person| person.sharing && (sight.others)(&Who::Share(person.id.clone())) != Seen::Nothing;
    let shares: Vec<&Person> = people.iter().filter(shows).copied().collect();
    let count = shares.len() + people.len();
    let alone = count == 1;
    let gap = sheet.u(16);
    let room = if alone { sheet.area } else { sheet.area.inset(gap).even() };
    let places = match (alone, style.layout) {
        (true, _) => vec![sheet.area],
        // What is shared is to be read.
        _ if !shares.is_empty() => spotlight(count, room, gap),
        (false, Layout::Grid) => grid(count, room, gap),
        (false, Layout::Spotlight) => spotlight(count, room, gap),
    };
    let mut scene = Scene { ground: vec![ground(sheet.area)], ..Scene::default() };
    let (for_shares, for_people) = places.split_at(shares.len().min(places.len()));
    for (person, area) in shares.into_iter().zip(for_shares) {
        scene.tiles.push(share_tile(person, *area, style, sheet));
    }
    for (person, area) in people.into_iter().zip(for_people) {
        scene.tiles.push(tile(person, *area, alone, style, (sight.others)(&Who::Other(person.id.clone())), sheet));
    }
    let own = style.self_view.filter(|_| sight.own != Own::Off || stage.muted.video);
    match own {
        Some(corner) => scene.tiles.push(own_tile(stage, corner, sight.own, sheet)),
        None => scene.over.extend(own_marks(stage, sheet)),
    }
    if stage.offline {
        let size = sheet.u(60);
        let (x, y) = (sheet.area.width / 2, sheet.u(33) + size / 2);
        scene.over.push(super::parts::disc(x, y, size * 2 / 3, BLACK, 178));
        scene.over.push(mark(Mark::Offline, x, y, size, WHITE));
    }
    scene
}

pub(super) fn ground(area: Area) -> Shape {
    Shape::Box { area, radius: 0, color: GROUND, cover: 255 }
}

/// Who speaks is in the spotlight, or else who was there first.
fn order(people: &[Person], layout: Layout) -> Vec<&Person> {
    let mut people: Vec<&Person> = people.iter().collect();
    if layout == Layout::Spotlight
        && let Some(speaker) = people.iter().position(|person| person.speaking)
    {
        people[..=speaker].rotate_right(1);
    }
    people
}

/// What somebody shares. It need not move.
fn share_tile(person: &Person, area: Area, style: &Style, sheet: &mut Sheet<'_>) -> Tile {
    let mut over = Vec::new();
    if person.link == Link::Away {
        over.push(Shape::Box { area, radius: 0, color: BLACK, cover: 150 });
        over.push(mark(Mark::Reconnecting, area.x + area.width / 2, area.y + area.height / 2, even(area.height / 5), WHITE));
    }
    over.extend(label(style.names.then_some(person.name.as_str()), &[], area, sheet.u(40), sheet));
    let card = vec![Shape::Box { area, radius: 0, color: TILE, cover: 255 }];
    Tile { who: Who::Share(person.id.clone()), area, radius: sheet.u(22), picture: true, mirrored: false, card, over }
}

fn tile(person: &Person, area: Area, alone: bool, style: &Style, seen: Seen, sheet: &mut Sheet<'_>) -> Tile {
    // Who does not know of a second picture shows it in place of the camera.
    let there = seen != Seen::Nothing && (!person.muted.video || person.sharing && seen == Seen::Fresh);
    let away = match person.link {
        Link::Away => true,
        // Whose last picture is still there is coming back.
        Link::Coming => there,
        Link::Up => there && seen == Seen::Stale,
    };
    let why = match (person.muted.video, person.link) {
        (_, Link::Away) => None,
        (_, Link::Coming) => Some(Mark::Dots),
        (true, Link::Up) => Some(Mark::CameraOff),
        (false, Link::Up) => Some(Mark::Dots),
    };
    let mut over = Vec::new();
    if away {
        over.push(Shape::Box { area, radius: 0, color: BLACK, cover: 150 });
        let size = even(area.height / 5);
        over.push(mark(Mark::Reconnecting, area.x + area.width / 2, area.y + area.height / 2, size, WHITE));
    }
    if person.speaking && !alone {
        let (width, radius) = (sheet.u(6), sheet.u(22));
        over.push(Shape::Frame { area, radius, width, color: BLUE, cover: 255 });
    }
    let size = (area.height * 62 / 1000).clamp(sheet.u(40), sheet.u(50));
    let marks: &[Mark] = if person.muted.audio { &[Mark::MicrophoneOff] } else { &[] };
    over.extend(label(style.names.then_some(person.name.as_str()), marks, area, size, sheet));
    let mut shapes = vec![Shape::Box { area, radius: 0, color: TILE, cover: 255 }];
    // Bars beside one picture are the background, a card is a tile.
    if alone && there {
        shapes = vec![ground(area)];
    } else {
        shapes.extend(card(&person.name, why, area, sheet));
    }
    Tile {
        who: Who::Other(person.id.clone()),
        area,
        radius: if alone { 0 } else { sheet.u(22) },
        picture: there,
        mirrored: false,
        card: shapes,
        over,
    }
}

fn own_tile(stage: &Stage, corner: Corner, own: Own, sheet: &mut Sheet<'_>) -> Tile {
    let (width, height, margin) = (sheet.u(356), sheet.u(200), sheet.u(34));
    let right = even(sheet.area.width - (margin + width).min(sheet.area.width));
    let lower = even(sheet.area.height - (margin + height).min(sheet.area.height));
    let (x, y) = match corner {
        Corner::TopLeft => (margin, margin),
        Corner::TopRight => (right, margin),
        Corner::BottomLeft => (margin, lower),
        Corner::BottomRight => (right, lower),
    };
    let area = Area { x, y, width, height };
    let radius = sheet.u(16);
    let picture = own == Own::On && !stage.muted.video;
    let why = match own {
        _ if stage.muted.video => Mark::CameraOff,
        Own::Lost => Mark::CameraLost,
        Own::On | Own::Off => Mark::Dots,
    };
    let mut shapes = vec![Shape::Box { area, radius: 0, color: TILE, cover: 255 }];
    shapes.push(mark(why, area.x + width / 2, area.y + height / 2, even(height / 2), WHITE));
    let mut over = vec![Shape::Frame { area, radius, width: sheet.u(3), color: WHITE, cover: 90 }];
    if stage.muted.audio {
        over.extend(label(None, &[Mark::MicrophoneOff], area, sheet.u(36), sheet));
    }
    Tile { who: Who::Own, area, radius, picture, mirrored: true, card: shapes, over }
}

/// What is switched off here, where no own picture says it: at the lower right.
fn own_marks(stage: &Stage, sheet: &mut Sheet<'_>) -> Vec<Shape> {
    let off = [(stage.muted.audio, Mark::MicrophoneOff), (stage.muted.video, Mark::CameraOff)];
    let marks: Vec<Mark> = off.into_iter().filter(|(muted, _)| *muted).map(|(_, mark)| mark).collect();
    if marks.is_empty() {
        return Vec::new();
    }
    let size = sheet.u(50);
    let width = u32::try_from(marks.len()).unwrap_or(1) * size * 2 + size;
    let (x, y) = (sheet.area.width.saturating_sub(width), sheet.area.height.saturating_sub(4 * size));
    let corner = Area { x: even(x), y: even(y), width: sheet.area.width - even(x), height: sheet.area.height - even(y) };
    label(None, &marks, corner, size, sheet)
}
