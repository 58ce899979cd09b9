//! Load balancer targets: healthy, and in more than one zone.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, Seen, Services};
use super::{Probe, number};
use crate::domain::target::TargetGroup;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "elb.targets-healthy",
        question: "is every target behind the load balancer healthy?",
        params: &[],
        judge: healthy,
    },
    Probe {
        name: "elb.zones",
        question: "does every target group have healthy targets in enough zones?",
        params: &[number("min", "2")],
        judge: zones,
    },
];

/// Target groups that services are bound to. None is a failure: the services were read, and nothing is balanced.
fn bound<'a>(look: &Look<'a>) -> Result<(Vec<&'a TargetGroup>, Seen<'a, ()>), Judgement> {
    let Services { rows, at, source } = look.services()?;
    if rows.iter().all(|s| s.load_balancers.is_empty()) {
        return Err(Judgement::single(
            false,
            look.question(source),
            "no service is behind a load balancer".into(),
            at,
        ));
    }
    let seen = look.fresh(&look.facts.target_groups, "the target groups")?;
    let groups = seen
        .value
        .iter()
        .filter(|g| {
            rows.iter()
                .flat_map(|s| &s.load_balancers)
                .any(|lb| lb.target_group_arn == g.arn)
        })
        .collect();
    let seen = Seen {
        value: &(),
        at: seen.at.min(at),
        source: seen.source,
    };
    Ok((groups, seen))
}

fn healthy(look: &Look<'_>) -> Verdict {
    let (groups, seen) = bound(look)?;
    let mut found = Findings::new("target group", look.question(seen.source), seen.at);
    for g in groups {
        // Targets that drain leave on purpose; the others must be healthy.
        let wanted = g.targets.iter().filter(|t| t.state != "draining").count();
        let healthy = g.healthy();
        let ill = g
            .targets
            .iter()
            .find(|t| t.state != "healthy" && t.state != "draining");
        let mut answer = format!("{healthy} of {wanted} healthy");
        if let Some(t) = ill {
            answer = format!("{answer}, {} is {} {}", t.id, t.state, t.reason);
        }
        found.check(wanted > 0 && healthy == wanted, &g.name, answer.trim_end());
    }
    Ok(found.verdict())
}

fn zones(look: &Look<'_>) -> Verdict {
    let (groups, seen) = bound(look)?;
    let least = look.number("min");
    let mut found = Findings::new("target group", look.question(seen.source), seen.at);
    for g in groups {
        let zones = g.healthy_zones();
        let answer = match zones.as_slice() {
            [] => "no healthy target in any zone".to_owned(),
            some => format!("healthy in {}", some.join(", ")),
        };
        found.check(zones.len() as f64 >= least, &g.name, &answer);
    }
    Ok(found.verdict())
}
