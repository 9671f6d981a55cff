//! Child processes that end with the test.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Every process of one test carries this variable with the same value, so that grandchildren are found as well.
const MARK: &str = "TEST_MARK";

/// The program under test: this build, or what `CALLBOX_UNDER_TEST` names (see `scripts/test-network`).
pub fn callbox() -> PathBuf {
    std::env::var_os("CALLBOX_UNDER_TEST").map_or_else(|| env!("CARGO_BIN_EXE_callbox").into(), PathBuf::from)
}

/// A running program: its own process group, its output kept. Killed on drop, with all its descendants.
pub struct Process {
    name: String,
    child: Child,
    mark: String,
    output: Arc<Output>,
}

#[derive(Default)]
struct Output {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

impl Process {
    /// Starts it.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mark = uuid::Uuid::new_v4().to_string();
        command.env(MARK, &mark).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("cannot start {name}: {e}"));
        let output = Arc::new(Output::default());
        read(child.stdout.take().unwrap(), output.clone());
        read(child.stderr.take().unwrap(), output.clone());
        Self { name: name.to_owned(), child, mark, output }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that it printed so far.
    pub fn output(&self) -> String {
        self.output.lines.lock().unwrap().join("\n")
    }

    /// Waits for a line with `part` in it.
    pub fn wait_for_line(&mut self, part: &str, within: Duration) -> String {
        let deadline = Instant::now() + within;
        let output = self.output.clone();
        let mut lines = output.lines.lock().unwrap();
        loop {
            if let Some(line) = lines.iter().find(|line| line.contains(part)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let ended = self.child.try_wait().unwrap();
            if left.is_zero() || ended.is_some() {
                let lines = std::mem::take(&mut *lines);
                panic!("{} did not print {part:?} within {within:?} (ended: {ended:?}):\n{}", self.name, lines.join("\n"));
            }
            lines = output.grown.wait_timeout(lines, left.min(Duration::from_millis(100))).unwrap().0;
        }
    }

    /// Waits for its end.
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "{} did not end within {within:?}:\n{}", self.name, self.output());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends it a signal, for example `TERM`, `STOP`.
    pub fn signal(&self, signal: &str) {
        kill(signal, &[self.pid()]);
    }

    /// It and all its descendants, by their ids.
    pub fn tree(&self) -> Vec<u32> {
        let mark = format!("{MARK}={}", self.mark);
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        pids.filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        })
        .collect()
    }

    /// Ends it at once, as a power cut would, with all its descendants.
    pub fn kill(&mut self) {
        for _ in 0..5 {
            let tree = self.tree();
            if tree.is_empty() {
                break;
            }
            kill("KILL", &tree);
            let _ = self.child.wait();
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let lines = self.output.lines.lock().unwrap_or_else(|broken| broken.into_inner());
            let last = lines.len().saturating_sub(60);
            eprintln!("--- the last lines of {}:\n{}\n---", self.name, lines[last..].join("\n"));
        }
    }
}

fn kill(signal: &str, pids: &[u32]) {
    let mut command = Command::new("kill");
    command.arg("-s").arg(signal).args(pids.iter().map(u32::to_string));
    let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn read(from: impl Read + Send + 'static, output: Arc<Output>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            output.lines.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
            output.grown.notify_all();
        }
    });
}
