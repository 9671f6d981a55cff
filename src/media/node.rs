//! Where a camera is after it was plugged in again. The kernel gives it the same number only when everybody has let go of the old
//! device, and GStreamer 1.22's `v4l2src` keeps a file open when the device goes while its buffers are on their way.

use std::path::{Path, PathBuf};

use super::inventory::BY_LABEL;
use crate::config::CameraSource;

/// What the kernel knows a video device by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    name: String,
    index: String,
}

/// Knows a camera again.
#[derive(Debug)]
pub struct Node {
    /// `/sys/class/video4linux`.
    class: PathBuf,
    /// `/dev`.
    devices: PathBuf,
    known: Option<Identity>,
}

impl Default for Node {
    fn default() -> Self {
        Self { class: "/sys/class/video4linux".into(), devices: "/dev".into(), known: None }
    }
}

impl Node {
    /// The source to open: the one configured while it is there, else the same camera under another number.
    pub fn find(&mut self, source: &CameraSource) -> CameraSource {
        match source {
            CameraSource::V4l2 { device } => CameraSource::V4l2 { device: self.device(device) },
            CameraSource::Libcamera { .. } | CameraSource::File { .. } | CameraSource::Test | CameraSource::None => source.clone(),
        }
    }

    fn device(&mut self, configured: &Path) -> PathBuf {
        if let Some(part) = configured.to_str().and_then(|text| text.strip_prefix(BY_LABEL)) {
            return self.labelled(part).unwrap_or_else(|| configured.to_owned());
        }
        if let Ok(real) = configured.canonicalize() {
            if let Some(identity) = real.file_name().and_then(|name| self.identity(&self.class.join(name))) {
                self.known = Some(identity);
            }
            return configured.to_owned();
        }
        let Some(known) = &self.known else {
            return configured.to_owned();
        };
        let nodes = std::fs::read_dir(&self.class).into_iter().flatten().flatten();
        let again = nodes.filter(|node| self.identity(&node.path()).as_ref() == Some(known)).map(|node| node.file_name()).min();
        again.map_or_else(|| configured.to_owned(), |name| self.devices.join(name))
    }

    /// The camera whose label contains this.
    fn labelled(&self, part: &str) -> Option<PathBuf> {
        let part = part.to_lowercase();
        let nodes = std::fs::read_dir(&self.class).into_iter().flatten().flatten();
        let fits = nodes.filter(|node| {
            let identity = self.identity(&node.path());
            identity.is_some_and(|identity| identity.index == "0" && identity.name.to_lowercase().contains(&part))
        });
        let name = fits.map(|node| node.file_name()).min()?;
        Some(self.devices.join(name))
    }

    fn identity(&self, node: &Path) -> Option<Identity> {
        let read = |name| std::fs::read_to_string(node.join(name)).ok().map(|text| text.trim().to_owned());
        Some(Identity { name: read("name")?, index: read("index")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plug(root: &Path, node: &str, name: &str, index: &str) {
        std::fs::create_dir_all(root.join("class").join(node)).unwrap();
        std::fs::create_dir_all(root.join("dev")).unwrap();
        std::fs::write(root.join("class").join(node).join("name"), format!("{name}\n")).unwrap();
        std::fs::write(root.join("class").join(node).join("index"), format!("{index}\n")).unwrap();
        std::fs::write(root.join("dev").join(node), "").unwrap();
    }

    fn unplug(root: &Path, node: &str) {
        std::fs::remove_dir_all(root.join("class").join(node)).unwrap();
        std::fs::remove_file(root.join("dev").join(node)).unwrap();
    }

    #[test]
    fn a_camera_that_comes_back_under_another_number_is_found() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let mut node = Node { class: root.join("class"), devices: root.join("dev"), known: None };
        let configured = root.join("dev/video0");
        assert_eq!(node.device(&configured), configured, "nothing is known yet");
        plug(root, "video0", "Webcam", "0");
        plug(root, "video5", "Codec", "0");
        assert_eq!(node.device(&configured), configured);
        unplug(root, "video0");
        assert_eq!(node.device(&configured), configured, "it is nowhere");
        plug(root, "video2", "Webcam", "1");
        plug(root, "video1", "Webcam", "0");
        assert_eq!(node.device(&configured), root.join("dev/video1"));
        plug(root, "video0", "Webcam", "0");
        assert_eq!(node.device(&configured), configured);
    }

    #[test]
    fn a_camera_is_found_by_a_part_of_its_label_wherever_it_is() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let mut node = Node { class: root.join("class"), devices: root.join("dev"), known: None };
        let configured = Path::new("name:logitech");
        plug(root, "video0", "Webcam", "0");
        assert_eq!(node.device(configured), configured, "its name says what is missing");
        plug(root, "video3", "Logitech BRIO", "1");
        plug(root, "video4", "Logitech BRIO", "0");
        assert_eq!(node.device(configured), root.join("dev/video4"));
    }
}
