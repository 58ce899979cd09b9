//! What is not safe, on one page: doors open to the world, public or unencrypted stores, old secrets, findings, and what hosts look
//! like from outside. It finds nothing itself: each line is what a system's own view says is not as it ought to be.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::json;

use super::connections::{Reached, SOON_DAYS};
use super::words::ago;
use super::{
    Cell, Found, Group, Head, Make, Pages, Row, Section, Tone, View, access, buckets, caches,
    cloudflare, connections, databases, findings, images, network, phrase, safety, secrets,
    strangers, walls,
};
use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::probe::Grade;
use crate::domain::severity::Severity;

pub(super) const VIEW: View = View {
    id: "security",
    title: "Security",
    doc: "What is not safe: open doors, public or unencrypted stores, old secrets, findings, TLS and headers",
    group: Group::Safety,
    lines: &[],
    needs: &[
        "identity",
        "outside",
        "alarms",
        "measures",
        "targets",
        "recovery_points",
        "recovery_points_abroad",
        "network",
        "access",
        "buckets",
        "databases",
        "db_vitals",
        "db_transit",
        "db_events",
        "caches",
        "secrets",
        "services",
        "definitions",
        "registry",
        "scanners",
        "walls",
        "cloudflare_zones",
        "cloudflare_records",
        "cloudflare_settings",
        "cloudflare_firewall",
        "cloudflare_traffic",
    ],
    make: Make::Pages(from),
};

const UNSAFE: &[Head] = &[
    Head::left("severity", 8),
    Head::right("age", 5),
    Head::left("finding", 30).grow(4),
    Head::left("place", 20).grow(3),
    Head::left("system", 10).grow(1).drop(1),
];

const HOSTS: &[Head] = &[
    Head::left("host", 24).grow(2),
    Head::left("tls", 4),
    Head::left("headers", 8),
    Head::right("days left", 9),
    Head::left("why", 30).grow(4),
];

/// The views that tell of what is unsafe.
pub(super) const TOLD_BY: &[&View] = &[
    &network::VIEW,
    &access::VIEW,
    &buckets::VIEW,
    &databases::VIEW,
    &caches::VIEW,
    &secrets::VIEW,
    &images::VIEW,
    &findings::VIEW,
    &walls::VIEW,
    &cloudflare::VIEW,
];

fn from(pages: &Pages<'_>) -> Vec<Section> {
    let (facts, now) = (pages.facts, pages.now);
    let outside = [hosts(facts, now), strangers::section(facts, now)];
    let mut found: Vec<(Worst, Section)> = outside.into_iter().map(of_itself).collect();
    for view in TOLD_BY.iter().filter(|v| v.applies(facts)) {
        for section in pages.of(view).iter() {
            if is_of_safety(view, section) && !safety::is_story(view, section) {
                found.extend(unsafe_rows(view, section, now));
            }
        }
    }
    found.extend(connections::sections(facts, now).into_iter().map(of_itself));
    // What is worst stands first, whoever tells it.
    found.order_by_key(|(worst, _)| *worst);
    found.into_iter().map(|(_, section)| section).collect()
}

/// The worst that a section says: the worst first.
pub(super) type Worst = (Reverse<u8>, Reverse<Option<Severity>>);

fn of_itself(section: Section) -> (Worst, Section) {
    let worst = (Reverse(section.worst().weight()), Reverse(None));
    (worst, section)
}

/// Whether a section tells of what is safe: how busy the edge is does not, nor what it caches.
fn is_of_safety(view: &View, section: &Section) -> bool {
    view.id != cloudflare::VIEW.id || ["records", "settings", "rules"].contains(&section.name)
}

/// What a section says is not as it ought to be, worst and oldest first; `None` where it was answered and all is well.
pub(super) fn unsafe_rows(view: &View, told: &Section, now: Timestamp) -> Option<(Worst, Section)> {
    let slow = |row: &&Row| view.id == cloudflare::VIEW.id && row.id.ends_with("/development_mode");
    let rows = told.rows.iter().filter(|row| !slow(row));
    let mut rows: Vec<_> = rows
        .filter_map(|row| unsafe_row(view, told, row, now))
        .collect();
    if rows.is_empty() && told.is_fresh() {
        return None;
    }
    rows.order_by_key(|(rank, _)| *rank);
    let first = rows
        .first()
        .map(|((tone, severity, ..), _)| (*tone, *severity));
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let section = told.narrowed(UNSAFE, rows);
    let worst = first.unwrap_or((Reverse(section.worst().weight()), Reverse(None)));
    Some((worst, section))
}

/// Worst first, then oldest; what has no age that anybody tells comes after what has one.
type Rank = (
    Reverse<u8>,
    Reverse<Option<Severity>>,
    bool,
    Option<Timestamp>,
);

fn unsafe_row(view: &View, told: &Section, row: &Row, now: Timestamp) -> Option<(Rank, Row)> {
    let ill = safety::ill(view, told, &row.cells);
    let tone = ill
        .iter()
        .map(|(.., c)| c.tone)
        .max_by_key(|t| t.weight())?;
    let found = row.found.clone().unwrap_or_default();
    let severity = found.severity.map_or_else(
        || if tone == Tone::Bad { "bad" } else { "warning" },
        Severity::word,
    );
    let age = match (found.since, found.at_least) {
        (None, _) => Cell::muted("-"),
        (at, true) => Cell::plain(format!("≥{}", ago(at, now))).since(at),
        (at, false) => Cell::ago(at, now),
    };
    let phrases = safety::phrases(view, told, &ill).or_else(|| found.what.clone());
    let what = phrases.unwrap_or_else(|| ills(&ill));
    let place = found.place.clone().unwrap_or_else(|| row.name().to_owned());
    let cells = vec![
        Cell::new(severity, tone),
        age,
        Cell::name(&what),
        Cell::plain(&place),
        Cell::muted(view.title),
    ];
    let mut thing = row.thing.clone();
    if let Some(known) = thing.as_object_mut() {
        known.insert(
            "unsafe".into(),
            json!({"severity": severity, "finding": what, "place": place, "since": found.since, "at_least": found.at_least}),
        );
    }
    let rank = (
        Reverse(tone.weight()),
        Reverse(found.severity),
        found.since.is_none(),
        found.since,
    );
    let id = row.id.clone();
    let told = Row {
        id,
        cells,
        thing,
        of: None,
        found: Some(Found {
            what: Some(what),
            place: Some(place),
            ..found
        }),
    };
    Some((rank, told))
}

/// What the cells of a row that are not as they ought to be say.
fn ills(ill: &[(usize, &str, &Cell)]) -> String {
    let words = ill.iter().map(|(at, head, c)| match at {
        0 => c.text.clone(),
        _ => phrase(head, &c.text),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Hosts as they look from outside.
fn hosts(facts: &Facts, now: Timestamp) -> Section {
    let part = facts.https.values().next();
    let empty = "No host is probed: add [[probes.https]] to flightdeck.toml.";
    let mut section = match part {
        Some(part) => Section::of(part, now, "hosts", "Hosts", HOSTS, empty),
        None => Section::unasked("https:GET", "hosts", "Hosts", HOSTS, empty),
    };
    if part.is_none() {
        section.note("no host is looked at from outside", Tone::Unknown);
    }
    for (url, part) in &facts.https {
        let host = url
            .trim_start_matches("https://")
            .split('/')
            .next()
            .unwrap_or(url);
        let reached = Reached::host(facts, host);
        let tls = reached.connection();
        let Some(seen) = &part.value else {
            let why = part
                .error
                .as_ref()
                .map_or_else(|| "asking ...".to_owned(), |p| p.why.clone());
            let cells = vec![
                Cell::name(host),
                Cell::plain("?"),
                Cell::plain("?"),
                Cell::plain("-"),
                Cell::new(why, Tone::Unknown),
            ];
            let thing =
                json!({"host": host, "connection": tls, "resolution": reached.resolution()});
            section.row(host, cells, &thing);
            continue;
        };
        let unseen = seen.unseen();
        let hsts = seen
            .headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case("strict-transport-security"))
            .filter(|_| unseen.is_none())
            .map(|h| h.ok);
        let grade = tls.map(|t| t.graded(hsts));
        let left = tls
            .and_then(|t| t.chain.first())
            .map(|c| super::words::days(now, c.not_after));
        let mut why: Vec<String> = grade.iter().flat_map(|g| g.reasons.clone()).collect();
        match &unseen {
            Some(unseen) => why.insert(0, unseen.clone()),
            None => why.extend(seen.grade.reasons.clone()),
        }
        let checked = tls.map(|t| t.checked(hsts)).unwrap_or_default();
        let cells = vec![
            Cell::name(host),
            letter(grade.as_ref()),
            letter(Some(&seen.grade).filter(|_| unseen.is_none())),
            Cell::new(
                left.map_or_else(|| "-".into(), |d| d.to_string()),
                Tone::fine(left.is_none_or(|d| d > SOON_DAYS)),
            ),
            match why.is_empty() {
                true => Cell::muted(checked.join(", ")),
                false if unseen.is_some() => Cell::new(why.join("; "), Tone::Unknown),
                false => Cell::plain(why.join("; ")),
            },
        ];
        let told =
            grade.map(|g| json!({"letter": g.letter, "reasons": g.reasons, "checked": checked}));
        let thing = json!({
            "host": host,
            "tls": told,
            "headers": unseen.is_none().then_some(&seen.grade),
            "checks": unseen.is_none().then_some(&seen.headers),
            "mitigated": seen.mitigated,
            "certificate_days_left": left,
            "connection": tls,
            "resolution": reached.resolution(),
        });
        section.row(host, cells, &thing);
    }
    section
}

/// A grade: good from A, bad from C on and where nobody vouches for it.
fn letter(grade: Option<&Grade>) -> Cell {
    let Some(grade) = grade else {
        return Cell::new("?", Tone::Unknown);
    };
    let tone = match grade.letter.as_str() {
        "A+" | "A" => Tone::Plain,
        "A-" | "B" => Tone::Warn,
        _ => Tone::Bad,
    };
    Cell::new(&grade.letter, tone)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::cloudflare::{Record, ZoneSettings};
    use crate::domain::facts::ProviderHealth;
    use crate::domain::part::Part;

    const HEADS: &[Head] = &[Head::left("name", 9), Head::right("key", 5)];

    #[test]
    fn what_the_edge_leaves_open_stands_before_hosts_that_are_well() {
        let (now, every) = (Timestamp::UNIX_EPOCH, std::time::Duration::from_secs(60));
        let mut facts = Facts::default();
        facts.providers.push(ProviderHealth {
            name: "cloudflare".into(),
            last_ok: None,
            problem: None,
            next_try: None,
            calls_per_minute: 0,
            metered: None,
            latency_ms: None,
            clock_s: None,
            configured: true,
        });
        let values = [
            ("ssl", "flexible"),
            ("tls_1_3", "on"),
            ("development_mode", "on"),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = ZoneSettings {
            zone: "laser.example".into(),
            values: values.into(),
        };
        let record = |name: &str, proxied| Record {
            id: name.into(),
            zone: "laser.example".into(),
            kind: "A".into(),
            name: name.into(),
            content: "192.0.2.7".into(),
            ttl_s: None,
            proxied,
            proxiable: true,
            priority: None,
            comment: String::new(),
            modified_at: None,
        };
        let records = vec![
            record("www.laser.example", true),
            record("api.laser.example", false),
        ];
        let source = "cloudflare:GET /zones";
        let estate = &mut facts.estate;
        estate.cloudflare_settings = Part::answered(Arc::new(vec![settings]), now, source, every);
        estate.cloudflare_records = Part::answered(Arc::new(records), now, source, every);
        let sections = VIEW.make(&facts, now);
        let told = sections.iter().flat_map(|s| &s.rows).filter_map(|row| {
            let found = row.found.as_ref()?;
            Some((found.place.clone()?, found.what.clone()?))
        });
        let told: Vec<(String, String)> = told.collect();
        let ssl = "TLS ends at Cloudflare: the origin is asked in the clear (flexible)";
        let past = "leads past Cloudflare, straight to the origin";
        let wanted = [("laser.example", ssl), ("api.laser.example", past)];
        assert_eq!(
            told,
            wanted.map(|(place, what)| (place.to_owned(), what.to_owned()))
        );
        let names: Vec<&str> = sections.iter().map(|s| s.name).collect();
        assert_eq!(names[..2], ["settings", "records"], "before {names:?}");
    }

    #[test]
    fn what_is_found_has_name_place_severity_and_age_worst_and_oldest_first() {
        let now = Timestamp::UNIX_EPOCH;
        let ago = |days: i64| Some(now - SignedDuration::from_hours(24 * days));
        let mut told = Section::unasked("x:Y", "x", "X", HEADS, "none");
        let finding = |s: &mut Section, id: &str, severity, tone, since, at_least| {
            let cells = vec![Cell::new("high", tone), Cell::plain("")];
            s.row(id, cells, &json!({"id": id}));
            s.found(Found {
                since,
                at_least,
                ..Found::finding(severity, id, "Cargo.lock")
            });
        };
        finding(
            &mut told,
            "young",
            Severity::High,
            Tone::Warn,
            ago(3),
            false,
        );
        finding(&mut told, "ageless", Severity::High, Tone::Warn, None, true);
        finding(&mut told, "old", Severity::High, Tone::Warn, ago(31), false);
        finding(
            &mut told,
            "worst",
            Severity::Critical,
            Tone::Bad,
            ago(2),
            true,
        );
        told.row(
            "ci",
            vec![Cell::name("ci"), Cell::new("212d", Tone::Warn)],
            &json!({}),
        );
        told.row(
            "fine",
            vec![Cell::name("fine"), Cell::plain("")],
            &json!({}),
        );
        let (worst, told) = unsafe_rows(&findings::VIEW, &told, now).unwrap();
        assert_eq!(worst.1, Reverse(Some(Severity::Critical)));
        let rows: Vec<Vec<&str>> = told
            .rows
            .iter()
            .map(|r| r.cells[..4].iter().map(|c| c.text.as_str()).collect())
            .collect();
        assert_eq!(
            rows,
            [
                ["critical", "≥2d", "worst", "Cargo.lock"],
                ["high", "31d", "old", "Cargo.lock"],
                ["high", "3d", "young", "Cargo.lock"],
                ["high", "-", "ageless", "Cargo.lock"],
                ["warning", "-", "key 212d", "ci"],
            ]
        );
        assert_eq!(told.rows[0].thing["unsafe"]["at_least"], true);
        assert_eq!(told.rows[4].thing["unsafe"]["finding"], "key 212d");
    }
}
