//! PURE. What is sent: one decision for the main picture (size, frame rate, bit rate) and for each peer (main picture, second rung,
//! sound only), made of the estimates of the ways, the limits, the encoder and the board.
//!
//! ```text
//!   estimates, loss, delay ─┐                      ┌─► main: shape, bit rate      ladder: 1080p · 720p · 360p · 360p slow
//!   limits (C8, C10, C11) ──┼─► handle() ─► Decision ─► low: 320x180 at 15, while somebody needs it
//!   encoder, load, heat ────┘                      ├─► each peer: main | low | sound only
//!   what is shared ──────────                      └─► share: its size, frame rate, bit rate; whether the camera waits
//! ```
//!
//! Sound comes first: what it takes is taken off each limit before the picture gets the rest, and it goes on when no picture does.
//! (An estimate is of what is left beside the sound already: sound is on the way while it is made, and not counted in it.) Down is fast,
//! up is slow, and slower after each time in vain. It is asked several times a second while there is a call, so it has no deadlines of
//! its own.

mod board;
mod climb;
mod ladder;
mod peers;
mod share;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

pub use board::{Board, Coding};
pub use ladder::Step;
pub use share::Shared;

use board::Ceiling;
use climb::Climb;
use peers::Peers;
use share::Division;

/// What makes a picture: size and how often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Per second.
    pub framerate: u32,
}

/// What is configured and asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The camera's picture; nothing is ever larger or faster.
    pub camera: Shape,
    /// The most the picture may take, bit/s.
    pub most: u64,
    /// What the sound takes, bit/s.
    pub sound: u64,
    /// The most that may go to each peer, sound included, bit/s.
    pub limit: Option<u64>,
    /// What is shown beside the camera.
    pub share: Option<Shared>,
}

/// How the way to a peer is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Way {
    /// What the estimator says, bit/s, beside the sound; none before the first feedback.
    pub estimate: Option<u64>,
    /// The part of the packets that is lost, 0 to 1.
    pub loss: f32,
    /// To the peer and back, lately.
    pub delay: Option<Duration>,
    /// The most the peer wants of the picture, bit/s.
    pub limit: Option<u64>,
}

/// What may change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input<K> {
    /// Configuration and limits.
    Given(Given),
    /// A peer that is connected.
    Way(K, Way),
    /// A peer that is not connected any more.
    Gone(K),
    /// Load and heat.
    Board(Board),
    /// How the encoder keeps up.
    Coding(Coding),
}

/// What a peer is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Sound and the main picture.
    #[default]
    Main,
    /// Sound and the small picture of the second encoder.
    Low,
    /// Sound.
    SoundOnly,
}

impl Rung {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Low => "low",
            Self::SoundOnly => "sound only",
        }
    }
}

/// A picture as an encoder is to make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Size and frame rate.
    pub shape: Shape,
    /// Bit/s.
    pub bitrate: u64,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<K> {
    /// Where the main picture is on the ladder.
    pub step: Step,
    /// The main picture.
    pub main: Picture,
    /// The second rung, while somebody is on it; of what is shared, if anything is.
    pub low: Option<Picture>,
    /// What is shared.
    pub share: Option<Picture>,
    /// Whether the camera's picture is sent: beside what is shared there may be no room for it.
    pub camera: bool,
    /// Each connected peer.
    pub peers: BTreeMap<K, Rung>,
    /// The part of the sound's packets that is to be expected lost, per cent.
    pub expected_loss: u8,
}

/// Why something changed, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// So much is left for the picture, bit/s.
    Bandwidth(u64),
    /// The encoder is slower than the camera.
    Encoder,
    /// The processor has too much to do.
    Load,
    /// The board is hot.
    Heat,
    /// There is room again.
    Room,
    /// The way carries not even the smallest picture.
    Nothing,
}

/// What is worth telling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect<K> {
    /// The main picture changed its step.
    Stepped {
        /// Before.
        from: Step,
        /// Now.
        to: Step,
        /// The reason.
        why: Why,
    },
    /// A peer gets something else.
    Moved {
        /// Who.
        key: K,
        /// What it gets now.
        to: Rung,
        /// The reason.
        why: Why,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bandwidth(bits) => write!(f, "{} kbit/s are left for the picture", bits / 1000),
            Self::Encoder => f.write_str("the encoder is slower than the camera"),
            Self::Load => f.write_str("the processor has too much to do"),
            Self::Heat => f.write_str("the board is hot"),
            Self::Room => f.write_str("there is room again"),
            Self::Nothing => f.write_str("the way carries no picture"),
        }
    }
}

/// The rate control of one appliance. `K` names a peer.
#[derive(Debug)]
pub struct Core<K> {
    given: Given,
    peers: Peers<K>,
    climb: Climb,
    ceiling: Ceiling,
    division: Division,
    /// For all pictures together, bit/s.
    total: u64,
    decision: Decision<K>,
    effects: VecDeque<Effect<K>>,
}

impl<K: Ord + Clone> Core<K> {
    /// As good as configured, nobody connected.
    pub fn new(given: Given) -> Self {
        let climb = Climb::new(given.camera, given.most_picture(None));
        let decision = Decision {
            step: climb.step(),
            main: Picture { shape: climb.step().shape(given.camera), bitrate: given.most_picture(None) },
            low: None,
            share: None,
            camera: true,
            peers: BTreeMap::new(),
            expected_loss: peers::FIRST_LOSS,
        };
        let (ceiling, division, total) = (Ceiling::default(), Division::default(), decision.main.bitrate);
        Self { given, peers: Peers::new(), climb, ceiling, division, total, decision, effects: VecDeque::new() }
    }

    /// Takes what changed, and decides anew.
    pub fn handle(&mut self, input: Input<K>, now: Instant) {
        match input {
            Input::Given(given) => {
                if given.camera != self.given.camera {
                    self.climb = Climb::new(given.camera, given.most_picture(None));
                }
                if given.share.is_none() {
                    self.division = Division::default();
                }
                self.given = given;
            }
            Input::Way(key, way) => self.peers.report(key, way, &self.given, now),
            Input::Gone(key) => self.peers.forget(&key),
            Input::Board(board) => self.ceiling.board(board, self.climb.step(), self.climb.lowest(), now),
            Input::Coding(coding) => self.ceiling.coding(coding, self.climb.step(), self.climb.lowest(), now),
        }
        self.decide(now);
    }

    /// What is to be done now.
    pub fn decision(&self) -> &Decision<K> {
        &self.decision
    }

    /// What is worth telling; asked until there is nothing more.
    pub fn poll_effect(&mut self) -> Option<Effect<K>> {
        self.effects.pop_front()
    }

    fn decide(&mut self, now: Instant) {
        let most = self.given.most_picture(None);
        self.peers.settle(self.total, most, now, &mut self.effects);
        // Without anybody to go by, what was found before goes on, within the limit.
        self.total = self.peers.main_bitrate().unwrap_or(self.total).clamp(LEAST.min(most), most);
        let (share, left, camera) = match &self.given.share {
            None => (None, self.total, true),
            Some(shared) => {
                let (share, left, camera) = self.division.divide(self.total, shared, now);
                (Some(share), left, camera)
            }
        };
        let bitrate = left.min(self.given.most.max(LEAST));
        let low = self.given.share.map_or(ladder::low(self.given.camera), |shared| share::seldom(shared.shape));
        let (from, hold) = (self.climb.step(), self.ceiling.hold(now));
        self.climb.follow(bitrate, hold.map(|(step, _)| step), now);
        let to = self.climb.step();
        if from != to {
            let why = match hold {
                _ if to < from => Why::Room,
                Some((step, why)) if step == to => why,
                Some(_) | None => Why::Bandwidth(bitrate),
            };
            self.effects.push_back(Effect::Stepped { from, to, why });
        }
        self.decision = Decision {
            step: to,
            main: Picture { shape: to.shape(self.given.camera), bitrate },
            low: self.peers.low_bitrate().map(|bitrate| Picture { shape: low, bitrate }),
            share,
            camera,
            peers: self.peers.rungs(),
            expected_loss: self.peers.expected_loss(now),
        };
    }
}

/// No encoder makes a picture of less, bit/s.
const LEAST: u64 = 32_000;

impl Given {
    /// The most that pictures may take, bit/s: sound is taken off the limit first. `wish` is the peer's.
    fn most_picture(&self, wish: Option<u64>) -> u64 {
        let beside_sound = self.limit.map(|limit| limit.saturating_sub(self.sound));
        let most = self.most.max(LEAST) + self.share.map_or(0, |share| share.most.max(LEAST));
        [beside_sound, wish].into_iter().flatten().min().map_or(most, |limit| limit.clamp(LEAST, most))
    }
}
