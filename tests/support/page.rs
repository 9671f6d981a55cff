//! What a person sees and hears in the page, read by scripts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Browser;

/// A tile on the stage.
#[derive(Debug, Clone, Deserialize)]
pub struct Tile {
    /// What a screen reader says: the name and the marks.
    pub label: String,
    /// Whether it shows a picture rather than an avatar.
    pub picture: bool,
    /// Frames shown so far.
    pub frames: u64,
    /// Of the picture.
    pub width: u32,
    /// Of the picture.
    pub height: u32,
}

/// A test card read from a picture; see `media::testcard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Card {
    /// Wraps at 65536.
    pub frame: u16,
    /// The low 16 bits of the wall clock in milliseconds, when it was drawn.
    pub drawn_ms: u16,
    /// The same clock, when it was read here.
    pub read_ms: u16,
}

/// Finds the video of the first other participant.
const REMOTE: &str = "document.querySelector('.tile:not(.local) video')";

impl Browser {
    /// All tiles.
    pub async fn tiles(&self) -> Vec<Tile> {
        self.js("[...document.querySelectorAll('.tile')].map((tile) => { const video = tile.querySelector('video'); return {\
             label: tile.getAttribute('aria-label'), picture: tile.classList.contains('has-picture'),\
             frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth, height: video.videoHeight }; })")
            .await
    }

    /// The tile of the participant with this name; the error is what there is instead.
    pub async fn tile(&self, name: &str) -> Result<Tile, Vec<Tile>> {
        let tiles = self.tiles().await;
        tiles.iter().find(|tile| tile.label.split(", ").next() == Some(name)).cloned().ok_or(tiles)
    }

    /// Whether the picture of the participant with this name moves: more frames than `seen`.
    pub async fn sees(&self, name: &str, seen: u64) -> Result<u64, Vec<Tile>> {
        let tile = self.tile(name).await?;
        if tile.picture && tile.width > 0 && tile.frames > seen { Ok(tile.frames) } else { Err(vec![tile]) }
    }

    /// Reads the test card in the picture of the first other participant.
    pub async fn card(&self) -> Result<Card, String> {
        let card: serde_json::Value = self.js_async(&format!("{READ_CARD} return readCard({REMOTE});")).await;
        serde_json::from_value(card.clone()).map_err(|_| card.to_string())
    }

    /// Frames of our own picture that were sent to the first other participant.
    pub async fn frames_sent(&self) -> u64 {
        self.js_async(
            "const report = await callbox.call.stats(callbox.call.state.remoteParticipants[0]);\
             const sender = [...report.values()].filter((one) => one.type === 'outbound-rtp' && one.kind === 'video');\
             return Math.max(0, ...sender.filter(({ mid }) => !/2$/.test(mid)).map(({ framesSent }) => framesSent ?? 0));",
        )
        .await
    }

    /// The mean colour of a part of the other's picture, 0 to 1 from the left and from the top: red, green, blue.
    pub async fn colour(&self, x: f64, y: f64, width: f64, height: f64) -> [f64; 3] {
        self.js_async(&format!(
            "const video = {REMOTE}; const [w, h] = [video.videoWidth, video.videoHeight];\
             const canvas = new OffscreenCanvas(w, h); const context = canvas.getContext('2d'); context.drawImage(video, 0, 0);\
             const {{ data }} = context.getImageData({x} * w, {y} * h, Math.max(1, {width} * w), Math.max(1, {height} * h));\
             const sum = [0, 0, 0]; for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];\
             return sum.map((total) => total / (data.length / 4));"
        ))
        .await
    }

    /// The other's picture as RGB: width, height, bytes.
    pub async fn picture(&self) -> (u32, u32, Vec<u8>) {
        let (width, height, base64): (u32, u32, String) = self
            .js_async(&format!(
                "const video = {REMOTE}; const [w, h] = [video.videoWidth, video.videoHeight];\
                 const canvas = new OffscreenCanvas(w, h); const context = canvas.getContext('2d'); context.drawImage(video, 0, 0);\
                 const {{ data }} = context.getImageData(0, 0, w, h); let text = '';\
                 for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);\
                 return [w, h, btoa(text)];"
            ))
            .await;
        (width, height, base64::Engine::decode(&base64::engine::general_purpose::STANDARD, base64).unwrap())
    }

    /// Listens to the first other participant for a moment: the strongest frequency in Hz, and its level in dB.
    pub async fn pitch(&self) -> (f64, f64) {
        self.js_async(&format!("{HEAR} return (await hear({REMOTE}.srcObject)).slice(0, 2);")).await
    }

    /// Listens to all others for a moment: by name, the strongest frequency in Hz, and its level in dB.
    pub async fn pitches(&self) -> BTreeMap<String, (f64, f64)> {
        self.js_async(&format!(
            "{HEAR} const others = [...document.querySelectorAll('.tile:not(.local)')];\
             const heard = await Promise.all(others.map(async (tile) => [tile.getAttribute('aria-label').split(', ')[0],\
               (await hear(tile.querySelector('video').srcObject)).slice(0, 2)]));\
             return Object.fromEntries(heard);"
        ))
        .await
    }

    /// The mean colour at the left of each other's picture, where only the wall of `film` is: red, green, blue by name.
    pub async fn walls(&self) -> BTreeMap<String, [f64; 3]> {
        self.js("Object.fromEntries([...document.querySelectorAll('.tile:not(.local)')].map((tile) => {\
             const video = tile.querySelector('video'); const canvas = new OffscreenCanvas(32, 18);\
             const context = canvas.getContext('2d'); if (video.videoWidth) context.drawImage(video, 0, 0, 32, 18);\
             return [tile.getAttribute('aria-label').split(', ')[0], [...context.getImageData(4, 9, 1, 1).data].slice(0, 3)]; }))")
            .await
    }

    /// Listens for some seconds: the loudness of the other, ten times a second.
    pub async fn envelope(&self, seconds: u32) -> Vec<f32> {
        self.js_async(&format!(
            "const context = new AudioContext({{ sampleRate: 48000 }}); await context.resume();\
             const source = context.createMediaStreamSource({REMOTE}.srcObject);\
             const tap = context.createScriptProcessor(4096, 1, 1); const levels = []; let squares = 0, count = 0;\
             tap.onaudioprocess = ({{ inputBuffer }}) => {{ for (const sample of inputBuffer.getChannelData(0)) {{\
               squares += sample * sample; if (++count === 4800) {{ levels.push(Math.sqrt(squares / count)); squares = count = 0; }} }} }};\
             source.connect(tap); tap.connect(context.destination);\
             await new Promise((resolve) => setTimeout(resolve, {seconds} * 1000)); await context.close(); return levels;"
        ))
        .await
    }

    /// How loud the first other participant is: the root mean square over a second, full scale is 1.
    pub async fn loudness(&self) -> f64 {
        self.js_async(&format!("{HEAR} return (await hear({REMOTE}.srcObject))[2];")).await
    }
}

/// Two rows of 16 cells (frame number, clock), and a third that is their exclusive or; cells of width/32, white is 1.
const READ_CARD: &str = "
function readCard(video) {
  if (!video?.videoWidth) return 'no picture';
  const cell = Math.floor(video.videoWidth / 32);
  const canvas = new OffscreenCanvas(cell * 16, cell * 3);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, cell * 16, cell * 3, 0, 0, cell * 16, cell * 3);
  const read_ms = Date.now() & 0xffff;
  const { data, width } = context.getImageData(0, 0, cell * 16, cell * 3);
  const bit = (row, column) => {
    const at = ((Math.floor((row + 0.5) * cell)) * width + Math.floor((column + 0.5) * cell)) * 4;
    return data[at] + data[at + 1] + data[at + 2] > 384 ? 1 : 0;
  };
  const row = (index) => Array.from({ length: 16 }, (_, column) => bit(index, column)).reduce((sum, one) => sum * 2 + one, 0);
  const [frame, drawn_ms, check] = [row(0), row(1), row(2)];
  return (frame ^ drawn_ms) === check ? { frame, drawn_ms, read_ms } : `no card: ${frame} ${drawn_ms} ${check}`;
}";

/// One second of sound through an analyser: the frequency of the strongest bin (interpolated), its level, the loudness.
const HEAR: &str = "
async function hear(stream) {
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 16384, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const bins = new Float32Array(analyser.frequencyBinCount);
  let squares = 0, count = 0, best = [0, -200];
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 350));
    analyser.getFloatTimeDomainData(wave);
    for (const sample of wave) squares += sample * sample;
    count += wave.length;
    analyser.getFloatFrequencyData(bins);
    for (let bin = 10; bin < bins.length - 1; bin++) {
      if (bins[bin] <= best[1]) continue;
      const [left, middle, right] = [bins[bin - 1], bins[bin], bins[bin + 1]];
      const shift = (left - right) / (2 * (left - 2 * middle + right) || 1);
      best = [(bin + shift) * context.sampleRate / analyser.fftSize, middle];
    }
  }
  await context.close();
  return [best[0], best[1], Math.sqrt(squares / count)];
}";
