//! Deployments: rows from `deployments[]` of every service, and the fuller picture of the service-deployment API where asked, joined to
//! one list.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::backend::Backend;
use crate::backend::aws::ecs::of_rollouts;
use crate::domain::deployment::{Deployment, DeploymentSource, RevisionLoad};
use crate::domain::order::Ordered;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Revision, RevisionTasks, Rollout, Service, ServiceId, TaskCounts};
use crate::watch::picture::Picture;

/// From one question about a service that deploys to the next.
pub const MOVING: Duration = Duration::from_secs(5);
/// Services whose deployments are read at one time; more of them that move have their turns.
pub const AT_A_TIME: usize = 6;
/// From one question about a service at rest to the next.
pub const RESTING: Duration = Duration::from_secs(30);

/// What is known of one service's deployments.
#[derive(Debug, Default)]
pub struct Known {
    /// The last good answer, and when it came (UTC).
    read: Option<(Timestamp, Vec<Deployment>)>,
    /// Why the last question failed, and when; nothing once one succeeded again.
    failure: Option<(Timestamp, Problem)>,
    /// Whether somebody looks at it, or it moves: what fails then is a failure of what is shown. One that rests is read in its turn.
    asked_for: bool,
    /// Those of them that have ended, as they are published: of many services at rest none is told anew.
    shown: Vec<Arc<Deployment>>,
}

impl Known {
    /// Whether the service-deployment API ever answered.
    pub fn is_read(&self) -> bool {
        self.read.is_some()
    }

    /// When the last question failed, as long as none succeeded since.
    pub fn failed_at(&self) -> Option<Timestamp> {
        self.failure.as_ref().map(|(at, _)| *at)
    }

    /// When it was asked for the last time that was answered or failed.
    pub fn asked_at(&self) -> Option<Timestamp> {
        self.read.as_ref().map(|(at, _)| *at).max(self.failed_at())
    }

    /// Rows of the last good answer.
    pub fn rows(&self) -> Option<&[Deployment]> {
        self.read.as_ref().map(|(_, rows)| rows.as_slice())
    }
}

/// Whether what was told then still holds, asked so often.
fn is_young(at: Timestamp, period: Duration, now: Timestamp) -> bool {
    let age = Duration::try_from(now.duration_since(at)).unwrap_or_default();
    age <= period * 2 + Duration::from_secs(5)
}

/// Deployments of one service.
#[derive(Debug)]
pub struct Detail {
    pub(super) service: ServiceId,
    pub(super) rows: Result<Vec<Deployment>, Problem>,
}

/// Asks about a service as it was last described; `None` once it is gone.
pub async fn ask(backend: &Backend, service: Arc<Service>) -> Detail {
    Detail {
        service: service.id.clone(),
        rows: backend.ecs.deployments(&service).await,
    }
}

/// Joins.
pub fn take(p: &mut Picture, answer: Detail, at: Timestamp) -> Option<ProblemKind> {
    let failure = join(p, answer, at, true);
    rebuild(p, at);
    failure
}

pub(super) fn join(
    p: &mut Picture,
    answer: Detail,
    at: Timestamp,
    asked_for: bool,
) -> Option<ProblemKind> {
    let known = p.details.entry(answer.service).or_default();
    known.asked_for = asked_for;
    match answer.rows {
        Ok(mut rows) => {
            let before = known.rows().unwrap_or_default();
            for row in &mut rows {
                let same = before.iter().find(|d| d.id == row.id);
                row.carry_stage(same, at);
            }
            let told = rows
                .iter()
                .any(|d| d.source == DeploymentSource::ServiceDeployments);
            // Rollouts are in the picture already, and newer.
            known.read = Some((at, if told { rows } else { Vec::new() }));
            known.failure = None;
            known.shown.clear();
            p.detailed = true;
            None
        }
        Err(problem) => {
            let kind = problem.kind;
            known.failure = Some((at, problem));
            Some(kind)
        }
    }
}

/// The failure of any service that is asked about: a good answer about another proves nothing of it. One that nobody asks about any
/// more is forgotten: its rows come from the service itself.
fn failure(p: &Picture, now: Timestamp) -> Option<Problem> {
    let looked_at = p.details.values().filter(|k| k.asked_for);
    let mut failures = looked_at.filter_map(|k| k.failure.as_ref());
    let current = failures.find(|(at, _)| is_young(*at, RESTING, now));
    current.map(|(_, problem)| problem.clone())
}

/// What a service's own rollouts tell: made once for as long as the service stays what it is.
#[derive(Debug)]
pub struct Told {
    service: Arc<Service>,
    rows: Vec<Arc<Deployment>>,
}

impl Told {
    fn make(p: &Picture, service: &Arc<Service>) -> Self {
        let mut rows = of_rollouts(service);
        rows.iter_mut().for_each(|row| fill_images(p, row));
        Self {
            service: service.clone(),
            rows: rows.into_iter().map(Arc::new).collect(),
        }
    }

    /// Whether it is still all that can be told of a service.
    fn holds(&self, p: &Picture, service: &Arc<Service>) -> bool {
        Arc::ptr_eq(&self.service, service) && !lacks_images(p, &self.rows)
    }
}

/// Whether an image that rows lack was read meanwhile.
fn lacks_images(p: &Picture, rows: &[Arc<Deployment>]) -> bool {
    let definitions = p.facts.task_definitions.value.as_ref();
    let is_read = |arn: &String| definitions.is_some_and(|d| d.contains_key(arn));
    let lacks = |l: &RevisionLoad| l.image.is_none() && is_read(&l.revision.arn);
    let mut rows = rows.iter();
    rows.any(|d| d.from.iter().chain(&d.to).any(lacks))
}

/// Services whose deployments are read in turn: those that deploy, and those that an action is changing. Anybody's script may change
/// fifty of them at once. What somebody looks at has a seat of its own.
pub fn in_turn(p: &Picture) -> BTreeSet<&ServiceId> {
    let looked_at = p.looked_at();
    let moving = p.acted_on().chain(p.deploying().map(|s| &s.id));
    moving
        .filter(|id| p.services.contains_key(id) && !looked_at.contains(id))
        .collect()
}

/// How many of them are read at one time: what is looked at leaves them one at least.
pub fn seats(p: &Picture) -> usize {
    let looked_at = p.looked_at();
    let taken = looked_at.iter().filter(|id| p.services.contains_key(id));
    AT_A_TIME.saturating_sub(taken.count()).max(1)
}

/// Puts the published rows together from what is known, newest first. Services at rest, of which there are many, cost next to nothing.
pub fn rebuild(p: &mut Picture, now: Timestamp) {
    if p.facts.services.value.is_none() {
        return;
    }
    let known = std::mem::take(&mut p.told);
    // Details that were told the last time may give way now.
    let mut changed = known.len() != p.services.len()
        || p.facts.deployments.value.is_none()
        || std::mem::take(&mut p.detailed);
    let mut known = known.into_iter().peekable();
    let mut told: Vec<Told> = Vec::with_capacity(p.services.len());
    let mut rows: Vec<Arc<Deployment>> = Vec::with_capacity(p.services.len());
    let mut oldest = p.facts.services.observed_at;
    let mut details = std::mem::take(&mut p.details);
    // How long what moves has to wait for its turn.
    let turns = in_turn(p).len().div_ceil(seats(p)).max(1);
    let turn = MOVING * u32::try_from(turns).unwrap_or(u32::MAX);
    for service in p.services.values() {
        while known.next_if(|t| t.service.id < service.id).is_some() {}
        let own = known.next_if(|t| t.holds(p, service)).unwrap_or_else(|| {
            changed = true;
            Told::make(p, service)
        });
        let detail = details.get_mut(&service.id);
        let read = detail.and_then(|k| Some((k.read.as_ref()?, &mut k.shown)));
        let first = rows.len();
        match read {
            Some(((at, detail), shown)) => {
                let ended = || detail.iter().filter(|d| !d.state.is_running());
                if shown.len() != ended().count() || lacks_images(p, shown) {
                    *shown = ended().map(|d| filled(p, d.clone())).collect();
                    changed = true;
                }
                if !tells_more(*at, turn, detail, &own.rows, now) {
                    rows.extend(own.rows.iter().cloned());
                } else if moves(detail) {
                    // What has ended stays as it was told; what moves is as old as its answer.
                    oldest = oldest.map(|o| o.min(*at));
                    let running = detail.iter().filter(|d| d.state.is_running());
                    rows.extend(running.map(|d| filled(p, with_counts(d.clone(), service))));
                    p.detailed = true;
                    changed = true;
                }
                rows.extend(shown.iter().cloned());
            }
            None => rows.extend(own.rows.iter().cloned()),
        }
        // How the last one ended stays told while the next one is under way: the service itself tells of that one alone.
        let ended = rows[first..]
            .iter()
            .filter(|d| !d.state.is_running())
            .max_by_key(|d| d.created_at);
        match (ended, p.ended.get(&service.id)) {
            (Some(ended), Some(before)) if Arc::ptr_eq(ended, before) => {}
            (Some(ended), _) => {
                p.ended.insert(service.id.clone(), ended.clone());
            }
            (None, Some(before)) => rows.push(before.clone()),
            (None, None) => {}
        }
        told.push(own);
    }
    p.told = told;
    p.details = details;
    // What is asked about comes first: the failure of some cluster says nothing of it.
    let failure = failure(p, now).or_else(|| p.facts.services.error.clone());
    let detailed = p
        .details
        .values()
        .any(|k| k.rows().is_some_and(|rows| !rows.is_empty()));
    let part = &mut p.facts.deployments;
    if changed {
        publish(part, rows);
    }
    part.observed_at = oldest;
    part.period = p.facts.services.period;
    part.error = failure;
    part.source = match detailed {
        true => "ecs:DescribeServices, ecs:DescribeServiceDeployments".into(),
        false => "ecs:DescribeServices".into(),
    };
}

/// Publishes rows, unless they are what was published before.
fn publish(part: &mut Part<Arc<Vec<Arc<Deployment>>>>, mut rows: Vec<Arc<Deployment>>) {
    rows.order_by(|a, b| {
        let moving = b.state.is_running().cmp(&a.state.is_running());
        moving
            .then(b.created_at.cmp(&a.created_at))
            .then_with(|| a.id.cmp(&b.id))
    });
    let is_same = |(a, b): (&Arc<Deployment>, &Arc<Deployment>)| Arc::ptr_eq(a, b) || a == b;
    let same = part
        .value
        .as_ref()
        .is_some_and(|old| old.len() == rows.len() && old.iter().zip(&rows).all(is_same));
    if !same {
        part.value = Some(Arc::new(rows));
    }
}

fn moves<'a, D: Borrow<Deployment> + 'a>(rows: impl IntoIterator<Item = &'a D>) -> bool {
    rows.into_iter().any(|d| d.borrow().state.is_running())
}

fn newest<'a, D: Borrow<Deployment> + 'a>(
    rows: impl IntoIterator<Item = &'a D>,
) -> Option<Timestamp> {
    rows.into_iter().filter_map(|d| d.borrow().created_at).max()
}

/// A detail that was read before a new rollout began knows nothing of it; one that moved when it was read, too long ago, knows
/// nothing of how it went on.
fn tells_more(
    at: Timestamp,
    turn: Duration,
    detail: &[Deployment],
    rollouts: &[Arc<Deployment>],
    now: Timestamp,
) -> bool {
    if detail.is_empty() {
        return false;
    }
    if moves(detail) {
        return is_young(at, turn, now);
    }
    let began = newest(rollouts);
    newest(detail) >= began || (!moves(rollouts) && began.is_none_or(|began| began <= at))
}

/// Counts of the service itself are asked more often than its deployments: they are the newer ones while it moves. Whose they are is
/// told by the service revision, or by a task definition that one side alone has: a restart has the same on both.
fn with_counts(mut row: Deployment, service: &Service) -> Deployment {
    if !row.state.is_running() {
        return row;
    }
    let loads = row.from.iter().chain(&row.to);
    let sides: Vec<Revision> = loads.map(|l| l.revision.clone()).collect();
    for load in row.from.iter_mut().chain(row.to.as_mut()) {
        let is_its = |r: &&RevisionTasks| Some(&r.arn) == load.service_revision.as_ref();
        let told = service.revisions.iter().find(is_its);
        let like = |r: &&Rollout| r.revision == load.revision;
        let mut same = service.rollouts.iter().filter(like);
        let only = match (same.next(), same.next()) {
            (Some(only), None) => Some(only.counts),
            _ => None,
        };
        let one_side = sides.iter().filter(|r| **r == load.revision).count() == 1;
        let only = only.filter(|_| one_side);
        if let Some(told) = told {
            let failed = only.map_or(load.counts.failed, |c| c.failed);
            load.counts = TaskCounts {
                failed,
                ..told.counts
            };
        } else if let Some(only) = only {
            load.counts = only;
        }
    }
    row
}

/// A row with its images, to be published.
fn filled(p: &Picture, mut row: Deployment) -> Arc<Deployment> {
    fill_images(p, &mut row);
    Arc::new(row)
}

/// Adds the images of what a row goes from and to, as far as they were read.
fn fill_images(p: &Picture, row: &mut Deployment) {
    let loads = row.from.iter_mut().chain(row.to.as_mut());
    for load in loads.filter(|l| l.image.is_none()) {
        load.image = image(p, &row.service, load);
    }
}

fn image(p: &Picture, id: &ServiceId, load: &RevisionLoad) -> Option<String> {
    let definitions = p.facts.task_definitions.value.as_ref()?;
    let bound = p.services.get(id).and_then(|s| s.load_balancers.first());
    let definition = definitions.get(&load.revision.arn)?;
    let container = definition.main_container(bound.map(|lb| lb.container.as_str()))?;
    Some(container.image.clone())
}

#[cfg(test)]
pub mod testing;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::testing::{failed, picture, second, service, told};
    use super::*;
    use crate::domain::deployment::DeploymentState;
    use crate::domain::interest::Interest;
    use crate::domain::service::{ContainerSpec, TaskDefinition};

    #[test]
    fn a_good_answer_about_one_service_clears_no_failure_of_another() {
        let mut p = picture(&["api", "web"], second(0));
        take(&mut p, failed("api"), second(0));
        take(&mut p, told("web", DeploymentState::Successful), second(1));
        assert!(p.facts.deployments.error.is_some());
        take(&mut p, told("api", DeploymentState::Successful), second(2));
        assert_eq!(p.facts.deployments.error, None);
        // Nobody asks about it any more: what the service itself says is all that is shown.
        take(&mut p, failed("api"), second(3));
        rebuild(&mut p, second(200));
        assert_eq!(p.facts.deployments.error, None);
    }

    #[test]
    fn how_the_last_deployment_ended_stays_told_while_the_next_one_moves() {
        let mut p = picture(&["api"], second(0));
        rebuild(&mut p, second(0));
        let mut moving = service("api");
        let old = moving.rollouts[0].clone();
        moving.rollouts[0] = Rollout {
            id: "ecs-svc/next".into(),
            rollout_state: "IN_PROGRESS".into(),
            created_at: Some(second(5)),
            ..old
        };
        p.services.insert(moving.id.clone(), Arc::new(moving));
        rebuild(&mut p, second(6));
        let states: Vec<_> = p.facts.deployment_rows().iter().map(|d| d.state).collect();
        assert_eq!(
            states,
            [DeploymentState::InProgress, DeploymentState::Successful]
        );
    }

    #[test]
    fn a_detail_that_moved_too_long_ago_gives_way_to_the_service_itself() {
        let mut p = picture(&["api"], second(10));
        take(&mut p, told("api", DeploymentState::InProgress), second(0));
        let state = |p: &Picture| p.facts.deployment_rows()[0].state;
        assert_eq!(state(&p), DeploymentState::InProgress);
        assert_eq!(
            p.facts.deployments.observed_at,
            Some(second(0)),
            "the worst"
        );
        take(&mut p, failed("api"), second(16));
        assert_eq!(state(&p), DeploymentState::Successful);
        assert!(p.facts.deployments.error.is_some());
        // What has ended stays told, with what the vendor said of it.
        take(&mut p, told("api", DeploymentState::RolledBack), second(20));
        rebuild(&mut p, second(900));
        assert_eq!(state(&p), DeploymentState::RolledBack);
        assert_eq!(p.facts.deployments.observed_at, Some(second(10)));
    }

    /// What has ended stays in the list while the next deployment of its service is under way and not read yet.
    #[test]
    fn the_past_of_a_service_stays_while_the_next_deployment_begins() {
        let mut p = picture(&["api"], second(0));
        let mut past = told("api", DeploymentState::RolledBack);
        let rows = past.rows.as_mut().unwrap();
        let mut older = rows[0].clone();
        older.id = "older".into();
        older.created_at = Some(second(-9_000));
        rows.push(older);
        take(&mut p, past, second(1));
        assert_eq!(p.facts.deployment_rows().len(), 2);
        let mut moving = service("api");
        let before = moving.rollouts[0].clone();
        moving.rollouts.push(Rollout {
            status: "ACTIVE".into(),
            ..before.clone()
        });
        moving.rollouts[0] = Rollout {
            id: "ecs-svc/next".into(),
            rollout_state: "IN_PROGRESS".into(),
            created_at: Some(second(5)),
            ..before
        };
        p.services.insert(moving.id.clone(), Arc::new(moving));
        rebuild(&mut p, second(6));
        let states: Vec<_> = p.facts.deployment_rows().iter().map(|d| d.state).collect();
        let back = DeploymentState::RolledBack;
        assert_eq!(states, [DeploymentState::InProgress, back, back]);
    }

    /// A restart has one task definition on both sides, and the service counts their tasks apart.
    #[test]
    fn tasks_of_a_restart_are_counted_by_their_service_revision() {
        let counts = |desired, running| TaskCounts {
            desired,
            running,
            ..TaskCounts::default()
        };
        let arn = |n: u32| format!("arn:aws:ecs:r:1:service-revision/prod/api/{n}");
        let mut p = picture(&["api"], second(10));
        let mut moving = service("api");
        moving.rollouts[0].rollout_state = "IN_PROGRESS".into();
        moving.rollouts[0].counts = counts(2, 1);
        moving.revisions = vec![
            RevisionTasks {
                arn: arn(1),
                counts: counts(0, 2),
                digests: Vec::new(),
            },
            RevisionTasks {
                arn: arn(2),
                counts: counts(2, 1),
                digests: Vec::new(),
            },
        ];
        let restart = |p: &mut Picture| {
            let mut detail = told("api", DeploymentState::InProgress);
            let row = &mut detail.rows.as_mut().unwrap()[0];
            let mut old = row.to.clone().unwrap();
            (old.service_revision, old.counts) = (Some(arn(1)), counts(2, 2));
            row.from = vec![old];
            let to = row.to.as_mut().unwrap();
            (to.service_revision, to.counts) = (Some(arn(2)), counts(2, 0));
            take(p, detail, second(10));
            let row = &p.facts.deployment_rows()[0];
            (row.from[0].counts, row.to.as_ref().unwrap().counts)
        };
        let id = moving.id.clone();
        p.services.insert(id.clone(), Arc::new(moving.clone()));
        assert_eq!(restart(&mut p), (counts(0, 2), counts(2, 1)));
        // An endpoint that tells no service revisions: the one rollout of that definition is not both sides.
        moving.revisions.clear();
        p.services.insert(id, Arc::new(moving));
        assert_eq!(restart(&mut p), (counts(2, 2), counts(2, 0)));
    }

    /// Each answer tells when the vendor last changed the deployment: the stage is as old as the first of them.
    #[test]
    fn a_stage_stays_as_old_as_it_was_told_first() {
        let mut p = picture(&["api"], second(10));
        let baking = |since: i64| {
            let mut detail = told("api", DeploymentState::InProgress);
            for row in detail.rows.as_mut().unwrap() {
                row.lifecycle_stage = Some("BAKE_TIME".into());
                row.pace.stage_since = Some(second(since));
            }
            detail
        };
        take(&mut p, baking(3), second(10));
        take(&mut p, baking(12), second(15));
        let row = &p.facts.deployment_rows()[0];
        assert_eq!(row.pace.stage_since, Some(second(3)));
    }

    /// What somebody looks at has a seat of its own, and the others wait longer for theirs: what was told of them holds until then.
    #[test]
    fn what_moves_is_believed_for_as_long_as_its_turn_takes() {
        let names: Vec<String> = (0..12).map(|n| format!("s{n:02}")).collect();
        let mut all: Vec<&str> = names.iter().map(String::as_str).collect();
        all.push("idle");
        let mut p = picture(&all, second(0));
        for id in &names {
            let service = p.services.get_mut(&service(id).id).unwrap();
            Arc::make_mut(service).rollouts[0].rollout_state = "IN_PROGRESS".into();
        }
        take(&mut p, told("s00", DeploymentState::InProgress), second(0));
        let mut source = |interests: Vec<Interest>| {
            p.interests = Arc::new(interests);
            rebuild(&mut p, second(30));
            let mut rows = p.facts.deployment_rows().iter();
            rows.find(|d| d.service.name == "s00").unwrap().source
        };
        assert_eq!(source(Vec::new()), DeploymentSource::Rollouts);
        let looked_at = vec![Interest::Tasks(service("idle").id)];
        assert_eq!(source(looked_at), DeploymentSource::ServiceDeployments);
    }

    /// Of a thousand services that rest, none is told anew with each answer about ten of them.
    #[test]
    fn what_rests_is_told_once_and_what_changed_anew() {
        let mut p = picture(&["api", "web"], second(10));
        rebuild(&mut p, second(10));
        let rows = |p: &Picture| p.facts.deployments.value.clone().unwrap();
        let first = rows(&p);
        rebuild(&mut p, second(11));
        assert!(Arc::ptr_eq(&first, &rows(&p)), "nothing has changed");
        let mut web = service("web");
        web.rollouts[0].rollout_state = "IN_PROGRESS".into();
        p.services.insert(web.id.clone(), Arc::new(web));
        rebuild(&mut p, second(12));
        let then = rows(&p);
        assert_eq!(then[0].state, DeploymentState::InProgress);
        assert!(
            Arc::ptr_eq(&first[0], &then[1]),
            "the other one is as it was"
        );
        // Its image is read at last.
        let revision = service("api").revision;
        let container = ContainerSpec {
            name: "api".into(),
            image: "shop/api:1.2.3".into(),
            essential: true,
            ..ContainerSpec::default()
        };
        let definition = TaskDefinition {
            revision: revision.clone(),
            status: "ACTIVE".into(),
            cpu_units: None,
            memory_mib: None,
            containers: vec![container],
            registered_at: None,
            registered_by: None,
        };
        let read = BTreeMap::from([(revision.arn, Arc::new(definition))]);
        p.facts.task_definitions.value = Some(Arc::new(read));
        rebuild(&mut p, second(13));
        let image = |row: &Deployment| row.to.as_ref().unwrap().image.clone();
        assert_eq!(image(&rows(&p)[1]).as_deref(), Some("shop/api:1.2.3"));
        p.services.remove(&service("web").id);
        rebuild(&mut p, second(14));
        assert_eq!(rows(&p).len(), 1);
    }
}
