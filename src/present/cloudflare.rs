//! Cloudflare: zones and their traffic, DNS records, settings, rules.

use jiff::Timestamp;

use super::words::{bytes, span};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::cloudflare::{Hour, LOOKED_INTO, Record, Rule};
use crate::domain::facts::Facts;

pub(super) const VIEW: View = View {
    id: "cloudflare",
    title: "Cloudflare",
    doc: "Zones, traffic and cache, DNS records, TLS settings, firewall and rate limits",
    group: Group::Edge,
    lines: &["cloudflare"],
    needs: &[
        "cloudflare_zones",
        "cloudflare_records",
        "cloudflare_settings",
        "cloudflare_firewall",
        "cloudflare_traffic",
    ],
    make: Make::Facts(make),
};

const ZONES: &[Head] = &[
    Head::left("zone", 18).grow(1),
    Head::left("status", 9),
    Head::left("plan", 12).drop(2),
    Head::right("requests 24h", 13),
    Head::right("cached", 7),
    Head::right("5xx", 7),
    Head::left("by the hour", 24).drop(1),
    Head::left("name servers", 20).grow(1).drop(3),
];
const TRAFFIC: &[Head] = &[
    Head::left("hour", 17),
    Head::left("zone", 12).grow(1),
    Head::right("requests", 10),
    Head::right("cached", 7),
    Head::right("bytes", 8),
    Head::right("4xx", 7),
    Head::right("5xx", 6),
    Head::right("threats", 8).drop(1),
];
const RECORDS: &[Head] = &[
    Head::left("name", 22).grow(2),
    Head::left("type", 6),
    Head::left("content", 20).grow(3),
    Head::left("proxied", 10),
    Head::right("ttl", 6),
    Head::right("changed", 8).drop(1),
    Head::left("comment", 12).grow(1).drop(2),
];
const SETTINGS: &[Head] = &[
    Head::left("setting", 18).grow(1),
    Head::left("value", 14).grow(1),
    Head::left("zone", 16).grow(1),
];
const RULES: &[Head] = &[
    Head::left("rule", 20).grow(2),
    Head::left("phase", 14),
    Head::left("action", 18),
    Head::left("on", 4),
    Head::left("limit", 14),
    Head::left("for", 20).grow(3).drop(1),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    vec![
        zones(facts, now),
        traffic(facts, now),
        records(facts, now),
        settings(facts, now),
        rules(facts, now),
    ]
}

fn percent(share: Option<f64>, digits: usize) -> String {
    share.map_or_else(|| "-".into(), |s| format!("{:.digits$} %", s * 100.0))
}

/// A number with its thousands apart.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// One block an hour, the highest for the busiest.
fn spark(hours: &[Hour]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = hours.iter().map(|h| h.requests).max().unwrap_or(0).max(1);
    let block = |h: &Hour| {
        let step = (h.requests as f64 / most as f64 * 7.0).round() as usize;
        BLOCKS.get(step).copied().unwrap_or('█')
    };
    // The hours at both ends are not whole.
    let whole = hours.get(1..hours.len().saturating_sub(1));
    whole.unwrap_or(hours).iter().map(block).collect()
}

fn zones(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.cloudflare_zones;
    let empty = "No zones: the token sees none, or `zones` in [cloudflare] names others.";
    let mut section = Section::of(part, now, "zones", "Zones", ZONES, empty);
    let traffic = facts.estate.cloudflare_traffic.fresh(now);
    for zone in part.value.iter().flat_map(|v| v.iter()) {
        let known = traffic.and_then(|t| t.iter().find(|t| t.zone == zone.name));
        let total = known.map(crate::domain::cloudflare::Traffic::total);
        let (word, tone) = match (zone.status.as_str(), zone.paused) {
            (other, _) if !zone.is_seen() => (other, Tone::Unknown),
            ("active", false) => ("active", Tone::Ok),
            (_, true) => ("paused", Tone::Bad),
            (other, false) => (other, Tone::Warn),
        };
        let requests = total.as_ref().map(|t| thousands(t.requests));
        let cells = vec![
            Cell::name(&zone.name),
            Cell::new(word, tone),
            Cell::plain(&zone.plan),
            Cell::plain(requests.unwrap_or_else(|| "-".into())),
            Cell::plain(percent(total.as_ref().and_then(Hour::cache_ratio), 1)),
            Cell::plain(percent(total.as_ref().and_then(Hour::failing), 3)),
            Cell::plain(known.map(|t| spark(&t.hours)).unwrap_or_default()),
            Cell::muted(zone.name_servers.join(", ")),
        ];
        let id = if zone.is_seen() { &zone.id } else { &zone.name };
        section.row(id, cells, zone);
        if tone.weight() >= Tone::Warn.weight() {
            section.found(Found::told(format!("is {word}, not active")));
        }
        if zone.development_s > 0 {
            let left = span(zone.development_s);
            let words = format!(
                "{}: development mode, nothing is cached for {left} more",
                zone.name
            );
            section.note(words, Tone::Warn);
        }
    }
    let zones = part.value.iter().flat_map(|v| v.iter());
    let unread = zones.filter(|z| z.is_seen() && !z.looked_into);
    let unread: Vec<&str> = unread.map(|z| z.name.as_str()).collect();
    if !unread.is_empty() {
        let words = format!(
            "of more than {LOOKED_INTO} zones records, settings, rules and traffic are not read: {}",
            unread.join(", ")
        );
        section.note(words, Tone::Unknown);
    }
    section
}

fn traffic(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.cloudflare_traffic;
    let empty = "No traffic: no active zone, or nobody came in the last day.";
    let mut section = Section::of(part, now, "traffic", "Traffic by the hour", TRAFFIC, empty);
    for of in part.value.iter().flat_map(|v| v.iter()) {
        for hour in of.hours.iter().rev() {
            let [.., refused, failed] = hour.classes;
            let failing = hour.failing().unwrap_or_default();
            let cells = vec![
                Cell::plain(hour.at.to_string().get(..16).unwrap_or("-")),
                Cell::plain(&of.zone),
                Cell::plain(thousands(hour.requests)),
                Cell::plain(percent(hour.cache_ratio(), 1)),
                Cell::plain(bytes(hour.bytes)),
                Cell::plain(thousands(refused)),
                Cell::new(thousands(failed), Tone::fine(failing < 0.01)),
                Cell::plain(thousands(hour.threats)),
            ];
            section.row(format!("{} {}", of.zone, hour.at), cells, hour);
        }
    }
    section
}

fn records(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.cloudflare_records;
    let empty = "No records: the zones are empty.";
    let mut section = Section::of(part, now, "records", "DNS records", RECORDS, empty);
    let all: &[Record] = part.value.as_deref().map_or(&[], Vec::as_slice);
    for r in all {
        let past = r.leads_past(all);
        let proxied = match (r.proxied, r.proxiable) {
            (true, _) => Cell::plain("yes"),
            (false, true) if past => Cell::new("no: origin", Tone::Warn),
            (false, true) => Cell::plain("no"),
            (false, false) => Cell::muted("-"),
        };
        let content = match r.priority {
            Some(priority) => format!("{priority} {}", r.content),
            None => r.content.clone(),
        };
        let cells = vec![
            Cell::name(&r.name),
            Cell::plain(&r.kind),
            Cell::plain(content),
            proxied,
            Cell::plain(r.ttl_s.map_or_else(
                || "auto".into(),
                |s| span(i64::try_from(s).unwrap_or(i64::MAX)),
            )),
            Cell::ago(r.modified_at, now),
            Cell::muted(&r.comment),
        ];
        section.row(&r.id, cells, r);
        if past && !r.proxied && r.proxiable {
            section.found(Found::told("leads past Cloudflare, straight to the origin"));
        }
    }
    section
}

fn settings(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.cloudflare_settings;
    let empty = "No settings: no zone is active.";
    let mut section = Section::of(part, now, "settings", "Settings", SETTINGS, empty);
    for of in part.value.iter().flat_map(|v| v.iter()) {
        for (name, value) in &of.values {
            let cells = vec![
                Cell::name(titled(name)),
                Cell::new(value, judged(name, value)),
                Cell::plain(&of.zone),
            ];
            let thing = serde_json::json!({"zone": of.zone, "setting": name, "value": value});
            section.row(format!("{}/{name}", of.zone), cells, &thing);
            if let Some(words) = unwise(name, value) {
                section.found(Found {
                    place: Some(of.zone.clone()),
                    ..Found::told(words)
                });
            }
        }
    }
    section
}

/// A setting's name as people say it.
fn titled(name: &str) -> String {
    match name {
        "ssl" => "TLS to the origin".into(),
        "min_tls_version" => "oldest TLS".into(),
        "tls_1_3" => "TLS 1.3".into(),
        "http3" => "HTTP/3".into(),
        "always_use_https" => "always HTTPS".into(),
        other => other.replace('_', " "),
    }
}

/// What a setting that is not as it ought to be comes to, as a phrase.
fn unwise(name: &str, value: &str) -> Option<String> {
    if judged(name, value).weight() < Tone::Warn.weight() {
        return None;
    }
    Some(match (name, value) {
        ("ssl", "off") => "TLS is off, to browsers and to the origin".into(),
        ("ssl", "flexible") => {
            "TLS ends at Cloudflare: the origin is asked in the clear (flexible)".into()
        }
        ("ssl", _) => "any certificate of the origin is taken (full)".into(),
        ("min_tls_version", old) => format!("TLS {old} is still accepted"),
        ("always_use_https", _) => "http:// is not redirected to https://".into(),
        ("development_mode", _) => "development mode: nothing is cached".into(),
        (name, value) => format!("{} is {}", titled(name), value.replace('_', " ")),
    })
}

/// What a setting's value is worth.
fn judged(name: &str, value: &str) -> Tone {
    match (name, value) {
        // Without encryption to the origin the lock in the browser is a lie.
        ("ssl", "off" | "flexible") => Tone::Bad,
        ("ssl", "full") => Tone::Warn,
        ("min_tls_version", "1.0" | "1.1") => Tone::Warn,
        ("always_use_https" | "tls_1_3", "off") => Tone::Warn,
        ("security_level", "off" | "essentially_off") => Tone::Bad,
        ("security_level", "under_attack") => Tone::Warn,
        ("development_mode", "on") => Tone::Warn,
        _ => Tone::Plain,
    }
}

fn phase(rule: &Rule) -> &str {
    match rule.phase.as_str() {
        "http_ratelimit" => "rate limit",
        "http_request_firewall_custom" => "firewall",
        "http_request_firewall_managed" => "managed WAF",
        "ddos_l7" => "floods",
        other => other,
    }
}

fn rules(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.cloudflare_firewall;
    let empty = "No rules: the zones have neither firewall rules nor rate limits of their own.";
    let mut section = Section::of(part, now, "rules", "Firewall and rate limits", RULES, empty);
    for of in part.value.iter().flat_map(|v| v.iter()) {
        for r in &of.rules {
            let limit = r.limit.map(|(n, s)| format!("{n} in {s} s"));
            let lets_pass = r.limit.is_some() && r.enabled && !r.stops();
            let partly_off = r.parts_off().next().is_some();
            let (action, tone) = match (r.undone(), r.overridden.is_empty()) {
                (None, _) if partly_off => (format!("{}: partly off", r.action), Tone::Bad),
                (Some(how), _) => (format!("{}: {how}", r.action), Tone::Bad),
                (None, false) => (format!("{}: changed", r.action), Tone::Warn),
                (None, true) => (r.action.clone(), Tone::fine(!lets_pass)),
            };
            let cells = vec![
                Cell::name(if r.about.is_empty() { &r.id } else { &r.about }),
                Cell::plain(phase(r)),
                Cell::new(action, tone),
                Cell::on(r.enabled),
                Cell::plain(limit.unwrap_or_default()),
                Cell::muted(&r.expression),
            ];
            section.row(&r.id, cells, r);
        }
        if !of.managed.is_empty() {
            let names: Vec<&str> = of.managed.iter().map(|(_, name)| name.as_str()).collect();
            section.note(format!("{}: {}", of.zone, names.join(", ")), Tone::Plain);
        }
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_hour_is_the_highest_and_ends_are_left_out() {
        let hour = |requests| Hour {
            requests,
            ..Hour::default()
        };
        assert_eq!(
            spark(&[hour(9), hour(0), hour(100), hour(50), hour(9)]),
            "▁█▅"
        );
        assert_eq!(spark(&[]), "");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
