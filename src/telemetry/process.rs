//! What this process takes, as the kernel says: read when somebody asks.

use super::sheet::Sheet;

/// Ticks of a processor's time in a second; the same on every Linux that is not very old.
const TICKS: f64 = 100.0;

/// What is known of this process.
#[derive(Debug, Default)]
pub struct Process {
    cpu_seconds: Option<f64>,
    resident: Option<f64>,
    threads: Option<f64>,
    files: Option<f64>,
}

impl Process {
    /// Reads it.
    pub fn read() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The second field, a name in brackets, may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Self {
            cpu_seconds: ticks(11).zip(ticks(12)).map(|(user, system)| (user + system) / TICKS),
            resident: field("VmRSS:").map(|kib| kib * 1024.0),
            threads: field("Threads:"),
            files: std::fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64),
        }
    }

    /// Writes it down.
    pub fn fill(&self, sheet: &mut Sheet) {
        let cpu = sheet.counter("callbox_process_cpu_seconds", "Processor time that this process has taken");
        cpu.may_be(self.cpu_seconds);
        sheet.gauge("callbox_process_resident_bytes", "Memory that this process holds").may_be(self.resident);
        sheet.gauge("callbox_process_threads", "Threads of this process").may_be(self.threads);
        sheet.gauge("callbox_process_open_files", "Files, sockets and devices that this process has open").may_be(self.files);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_something() {
        let Process { cpu_seconds, resident, threads, files } = Process::read();
        assert!(cpu_seconds.unwrap() >= 0.0 && resident.unwrap() > 100_000.0, "{cpu_seconds:?} {resident:?}");
        assert!(threads.unwrap() >= 1.0 && files.unwrap() >= 3.0);
    }
}
