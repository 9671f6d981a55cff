//! What is on an appliance's screen, and when: real appliances in a real hub's calls, looked at through `callbox snapshot`. The
//! pictures are left in `TEST_SHOTS`, or below `target/`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::path::PathBuf;

use callbox::media::plan::area::Area;
use callbox::media::plan::grid::grid;
use callbox::protocol::control::{DeviceState, HubState, PeerConnection, RingState};
use support::{Appliance, Hub, Rgb, eventually, film, secs};

const SIZE: Area = Area { x: 0, y: 0, width: 960, height: 540 };
const QUIET: &str = "[microphone]\nsource = \"none\"\n[speaker]\nsink = \"none\"\n";
const GREEN: Rgb = (46, 160, 103);
const RED: Rgb = (214, 72, 72);
const BLUE: Rgb = (96, 165, 250);
const GROUND: Rgb = (16, 18, 24);

/// What was seen.
struct Shot {
    width: u32,
    rgb: Vec<u8>,
}

impl Shot {
    fn of(appliance: &Appliance) -> Result<Self, String> {
        let (width, height, rgb) = appliance.snapshot()?;
        assert_eq!((width, height), (SIZE.width, SIZE.height));
        Ok(Self { width, rgb })
    }

    fn at(&self, x: u32, y: u32) -> Rgb {
        let start = (y * self.width + x) as usize * 3;
        (self.rgb[start], self.rgb[start + 1], self.rgb[start + 2])
    }

    /// How many pixels of an area are so.
    fn count(&self, area: Area, is: impl Fn(Rgb) -> bool) -> usize {
        let points = (area.y..area.bottom()).flat_map(|y| (area.x..area.right()).map(move |x| (x, y)));
        points.filter(|(x, y)| is(self.at(*x, *y))).count()
    }

    fn bright(&self, area: Area) -> usize {
        self.count(area, |(r, g, b)| r > 190 && g > 190 && b > 190)
    }

    fn like(&self, area: Area, wanted: Rgb) -> usize {
        self.count(area, |seen| near(seen, wanted))
    }
}

fn near(a: Rgb, b: Rgb) -> bool {
    [(a.0, b.0), (a.1, b.1), (a.2, b.2)].iter().all(|(a, b)| a.abs_diff(*b) < 14)
}

/// A part of an area, in hundredths.
fn part(area: Area, x: u32, y: u32, width: u32, height: u32) -> Area {
    Area {
        x: area.x + area.width * x / 100,
        y: area.y + area.height * y / 100,
        width: area.width * width / 100,
        height: area.height * height / 100,
    }
}

fn screen(more: &str) -> String {
    format!("[screen]\nwidth = {}\nheight = {}\n{more}\n", SIZE.width, SIZE.height)
}

fn keep(appliance: &Appliance, name: &str) {
    let directory = std::env::var_os("TEST_SHOTS").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::copy(appliance.file("snapshot.png"), directory.join(format!("{name}.png"))).unwrap();
}

/// Looks until it is so, and keeps the picture.
async fn seen<T>(appliance: &Appliance, name: &str, mut is: impl FnMut(&Shot) -> Result<T, String>) -> T {
    let found = eventually(secs(30), name, async || is(&Shot::of(appliance)?)).await;
    keep(appliance, name);
    found
}

fn enough(what: &str, seen: usize, wanted: std::ops::Range<usize>) -> Result<(), String> {
    if wanted.contains(&seen) { Ok(()) } else { Err(format!("{seen} pixels of {what}")) }
}

/// Somebody in the lobby call, before a wall of this colour.
fn somebody(hub: &Hub, user: &str, wall: Rgb, films: &tempfile::TempDir, more: &str) -> Appliance {
    let camera =
        format!("[camera]\nsource = \"file\"\nfile = {:?}\nwidth = 640\nheight = 360\nframerate = 5\n", film(films.path(), wall));
    Appliance::start(hub, user, &format!("[call]\nauto-join = \"default:lobby\"\n{camera}{QUIET}{}", screen(more)))
}

#[tokio::test]
async fn standby_shows_the_time_and_a_text_and_marks_what_is_the_matter() {
    let mut hub = Hub::start();
    let camera = "[camera]\nsource = \"none\"\n";
    let standby = screen("[screen.standby]\ntext = \"Riverside Clinic\"");
    let door = Appliance::start(&hub, "door-1", &format!("{camera}{QUIET}{standby}"));
    let (clock, text, marks) = (part(SIZE, 20, 25, 60, 40), part(SIZE, 20, 67, 60, 12), part(SIZE, 20, 82, 60, 18));
    let not_ground = |seen: Rgb| !near(seen, GROUND);
    seen(&door, "standby", |shot| {
        enough("clock", shot.bright(clock), 3000..40_000)?;
        enough("text", shot.count(text, not_ground), 600..8000)?;
        enough("marks", shot.count(marks, not_ground), 0..1)
    })
    .await;
    door.cli("do-not-disturb", &["on"]).unwrap();
    seen(&door, "do-not-disturb", |shot| enough("moon", shot.count(marks, not_ground), 150..1500)).await;
    hub.kill();
    eventually(secs(20), "it notices", async || match door.status()?.hub.state {
        HubState::Connected => Err("connected".to_owned()),
        HubState::Connecting | HubState::Disconnected => Ok(()),
    })
    .await;
    seen(&door, "offline", |shot| enough("moon and waves", shot.count(marks, not_ground), 400..3000)).await;
}

#[tokio::test]
async fn ringing_shows_who_calls_and_calling_shows_whom_and_how_it_ended() {
    let hub = Hub::start();
    let devices = format!("[camera]\nsource = \"none\"\n{QUIET}{}", screen(""));
    let (door, desk) = (Appliance::start(&hub, "door-1", &devices), Appliance::start(&hub, "door-2", &devices));
    for appliance in [&door, &desk] {
        eventually(secs(20), "online", async || match appliance.status()?.hub.state {
            HubState::Connected => Ok(()),
            state @ (HubState::Connecting | HubState::Disconnected) => Err(format!("{state:?}")),
        })
        .await;
    }
    door.cli("call", &["door-2"]).unwrap();
    eventually(secs(15), "it rings", async || match desk.status()?.ring {
        Some(ring) if ring.state == RingState::Ringing => Ok(()),
        ring => Err(format!("{ring:?}")),
    })
    .await;
    let (name, sign, rings) = (part(SIZE, 10, 64, 80, 15), part(SIZE, 40, 80, 20, 20), part(SIZE, 25, 0, 50, 62));
    seen(&desk, "ringing", |shot| {
        enough("the caller's name", shot.bright(name), 1200..20_000)?;
        enough("green", shot.like(sign, GREEN), 1500..6000)
    })
    .await;
    seen(&door, "calling", |shot| {
        enough("the other's name", shot.bright(name), 700..20_000)?;
        enough("blue", shot.like(sign, BLUE), 1500..6000)
    })
    .await;
    let still = Shot::of(&desk).unwrap();
    assert!(still.count(rings, |seen| !near(seen, GROUND)) > 10_000, "a portrait with rings around");
    desk.cli("reject", &[]).unwrap();
    seen(&door, "nobody-answered", |shot| enough("red", shot.like(sign, RED), 1500..6000)).await;
    seen(&desk, "after-ringing", |shot| enough("the clock again", shot.bright(part(SIZE, 20, 25, 60, 40)), 3000..40_000)).await;
}

/// Where the tiles of so many others are.
fn tiles(count: usize) -> Vec<Area> {
    if count == 1 {
        return vec![SIZE];
    }
    // Sixteen thousandths of the height.
    grid(count, SIZE.inset(8).even(), 8)
}

/// Whether each wall is seen in a tile of its own, at the left where nothing else is.
fn walls(shot: &Shot, walls: &[Rgb]) -> Result<Vec<usize>, String> {
    let tiles = tiles(walls.len());
    let spots: Vec<Rgb> = tiles.iter().map(|tile| shot.at(tile.x + tile.width / 8, tile.y + tile.height / 2)).collect();
    let places = walls.iter().map(|wall| spots.iter().position(|spot| near(*spot, *wall)).ok_or(format!("{wall:?} in {spots:?}")));
    places.collect()
}

fn label(tile: Area) -> Area {
    Area { x: tile.x, y: tile.bottom() - tile.height.min(90), width: tile.width * 2 / 3, height: tile.height.min(90) }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_a_tile_with_a_name_and_marks_for_what_is_off_or_away() {
    const WALLS: [Rgb; 3] = [(196, 128, 84), (88, 140, 168), (120, 152, 96)];
    let hub = Hub::with("reconnect-grace = \"60s\"");
    let films = tempfile::tempdir().unwrap();
    let anna = somebody(&hub, "anna", (150, 130, 170), &films, "self-view = \"bottom-right\"");
    let mut others = Vec::new();
    for (index, user) in ["door-1", "ben", "carla"].into_iter().enumerate() {
        others.push(somebody(&hub, user, WALLS[index], &films, ""));
        let name = ["one-other", "two-others", "three-others"][index];
        seen(&anna, name, |shot| {
            walls(shot, &WALLS[..=index])?;
            for tile in tiles(index + 1) {
                enough("name", shot.bright(label(tile)), 150..6000)?;
            }
            let own = part(SIZE, 76, 76, 20, 20);
            if index == 0 { enough("the own picture", shot.like(own, (150, 130, 170)), 3000..20_000) } else { Ok(()) }
        })
        .await;
    }
    let before = Shot::of(&anna).unwrap();
    let places = walls(&before, &WALLS).unwrap();
    let (ben, carla) = (tiles(3)[places[1]], tiles(3)[places[2]]);
    others[1].cli("mute", &["audio"]).unwrap();
    seen(&anna, "muted", |shot| {
        enough("a mark before Ben's name", shot.bright(label(ben)), before.bright(label(ben)) + 25..9000)?;
        enough("nothing new in Carla's", shot.bright(label(carla)), 0..before.bright(label(carla)) + 20)
    })
    .await;
    others[1].cli("mute", &["video"]).unwrap();
    seen(&anna, "camera-off", |shot| {
        enough("Ben's wall", shot.like(ben, WALLS[1]), 0..50)?;
        enough("his initials", shot.bright(part(ben, 30, 20, 40, 50)), 100..6000)
    })
    .await;
    others[1].cli("unmute", &["all"]).unwrap();
    seen(&anna, "three-others-again", |shot| walls(shot, &WALLS)).await;
    others[2].kill();
    seen(&anna, "reconnecting", |shot| {
        enough("Carla's wall as it was", shot.like(carla, WALLS[2]), 0..50)?;
        enough("arrows", shot.bright(part(carla, 38, 30, 24, 40)), 200..6000)?;
        enough("Ben's wall", shot.like(ben, WALLS[1]), 10_000..200_000)
    })
    .await;
    others[2].restart();
    let back = seen(&anna, "three-others-at-last", |shot| walls(shot, &WALLS)).await;
    assert_eq!(back, places, "everybody kept the tile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_is_not_there_is_a_card_to_the_others_and_a_mark_to_oneself() {
    let hub = Hub::start();
    let films = tempfile::tempdir().unwrap();
    let anna = somebody(&hub, "anna", (150, 130, 170), &films, "self-view = false");
    let camera = "[call]\nauto-join = \"default:lobby\"\n[camera]\nsource = \"v4l2\"\ndevice = \"/dev/video-nowhere\"\nwidth = 640\nheight = 360\n";
    let door = Appliance::start(&hub, "door-1", &format!("{camera}{QUIET}{}", screen("")));
    eventually(secs(20), "the card is sent and decoded", async || {
        let call = anna.status()?.call.ok_or("no call")?;
        match call.participants.first() {
            Some(one) if one.connection == PeerConnection::Connected && one.video.frames_decoded > 5 => Ok(()),
            one => Err(format!("{one:?}")),
        }
    })
    .await;
    let status = door.status().unwrap();
    assert_eq!((status.media.camera.state, status.media.encoder.instances), (DeviceState::Missing, 1), "{:?}", status.media);
    seen(&anna, "camera-lost", |shot| {
        enough("initials", shot.bright(part(SIZE, 38, 20, 24, 45)), 800..20_000)?;
        enough("the card's ground", shot.like(SIZE, (31, 36, 47)), 250_000..500_000)
    })
    .await;
    seen(&door, "own-camera-lost", |shot| enough("a mark", shot.bright(part(SIZE, 76, 4, 20, 24)), 300..8000)).await;
    door.cli("mute", &["video"]).unwrap();
    eventually(secs(10), "muted by a person, nothing is fed", async || match door.status()?.media.encoder.instances {
        0 => Ok(()),
        more => Err(format!("{more} encoders")),
    })
    .await;
}
