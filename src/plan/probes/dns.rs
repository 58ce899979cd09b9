//! Names resolve to what they should.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Probe, words};
use crate::domain::part::Part;
use crate::domain::probe::DnsProbe;
use crate::domain::problem::ProblemKind;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "dns.resolves",
        question: "does every name resolve to what is expected?",
        params: &[],
        judge: resolves,
    },
    Probe {
        name: "dns.subdomains",
        question: "do these subdomains resolve?",
        params: &[words("names", "api,admin,cdn")],
        judge: subdomains,
    },
];

fn look_ups<'a>(look: &Look<'a>) -> Result<Vec<(&'a str, &'a Part<DnsProbe>)>, Judgement> {
    let parts = &look.facts.dns;
    if parts.is_empty() && look.expect.dns.is_empty() {
        return Err(Judgement::unknown(
            "no DNS names configured: add [[probes.dns]]",
        ));
    }
    if parts.is_empty() {
        return Err(Judgement::unknown("no name was looked up yet"));
    }
    Ok(parts.iter().map(|(n, p)| (n.as_str(), p)).collect())
}

fn findings(look: &Look<'_>, parts: &[(&str, &Part<DnsProbe>)]) -> Findings {
    let at = parts
        .iter()
        .filter_map(|(_, p)| p.observed_at)
        .min()
        .unwrap_or(look.facts.taken_at);
    let source = parts.first().map_or("", |(_, p)| p.source.as_str());
    Findings::new("name", look.question(source), at)
}

/// What a name should resolve to, and who says so: the configuration, else the record of Cloudflare's that answers for itself.
fn expected(look: &Look<'_>, probe: &DnsProbe) -> Result<(Vec<String>, &'static str), String> {
    if !probe.expected.is_empty() {
        return Ok((probe.expected.clone(), ""));
    }
    let records = look.facts.estate.cloudflare_records.fresh(look.now);
    let records = records.into_iter().flat_map(|all| all.iter());
    let named: Vec<_> = records
        .filter(|r| ["A", "AAAA", "CNAME"].contains(&r.kind.as_str()))
        .filter(|r| r.name.eq_ignore_ascii_case(&probe.name))
        .collect();
    let add = "add expected to its [[probes.dns]]";
    if named.iter().any(|r| r.proxied) {
        return Err(format!(
            "nothing says what is right: its record is proxied, so Cloudflare answers for it; {add}"
        ));
    }
    if named.is_empty() {
        return Err(format!("nothing says what is right: {add}"));
    }
    let contents = named.iter().map(|r| r.content.clone());
    Ok((contents.collect(), " of Cloudflare's record"))
}

/// `strict`: what it resolves to has to be known as right; else any answer will do.
fn one(look: &Look<'_>, name: &str, part: &Part<DnsProbe>, strict: bool, found: &mut Findings) {
    match (part.fresh(look.now), &part.error) {
        (Some(p), _) => {
            let answer = p
                .cnames
                .iter()
                .chain(&p.addresses)
                .take(3)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" ");
            match expected(look, p) {
                Ok((right, whose)) if p.answers_one_of(&right) => match p.foreign(&right) {
                    foreign if foreign.is_empty() => found.good(name, &answer),
                    foreign => {
                        // Where the record is what is expected, an entry of ours would take its place.
                        let fix = match p.expected.is_empty() {
                            true => "",
                            false => "; add to expected what is yours",
                        };
                        found.bad(
                            name,
                            format!(
                                "{answer}: {} not expected{whose}, so some are sent elsewhere{fix}",
                                foreign.join(" and ")
                            ),
                        );
                    }
                },
                Ok((right, whose)) => found.bad(
                    name,
                    format!("{answer}, expected {}{whose}", right.join(" or ")),
                ),
                Err(_) if !strict && !p.addresses.is_empty() => found.good(name, &answer),
                Err(why) => found.unknown(name, format!("{answer}: {why}")),
            }
        }
        // The server's word that there is no such name is an answer.
        (None, Some(p)) if p.kind == ProblemKind::NotFound => found.bad(name, p.why.clone()),
        _ => found.unknown(name, look.why_not(part, name)),
    }
}

fn resolves(look: &Look<'_>) -> Verdict {
    let parts = look_ups(look)?;
    let mut found = findings(look, &parts);
    for (name, part) in &parts {
        one(look, name, part, true, &mut found);
    }
    Ok(found.verdict())
}

fn subdomains(look: &Look<'_>) -> Verdict {
    let parts = look_ups(look)?;
    let mut found = findings(look, &parts);
    for label in look.words("names") {
        let mut hits = parts
            .iter()
            .filter(|(name, _)| name.split('.').next() == Some(label))
            .peekable();
        if hits.peek().is_none() {
            found.unknown(
                label,
                format!("not configured: add [[probes.dns]] name = \"{label}.…\""),
            );
        }
        for (name, part) in hits {
            one(look, name, part, false, &mut found);
        }
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::cloudflare::Record;
    use crate::domain::facts::Facts;
    use crate::plan::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{judged, part};

    fn facts(expected: &[&str]) -> Facts {
        let mut facts = Facts::default();
        let seen = DnsProbe {
            name: "api.a.example".into(),
            addresses: vec!["192.0.2.7".into()],
            cnames: Vec::new(),
            ttl_s: Some(60),
            server: "192.0.2.53".into(),
            expected: expected.iter().map(|e| (*e).to_owned()).collect(),
        };
        facts.dns.insert("api.a.example".into(), part(seen));
        facts
    }

    fn record(content: &str, proxied: bool) -> Part<Arc<Vec<Record>>> {
        part(Arc::new(vec![Record {
            id: "r".into(),
            zone: "a.example".into(),
            kind: "A".into(),
            name: "api.a.example".into(),
            content: content.into(),
            ttl_s: None,
            proxied,
            proxiable: true,
            priority: None,
            comment: String::new(),
            modified_at: None,
        }]))
    }

    #[test]
    fn a_name_of_which_nobody_says_what_is_right_proves_nothing() {
        let judge = |facts: &Facts| judged("dns.resolves", facts);
        assert_eq!(judge(&facts(&["192.0.2.7"])).state, Proved);
        assert_eq!(judge(&facts(&["192.0.2.8"])).state, Failing);
        // One right answer among others sends some to the right place.
        let with = |others: &[&str], expected: &[&str]| {
            let mut facts = facts(expected);
            for part in facts.dns.values_mut() {
                let seen = part.value.as_mut().unwrap();
                seen.addresses
                    .extend(others.iter().map(|a| (*a).to_owned()));
            }
            judge(&facts)
        };
        let stray = with(&["203.0.113.9"], &["192.0.2.7"]);
        assert_eq!(stray.state, Failing);
        assert!(
            stray.reason.contains("203.0.113.9 not expected"),
            "{}",
            stray.reason
        );
        assert!(
            stray.reason.contains("add to expected what is yours"),
            "{}",
            stray.reason
        );
        let both = ["192.0.2.7", "203.0.113.9"];
        assert_eq!(with(&["203.0.113.9"], &both).state, Proved);
        assert_eq!(with(&["2001:db8::7"], &["192.0.2.7"]).state, Proved);
        let six = ["192.0.2.7", "2001:DB8:0::8"];
        assert_eq!(with(&["2001:db8::8"], &six).state, Proved);
        assert_eq!(with(&["2001:db8::7"], &six).state, Failing);
        let told = judge(&facts(&[]));
        assert_eq!(told.state, Unknown);
        assert!(told.reason.contains("add expected"), "{}", told.reason);
        // Cloudflare's record says it, where it answers for itself.
        let mut facts = facts(&[]);
        facts.estate.cloudflare_records = record("192.0.2.7", false);
        assert_eq!(judge(&facts).state, Proved);
        facts.estate.cloudflare_records = record("192.0.2.9", false);
        assert_eq!(judge(&facts).state, Failing);
        // Its record is the list then, and an entry of ours would take its place.
        let mut two = self::facts(&[]);
        two.estate.cloudflare_records = record("192.0.2.7", false);
        for part in two.dns.values_mut() {
            let seen = part.value.as_mut().unwrap();
            seen.addresses.push("203.0.113.9".into());
        }
        let stray = judge(&two);
        assert_eq!(stray.state, Failing);
        assert!(!stray.reason.contains("add to"), "{}", stray.reason);
        facts.estate.cloudflare_records = record("192.0.2.9", true);
        let told = judge(&facts);
        assert_eq!(told.state, Unknown);
        assert!(told.reason.contains("proxied"), "{}", told.reason);
        // That it resolves at all is another question.
        assert_eq!(judged("dns.subdomains names=api", &facts).state, Proved);
    }
}
