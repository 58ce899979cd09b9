//! The endpoints that environment and profile name. The SDK passes over one that it cannot read and asks AWS itself: whoever meant an
//! emulator would change production. One service may have another one than the rest.

use std::ffi::OsString;

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// What the SDK reads (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>): this, and the same with
/// a service's name behind it.
const NAME: &str = "AWS_ENDPOINT_URL";
/// Set to `true`, none of them counts.
const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// The first endpoint among variables that is no URL, in words.
pub fn mistake(variables: impl Iterator<Item = (OsString, OsString)>) -> Option<Problem> {
    let mut wrong = None;
    for (name, value) in variables {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        if name == IGNORE && value.eq_ignore_ascii_case("true") {
            return None;
        }
        let ours = name == NAME || name.starts_with("AWS_ENDPOINT_URL_");
        if let Some(why) = ours.then(|| flaw(&value)).flatten() {
            wrong.get_or_insert_with(|| word(&name, &why));
        }
    }
    wrong
}

/// Why a text is no endpoint, if so. A path is none of the reasons: the SDK puts it before its own. What may be a password is
/// not repeated.
fn flaw(text: &str) -> Option<String> {
    let shown = inert(text);
    if text.trim().is_empty() {
        return Some("set, and empty".into());
    }
    if text.trim() != text {
        return Some(format!("\"{shown}\", with a blank before or after it"));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some(format!(
            "\"{shown}\", which has no scheme: http://{shown} may be meant"
        ));
    };
    if !["http", "https"].contains(&scheme.to_lowercase().as_str()) {
        let scheme = inert(scheme);
        return Some(format!(
            "a URL of scheme {scheme}://: AWS is spoken to over http:// or https://"
        ));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.contains('@') {
        return Some("a URL with a user or password in it, which no AWS API takes".into());
    }
    if rest.contains(['?', '#']) {
        return Some(format!("\"{shown}\", with a query or fragment behind it"));
    }
    let host = text.parse::<http::Uri>().ok();
    let host = host.as_ref().and_then(|uri| uri.host());
    match host {
        Some(host) if !host.is_empty() => None,
        _ => Some(format!("\"{shown}\", which names no host")),
    }
}

/// The endpoint of ECS, as its client takes it from a configuration.
pub fn of_ecs(sdk: &SdkConfig) -> Option<String> {
    of(sdk, "ECS")
}

/// The endpoint of a service, by its id, as an SDK client takes it from a configuration: the one that was set for all clients, else the
/// one for it alone (of the environment, or of the services that the profile names), else the one for all of these. `None`: AWS's own.
pub fn of(sdk: &SdkConfig, service: &str) -> Option<String> {
    let all = sdk.endpoint_url().map(str::to_owned);
    if sdk.get_origin("endpoint_url").is_client_config() {
        return all;
    }
    let key = ServiceConfigKey::builder().service_id(service).env(NAME);
    let key = key.profile("endpoint_url").build().ok();
    let own = sdk.service_config().zip(key);
    own.and_then(|(of, key)| of.load_config(key)).or(all)
}

/// An endpoint as it is named and compared: scheme, host, port and path. Case, the scheme's own port and a last slash make no other one.
pub fn worded(url: &str) -> String {
    let uri: Option<http::Uri> = url.parse().ok();
    let parts =
        |uri: &http::Uri| Some((uri.scheme_str()?.to_lowercase(), uri.host()?.to_lowercase()));
    let Some((uri, (scheme, host))) = uri.and_then(|uri| parts(&uri).map(|of| (uri, of))) else {
        return url.to_owned();
    };
    let own = match scheme.as_str() {
        "https" => 443,
        _ => 80,
    };
    let port = uri.port_u16().filter(|port| *port != own);
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    format!(
        "{scheme}://{host}{port}{}",
        uri.path().trim_end_matches('/')
    )
}

fn word(name: &str, why: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "aws",
        "Cannot ask AWS",
        format!("{} is {why}", inert(name)),
        format!(
            "Set it to a URL such as http://127.0.0.1:4566, or unset it to ask AWS itself: unset {}",
            inert(name)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_endpoint_has_one_word() {
        for (url, word) in [
            ("http://h:4566", "http://h:4566"),
            ("http://h:4566/", "http://h:4566"),
            ("HTTP://H:80/", "http://h"),
            ("https://h:443", "https://h"),
            ("https://h:80", "https://h:80"),
            ("http://[::1]:4566/aws//", "http://[::1]:4566/aws"),
            ("no url", "no url"),
        ] {
            assert_eq!(worded(url), word);
        }
    }

    /// What the environment or a profile says of ECS alone.
    #[derive(Debug)]
    struct Own;

    impl aws_types::service_config::LoadServiceConfig for Own {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let asked = (key.service_id(), key.env(), key.profile());
            (asked == ("ECS", NAME, "endpoint_url")).then(|| "http://127.0.0.1:4566".into())
        }
    }

    #[test]
    fn ecs_is_asked_where_its_own_endpoint_says_unless_one_is_set_for_all_clients() {
        use aws_types::origin::Origin;
        let all = || SdkConfig::builder().endpoint_url("http://all:1");
        assert_eq!(of_ecs(&SdkConfig::builder().build()), None);
        assert_eq!(of_ecs(&all().build()).as_deref(), Some("http://all:1"));
        let with = |origin| {
            let mut sdk = all().service_config(Own);
            sdk.insert_origin("endpoint_url", origin);
            of_ecs(&sdk.build())
        };
        let told = with(Origin::shared_environment_variable());
        assert_eq!(told.as_deref(), Some("http://127.0.0.1:4566"));
        let told = with(Origin::shared_config());
        assert_eq!(told.as_deref(), Some("http://all:1"));
        // Of another service it says nothing.
        let other = all().service_config(Own).build();
        assert_eq!(of(&other, "RDS").as_deref(), Some("http://all:1"));
        let alone = SdkConfig::builder().service_config(Own).build();
        assert_eq!(of_ecs(&alone).as_deref(), Some("http://127.0.0.1:4566"));
    }

    fn wrong(variables: &[(&str, &str)]) -> Option<String> {
        let pairs = variables.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        mistake(pairs).map(|p| p.why)
    }

    #[test]
    fn what_is_no_url_is_not_passed_over() {
        assert_eq!(
            wrong(&[(NAME, "http://127.0.0.1:4566"), ("HOME", "x")]),
            None
        );
        assert_eq!(wrong(&[(NAME, "https://[::1]:4566/aws/")]), None);
        for (url, words) in [
            ("", "empty"),
            (" ", "empty"),
            ("http://x ", "a blank"),
            ("127.0.0.1:4566", "http://127.0.0.1:4566 may be meant"),
            ("localhost", "no scheme"),
            ("ftp://x", "ftp://"),
            ("http://", "no host"),
            ("http:///path", "no host"),
            ("http://x?a=b", "a query"),
            ("http://ana:hunter2@x", "password"),
        ] {
            let said = wrong(&[(NAME, url)]).unwrap();
            assert!(said.contains(words), "{url}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(wrong(&[("AWS_ENDPOINT_URL_ECS", "nonsense")]).is_some());
        assert_eq!(wrong(&[(NAME, "nonsense"), (IGNORE, "true")]), None);
    }
}
