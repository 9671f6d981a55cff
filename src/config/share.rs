//! `[share]`: what is shown to the others beside the camera's picture when somebody says `callbox share start`.

use std::path::Path;

use super::{Bitrate, Camera, CameraSource};

/// The shared picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Where it comes from unless another source is named; none: one has to be named.
    pub source: CameraSource,
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Frames per second.
    pub framerate: u32,
    /// The most it may take, beside the camera's picture.
    pub bitrate: Bitrate,
}

impl Default for Share {
    fn default() -> Self {
        Self { source: CameraSource::None, width: 1280, height: 720, framerate: 10, bitrate: Bitrate(1_000_000) }
    }
}

impl Share {
    /// The same as a camera that gives these pictures.
    pub fn eye(&self, source: CameraSource) -> Camera {
        Camera { source, width: self.width, height: self.height, framerate: self.framerate, controls: Vec::new() }
    }

    /// A source in a person's words: `test`, a video device (`/dev/…` or `name:…`), or the absolute path of a file.
    pub fn source_named(text: &str) -> Result<CameraSource, String> {
        match text {
            "test" => Ok(CameraSource::Test),
            _ if text.starts_with("/dev/") || text.starts_with("name:") => Ok(CameraSource::V4l2 { device: text.into() }),
            _ if Path::new(text).is_absolute() => Ok(CameraSource::File { file: text.into() }),
            _ => {
                let shown: String = text.chars().take(64).collect();
                Err(format!(
                    "cannot share `{shown}`: write test, a device such as /dev/video2 or name:HDMI, or the whole path of a file"
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c33_a_source_is_named_by_a_word_a_device_or_a_path() {
        let device = |device: &str| Ok(CameraSource::V4l2 { device: device.into() });
        assert_eq!(Share::source_named("test"), Ok(CameraSource::Test));
        assert_eq!(Share::source_named("/dev/video2"), device("/dev/video2"));
        assert_eq!(Share::source_named("name:HDMI"), device("name:HDMI"));
        assert_eq!(Share::source_named("/srv/film.mp4"), Ok(CameraSource::File { file: "/srv/film.mp4".into() }));
        for text in ["", "film.mp4", "none", "Test"] {
            assert!(Share::source_named(text).unwrap_err().contains("/dev/video2"), "{text}");
        }
    }
}
