//! AWS WAF: who asks too much is held back before the load balancer.

use super::Probe;
use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "waf.rate-limit",
    question: "does every web ACL before a load balancer hold back those who ask too much?",
    params: &[],
    judge: limits,
}];

fn limits(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.walls, "the web ACLs")?;
    let mut found = Findings::new("web ACL", look.question(seen.source), seen.at);
    for acl in seen.value.acls.iter().filter(|a| !a.guards.is_empty()) {
        match acl.rules.iter().find(|r| r.limits()) {
            Some(r) => {
                let limit = r.limit.unwrap_or_default();
                let window = r.window_s.unwrap_or(300);
                found.good(
                    &acl.name,
                    &format!("{limit} in {window}s before {}", acl.guards.join(", ")),
                );
            }
            None => found.bad(&acl.name, "no rule that blocks by rate"),
        }
    }
    let verdict = found.verdict();
    if verdict.evidence.is_empty() {
        return Err(Judgement::unknown(
            "no web ACL of AWS WAF stands before a load balancer in this region",
        ));
    }
    Ok(verdict)
}
