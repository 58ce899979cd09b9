//! How many rows an answer holds, counted as it comes and before anything is made of it: a list of empty rows is small on the wire and
//! takes gigabytes as values. No parser: what is counted is what any parser would have to make something of.

use memchr::{memchr, memchr2};

/// Rows of one answer that small structs are made of. Vendors' pages end at a thousand rows, each of which may hold lists of its own.
pub const ROWS: usize = 50_000;
/// The same where the structs are an SDK's: each holds every member that its API knows.
pub const RICH: usize = 40_000;
/// The same of answers that come whole instead of in pages, or that are tables of small cells: networks, bills, logs.
pub const MANY: usize = 250_000;
/// Targets of one group: each holds lists and texts of its own, all of them are kept, and the vendor's quota is a thousand.
pub const TARGETS: usize = 5_000;
/// What a service's ten last deployments hold, above all the revisions that they replace: each that is not known costs a question.
pub const DETAILS: usize = 1_000;
/// Single values in one answer: numbers, names, members. A page of `GetMetricData` has 200,000.
const VALUES: usize = 2_000_000;
/// Children of an XML element beyond which each is taken for a row, whatever it is called. Structures have fewer members.
const MEMBERS: usize = 200;

/// An answer has more rows than are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {0} rows in one answer")]
pub struct TooMany(pub usize);

/// The count so far of one answer.
#[derive(Debug)]
pub struct Rows {
    most: usize,
    rows: usize,
    values: usize,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// Nothing but space came yet.
    Unknown,
    Json(Json),
    Xml(Xml),
    Cbor(Cbor),
    /// Nothing that has rows.
    Other,
}

impl Rows {
    /// For an answer that may have so many.
    pub fn at_most(most: usize) -> Self {
        Self {
            most,
            rows: 0,
            values: 0,
            form: Form::Unknown,
        }
    }

    /// Counts in the next piece of the body.
    ///
    /// # Errors
    /// Where there are more than are read.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), TooMany> {
        let mut rest = piece;
        while let [byte, ..] = rest {
            let (read, (rows, values)) = match &mut self.form {
                Form::Unknown => (1, self.form.begin(*byte)),
                Form::Json(json) => json.run(rest),
                Form::Xml(xml) => xml.run(rest),
                Form::Cbor(cbor) => cbor.run(rest),
                Form::Other => return Ok(()),
            };
            rest = rest.get(read..).unwrap_or_default();
            self.rows += usize::from(rows);
            self.values += usize::from(values);
            if self.rows > self.most {
                return Err(TooMany(self.most));
            }
            if self.values > VALUES {
                return Err(TooMany(VALUES));
            }
        }
        Ok(())
    }
}

/// Whether a row and whether a value begins with a byte.
type Begins = (bool, bool);
const NOTHING: Begins = (false, false);

impl Form {
    fn begin(&mut self, byte: u8) -> Begins {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb => return NOTHING,
            b'{' | b'[' => *self = Self::Json(Json::default()),
            b'<' => {
                let mut xml = Xml::default();
                xml.step(byte);
                *self = Self::Xml(xml);
            }
            // A map is what all of CBOR's answers are.
            0xa0..=0xbf => {
                let mut cbor = Cbor::default();
                let begun = cbor.step(byte);
                *self = Self::Cbor(cbor);
                return begun;
            }
            _ => *self = Self::Other,
        }
        NOTHING
    }
}

#[derive(Debug, Default)]
struct Json {
    quoted: bool,
    escaped: bool,
}

impl Json {
    /// Reads up to the byte, and with it, at which something begins, or to the end.
    fn run(&mut self, piece: &[u8]) -> (usize, Begins) {
        let mut at = 0;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            // Most of an answer is text, in which two bytes matter.
            let passed = match (self.quoted, self.escaped) {
                (true, false) => memchr2(b'"', b'\\', rest),
                _ => Some(0),
            };
            let Some((passed, byte)) = passed.and_then(|n| Some((n, rest.get(n)?))) else {
                break;
            };
            at += passed + 1;
            let begun = self.step(*byte);
            if begun != NOTHING {
                return (at, begun);
            }
        }
        (piece.len(), NOTHING)
    }

    fn step(&mut self, byte: u8) -> Begins {
        match (self.quoted, byte) {
            (true, _) if self.escaped => self.escaped = false,
            (true, b'\\') => self.escaped = true,
            (_, b'"') => self.quoted = !self.quoted,
            (true, _) => {}
            (false, b'{' | b'[') => return (true, true),
            (false, b',') => return (false, true),
            (false, _) => {}
        }
        NOTHING
    }
}

#[derive(Debug, Default)]
struct Xml {
    at: Place,
    /// Of each open element: what its last child is called, and how many there are.
    open: Vec<(u32, usize)>,
    name: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    /// Behind `<`.
    Opened,
    Name,
    /// Behind a name; whether the last byte was a slash.
    Tag {
        slash: bool,
    },
    /// In a value of an attribute, until this byte.
    Quoted(u8),
    /// `</...>`.
    End,
    /// `<?...>`, `<!...>`.
    Skipped,
}

/// FNV-1a: names are compared with the one before, not looked up.
const SEED: u32 = 0x811c_9dc5;

impl Xml {
    /// As [`Json::run`].
    fn run(&mut self, piece: &[u8]) -> (usize, Begins) {
        let mut at = 0;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            let passed = match self.at {
                Place::Text => memchr(b'<', rest),
                Place::Quoted(end) => memchr(end, rest),
                Place::End | Place::Skipped => memchr(b'>', rest),
                Place::Opened | Place::Name | Place::Tag { .. } => Some(0),
            };
            let Some((passed, byte)) = passed.and_then(|n| Some((n, rest.get(n)?))) else {
                break;
            };
            at += passed + 1;
            let begun = self.step(*byte);
            if begun != NOTHING {
                return (at, begun);
            }
        }
        (piece.len(), NOTHING)
    }

    fn step(&mut self, byte: u8) -> Begins {
        use Place::*;
        let mut begun = NOTHING;
        self.at = match (self.at, byte) {
            (Text, b'<') => Opened,
            (Text, _) => Text,
            (Opened, b'/') => End,
            (Opened, b'!' | b'?') => Skipped,
            (Opened, _) => {
                self.name = (SEED ^ u32::from(byte)).wrapping_mul(0x0100_0193);
                Name
            }
            (Name | Tag { .. }, b'>') => {
                let slash = self.at == Tag { slash: true };
                begun = self.element(slash);
                Text
            }
            (Name, b'/') => Tag { slash: true },
            (Name, b' ' | b'\t' | b'\r' | b'\n') => Tag { slash: false },
            (Name, _) => {
                self.name = (self.name ^ u32::from(byte)).wrapping_mul(0x0100_0193);
                Name
            }
            (Tag { .. }, b'"' | b'\'') => Quoted(byte),
            (Tag { .. }, _) => Tag {
                slash: byte == b'/',
            },
            (Quoted(end), _) if byte == end => Tag { slash: false },
            (Quoted(end), _) => Quoted(end),
            (End, b'>') => {
                self.open.pop();
                Text
            }
            (Skipped, b'>') => Text,
            (End | Skipped, _) => self.at,
        };
        begun
    }

    fn element(&mut self, is_empty: bool) -> Begins {
        let mut is_row = false;
        if let Some((last, children)) = self.open.last_mut() {
            is_row = *last == self.name || *children > MEMBERS;
            *last = self.name;
            *children += 1;
        }
        if !is_empty {
            // Nesting without an end is nobody's answer: it counts as what it would take.
            is_row |= self.open.len() > MEMBERS;
            self.open.push((0, 0));
        }
        (is_row, true)
    }
}

#[derive(Debug, Default)]
struct Cbor {
    /// Bytes of text, and of numbers behind a header, that are passed over.
    skip: u64,
    /// The header of a text whose length is still coming: the bytes to come, and the length so far.
    header: Option<(u8, u64)>,
}

impl Cbor {
    /// As [`Json::run`].
    fn run(&mut self, piece: &[u8]) -> (usize, Begins) {
        let mut at = 0;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            let skipped = usize::try_from(self.skip).map_or(rest.len(), |n| n.min(rest.len()));
            self.skip -= skipped as u64;
            at += skipped;
            let Some(byte) = rest.get(skipped) else { break };
            at += 1;
            let begun = self.step(*byte);
            if begun != NOTHING {
                return (at, begun);
            }
        }
        (piece.len(), NOTHING)
    }

    fn step(&mut self, byte: u8) -> Begins {
        if let Some((left, length)) = &mut self.header {
            (*left, *length) = (*left - 1, *length << 8 | u64::from(byte));
            if *left == 0 {
                self.skip = *length;
                self.header = None;
            }
            return NOTHING;
        }
        // RFC 8949, section 3: three bits of kind, five of length or of where the length stands.
        let (kind, low) = (byte >> 5, byte & 0x1f);
        match low {
            24..=27 if is_text(kind) => self.header = Some((1 << (low - 24), 0)),
            24..=27 => self.skip = 1 << (low - 24),
            0..=23 if is_text(kind) => self.skip = low.into(),
            _ => {}
        }
        // Tags and the ends of lists are no values.
        let is_value = kind != 6 && byte != 0xff;
        (matches!(kind, 4 | 5), is_value)
    }
}

fn is_text(kind: u8) -> bool {
    matches!(kind, 2 | 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows and values of a body, whatever pieces it comes in.
    fn counted(body: &[u8]) -> (usize, usize) {
        let of = |size: usize| {
            let mut rows = Rows::at_most(usize::MAX);
            for piece in body.chunks(size) {
                rows.take(piece).unwrap();
            }
            (rows.rows, rows.values)
        };
        assert_eq!(of(1), of(body.len()), "pieces make no difference");
        of(body.len())
    }

    #[test]
    fn json_is_counted_by_its_brackets_and_text_holds_none() {
        assert_eq!(counted(br#" {"a": [{}, {}, {"b": "[{,\"{"}]}"#).0, 4);
        assert_eq!(
            counted(b"[1, 2, 3]"),
            (0, 2),
            "the first bracket is the answer itself"
        );
        assert_eq!(
            counted(br#"["\\", {}]"#).0,
            1,
            "an escaped backslash ends with itself"
        );
    }

    #[test]
    fn xml_is_counted_by_siblings_of_one_name() {
        let body = "<?xml version='1.0'?><R a='>'><list><member/><member>\n</member><member><x>1</x><y b=\"/\">2</y></member></list></R>";
        assert_eq!(counted(body.as_bytes()), (2, 7));
        let mixed = format!("<R>{}</R>", "<a/><b/>".repeat(1_000));
        assert_eq!(counted(mixed.as_bytes()).0, 2_000 - MEMBERS - 1);
        assert!(counted("<a>".repeat(1_000).as_bytes()).0 > 700);
    }

    #[test]
    fn cbor_is_counted_by_its_headers_and_text_holds_none() {
        let mut body = vec![0xa3, 0x61, b'r', 0x98, 40];
        for _ in 0..40 {
            // A map whose one member is a text of 300 bytes that look like maps.
            body.extend([0xa1, 0x61, b'n', 0x79, 1, 44]);
            body.extend([0xa0; 300]);
        }
        // Times are tagged, and numbers of eight bytes.
        body.extend([0x61, b't', 0x99, 0, 30]);
        for _ in 0..30 {
            body.extend([0xc1, 0xfb, 0xa0, 0xa0, 0xa0, 0xa0, 0xa0, 0xa0, 0xa0, 0xa0]);
        }
        body.extend([0x61, b'b', 0x5a, 0, 1, 0, 0]);
        body.extend(vec![0xa0; 65_536]);
        assert_eq!(counted(&body), (1 + 40 + 2, 1 + 6 + 1 + 40 * 3 + 30 - 1));
        // Of a length that is not said beforehand, with its end.
        assert_eq!(
            counted(&[0xbf, 0x61, b'a', 0x9f, 0xa0, 0xa0, 0xff, 0xff]),
            (4, 5)
        );
    }

    #[test]
    fn one_row_too_many_is_one_too_many_and_what_has_no_rows_has_none() {
        let list = |rows: usize| format!("{{\"s\": [{}]}}", vec!["{}"; rows].join(","));
        let read = |body: &str| Rows::at_most(9).take(body.as_bytes());
        assert_eq!(read(&list(8)), Ok(()));
        assert_eq!(read(&list(9)), Err(TooMany(9)));
        assert_eq!(read("<!-- -->no rows {{{{{{{{{{{{{{{{"), Ok(()));
        assert_eq!(read("up {{{{{{{{{{{{{{{{"), Ok(()));
        let values = "0,".repeat(VALUES + 1);
        let read = Rows::at_most(9).take(format!("[{values}").as_bytes());
        assert_eq!(read, Err(TooMany(VALUES)));
    }
}
