//! Whom buckets and secrets let in by policies of their own, as a section of their pages.

use jiff::Timestamp;

use super::{Cell, Found, Head, Section, Tone};
use crate::domain::facts::Facts;
use crate::domain::guest::Guest;
use crate::domain::part::Part;
use crate::domain::told::Told;

const HEADS: &[Head] = &[
    Head::left("of", 22).grow(2),
    Head::left("lets in", 26).grow(3),
    Head::left("whose", 12),
    Head::left("if", 11),
    Head::left("for", 24).grow(3).drop(1),
];

/// A resource with its policy.
pub(super) struct Host<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whom its policy or its access list lets in.
    pub guests: &'a Told<Vec<Guest>>,
    /// Whether nobody outside gets in all the same; `None`: nobody knows.
    pub blocked: Option<bool>,
    /// What lets them in: `policy`, `access list`.
    pub by: &'static str,
}

/// The section.
pub(super) fn section<'a, T>(
    part: &Part<T>,
    facts: &Facts,
    now: Timestamp,
    hosts: impl Iterator<Item = Host<'a>>,
) -> Section {
    let none = "No policy of its own lets anybody outside in.";
    let title = "Let in by policies of their own";
    let mut section = Section::of(part, now, "guests", title, HEADS, none);
    let own = facts.identity.value.as_ref().map(|i| i.account.as_str());
    let mut unread: Vec<&str> = Vec::new();
    let mut unlisted: Vec<&str> = Vec::new();
    for host in hosts {
        match host.by {
            "policy" => unread.extend(host.guests.why_unknown()),
            _ => unlisted.extend(host.guests.why_unknown()),
        }
        for guest in host.guests.value().into_iter().flatten() {
            let foreign = guest.is_foreign(own);
            if foreign == Some(false) {
                continue;
            }
            let thing = serde_json::json!({"of": host.name, "guest": guest, "foreign": foreign, "blocked": host.blocked});
            let by = match host.by {
                "policy" => String::new(),
                other => format!(" {other}"),
            };
            let id = format!("{} {} {}{by}", host.name, guest.who, guest.conditional);
            section.row(id, cells(&host, guest, foreign), &thing);
            section.found(Found::told(lets_in(guest)));
        }
    }
    if let Some(why) = unread.first() {
        let of = if unread.len() == 1 {
            "policy"
        } else {
            "policies"
        };
        let words = format!("{} {of} not read: {why}", unread.len());
        section.note(words, Tone::Unknown);
    }
    if let Some(why) = unlisted.first() {
        let of = match unlisted.len() {
            1 => "access list",
            _ => "access lists",
        };
        let words = format!("{} {of} not known: {why}", unlisted.len());
        section.note(words, Tone::Unknown);
    }
    section
}

/// Whom a policy lets in, as a phrase.
fn lets_in(guest: &Guest) -> String {
    let whom = match (guest.is_everybody(), &guest.account) {
        (true, _) => "everybody".to_owned(),
        (false, Some(account)) => format!("account {account}"),
        (false, None) => guest.who.clone(),
    };
    let held = if guest.conditional {
        " on a condition"
    } else {
        ""
    };
    format!("lets {whom} in{held}")
}

fn cells(host: &Host<'_>, guest: &Guest, foreign: Option<bool>) -> Vec<Cell> {
    let everybody = guest.is_everybody();
    let tone = match (everybody, foreign, guest.conditional) {
        _ if host.blocked == Some(true) => Tone::Plain,
        _ if host.blocked.is_none() => Tone::Unknown,
        (true, _, false) => Tone::Bad,
        (true, _, true) | (false, Some(true), false) => Tone::Warn,
        (false, None, _) => Tone::Unknown,
        (false, Some(_), _) => Tone::Plain,
    };
    let whose = match (everybody, &guest.account) {
        (true, _) => "everybody",
        (false, Some(account)) => account.as_str(),
        (false, None) => "?",
    };
    let held = match (host.blocked, guest.conditional) {
        (Some(true), _) => "blocked",
        (None, _) => "unless shut",
        (_, true) => "a condition",
        (_, false) => "-",
    };
    vec![
        Cell::name(host.name),
        Cell::new(&guest.who, tone),
        Cell::plain(whose),
        Cell::plain(held),
        Cell::muted(guest.actions.join(", ")),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::guest::guests;
    use crate::domain::service::Identity;

    #[test]
    fn strangers_are_told_apart_from_our_own() {
        let now = Timestamp::UNIX_EPOCH;
        let part = Part::answered((), now, "s3:x", Duration::from_secs(60));
        let mut facts = Facts::default();
        let me = Identity {
            account: "123456789012".into(),
            arn: String::new(),
            region: String::new(),
        };
        facts.identity = Part::answered(me, now, "sts:x", Duration::from_secs(60));
        let policy = r#"{"Statement":[
            {"Effect":"Allow","Principal":"*","Action":"s3:GetObject"},
            {"Effect":"Allow","Principal":{"AWS":"210987654321"},"Action":"s3:GetObject"},
            {"Effect":"Allow","Principal":{"AWS":"210987654321"},"Action":"s3:PutObject","Condition":{"Bool":{"a":"true"}}},
            {"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject"}
        ]}"#;
        let told = Told::Set(guests(policy).unwrap());
        let unknown = Told::Unknown("not allowed".into());
        let tones = |blocked| {
            let host = |name, guests| Host {
                name,
                guests,
                blocked,
                by: "policy",
            };
            let hosts = [host("a", &told), host("b", &unknown)];
            let section = section(&part, &facts, now, hosts.into_iter());
            let rows = section.rows.iter();
            let tones: Vec<Tone> = rows.map(|r| r.cells[1].tone).collect();
            (tones, section.notes[0].text.clone())
        };
        let (open, note) = tones(Some(false));
        assert_eq!(open, [Tone::Bad, Tone::Warn, Tone::Plain]);
        assert_eq!(note, "1 policy not read: not allowed");
        assert_eq!(tones(Some(true)).0, [Tone::Plain; 3]);
        assert_eq!(tones(None).0, [Tone::Unknown; 3], "it may be blocked");
    }
}
