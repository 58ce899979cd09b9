//! ElastiCache: caches are available and spread, and encrypted.

use super::judgement::{Findings, Verdict};
use super::look::Look;
use super::{Probe, words};
use crate::domain::cache::CacheGroup;
use crate::domain::stores::is_ours;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "elasticache.available",
        question: "is every cache of production available, in more than one zone, with automatic failover, and encrypted?",
        params: &[words(
            "except",
            "staging,stage,dev,development,test,preview",
        )],
        judge: available,
    },
    Probe {
        name: "elasticache.encrypted",
        question: "is every cache of this environment encrypted in transit and at rest?",
        params: &[],
        judge: encrypted,
    },
];

/// Whether a name holds one of these words as a part of its own: `laser-staging-redis`.
fn is_named(id: &str, word: &str) -> bool {
    id.split(['-', '_', '.'])
        .any(|part| part.eq_ignore_ascii_case(word))
}

fn available(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.caches, "the caches")?;
    let mut found = Findings::new("cache", look.question(seen.source), seen.at);
    for group in &seen.value.groups {
        if look.words("except").any(|word| is_named(&group.id, word)) {
            continue;
        }
        let mut lacks = group.lacks();
        let zones = group.zones().len();
        if group.multi_az && zones < 2 {
            lacks.push("all nodes in one zone".into());
        }
        let well = format!("{} nodes in {zones} zones", group.nodes.len());
        judge(&mut found, group, &lacks, &well);
    }
    Ok(found.verdict())
}

fn encrypted(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.caches, "the caches")?;
    let mut found = Findings::new("cache", look.question(seen.source), seen.at);
    let here = &look.facts.environment;
    let ours = |g: &&CacheGroup| is_ours(None, &g.id, here);
    for group in seen.value.groups.iter().filter(ours) {
        let lacks: Vec<String> = group
            .lacks()
            .into_iter()
            .filter(|l| l.contains("encrypted"))
            .collect();
        judge(
            &mut found,
            group,
            &lacks,
            "encrypted in transit and at rest",
        );
    }
    Ok(found.verdict())
}

fn judge(found: &mut Findings, group: &CacheGroup, lacks: &[String], well: &str) {
    if lacks.is_empty() {
        found.good(&group.id, well);
    } else {
        found.bad(&group.id, lacks.join(", "));
    }
}
