//! What displays are plugged in, as the kernel's graphics drivers say.

use std::path::Path;

use crate::protocol::control::DisplayInfo;

/// How many sizes are told of one display.
const MODES: usize = 8;

/// All connectors below `/sys/class/drm`, as `card1-HDMI-A-1`.
pub fn displays(class: &Path) -> Vec<DisplayInfo> {
    let entries = std::fs::read_dir(class).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let look = |path: &std::path::PathBuf| {
        let name = path.file_name()?.to_str()?;
        let (card, connector) = name.strip_prefix("card").and_then(|rest| rest.split_once('-'))?;
        let read = |file| std::fs::read_to_string(path.join(file)).ok().map(|text| text.trim().to_owned());
        let mut modes: Vec<String> = read("modes")?.lines().map(str::to_owned).collect();
        modes.dedup();
        modes.truncate(MODES);
        Some(DisplayInfo {
            connector: connector.to_owned(),
            card: format!("/dev/dri/card{card}"),
            connected: read("status").is_some_and(|status| status == "connected"),
            on: read("enabled").is_some_and(|enabled| enabled == "enabled"),
            modes,
        })
    };
    paths.iter().filter_map(look).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connectors_are_listed_with_what_is_plugged_in() {
        let class = tempfile::tempdir().unwrap();
        for (name, status, modes) in
            [("card0-HDMI-A-1", "connected", "1920x1080\n1920x1080\n1280x720\n"), ("card0-DP-1", "disconnected", "")]
        {
            let path = class.path().join(name);
            std::fs::create_dir(&path).unwrap();
            for (file, text) in [("status", status), ("modes", modes), ("enabled", "enabled")] {
                std::fs::write(path.join(file), format!("{text}\n")).unwrap();
            }
        }
        std::fs::create_dir(class.path().join("renderD128")).unwrap();
        let found = displays(class.path());
        assert_eq!(found.len(), 2);
        assert_eq!((found[1].connector.as_str(), found[1].card.as_str(), found[1].connected), ("HDMI-A-1", "/dev/dri/card0", true));
        assert_eq!(found[1].modes, ["1920x1080", "1280x720"]);
        assert!(!found[0].connected);
    }
}
