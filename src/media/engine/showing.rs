//! The screen as the engine sees it: what goes on is told by the daemon, pictures come and go with the peers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Device;
use super::leaving::Leaving;
use super::room::Engine;
use crate::config::ScreenOutput;
use crate::media::mirror::Mirror;
use crate::media::peer::{Part, Picture};
use crate::media::plan::scene::{Own, Who};
use crate::media::plan::stage::Stage;
use crate::media::screen::{Feed, Palette, who};
use crate::media::snapshot::{Png, Unseen, View};
use crate::media::{Error, PeerKey};
use crate::protocol::ParticipantId;
use crate::protocol::control::DeviceState;

/// A file of a screen on which nothing moves but the clock is written so often.
const STILL: Duration = Duration::from_secs(30);

/// What is shown.
#[derive(Debug)]
pub(in crate::media) struct Showing {
    pub(super) stage: Arc<Stage>,
    pub(super) palette: Palette,
    pub(super) mirror: Arc<Mirror>,
    /// The last pictures of those whose connection is being made again.
    kept: BTreeMap<ParticipantId, Picture>,
    next_file: Instant,
    last_file: Option<Instant>,
}

impl Showing {
    pub(super) fn new(palette: Palette, now: Instant) -> Self {
        Self { stage: Arc::default(), palette, mirror: Arc::default(), kept: BTreeMap::new(), next_file: now, last_file: None }
    }
}

impl Showing {
    /// It looks different from now on.
    pub(super) fn repaint(&mut self, palette: Palette, now: Instant) {
        (self.palette, self.next_file) = (palette, now);
    }
}

impl Engine {
    /// Something else goes on.
    pub(super) fn set_stage(&mut self, stage: Stage, now: Instant) {
        self.showing.kept.retain(|id, _| stage.people().iter().any(|person| person.id == *id));
        // What was shared is over, and must not be seen again when something else is.
        for (_, seat) in self.peers.iter().filter(|(key, _)| !stage.people().iter().any(|who| who.id == key.id && who.sharing)) {
            seat.peer.intake().pictures(Part::Share).forget();
        }
        self.showing.stage = Arc::new(stage);
        if let ScreenOutput::Snapshots { interval, .. } = &self.config.screen.output {
            let soon = self.showing.last_file.map_or(now, |last| now.max(last + *interval));
            self.showing.next_file = self.showing.next_file.min(soon);
        }
    }

    /// After every ask: the screen and files follow.
    pub(super) fn settle_stage(&mut self, now: Instant) {
        // A camera that is started anew shows its last picture meanwhile.
        if self.own() != Own::On {
            self.showing.mirror.clear();
        }
        if let Some(screen) = self.screen.get() {
            screen.stage(&self.showing.stage, self.own());
        }
        self.write_file(now);
    }

    /// When a file is due.
    pub(super) fn file_at(&self) -> Option<Instant> {
        matches!(self.config.screen.output, ScreenOutput::Snapshots { .. }).then_some(self.showing.next_file)
    }

    fn own(&self) -> Own {
        if self.peers.is_empty() || self.muted.video || !self.camera.enabled() {
            return Own::Off;
        }
        match self.camera.status().state {
            DeviceState::Missing | DeviceState::Busy | DeviceState::Denied | DeviceState::Failed => Own::Lost,
            DeviceState::Idle | DeviceState::Starting | DeviceState::Running | DeviceState::Disabled => Own::On,
        }
    }

    /// A peer's pictures are there.
    pub(super) fn show_peer(&mut self, key: &PeerKey, now: Instant) {
        let Some(seat) = self.peers.get(key) else {
            return;
        };
        let parts = [(Part::Camera, seat.picture.clone()), (Part::Share, seat.share.clone())];
        for (part, picture) in parts {
            match picture.and_then(|picture| self.screen.get_mut().map(|screen| screen.add(key, part, &picture))) {
                Some(Ok(Some(old))) => self.retire_feed(old, now),
                Some(Err(error)) => tracing::warn!(%error, "a picture cannot be shown"),
                Some(Ok(None)) | None => {}
            }
        }
    }

    /// A peer's pictures end. The last one stays on the screen until it is known what comes.
    pub(super) fn hide_peer(&mut self, key: &PeerKey, now: Instant) {
        for part in [Part::Camera, Part::Share] {
            if let Some(feed) = self.screen.get_mut().and_then(|screen| screen.remove(key, part)) {
                self.retire_feed(feed, now);
            }
        }
        let last = self.peers.get(key).and_then(|seat| seat.peer.intake().pictures(Part::Camera).picture());
        if let Some(last) = last.filter(|_| self.screen.get().is_none()) {
            self.showing.kept.insert(key.id.clone(), last);
        }
    }

    fn retire_feed(&mut self, feed: Feed, now: Instant) {
        self.retired.add(Leaving::Device(Device::Screen), now, move || drop(feed));
    }

    pub(super) fn snapshot(&mut self, reply: oneshot::Sender<Result<Png, Error>>) {
        self.snapshots.compose(self.sight(), move |png| {
            let _ = reply.send(png);
        });
    }

    /// What is, or would be, on the screen.
    fn sight(&self) -> View {
        if let Some(screen) = self.screen.get() {
            return View::Display(screen.canvas());
        }
        let now = self.time.running_time();
        let age = |picture: &Picture| {
            let taken = picture.buffer().and_then(|buffer| buffer.pts());
            taken.map_or(Duration::ZERO, |taken| now.saturating_sub(taken).into())
        };
        let mut pictures: BTreeMap<Who, Picture> =
            self.showing.kept.iter().map(|(id, picture)| (Who::Other(id.clone()), picture.clone())).collect();
        for (key, seat) in &self.peers {
            for part in [Part::Camera, Part::Share] {
                if let Some(picture) = seat.peer.intake().pictures(part).picture() {
                    pictures.insert(who(key, part), picture);
                }
            }
        }
        if let Some(picture) = self.showing.mirror.picture() {
            pictures.insert(Who::Own, picture);
        }
        let pictures = pictures.into_iter().map(|(who, picture)| {
            let age = age(&picture);
            (who, picture, age)
        });
        let (palette, stage) = (self.showing.palette.clone(), self.showing.stage.clone());
        View::Scene(Box::new(Unseen { palette, stage, own: self.own(), pictures: pictures.collect() }))
    }

    fn write_file(&mut self, now: Instant) {
        let ScreenOutput::Snapshots { directory, interval } = &self.config.screen.output else {
            return;
        };
        if now < self.showing.next_file {
            return;
        }
        let pause = if self.showing.stage.people().is_empty() { (*interval).max(STILL) } else { *interval };
        (self.showing.last_file, self.showing.next_file) = (Some(now), now + pause);
        let directory = directory.clone();
        self.snapshots.compose(self.sight(), move |png| {
            let (part, file) = (directory.join("screen.png.part"), directory.join("screen.png"));
            let written = png.map_err(|e| e.to_string()).and_then(|png| {
                std::fs::write(&part, png.bytes).and_then(|()| std::fs::rename(&part, &file)).map_err(|e| e.to_string())
            });
            if let Err(error) = written {
                tracing::warn!(file = %file.display(), "cannot write the snapshot: {error}");
            }
        });
    }
}
