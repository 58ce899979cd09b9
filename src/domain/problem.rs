//! What went wrong, in words for people: what, why, and what to do.

use serde::{Deserialize, Serialize};

/// The kinds of trouble that the console treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// No credentials were found.
    NoCredentials,
    /// Credentials were found but have expired.
    Expired,
    /// Credentials are not accepted at all (unknown key, wrong signature).
    BadCredentials,
    /// The credentials may not do this.
    Denied,
    /// The vendor asks us to slow down.
    Throttled,
    /// No answer in time.
    Timeout,
    /// No connection: DNS, refused, TLS, network down.
    Unreachable,
    /// No connection, for a reason of this machine's own, or one that says nothing yet of the other end.
    Offline,
    /// An answer that is not of the protocol.
    Malformed,
    /// The thing asked about does not exist.
    NotFound,
    /// The endpoint does not know this operation.
    Unsupported,
    /// The vendor answered with a failure of its own (5xx).
    Vendor,
    /// The request was refused as wrong.
    Invalid,
    /// A word of the command line names what is not there, or cannot be.
    Argument,
    /// Our configuration is wrong.
    Config,
    /// We refuse to do it: read-only, a failed pre-check, a wrong confirmation.
    Refused,
    /// The world changed between preview and execution, or somebody else acts.
    Conflict,
    /// The local store cannot be read or written.
    Store,
    /// A reply was lost: the effect is unknown until it is read back.
    Unknown,
    /// A defect of ours.
    Internal,
}

impl ProblemKind {
    /// Whether it is about who asks.
    pub fn is_about_credentials(self) -> bool {
        matches!(
            self,
            Self::NoCredentials | Self::Expired | Self::BadCredentials
        )
    }
}

/// A failure worded for a person: one line each of what, why and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Problem {
    /// What class of trouble this is.
    pub kind: ProblemKind,
    /// Which system it concerns: `aws`, `ecs`, `dns`, `config`, `store` ...
    pub system: String,
    /// What did not work.
    pub what: String,
    /// Why, as far as is known.
    pub why: String,
    /// What the person can do about it.
    pub fix: String,
    /// Whether the way may have ended on this machine: it has no route, or no resolver that answers.
    #[serde(skip)]
    pub ends_here: bool,
}

impl Problem {
    /// Words a problem. `what`, `why` and `fix` may hold outside text: it is made inert here.
    pub fn new(
        kind: ProblemKind,
        system: impl Into<String>,
        what: impl AsRef<str>,
        why: impl AsRef<str>,
        fix: impl AsRef<str>,
    ) -> Self {
        use super::text::inert;
        Self {
            kind,
            system: system.into(),
            what: inert(what.as_ref()),
            why: inert(why.as_ref()),
            fix: inert(fix.as_ref()),
            ends_here: false,
        }
    }

    /// Whether it is about who asks, so that every question to the same vendor fails alike until a person renews something.
    pub fn is_about_credentials(&self) -> bool {
        self.kind.is_about_credentials()
    }

    /// Whether asking the same question again later can help without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        use ProblemKind::*;
        matches!(
            self.kind,
            Throttled | Timeout | Unreachable | Offline | Vendor | Malformed
        )
    }
}
