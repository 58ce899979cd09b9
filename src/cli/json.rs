//! The one JSON writer of the command line: what could act on a terminal leaves as `\uXXXX`, so JSON is safe to look at.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::domain::text::is_inert;

/// Version of every object's shape; raised when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// How an object is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One line: for programs, and for one object a line.
    Line,
    /// Indented: for people.
    Indented,
}

/// Writes a value and a line end.
pub fn write<T: Serialize + ?Sized>(
    to: &mut dyn Write,
    value: &T,
    layout: Layout,
) -> io::Result<()> {
    match layout {
        Layout::Line => value.serialize(&mut Serializer::with_formatter(
            &mut *to,
            Inert(CompactFormatter),
        )),
        Layout::Indented => value.serialize(&mut Serializer::with_formatter(
            &mut *to,
            Inert(PrettyFormatter::new()),
        )),
    }
    .map_err(io::Error::from)?;
    to.write_all(b"\n")
}

/// A formatter that writes strings inert and leaves everything else to another.
struct Inert<F>(F);

macro_rules! delegate {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $arg: $ty)*) -> io::Result<()> {
            self.0.$name(writer $(, $arg)*)
        })*
    };
}

impl<F: Formatter> Formatter for Inert<F> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(|c| !is_inert(c)) {
            let (before, after) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = after.chars();
            if let Some(c) = chars.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    delegate! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

/// Lets finished JSON lines through and escapes what could act on a terminal: for text that others serialised.
#[derive(Debug)]
pub struct Gate<W> {
    to: W,
    line: Vec<u8>,
}

impl<W: Write> Gate<W> {
    /// A gate in front of a writer.
    pub fn new(to: W) -> Self {
        Self {
            to,
            line: Vec::new(),
        }
    }
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line);
            // Outside of strings JSON holds nothing that would need escaping, so the whole line may be treated as one.
            Inert(CompactFormatter)
                .write_string_fragment(&mut self.to, text.trim_end_matches('\n'))?;
            self.to.write_all(b"\n")?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, text, Layout::Line).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        assert_eq!(
            line("a\u{1b}[31m\u{202e}\u{9b}\u{200b}\u{7f}\u{e0001}\n"),
            "\"a\\u001b[31m\\u202e\\u009b\\u200b\\u007f\\udb40\\udc01\\n\"\n"
        );
        assert_eq!(line("größe 漢字 \"q\""), "\"größe 漢字 \\\"q\\\"\"\n");
    }

    #[test]
    fn people_get_indented_objects() {
        let mut out = Vec::new();
        write(
            &mut out,
            &serde_json::json!({"schema": 1, "rows": []}),
            Layout::Indented,
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\n  \"schema\": 1,\n  \"rows\": []\n}\n"
        );
    }

    #[test]
    fn lines_of_others_are_escaped_on_the_way() {
        let mut gate = Gate::new(Vec::new());
        for piece in ["{\"a\":\"\u{202e}", "x\"}\n{\"b\"", ":1}\n"] {
            gate.write_all(piece.as_bytes()).unwrap();
        }
        assert_eq!(
            String::from_utf8(gate.to).unwrap(),
            "{\"a\":\"\\u202ex\"}\n{\"b\":1}\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_inert_and_reads_back_as_it_was(text in any::<String>()) {
            let written = line(&text);
            prop_assert!(written.trim_end_matches('\n').chars().all(is_inert));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
