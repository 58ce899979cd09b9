//! How often each error happened, and what people decided about it.

use std::collections::BTreeMap;

use super::releases;
use super::story::{Cause, PLANS, PROJECTS, Plan};
use crate::telemetry::noise::{load, wobble};
use crate::telemetry::traffic::appetite;
use crate::world::World;
use crate::world::task::Health;

const HOUR_S: f64 = 3_600.0;

/// An issue: an error that happened at least once.
#[derive(Debug)]
pub struct Issue {
    /// Id.
    pub id: u64,
    /// Number within its project, counted from one.
    pub number: usize,
    /// What it is.
    pub plan: &'static Plan,
    /// Wall-clock times.
    pub first_seen: f64,
    /// Last.
    pub last_seen: f64,
    /// Times before the story began.
    before: u64,
    /// Times since, by hour; fractions carry over.
    since: BTreeMap<i64, f64>,
    owed: f64,
    /// Release that first made it.
    pub first_release: Option<String>,
    /// Release that last made it.
    pub last_release: Option<String>,
    /// `unresolved`, `resolved`, `ignored`.
    pub status: &'static str,
    /// Why it is in that state.
    pub substatus: Option<&'static str>,
    /// Release in which it is said to be gone: an event of that one again does not open it.
    pub until_release_after: Option<String>,
    /// Who it was given to.
    pub assigned: Option<String>,
    /// Whether somebody looked.
    pub seen: bool,
}

/// Times that an error happened in an hour before the story began.
fn past(plan: &Plan, hour: i64, begun: f64) -> u64 {
    let at = (hour as f64 + 0.5) * HOUR_S;
    let first = begun - plan.first_hours * HOUR_S;
    let ended = plan.ended_hours.map_or(begun, |h| begun - h * HOUR_S);
    if plan.cause != Cause::Use || at < first - HOUR_S || at > ended + HOUR_S {
        return 0;
    }
    let mean = plan.an_hour * load(at) * (1.0 + 0.6 * wobble(plan.value, at));
    // Rare ones happen in some hours only.
    (mean + 0.5 * wobble(plan.culprit, at)).round().max(0.0) as u64
}

impl Issue {
    fn old(id: u64, number: usize, plan: &'static Plan, world: &World) -> Self {
        let begun = world.begun();
        let first_seen = begun - plan.first_hours * HOUR_S;
        let last_seen = begun
            - plan
                .ended_hours
                .map_or(240.0 / plan.an_hour.max(0.2), |h| h * HOUR_S);
        let hours = ((first_seen / HOUR_S) as i64)..=((last_seen / HOUR_S) as i64);
        let release = |at: f64| releases::running(world, plan.project, at);
        Self {
            id,
            number,
            plan,
            first_seen,
            last_seen,
            before: hours.map(|h| past(plan, h, begun)).sum::<u64>().max(1),
            since: BTreeMap::new(),
            owed: 0.0,
            first_release: release(first_seen),
            last_release: release(last_seen),
            status: plan.status,
            substatus: match plan.status {
                "ignored" => Some("archived_until_escalating"),
                "resolved" => None,
                _ if plan.first_hours < 168.0 => Some("new"),
                _ => Some("ongoing"),
            },
            until_release_after: None,
            assigned: plan.assigned.map(str::to_owned),
            seen: plan.first_hours > 168.0,
        }
    }

    /// Times in all.
    pub fn count(&self) -> u64 {
        self.before + self.since.values().sum::<f64>() as u64
    }

    /// People concerned: the same ones come again.
    pub fn users(&self) -> u64 {
        (self.count() as f64).powf(0.82).ceil() as u64
    }

    /// Times by hour: `[second, times]`, oldest first.
    pub fn by_hour(&self, hours: i64, begun: f64, now: f64) -> Vec<(i64, u64)> {
        let last = (now / HOUR_S) as i64;
        let of = |hour: i64| {
            let before = if hour as f64 * HOUR_S <= begun {
                past(self.plan, hour, begun)
            } else {
                0
            };
            before + self.since.get(&hour).map_or(0, |n| *n as u64)
        };
        (last - hours + 1..=last)
            .map(|h| (h * 3_600, of(h)))
            .collect()
    }

    /// Counts times that happened at a time, in a release. A resolved issue that happens again is open again, unless it was
    /// said to be gone after the release that still makes it.
    fn happen(&mut self, times: f64, at: f64, release: Option<&str>) {
        self.owed += times;
        let whole = self.owed.floor();
        if whole < 1.0 {
            return;
        }
        self.owed -= whole;
        *self.since.entry((at / HOUR_S) as i64).or_default() += whole;
        self.last_seen = at;
        self.last_release = release.map(str::to_owned).or(self.last_release.take());
        let excused = self
            .until_release_after
            .as_deref()
            .is_some_and(|r| Some(r) == release);
        if self.status == "resolved" && !excused {
            self.status = "unresolved";
            self.substatus = Some("regressed");
            self.until_release_after = None;
        }
    }
}

/// Issues from before the story.
pub fn tell(world: &World) -> Vec<Issue> {
    let mut all: Vec<Issue> = Vec::new();
    for plan in PLANS.iter().filter(|p| p.first_hours > 0.0) {
        let (id, number) = next(&all, plan.project);
        all.push(Issue::old(id, number, plan, world));
    }
    all
}

fn next(all: &[Issue], project: usize) -> (u64, usize) {
    let number = all.iter().filter(|i| i.plan.project == project).count() + 1;
    (5_110_000_001 + all.len() as u64 * 17, number)
}

/// Lets errors happen between two times.
pub fn happen(all: &mut Vec<Issue>, world: &World, from: f64, now: f64) {
    for plan in PLANS {
        let Some(project) = PROJECTS.get(plan.project) else {
            continue;
        };
        let release = releases::running(world, plan.project, now);
        let (times, release) = match plan.cause {
            Cause::Use if plan.ended_hours.is_some() => continue,
            Cause::Use => (plan.an_hour * load(now) * (now - from) / HOUR_S, release),
            Cause::FailingTasks | Cause::CrashingTasks => {
                let (times, image) = trouble(plan.cause, project.service, world, from, now);
                (
                    times,
                    image.map(|i| releases::version(project, &i)).or(release),
                )
            }
        };
        if times <= 0.0 {
            continue;
        }
        let place = all.iter().position(|i| std::ptr::eq(i.plan, plan));
        let place = place.unwrap_or_else(|| {
            let (id, number) = next(all, plan.project);
            all.push(Issue {
                first_seen: now,
                last_seen: now,
                before: 1,
                first_release: release.clone(),
                last_release: release.clone(),
                substatus: Some("new"),
                seen: false,
                ..Issue::old(id, number, plan, world)
            });
            all.len() - 1
        });
        if let Some(issue) = all.get_mut(place) {
            issue.happen(times, now, release.as_deref());
        }
    }
}

/// How often bad tasks of a service made an error, and which image they ran.
fn trouble(
    cause: Cause,
    service: Option<&str>,
    world: &World,
    from: f64,
    now: f64,
) -> (f64, Option<String>) {
    let Some(name) = service else {
        return (0.0, None);
    };
    let key = ("laser-prod".to_owned(), name.to_owned());
    let tasks: Vec<_> = world.tasks_of(&key).collect();
    if cause == Cause::CrashingTasks {
        let crashed = |t: &&&crate::world::task::Task| {
            t.exit_code.is_some_and(|code| code != 0)
                && t.stopped_at.is_some_and(|at| at > from && at <= now)
        };
        let mut crashed = tasks.iter().filter(crashed);
        let first = crashed.next();
        return (
            first.map_or(0.0, |_| 1.0 + crashed.count() as f64),
            first.map(|t| t.image.clone()),
        );
    }
    let failing = |t: &&&crate::world::task::Task| {
        t.is_running() && t.health != Health::Healthy && t.is_bad()
    };
    let Some(first) = tasks.iter().find(failing) else {
        return (0.0, None);
    };
    let requests = appetite(name).0 * load(now) * (now - from);
    let failed = requests * world.failing_share(&key) * 0.7;
    (failed, Some(first.image.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{rollout, story};

    /// Tasks of a bad image that no traffic was shifted to yet make no error of a user's.
    #[test]
    fn what_has_no_traffic_makes_no_error() {
        let start = 1_800_000_000.0;
        let mut world = World::new(7, 1.0, start);
        story::tell(&mut world);
        let key = rollout::begin_bad_canary(&mut world);
        let mut all = Vec::new();
        let mut ran = false;
        for second in 1..120 {
            let at = start + f64::from(second);
            world.step(at);
            ran |= world.tasks_of(&key).any(|t| t.is_running() && t.is_bad());
            happen(&mut all, &world, at - 1.0, at);
        }
        let failing = all.iter().filter(|i| i.plan.cause == Cause::FailingTasks);
        assert!(ran && failing.count() == 0);
    }
}
