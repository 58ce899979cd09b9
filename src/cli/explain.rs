//! The one place that words a [`Problem`] for the terminal: what, why, and what to do, one line each.

use serde::Serialize;

use super::out::Out;
use super::paint::{self, Role};
use crate::domain::problem::{Problem, ProblemKind};
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

/// Words what a command could not do, on standard error; for programs also as its answer, so that none of them reads an empty one.
pub fn tell(problem: &Problem, json: bool, no_color: bool) {
    eprint!(
        "{}",
        lines(problem, paint::wanted(&std::io::stderr(), no_color))
    );
    if json {
        let mut out = Out::stdout(json, no_color);
        let error = serde_json::json!({"error": ProblemJson::from(problem)});
        // Where even that cannot be written, the lines above have said it.
        let _ = out.object(&error).and_then(|()| out.flush());
    }
}

/// What is wrong with the words of a command line; `None` for a wish for help or the version.
pub fn usage(error: &clap::Error) -> Option<Problem> {
    let text = error.render().to_string();
    // All that is missing stands on lines of its own, up to the first blank one.
    let first: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let first = first.join(" ");
    error.use_stderr().then(|| {
        Problem::new(
            ProblemKind::Invalid,
            "arguments",
            first.trim_start_matches("error: "),
            error.kind().to_string(),
            "see flightdeck --help, or --help behind the command",
        )
    })
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
