//! The platform itself: what exists, and how it changes as time goes on.

pub mod definitions;
pub mod names;
pub mod network;
pub mod rollout;

pub mod service;
pub mod services;
mod shift;
pub mod story;
pub mod task;
pub mod tasks;
mod turnover;

use std::collections::BTreeMap;

use super::wire::Node;
use service::{ServiceDeployment, ServiceRevision};
use services::Services;
use task::Task;
use tasks::Tasks;

/// Id of the first service revision: ids of the vendor's have nineteen digits.
const FIRST_SERVICE_REVISION: u64 = 4_980_306_466_373_577_001;

/// Seconds for which stopped tasks are told of.
const STOPPED_TOLD_S: f64 = 3_600.0;

/// Stopped tasks of a service that are told of at most: what crashes every few seconds leaves hundreds in an hour.
const STOPPED_KEPT: usize = 60;

/// Cluster and service name.
pub type Key = (String, String);

/// A registered task definition revision: the structure as it was registered, and what the world needs to know of it.
#[derive(Clone, Debug)]
pub struct Definition {
    /// As DescribeTaskDefinition shows it.
    pub shown: Node,
    /// Tags given on registration.
    pub tags: Node,
    /// Image of the first essential container.
    pub image: String,
    /// Whether it is ACTIVE.
    pub active: bool,
}

/// A target group and the service's port behind it.
#[derive(Clone, Debug)]
pub struct TargetGroup {
    /// Name.
    pub name: String,
    /// Sixteen hex digits at the end of its ARN.
    pub id: String,
    /// Port of the targets.
    pub port: u16,
    /// Name of the load balancer that uses it.
    pub load_balancer: String,
    /// Path pattern of the listener rule that leads to it.
    pub path: String,
}

/// Everything that exists.
#[derive(Debug)]
pub struct World {
    /// Names of clusters.
    pub clusters: Vec<String>,
    /// Services.
    pub services: Services,
    /// Revisions by family; index 0 is revision 1.
    pub definitions: BTreeMap<String, Vec<Definition>>,
    /// Tasks by id, running and lately stopped.
    pub tasks: Tasks,
    /// Service deployments, oldest first.
    pub deployments: Vec<ServiceDeployment>,
    /// Service revisions with whose they are and when each was made, oldest first.
    revisions: Vec<(Key, ServiceRevision, f64)>,
    /// Target groups by name.
    pub target_groups: BTreeMap<String, TargetGroup>,
    /// Load balancers: name and sixteen hex digits.
    pub load_balancers: BTreeMap<String, String>,
    /// Image repositories that exist; others cannot be pulled from.
    pub repositories: Vec<String>,
    /// How much faster than the clock on the wall the story goes.
    pub speed: f64,
    rng: fastrand::Rng,
    begun: f64,
    now: f64,
}

impl World {
    /// An empty world that begins at a wall-clock time (seconds since 1970).
    pub fn new(seed: u64, speed: f64, begun: f64) -> Self {
        Self {
            clusters: Vec::new(),
            services: Services::default(),
            definitions: BTreeMap::new(),
            tasks: Tasks::default(),
            deployments: Vec::new(),
            revisions: Vec::new(),
            target_groups: BTreeMap::new(),
            load_balancers: BTreeMap::new(),
            repositories: Vec::new(),
            speed,
            rng: fastrand::Rng::with_seed(seed),
            begun,
            now: begun,
        }
    }

    /// Wall-clock time of the last step, seconds since 1970: what stamps are made of.
    pub fn stamp(&self) -> f64 {
        self.now
    }

    /// Wall-clock time at which the story began, seconds since 1970.
    pub fn begun(&self) -> f64 {
        self.begun
    }

    /// The story's own time, seconds since it began: what durations are counted in.
    pub fn story_time(&self) -> f64 {
        (self.now - self.begun) * self.speed
    }

    /// Lets time go on to a wall-clock time.
    pub fn step(&mut self, now: f64) {
        self.now = now.max(self.now);
        task::step(self);
        rollout::step(self);
        self.forget();
    }

    /// Random hex digits, the same for the same seed and story.
    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| char::from_digit(self.rng.u32(0..16), 16).unwrap_or('0'))
            .collect()
    }

    /// A random number in 0..1.
    pub fn chance(&mut self) -> f64 {
        self.rng.f64()
    }

    /// A random index below `n` (0 for an empty choice).
    pub fn pick(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.rng.usize(0..n) }
    }

    /// The revision of a family by number.
    pub fn definition(&self, family: &str, revision: u32) -> Option<&Definition> {
        let index = usize::try_from(revision.checked_sub(1)?).ok()?;
        self.definitions.get(family)?.get(index)
    }

    /// Makes a service revision, as every deployment but one that goes back does; also where its task definition is the one before's.
    pub fn revise(&mut self, key: &Key, definition: u32, at: f64) -> ServiceRevision {
        let id = FIRST_SERVICE_REVISION + self.revisions.len() as u64;
        let made = ServiceRevision { id, definition };
        self.revisions.push((key.clone(), made, at));
        made
    }

    /// A service revision of a service by its id, and when it was made.
    pub fn service_revision(&self, key: &Key, id: u64) -> Option<(ServiceRevision, f64)> {
        let index = usize::try_from(id.checked_sub(FIRST_SERVICE_REVISION)?).ok()?;
        let (of, made, at) = self.revisions.get(index)?;
        (of == key).then_some((*made, *at))
    }

    /// Tasks of a service.
    pub fn tasks_of<'a>(&'a self, key: &Key) -> impl Iterator<Item = &'a Task> + use<'a> {
        self.tasks.of(key)
    }

    /// Percent of a service's traffic that goes to the revision that comes, while a deployment shifts it; `None` where tasks share it
    /// as they are.
    pub fn shifted(&self, key: &Key) -> Option<f64> {
        let mut all = self.deployments.iter().rev();
        let open = all.find(|d| d.key == *key && d.is_open())?;
        open.stage.map(|_| open.traffic)
    }

    /// Share of a service's traffic that reaches tasks which fail what they serve, 0..=1: their share of the tasks, or what was shifted
    /// to them so far. Whatever users see of a bad image follows from it.
    pub fn failing_share(&self, key: &Key) -> f64 {
        let running = || self.tasks_of(key).filter(|t| t.is_running());
        let bad = running().filter(|t| t.health != task::Health::Healthy && t.is_bad());
        match (bad.count(), self.shifted(key)) {
            (0, _) => 0.0,
            (_, Some(percent)) => percent / 100.0,
            (bad, None) => bad as f64 / running().count().max(1) as f64,
        }
    }

    /// Stopped tasks are told of for an hour, as ECS does; of a service with very many, those that failed before the rest.
    fn forget(&mut self) {
        let mut stopped: Vec<(Key, bool, f64, String)> = self
            .tasks
            .stopped()
            .filter_map(|t| {
                Some((
                    t.service.clone(),
                    !t.has_failed(),
                    t.stopped_at?,
                    t.id.clone(),
                ))
            })
            .collect();
        stopped.sort_by(|a, b| {
            (&a.0, a.1, b.2)
                .partial_cmp(&(&b.0, b.1, a.2))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut kept = 0;
        let mut of: Option<&Key> = None;
        for (key, _, at, id) in &stopped {
            kept = if of == Some(key) { kept + 1 } else { 1 };
            of = Some(key);
            if kept > STOPPED_KEPT || self.now - at > STOPPED_TOLD_S {
                self.tasks.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::story::{self, Scale};
    use super::task::{Health, Life};
    use super::*;

    /// Wall-clock time at which the world of these tests stands.
    const NOW: f64 = 1_000_000.0;

    #[test]
    fn what_failed_is_told_of_for_an_hour_however_much_was_scaled_in_since() {
        let mut world = World::new(7, 1.0, NOW);
        let scale = Scale {
            services: 1,
            tasks_per_service: 82,
        };
        story::fleet(&mut world, scale);
        let ids: Vec<String> = world.tasks.keys().cloned().collect();
        for (n, id) in ids.iter().enumerate() {
            let Some(t) = world.tasks.get_mut(id) else {
                continue;
            };
            // Two failed first; then the others were told to go, one after the other.
            let failed = n < 2;
            t.life = Life::Stopped;
            t.exit_code = Some(i64::from(failed));
            t.health = if n == 0 { Health::Unhealthy } else { t.health };
            t.stopped_at = Some(NOW - 3_000.0 + n as f64);
        }
        task::step(&mut world);
        let left = |world: &World| -> Vec<usize> {
            let told = |id: &&String| world.tasks.get(*id).is_some();
            let left = ids.iter().enumerate().filter(|(_, id)| told(id));
            left.map(|(n, _)| n).collect()
        };
        world.forget();
        let newest = ids.len() - (STOPPED_KEPT - 2)..ids.len();
        assert_eq!(
            left(&world),
            [0, 1].into_iter().chain(newest).collect::<Vec<_>>()
        );
        world.now += STOPPED_TOLD_S;
        world.forget();
        assert!(left(&world).is_empty());
    }
}
