//! The marks on the screen: drawn from circles, lines and triangles, so that they are sharp at every size and need neither a font
//! nor a language.
//!
//! Each is a distance in a square of side 1: negative inside, positive outside.

use super::canvas::Mask;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The microphone is switched off.
    MicrophoneOff,
    /// The camera is switched off.
    CameraOff,
    /// The camera was unplugged, is busy or failed.
    CameraLost,
    /// A video call.
    Camera,
    /// A call.
    Phone,
    /// It is over.
    PhoneDown,
    /// The connection is gone and is being made again.
    Reconnecting,
    /// Something will come in a moment.
    Dots,
    /// Wait until somebody lets you in.
    Hourglass,
    /// Do not disturb.
    Moon,
    /// The hub cannot be reached.
    Offline,
    /// A person.
    Person,
}

impl Mark {
    /// Every mark, to look at.
    pub const ALL: [Self; 12] = [
        Self::MicrophoneOff,
        Self::CameraOff,
        Self::CameraLost,
        Self::Camera,
        Self::Phone,
        Self::PhoneDown,
        Self::Reconnecting,
        Self::Dots,
        Self::Hourglass,
        Self::Moon,
        Self::Offline,
        Self::Person,
    ];

    /// What it covers of a square of so many pixels.
    pub fn mask(self, size: u32) -> Mask {
        let scale = size.max(1) as f32;
        Mask::of(size, size, |x, y| {
            let at = P((x as f32 + 0.5) / scale, (y as f32 + 0.5) / scale);
            coverage(self.distance(at) * scale)
        })
    }

    fn distance(self, at: P) -> f32 {
        match self {
            Self::MicrophoneOff => struck(microphone(at), at),
            Self::CameraOff => struck(camera(at), at),
            Self::CameraLost => {
                let cry = line(at, P(0.38, 0.40), P(0.38, 0.50), 0.035).min(circle(at, P(0.38, 0.605), 0.042));
                cut(camera(at), cry)
            }
            Self::Camera => camera(at),
            Self::Phone => handset(at.turned(-135.0)),
            Self::PhoneDown => handset(at.moved(0.0, -0.02)),
            Self::Reconnecting => arrows(at),
            Self::Dots => [0.22, 0.5, 0.78].into_iter().map(|x| circle(at, P(x, 0.5), 0.095)).fold(1.0, f32::min),
            Self::Hourglass => hourglass(at),
            Self::Moon => cut(circle(at, P(0.48, 0.52), 0.34), circle(at, P(0.63, 0.39), 0.29)),
            Self::Offline => struck(waves(at), at),
            Self::Person => {
                let shoulders = circle(at, P(0.5, 0.96), 0.38).max(at.1 - 0.88);
                circle(at, P(0.5, 0.34), 0.18).min(shoulders)
            }
        }
    }
}

/// How much of a pixel is covered whose middle is so many pixels outside of an edge.
pub fn coverage(distance: f32) -> u8 {
    ((0.5 - distance).clamp(0.0, 1.0) * 255.0).round() as u8
}

#[derive(Clone, Copy)]
struct P(f32, f32);

impl P {
    fn to(self, other: Self) -> f32 {
        (self.0 - other.0).hypot(self.1 - other.1)
    }

    fn moved(self, x: f32, y: f32) -> Self {
        Self(self.0 + x, self.1 + y)
    }

    /// About the middle, clockwise.
    fn turned(self, degrees: f32) -> Self {
        let (sin, cos) = (-degrees.to_radians()).sin_cos();
        let (x, y) = (self.0 - 0.5, self.1 - 0.5);
        Self(0.5 + x * cos - y * sin, 0.5 + x * sin + y * cos)
    }
}

fn circle(at: P, middle: P, radius: f32) -> f32 {
    at.to(middle) - radius
}

/// A line with round ends, `half` wide on each side.
fn line(at: P, from: P, to: P, half: f32) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { (((at.0 - from.0) * dx + (at.1 - from.1) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    at.to(P(from.0 + along * dx, from.1 + along * dy)) - half
}

/// A box with round corners.
fn block(at: P, middle: P, half: P, radius: f32) -> f32 {
    let (x, y) = ((at.0 - middle.0).abs() - half.0 + radius, (at.1 - middle.1).abs() - half.1 + radius);
    x.max(0.0).hypot(y.max(0.0)) + x.max(y).min(0.0) - radius
}

/// A triangle whose corners go clockwise.
fn triangle(at: P, a: P, b: P, c: P) -> f32 {
    let side = |from: P, to: P| {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        ((at.0 - from.0) * dy - (at.1 - from.1) * dx) / dx.hypot(dy)
    };
    side(a, b).max(side(b, c)).max(side(c, a))
}

/// Part of a ring: `half` wide on each side, from and to these degrees, clockwise from the right.
fn arc(at: P, middle: P, radius: f32, half: f32, from: f32, to: f32) -> f32 {
    let angle = (at.1 - middle.1).atan2(at.0 - middle.0).to_degrees();
    let turned = (angle - from).rem_euclid(360.0);
    if turned <= to - from {
        return (at.to(middle) - radius).abs() - half;
    }
    let end = |degrees: f32| P(middle.0 + radius * degrees.to_radians().cos(), middle.1 + radius * degrees.to_radians().sin());
    at.to(end(from)).min(at.to(end(to))) - half
}

fn cut(shape: f32, away: f32) -> f32 {
    shape.max(-away)
}

/// Crossed out, with room around the stroke.
fn struck(shape: f32, at: P) -> f32 {
    let (from, to) = (P(0.17, 0.13), P(0.83, 0.87));
    cut(shape, line(at, from.moved(0.035, -0.035), to.moved(0.035, -0.035), 0.075)).min(line(at, from, to, 0.038))
}

fn microphone(at: P) -> f32 {
    let body = line(at, P(0.5, 0.26), P(0.5, 0.46), 0.125);
    let holder = arc(at, P(0.5, 0.46), 0.225, 0.034, 0.0, 180.0);
    let stem = line(at, P(0.5, 0.69), P(0.5, 0.82), 0.034);
    let foot = line(at, P(0.39, 0.84), P(0.61, 0.84), 0.034);
    body.min(holder).min(stem).min(foot)
}

fn camera(at: P) -> f32 {
    let body = block(at, P(0.385, 0.5), P(0.265, 0.21), 0.07);
    let lens = triangle(at, P(0.66, 0.5), P(0.9, 0.33), P(0.9, 0.67)) - 0.02;
    body.min(lens)
}

fn handset(at: P) -> f32 {
    let grip = arc(at, P(0.5, 0.92), 0.41, 0.085, 222.0, 318.0);
    let ear = |x: f32, slope: f32| block(at.moved(0.5 - x, 0.5 - 0.62).turned(slope), P(0.5, 0.5), P(0.125, 0.105), 0.05);
    grip.min(ear(0.20, -8.0)).min(ear(0.80, 8.0))
}

fn arrows(at: P) -> f32 {
    let half = |at: P| {
        let bow = arc(at, P(0.5, 0.5), 0.29, 0.045, 190.0, 315.0);
        let head = triangle(at, P(0.60, 0.33), P(0.84, 0.16), P(0.84, 0.42));
        cut(bow, triangle(at, P(0.56, 0.36), P(0.86, 0.12), P(0.9, 0.46))).min(head)
    };
    half(at).min(half(at.turned(180.0)))
}

fn hourglass(at: P) -> f32 {
    let sand = triangle(at, P(0.29, 0.2), P(0.71, 0.2), P(0.5, 0.54)).min(triangle(at, P(0.5, 0.46), P(0.71, 0.8), P(0.29, 0.8)));
    let ends = line(at, P(0.27, 0.17), P(0.73, 0.17), 0.036).min(line(at, P(0.27, 0.83), P(0.73, 0.83), 0.036));
    sand.min(ends)
}

fn waves(at: P) -> f32 {
    let foot = P(0.5, 0.8);
    let bow = |radius: f32| arc(at, foot, radius, 0.04, 225.0, 315.0);
    circle(at, foot, 0.065).min(bow(0.22)).min(bow(0.40)).min(bow(0.58))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_covers_something_stays_in_its_square_and_differs_from_all_others() {
        let masks = Mark::ALL.map(|mark| mark.mask(64));
        for (index, mask) in masks.iter().enumerate() {
            let covered: u32 = mask.cover.iter().map(|cover| u32::from(*cover) / 128).sum();
            assert!((300..2400).contains(&covered), "{:?} covers {covered}", Mark::ALL[index]);
            let edge = |at: u32| mask.cover[at as usize] == 0 && mask.cover[(64 * 63 + at) as usize] == 0;
            assert!((0..64).all(edge), "{:?} is cut", Mark::ALL[index]);
            assert!(masks[..index].iter().all(|other| other != mask));
        }
        assert!(Mark::Moon.mask(0).cover.is_empty());
    }
}
