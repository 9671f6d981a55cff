//! What the painter paints: left here by the engine and by the pictures' own threads, taken by the painter. Nobody waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

use super::feed::{Aim, Frame};
use crate::media::plan::area::Area;
use crate::media::plan::canvas::Image;
use crate::media::plan::paint::Gallery;
use crate::media::plan::scene::{Own, Seen, Who};
use crate::media::plan::stage::Stage;

/// A picture that has not changed for so long is said to stand still.
pub const STALE: Duration = Duration::from_millis(2500);

/// Shared by the engine, the feeds and the painter.
#[derive(Debug, Default)]
pub struct Board {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stage: Arc<Stage>,
    own: Own,
    pictures: BTreeMap<Who, Shown>,
    aims: BTreeMap<Who, Weak<Aim>>,
    news: News,
}

/// What has changed since the painter looked.
#[derive(Debug, Default)]
pub struct News {
    /// What goes on.
    pub stage: bool,
    /// New pictures.
    pub pictures: BTreeSet<Who>,
    /// It is over.
    pub end: bool,
}

/// The last picture of somebody.
#[derive(Debug, Clone)]
pub struct Shown {
    frame: Arc<Frame>,
    at: Instant,
}

/// All that is needed for one painting.
#[derive(Debug, Default)]
pub struct Look {
    /// What goes on.
    pub stage: Arc<Stage>,
    /// Our camera.
    pub own: Own,
    /// The last pictures.
    pub pictures: Pictures,
}

/// The last pictures of everybody.
#[derive(Debug, Default)]
pub struct Pictures(pub BTreeMap<Who, Shown>);

impl Shown {
    /// Taken now.
    pub fn new(frame: Frame, at: Instant) -> Self {
        Self { frame: Arc::new(frame), at }
    }
}

impl Pictures {
    /// How somebody's picture is now.
    pub fn seen(&self, who: &Who, now: Instant) -> Seen {
        match self.0.get(who) {
            None => Seen::Nothing,
            Some(shown) if now.duration_since(shown.at) >= STALE => Seen::Stale,
            Some(_) => Seen::Fresh,
        }
    }

    /// Since when it is there.
    pub fn age(&self, who: &Who, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.0.get(who)?.at))
    }

    /// When the next of them will stand still, if nothing comes.
    pub fn next_stale(&self, now: Instant) -> Option<Instant> {
        self.0.values().map(|shown| shown.at + STALE).filter(|at| *at > now).min()
    }
}

impl Gallery for Pictures {
    fn picture(&self, who: &Who) -> Option<Image<'_>> {
        let frame: &Frame = &self.0.get(who)?.frame;
        image(frame)
    }
}

fn image(frame: &gst_video::VideoFrame<gst_video::video_frame::Readable>) -> Option<Image<'_>> {
    let stride = |plane: usize| frame.plane_stride().get(plane).map(|stride| stride.unsigned_abs() as usize);
    Some(Image {
        width: frame.width() & !1,
        height: frame.height() & !1,
        planes: [frame.plane_data(0).ok()?, frame.plane_data(1).ok()?, frame.plane_data(2).ok()?],
        strides: [stride(0)?, stride(1)?, stride(2)?],
    })
}

impl Board {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something else goes on. Pictures of who is not there any more are forgotten.
    pub fn stage(&self, stage: &Arc<Stage>, own: Own) {
        let mut state = self.state();
        if state.stage == *stage && state.own == own {
            return;
        }
        (state.stage, state.own) = (stage.clone(), own);
        state.pictures.retain(|who, _| match who {
            Who::Other(id) => stage.people().iter().any(|person| person.id == *id),
            Who::Share(id) => stage.people().iter().any(|person| person.id == *id && person.sharing),
            Who::Own => own == Own::On,
        });
        state.news.stage = true;
        self.wake.notify_one();
    }

    /// A new picture.
    pub fn picture(&self, who: &Who, frame: Frame) {
        let mut state = self.state();
        if *who == Who::Own && state.own != Own::On {
            return;
        }
        state.pictures.insert(who.clone(), Shown::new(frame, Instant::now()));
        state.news.pictures.insert(who.clone());
        self.wake.notify_one();
    }

    /// How large somebody's pictures should be is said there.
    pub fn aim(&self, who: Who, aim: &Arc<Aim>) {
        let mut state = self.state();
        state.aims.insert(who, Arc::downgrade(aim));
        state.news.stage = true;
        self.wake.notify_one();
    }

    /// Says how large pictures should be.
    pub fn arrange(&self, places: impl Iterator<Item = (Who, Area)>) {
        let mut state = self.state();
        state.aims.retain(|_, aim| aim.strong_count() > 0);
        let aims: Vec<(Arc<Aim>, Area)> = places.filter_map(|(who, area)| Some((state.aims.get(&who)?.upgrade()?, area))).collect();
        drop(state);
        for (aim, area) in aims {
            aim.at(area);
        }
    }

    /// The painter has nothing more to do.
    pub fn end(&self) {
        self.state().news.end = true;
        self.wake.notify_one();
    }

    /// Waits for something new, so long at most.
    pub fn wait(&self, until: Option<Instant>) -> (News, Look) {
        let mut state = self.state();
        loop {
            let news = &state.news;
            let now = Instant::now();
            if news.stage || news.end || !news.pictures.is_empty() || until.is_some_and(|until| until <= now) {
                break;
            }
            state = match until {
                Some(until) => self.wake.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0,
                None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        let news = std::mem::take(&mut state.news);
        let pictures = Pictures(state.pictures.clone());
        (news, Look { stage: state.stage.clone(), own: state.own, pictures })
    }
}
