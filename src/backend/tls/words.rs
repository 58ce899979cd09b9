//! Words for connections and handshakes that fail, and for certificates that are not trusted.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::os::fd::AsFd;

use jiff::tz::TimeZone;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

use crate::domain::probe::Certificate;
use crate::domain::problem::{Problem, ProblemKind};

/// Why a chain is not trusted, as the verifier says, with the days and names that a person needs.
pub fn untrusted(error: &Error, leaf: Option<&Certificate>) -> String {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext,
        NotValidYet, NotValidYetContext, UnknownIssuer,
        UnsupportedSignatureAlgorithmForPublicKeyContext,
    };
    let Error::InvalidCertificate(certificate) = error else {
        return error.to_string();
    };
    match (certificate, leaf) {
        (Expired, Some(c)) => format!("the certificate expired on {}", day(c.not_after)),
        (ExpiredContext { not_after, .. }, _) => {
            format!("the certificate expired on {}", date(*not_after))
        }
        (NotValidYet, Some(c)) => {
            format!("the certificate is not valid before {}", day(c.not_before))
        }
        (NotValidYetContext { not_before, .. }, _) => {
            format!("the certificate is not valid before {}", date(*not_before))
        }
        (NotValidForName | NotValidForNameContext { .. }, Some(c)) => {
            let names = c.names.get(..4).unwrap_or(&c.names).join(", ");
            format!("the certificate is for another host: {names}")
        }
        (NotValidForName | NotValidForNameContext { .. }, None) => {
            "the certificate is for another host".into()
        }
        // An authority that was made anew under its old name, say, perhaps with a key of another kind.
        (BadSignature | UnsupportedSignatureAlgorithmForPublicKeyContext { .. }, _) => {
            "it is not signed with the key of the trusted authority of that name".into()
        }
        (_, Some(c)) if c.subject == c.issuer => format!("self-signed by {}", c.subject),
        (UnknownIssuer, Some(c)) => format!("unknown issuer: {}", c.issuer),
        (UnknownIssuer, None) => "its issuer is not known here".into(),
        _ => error.to_string(),
    }
}

fn day(t: jiff::Timestamp) -> String {
    t.to_zoned(TimeZone::UTC).date().to_string()
}

fn date(t: UnixTime) -> String {
    let seconds = i64::try_from(t.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "an unknown day".into(), day)
}

/// A TLS failure anywhere inside an error.
pub fn tls_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Error> {
    find(error, |e| e.downcast_ref::<Error>())
}

/// An I/O failure anywhere inside an error.
pub fn io_kind(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    find(error, |e| {
        e.downcast_ref::<std::io::Error>().map(std::io::Error::kind)
    })
}

fn find<'e, T>(
    error: &'e (dyn StdError + 'static),
    pick: impl Fn(&'e (dyn StdError + 'static)) -> Option<T>,
) -> Option<T> {
    let mut next = Some(error);
    while let Some(e) = next {
        if let Some(found) = pick(e) {
            return Some(found);
        }
        // An I/O error hides what it wraps from `source`.
        next = match e
            .downcast_ref::<std::io::Error>()
            .and_then(|io| io.get_ref())
        {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => e.source(),
        };
    }
    None
}

/// Words a handshake that failed for another reason than trust.
pub fn handshake(system: &'static str, what: &str, error: &Error) -> Problem {
    match error {
        Error::InvalidMessage(_) => Problem::new(
            ProblemKind::Malformed,
            system,
            what,
            "it does not speak TLS (plain HTTP on this port?)",
            "Check the port of the URL.",
        ),
        Error::AlertReceived(AlertDescription::ProtocolVersion) => Problem::new(
            ProblemKind::Unsupported,
            system,
            what,
            "it offers neither TLS 1.2 nor TLS 1.3",
            "Switch on TLS 1.2 and 1.3 at the server; what is older is broken.",
        ),
        Error::AlertReceived(AlertDescription::UnrecognisedName) => Problem::new(
            ProblemKind::NotFound,
            system,
            what,
            "the server has no certificate for this name (unrecognized_name)",
            "Check the name, and that the edge in front serves it.",
        ),
        Error::AlertReceived(alert) => Problem::new(
            ProblemKind::Unsupported,
            system,
            what,
            format!("the server broke the handshake off: {alert:?}"),
            "It may offer no modern cipher suite, or want a client certificate.",
        ),
        other => Problem::new(
            ProblemKind::Unreachable,
            system,
            what,
            other.to_string(),
            "Check the server's TLS set-up.",
        ),
    }
}

/// Words a connection that could not be made or kept.
pub fn connection(
    system: &'static str,
    what: &str,
    kind: Option<ErrorKind>,
    text: &str,
) -> Problem {
    let problem = |kind, why: &str, fix: &str| Problem::new(kind, system, what, why, fix);
    let ends_here = |why: &str, fix: &str| Problem {
        ends_here: true,
        ..problem(ProblemKind::Unreachable, why, fix)
    };
    // The resolver's library hides it: it says that the name is not known.
    if is_starved(text) || (text.contains("failed to lookup") && has_no_file_left()) {
        return starved(system, what);
    }
    match kind {
        Some(ErrorKind::ConnectionRefused) => problem(
            ProblemKind::Unreachable,
            "the connection is refused: nothing listens there",
            "Check that the server runs and that the port is right.",
        ),
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
            problem(
                ProblemKind::Unreachable,
                "the connection was cut",
                "Something between here and there may forbid it: a firewall, a proxy, the server itself.",
            )
        }
        Some(ErrorKind::UnexpectedEof) => problem(
            ProblemKind::Unreachable,
            "the server closed the connection without an answer",
            "Check the server's log.",
        ),
        // A host of one's own subnet that is switched off is told so, too.
        Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable) => ends_here(
            "there is no way there from here",
            "Where other hosts answer, check that this one runs, and the way to it; else the network of this machine.",
        ),
        // So are name servers of the zone that fail, or a signature of it that is not good: the resolver hands their failure on.
        _ if text.contains("failure in name resolution") || text.ends_with(": Try again") => {
            ends_here(
                text,
                "Where other names resolve, check the name servers of this one and its DNSSEC; else the network of this machine and its resolver.",
            )
        }
        Some(ErrorKind::TimedOut) => timeout(system, what, None),
        _ => problem(
            ProblemKind::Unreachable,
            text,
            "Check name, port and network.",
        ),
    }
}

/// Words that this process, or this machine, may open no more files: connections are such.
pub fn starved(system: &'static str, what: &str) -> Problem {
    Problem::new(
        ProblemKind::Offline,
        system,
        what,
        "too many open files here: no connection can be made",
        "Raise the limit of open files (`ulimit -n`) of the shell or unit that starts it, to 256 say.",
    )
}

/// Whether an error of the system says that there are too many open files, of this process or of all.
pub fn is_starved(text: &str) -> bool {
    text.contains("oo many open files")
}

/// Files that a look-up takes at once.
const OF_A_LOOKUP: usize = 4;

/// Whether this process may not open what a look-up takes.
fn has_no_file_left() -> bool {
    let held = std::io::stderr();
    let more: Vec<_> = (0..OF_A_LOOKUP)
        .map(|_| held.as_fd().try_clone_to_owned())
        .collect();
    let mut failed = more.iter().filter_map(|file| file.as_ref().err());
    failed.any(|e| is_starved(&e.to_string()))
}

/// Words an answer that did not come in time.
pub fn timeout(system: &'static str, what: &str, deadline: Option<std::time::Duration>) -> Problem {
    let why = match deadline {
        Some(d) => format!("no answer within {:.0} s", d.as_secs_f64().max(1.0)),
        None => "no answer in time".to_owned(),
    };
    Problem::new(
        ProblemKind::Timeout,
        system,
        what,
        why,
        "It is asked again by itself; check the server and the way there if it lasts.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_open_files_are_none_of_the_server_s() {
        for code in [24, 23] {
            let error = std::io::Error::from_raw_os_error(code);
            let p = connection("redis", "w", Some(error.kind()), &error.to_string());
            assert_eq!(p.kind, ProblemKind::Offline, "{p}");
            assert!(p.why.starts_with("too many open files"), "{p}");
        }
        let text = "failed to lookup address information: Name or service not known";
        let p = connection("redis", "w", None, text);
        assert_eq!((p.kind, p.why.as_str()), (ProblemKind::Unreachable, text));
        assert!(!p.ends_here, "the resolver answered");
    }

    #[test]
    fn what_may_lie_here_or_there_names_both() {
        let text = "failed to lookup address information: Temporary failure in name resolution";
        let name = connection("https", "w", None, text);
        assert!(
            name.ends_here && name.fix.contains("name servers"),
            "{name:?}"
        );
        let host = std::io::Error::from(ErrorKind::HostUnreachable);
        let host = connection("redis", "w", Some(host.kind()), &host.to_string());
        assert!(
            host.ends_here && host.fix.contains("other hosts"),
            "{host:?}"
        );
    }

    #[test]
    fn an_authority_with_a_key_of_another_kind_is_told_in_words() {
        let error = CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: vec![6, 8, 42],
            public_key_algorithm_id: vec![6, 9, 42],
        };
        let said = untrusted(&Error::InvalidCertificate(error), None);
        assert!(said.contains("trusted authority of that name"), "{said}");
    }
}
