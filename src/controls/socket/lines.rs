//! Lines of bounded length.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::protocol::rpc::MAX_MESSAGE;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// One that goes beyond [`MAX_MESSAGE`]; where it ends nobody wants to know.
    TooLong,
    /// The other side has nothing more to say.
    End,
}

/// Reads lines.
pub struct Lines<R> {
    reader: BufReader<R>,
    begun: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads from `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(4096, reader), begun: Vec::new() }
    }

    /// The next line. Cancelling it loses nothing.
    pub async fn next(&mut self) -> io::Result<Line> {
        loop {
            let arrived = self.reader.fill_buf().await?;
            if arrived.is_empty() {
                return Ok(Line::End);
            }
            let end = arrived.iter().position(|byte| *byte == b'\n');
            let part = end.unwrap_or(arrived.len());
            if self.begun.len() + part > MAX_MESSAGE {
                return Ok(Line::TooLong);
            }
            self.begun.extend_from_slice(&arrived[..part]);
            self.reader.consume(part + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(Line::Whole(std::mem::take(&mut self.begun)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_one_by_one_and_an_unfinished_one_does_not_count() {
        let mut lines = Lines::new(&b"a\n\nbc\r\nunfinished"[..]);
        for expected in [&b"a"[..], b"", b"bc\r"] {
            assert_eq!(lines.next().await.unwrap(), Line::Whole(expected.to_vec()));
        }
        assert_eq!(lines.next().await.unwrap(), Line::End);
    }

    #[tokio::test]
    async fn the_longest_line_is_taken_and_one_byte_more_is_not() {
        let mut text = vec![b'x'; MAX_MESSAGE];
        text.push(b'\n');
        assert_eq!(Lines::new(&text[..]).next().await.unwrap(), Line::Whole(vec![b'x'; MAX_MESSAGE]));
        text.insert(0, b'x');
        assert_eq!(Lines::new(&text[..]).next().await.unwrap(), Line::TooLong);
    }
}
