//! What is wanted at a moment, and how often: the call budget in one place.
//!
//! Describing services costs one call for ten. The watch spends about 24 such calls a minute (12 while nothing moves) and
//! one more a minute for each fifteen services; a full pass takes as long as that allows. Reading the task definitions of a big fleet
//! costs a call for each, once: until they are read, a minute brings one for thirty services or so, and the pass makes room for them.
//! The health of a target group costs a call: 20 such a minute (30 while something moves), and one more for each 42 groups or so.
//! Whatever else grows with the account (names of services) is bounded, so that calls a minute grow by less than a tenth of the number
//! of services.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::estate;
use super::picture::Picture;
use super::topic::{Topic, Wanted};
use super::topics::{
    boards, charts, deployments, failures, histories, log_groups, outside, records,
    resting_deployments, series, slos, targets, task_definitions, trends,
};
use crate::backend::aws::ecs::SERVICES_A_CALL;
use crate::domain::capacity;
use crate::domain::interest::Interest;
use crate::domain::order::Ordered;
use crate::domain::service::{Service, ServiceId};

/// Services whose deployments are read from the service-deployment API at one time.
const DETAILED: usize = deployments::AT_A_TIME;

/// How fast services are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Time for one pass over all.
    pub pass: Duration,
    /// Time from one call to the next.
    pub tick: Duration,
}

/// The pace for what there is.
pub fn pace_of(p: &Picture, lively: bool) -> Pace {
    let ids: Vec<&ServiceId> = p.inventory.keys().collect();
    // A call is about one cluster: three clusters of three services take three calls.
    let clusters = ids.chunk_by(|a, b| a.cluster == b.cluster);
    let calls = clusters
        .map(|some| some.len().div_ceil(SERVICES_A_CALL))
        .sum();
    pace(ids.len(), calls, lively, Beside::of(p))
}

/// What is read of a big account beside how its services fare, once: the pass over all makes room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Nothing,
    Definitions,
    Deployments,
}

impl Beside {
    fn of(p: &Picture) -> Self {
        match task_definitions::takes_room(p) {
            true => Self::Definitions,
            false if resting_deployments::takes_room(p) => Self::Deployments,
            false => Self::Nothing,
        }
    }

    /// For how many services a minute has a call that describes.
    fn share(self) -> f64 {
        match self {
            Self::Nothing => 15.0,
            Self::Deployments => 20.0,
            Self::Definitions => 25.0,
        }
    }
}

/// The pace for so many services, which so many calls describe.
fn pace(services: usize, calls: usize, lively: bool, beside: Beside) -> Pace {
    let calls = calls.max(1) as f64;
    let (base, floor) = if lively { (24.0, 5.0) } else { (12.0, 10.0) };
    let a_minute = base + services as f64 / beside.share();
    let pass = f64::max(floor, calls * 60.0 / a_minute);
    Pace {
        pass: Duration::from_secs_f64(pass),
        tick: Duration::from_secs_f64(pass / calls),
    }
}

/// A number that changes with what it is made of.
pub fn stamp(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Everything that is wanted now.
pub fn wanted(p: &Picture) -> Vec<Wanted> {
    let mut all = vec![
        Wanted::every(Topic::Identity, 300_000),
        Wanted::every(Topic::Inventory, inventory_period(p)),
        Wanted::every(Topic::Alarms, 15_000),
        target_groups(),
        Wanted {
            period: log_groups::listed(p),
            ..Wanted::every(Topic::LogGroups, 0)
        },
        Wanted::every(Topic::Records, 5_000).stamped(records::stamp(p)),
    ];
    all.extend(outside::wanted(&p.config));
    all.extend(estate::wanted(p));
    services(p, &mut all);
    measures(p, &mut all);
    needed(p, &mut all);
    looked_at(p, &mut all);
    all
}

/// Names of services come a hundred a call: a big account is listed less often.
fn inventory_period(p: &Picture) -> u64 {
    listing(p.inventory.len(), p.facts.clusters.rows().len())
}

/// Milliseconds from one list to the next, for so many services in so many clusters.
fn listing(services: usize, clusters: usize) -> u64 {
    let calls = 2 + services as u64 / 100 + clusters as u64;
    (calls * 12_000).clamp(30_000, 300_000)
}

fn services(p: &Picture, all: &mut Vec<Wanted>) {
    if p.inventory.is_empty() {
        return;
    }
    let new = p.inventory.values().any(Option::is_none);
    let failed = p.facts.services.error.is_some();
    let tick = pace_of(p, p.is_lively()).tick;
    let mut pass = Wanted::every(Topic::Services, 0).stamped(stamp(&(new, failed)));
    pass.period = tick;
    all.push(pass);
    let looked_at = p.looked_at();
    if p.is_lively() || !looked_at.is_empty() {
        let millis = if p.is_lively() { 2_000 } else { 4_000 };
        // Another page is about another service.
        let busy = Wanted::every(Topic::BusyServices, millis);
        all.push(busy.stamped(stamp(&looked_at)));
    }
    all.extend(task_definitions::wanted(p));
    // What a service's deployments came to is read once, when the definitions leave room for it.
    let room = !task_definitions::takes_room(p);
    if let Some((services, period)) = resting_deployments::round(p).filter(|_| room) {
        let mut round = Wanted::every(Topic::RestingDeployments, 0).stamped(stamp(&services));
        round.period = period;
        all.push(round);
    }
    for (id, moving) in detailed(p) {
        let period = if moving {
            deployments::MOVING
        } else {
            deployments::RESTING
        };
        let told = stamp(&told_of(p, &id));
        let mut detail = Wanted::every(Topic::Deployments(id), 0).stamped(told);
        detail.period = period;
        all.push(detail);
    }
}

/// What the service and the actions on it tell of its deployments: one that was not told before is asked about at once, and not when
/// its turn comes.
fn told_of<'a>(p: &'a Picture, id: &ServiceId) -> (Vec<[&'a str; 2]>, Vec<&'a str>) {
    let rollouts = p.services.get(id).into_iter().flat_map(|s| &s.rollouts);
    let rollouts = rollouts.map(|r| [r.id.as_str(), r.rollout_state.as_str()]);
    let ours = p.facts.runs.iter();
    let ours = ours.filter(|r| r.goes_on() && r.intent.service() == Some(id));
    let brought = ours.filter_map(|r| r.deployment.as_deref());
    (rollouts.collect(), brought.collect())
}

/// Services worth the service-deployment API, which costs a call for each: looked at, deploying or acted on, or lately changed. The
/// flag says whether it moves.
fn detailed(p: &Picture) -> Vec<(ServiceId, bool)> {
    let mut seen = BTreeSet::new();
    let looked_at = p.looked_at();
    let (mut in_turn, seats) = (
        Vec::from_iter(deployments::in_turn(p)),
        deployments::seats(p),
    );
    if in_turn.len() > seats {
        // A release of many: all have their turn, at what a few of them cost. Those of this turn keep their seats, then come those that
        // were asked about the longest ago, however many come and go meanwhile.
        let turn = deployments::MOVING.as_secs().max(1) as i64;
        let now = p.facts.taken_at.as_second();
        let begun = now - now.rem_euclid(turn);
        in_turn.order_by_key(|id| {
            let asked = p.details.get(*id).and_then(deployments::Known::asked_at);
            (asked.is_none_or(|at| at.as_second() < begun), asked)
        });
        in_turn.truncate(seats);
    }
    let mut lately: Vec<_> = p
        .services
        .values()
        .filter_map(|s| Some((s.rollouts.iter().filter_map(|r| r.updated_at).max()?, s)))
        .filter(|(at, _)| p.facts.taken_at.duration_since(*at).as_hours() < 24)
        .filter(|(_, s)| is_outdated(p, s))
        .map(|(at, s)| (at, &s.id))
        .collect();
    lately.sort();
    let most = DETAILED.max(looked_at.len() + in_turn.len());
    looked_at
        .into_iter()
        .chain(in_turn)
        .chain(lately.into_iter().rev().map(|(_, id)| id))
        .filter(|id| p.services.contains_key(*id) && seen.insert(*id))
        .take(most)
        .map(|id| {
            let moving = |s: &Arc<Service>| s.is_deploying() || is_outdated(p, s);
            let moving = p.services.get(id).is_some_and(moving);
            (id.clone(), moving)
        })
        .collect()
}

/// Whether the service-deployment API was not asked since a deployment of the service began or ended.
fn is_outdated(p: &Picture, service: &Service) -> bool {
    let known = p.details.get(&service.id);
    let Some(rows) = known.and_then(deployments::Known::rows) else {
        return true;
    };
    // An endpoint that lacks the API tells nothing, however often it is asked.
    let Some(newest) = rows.iter().map(|d| d.created_at).max() else {
        return false;
    };
    let began = service.rollouts.iter().map(|r| r.created_at).max();
    rows.iter().any(|d| d.state.is_running()) != service.is_deploying()
        || began.is_some_and(|at| at > newest)
}

fn measures(p: &Picture, all: &mut Vec<Wanted>) {
    let bound = targets::bound(p);
    if !bound.is_empty() {
        // While some are behind, one round follows the other.
        let new = targets::behind(p, &bound);
        let mut health = Wanted::every(Topic::TargetHealth, 0);
        health.period = if p.is_lively() {
            targets::LIVELY_ROUND
        } else {
            targets::ROUND
        };
        all.push(health.stamped(stamp(&(bound, new))));
    }
    if series::is_ready(p) {
        let sources = series::Sources::of(p);
        all.push(Wanted::every(Topic::Series, 60_000).stamped(stamp(&sources)));
    }
    let of_days = capacity::of_days(&p.facts);
    if !of_days.is_empty() {
        let every = Wanted::every(Topic::Trends, trends::EVERY_S * 1_000);
        all.push(every.stamped(stamp(&of_days)));
    }
    if slos::is_ready(p) {
        let balancers = slos::balancers(p);
        all.push(Wanted::every(Topic::Slos, 60_000).stamped(stamp(&balancers)));
    }
}

fn target_groups() -> Wanted {
    Wanted {
        period: targets::LISTED,
        ..Wanted::every(Topic::TargetGroups, 0)
    }
}

fn metric_names() -> Wanted {
    Wanted {
        period: charts::NAMED,
        ..Wanted::every(Topic::MetricNames, 0)
    }
}

/// What the plan wants to know, slowly.
fn needed(p: &Picture, all: &mut Vec<Wanted>) {
    if p.needs.metric_names {
        all.push(metric_names());
    }
    if p.needs.dashboards {
        all.push(Wanted::every(Topic::Dashboards, 300_000));
        all.push(Wanted::every(Topic::OwnDashboards, 300_000));
    }
    let histories = p.needs.alarm_histories.iter();
    all.extend(histories.map(|name| Wanted::every(Topic::AlarmHistory(name.clone()), 300_000)));
    if !p.needs.deployment_histories.is_empty() {
        // While some were never asked about, one round follows the other.
        let stamp = stamp(&(&p.needs.deployment_histories, histories::unasked(p)));
        let mut past = Wanted::every(Topic::Histories, 0).stamped(stamp);
        past.period = histories::ROUND;
        all.push(past);
    }
    if !p.needs.log_samples.is_empty() {
        let mut samples = Wanted::every(Topic::LogSamples, 0);
        samples.period = log_groups::SLICES_APART;
        if p.asks_once {
            samples = samples.stamped(stamp(&p.needs.log_samples));
        }
        all.push(samples);
    }
}

fn looked_at(p: &Picture, all: &mut Vec<Wanted>) {
    for interest in p.interests.iter() {
        if let Interest::AlarmHistory(name) = interest {
            // Somebody looks at it: the plan's own, slower question gives way.
            let topic = Topic::AlarmHistory(name.clone());
            all.retain(|w| w.topic != topic);
        }
        match interest {
            Interest::Dashboards => {
                all.retain(|w| !matches!(w.topic, Topic::Dashboards | Topic::OwnDashboards));
                all.push(Wanted::every(Topic::OwnDashboards, 15_000));
            }
            Interest::Board(ask) => all.extend(boards::wanted_logs(ask)),
            _ => {}
        }
        all.extend(match interest {
            Interest::Tasks(id) => {
                let moving = p.services.get(id).is_some_and(|s| s.is_deploying());
                let period = if moving { 3_000 } else { 8_000 };
                Some(Wanted::every(Topic::Tasks(id.clone()), period))
            }
            Interest::Failure(ask) => failures::wanted(p, ask),
            Interest::Revisions(id) => {
                let revision = p.services.get(id).map(|s| &s.revision);
                Some(Wanted::every(Topic::Revisions(id.clone()), 60_000).stamped(stamp(&revision)))
            }
            Interest::AlarmHistory(name) => {
                Some(Wanted::every(Topic::AlarmHistory(name.clone()), 30_000))
            }
            Interest::Metrics { queries, window } => Some(charts::wanted(queries, window)),
            Interest::Dashboards => Some(Wanted::every(Topic::Dashboards, 60_000)),
            Interest::Dashboard(name) => {
                Some(Wanted::every(Topic::Dashboard(name.clone()), 60_000))
            }
            Interest::Board(ask) => boards::wanted(ask),
            Interest::MetricNames if !p.needs.metric_names => Some(metric_names()),
            Interest::Logs(request) => p.tail.wanted(request),
            Interest::MetricNames | Interest::Deployments(_) | Interest::Audit => None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::{Intent, Phase, Run};

    /// What describing, listing and reading definitions of so many services costs a minute, each with a target group of its own.
    fn calls_a_minute(services: usize, lively: bool, beside: Beside) -> f64 {
        let calls = services.div_ceil(SERVICES_A_CALL);
        let pace = pace(services, calls, lively, beside);
        let round = match lively {
            true => targets::LIVELY_ROUND,
            false => targets::ROUND,
        };
        let groups = targets::turns::a_round(services, lively).min(services);
        let health = groups as f64 * 60.0 / round.as_secs_f64();
        let described = 60.0 / pace.tick.as_secs_f64();
        let listed = (2 + services.div_ceil(100)) as f64 * 60_000.0 / listing(services, 1) as f64;
        let rounds = 60_000 / task_definitions::ROUND as usize;
        let read = match beside {
            Beside::Nothing => 0.0,
            Beside::Definitions => (rounds * task_definitions::a_round(services)) as f64,
            Beside::Deployments => {
                let (some, period) = resting_deployments::pace(services);
                some as f64 * resting_deployments::CALLS as f64 * 60.0 / period.as_secs_f64()
            }
        };
        described + listed + read + health
    }

    #[test]
    fn calls_grow_by_less_than_a_tenth_of_the_services() {
        for (lively, most) in [(true, 62.0), (false, 38.0)] {
            let base = calls_a_minute(20, lively, Beside::Nothing);
            assert!(base <= most, "{base}");
            for n in (121..2_000).chain([5_000, 10_000]) {
                for beside in [Beside::Nothing, Beside::Definitions, Beside::Deployments] {
                    let growth = calls_a_minute(n, lively, beside) - base;
                    let most = (n - 20) as f64 / 10.0;
                    assert!(growth <= most, "{n}, {beside:?}: {growth} > {most}");
                }
            }
        }
    }

    #[test]
    fn a_small_account_is_seen_anew_every_few_seconds() {
        assert_eq!(
            pace(5, 1, true, Beside::Nothing).pass,
            Duration::from_secs(5)
        );
        assert_eq!(
            pace(20, 2, false, Beside::Nothing).pass,
            Duration::from_secs(10)
        );
        assert!(pace(1_000, 100, true, Beside::Nothing).pass < Duration::from_secs(75));
    }

    /// Its page would tell for seconds that nobody knows how far it is.
    #[test]
    fn a_deployment_that_was_not_told_before_is_asked_about_at_once() {
        use super::super::timetable::Timetable;
        use deployments::testing::{picture, second};
        use tokio::time::Instant;
        let mut p = picture(&["api"], second(0));
        p.facts.taken_at = second(0);
        let id = p.services.keys().next().cloned().unwrap();
        p.inventory.insert(id.clone(), None);
        p.interests = Arc::new(vec![Interest::Deployments(id.clone())]);
        let topic = Topic::Deployments(id.clone());
        let (mut table, t0) = (Timetable::default(), Instant::now());
        let at = |seconds: u64| t0 + Duration::from_secs(seconds);
        let is_due = |table: &mut Timetable, p: &Picture, now| {
            table.want(&wanted(p), now);
            table.due(now, |_| None).contains(&topic)
        };
        assert!(is_due(&mut table, &p, t0));
        for seconds in [0, 1] {
            table.began(&topic, at(seconds));
            table.ended(&topic, None, at(seconds));
        }
        assert!(!is_due(&mut table, &p, at(3)), "nothing is new");
        let service = Arc::make_mut(p.services.get_mut(&id).unwrap());
        let mut next = service.rollouts[0].clone();
        (next.id, next.rollout_state) = ("ecs-svc/next".into(), "IN_PROGRESS".into());
        service.rollouts.insert(0, next);
        assert!(is_due(&mut table, &p, at(3)));
    }

    fn names(many: usize) -> Vec<String> {
        (0..many).map(|n| format!("s{n:02}")).collect()
    }

    fn picture(many: usize) -> Picture {
        let names = names(many);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        deployments::testing::picture(&names, deployments::testing::second(0))
    }

    fn id(name: &str) -> ServiceId {
        ServiceId {
            cluster: "prod".into(),
            name: name.into(),
        }
    }

    /// Services that are read within so many turns, and how many at most at one time.
    fn read_within(p: &mut Picture, turns: i64) -> (BTreeSet<String>, usize) {
        let (mut seen, mut most) = (BTreeSet::new(), 0);
        for turn in 0..turns {
            p.facts.taken_at = deployments::testing::second(turn * 5);
            let some = detailed(p);
            most = most.max(some.len());
            let at = p.facts.taken_at;
            for (id, _) in some {
                seen.insert(id.name.clone());
                deployments::testing::asked(p, id, at);
            }
            // Those of a turn keep their seats while it lasts.
            p.facts.taken_at = deployments::testing::second(turn * 5 + 2);
            seen.extend(detailed(p).into_iter().map(|(id, _)| id.name));
        }
        (seen, most)
    }

    #[test]
    fn of_a_release_of_many_services_all_have_their_turn() {
        for many in [12, 18, 20, 24] {
            for looked_at in [vec![], vec!["s03"], vec!["idle"], vec!["idle", "s05"]] {
                let mut p = picture(many);
                for service in p.services.values_mut() {
                    Arc::make_mut(service).rollouts[0].rollout_state = "IN_PROGRESS".into();
                }
                let idle = deployments::testing::service("idle");
                p.services.insert(idle.id.clone(), Arc::new(idle));
                assert_eq!(p.deploying().count(), many);
                let seats = DETAILED - looked_at.len();
                let interests = looked_at.iter().map(|name| Interest::Tasks(id(name)));
                p.interests = Arc::new(interests.collect());
                let (seen, most) = read_within(&mut p, many.div_ceil(seats) as i64);
                assert_eq!(most, DETAILED);
                let missed: Vec<String> = names(many)
                    .into_iter()
                    .filter(|n| !seen.contains(n))
                    .collect();
                assert_eq!(missed, [""; 0], "{many}, {looked_at:?}");
            }
        }
    }

    /// Every console sees every open action on the board: what one script begins must not make each of them ask about all at once.
    #[test]
    fn services_that_actions_change_have_their_turns_like_those_that_deploy() {
        let mut p = picture(50);
        let restart = |name: &String| Run {
            id: name.clone(),
            intent: Intent::Restart { service: id(name) },
            title: String::new(),
            phase: Phase::Follow,
            progress: None,
            lines: Vec::new(),
            started_at: deployments::testing::second(0),
            finished_at: None,
            outcome: None,
            stopped_in: None,
            recorded: false,
            who: "ci".into(),
            reattached: false,
            brings: None,
            scaled_from: None,
            deployment: None,
            silent: None,
        };
        p.facts.runs = Arc::new(names(50).iter().map(restart).collect());
        let (seen, most) = read_within(&mut p, 9);
        assert_eq!((seen.len(), most), (50, DETAILED));
        // What is looked at is read in every turn.
        p.interests = Arc::new(vec![Interest::Deployments(id("s49"))]);
        let (seen, most) = read_within(&mut p, 1);
        assert_eq!(most, DETAILED);
        assert!(seen.contains("s49"), "{seen:?}");
    }
}
