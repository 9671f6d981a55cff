//! The thread that paints: when something has changed, and only what has changed. When nothing moves it sleeps until the clock's
//! next minute.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer_app as gst_app;

use super::board::{Board, Look, Pictures};
use super::text::Pen;
use crate::media::plan::area::Area;
use crate::media::plan::canvas::Canvas;
use crate::media::plan::paint::{Brush, paint};
use crate::media::plan::scene::{Own, Scene, Seen, Sight, Style, Who, scene};
use crate::media::plan::stage::{Person, Stage};
use crate::media::stats::timing::Took;

/// No more than so many pictures a second are painted.
const PACE: Duration = Duration::from_millis(25);
/// What moves on a still screen moves so often.
const BEAT: Duration = Duration::from_millis(600);

/// What is on the screen.
pub type Shared = Arc<Mutex<Canvas>>;

/// Everything that a painting is made of.
#[derive(Debug)]
pub struct Painter {
    /// How it is to look.
    pub style: Style,
    /// Masks and the standby picture.
    pub brush: Brush,
    /// Writes.
    pub pen: Pen,
    /// What came of pictures.
    pub painted: Arc<Painted>,
}

/// Pictures of the others on the display.
#[derive(Debug, Default)]
pub struct Painted {
    /// How many.
    pub pictures: AtomicU64,
    /// From when they were there until they were painted.
    pub took: Took,
}

/// What decides where things stand.
#[derive(Debug, PartialEq)]
struct Layout {
    stage: Arc<Stage>,
    own: Own,
    seen: Vec<(Who, Seen)>,
    clock: String,
    beat: u32,
}

impl Painter {
    /// Paints all of it at once.
    pub fn whole(&mut self, canvas: &mut Canvas, look: &Look, now: Instant) {
        let layout = layout(look, now, 0);
        let scene = self.scene(&layout, canvas.area());
        paint(canvas, &scene, canvas.area(), &look.pictures, &mut self.brush, &mut self.pen);
    }

    /// Where everything stands when the pictures of these are there.
    pub fn arrange(&mut self, look: &Look, there: &[&Who], size: Area, now: Instant) -> Scene {
        let mut layout = layout(look, now, 0);
        for (_, seen) in layout.seen.iter_mut().filter(|(who, _)| there.contains(&who)) {
            *seen = Seen::Fresh;
        }
        self.scene(&layout, size)
    }

    fn scene(&mut self, layout: &Layout, size: Area) -> Scene {
        let others = |who: &Who| layout.seen.iter().find(|(of, _)| of == who).map_or(Seen::Nothing, |(_, seen)| *seen);
        let sight = Sight { others: &others, own: layout.own, clock: &layout.clock, beat: layout.beat };
        scene(&layout.stage, &self.style, size, &sight, &mut self.pen)
    }

    /// Pictures of the others that are on the display now.
    fn count(&self, new: &BTreeSet<Who>, pictures: &Pictures) {
        let now = Instant::now();
        for age in new.iter().filter(|who| **who != Who::Own).filter_map(|who| pictures.age(who, now)) {
            self.painted.pictures.fetch_add(1, Ordering::Relaxed);
            self.painted.took.take(age);
        }
    }

    /// Paints until the board says that it is over.
    pub fn run(mut self, board: &Board, canvas: &Shared, out: &gst_app::AppSrc) {
        let begun = Instant::now();
        let mut before: Option<(Layout, Scene)> = None;
        let mut due = Some(begun);
        loop {
            let (news, look) = board.wait(due);
            if news.end {
                return;
            }
            let now = Instant::now();
            let beat = u32::try_from(begun.elapsed().as_millis() / BEAT.as_millis()).unwrap_or(0);
            let moves = before.as_ref().is_some_and(|(_, scene)| scene.moves);
            let layout = layout(&look, now, if moves { beat } else { 0 });
            let mut shared = canvas.lock().unwrap_or_else(PoisonError::into_inner);
            let size = shared.area();
            let changed = match before.take() {
                Some((old, scene)) if old == layout && !news.stage => {
                    let moved = scene.tiles.iter().filter(|tile| news.pictures.contains(&tile.who) && tile.picture);
                    let areas: Vec<Area> = moved.map(|tile| tile.area).collect();
                    for area in &areas {
                        paint(&mut shared, &scene, *area, &look.pictures, &mut self.brush, &mut self.pen);
                    }
                    before = Some((old, scene));
                    !areas.is_empty()
                }
                Some(_) | None => {
                    let scene = self.scene(&layout, size);
                    board.arrange(scene.tiles.iter().map(|tile| (tile.who.clone(), tile.area)));
                    paint(&mut shared, &scene, size, &look.pictures, &mut self.brush, &mut self.pen);
                    before = Some((layout, scene));
                    true
                }
            };
            if changed {
                // It drops what is not taken and never waits.
                let _ = out.push_buffer(gst::Buffer::from_slice(shared.bytes().to_vec()));
                self.count(&news.pictures, &look.pictures);
            }
            drop(shared);
            let scene = before.as_ref().map(|(_, scene)| scene);
            due = next(scene, &self.style, &look.pictures, now, begun);
            if let Some(rest) = (now + PACE).checked_duration_since(Instant::now())
                && changed
            {
                std::thread::sleep(rest);
            }
        }
    }
}

fn layout(look: &Look, now: Instant, beat: u32) -> Layout {
    let of = |person: &Person| [Who::Other(person.id.clone()), Who::Share(person.id.clone())];
    let seen = |who: Who| {
        let seen = look.pictures.seen(&who, now);
        (who, seen)
    };
    Layout {
        stage: look.stage.clone(),
        own: look.own,
        seen: look.stage.people().iter().flat_map(of).map(seen).collect(),
        clock: if look.stage.people().is_empty() { clock().0 } else { String::new() },
        beat,
    }
}

/// When something changes by itself.
fn next(scene: Option<&Scene>, style: &Style, pictures: &Pictures, now: Instant, begun: Instant) -> Option<Instant> {
    let moves = scene.is_some_and(|scene| scene.moves);
    let since = u64::try_from(begun.elapsed().as_millis()).unwrap_or(0);
    let beat = u64::try_from(BEAT.as_millis()).unwrap_or(1);
    let beat = moves.then(|| now + Duration::from_millis(beat - since % beat));
    let still = scene.is_some_and(|scene| scene.tiles.is_empty());
    let minute = (still && style.clock).then(|| now + clock().1);
    [beat, minute, pictures.next_stale(now)].into_iter().flatten().min()
}

/// The time of day here, and how long it stays so.
fn clock() -> (String, Duration) {
    let local = glib::DateTime::now_local().or_else(|_| glib::DateTime::now_utc());
    let Ok(time) = local else {
        return (String::new(), Duration::from_secs(60));
    };
    let rest = Duration::from_secs_f64((60.0 - time.seconds()).clamp(0.05, 60.0));
    (format!("{:02}:{:02}", time.hour(), time.minute()), rest)
}
