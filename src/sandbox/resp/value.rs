//! The protocol: questions are arrays of strings, or words on a line; answers are values.

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A word: `+OK`.
    Word(&'static str),
    /// An error, its code first: `-ERR ...`.
    Error(String),
    /// A whole number.
    Int(i64),
    /// Text of any kind.
    Text(String),
    /// Text that clients are to show as it is (RESP 3); text for others.
    Verbatim(String),
    /// Nothing.
    Null,
    /// A list.
    List(Vec<Value>),
    /// Pairs; a flat list in RESP 2.
    Pairs(Vec<(&'static str, Value)>),
}

impl Value {
    /// What goes over the wire.
    pub(super) fn encode(&self, resp3: bool) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, resp3);
        out
    }

    fn write(&self, out: &mut Vec<u8>, resp3: bool) {
        let line = |out: &mut Vec<u8>, mark: char, text: &str| {
            out.extend_from_slice(format!("{mark}{text}\r\n").as_bytes());
        };
        match self {
            Self::Word(word) => line(out, '+', word),
            Self::Error(text) => line(out, '-', text),
            Self::Int(n) => line(out, ':', &n.to_string()),
            Self::Text(text) => {
                line(out, '$', &text.len().to_string());
                out.extend_from_slice(text.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Self::Verbatim(text) if resp3 => {
                line(out, '=', &(text.len() + 4).to_string());
                out.extend_from_slice(b"txt:");
                out.extend_from_slice(text.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Self::Verbatim(text) => Self::Text(text.clone()).write(out, resp3),
            Self::Null if resp3 => out.extend_from_slice(b"_\r\n"),
            Self::Null => out.extend_from_slice(b"$-1\r\n"),
            Self::List(items) => {
                line(out, '*', &items.len().to_string());
                items.iter().for_each(|item| item.write(out, resp3));
            }
            Self::Pairs(pairs) => {
                let (mark, count) = if resp3 {
                    ('%', pairs.len())
                } else {
                    ('*', pairs.len() * 2)
                };
                line(out, mark, &count.to_string());
                for (key, value) in pairs {
                    Self::Text((*key).to_owned()).write(out, resp3);
                    value.write(out, resp3);
                }
            }
        }
    }
}

/// What has come so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Not all of it yet.
    More,
    /// A question's words, and how many bytes it took.
    Words(Vec<String>, usize),
}

/// Words of one question at most, and bytes of one of them.
const MOST: usize = 1_024;
const WIDEST: usize = 1 << 19;

/// Reads a question from the start of what came.
///
/// # Errors
/// Where it is none, in the server's words.
pub(super) fn question(bytes: &[u8]) -> Result<Asked, &'static str> {
    let Some((first, mut at)) = line(bytes, 0) else {
        return Ok(Asked::More);
    };
    let Some(count) = first.strip_prefix('*') else {
        let words = first.split_ascii_whitespace().map(str::to_owned);
        return Ok(Asked::Words(words.collect(), at));
    };
    let count: i64 = count.parse().map_err(|_| "invalid multibulk length")?;
    let count = usize::try_from(count).unwrap_or(0);
    if count > MOST {
        return Err("invalid multibulk length");
    }
    let mut words = Vec::new();
    for _ in 0..count {
        let Some((head, next)) = line(bytes, at) else {
            return Ok(Asked::More);
        };
        let length = head.strip_prefix('$').ok_or("expected '$'")?;
        let length: usize = length.parse().map_err(|_| "invalid bulk length")?;
        if length > WIDEST {
            return Err("invalid bulk length");
        }
        let Some(word) = bytes.get(next..next + length) else {
            return Ok(Asked::More);
        };
        if bytes.len() < next + length + 2 {
            return Ok(Asked::More);
        }
        words.push(String::from_utf8_lossy(word).into_owned());
        at = next + length + 2;
    }
    Ok(Asked::Words(words, at))
}

/// A line without its end, and where the next begins.
fn line(bytes: &[u8], from: usize) -> Option<(String, usize)> {
    let rest = bytes.get(from..)?;
    let end = rest.iter().position(|b| *b == b'\n')?;
    let text = rest.get(..end)?;
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    Some((String::from_utf8_lossy(text).into_owned(), from + end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(bytes: &[u8]) -> Asked {
        question(bytes).unwrap()
    }

    #[test]
    fn a_question_may_come_in_pieces_and_two_at_once() {
        let whole = b"*2\r\n$4\r\nINFO\r\n$3\r\na\r\n\r\n*1\r\n$4\r\nPING\r\n";
        for cut in 0..23 {
            let (piece, _) = whole.split_at(cut);
            assert_eq!(words(piece), Asked::More, "{cut}");
        }
        // A line end inside a string is part of it.
        assert_eq!(
            words(whole),
            Asked::Words(vec!["INFO".into(), "a\r\n".into()], 23)
        );
        assert_eq!(
            words(b"ping  x\r\n"),
            Asked::Words(vec!["ping".into(), "x".into()], 9)
        );
        assert!(question(b"*9999999\r\n").is_err());
        assert!(question(b"*1\r\n:4\r\n").is_err());
    }

    #[test]
    fn pairs_and_nothing_depend_on_the_version() {
        let pairs = Value::Pairs(vec![("a", Value::Int(1)), ("b", Value::Null)]);
        assert_eq!(
            pairs.encode(false),
            b"*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n$-1\r\n"
        );
        assert_eq!(
            pairs.encode(true),
            b"%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n_\r\n"
        );
    }
}
