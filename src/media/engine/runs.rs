//! Which run of a device a report belongs to.

use std::collections::BTreeMap;

use super::Device;

/// Numbers the runs of a device, so that a late report of an old run is not taken for the new one's.
#[derive(Debug, Default)]
pub(in crate::media) struct Runs {
    last: u64,
    of: BTreeMap<Device, u64>,
}

impl Runs {
    pub(super) fn next(&mut self, device: Device) -> u64 {
        self.last += 1;
        self.of.insert(device, self.last);
        self.last
    }

    pub(super) fn of(&self, device: Device) -> u64 {
        self.of.get(&device).copied().unwrap_or(0)
    }

    /// What comes of its present run is not wanted any more.
    pub(super) fn forget(&mut self, device: Device) {
        self.of.remove(&device);
    }

    pub(super) fn is_current(&self, device: Device, run: u64) -> bool {
        self.of.get(&device) == Some(&run)
    }
}
