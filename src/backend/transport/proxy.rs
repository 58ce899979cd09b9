//! The proxy that the environment names: AWS's SDK and the client of the other vendors ask through it, and what fails at it reads as if
//! the vendor were out of reach. Of its user and password nothing is told.

use super::courier::is_near;
use super::evidence::{Evidence, Reach};

/// What stands for AWS's hosts where none is named.
const AWS: &str = "amazonaws.com";

/// A proxy on the way.
#[derive(Debug, PartialEq, Eq)]
struct Proxy {
    /// The variable that names it.
    variable: &'static str,
    /// Its host and port.
    place: String,
}

/// Why a call failed and what to do, with the proxy that stands on the way to `at`, where one does.
pub(super) fn told(at: &str, seen: &Evidence, why: String, fix: String) -> (String, String) {
    let on_the_way = matches!(
        seen.reach,
        Reach::NoConnection | Reach::NoReply | Reach::Cut
    );
    match named(at, |name| std::env::var(name).ok()) {
        Some(proxy) if on_the_way && seen.credentials.is_none() => proxy.told(at, seen, why, fix),
        _ => (why, fix),
    }
}

impl Proxy {
    fn told(&self, at: &str, seen: &Evidence, why: String, fix: String) -> (String, String) {
        let Self { variable, place } = self;
        let chain = seen.chain.to_lowercase();
        // The way through it is a tunnel, but for what is asked without TLS: then it alone is connected to.
        let is_its = chain.contains("tunnel") || at.starts_with("http://");
        if seen.reach != Reach::NoConnection || !is_its {
            return (format!("{why}; {variable} names the proxy {place}"), fix);
        }
        let has = |words: &[&str]| words.iter().any(|w| chain.contains(w));
        let reason = if has(&["connection refused"]) {
            "nothing listens there (connection refused)".to_owned()
        } else if has(&["dns error", "failed to lookup", "not known"]) {
            "its host name does not resolve".to_owned()
        } else if has(&["authorization required"]) {
            "it asks for a name and a password (HTTP 407)".to_owned()
        } else if has(&["unsuccessful"]) {
            "it refuses to go on to there".to_owned()
        } else if has(&["timeout", "timed out"]) {
            "no connection to it in time".to_owned()
        } else {
            seen.chain_tail()
        };
        (
            format!("no way to {at} through the proxy {place} ({variable}): {reason}"),
            format!(
                "Check {variable} and the proxy; NO_PROXY names what is to be asked without it."
            ),
        )
    }
}

/// The proxy for calls to an endpoint, by the rules of the clients: the scheme's own variable before the one for all, capitals before
/// small letters, and NO_PROXY before either.
fn named(at: &str, env: impl Fn(&str) -> Option<String>) -> Option<Proxy> {
    let (scheme, rest) = at.split_once("://").unwrap_or(("https", AWS));
    let host = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    if is_near(host) {
        return None;
    }
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|n| Some((n, env(n)?)));
    let without = first(["NO_PROXY", "no_proxy"]);
    if without.is_some_and(|(_, list)| excepts(&list, host)) {
        return None;
    }
    let own = match scheme {
        "http" => ["HTTP_PROXY", "http_proxy"],
        _ => ["HTTPS_PROXY", "https_proxy"],
    };
    let of = |names| {
        let (variable, value) = first(names)?;
        let place = place(&value)?;
        Some(Proxy { variable, place })
    };
    of(own).or_else(|| of(["ALL_PROXY", "all_proxy"]))
}

/// Whether a list of hosts and domains that are asked without a proxy holds a host.
fn excepts(list: &str, host: &str) -> bool {
    let mut all = list.split(',').map(|e| e.trim().trim_start_matches('.'));
    all.any(|e| {
        let before = host.strip_suffix(e).filter(|_| !e.is_empty());
        e == "*" || before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// Host and port of a proxy's address; nothing where that is none, which may hold anything.
fn place(address: &str) -> Option<String> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    // A user and a password may hold every other sign.
    let rest = rest.rsplit('@').next().unwrap_or(rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    (!place.is_empty() && place.chars().all(is_of_a_name)).then(|| place.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(at: &str, env: &[(&str, &str)]) -> Option<Proxy> {
        let value = |name: &str| {
            let found = env.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        named(at, value)
    }

    #[test]
    fn the_proxy_is_named_by_the_variable_that_holds_and_never_with_its_password() {
        let named = |at: &str, env: &[(&str, &str)]| of(at, env).map(|p| (p.variable, p.place));
        let secret = "http://ana:hun/ter2@proxy.example:3128/";
        let https = ("HTTPS_PROXY", secret);
        let told = Some(("HTTPS_PROXY", "proxy.example:3128".to_owned()));
        assert_eq!(named("AWS in eu-west-1", &[https]), told);
        assert_eq!(named("https://api.vercel.com", &[https]), told);
        assert_eq!(named("http://api.example", &[https]), None);
        assert_eq!(named("https://127.0.0.1:8443", &[https]), None);
        let all = [("https_proxy", ""), ("ALL_PROXY", "10.0.0.9:8080")];
        let told = Some(("ALL_PROXY", "10.0.0.9:8080".to_owned()));
        assert_eq!(named("https://slack.com/api", &all), told);
        for (list, excepted) in [
            (".vercel.com", true),
            ("other, api.vercel.com", true),
            ("*", true),
            ("cel.com", false),
            ("", false),
        ] {
            let env = [https, ("NO_PROXY", list)];
            let told = named("https://api.vercel.com/", &env);
            assert_eq!(told.is_none(), excepted, "{list}");
        }
    }

    #[test]
    fn what_fails_at_the_proxy_is_not_laid_to_the_vendor() {
        let proxy = of("AWS in eu-west-1", &[("HTTPS_PROXY", "http://p:1")]).unwrap();
        let told = |reach, chain: &str| {
            let seen = Evidence {
                reach,
                chain: chain.to_owned(),
                ..Evidence::default()
            };
            let (why, fix) = ("no answer".to_owned(), "Wait.".to_owned());
            proxy.told("AWS in eu-west-1", &seen, why, fix)
        };
        let (why, fix) = told(
            Reach::NoConnection,
            "client error (Connect): tunnel error: failed to create underlying connection: tcp connect error: Connection refused",
        );
        let wanted = "no way to AWS in eu-west-1 through the proxy p:1 (HTTPS_PROXY): nothing listens there (connection refused)";
        assert_eq!(why, wanted);
        assert!(fix.contains("HTTPS_PROXY"), "{fix}");
        let (why, _) = told(
            Reach::NoConnection,
            "tunnel error: proxy authorization required",
        );
        assert!(why.contains("HTTP 407"), "{why}");
        let (why, fix) = told(Reach::NoReply, "");
        assert_eq!(why, "no answer; HTTPS_PROXY names the proxy p:1");
        assert_eq!(fix, "Wait.");
    }
}
