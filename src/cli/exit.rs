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

    /// How a command ends that met this problem: a wrong argument, or what we ourselves refuse, is 2. What a vendor refuses or does
    /// not have is no answer of his.
    pub fn of(problem: &Problem) -> Self {
        use ProblemKind::*;
        match problem.kind {
            Refused | Conflict | Argument => Self::REFUSED,
            _ => Self::NO_ANSWER,
        }
    }

    /// The same of `status`, where 2 says that the platform is down: no mistake of ours may read so.
    pub fn of_status() -> Self {
        Self::NO_ANSWER
    }

    /// Ended by a signal, as shells tell of it.
    pub fn by_signal(number: i32) -> Self {
        Self(u8::try_from(number).map_or(u8::MAX, |n| n.saturating_add(128)))
    }

    /// How an action's command ends. Whatever it came to, nobody can prove it where its end is not in the audit chain.
    pub fn of_run(outcome: Outcome, recorded: bool) -> Self {
        match recorded {
            true => Self::of_outcome(outcome),
            false => Self::NO_ANSWER,
        }
    }

    fn of_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::OK,
            Outcome::Failed | Outcome::Abandoned | Outcome::Stopped => Self::FAILED,
            Outcome::Refused => Self::REFUSED,
            Outcome::Unknown => Self::NO_ANSWER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_argument_is_two_and_what_a_vendor_says_no_to_is_three() {
        let of = |kind| Exit::of(&Problem::new(kind, "ecs", "what", "why", "fix")).code();
        for kind in [ProblemKind::Argument, ProblemKind::Refused] {
            assert_eq!(of(kind), 2, "{kind:?}");
        }
        for kind in [
            ProblemKind::NotFound,
            ProblemKind::Invalid,
            ProblemKind::Denied,
            ProblemKind::BadCredentials,
            ProblemKind::Malformed,
            ProblemKind::Config,
        ] {
            assert_eq!(of(kind), 3, "{kind:?}");
        }
        let ended = [true, false].map(|recorded| Exit::of_run(Outcome::Succeeded, recorded).code());
        assert_eq!(ended, [0, 3], "what is not recorded did not go well");
        let signals = [2, 15, 1].map(|n| Exit::by_signal(n).code());
        assert_eq!(signals, [130, 143, 129]);
    }
}
