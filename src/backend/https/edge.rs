//! Answers that are the edge's own: a bot challenge, or its firewall's word to this machine. They say nothing of what is behind it.
//! Cloudflare: `cf-mitigated: challenge` ("Detect a Challenge Page response"), with 403, and with 429 by Super Bot Fight Mode; Vercel:
//! `x-vercel-mitigated: challenge` with 403 or 429, `deny` by its firewall.

use http::{HeaderMap, StatusCode};

/// What the edge did in the host's place, in words; `None`: the host itself answered, as far as headers tell.
pub(super) fn mitigated(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let says = |name: &str, word: &str| {
        let told = headers.get(name).map(|v| v.as_bytes().trim_ascii());
        told.is_some_and(|v| v.eq_ignore_ascii_case(word.as_bytes()))
    };
    let (who, did) = if says("cf-mitigated", "challenge") {
        ("Cloudflare", "challenged this machine (bot protection)")
    } else if says("x-vercel-mitigated", "challenge") {
        ("Vercel", "challenged this machine (bot protection)")
    } else if says("x-vercel-mitigated", "deny") && status != StatusCode::TOO_MANY_REQUESTS {
        // A rate limit of its firewall denies as well, and is what a burst asks for.
        ("Vercel", "turned this machine away (its firewall)")
    } else {
        return None;
    };
    Some(format!("{who} {did}: let its address through"))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn what_the_edge_says_for_itself_is_told_from_what_the_host_says() {
        let told = |name: &'static str, value: &'static str, status: u16| {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
            mitigated(StatusCode::from_u16(status).unwrap(), &headers)
        };
        let by = |name, value, status| {
            let words = told(name, value, status).unwrap();
            words.split(' ').next().unwrap().to_owned()
        };
        assert_eq!(by("cf-mitigated", "challenge", 403), "Cloudflare");
        assert_eq!(by("x-vercel-mitigated", "Challenge", 429), "Vercel");
        assert_eq!(by("x-vercel-mitigated", "deny", 403), "Vercel");
        assert_eq!(told("x-vercel-mitigated", "deny", 429), None, "a limit");
        assert_eq!(told("cf-ray", "challenge", 403), None);
        assert_eq!(told("cf-mitigated", "", 403), None);
    }
}
