//! What is said beside words: how good or bad it is.

/// What a cell says beside its words. Faces give it a colour; its words never depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary.
    #[default]
    Plain,
    /// The name of the thing.
    Strong,
    /// Beside the point.
    Muted,
    /// Good, and worth saying.
    Ok,
    /// On its way.
    Info,
    /// Not known.
    Unknown,
    /// Not as it ought to be.
    Warn,
    /// Bad.
    Bad,
}

impl Tone {
    /// How much it counts when the worst is looked for.
    pub fn weight(self) -> u8 {
        match self {
            Self::Plain | Self::Strong | Self::Muted => 0,
            Self::Ok => 1,
            Self::Info => 2,
            Self::Unknown => 3,
            Self::Warn => 4,
            Self::Bad => 5,
        }
    }

    /// How soon somebody ought to look, the soonest the largest: what is well, on its way or not asked for is all the same.
    pub fn urgency(self) -> u8 {
        self.weight().saturating_sub(Self::Info.weight())
    }

    /// A shape, for those that say something.
    pub fn shape(self) -> &'static str {
        match self {
            Self::Plain | Self::Strong | Self::Muted => " ",
            Self::Ok => "●",
            Self::Info => "▶",
            Self::Unknown => "?",
            Self::Warn => "■",
            Self::Bad => "▲",
        }
    }

    /// Good where it holds, bad where it does not.
    pub fn good(holds: bool) -> Self {
        if holds { Self::Ok } else { Self::Bad }
    }

    /// Ordinary where it holds, a warning where it does not.
    pub fn fine(holds: bool) -> Self {
        if holds { Self::Plain } else { Self::Warn }
    }
}
