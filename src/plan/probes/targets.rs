//! Load balancer targets: healthy, in more than one zone, in more than one region.

use std::borrow::Cow;

use super::judgement::{Findings, Judgement, Verdict, list};
use super::look::{Look, Seen, Services};
use super::{Probe, number};
use crate::domain::environment::Env;
use crate::domain::target::{TargetGroup, TargetsAbroad, as_bound, tally};

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

/// Groups that are judged, and those whose targets are not known by now, with why: one that fails says nothing of the others.
struct Bound<'a> {
    told: Vec<Cow<'a, TargetGroup>>,
    untold: Vec<(&'a str, String)>,
}

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
    let facts = look.facts;
    let mut told = as_bound(seen.value, &bindings);
    let names_it = |arn: &str| bindings.iter().any(|b| b.groups().any(|g| g == arn));
    let named = seen.value.iter().filter(|g| names_it(&g.arn));
    let (mut untold, mut oldest) = (Vec::new(), seen.at.min(at));
    for group in named {
        match (facts.untold_words(group), facts.targets_told.of(&group.arn)) {
            (Some(words), _) => {
                let pair = bindings.iter().find_map(|b| b.partner(&group.arn));
                told.retain(|g| g.arn != group.arn && Some(g.arn.as_str()) != pair);
                untold.push((group.name.as_str(), words));
            }
            // What is judged is as old as the oldest of it.
            (None, Some(known)) => oldest = oldest.min(known.read),
            (None, None) => {}
        }
    }
    let seen = Seen {
        value: &(),
        at: oldest,
        source: seen.source,
    };
    Ok((Bound { told, untold }, seen))
}

fn healthy(look: &Look<'_>) -> Verdict {
    let (groups, seen) = bound(look)?;
    let mut found = Findings::new("target group", look.question(seen.source), seen.at);
    for (name, why) in groups.untold {
        found.unknown(name, why);
    }
    for g in groups.told {
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
    for (name, why) in groups.untold {
        found.unknown(name, why);
    }
    for g in groups.told {
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
    let (healthy, of) = tally(here.told.iter().map(|g| &**g));
    let region = here.told.first().map_or("this region", |g| g.region());
    let answer = format!("{healthy} of {of} targets healthy");
    match here.untold.first() {
        Some((name, why)) if healthy == 0 => found.unknown(region, format!("{name}: {why}")),
        _ => found.check(healthy > 0, region, &answer),
    }
    second(look, abroad.value, &mut found);
    Ok(found.verdict())
}

/// Whether a group of the second region may be the environment's that is looked at: neither its name nor those of its load balancers
/// tell another one.
fn is_ours(look: &Look<'_>, group: &TargetGroup) -> bool {
    let balancers = group.load_balancers.iter();
    let balancers = balancers.filter_map(|arn| Some(arn.split_once("loadbalancer/")?.1));
    let mut names = balancers.chain([group.name.as_str()]);
    let here = Env::looked_at(look.facts);
    names.all(|name| look.facts.env_of_words(name).is_none_or(|env| env == here))
}

/// Judges the second region: it can take the traffic where every group of this environment has a healthy target. That traffic is led
/// there is not told by any of it.
fn second(look: &Look<'_>, abroad: &TargetsAbroad, found: &mut Findings) {
    let region = &abroad.region;
    let all: Vec<&TargetGroup> = abroad.groups.iter().collect();
    let (ours, others): (Vec<&TargetGroup>, Vec<&TargetGroup>) =
        all.into_iter().partition(|g| is_ours(look, g));
    if ours.is_empty() {
        let why = match others.first() {
            None => "no load balancer there leads anywhere".to_owned(),
            Some(other) => format!(
                "no load balancer there is of this environment: {} is of another, by its name",
                other.name
            ),
        };
        return found.bad(region, why);
    }
    // Of a pair one group is empty: its load balancer leads to the other.
    let is_idle = |g: &TargetGroup| {
        let served = |o: &TargetGroup| o.load_balancers == g.load_balancers && o.healthy() > 0;
        g.targets.is_empty() && ours.iter().any(|o| served(o))
    };
    let ill: Vec<String> = ours
        .iter()
        .filter(|g| g.healthy() == 0 && !is_idle(g))
        .map(|g| g.name.clone())
        .collect();
    let (healthy, of) = tally(ours.iter().copied());
    let names: Vec<String> = ours.iter().map(|g| g.name.clone()).collect();
    let behind = list(&names, 6);
    let answer = format!("{healthy} of {of} targets healthy behind {behind}");
    match (ill.is_empty(), abroad.unread) {
        (false, _) if healthy == 0 => found.bad(region, answer),
        (false, _) => {
            let ill = list(&ill, 6);
            found.bad(region, format!("{answer}, and none behind {ill}"));
        }
        (true, 0) => {
            let stands_by = "stands by: whether requests are led there is not told";
            found.good(region, &format!("{answer}, which {stands_by}"));
        }
        (true, more) => found.unknown(region, format!("{answer}, and {more} more were not read")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::part::Part;
    use crate::domain::target::Target;
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
    fn every_group_of_this_environment_must_be_served_in_the_second_region() {
        let called = |name: &str, states: &[&str]| {
            let mut g = group("away", states);
            g.arn = format!("arn:aws:elasticloadbalancing:away:1:targetgroup/{name}/1");
            g.name = name.into();
            g.load_balancers = vec![format!("arn:aws:elb:away:1:loadbalancer/app/{name}/1")];
            for t in &mut g.targets {
                t.id = format!("{name} {}", t.id);
            }
            g
        };
        let of = |groups: Vec<TargetGroup>| {
            let mut facts = facts(groups);
            facts.environment = "laser-prod".into();
            state(&facts, true)
        };
        let api = called("api", &["healthy"]);
        let (ill, why) = of(vec![api.clone(), called("web", &["unhealthy"])]);
        assert_eq!(ill, Failing, "{why}");
        assert!(why.contains("none behind web"), "{why}");
        let (empty, why) = of(vec![api.clone(), called("web", &[])]);
        assert_eq!(empty, Failing, "{why}");
        // The other group of a pair, behind the same load balancer.
        let mut idle = called("api-green", &[]);
        idle.load_balancers.clone_from(&api.load_balancers);
        assert_eq!(of(vec![api.clone(), idle]).0, Proved);
        // Staging's proves nothing here, and does not fail here either.
        let staging = |states| called("laser-staging-api", states);
        let (other, why) = of(vec![staging(&["healthy"])]);
        assert_eq!(other, Failing, "{why}");
        assert!(why.contains("of another"), "{why}");
        assert_eq!(of(vec![api, staging(&["unhealthy"])]).0, Proved);
    }

    #[test]
    fn that_traffic_goes_to_the_second_region_is_not_claimed() {
        let facts = facts(vec![group("away", &["healthy"])]);
        let expect = Expectations {
            second_region: Some("away".into()),
            ..Expectations::default()
        };
        let call = Call::parse("elb.regions").unwrap();
        let got = judge(&call, &facts, &expect, Timestamp::UNIX_EPOCH);
        assert_eq!(got.state, Proved);
        assert!(format!("{got:?}").contains("stands by"), "{got:?}");
    }

    #[test]
    fn groups_that_were_not_read_may_hold_sick_ones() {
        let of = |state_of: &str| {
            let mut facts = facts(Vec::new());
            facts.estate.targets_abroad = testing::part(Arc::new(TargetsAbroad {
                region: "away".into(),
                groups: vec![group("away", &[state_of])],
                unread: 7,
            }));
            state(&facts, true)
        };
        let (got, why) = of("healthy");
        assert_eq!(got, Unknown);
        assert!(why.contains("7 more were not read"), "{why}");
        assert_eq!(of("unhealthy").0, Failing);
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
    fn a_group_that_nobody_tells_of_any_more_proves_nothing_and_hides_no_other() {
        use crate::domain::problem::{Problem, ProblemKind};
        use crate::domain::targets_told::GroupTold;
        let told = |failed: bool, minutes: i64, other: &str| {
            let api = group("home", &["healthy"]);
            let mut web = group("home", &[other]);
            (web.arn, web.name) = ("arn:web".into(), "web".into());
            let mut facts = testing::service_behind_pair(&api.arn, None);
            let mut services = (**facts.services.value.as_ref().unwrap()).clone();
            let service = Arc::make_mut(&mut services[0]);
            let mut binding = service.load_balancers[0].clone();
            binding.target_group_arn = web.arn.clone();
            service.load_balancers.push(binding);
            facts.services = testing::part(Arc::new(services));
            let at =
                |minutes: i64| Timestamp::UNIX_EPOCH - jiff::SignedDuration::from_mins(minutes);
            let of = |arn: &str, minutes, failed: bool| {
                let failure = || Problem::new(ProblemKind::Timeout, "elb", "w", "y", "f");
                let told = GroupTold {
                    read: at(minutes),
                    none_since: None,
                    failure: failed.then(failure),
                };
                (arn.to_owned(), told)
            };
            let all = [of(&api.arn, minutes, failed), of(&web.arn, 0, false)];
            facts.targets_told = Arc::new(all.into_iter().collect());
            facts.target_groups = testing::part(Arc::new(vec![api, web]));
            facts.taken_at = at(0);
            let call = Call::parse("elb.targets-healthy").unwrap();
            let got = judge(&call, &facts, &Expectations::default(), at(0));
            (got.state, got.evidence[0].at, got.reason)
        };
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(told(false, 0, "healthy").1, at);
        // It did not answer the last time, and is believed for a while: the proof is as old as its answer.
        let (state, seen, _) = told(true, 2, "healthy");
        assert_eq!(
            (state, seen),
            (Proved, at - jiff::SignedDuration::from_mins(2))
        );
        let (state, _, why) = told(true, 12, "healthy");
        assert_eq!(state, Unknown);
        assert_eq!(why, "api: targets not told for 12m");
        assert_eq!(told(true, 12, "unhealthy").0, Failing);
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
