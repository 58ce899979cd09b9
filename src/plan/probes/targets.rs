//! Load balancer targets: healthy, in more than one zone, in more than one region.

use std::borrow::Cow;

use super::judgement::{Findings, Judgement, Verdict, list};
use super::look::{Look, Seen, Services};
use super::{Probe, number};
use crate::domain::target::{TargetGroup, as_bound, tally};

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
    Probe {
        name: "elb.regions",
        question: "do load balancers of a second region lead to healthy targets, beside those of this one?",
        params: &[],
        judge: regions,
    },
];

/// Groups that are judged.
type Bound<'a> = Vec<Cow<'a, TargetGroup>>;

/// Target groups that services are bound to, the two of a pair as one. None is a failure: the services were read, and nothing is
/// balanced.
fn bound<'a>(look: &Look<'a>) -> Result<(Bound<'a>, Seen<'a, ()>), Judgement> {
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
    let bindings: Vec<_> = rows.iter().flat_map(|s| &s.load_balancers).collect();
    let groups = as_bound(seen.value, &bindings);
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

fn regions(look: &Look<'_>) -> Verdict {
    let estate = &look.facts.estate;
    let told = estate.targets_abroad.value.is_some() || estate.targets_abroad.error.is_some();
    if look.expect.second_region.is_none() && !told {
        return Err(Judgement::unknown(
            "no second region is configured: set second_region in [aws] to the one that shares the traffic",
        ));
    }
    let (here, seen) = bound(look)?;
    let abroad = look.fresh(&estate.targets_abroad, "the targets of the second region")?;
    let question = look.question(abroad.source);
    let mut found = Findings::new("region", question, abroad.at.min(seen.at));
    let (healthy, of) = tally(here.iter().map(|g| &**g));
    let region = here.first().map_or("this region", |g| g.region());
    found.check(
        healthy > 0,
        region,
        &format!("{healthy} of {of} targets healthy"),
    );
    let second = &abroad.value.region;
    if abroad.value.groups.is_empty() {
        found.bad(second, "no load balancer there leads anywhere");
    } else {
        let (healthy, of) = tally(&abroad.value.groups);
        let names: Vec<String> = abroad.value.groups.iter().map(|g| g.name.clone()).collect();
        let answer = format!(
            "{healthy} of {of} targets healthy behind {}",
            list(&names, 6)
        );
        if healthy == 0 && abroad.value.unread > 0 {
            let more = abroad.value.unread;
            found.unknown(second, format!("{answer}, and {more} more were not read"));
        } else {
            found.check(healthy > 0, second, &answer);
        }
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::part::Part;
    use crate::domain::target::{Target, TargetsAbroad};
    use crate::plan::checklist::CriterionState::{self, Failing, Proved, Unknown};
    use crate::plan::expect::Expectations;
    use crate::plan::probes::testing;
    use crate::plan::probes::{Call, judge};

    fn group(region: &str, states: &[&str]) -> TargetGroup {
        TargetGroup {
            arn: format!("arn:aws:elasticloadbalancing:{region}:1:targetgroup/api/1"),
            name: "api".into(),
            load_balancers: vec!["lb".into()],
            protocol: None,
            health_check_path: None,
            targets: states
                .iter()
                .enumerate()
                .map(|(n, state)| Target {
                    id: format!("10.0.0.{n}"),
                    port: 80,
                    zone: format!("{region}a"),
                    state: (*state).into(),
                    reason: String::new(),
                })
                .collect(),
        }
    }

    fn state(facts: &Facts, named: bool) -> (CriterionState, String) {
        let expect = Expectations {
            second_region: named.then(|| "away".into()),
            ..Expectations::default()
        };
        let call = Call::parse("elb.regions").unwrap();
        let got = judge(&call, facts, &expect, Timestamp::UNIX_EPOCH);
        (got.state, got.reason)
    }

    fn facts(abroad: Vec<TargetGroup>) -> Facts {
        let here = group("home", &["healthy", "draining"]);
        let mut facts = testing::service_behind(&here.arn);
        facts.target_groups = testing::part(Arc::new(vec![here]));
        facts.estate.targets_abroad = testing::part(Arc::new(TargetsAbroad {
            region: "away".into(),
            groups: abroad,
            unread: 0,
        }));
        facts
    }

    #[test]
    fn a_second_region_needs_healthy_targets_of_its_own() {
        let good = facts(vec![group("away", &["unhealthy", "healthy"])]);
        assert_eq!(state(&good, true).0, Proved);
        let (ill, why) = state(&facts(vec![group("away", &["unhealthy"])]), true);
        assert_eq!(
            (ill, why.as_str()),
            (Failing, "away: 0 of 1 targets healthy behind api")
        );
        let (none, why) = state(&facts(Vec::new()), true);
        assert_eq!(none, Failing);
        assert!(why.contains("no load balancer there"), "{why}");
    }

    #[test]
    fn groups_that_were_not_read_may_hold_the_healthy_ones() {
        let mut facts = facts(vec![group("away", &["unhealthy"])]);
        facts.estate.targets_abroad = testing::part(Arc::new(TargetsAbroad {
            region: "away".into(),
            groups: vec![group("away", &["unhealthy"])],
            unread: 7,
        }));
        let (got, why) = state(&facts, true);
        assert_eq!(got, Unknown);
        assert!(why.contains("7 more were not read"), "{why}");
    }

    #[test]
    fn after_a_blue_green_deployment_the_other_group_of_the_pair_proves_it() {
        let mut blue = group("home", &[]);
        let mut green = group("home", &["healthy", "healthy"]);
        blue.arn = "arn:blue".into();
        green.arn = "arn:green".into();
        green.targets[1].zone = "homeb".into();
        let mut facts = testing::service_behind_pair("arn:blue", Some("arn:green"));
        let told = |facts: &Facts, probe: &str| {
            let call = Call::parse(probe).unwrap();
            let expect = Expectations::default();
            judge(&call, facts, &expect, Timestamp::UNIX_EPOCH).state
        };
        facts.target_groups = testing::part(Arc::new(vec![blue.clone(), green.clone()]));
        for probe in ["elb.targets-healthy", "elb.zones"] {
            assert_eq!(told(&facts, probe), Proved, "{probe}");
        }
        green.targets[0].state = "unhealthy".into();
        facts.target_groups = testing::part(Arc::new(vec![blue, green]));
        assert_eq!(told(&facts, "elb.targets-healthy"), Failing);
        assert_eq!(told(&facts, "elb.zones"), Failing);
    }

    #[test]
    fn without_a_second_region_the_reason_is_stated() {
        let mut facts = facts(Vec::new());
        facts.estate.targets_abroad = Part::never("x", Duration::from_secs(60));
        let (got, why) = state(&facts, false);
        assert_eq!(got, Unknown);
        assert!(why.contains("second_region in [aws]"), "{why}");
        let (got, why) = state(&facts, true);
        assert_eq!(got, Unknown);
        assert!(why.contains("not asked yet"), "{why}");
    }
}
