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

fn one(look: &Look<'_>, name: &str, part: &Part<DnsProbe>, found: &mut Findings) {
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
            if p.as_expected() {
                found.good(name, &answer);
            } else {
                found.bad(
                    name,
                    format!("{answer}, expected {}", p.expected.join(" or ")),
                );
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
        one(look, name, part, &mut found);
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
            one(look, name, part, &mut found);
        }
    }
    Ok(found.verdict())
}
