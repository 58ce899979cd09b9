//! Where the load balancers lead: healthy targets by zone and region.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::words::count;
use super::{Cell, Group, Head, Make, Pages, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::service::{Service, ServiceHealth};
use crate::domain::target::{Target, TargetGroup, tally};

pub(super) const VIEW: View = View {
    id: "targets",
    title: "Targets",
    doc: "Targets of load balancers and their health, by zone and region",
    group: Group::Edge,
    lines: &["elb", "elb-abroad"],
    needs: &["services", "targets", "targets_abroad"],
    make: Make::Facts(make),
};

const HEADS: &[Head] = &[
    Head::left("target group", 24).grow(2),
    Head::left("region", 12),
    Head::left("zone", 14),
    Head::right("healthy", 8),
    Head::right("of", 4),
    Head::left("not healthy", 24).grow(3),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.target_groups;
    let none = "No service is behind a load balancer.";
    let mut here = Section::of(part, now, "targets", "This region", HEADS, none);
    for group in part.value.iter().flat_map(|v| v.iter()) {
        let untold = facts.untold_words(group);
        match left_by(facts, group).filter(|_| untold.is_none()) {
            Some((service, tone, word)) => {
                let lacks = lacks(group);
                let words = format!("{} {lacks}: {} is {word}", group.name, service.id);
                here.note(words, tone);
                if !group.targets.is_empty() {
                    rows(&mut here, group, false, Empty::default());
                }
            }
            None => {
                let empty = match untold {
                    Some(words) => Empty::Untold(words),
                    None => Empty::of(facts, group),
                };
                rows(&mut here, group, rests(facts, group), empty);
            }
        }
    }
    // A row is a zone of a group, and a target may be in several.
    here.counted = part.value.as_ref().map(|v| tally(v.iter()).1);
    let mut all = vec![here];
    let abroad = &facts.estate.targets_abroad;
    if abroad.value.is_some() || abroad.error.is_some() {
        let none = "No load balancer of the second region leads anywhere.";
        let mut there = Section::of(abroad, now, "targets_abroad", "Second region", HEADS, none);
        for group in abroad.value.iter().flat_map(|v| &v.groups) {
            rows(&mut there, group, false, Empty::of(facts, group));
        }
        there.counted = abroad.value.as_ref().map(|v| tally(&v.groups).1);
        let unread = abroad.value.as_ref().map_or(0, |v| v.unread);
        if unread > 0 {
            let more = count(unread, "more target group");
            there.note(format!("{more} not read"), Tone::Unknown);
        }
        all.push(there);
    }
    all
}

/// What a group lacks that is left by its targets.
fn lacks(group: &TargetGroup) -> &'static str {
    match group.targets.is_empty() {
        true => "has no target",
        false => "has none but leaving targets",
    }
}

/// The service that a group lost its targets with, how bad that is, and what became of it: the service tells of the fault, here and on
/// the path stands whose it is.
pub(super) fn left_by<'a>(
    facts: &'a Facts,
    group: &TargetGroup,
) -> Option<(&'a Service, Tone, &'static str)> {
    let service = facts.left_by(group)?;
    Some(match service.health() {
        ServiceHealth::Unserved if facts.is_gone(service) => (service, Tone::Bad, "scaled to 0"),
        ServiceHealth::Unserved => (service, Tone::Warn, "scaled to 0"),
        _ if facts.is_elsewhere(&service.id) => (service, Tone::Warn, "down"),
        _ => (service, Tone::Bad, "down"),
    })
}

/// The service that tells of a group none of whose targets is healthy, how bad that is here, and how that service is, in a word.
pub(super) fn told_by<'a>(
    facts: &'a Facts,
    group: &TargetGroup,
) -> Option<(&'a Service, Tone, String)> {
    let service = facts.told_by(group)?;
    let health = facts.served(service);
    let is_here = !facts.is_elsewhere(&service.id);
    let tone = match health {
        ServiceHealth::Down if is_here => Tone::Bad,
        _ => Tone::Warn,
    };
    Some((service, tone, health.word().to_lowercase()))
}

/// How bad it is that a group has no healthy target, where no service tells of it: another environment's is its own affair.
pub(super) fn without_any(facts: &Facts, group: &TargetGroup) -> Tone {
    match facts.is_group_elsewhere(group) {
        true => Tone::Warn,
        false => Tone::Bad,
    }
}

/// What it means that a group has no healthy target.
enum Empty {
    /// How bad it is, and the service that tells of it with how that is.
    Known(Tone, Option<String>),
    /// Nobody knows how its targets are by now, in words.
    Untold(String),
}

impl Default for Empty {
    fn default() -> Self {
        Self::Known(Tone::Bad, None)
    }
}

impl Empty {
    fn of(facts: &Facts, group: &TargetGroup) -> Self {
        if group.healthy() > 0 {
            return Self::default();
        }
        match told_by(facts, group) {
            Some((service, tone, word)) => {
                Self::Known(tone, Some(format!("{} is {word}", service.id)))
            }
            None => Self::Known(without_any(facts, group), None),
        }
    }
}

/// Whether anything bad is known by the targets alone: one fault is one row where faults are listed, and a service that is gone has its
/// own.
pub(super) fn tells_more(pages: &Pages<'_>) -> bool {
    let facts = pages.facts;
    let groups = facts.target_groups.value.iter().flat_map(|v| v.iter());
    let told = |g: &TargetGroup| {
        let left = left_by(facts, g).is_some_and(|(_, tone, _)| tone == Tone::Bad);
        // One that nobody tells of is no bad row, as in `make`.
        let is_told = facts.untold_words(g).is_none();
        is_told && (left || told_by(facts, g).is_some_and(|(_, tone, _)| tone == Tone::Bad))
    };
    let left = groups.filter(|g| told(g)).count();
    let bad = |s: &Section| {
        let notes = s.notes.iter().filter(|n| n.tone == Tone::Bad).count();
        notes + s.rows.iter().filter(|r| r.worst() == Tone::Bad).count()
    };
    left == 0 || pages.of(&VIEW).iter().map(bad).sum::<usize>() > left
}

/// Whether the other group of its pair holds the tasks at present (blue/green).
fn rests(facts: &Facts, group: &TargetGroup) -> bool {
    let services = facts.services.value.iter().flat_map(|v| v.iter());
    let mut partners = services
        .flat_map(|s| s.load_balancers.iter())
        .filter_map(|lb| lb.partner(&group.arn));
    partners.any(|arn| {
        let mut known = facts.target_groups.value.iter().flat_map(|v| v.iter());
        known.any(|g| g.arn == arn && !g.targets.is_empty())
    })
}

/// A row a zone. `rests`: that there is no target is as it should be. `empty`: what it means that none is healthy.
fn rows(section: &mut Section, group: &TargetGroup, rests: bool, empty: Empty) {
    let mut zones: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
    for target in &group.targets {
        zones.entry(&target.zone).or_default().push(target);
    }
    // One zone that fails leaves the others; that a group has no healthy target at all is said once and not for each zone.
    let staying = |t: &&Target| t.state != "draining";
    let all = group.targets.iter().filter(staying).count();
    let is_told = matches!(empty, Empty::Known(..));
    match empty {
        Empty::Untold(words) => section.note(format!("{}: {words}", group.name), Tone::Unknown),
        Empty::Known(..) if zones.is_empty() && rests => {
            let words = format!("{} rests: the other group of its pair serves", group.name);
            section.note(words, Tone::Muted);
        }
        Empty::Known(tone, _) if zones.is_empty() => {
            section.note(format!("{} has no target", group.name), tone);
        }
        Empty::Known(tone, told) if group.healthy() == 0 && all > 0 => {
            let whose = told.map_or_else(String::new, |s| format!(": {s}"));
            let words = format!("{}: 0 of {all} targets healthy{whose}", group.name);
            section.note(words, tone);
        }
        Empty::Known(..) => {}
    }
    for (zone, targets) in zones {
        // Targets that drain leave on purpose.
        let staying = targets.iter().filter(|t| t.state != "draining").count();
        let healthy = targets.iter().filter(|t| t.state == "healthy").count();
        let ill = targets
            .iter()
            .filter(|t| t.state != "healthy" && t.state != "draining");
        let ill: Vec<String> = ill
            .map(|t| {
                format!("{} {} {}", t.id, t.state, t.reason)
                    .trim()
                    .to_owned()
            })
            .collect();
        let leaving = targets.len() - staying;
        let mut words = ill.join(", ");
        if leaving > 0 {
            let leaving = format!("{} leaving", count(leaving, "target"));
            words = [words, leaving].join(if ill.is_empty() { "" } else { ", " });
        }
        let tone = match healthy < staying {
            // What was so when nobody knows any more is neither well nor ill.
            _ if !is_told => Tone::Unknown,
            true => Tone::Warn,
            false => Tone::Plain,
        };
        let cells = vec![
            Cell::name(&group.name),
            Cell::plain(group.region()),
            Cell::plain(zone),
            Cell::new(healthy.to_string(), tone),
            Cell::plain(staying.to_string()),
            Cell::new(
                words,
                match ill.is_empty() {
                    true => Tone::Muted,
                    false if !is_told => Tone::Unknown,
                    false => Tone::Warn,
                },
            ),
        ];
        let thing = serde_json::json!({
            "target_group": group.name,
            "arn": group.arn,
            "region": group.region(),
            "zone": zone,
            "healthy": healthy,
            "targets": targets,
        });
        section.row(format!("{}/{zone}", group.arn), cells, &thing);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::part::Part;

    fn worst(states: &[(&str, &str)]) -> (Tone, Vec<String>) {
        let target = |(zone, state): &(&str, &str)| Target {
            id: "10.0.0.1".into(),
            port: 80,
            zone: (*zone).into(),
            state: (*state).into(),
            reason: "Target.Timeout".into(),
        };
        let group = TargetGroup {
            arn: "arn:aws:elasticloadbalancing:home:1:targetgroup/api/1".into(),
            name: "api".into(),
            load_balancers: Vec::new(),
            protocol: None,
            health_check_path: None,
            targets: states.iter().map(target).collect(),
        };
        let now = Timestamp::UNIX_EPOCH;
        let facts = Facts {
            target_groups: Part::answered(
                Arc::new(vec![group]),
                now,
                "elb:x",
                Duration::from_secs(20),
            ),
            ..Facts::default()
        };
        let section = make(&facts, now).remove(0);
        let words = |r: &super::super::Row| {
            let cells = r.cells.iter().skip(1).map(|c| c.text.as_str());
            cells.collect::<Vec<_>>().join(" ")
        };
        (section.worst(), section.rows.iter().map(words).collect())
    }

    #[test]
    fn one_zone_that_fails_is_a_warning_and_no_healthy_target_at_all_is_bad() {
        let (tone, rows) = worst(&[("a", "healthy"), ("b", "unhealthy"), ("b", "draining")]);
        assert_eq!(tone, Tone::Warn);
        assert_eq!(rows[0], "home a 1 1 ");
        assert_eq!(
            rows[1],
            "home b 0 1 10.0.0.1 unhealthy Target.Timeout, 1 target leaving"
        );
        assert_eq!(worst(&[("a", "unhealthy")]).0, Tone::Bad);
        assert_eq!(worst(&[("a", "healthy")]).0, Tone::Ok);
        assert_eq!(worst(&[]).0, Tone::Bad, "a group that leads nowhere");
    }
    #[test]
    fn a_group_that_nobody_tells_of_any_more_is_neither_well_nor_ill() {
        use crate::domain::problem::{Problem, ProblemKind};
        use crate::domain::targets_told::GroupTold;
        let told = |minutes: i64, state: &str| {
            let group = TargetGroup {
                arn: "arn:aws:elasticloadbalancing:home:1:targetgroup/api/1".into(),
                name: "api".into(),
                load_balancers: Vec::new(),
                protocol: None,
                health_check_path: None,
                targets: vec![Target {
                    id: "10.0.0.1".into(),
                    port: 80,
                    zone: "a".into(),
                    state: state.into(),
                    reason: String::new(),
                }],
            };
            let now = Timestamp::UNIX_EPOCH;
            let problem = Problem::new(ProblemKind::Throttled, "elb", "w", "y", "f");
            let read = GroupTold {
                read: now - jiff::SignedDuration::from_mins(minutes),
                none_since: None,
                failure: Some(problem),
            };
            let every = Duration::from_secs(30);
            let facts = Facts {
                taken_at: now,
                targets_told: Arc::new([(group.arn.clone(), read)].into_iter().collect()),
                target_groups: Part::answered(Arc::new(vec![group]), now, "elb:x", every),
                ..Facts::default()
            };
            let section = make(&facts, now).remove(0);
            let notes = section.notes.iter().map(|n| n.text.clone());
            (section.worst(), notes.collect::<Vec<_>>())
        };
        assert_eq!(told(2, "healthy"), (Tone::Ok, vec![]));
        let lost = vec!["api: targets not told for 12m".to_owned()];
        for state in ["healthy", "unhealthy"] {
            assert_eq!(told(12, state), (Tone::Unknown, lost.clone()));
        }
    }

    #[test]
    fn what_is_counted_are_targets_and_not_rows() {
        let target = |id: &str, zone: &str| Target {
            id: id.into(),
            port: 80,
            zone: zone.into(),
            state: "healthy".into(),
            reason: String::new(),
        };
        let group = |name: &str| TargetGroup {
            arn: format!("arn:aws:elasticloadbalancing:home:1:targetgroup/{name}/1"),
            name: name.into(),
            load_balancers: Vec::new(),
            protocol: None,
            health_check_path: None,
            targets: vec![target("1", "a"), target("2", "a"), target("3", "b")],
        };
        let now = Timestamp::UNIX_EPOCH;
        let groups = Arc::new(vec![group("api"), group("admin")]);
        let facts = Facts {
            target_groups: Part::answered(groups, now, "elb:x", Duration::from_secs(20)),
            ..Facts::default()
        };
        let section = make(&facts, now).remove(0);
        assert_eq!((section.rows.len(), section.count()), (4, 3));
    }

    /// One fault is told by one, and another environment's is no fault here.
    #[test]
    fn a_group_without_a_healthy_target_is_as_bad_as_the_service_that_tells_of_it() {
        let of_cluster = |cluster: &str, health: &[&str]| {
            let target = |state: &&str| Target {
                id: "10.0.0.1".into(),
                port: 80,
                zone: "a".into(),
                state: (*state).into(),
                reason: String::new(),
            };
            let arn = "arn:aws:elasticloadbalancing:home:1:targetgroup/api/1";
            let group = |arn: &str, states: &[&str]| TargetGroup {
                arn: arn.into(),
                name: "api".into(),
                load_balancers: Vec::new(),
                protocol: None,
                health_check_path: None,
                targets: states.iter().map(target).collect(),
            };
            let binding = |arn: &str| crate::domain::service::LoadBalancerBinding {
                alternate_target_group_arn: None,
                target_group_arn: arn.into(),
                container: "api".into(),
                port: 80,
            };
            let service = Service {
                load_balancers: vec![binding(arn), binding("other")],
                ..service(cluster)
            };
            let now = Timestamp::UNIX_EPOCH;
            let every = Duration::from_secs(20);
            let groups = vec![group(arn, &["unhealthy"]), group("other", health)];
            let mut facts = Facts {
                environment: "production".into(),
                environments: vec!["production".into(), "staging".into()],
                services: Part::answered(Arc::new(vec![Arc::new(service)]), now, "ecs:x", every),
                target_groups: Part::answered(Arc::new(groups), now, "elb:x", every),
                ..Facts::default()
            };
            facts.judge_targets();
            let notes = make(&facts, now).remove(0).notes;
            let told = |n: &Cell| (n.tone, n.text.clone());
            notes.iter().map(told).next().unwrap()
        };
        let words = |whose: &str| format!("api: 0 of 1 targets healthy{whose}");
        let down = |cluster| of_cluster(cluster, &[]);
        let whose = ": laser-prod/api is down";
        assert_eq!(down("laser-prod"), (Tone::Bad, words(whose)));
        let whose = ": laser-staging/api is down";
        assert_eq!(down("laser-staging"), (Tone::Warn, words(whose)));
        // Its other group is well: no service tells of this one.
        let part_of = |cluster| of_cluster(cluster, &["healthy"]);
        assert_eq!(part_of("laser-prod"), (Tone::Bad, words("")));
        assert_eq!(part_of("laser-staging"), (Tone::Warn, words("")));
    }

    fn service(cluster: &str) -> Service {
        use crate::domain::service::{
            CircuitBreaker, DeploymentConfig, Revision, ServiceId, Strategy, TaskCounts,
        };
        Service {
            id: ServiceId {
                cluster: cluster.into(),
                name: "api".into(),
            },
            arn: String::new(),
            status: "ACTIVE".into(),
            counts: TaskCounts {
                desired: 1,
                running: 1,
                ..TaskCounts::default()
            },
            revision: Revision::parse("api:1").unwrap(),
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Rolling,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker::default(),
                alarms: Vec::new(),
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: Vec::new(),
            rollouts: Vec::new(),
            revisions: vec![],
            scaling: None,
            events: Vec::new(),
            created_at: None,
        }
    }
}
