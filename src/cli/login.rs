//! `flightdeck login PROVIDER` and `flightdeck logout PROVIDER`: a vendor's token, into the keyring and out of it.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;
use secrecy::SecretString;
use serde_json::json;

use super::exit::Exit;
use super::out::Out;
use crate::config::credentials::{PROVIDERS, Provider};
use crate::config::mistake::suggest;
use crate::domain::problem::{Problem, ProblemKind};

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Whose token; none lists where each comes from
    provider: Option<String>,
}

/// Asks for a token, on the terminal without echo or as a line on standard input, and keeps it.
///
/// # Errors
/// An unknown provider, no token, no place to keep it.
pub fn login(args: &Arguments, out: &mut Out) -> Result<Exit, Problem> {
    let Some(name) = &args.provider else {
        return list(out);
    };
    let provider = named(name)?;
    let token = ask(provider)?;
    let place = provider.keep(&token)?;
    if out.is_json() {
        out.object(&json!({"login": {"provider": provider.name, "kept_in": place.to_string()}}))?;
    } else {
        out.line(&format!("The {} token is kept in {place}.", provider.title))?;
        if std::env::var_os(provider.variable).is_some() {
            out.line(&format!(
                "${} is set and goes before it.",
                provider.variable
            ))?;
        }
    }
    Ok(Exit::OK)
}

/// Forgets a token.
///
/// # Errors
/// An unknown provider.
pub fn logout(args: &Arguments, out: &mut Out) -> Result<Exit, Problem> {
    let Some(name) = &args.provider else {
        return list(out);
    };
    let provider = named(name)?;
    let gone = provider.forget();
    if out.is_json() {
        let gone: Vec<String> = gone.iter().map(ToString::to_string).collect();
        out.object(&json!({"logout": {"provider": provider.name, "removed_from": gone}}))?;
        return Ok(Exit::OK);
    }
    match gone.as_slice() {
        [] => out.line(&format!("No {} token was kept.", provider.title))?,
        some => {
            for place in some {
                out.line(&format!("Removed from {place}."))?;
            }
        }
    }
    Ok(Exit::OK)
}

/// Asks a person for those of some tokens that no place has; an empty line passes over one. Where nobody can answer, nothing is asked.
///
/// # Errors
/// Where a token that was given cannot be kept.
pub fn offer(providers: &[&'static Provider], out: &mut Out) -> Result<(), Problem> {
    let missing = missing(providers);
    if missing.is_empty() || out.is_json() || !out.is_terminal() || !std::io::stdin().is_terminal()
    {
        return Ok(());
    }
    out.line("Tokens go to the keyring, never into the file. Enter passes over one.")?;
    out.flush()?;
    for provider in missing {
        if let Ok(token) = ask(provider) {
            let place = provider.keep(&token)?;
            out.line(&format!("kept in {place}"))?;
            out.flush()?;
        }
    }
    Ok(())
}

/// Those whose token no place has.
pub fn missing(providers: &[&'static Provider]) -> Vec<&'static Provider> {
    let all = providers.iter().copied();
    all.filter(|p| matches!(p.find(), Ok(None))).collect()
}

fn list(out: &mut Out) -> Result<Exit, Problem> {
    let rows = PROVIDERS.iter().map(|p| (p, p.find()));
    if out.is_json() {
        let rows = rows.map(|(p, found)| {
            let from = found.ok().flatten().map(|(_, from)| from.to_string());
            json!({"provider": p.name, "variable": p.variable, "found_in": from})
        });
        let rows = rows.collect();
        out.list("providers", rows, serde_json::Map::new())?;
        return Ok(Exit::OK);
    }
    for (p, found) in rows {
        let from = match found {
            Ok(Some((_, from))) => from.to_string(),
            Ok(None) => format!("no token; flightdeck login {} or ${}", p.name, p.variable),
            Err(problem) => problem.to_string(),
        };
        out.line(&format!("{:<12} {from}", p.name))?;
    }
    Ok(Exit::OK)
}

fn named(name: &str) -> Result<&'static Provider, Problem> {
    Provider::named(name).ok_or_else(|| {
        let names = || PROVIDERS.iter().map(|p| p.name);
        let hint = suggest(name, names())
            .map(|n| format!("; did you mean \"{n}\"?"))
            .unwrap_or_default();
        Problem::new(
            ProblemKind::Argument,
            "credentials",
            format!("unknown provider \"{name}\"{hint}"),
            "it is none of those that take a token",
            format!("one of: {}", names().collect::<Vec<_>>().join(", ")),
        )
    })
}

fn ask(provider: &Provider) -> Result<SecretString, Problem> {
    let nothing = |why: String| {
        Problem::new(
            ProblemKind::Argument,
            "credentials",
            "No token was given",
            why,
            format!(
                "Paste {} when asked, or pipe it: printf %s \"$TOKEN\" | flightdeck login {}",
                provider.token, provider.name
            ),
        )
    };
    let stdin = std::io::stdin();
    let line = if stdin.is_terminal() {
        let mut err = std::io::stderr();
        // Asked for once nothing is shown any more: who pastes at the first word is quicker than the terminal changes.
        let line = without_echo(|| {
            let _ = write!(err, "{}: paste {}: ", provider.title, provider.token);
            let _ = err.flush();
            read_line(&stdin)
        });
        let _ = writeln!(err);
        line
    } else {
        read_line(&stdin)
    };
    let line = line.map_err(|e| nothing(e.to_string()))?;
    let token = line.trim();
    if token.is_empty() {
        return Err(nothing("the line was empty".into()));
    }
    if token.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(nothing("a token has no blanks inside".into()));
    }
    Ok(SecretString::from(token.to_owned()))
}

fn read_line(stdin: &std::io::Stdin) -> std::io::Result<String> {
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(line)
}

/// Reads while the terminal does not show what is typed; the echo comes back whatever happens.
fn without_echo<T>(read: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = rustix::stdio::stdin();
    let before = tcgetattr(stdin)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(stdin, OptionalActions::Flush, &silent)?;
    let answer = read();
    tcsetattr(stdin, OptionalActions::Flush, &before)?;
    answer
}
