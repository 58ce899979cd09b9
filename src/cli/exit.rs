//! Exit codes: part of the contract of the command line.

use crate::domain::audit::Outcome;
use crate::domain::problem::{Problem, ProblemKind};

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exit(u8);

impl Exit {
    /// Done; healthy; succeeded.
    pub const OK: Self = Self(0);
    /// An action failed; the platform is degraded; a chain is broken.
    pub const FAILED: Self = Self(1);
    /// Refused before anything changed; the platform is down.
    pub const REFUSED: Self = Self(2);
    /// The question could not be asked, or the outcome is not known.
    pub const NO_ANSWER: Self = Self(3);

    /// The number.
    pub fn code(self) -> u8 {
        self.0
    }

    /// How a command ends that met this problem: a wrong argument or a refusal is 2, everything else could not be asked.
    pub fn of(problem: &Problem) -> Self {
        use ProblemKind::*;
        match problem.kind {
            Refused | Conflict | Invalid | NotFound => Self::REFUSED,
            _ => Self::NO_ANSWER,
        }
    }

    /// How an action's command ends.
    pub fn of_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::OK,
            Outcome::Failed | Outcome::Abandoned | Outcome::Stopped => Self::FAILED,
            Outcome::Refused => Self::REFUSED,
            Outcome::Unknown => Self::NO_ANSWER,
        }
    }
}
