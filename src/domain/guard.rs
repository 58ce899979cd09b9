//! How a URL treats strangers, seen from outside: whether it refuses who brings no credentials (RFC 9110, sections 15.5.2 and
//! 15.5.4), what its cookies let happen (RFC 6265bis, "Cookies: HTTP State Management Mechanism"), which sites may read it (WHATWG
//! Fetch, "CORS protocol"), and whether a limit answers (RFC 6585, section 4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::probe::Grade;
use crate::domain::order::Ordered;

/// A cookie that an answer sets, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cookie {
    /// Name.
    pub name: String,
    /// Sent over TLS alone.
    pub secure: bool,
    /// Kept from scripts.
    pub http_only: bool,
    /// `Strict`, `Lax`, `None` as received; `None` where the answer leaves it to the browser.
    pub same_site: Option<String>,
}

/// A fault with how much it weighs: the letter that it leaves.
type Fault = (&'static str, String);

impl Cookie {
    fn faults(&self) -> Vec<Fault> {
        let mut all = Vec::new();
        let name = &self.name;
        if !self.secure {
            all.push(("C", format!("cookie {name} is not Secure")));
        }
        match self.same_site.as_deref() {
            None => all.push(("C", format!("cookie {name} has no SameSite"))),
            Some(s) if s.eq_ignore_ascii_case("none") => all.push((
                "C",
                format!("cookie {name} is sent from other sites (SameSite=None)"),
            )),
            Some(s) if s.eq_ignore_ascii_case("lax") || s.eq_ignore_ascii_case("strict") => {}
            // Browsers take a word that they do not know for none at all.
            Some(s) => all.push(("C", format!("cookie {name} has no known SameSite ({s})"))),
        }
        // A token against forgery that a page repeats in a header has to be readable by the page.
        let lower = name.to_ascii_lowercase();
        let is_token = lower.contains("csrf") || lower.contains("xsrf");
        if !self.http_only && !is_token {
            all.push(("B", format!("cookie {name} is readable by scripts")));
        }
        all
    }
}

/// What an answer says to pages of another site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sharing {
    /// How it was asked: `GET`, or `OPTIONS` as browsers ask before they send something that changes.
    pub method: String,
    /// The other site, as the request named it.
    pub origin: String,
    /// `Access-Control-Allow-Origin`, as received.
    pub allow_origin: Option<String>,
    /// Whether `Access-Control-Allow-Credentials` is `true`.
    pub credentials: bool,
}

impl Sharing {
    fn fault(&self) -> Option<Fault> {
        let allowed = self.allow_origin.as_deref().map(str::trim)?;
        if !self.credentials {
            // What nobody has to sign in for may be read by everybody.
            return None;
        }
        let why = match allowed {
            "*" => "allows every origin together with credentials",
            "null" => "allows the origin null, which any page can have, with credentials",
            o if o.eq_ignore_ascii_case(&self.origin) => {
                "lets any other site read it with the user's credentials (the Origin is reflected)"
            }
            _ => return None,
        };
        Some(("F", format!("{} {why}", self.method)))
    }
}

/// A bounded burst of requests, sent to see whether a limit answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// When it began (UTC).
    pub at: Timestamp,
    /// How many were allowed.
    pub most: u32,
    /// How many were sent: none after the first 429.
    pub sent: u32,
    /// How long that took, milliseconds.
    pub took_ms: u64,
    /// Whether the last one was answered 429.
    pub limited: bool,
    /// `Retry-After` of that answer, as received.
    pub retry_after: Option<String>,
    /// Why it ended before that, if something went wrong.
    pub problem: Option<String>,
}

impl Burst {
    /// What was done and what came back.
    pub fn words(&self) -> String {
        let took = format!(
            "{} of at most {} requests in {:.1} s",
            self.sent,
            self.most,
            self.took_ms as f64 / 1_000.0
        );
        match (self.limited, &self.retry_after, &self.problem) {
            (true, Some(wait), _) => format!("429 after {took}, Retry-After: {wait}"),
            (true, None, _) => format!("429 after {took}"),
            (false, _, Some(why)) => format!("no limit seen after {took}: {why}"),
            (false, _, None) => format!("no 429 after {took}"),
        }
    }
}

/// A URL as strangers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuardProbe {
    /// URL asked.
    pub url: String,
    /// Whether the configuration says that it takes credentials.
    pub protected: bool,
    /// Status of a GET without credentials.
    pub status: u16,
    /// `WWW-Authenticate`, as received.
    pub challenge: Option<String>,
    /// Host and path that it sends on to (`Location`); `None` where it does not.
    pub location: Option<String>,
    /// What the edge did in the host's place to the GET without credentials, such as a bot challenge; `None`: nothing.
    pub mitigated: Option<String>,
    /// The same of what was asked as another site's page.
    pub cors_mitigated: Option<String>,
    /// Cookies that the answers set.
    pub cookies: Vec<Cookie>,
    /// What they say to another site's pages.
    pub sharing: Vec<Sharing>,
    /// How many requests a burst may have; `None`: nobody allows one.
    pub burst_allowed: Option<u32>,
    /// The last burst.
    pub burst: Option<Burst>,
}

/// Words of a host or a path by which a page is known to ask who somebody is.
const SIGN_IN: &[&str] = &[
    "login",
    "signin",
    "logon",
    "auth",
    "authorize",
    "authenticate",
    "oauth",
    "oauth2",
    "oidc",
    "openid",
    "sso",
    "saml",
    "saml2",
    "idp",
];

impl GuardProbe {
    /// How it refuses who brings no credentials, in words: 401, 403, or the way to a page where one signs in. `None`: it does not,
    /// or what answered was the edge.
    pub fn refusal(&self) -> Option<String> {
        if self.mitigated.is_some() {
            return None;
        }
        match self.status {
            401 | 403 => Some(format!("{} refused", self.status)),
            302 | 303 | 307 => {
                let asked = self.url.split_once("://").map_or("", |(_, rest)| rest);
                let asked = asked.split(['?', '#']).next().unwrap_or_default();
                let leads = |to: &&str| sign_ins(to) > sign_ins(asked);
                let to = self.location.as_deref().filter(leads)?;
                Some(format!("{} to {to}", self.status))
            }
            _ => None,
        }
    }

    /// What the edge did to any of the questions: what other sites' pages may do was not seen then.
    pub fn any_mitigated(&self) -> Option<&str> {
        let any = self.mitigated.as_deref();
        any.or(self.cors_mitigated.as_deref())
    }

    /// How well it is guarded against requests that other sites' pages make in a user's name. A+ is without fault; a cookie that
    /// scripts can read leaves B, one that other sites' requests carry C, an answer that other sites may read with credentials F.
    pub fn grade(&self) -> Grade {
        let cookies = self.cookies.iter().flat_map(Cookie::faults);
        let mut faults: Vec<Fault> = self
            .sharing
            .iter()
            .filter_map(Sharing::fault)
            .chain(cookies)
            .collect();
        faults.order_by(|a, b| b.0.cmp(a.0));
        faults.dedup();
        Grade {
            letter: faults.first().map_or("A+", |f| f.0).into(),
            reasons: faults.into_iter().map(|f| f.1).collect(),
        }
    }

    /// How users sign in, by the first word of the challenge; `None` where it does not say.
    fn scheme(&self) -> Option<&str> {
        let word = self.challenge.as_deref()?.split([' ', ',']).next()?;
        (!word.is_empty()).then_some(word)
    }

    /// Why that nothing is at fault proves nothing: what a page of another site could misuse was not seen. `None`: it was seen, or
    /// there is none, since the credentials are such that a browser never sends them by itself (RFC 6750, section 5.2).
    pub fn shows_nothing(&self) -> Option<&'static str> {
        let by_browsers = |word: &str| {
            let all = ["basic", "digest", "negotiate", "ntlm"];
            all.contains(&word.to_ascii_lowercase().as_str())
        };
        let challenge = self.challenge.as_deref().unwrap_or_default();
        let mut words = challenge.split([' ', ',']);
        match self.scheme() {
            _ if !self.cookies.is_empty() => None,
            _ if !self.protected => Some("set no cookie"),
            None => Some("set no cookie for strangers, and does not say how users sign in"),
            Some(_) if words.any(by_browsers) => {
                Some("set no cookie for strangers, and browsers send its credentials by themselves")
            }
            Some(_) => None,
        }
    }

    /// What was seen, where nothing is at fault.
    pub fn seen(&self) -> String {
        let cookies = match self.cookies.len() {
            0 => match self.scheme().filter(|_| self.protected) {
                Some(scheme) => format!("no cookie but {scheme}"),
                None => "no cookie".to_owned(),
            },
            1 => "1 cookie".to_owned(),
            n => format!("{n} cookies"),
        };
        let shared = self.sharing.iter().find_map(|s| s.allow_origin.as_deref());
        match shared {
            Some(origin) => format!("{cookies}, shared with {origin}"),
            None => format!("{cookies}, shared with no other site"),
        }
    }
}

/// How many words of a host and path are those of a page to sign in at. One that leads to itself, with a slash at its end perhaps,
/// gains none.
fn sign_ins(place: &str) -> usize {
    let place = place.to_ascii_lowercase();
    // `sign-in`, `log_in`: what joins two words makes one of them.
    let joined = place
        .replace("sign-in", "signin")
        .replace("sign_in", "signin");
    let joined = joined.replace("log-in", "login").replace("log_in", "login");
    let words = joined.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|w| SIGN_IN.contains(w)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_page_to_sign_in_at_is_a_refusal_and_no_other_way_is() {
        let sent = |status: u16, to: Option<&str>| {
            let mut probe = probe(Vec::new(), Vec::new());
            probe.status = status;
            probe.location = to.map(str::to_owned);
            probe.refusal().is_some()
        };
        for login in [
            "a.example/login",
            "a.example/users/sign_in",
            "a.example/Sign-In",
            "login.a.example/",
            "a.example/oauth2/authorize",
        ] {
            assert!(sent(302, Some(login)), "{login}");
        }
        for other in [
            "a.example/v1/",
            "a.example/blog",
            "author.a.example/",
            "a.example/loginless",
        ] {
            assert!(!sent(302, Some(other)), "{other}");
        }
        let mut itself = probe(Vec::new(), Vec::new());
        itself.url = "https://a.example/auth?next=1".into();
        (itself.status, itself.location) = (307, Some("a.example/auth/".into()));
        assert_eq!(itself.refusal(), None, "it leads to itself");
        assert!(!sent(302, None) && !sent(200, Some("a.example/login")));
        assert!(sent(401, None) && sent(403, None));
        let mut challenged = probe(Vec::new(), Vec::new());
        challenged.status = 403;
        challenged.mitigated = Some("Cloudflare challenged this machine".into());
        assert_eq!(challenged.refusal(), None, "a challenge refuses nobody");
    }

    fn cookie(name: &str, secure: bool, http_only: bool, same_site: Option<&str>) -> Cookie {
        Cookie {
            name: name.into(),
            secure,
            http_only,
            same_site: same_site.map(str::to_owned),
        }
    }

    fn sharing(allow_origin: &str, credentials: bool) -> Sharing {
        Sharing {
            method: "GET".into(),
            origin: "https://other.invalid".into(),
            allow_origin: Some(allow_origin.into()),
            credentials,
        }
    }

    fn probe(cookies: Vec<Cookie>, sharing: Vec<Sharing>) -> GuardProbe {
        GuardProbe {
            url: "https://a.example/".into(),
            protected: false,
            status: 200,
            challenge: None,
            location: None,
            mitigated: None,
            cors_mitigated: None,
            cookies,
            sharing,
            burst_allowed: None,
            burst: None,
        }
    }

    fn graded(cookies: Vec<Cookie>, sharing: Vec<Sharing>) -> (String, usize) {
        let grade = probe(cookies, sharing).grade();
        (grade.letter, grade.reasons.len())
    }

    #[test]
    fn cookies_are_graded_by_what_other_sites_can_do_with_them() {
        let strict = cookie("session", true, true, Some("Strict"));
        assert_eq!(graded(vec![strict], Vec::new()), ("A+".into(), 0));
        let token = cookie("XSRF-TOKEN", true, false, Some("Lax"));
        assert_eq!(graded(vec![token], Vec::new()), ("A+".into(), 0));
        let read = cookie("session", true, false, Some("lax"));
        assert_eq!(graded(vec![read], Vec::new()), ("B".into(), 1));
        for bad in [None, Some("None"), Some("Sometimes")] {
            let bad = cookie("session", true, true, bad);
            assert_eq!(graded(vec![bad], Vec::new()), ("C".into(), 1));
        }
        let worst = cookie("session", false, false, None);
        assert_eq!(graded(vec![worst], Vec::new()), ("C".into(), 3));
    }

    #[test]
    fn sharing_is_a_fault_with_credentials_alone() {
        let other = "https://other.invalid";
        for (origin, credentials, letter) in [
            ("*", false, "A+"),
            (other, false, "A+"),
            ("https://app.a.example", true, "A+"),
            ("*", true, "F"),
            ("null", true, "F"),
            (other, true, "F"),
        ] {
            let (got, _) = graded(Vec::new(), vec![sharing(origin, credentials)]);
            assert_eq!(got, letter, "{origin} {credentials}");
        }
    }
}
