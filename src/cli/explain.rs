//! The one place that words a [`Problem`] for the terminal: what, why, and what to do, one line each.

use serde::Serialize;

use super::paint::Role;
use crate::domain::problem::Problem;
use crate::domain::text::inert;

/// Three lines: what did not work, why, and what to do.
pub fn lines(problem: &Problem, colour: bool) -> String {
    let label = |role: Role, text: &str| role.paint(text, colour);
    let mut out = format!("{} {}\n", label(Role::Bad, "error:"), inert(&problem.what));
    for (name, text) in [("  why:", &problem.why), ("   do:", &problem.fix)] {
        if !text.is_empty() {
            out.push_str(&format!("{} {}\n", label(Role::Dim, name), inert(text)));
        }
    }
    out
}

/// One line, where there is no room for three.
pub fn line(problem: &Problem) -> String {
    format!("{}: {}", inert(&problem.what), inert(&problem.why))
}

/// A problem as a member of a JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct ProblemJson<'a> {
    kind: crate::domain::problem::ProblemKind,
    system: &'a str,
    what: &'a str,
    why: &'a str,
    fix: &'a str,
}

impl<'a> From<&'a Problem> for ProblemJson<'a> {
    fn from(p: &'a Problem) -> Self {
        Self {
            kind: p.kind,
            system: &p.system,
            what: &p.what,
            why: &p.why,
            fix: &p.fix,
        }
    }
}
