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

    proptest! {
        #[test]
        fn any_text_is_inert_and_reads_back_as_it_was(text in any::<String>()) {
            let written = line(&text);
            prop_assert!(written.trim_end_matches('\n').chars().all(is_inert));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
