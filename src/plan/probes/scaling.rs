//! Auto scaling: services can scale, and have done so.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, span, within};
use super::{Probe, number, words};
use crate::domain::scaling::{ScalableTarget, ScalingActivity, went_up};
use crate::plan::needs;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "autoscaling.configured",
        question: "does every service of this environment with bounds have room and a policy, those that must scale among them?",
        params: &[words("services", "")],
        judge: configured,
    },
    Probe {
        name: "autoscaling.observed",
        question: "did an alarm scale a service out lately that can scale by itself?",
        params: &[number("days", "42")],
        judge: observed,
    },
];

/// `cluster/name` of a resource.
fn short(resource: &str) -> &str {
    resource.strip_prefix("service/").unwrap_or(resource)
}

/// Whether a resource may prove something of the environment that is looked at, by its cluster.
fn is_here(look: &Look<'_>, resource: &str) -> bool {
    let cluster = short(resource).split('/').next();
    cluster.is_none_or(|cluster| needs::is_here(look.facts, cluster))
}

fn configured(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.scaling, "auto scaling")?;
    let question = look.question(seen.source);
    let here = |t: &&ScalableTarget| is_here(look, &t.resource);
    let (targets, others): (Vec<_>, Vec<_>) = seen.value.iter().partition(here);
    look.leave_out(others.iter().map(|t| short(&t.resource).to_owned()));
    if targets.is_empty() {
        let answer = match others.len() {
            0 => "no service is registered with Application Auto Scaling".to_owned(),
            n => format!(
                "no service of this environment is registered with Application Auto Scaling, {n} of others"
            ),
        };
        return Ok(Judgement::single(false, question, answer, seen.at));
    }
    let mut found = Findings::new("service", question, seen.at);
    for wanted in look.words("services") {
        let is = |t: &ScalableTarget| {
            t.service().is_some_and(|(cluster, service)| {
                service == wanted || format!("{cluster}/{service}") == wanted
            })
        };
        if !targets.iter().any(|t| is(t)) {
            found.bad(wanted, "has no bounds");
        }
    }
    for t in targets {
        match t.why_not() {
            None => found.good(short(&t.resource), &format!("{} to {}", t.min, t.max)),
            Some(why) => found.bad(short(&t.resource), why),
        }
    }
    Ok(found.verdict())
}

/// What a person, a schedule or another environment's load did shows nothing of how this one scales, nor does what could scale then and
/// cannot any more.
fn observed(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.scaled, "what was scaled")?;
    let bounds = look.fresh(&look.facts.estate.scaling, "auto scaling")?;
    let days = look.number("days");
    let all = seen.value;
    let lately = |a: &&ScalingActivity| {
        let lately = a.started_at.is_some_and(|at| within(at, look.now, days));
        let out = a.status == "Successful" && lately && went_up(all, a) == Some(true);
        out && is_here(look, &a.resource)
    };
    let out: Vec<&ScalingActivity> = all.iter().filter(lately).collect();
    let why_not = |a: &ScalingActivity| match bounds.value.iter().find(|t| t.resource == a.resource)
    {
        Some(t) => t.why_not(),
        None => Some("has no bounds".to_owned()),
    };
    let mut by_alarm = out.iter().filter(|a| a.is_by_alarm());
    let told = |a: &ScalingActivity| {
        let age = a.started_at.map(|at| look.now.duration_since(at));
        let age = age.and_then(|d| std::time::Duration::try_from(d).ok());
        let age = span(age.unwrap_or_default());
        let wanted = a.wanted.map_or_else(String::new, |n| format!(" to {n}"));
        let service = short(&a.resource);
        format!("{service} scaled out{wanted} {age} ago ({})", a.cause)
    };
    let able = by_alarm.clone().find(|a| why_not(a).is_none());
    let (ok, answer) = match (able, by_alarm.next(), out.first()) {
        (Some(a), ..) => (true, told(a)),
        (None, Some(a), _) => {
            let why = why_not(a).unwrap_or_default();
            (false, format!("{}, and cannot by now: {why}", told(a)))
        }
        (None, None, Some(a)) => (
            false,
            format!(
                "no alarm scaled a service out within {days:.0} days; {}",
                told(a)
            ),
        ),
        (None, None, None) => (
            false,
            format!("no service scaled out within {days:.0} days"),
        ),
    };
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        answer,
        seen.at.min(bounds.at),
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::scaling::ScalingPolicy;
    use crate::plan::checklist::CriterionState::{Failing, Proved};
    use crate::plan::probes::testing::{ago, judged, part};

    const ALARM: &str = "monitor alarm TargetTracking-service/shop-prod/api-AlarmHigh-1 in state ALARM triggered policy cpu";

    fn target(cluster: &str, policies: usize) -> ScalableTarget {
        let policy = ScalingPolicy {
            name: "cpu".into(),
            kind: "TargetTrackingScaling".into(),
            metric: None,
            target: Some(55.0),
        };
        ScalableTarget {
            resource: format!("service/{cluster}/api"),
            min: 2,
            max: 6,
            suspended: Vec::new(),
            policies: vec![policy; policies],
        }
    }

    fn judge(call: &str, targets: Vec<ScalableTarget>, cluster: &str, cause: &str) -> Judgement {
        let activity = |hours: i64, wanted, cause: &str| ScalingActivity {
            id: hours.to_string(),
            resource: format!("service/{cluster}/api"),
            description: String::new(),
            cause: cause.into(),
            status: "Successful".into(),
            wanted: Some(wanted),
            started_at: ago(hours),
            ended_at: ago(hours),
        };
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        let before = "monitor alarm TargetTracking-service/shop-prod/api-AlarmLow-1 in state ALARM";
        facts.estate.scaled = part(Arc::new(vec![
            activity(2, 4, cause),
            activity(9, 2, before),
        ]));
        facts.estate.scaling = part(Arc::new(targets));
        judged(call, &facts)
    }

    #[test]
    fn scaling_is_tested_by_an_alarm_of_this_environment_that_could_do_it_again() {
        let call = "autoscaling.observed days=42";
        let (prod, dev) = ("shop-prod", "shop-dev");
        let both = |policies| vec![target(prod, policies), target(dev, 1)];
        let good = judge(call, both(1), prod, ALARM);
        assert_eq!(good.state, Proved, "{}", good.reason);
        assert!(good.reason.contains("AlarmHigh-1"), "{}", good.reason);
        let theirs = judge(call, both(1), dev, ALARM);
        assert_eq!(theirs.state, Failing, "{}", theirs.reason);
        let by_hand = judge(call, both(1), prod, "minimum capacity was set to 4");
        assert_eq!(by_hand.state, Failing, "{}", by_hand.reason);
        let why = "no alarm scaled a service out within 42 days; shop-prod/api scaled out to 4 2h ago (minimum capacity was set to 4)";
        assert_eq!(by_hand.reason, why);
        for (targets, why) in [
            (both(0), "but no policy"),
            (vec![target(dev, 1)], "has no bounds"),
        ] {
            let by_now = judge(call, targets, prod, ALARM);
            assert_eq!(by_now.state, Failing, "{}", by_now.reason);
            assert!(by_now.reason.contains(why), "{}", by_now.reason);
        }
    }

    #[test]
    fn bounds_of_another_environment_are_none_of_this_one() {
        let call = "autoscaling.configured";
        let mine = vec![target("shop-prod", 1), target("shop-dev", 0)];
        let got = judge(call, mine, "shop-prod", ALARM);
        assert_eq!(got.state, Proved, "{}", got.reason);
        let said = &got.evidence[0].answer;
        assert_eq!(said, "1 of 1: shop-prod/api 2 to 6; left out: shop-dev/api");
        let theirs = judge(call, vec![target("shop-dev", 1)], "shop-prod", ALARM);
        assert_eq!(theirs.state, Failing, "{}", theirs.reason);
    }
}
