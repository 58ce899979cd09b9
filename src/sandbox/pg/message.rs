//! Messages of the protocol, version 3 (PostgreSQL documentation, chapter 55.7: message formats).

use super::value::{Type, Value};

/// What a client says before it has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It wants TLS.
    Tls,
    /// It wants Kerberos.
    Gss,
    /// It wants another session's statement cancelled.
    Cancel,
    /// It begins a session: minor version, and its parameters.
    Start(u16, Vec<(String, String)>),
    /// Something else.
    Unknown(i32),
}

/// What a client says afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Password(String),
    Query(String),
    /// Statement, its text.
    Parse(String, String),
    /// Portal, statement, parameters, formats of the result.
    Bind(String, String, usize, Vec<bool>),
    /// Whether a portal, and its name.
    Describe(bool, String),
    /// Portal, rows at most (0: all).
    Execute(String, usize),
    /// Whether a portal, and its name.
    Close(bool, String),
    Flush,
    Sync,
    Terminate,
    Unknown(u8),
}

/// A column.
pub(super) type Column = (&'static str, Type);

/// Longest message that is read.
const LONGEST: usize = 1 << 18;

/// Reads bytes from the front; `None` where there are too few.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, n: usize) -> Option<&[u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn int2(&mut self) -> Option<usize> {
        let b = self.take(2)?;
        Some(usize::from(u16::from_be_bytes(b.try_into().ok()?)))
    }

    fn int4(&mut self) -> Option<i32> {
        let b = self.take(4)?;
        Some(i32::from_be_bytes(b.try_into().ok()?))
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|b| *b == 0)?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Some(text)
    }
}

/// Whether a message is whole, and how long it is: `kind` bytes and its length stand before its body.
fn whole(bytes: &[u8], kind: usize) -> Result<Option<usize>, &'static str> {
    let Some(length) = bytes.get(kind..kind + 4) else {
        return Ok(None);
    };
    let length = length
        .try_into()
        .map_or(0, |b: [u8; 4]| u32::from_be_bytes(b) as usize);
    if !(4..=LONGEST).contains(&length) {
        return Err("invalid message length");
    }
    Ok((bytes.len() >= kind + length).then_some(kind + length))
}

/// Reads an opening message and how many bytes it took; `None` where not all of it has come.
///
/// # Errors
/// Where it is none.
pub(super) fn opening(bytes: &[u8]) -> Result<Option<(Opening, usize)>, &'static str> {
    let Some(taken) = whole(bytes, 0)? else {
        return Ok(None);
    };
    let mut r = Reader(bytes.get(4..taken).unwrap_or_default());
    let code = r.int4().ok_or("invalid startup packet")?;
    let said = match code {
        80_877_103 => Opening::Tls,
        80_877_104 => Opening::Gss,
        80_877_102 => Opening::Cancel,
        code if code >> 16 == 3 => {
            let mut all = Vec::new();
            while let Some(name) = r.text().filter(|n| !n.is_empty()) {
                let value = r.text().ok_or("invalid startup packet layout")?;
                all.push((name, value));
            }
            Opening::Start((code & 0xffff) as u16, all)
        }
        other => Opening::Unknown(other),
    };
    Ok(Some((said, taken)))
}

/// Reads a message and how many bytes it took; `None` where not all of it has come.
///
/// # Errors
/// Where it is none.
pub(super) fn said(bytes: &[u8]) -> Result<Option<(Said, usize)>, &'static str> {
    let Some(taken) = whole(bytes, 1)? else {
        return Ok(None);
    };
    let kind = bytes.first().copied().unwrap_or(0);
    let body = bytes.get(5..taken).unwrap_or_default();
    let said = body_of(kind, &mut Reader(body)).ok_or("invalid message format")?;
    Ok(Some((said, taken)))
}

fn body_of(kind: u8, r: &mut Reader<'_>) -> Option<Said> {
    Some(match kind {
        b'p' => Said::Password(r.text()?),
        b'Q' => Said::Query(r.text()?),
        b'P' => Said::Parse(r.text()?, r.text()?),
        b'B' => bind(r)?,
        b'D' => Said::Describe(r.byte()? == b'P', r.text()?),
        b'E' => Said::Execute(r.text()?, usize::try_from(r.int4()?).unwrap_or(0)),
        b'C' => Said::Close(r.byte()? == b'P', r.text()?),
        b'H' => Said::Flush,
        b'S' => Said::Sync,
        b'X' => Said::Terminate,
        other => Said::Unknown(other),
    })
}

fn bind(r: &mut Reader<'_>) -> Option<Said> {
    let (portal, statement) = (r.text()?, r.text()?);
    for _ in 0..r.int2()? {
        r.int2()?;
    }
    let parameters = r.int2()?;
    for _ in 0..parameters {
        // Minus one is NULL, without bytes.
        let length = r.int4()?;
        r.take(usize::try_from(length).unwrap_or(0))?;
    }
    let mut formats = Vec::new();
    for _ in 0..r.int2()? {
        formats.push(r.int2()? == 1);
    }
    Some(Said::Bind(portal, statement, parameters, formats))
}

/// What the server says: messages, one after the other.
#[derive(Debug, Default)]
pub(super) struct Answer(pub(super) Vec<u8>);

impl Answer {
    /// A message of a kind.
    pub(super) fn put(&mut self, kind: u8, body: &[u8]) {
        self.0.push(kind);
        let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
        self.0.extend(length.to_be_bytes());
        self.0.extend(body);
    }

    /// A message that is one text.
    pub(super) fn text(&mut self, kind: u8, text: &str) {
        self.put(kind, &[text.as_bytes(), b"\0"].concat());
    }

    /// A parameter of the session.
    pub(super) fn parameter(&mut self, name: &str, value: &str) {
        self.put(b'S', format!("{name}\0{value}\0").as_bytes());
    }

    /// An error: severity, code, text.
    pub(super) fn error(&mut self, severity: &str, code: &str, text: &str) {
        let body = format!("S{severity}\0V{severity}\0C{code}\0M{text}\0\0");
        self.put(b'E', body.as_bytes());
    }

    /// The columns that rows will have.
    pub(super) fn columns(&mut self, columns: &[Column], formats: &[bool]) {
        let mut body = count(columns.len());
        for (n, (name, kind)) in columns.iter().enumerate() {
            body.extend(name.as_bytes());
            body.push(0);
            // No table's column.
            body.extend([0; 6]);
            body.extend(kind.oid().to_be_bytes());
            body.extend(kind.size().to_be_bytes());
            body.extend((-1_i32).to_be_bytes());
            body.extend(u16::from(is_binary(formats, n)).to_be_bytes());
        }
        self.put(b'T', &body);
    }

    /// A row.
    pub(super) fn row(&mut self, row: &[Value], formats: &[bool]) {
        let mut body = count(row.len());
        for (n, value) in row.iter().enumerate() {
            match value.encode(is_binary(formats, n)) {
                Some(bytes) => {
                    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
                    body.extend(length.to_be_bytes());
                    body.extend(bytes);
                }
                None => body.extend((-1_i32).to_be_bytes()),
            }
        }
        self.put(b'D', &body);
    }
}

fn count(n: usize) -> Vec<u8> {
    u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes().to_vec()
}

/// The format of a column: none is text, one is for all.
fn is_binary(formats: &[bool], n: usize) -> bool {
    match formats {
        [one] => *one,
        all => all.get(n).copied().unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_come_in_pieces() {
        let mut whole = vec![b'Q'];
        whole.extend(13_u32.to_be_bytes());
        whole.extend(b"SELECT 1\0");
        for cut in 0..whole.len() {
            assert_eq!(said(&whole[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(said(&whole), Ok(Some((Said::Query("SELECT 1".into()), 14))));
        // A length that lies, and a text without its end.
        assert!(said(&[b'Q', 0, 0, 0, 1]).is_err());
        assert!(said(&[b'Q', 0xff, 0, 0, 0]).is_err());
        assert!(said(&[b'Q', 0, 0, 0, 5, b'x']).is_err());
    }

    #[test]
    fn openings_are_told_apart() {
        let of = |body: &[u8]| {
            let length = u32::try_from(body.len() + 4).unwrap();
            opening(&[&length.to_be_bytes(), body].concat()).map(|o| o.map(|o| o.0))
        };
        assert_eq!(of(&80_877_103_i32.to_be_bytes()), Ok(Some(Opening::Tls)));
        let start = [&[0, 3, 0, 0][..], b"user\0ana\0database\0laser\0\0"].concat();
        let all = vec![
            ("user".into(), "ana".into()),
            ("database".into(), "laser".into()),
        ];
        assert_eq!(of(&start), Ok(Some(Opening::Start(0, all))));
        assert_eq!(of(&[0, 2, 0, 0]), Ok(Some(Opening::Unknown(131_072))));
        assert!(of(&[0, 3]).is_err());
    }

    #[test]
    fn what_is_bound_says_its_formats() {
        let mut body = b"p\0s\0".to_vec();
        // One format of one parameter, the parameter NULL, two formats of the result.
        body.extend([0, 1, 0, 1, 0, 1]);
        body.extend((-1_i32).to_be_bytes());
        body.extend([0, 2, 0, 1, 0, 0]);
        assert_eq!(
            body_of(b'B', &mut Reader(&body)),
            Some(Said::Bind("p".into(), "s".into(), 1, vec![true, false]))
        );
    }
}
