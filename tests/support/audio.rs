//! Listening to recordings.

use std::path::Path;

/// Samples of a WAV file, mono, -1 to 1.
pub struct Wav {
    /// Per second.
    pub rate: u32,
    /// All channels mixed.
    pub samples: Vec<f32>,
}

impl Wav {
    /// Reads 16-bit PCM, also from a file that is still being written: its length in the header does not matter.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
        if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
            return Err(format!("{} is no WAV file ({} bytes)", path.display(), bytes.len()));
        }
        let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (mut at, mut rate, mut channels) = (12, 0, 0);
        while at + 8 <= bytes.len() {
            let (name, length) = (&bytes[at..at + 4], u32_at(at + 4) as usize);
            at += 8;
            match name {
                b"fmt " => {
                    assert_eq!((u16_at(at), u16_at(at + 14)), (1, 16), "only 16-bit PCM is read here");
                    (channels, rate) = (usize::from(u16_at(at + 2)), u32_at(at + 4));
                }
                b"data" => {
                    let frames = bytes[at..].chunks_exact(2 * channels);
                    let sample = |pair: &[u8]| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0;
                    let samples = frames.map(|frame| frame.chunks_exact(2).map(sample).sum::<f32>() / channels as f32).collect();
                    return Ok(Self { rate, samples });
                }
                _ => {}
            }
            at += length + length % 2;
        }
        Err(format!("{} holds no samples yet", path.display()))
    }

    /// Seconds.
    pub fn duration(&self) -> f32 {
        self.samples.len() as f32 / self.rate as f32
    }

    /// The last seconds.
    pub fn last(&self, seconds: f32) -> &[f32] {
        let count = (seconds * self.rate as f32) as usize;
        &self.samples[self.samples.len().saturating_sub(count)..]
    }

    /// Loudness (root mean square) of every tenth of a second.
    pub fn loudness(&self) -> Vec<f32> {
        self.samples.chunks(self.rate as usize / 10).map(rms).collect()
    }

    /// The strongest frequency between 100 and 4000 Hz in the given samples, on a grid of 10 Hz.
    pub fn pitch(&self, samples: &[f32]) -> f32 {
        let grid = (10..400).map(|step| step as f32 * 10.0);
        grid.max_by(|a, b| tone_strength(samples, self.rate, *a).total_cmp(&tone_strength(samples, self.rate, *b))).unwrap()
    }
}

/// A WAV file (48 kHz, mono) of a tone that comes and goes twice a second: a browser would take a steady one for noise.
pub fn chirps(path: &Path, frequency: f32, seconds: u32) {
    const RATE: u32 = 48_000;
    let sample = |index: u32| {
        let time = index as f32 / RATE as f32;
        // swells and fades, so that nothing else is heard at its ends
        let swell = (std::f32::consts::TAU * 2.0 * time).sin().max(0.0);
        ((std::f32::consts::TAU * frequency * time).sin() * swell * 12_000.0) as i16
    };
    let data: Vec<u8> = (0..seconds * RATE).flat_map(|index| sample(index).to_le_bytes()).collect();
    let mut file = Vec::from(*b"RIFF");
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(*b"WAVEfmt ");
    file.extend([16, 0, 0, 0, 1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(*b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    std::fs::write(path, file).unwrap();
}

/// How much of the energy is one tone (Goertzel): 0 none, 1 all.
pub fn tone_strength(samples: &[f32], rate: u32, frequency: f32) -> f32 {
    let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
    if energy <= f32::EPSILON {
        return 0.0;
    }
    let coefficient = 2.0 * (std::f32::consts::TAU * frequency / rate as f32).cos();
    let (mut one, mut two) = (0.0f32, 0.0f32);
    for sample in samples {
        (one, two) = (sample + coefficient * one - two, one);
    }
    let power = one * one + two * two - coefficient * one * two;
    2.0 * power / (samples.len() as f32 * energy)
}

/// How well two loudness curves follow each other at the best shift of the second over the first: 1 the same, 0 not at all.
pub fn envelope_likeness(heard: &[f32], said: &[f32]) -> f32 {
    let shifts = 0..said.len().saturating_sub(heard.len()).max(1);
    shifts.map(|shift| correlation(heard, &said[shift..(shift + heard.len()).min(said.len())])).fold(-1.0, f32::max)
}

fn correlation(one: &[f32], other: &[f32]) -> f32 {
    let length = one.len().min(other.len());
    let centred = |curve: &[f32]| {
        let mean = curve[..length].iter().sum::<f32>() / length as f32;
        curve[..length].iter().map(|value| value - mean).collect::<Vec<_>>()
    };
    let (one, other) = (centred(one), centred(other));
    let product: f32 = one.iter().zip(&other).map(|(a, b)| a * b).sum();
    let lengths = (one.iter().map(|a| a * a).sum::<f32>() * other.iter().map(|b| b * b).sum::<f32>()).sqrt();
    if lengths <= f32::EPSILON { 0.0 } else { product / lengths }
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}
