//! Auto scaling: services can scale, and have done so.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, span, within};
use super::{Probe, number, words};
use crate::domain::scaling::{ScalableTarget, went_up};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "autoscaling.configured",
        question: "does every service with bounds have room and a policy, those that must scale among them?",
        params: &[words("services", "")],
        judge: configured,
    },
    Probe {
        name: "autoscaling.observed",
        question: "did a service scale out lately?",
        params: &[number("days", "42")],
        judge: observed,
    },
];

fn configured(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.scaling, "auto scaling")?;
    let question = look.question(seen.source);
    let targets = seen.value;
    if targets.is_empty() {
        let answer = "no service is registered with Application Auto Scaling".to_owned();
        return Ok(Judgement::single(false, question, answer, seen.at));
    }
    let mut found = Findings::new("service", question, seen.at);
    let name = |resource: &str| {
        resource
            .strip_prefix("service/")
            .unwrap_or(resource)
            .to_owned()
    };
    for wanted in look.words("services") {
        let is = |t: &&ScalableTarget| {
            t.service().is_some_and(|(cluster, service)| {
                service == wanted || format!("{cluster}/{service}") == wanted
            })
        };
        if !targets.iter().any(|t| is(&t)) {
            found.bad(wanted, "has no bounds");
        }
    }
    for t in targets.iter() {
        match t.why_not() {
            None => found.good(&name(&t.resource), &format!("{} to {}", t.min, t.max)),
            Some(why) => found.bad(name(&t.resource), why),
        }
    }
    Ok(found.verdict())
}

fn observed(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.scaled, "what was scaled")?;
    let days = look.number("days");
    let all = seen.value;
    let out = all.iter().find(|a| {
        let lately = a.started_at.is_some_and(|at| within(at, look.now, days));
        a.status == "Successful" && lately && went_up(all, a) == Some(true)
    });
    let (ok, answer) = match out {
        Some(a) => {
            let age = a.started_at.map(|at| look.now.duration_since(at));
            let age = age
                .and_then(|d| std::time::Duration::try_from(d).ok())
                .unwrap_or_default();
            let service = a.resource.strip_prefix("service/").unwrap_or(&a.resource);
            let wanted = a.wanted.map_or_else(String::new, |n| format!(" to {n}"));
            (
                true,
                format!("{service} scaled out{wanted} {} ago", span(age)),
            )
        }
        None => (
            false,
            format!("no service scaled out within {days:.0} days"),
        ),
    };
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        answer,
        seen.at,
    ))
}
