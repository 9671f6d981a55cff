//! What the screen shows as a PNG: of a display, what is on it; without one, the same scene painted on demand, which costs nothing
//! until somebody asks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer_video as gst_video;

use super::Error;
use super::peer::Picture;
use super::pipeline::parse_caps;
use super::plan::canvas::Canvas;
use super::plan::scene::{Own, Who};
use super::plan::stage::Stage;
use super::screen::{Look, Palette, Pictures, Shared, Shown, frame, screen_caps};

/// So many snapshots are made at a time.
const AT_A_TIME: usize = 2;
const TIMEOUT: gst::ClockTime = gst::ClockTime::from_seconds(5);

/// A PNG file in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Png {
    /// The file.
    pub bytes: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// What is to be made a PNG.
pub enum View {
    /// What is on a display.
    Display(Shared),
    /// What would be on it.
    Scene(Box<Unseen>),
}

/// All that a screen would show.
pub struct Unseen {
    /// How it is to look.
    pub palette: Palette,
    /// What goes on.
    pub stage: Arc<Stage>,
    /// Our camera.
    pub own: Own,
    /// The last pictures, and how old they are.
    pub pictures: Vec<(Who, Picture, Duration)>,
}

/// Composing takes tens of milliseconds, which peers should not wait for: it is done elsewhere, but only so often at a time.
#[derive(Debug, Default)]
pub struct Desk {
    at_work: Arc<AtomicUsize>,
}

/// One more could be at work as long as this is there.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Desk {
    /// Composes on a thread of its own and gives the outcome to `then` there; refuses at once when too many are at work.
    pub fn compose(&self, view: View, then: impl FnOnce(Result<Png, Error>) + Send + 'static) {
        let Some(place) = self.place() else {
            return then(Err(Error::TooMany("other snapshots are being made: ask again in a moment")));
        };
        let work = move || {
            then(compose(view));
            drop(place);
        };
        if let Err(error) = std::thread::Builder::new().name("snapshot".into()).spawn(work) {
            tracing::error!("no thread for a snapshot: {error}");
        }
    }

    fn place(&self) -> Option<Place> {
        let enter = |at_work| (at_work < AT_A_TIME).then_some(at_work + 1);
        self.at_work.fetch_update(Ordering::AcqRel, Ordering::Acquire, enter).ok()?;
        Some(Place(self.at_work.clone()))
    }
}

/// Takes some ten milliseconds: not for the engine's thread.
pub fn compose(view: View) -> Result<Png, Error> {
    match view {
        View::Display(canvas) => {
            let canvas = canvas.lock().unwrap_or_else(PoisonError::into_inner).clone();
            encode(&canvas)
        }
        View::Scene(unseen) => encode(&paint(*unseen)?),
    }
}

fn paint(unseen: Unseen) -> Result<Canvas, Error> {
    let Unseen { palette, stage, own, pictures } = unseen;
    let (size, now) = (palette.size(), Instant::now());
    let mut painter = palette.painter();
    let mut look = Look { stage, own, pictures: Pictures::default() };
    let there: Vec<&Who> = pictures.iter().map(|(who, ..)| who).collect();
    let scene = painter.arrange(&look, &there, size, now);
    for (who, picture, age) in pictures {
        let Some(tile) = scene.tiles.iter().find(|tile| tile.who == who) else {
            continue;
        };
        let (width, height) = shape(&picture);
        let fit = tile.area.fit(width, height);
        let scaled = convert(&picture, &screen_caps(fit.width, fit.height))?;
        if let Some(frame) = frame(&scaled) {
            look.pictures.0.insert(who, Shown::new(frame, now.checked_sub(age).unwrap_or(now)));
        }
    }
    let mut canvas = Canvas::new(size.width, size.height);
    painter.whole(&mut canvas, &look, now);
    Ok(canvas)
}

fn encode(canvas: &Canvas) -> Result<Png, Error> {
    let size = canvas.area();
    let caps = parse_caps(&format!("{},framerate=0/1", screen_caps(size.width, size.height)))?;
    let sample = gst::Sample::builder().buffer(&gst::Buffer::from_slice(canvas.bytes().to_vec())).caps(&caps).build();
    let png = convert(&sample, "image/png")?;
    let map = png.buffer().and_then(|b| b.map_readable().ok()).ok_or_else(|| Error::Pipeline("an empty picture".to_owned()))?;
    Ok(Png { bytes: map.to_vec(), width: size.width, height: size.height })
}

fn convert(picture: &Picture, caps: &str) -> Result<gst::Sample, Error> {
    gst_video::convert_sample(picture, &parse_caps(caps)?, Some(TIMEOUT)).map_err(|e| Error::pipeline(&e))
}

/// Width and height as they are to be seen, with square pixels.
fn shape(picture: &Picture) -> (u32, u32) {
    let info = picture.caps().and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok());
    info.map_or((0, 0), |info| super::screen::shape(&info))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::media::plan::stage::{Call, Entry, Link, Person};
    use crate::protocol::ParticipantId;
    use crate::protocol::hub::Muted;

    fn picture(width: u32, height: u32, luma: u8) -> Picture {
        let caps = parse_caps(&format!("video/x-raw,format=I420,width={width},height={height},framerate=30/1")).unwrap();
        let (y, c) = ((width * height) as usize, (width * height / 4) as usize);
        let mut data = vec![luma; y];
        data.extend(vec![128; 2 * c]);
        gst::Sample::builder().buffer(&gst::Buffer::from_mut_slice(data)).caps(&caps).build()
    }

    fn people(names: &[(&str, u8)]) -> Unseen {
        let config = config::Screen { width: 642, height: 360, names: false, ..config::Screen::default() };
        let id = |name: &str| ParticipantId::new(name).unwrap();
        let person = |(name, _): &(&str, u8)| Person {
            id: id(name),
            name: (*name).to_owned(),
            muted: Muted::default(),
            sharing: false,
            link: Link::Up,
            speaking: false,
        };
        let call = Some(Call { entry: Entry::In, people: names.iter().map(person).collect() });
        let pictures = names.iter().map(|(name, luma)| (Who::Other(id(name)), picture(320, 180, *luma), Duration::ZERO)).collect();
        let stage = Arc::new(Stage { call, ..Stage::default() });
        Unseen { palette: Palette::new(config), stage, own: Own::Off, pictures }
    }

    #[test]
    fn only_so_many_snapshots_are_made_at_a_time() {
        gst::init().unwrap();
        let desk = Desk::default();
        let (places, (tell, hear)) = ([desk.place(), desk.place()], std::sync::mpsc::channel());
        let other = tell.clone();
        desk.compose(View::Scene(Box::new(people(&[]))), move |png| other.send(png).unwrap());
        assert!(matches!(hear.recv().unwrap(), Err(Error::TooMany(_))));
        drop(places);
        desk.compose(View::Scene(Box::new(people(&[]))), move |png| tell.send(png).unwrap());
        assert_eq!(hear.recv().unwrap().unwrap().width, 642);
    }

    #[test]
    fn c33_what_is_shared_is_large_and_the_cameras_are_small() {
        gst::init().unwrap();
        let luma = |canvas: &Canvas, x: usize, y: usize| canvas.bytes()[y * canvas.stride(0) + x];
        let mut unseen = people(&[("a", 235), ("b", 60)]);
        unseen.pictures.push((Who::Share(ParticipantId::new("b").unwrap()), picture(320, 180, 130), Duration::from_secs(60)));
        let share = |unseen: Unseen| {
            let mut stage = Stage::clone(&unseen.stage);
            stage.call.as_mut().unwrap().people[1].sharing = true;
            Unseen { stage: Arc::new(stage), ..unseen }
        };
        let canvas = paint(share(unseen)).unwrap();
        assert_eq!(luma(&canvas, 250, 180), 130, "large, though it does not move");
        let column: Vec<u8> = (0..360).map(|y| luma(&canvas, 570, y)).collect();
        assert!(column.contains(&235) && column.contains(&60), "both cameras beside it: {column:?}");
        let canvas = paint(share(people(&[("a", 235), ("b", 60)]))).unwrap();
        assert_eq!((luma(&canvas, 160, 180), luma(&canvas, 480, 180)), (235, 60), "nothing of it came yet");
    }

    #[test]
    fn two_pictures_stand_side_by_side_on_the_background() {
        gst::init().unwrap();
        let canvas = paint(people(&[("a", 235), ("b", 60)])).unwrap();
        let luma = |x: usize, y: usize| canvas.bytes()[y * canvas.stride(0) + x];
        assert_eq!((luma(160, 180), luma(480, 180)), (235, 60));
        assert_eq!(luma(160, 20), luma(2, 180), "the background above and beside");
        assert!(encode(&canvas).unwrap().bytes.starts_with(b"\x89PNG"));
    }
}
