//! The way to the daemon. Blocking, for a verb does one thing at a time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::cli::Failure;
use crate::protocol::rpc::{Id, Message};

/// Longer than the daemon's own patience with itself.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// A snapshot of a large screen has several MiB.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// A connection to the control socket.
pub struct Link {
    path: PathBuf,
    stream: BufReader<UnixStream>,
    last_id: u64,
}

impl Link {
    /// Connects.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let stream = UnixStream::connect(path).map_err(|error| unreachable(path, &error))?;
        let set = stream.set_read_timeout(Some(ANSWER_TIMEOUT)).and_then(|()| stream.set_write_timeout(Some(WRITE_TIMEOUT)));
        set.map_err(|error| unreachable(path, &error))?;
        Ok(Self { path: path.to_owned(), stream: BufReader::new(stream), last_id: 0 })
    }

    /// From now on the daemon may be silent for as long as it likes.
    pub fn patient(&mut self) -> Result<(), Failure> {
        self.stream.get_ref().set_read_timeout(None).map_err(|error| unreachable(&self.path, &error))
    }

    /// Asks, and waits for the answer.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.last_id += 1;
        let id = Id::Number(self.last_id);
        let request = Message::Request { id: id.clone(), method: method.to_owned(), params };
        // A full socket is told so and cut: what it was told says more than that writing failed.
        let sent = self.stream.get_mut().write_all(format!("{}\n", request.to_json()).as_bytes());
        loop {
            match self.message() {
                Ok(Message::Response { id: Some(theirs), outcome }) if theirs == id => {
                    return outcome.map_err(|error| Failure::failed(error.message));
                }
                Ok(Message::Response { id: None, outcome: Err(error) }) => return Err(Failure::failed(error.message)),
                Ok(Message::Response { .. } | Message::Notification { .. } | Message::Request { .. }) => {}
                Err(failure) => {
                    sent.map_err(|error| unreachable(&self.path, &error))?;
                    return Err(failure);
                }
            }
        }
    }

    /// The params of the next notification of that name.
    pub fn notification(&mut self, name: &str) -> Result<Value, Failure> {
        loop {
            if let Message::Notification { method, params } = self.message()?
                && method == name
            {
                return Ok(params);
            }
        }
    }

    fn message(&mut self) -> Result<Message, Failure> {
        let mut line = Vec::new();
        let read = (&mut self.stream).take(MAX_ANSWER).read_until(b'\n', &mut line);
        match read {
            Ok(_) if line.last() == Some(&b'\n') => {}
            Ok(_) => return Err(Failure::unreachable(format!("callbox at {} went away", self.path.display()))),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                let patience = ANSWER_TIMEOUT.as_secs();
                let silent = format!("callbox at {} did not answer within {patience} s", self.path.display());
                return Err(Failure::unreachable(silent));
            }
            Err(error) => return Err(unreachable(&self.path, &error)),
        }
        let text = String::from_utf8(line).map_err(|_| Failure::failed("the daemon's answer is not UTF-8"))?;
        Message::parse(&text).map_err(|error| Failure::failed(format!("the daemon's answer is {}", error.message)))
    }
}

fn unreachable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Failure::unreachable(format!("cannot reach callbox at {path}: permission denied; only root and its group may"));
    }
    Failure::unreachable(format!("cannot reach callbox at {path}: is the service running? try `systemctl status callbox`"))
}
