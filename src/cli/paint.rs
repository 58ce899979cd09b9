//! Colour with meaning, on a terminal only: sixteen colours, and never colour alone.

use std::io::IsTerminal;

/// What a piece of text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Nothing in particular.
    #[default]
    Plain,
    /// Good.
    Ok,
    /// To be looked at.
    Warn,
    /// Bad.
    Bad,
    /// Aside: ages, sources, stale values.
    Dim,
    /// A heading.
    Strong,
}

impl Role {
    /// The text in this role's colour, or as it is.
    pub fn paint(self, text: &str, colour: bool) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Ok => "32",
            Self::Warn => "33",
            Self::Bad => "1;31",
            Self::Dim => "2",
            Self::Strong => "1",
        };
        if colour && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Whether colour may be used on a stream: a terminal that knows colour, and nobody said no (<https://no-color.org>).
pub fn wanted(stream: &impl IsTerminal, no_color: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|t| t == "dumb");
    stream.is_terminal() && !no_color && !set("NO_COLOR") && !dumb
}
