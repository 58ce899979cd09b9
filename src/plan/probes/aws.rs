//! Who we are to AWS, and whether the clusters are there.

use super::Probe;
use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "aws.account",
        question: "do the credentials belong to the expected account and region?",
        params: &[],
        judge: account,
    },
    Probe {
        name: "ecs.clusters-active",
        question: "is there a cluster, and is every cluster ACTIVE?",
        params: &[],
        judge: clusters,
    },
];

fn account(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.identity, "the account")?;
    let who = seen.value;
    let Some(expected) = &look.expect.account else {
        return Err(Judgement::unknown(format!(
            "account {} answers, but none is expected: set aws.expected_account",
            who.account
        )));
    };
    let region_ok = look.expect.region.as_ref().is_none_or(|r| *r == who.region);
    let ok = *expected == who.account && region_ok;
    let answer = if ok {
        format!("account {} in {}", who.account, who.region)
    } else if region_ok {
        format!("account {}, expected {expected}", who.account)
    } else {
        format!(
            "region {}, expected {}",
            who.region,
            look.expect.region.as_deref().unwrap_or_default()
        )
    };
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        answer,
        seen.at,
    ))
}

fn clusters(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.clusters, "the clusters")?;
    let mut found = Findings::new("cluster", look.question(seen.source), seen.at);
    for c in seen.value {
        found.check(c.status == "ACTIVE", &c.name, &c.status);
    }
    if seen.value.is_empty() {
        return Ok(Judgement::single(
            false,
            look.question(seen.source),
            "no cluster".into(),
            seen.at,
        ));
    }
    Ok(found.verdict())
}
