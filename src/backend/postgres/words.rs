//! What PostgreSQL refuses (appendix A of its documentation: error codes) and what goes wrong on the way, in words.

use sqlx::Error;

use super::greeting::ROUNDS;
use crate::backend::tls::words as connection_words;
use crate::config::credentials::POSTGRES;
use crate::domain::contained::Panicked;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::said;
use crate::domain::text::{clip, inert};

/// Columns of the server's own words that are shown.
const SAID: usize = 200;

fn problem(kind: ProblemKind, what: &str, why: impl AsRef<str>, fix: &str) -> Problem {
    Problem::new(kind, "postgres", what, why, fix)
}

/// Of what a server says that it does not have.
pub(super) const UNOFFERED: &str = "this server does not offer it";

/// What to do where a pooler stands in between.
const PAST_POOLERS: &str =
    "Name the server itself in url of [postgres]: a pooler does not know its statistics.";

/// Words what went wrong.
pub(super) fn word(what: &str, error: &Error) -> Problem {
    match error {
        Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            refused(what, &code, refusal.message())
        }
        Error::Tls(inner) => match connection_words::tls_error(inner.as_ref()) {
            Some(tls) => handshake(what, tls),
            None if inner.to_string().contains("does not support TLS") => problem(
                ProblemKind::Unreachable,
                what,
                "the server refuses TLS",
                "Switch TLS on there (ssl = on); add ?sslmode=disable to url in [postgres] only where nobody else can listen.",
            ),
            None => problem(
                ProblemKind::Unreachable,
                what,
                format!("no TLS: {}", said(&inner.to_string())),
                "Check the server's certificate and extra_roots in [probes].",
            ),
        },
        Error::Io(io) => match connection_words::tls_error(io) {
            Some(tls) => handshake(what, tls),
            None => connection_words::connection(
                "postgres",
                what,
                Some(io.kind()),
                &said(&io.to_string()),
            ),
        },
        Error::Configuration(_) => problem(
            ProblemKind::Config,
            what,
            format!(
                "it cannot be asked as configured: {}",
                said(&error.to_string())
            ),
            "Correct url in [postgres].",
        ),
        other => problem(
            ProblemKind::Malformed,
            what,
            format!("its answer cannot be read: {}", said(&other.to_string())),
            "Check that the port is that of a PostgreSQL server.",
        ),
    }
}

/// Words that the library gave up on an answer.
pub(super) fn unread(what: &str, panicked: Panicked) -> Problem {
    problem(
        ProblemKind::Malformed,
        what,
        format!("its answer cannot be read: {panicked}"),
        "Check that the port is that of a PostgreSQL server.",
    )
}

/// Words that there is no room on this machine for the way to a server.
pub(super) fn no_room(what: &str, why: &std::io::Error) -> Problem {
    if connection_words::is_starved(&why.to_string()) {
        return starved(what);
    }
    problem(
        ProblemKind::Config,
        what,
        format!(
            "no folder for a socket can be made on this machine: {}",
            said(&why.to_string())
        ),
        "Give this user a folder to write in: XDG_RUNTIME_DIR or TMPDIR.",
    )
}

/// Words a way that this process may not open.
pub(super) fn starved(what: &str) -> Problem {
    connection_words::starved("postgres", what)
}

/// Words a connection that was cut on the way.
pub(super) fn cut(what: &str, kind: std::io::ErrorKind) -> Problem {
    connection_words::connection("postgres", what, Some(kind), &kind.to_string())
}

/// Words an answer without an end.
pub(super) fn endless(what: &str) -> Problem {
    problem(
        ProblemKind::Malformed,
        what,
        "it answers without end: the connection was cut",
        "Check that the port is that of a PostgreSQL server.",
    )
}

/// Words a server that asks for more work than a password is worth.
pub(super) fn too_many_rounds(what: &str, rounds: u64) -> Problem {
    problem(
        ProblemKind::Malformed,
        what,
        format!(
            "it asks for {rounds} rounds of hashing for the password (SCRAM), and at most {ROUNDS} are done: the connection was ended"
        ),
        "Check that it is your server; if it is, lower scram_iterations there and set the password anew.",
    )
}

fn refused(what: &str, code: &str, message: &str) -> Problem {
    use ProblemKind::{BadCredentials, Config, Denied, NotFound, Timeout, Vendor};
    let message = said(message);
    match code {
        "28P01" => problem(
            BadCredentials,
            what,
            "the name or the password is not accepted",
            &format!(
                "Check the user in url of [postgres], and its password. {}",
                POSTGRES.how_to_renew()
            ),
        ),
        // Before PostgreSQL 14 the latter.
        "28000" if message.contains("no encryption") || message.contains("SSL off") => problem(
            Denied,
            what,
            format!("it lets nobody in without TLS: {message}"),
            "Take sslmode=disable out of url in [postgres], or write sslmode=verify-full.",
        ),
        "28000" => problem(
            Denied,
            what,
            format!("it does not let this user in from here: {message}"),
            "Check that the role exists and may log in, and pg_hba.conf (on RDS: security group, rds_iam).",
        ),
        "3D000" => problem(
            NotFound,
            what,
            format!("there is no such database: {message}"),
            "Correct the last part of url in [postgres].",
        ),
        "42501" => problem(
            Denied,
            what,
            format!("the role may not do this: {message}"),
            "GRANT CONNECT ON DATABASE ... TO it; GRANT pg_monitor TO it.",
        ),
        "53300" => problem(
            Vendor,
            what,
            format!("all its connections are taken: {message}"),
            "Find who holds them (pg_stat_activity, as a superuser), and shrink the services' pools.",
        ),
        "57P03" | "57P01" | "57P02" => problem(
            Vendor,
            what,
            format!("it is starting, stopping or recovering: {message}"),
            "It is asked again by itself; see its log if it lasts.",
        ),
        "57014" => problem(
            Timeout,
            what,
            "it took too long over a question and gave up (statement_timeout)",
            "Look at its load; it is asked again by itself.",
        ),
        "08P01" if message.contains("startup parameter") => problem(
            Config,
            what,
            format!("a pooler stands in between that lets no read-only session through: {message}"),
            PAST_POOLERS,
        ),
        "0A000" if message.contains("RDS Proxy") => problem(
            Config,
            what,
            format!(
                "RDS Proxy stands in between, which lets no read-only session through: {message}"
            ),
            PAST_POOLERS,
        ),
        code => problem(
            Vendor,
            what,
            format!("it answered {}: {message}", inert(code)),
            "See the server's log.",
        ),
    }
}

/// Words a handshake that failed.
fn handshake(what: &str, error: &rustls::Error) -> Problem {
    match error {
        rustls::Error::InvalidCertificate(_) => problem(
            ProblemKind::Unreachable,
            what,
            format!(
                "its certificate is not trusted: {}",
                connection_words::untrusted(error, None)
            ),
            "Name the authority's certificate in extra_roots of [probes] (for RDS, its region's bundle), or correct the host.",
        ),
        other => connection_words::handshake("postgres", what, other),
    }
}

/// Why a part of the answer is withheld, if that is all that is wrong; the rest is worth asking for.
pub(super) fn withheld(error: &Error) -> Option<String> {
    let refusal = error.as_database_error()?;
    let code = refusal.code()?;
    let why = match code.as_ref() {
        "42501" => "the role may not see it".to_owned(),
        // Undefined table, column, function: another version, or something that only looks like PostgreSQL.
        "42P01" | "42703" | "42883" => "this server does not know it".to_owned(),
        "55P03" => "it is locked at present, by a migration perhaps".to_owned(),
        "57014" => "it took too long (statement_timeout)".to_owned(),
        "55000" => said(refusal.message()),
        "0A000" => UNOFFERED.to_owned(),
        _ => return None,
    };
    Some(why)
}

fn said(text: &str) -> String {
    clip(&said::words(text), SAID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poolers_and_old_servers_are_known_by_their_words() {
        for (code, message, kind, why) in [
            (
                "0A000",
                "Feature not supported: RDS Proxy currently doesn't support command-line options.",
                ProblemKind::Config,
                "RDS Proxy stands in between",
            ),
            (
                "08P01",
                "unsupported startup parameter: options",
                ProblemKind::Config,
                "a pooler stands in between",
            ),
            (
                "28000",
                "no pg_hba.conf entry for host \"10.0.0.9\", user \"ana\", database \"laser\", SSL off",
                ProblemKind::Denied,
                "nobody in without TLS",
            ),
            (
                "28000",
                "no pg_hba.conf entry for host \"10.0.0.9\", user \"ana\", database \"laser\", no encryption",
                ProblemKind::Denied,
                "nobody in without TLS",
            ),
            (
                "0A000",
                "cannot do that",
                ProblemKind::Vendor,
                "answered 0A000",
            ),
        ] {
            let problem = refused("what", code, message);
            assert_eq!(problem.kind, kind, "{message}");
            assert!(problem.why.contains(why), "{problem:?}");
        }
    }
}
