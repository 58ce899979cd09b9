//! Lines to and from a mail server (RFC 5321, 4.2): a code, and text that may take several lines.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of one reply at most.
const LONGEST: usize = 1 << 14;

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What the server said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Whether an extension is among what it offers.
    pub(super) fn has(&self, extension: &str) -> bool {
        let first = |line: &String| line.split(' ').next().map(str::to_uppercase);
        self.lines
            .iter()
            .skip(1)
            .any(|l| first(l).as_deref() == Some(extension))
    }
}

/// A talk with a server, line by line.
pub(super) struct Talk {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why.to_owned())
}

impl Talk {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The stream below.
    ///
    /// # Errors
    /// Where more came than was asked for: it would be taken for an answer from behind the handshake.
    pub(super) fn into_stream(self) -> io::Result<Box<dyn Stream>> {
        match self.buffer.is_empty() {
            true => Ok(self.stream),
            false => Err(invalid("it spoke before the handshake")),
        }
    }

    /// Says a line and hears the reply.
    pub(super) async fn ask(&mut self, line: &str) -> io::Result<Reply> {
        self.stream
            .write_all(format!("{line}\r\n").as_bytes())
            .await?;
        self.stream.flush().await?;
        self.reply().await
    }

    /// Hears a reply.
    pub(super) async fn reply(&mut self) -> io::Result<Reply> {
        loop {
            if let Some((reply, taken)) = parse(&self.buffer)? {
                self.buffer.drain(..taken);
                return Ok(reply);
            }
            if self.buffer.len() > LONGEST {
                return Err(invalid("it does not come to an end"));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// A reply and how many bytes it took; `None` where not all of it has come.
fn parse(bytes: &[u8]) -> io::Result<Option<(Reply, usize)>> {
    let mut reply = Reply {
        code: 0,
        lines: Vec::new(),
    };
    let mut taken = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if !line.ends_with(b"\n") {
            break;
        }
        taken += line.len();
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        let code = text.get(..3).and_then(|c| c.parse::<u16>().ok());
        let code = code
            .filter(|c| (200..600).contains(c))
            .ok_or_else(|| invalid(text))?;
        if reply.code != 0 && reply.code != code {
            return Err(invalid(text));
        }
        reply.code = code;
        let rest = text.get(3..).unwrap_or_default();
        reply
            .lines
            .push(rest.get(1..).unwrap_or_default().to_owned());
        match rest.bytes().next() {
            Some(b'-') => {}
            None | Some(b' ') => return Ok(Some((reply, taken))),
            Some(_) => return Err(invalid(text)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_may_take_lines_and_come_in_pieces() {
        let whole = b"250-mail.example greets\r\n250-SIZE 1000\r\n250 starttls\r\n220 next\r\n";
        for cut in 0..53 {
            assert!(parse(&whole[..cut]).unwrap().is_none(), "{cut}");
        }
        let (reply, taken) = parse(whole).unwrap().unwrap();
        assert_eq!((reply.code, reply.lines.len(), taken), (250, 3, 54));
        assert!(reply.has("STARTTLS") && reply.has("SIZE") && !reply.has("MAIL.EXAMPLE"));
        assert_eq!(parse(b"250\r\n").unwrap().unwrap().0.code, 250);
        for bad in [
            &b"HTTP/1.1 400\r\n"[..],
            b"99 no\r\n",
            b"250-a\r\n251 b\r\n",
            b"2501\r\n",
        ] {
            assert!(parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
