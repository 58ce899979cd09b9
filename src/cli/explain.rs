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
    if !error.use_stderr() {
        return None;
    }
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand as NoCommand;
    let text = error.render().to_string();
    let lines = || text.lines().map(str::trim);
    // All that is missing stands on lines of its own, up to the first blank one.
    let first: Vec<&str> = lines().take_while(|line| !line.is_empty()).collect();
    let what = first.join(" ");
    let form = lines().find_map(|l| l.strip_prefix("Usage: "));
    let tips = lines().filter_map(|l| l.strip_prefix("tip: "));
    let tips: Vec<String> = tips
        .map(str::to_owned)
        .chain(form.and_then(|form| bare(error, form)))
        .collect();
    let why = match form {
        Some(form) => format!("{}; it is written {form}", error.kind()),
        None => error.kind().to_string(),
    };
    let help = "see flightdeck --help, or --help behind the command";
    let fix = match tips.is_empty() {
        true => help.to_owned(),
        false => format!("{}; {help}", tips.join("; ")),
    };
    let what = match error.kind() {
        NoCommand => "a command is missing",
        _ => what.trim_start_matches("error: "),
    };
    Some(Problem::new(
        ProblemKind::Argument,
        "arguments",
        what,
        why,
        fix,
    ))
}

/// A word that stands alone where an option must be given: it is that one's value, most likely.
fn bare(error: &clap::Error, form: &str) -> Option<String> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let unknown = error.kind() == ErrorKind::UnknownArgument;
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let mut words = form.split_whitespace();
    let option = words.find(|w| w.starts_with("--"))?;
    let is_plain = unknown && !word.starts_with('-');
    is_plain.then(|| format!("'{option} {word}' may be meant"))
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn said(words: &[&str]) -> Option<String> {
        let words = ["flightdeck"].iter().chain(words);
        let error = Cli::try_parse_from(words).unwrap_err();
        usage(&error).map(|p| lines(&p, false))
    }

    #[test]
    fn wrong_words_are_told_in_three_lines_with_what_may_be_meant() {
        for (words, parts) in [
            (&["servces"][..], &["'servces'", "'services'"][..]),
            (
                &["services", "--jsn"],
                &["'--jsn'", "--json", "flightdeck services"],
            ),
            (&["deploy", "api"], &["--image"]),
            (
                &["deploy", "api", ":1.8.3"],
                &["'--image :1.8.3' may be meant"],
            ),
            (&["config"], &["a command is missing", "flightdeck config"]),
            (&["--speed", "x\u{1b}[2J\u{7}"], &["'x", "0.01"]),
        ] {
            let told = said(words).unwrap();
            assert_eq!(told.lines().count(), 3, "{told}");
            let acts = |c: char| c.is_control() && c != '\n';
            assert!(!told.contains(acts), "{told:?}");
            for part in parts {
                assert!(told.contains(part), "{part}: {told}");
            }
        }
        assert_eq!(said(&["--help"]), None);
        assert_eq!(said(&["--version"]), None);
    }
}
