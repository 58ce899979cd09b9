//! How URLs treat strangers: whether they refuse who brings no credentials, whether a limit answers, what cookies and other sites'
//! access let pages of others do. A part of the security page.

use jiff::Timestamp;

use super::words::ago;
use super::{Cell, Head, Section, Tone};
use crate::domain::facts::Facts;
use crate::domain::guard::GuardProbe;

const HEADS: &[Head] = &[
    Head::left("url", 30).grow(3),
    Head::left("without credentials", 19),
    Head::left("limit", 20),
    Head::left("other sites", 11).drop(2),
    Head::left("why not better", 24).grow(3).drop(1),
];

/// The section.
pub(super) fn section(facts: &Facts, now: Timestamp) -> Section {
    let none = "No URL is asked as a stranger: add [[probes.https]] and [[probes.protected]] to flightdeck.toml.";
    let mut section = match facts.guards.values().next() {
        Some(part) => Section::of(part, now, "strangers", "Strangers", HEADS, none),
        None => Section::unasked("https:GET", "strangers", "Strangers", HEADS, none),
    };
    for (url, part) in &facts.guards {
        match &part.value {
            Some(seen) => section.row(url, cells(seen, now), seen),
            None => {
                let why = part.error.as_ref().map_or("asking ...", |p| p.why.as_str());
                let mut cells = vec![Cell::name(bare(url))];
                cells.extend(["?", "-", "?"].map(Cell::plain));
                cells.push(Cell::new(why, Tone::Unknown));
                section.row(url, cells, &serde_json::json!({"url": url}));
            }
        }
    }
    section
}

/// A URL without what all of them begin with.
fn bare(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url)
}

fn cells(seen: &GuardProbe, now: Timestamp) -> Vec<Cell> {
    let answer = match (seen.protected, seen.status) {
        _ if seen.mitigated.is_some() => Cell::new("?", Tone::Unknown),
        (true, _) if seen.refusal().is_some() => Cell::plain(seen.refusal().unwrap_or_default()),
        (true, 200..=299) => Cell::new(format!("{} let in", seen.status), Tone::Bad),
        (true, status) => Cell::new(status.to_string(), Tone::Warn),
        (false, status) => Cell::muted(format!("{status} open to all")),
    };
    let limit = match (&seen.burst, seen.burst_allowed) {
        (Some(b), _) if b.limited => Cell::plain(format!(
            "429 after {}, {} ago",
            b.sent,
            ago(Some(b.at), now)
        )),
        (Some(b), _) if b.problem.is_some() => Cell::new("?", Tone::Unknown),
        (Some(b), _) => Cell::new(format!("no 429 after {}", b.sent), Tone::Warn),
        (None, Some(_)) => Cell::new("?", Tone::Unknown),
        (None, None) => Cell::muted("not tried"),
    };
    if let Some(why) = seen.any_mitigated() {
        let mut cells = vec![Cell::name(bare(&seen.url)), answer, limit];
        cells.extend([Cell::muted("-"), Cell::new(why, Tone::Unknown)]);
        return cells;
    }
    let grade = seen.grade();
    if let Some(why) = seen.shows_nothing().filter(|_| grade.reasons.is_empty()) {
        let mut cells = vec![Cell::name(bare(&seen.url)), answer, limit];
        cells.extend([Cell::muted("-"), Cell::muted(why)]);
        return cells;
    }
    let tone = match grade.letter.as_str() {
        "A+" | "A" => Tone::Plain,
        "F" => Tone::Bad,
        _ => Tone::Warn,
    };
    vec![
        Cell::name(bare(&seen.url)),
        answer,
        limit,
        Cell::new(&grade.letter, tone),
        Cell::plain(grade.reasons.join("; ")),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::guard::{Burst, Cookie};
    use crate::domain::part::Part;

    fn worst(change: impl FnOnce(&mut GuardProbe)) -> Tone {
        let now = Timestamp::UNIX_EPOCH;
        let mut seen = GuardProbe {
            url: "https://a.example/v1".into(),
            protected: true,
            status: 401,
            challenge: None,
            location: None,
            mitigated: None,
            cors_mitigated: None,
            cookies: Vec::new(),
            sharing: Vec::new(),
            burst_allowed: None,
            burst: None,
        };
        change(&mut seen);
        assert_eq!(cells(&seen, now)[0].text, "a.example/v1");
        let mut facts = Facts::default();
        let part = Part::answered(seen, now, "https:x", Duration::from_secs(300));
        facts.guards.insert("https://a.example/v1".into(), part);
        section(&facts, now).worst()
    }

    #[test]
    fn whoever_is_let_in_is_bad_and_no_limit_is_a_warning() {
        assert_eq!(worst(|_| {}), Tone::Ok);
        assert_eq!(worst(|p| p.status = 204), Tone::Bad);
        assert_eq!(worst(|p| p.status = 302), Tone::Warn);
        let login = |p: &mut GuardProbe| {
            (p.status, p.location) = (302, Some("a.example/login".into()));
        };
        assert_eq!(worst(login), Tone::Ok);
        let challenged = |p: &mut GuardProbe| p.mitigated = Some("challenged".into());
        assert_eq!(worst(challenged), Tone::Unknown);
        let elsewhere = |p: &mut GuardProbe| p.cors_mitigated = Some("challenged".into());
        assert_eq!(worst(elsewhere), Tone::Unknown);
        assert_eq!(worst(|p| (p.status, p.protected) = (200, false)), Tone::Ok);
        let burst = Burst {
            at: Timestamp::UNIX_EPOCH,
            most: 9,
            sent: 9,
            took_ms: 1,
            limited: false,
            retry_after: None,
            problem: None,
        };
        assert_eq!(worst(|p| p.burst = Some(burst)), Tone::Warn);
        let cookie = Cookie {
            name: "sid".into(),
            secure: true,
            http_only: true,
            same_site: None,
        };
        assert_eq!(worst(|p| p.cookies.push(cookie)), Tone::Warn);
    }
}
