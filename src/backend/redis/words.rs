//! What Redis refuses and what goes wrong on the way, in words.

use std::io;

use ::redis::{ErrorKind, RedisError};

use super::stream::Destination;
use crate::backend::tls::words as connection_words;
use crate::config::credentials::REDIS;
use crate::domain::contained::Panicked;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::said;
use crate::domain::text::{clip, inert};

/// Columns of the server's own words that are shown.
const SAID: usize = 160;

fn problem(kind: ProblemKind, what: &str, why: impl AsRef<str>, fix: &str) -> Problem {
    Problem::new(kind, "redis", what, why, fix)
}

/// Words that the library gave up on an answer.
pub(super) fn unread(what: &str, panicked: Panicked) -> Problem {
    problem(
        ProblemKind::Malformed,
        what,
        format!("its answer cannot be read: {panicked}"),
        "Check that the port is that of a Redis server.",
    )
}

/// Words what the crate says went wrong.
pub(super) fn word(to: &Destination, what: &str, error: &RedisError) -> Problem {
    use ProblemKind::{BadCredentials, Config, Denied, NoCredentials, NotFound, Vendor};
    let detail = error.detail().unwrap_or_default();
    let whole = format!("{} {detail}", error.code().unwrap_or_default());
    let has = |words: &str| whole.contains(words);
    match error.code() {
        Some("NOAUTH") => problem(
            NoCredentials,
            what,
            "it wants a password, and none is known here",
            &REDIS.how_to_renew(),
        ),
        Some("WRONGPASS") => problem(
            BadCredentials,
            what,
            "the name or the password is not accepted",
            &format!(
                "Check the user in url of [redis] and its password. {}",
                REDIS.how_to_renew()
            ),
        ),
        Some("NOPERM") => problem(
            Denied,
            what,
            format!("the user may not do this: {}", said(detail)),
            "Let it: ACL SETUSER NAME on >PASSWORD +info +dbsize +slowlog|get +select +ping.",
        ),
        Some("LOADING") => problem(
            Vendor,
            what,
            "it is still loading its data",
            "It answers by itself as soon as it is done.",
        ),
        Some("MASTERDOWN") => problem(
            Vendor,
            what,
            "it is a replica that lost its primary and serves nothing meanwhile",
            "Look at the primary and the network between them.",
        ),
        Some("DENIED") => problem(
            Denied,
            what,
            "it is in protected mode: without a password it answers its own machine alone",
            "Set a password there, or bind it to the right interface.",
        ),
        _ if has("without any password configured") => problem(
            Config,
            what,
            "a password is set here, but the server has none",
            "Leave it out, or set one at the server (requirepass).",
        ),
        _ if has("invalid password") || error.kind() == ErrorKind::AuthenticationFailed => {
            let why = "the password is not accepted";
            problem(BadCredentials, what, why, &REDIS.how_to_renew())
        }
        _ if has("DB index") || has("invalid DB") || has("SELECT is not allowed") => problem(
            NotFound,
            what,
            format!("it has no database {}: {}", to.db, said(detail)),
            "Correct the number at the end of the URL in [redis].",
        ),
        _ if has("max number of clients") => problem(
            Vendor,
            what,
            "all its places for clients are taken (maxclients)",
            "Find who holds them: CLIENT LIST on the server, and the pools of the services.",
        ),
        Some(code) => problem(
            Vendor,
            what,
            format!("it answered {}: {}", inert(code), said(detail)),
            "See the server's log.",
        ),
        None => reached(what, error),
    }
}

/// Words failures of the connection and of the protocol.
fn reached(what: &str, error: &RedisError) -> Problem {
    if error.kind() == ErrorKind::Parse {
        return no_redis(what);
    }
    if error.is_timeout() {
        return connection_words::timeout("redis", what, None);
    }
    match connection_words::io_kind(error) {
        Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted,
        ) => cut(what),
        Some(kind) => {
            connection_words::connection("redis", what, Some(kind), &said(&error.to_string()))
        }
        None if error.is_io_error() || error.is_connection_dropped() => cut(what),
        None => problem(
            ProblemKind::Malformed,
            what,
            format!("its answer cannot be read: {}", said(&error.to_string())),
            "Check that the port is that of a Redis server.",
        ),
    }
}

/// The server hung up before it had answered.
pub(super) fn cut(what: &str) -> Problem {
    problem(
        ProblemKind::Unreachable,
        what,
        "the connection was cut before the answer came (a server that wants TLS does that, too)",
        "Where the server wants TLS, write rediss:// in [redis]; else see its log.",
    )
}

/// What listens there is something else.
pub(super) fn no_redis(what: &str) -> Problem {
    problem(
        ProblemKind::Malformed,
        what,
        "what listens there does not speak Redis",
        "Check host and port of [redis].",
    )
}

/// It speaks Redis, and what it counts is no count.
pub(super) fn no_count(what: &str, member: &str) -> Problem {
    problem(
        ProblemKind::Malformed,
        what,
        format!("`{member}` in its answer to INFO is no count"),
        "See what answers at host and port of [redis]: a proxy may change what the server says.",
    )
}

/// Why a part of the answer is withheld, if that is all that is wrong: the role may not ask it, or the server does not know it.
pub(super) fn withheld(error: &RedisError) -> Option<String> {
    let detail = error.detail().unwrap_or_default();
    match error.code()? {
        "NOPERM" => Some("the user may not ask for it".into()),
        "ERR" if detail.to_lowercase().contains("unknown command") => {
            Some("the server does not know the command, or hides it".into())
        }
        "ERR" if detail.to_lowercase().contains("unknown subcommand") => {
            Some("the server does not know the command".into())
        }
        _ => None,
    }
}

/// Words a handshake that failed.
pub(super) fn handshake(what: &str, error: &rustls::Error) -> Problem {
    match error {
        rustls::Error::InvalidMessage(_) => plain(what),
        rustls::Error::InvalidCertificate(_) => problem(
            ProblemKind::Unreachable,
            what,
            format!(
                "its certificate is not trusted: {}",
                connection_words::untrusted(error, None)
            ),
            "Name the authority's certificate in extra_roots of [probes], or correct the host of [redis].",
        ),
        other => connection_words::handshake("redis", what, other),
    }
}

/// Words a handshake that ended without a word of TLS.
pub(super) fn no_tls(what: &str, error: &io::Error) -> Problem {
    match error.kind() {
        // A server that speaks no TLS takes our greeting for a broken command and hangs up.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => plain(what),
        kind => connection_words::connection("redis", what, Some(kind), &error.to_string()),
    }
}

/// Words a handshake that nothing came of.
pub(super) fn silent(what: &str, waited: std::time::Duration) -> Problem {
    problem(
        ProblemKind::Timeout,
        what,
        format!(
            "it took the connection, but answered no TLS handshake within {} s: it may not speak TLS there",
            waited.as_secs()
        ),
        "Switch TLS on at the server; redis:// without TLS is for a network that nobody else can hear.",
    )
}

fn plain(what: &str) -> Problem {
    problem(
        ProblemKind::Unreachable,
        what,
        "the server does not speak TLS there",
        "Switch TLS on at the server; redis:// without TLS is for a network that nobody else can hear.",
    )
}

fn said(text: &str) -> String {
    clip(&said::words(text), SAID)
}
