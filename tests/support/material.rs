//! Real pictures and speech, made or fetched once and kept outside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Speech by espeak-ng, 48 kHz WAV, repeated so that it lasts.
pub fn speech(text: &str) -> PathBuf {
    let name = format!("speech-{}.wav", text.bytes().fold(5381u32, |sum, byte| sum.wrapping_mul(33) ^ u32::from(byte)));
    cached(&name, |target| {
        let raw = target.with_extension("raw.wav");
        run(Command::new("espeak-ng").arg("-w").arg(&raw).arg(text));
        run(Command::new("sox").arg(&raw).args(["-r", "48000", "-c", "1"]).arg(target).args(["repeat", "9"]));
        std::fs::remove_file(raw).unwrap();
    })
}

/// A real video: `carphone_pristine.mp4` (a person talking), `bikes.mp4` or `bigbuckbunny.mp4`. None where `scripts/material` has not
/// brought it here.
pub fn video_file(name: &str) -> Option<PathBuf> {
    let file = directory().join(name);
    file.exists().then_some(file)
}

/// A video as uncompressed frames of this size and rate, for cameras of both kinds.
pub fn y4m(video: &Path, width: u32, height: u32, rate: u32) -> PathBuf {
    let name = format!("{}-{width}x{height}-{rate}-packed.y4m", video.file_stem().unwrap().to_str().unwrap());
    cached(&name, |target| {
        let caps = format!("width={width},height={height},framerate={rate}/1,pixel-aspect-ratio=1/1");
        // By way of YUY2: `y4menc` writes a decoder's padding as picture.
        let pipeline = format!(
            "decodebin ! videoconvert ! videoscale ! videorate ! video/x-raw,format=YUY2,{caps} ! \
             videoconvert ! video/x-raw,format=I420,{caps} ! y4menc ! filesink"
        );
        let mut command = Command::new("gst-launch-1.0");
        command.arg("-q").arg("filesrc").arg(format!("location={}", video.display())).arg("!").args(pipeline.split_whitespace());
        run(command.arg(format!("location={}", target.display())));
    })
}

/// Where the material is kept: `TEST_MATERIAL`, or `.cache/material` beside `Cargo.toml` (git ignores it).
fn directory() -> PathBuf {
    let directory = std::env::var_os("TEST_MATERIAL")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/material"), PathBuf::from);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Made beside its place and moved there, so that tests that run at the same time see all of it or nothing.
fn cached(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let target = directory().join(name);
    if !target.exists() {
        let part = directory().join(format!("{}-{name}", std::process::id()));
        make(&part);
        std::fs::rename(&part, &target).unwrap();
    }
    target
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
