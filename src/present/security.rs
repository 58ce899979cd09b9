//! What is not safe, on one page: doors open to the world, public or unencrypted stores, old secrets, findings, and what hosts look
//! like from outside. It finds nothing itself: each line is what a system's own view says is not as it ought to be.

use jiff::Timestamp;

use super::{
    Cell, Group, Head, Row, Section, Tone, View, access, buckets, caches, databases, findings,
    images, network, secrets, strangers, walls,
};
use crate::domain::facts::Facts;
use crate::domain::probe::Grade;

pub(super) const VIEW: View = View {
    id: "security",
    title: "Security",
    doc: "What is not safe: open doors, public or unencrypted stores, old secrets, findings, TLS and headers",
    group: Group::Safety,
    lines: &[],
    needs: &[
        "outside",
        "network",
        "access",
        "buckets",
        "databases",
        "db_vitals",
        "db_events",
        "caches",
        "secrets",
        "services",
        "definitions",
        "registry",
        "scanners",
        "walls",
    ],
    make,
};

const UNSAFE: &[Head] = &[
    Head::left("system", 14),
    Head::left("what", 24).grow(2),
    Head::left("not as it ought to be", 30).grow(4),
];

const HOSTS: &[Head] = &[
    Head::left("host", 24).grow(2),
    Head::left("tls", 4),
    Head::left("headers", 8),
    Head::right("days left", 9),
    Head::left("why not better", 30).grow(4),
];

/// The views that tell of what is unsafe.
const TOLD_BY: &[&View] = &[
    &network::VIEW,
    &access::VIEW,
    &buckets::VIEW,
    &databases::VIEW,
    &caches::VIEW,
    &secrets::VIEW,
    &images::VIEW,
    &findings::VIEW,
    &walls::VIEW,
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let mut all = vec![hosts(facts, now), strangers::section(facts, now)];
    for view in TOLD_BY.iter().filter(|v| v.applies(facts)) {
        for section in (view.make)(facts, now) {
            all.extend(unsafe_rows(view, section));
        }
    }
    all
}

/// What a section says is not as it ought to be; `None` where it was answered and all is well.
fn unsafe_rows(view: &View, told: Section) -> Option<Section> {
    let marked = |row: &Row| -> Option<(Tone, String)> {
        let ill: Vec<_> = row
            .cells
            .iter()
            .enumerate()
            .filter(|(_, c)| c.tone.weight() >= Tone::Warn.weight())
            .collect();
        let tone = ill.iter().map(|(_, c)| c.tone).max_by_key(|t| t.weight())?;
        let words = ill.iter().map(|(at, c)| match told.heads.get(*at) {
            Some(head) if *at > 0 => format!("{} {}", head.title, c.text),
            _ => c.text.clone(),
        });
        Some((tone, words.collect::<Vec<_>>().join(", ")))
    };
    let mut rows: Vec<(Tone, Row)> = Vec::new();
    for row in &told.rows {
        if let Some((tone, words)) = marked(row) {
            let name = row
                .cells
                .first()
                .map_or(row.id.as_str(), |c| c.text.as_str());
            let cells = vec![
                Cell::plain(view.title),
                Cell::name(name),
                Cell::new(words, tone),
            ];
            rows.push((
                tone,
                Row {
                    id: row.id.clone(),
                    cells,
                    thing: row.thing.clone(),
                    of: None,
                },
            ));
        }
    }
    if rows.is_empty() && told.is_fresh() {
        return None;
    }
    rows.sort_by_key(|(tone, _)| std::cmp::Reverse(tone.weight()));
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    Some(told.narrowed(UNSAFE, rows))
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
        let tls = facts
            .tls
            .iter()
            .find(|(at, _)| at.split(':').next() == host.split(':').next())
            .and_then(|(_, p)| p.value.as_ref());
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
            section.row(host, cells, &serde_json::json!({"host": host}));
            continue;
        };
        let hsts = seen
            .headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case("strict-transport-security"))
            .map(|h| h.ok);
        let grade = tls.map(|t| t.graded(hsts));
        let left = tls
            .and_then(|t| t.chain.first())
            .map(|c| super::words::days(now, c.not_after));
        let mut why: Vec<String> = grade.iter().flat_map(|g| g.reasons.clone()).collect();
        why.extend(seen.grade.reasons.clone());
        let cells = vec![
            Cell::name(host),
            letter(grade.as_ref()),
            letter(Some(&seen.grade)),
            Cell::new(
                left.map_or_else(|| "-".into(), |d| d.to_string()),
                Tone::fine(left.is_none_or(|d| d > 14)),
            ),
            Cell::plain(why.join("; ")),
        ];
        let thing = serde_json::json!({"host": host, "tls": grade, "headers": seen.grade, "checks": seen.headers, "certificate_days_left": left});
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
        "B" => Tone::Warn,
        _ => Tone::Bad,
    };
    Cell::new(&grade.letter, tone)
}
