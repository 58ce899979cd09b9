//! How URLs treat strangers: three requests that change nothing (GET, GET from another site's page, and the question that browsers
//! ask before they send what changes something), and, where the configuration allows it, a bounded burst.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, LOCATION, SET_COOKIE,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName};
use reqwest::Method;

use super::{Https, edge};
use crate::config::ProbeConfig;
use crate::domain::guard::{Cookie, GuardProbe, Sharing};
use crate::domain::problem::Problem;
use crate::domain::text::{clip, inert};

/// The other site. Nobody can have it (RFC 2606, section 2).
const STRANGER: &str = "https://flightdeck-probe.invalid";

/// Columns kept of a value.
const VALUE: usize = 200;

/// Cookies looked at in one answer.
const COOKIES: usize = 50;

/// A URL to be asked as a stranger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardTarget {
    /// URL.
    pub url: String,
    /// Whether it takes credentials, by the configuration.
    pub protected: bool,
    /// Requests that a burst may have.
    pub burst: Option<u32>,
}

impl GuardTarget {
    /// Every URL that is probed, those that take credentials with what may be done there.
    pub fn all(probes: &ProbeConfig) -> Vec<Self> {
        let protected = probes.protected.iter().map(|t| Self {
            url: t.url.clone(),
            protected: true,
            burst: t.burst,
        });
        let mut all: Vec<Self> = protected.collect();
        for target in &probes.https {
            if !all.iter().any(|t| t.url == target.url) {
                all.push(Self {
                    url: target.url.clone(),
                    protected: false,
                    burst: None,
                });
            }
        }
        all
    }
}

impl Https {
    /// Asks as a stranger.
    ///
    /// # Errors
    /// Where no answer comes. Any status is an answer.
    pub async fn guard(&self, target: &GuardTarget) -> Result<GuardProbe, Problem> {
        let what = format!("Cannot ask {} as a stranger", target.url);
        let ask = async |method: Method, headers: &[(&str, &str)]| {
            let sent = self.send(&self.client, method, &target.url, &what, headers);
            self.line.track(sent).await
        };
        let plain = ask(Method::GET, &[]).await?;
        let page = ask(Method::GET, &[("origin", STRANGER)]).await?;
        // A state-changing request is asked about and never sent.
        let preflight = [
            ("origin", STRANGER),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ];
        let before = ask(Method::OPTIONS, &preflight).await?;
        let mut found: Vec<Cookie> = Vec::new();
        for answer in [&plain, &page, &before] {
            for cookie in cookies(answer.headers()) {
                if !found.contains(&cookie) {
                    found.push(cookie);
                }
            }
        }
        // The edge may let a plain question through and challenge one that comes from elsewhere: how strangers are refused is told by
        // the former alone.
        let mitigated = edge::mitigated(plain.status(), plain.headers());
        let cors_mitigated = [&page, &before]
            .into_iter()
            .find_map(|a| edge::mitigated(a.status(), a.headers()));
        let burst = match target.burst {
            Some(most) => Some(self.burst(&target.url, most).await),
            None => None,
        };
        Ok(GuardProbe {
            url: target.url.clone(),
            protected: target.protected,
            status: plain.status().as_u16(),
            challenge: value(plain.headers(), &WWW_AUTHENTICATE),
            location: place(plain.headers(), &target.url),
            mitigated,
            cors_mitigated,
            cookies: found,
            sharing: vec![
                sharing("GET", page.headers()),
                sharing("OPTIONS", before.headers()),
            ],
            burst_allowed: target.burst,
            burst,
        })
    }
}

/// A header as received, inert and short.
pub(super) fn value(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let raw = headers.get(name)?.as_bytes();
    Some(clip(&inert(&String::from_utf8_lossy(raw)), VALUE))
}

/// Where an answer sends on to, host and path: what stands behind them may be a token of its own.
fn place(headers: &HeaderMap, asked: &str) -> Option<String> {
    let raw = headers.get(LOCATION)?;
    let raw = String::from_utf8_lossy(raw.as_bytes());
    let to = reqwest::Url::parse(asked).ok()?.join(&raw).ok()?;
    let host = to.host_str().unwrap_or_default();
    Some(clip(&inert(&format!("{host}{}", to.path())), VALUE))
}

fn sharing(method: &str, headers: &HeaderMap) -> Sharing {
    Sharing {
        method: method.to_owned(),
        origin: STRANGER.to_owned(),
        allow_origin: value(headers, &ACCESS_CONTROL_ALLOW_ORIGIN),
        // Fetch, "CORS check": the value is `true`, in lower case, or it does not count.
        credentials: headers
            .get(ACCESS_CONTROL_ALLOW_CREDENTIALS)
            .is_some_and(|v| v.as_bytes() == b"true"),
    }
}

/// The cookies that an answer sets; their values are not looked at. One that ends at once takes a cookie away.
fn cookies(headers: &HeaderMap) -> Vec<Cookie> {
    let all = headers.get_all(SET_COOKIE).iter().take(COOKIES);
    all.filter_map(|raw| cookie(&String::from_utf8_lossy(raw.as_bytes())))
        .collect()
}

fn cookie(text: &str) -> Option<Cookie> {
    let mut parts = text.split(';');
    let (name, _) = parts.next()?.split_once('=')?;
    let mut cookie = Cookie {
        name: clip(&inert(name.trim()), VALUE),
        secure: false,
        http_only: false,
        same_site: None,
    };
    for attribute in parts {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => cookie.same_site = Some(clip(&inert(value), VALUE)),
            "max-age" if value.starts_with(['0', '-']) => return None,
            _ => {}
        }
    }
    Some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{HttpsTarget, ProtectedTarget};

    #[test]
    fn a_cookie_is_read_without_its_value() {
        let got = cookie(" session=s3cret=x; Path=/; SECURE ; HttpOnly; SameSite=Lax").unwrap();
        assert_eq!(got.name, "session");
        assert!(got.secure && got.http_only);
        assert_eq!(got.same_site.as_deref(), Some("Lax"));
        assert!(!format!("{got:?}").contains("s3cret"));
        let bare = cookie("a=b").unwrap();
        assert!(!bare.secure && !bare.http_only && bare.same_site.is_none());
        assert_eq!(cookie("a=; Max-Age=0; Path=/"), None, "it is taken away");
        assert_eq!(cookie("nonsense"), None);
    }

    #[test]
    fn a_redirect_is_told_by_host_and_path_alone() {
        let to = |location: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, http::HeaderValue::from_static(location));
            place(&headers, "https://a.example/v1/me")
        };
        assert_eq!(to("/login?state=s3cret").unwrap(), "a.example/login");
        let other = to("https://ana:hunter2@id.example/authorize#s3cret");
        assert_eq!(other.unwrap(), "id.example/authorize");
        assert_eq!(place(&HeaderMap::new(), "https://a.example/"), None);
    }

    #[test]
    fn a_url_is_asked_once_with_what_is_allowed_there() {
        let url = |path: &str| format!("https://a.example{path}");
        let probes = ProbeConfig {
            https: ["/health", "/v1"]
                .map(|path| HttpsTarget {
                    url: url(path),
                    expect_status: 200,
                    verifies: None,
                })
                .into(),
            protected: vec![ProtectedTarget {
                url: url("/v1"),
                burst: Some(9),
            }],
            ..ProbeConfig::default()
        };
        let all = GuardTarget::all(&probes);
        let shown: Vec<_> = all
            .iter()
            .map(|t| (t.url.as_str(), t.protected, t.burst))
            .collect();
        assert_eq!(
            shown,
            [
                ("https://a.example/v1", true, Some(9)),
                ("https://a.example/health", false, None)
            ]
        );
    }
}
