//! Clusters and services: what there is, and how each fares.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{deployments, targets};
use crate::backend::Backend;
use crate::backend::aws::ecs::SERVICES_A_CALL;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Cluster, Service, ServiceId};
use crate::watch::picture::{Asked, Picture};
use crate::watch::wanted::pace_of;

/// Clusters that are listed side by side.
const ABREAST: usize = 4;
/// Busy services that are asked about at once: two calls.
const BUSY: usize = 2 * SERVICES_A_CALL;

/// What there is.
#[derive(Debug)]
pub struct Inventory {
    clusters: Vec<Cluster>,
    services: Vec<ServiceId>,
    /// Configured clusters that do not exist.
    missing: Vec<String>,
}

/// Lists clusters and the names of their services.
pub async fn ask_inventory(backend: &Backend, only: &[String]) -> Result<Inventory, Problem> {
    let mut clusters = backend.ecs.clusters().await?;
    let missing = only
        .iter()
        .filter(|name| !clusters.iter().any(|c| &c.name == *name))
        .cloned()
        .collect();
    clusters.retain(|c| c.status != "INACTIVE" && (only.is_empty() || only.contains(&c.name)));
    let names: Vec<String> = clusters.iter().map(|c| c.name.clone()).collect();
    let services = stream::iter(names)
        .map(|name| async move { backend.ecs.service_ids(&name).await })
        .buffered(ABREAST)
        .try_concat()
        .await?;
    Ok(Inventory {
        clusters,
        services,
        missing,
    })
}

/// Joins what there is. Services that are gone leave the picture.
pub fn take_inventory(
    p: &mut Picture,
    answer: Result<Inventory, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let found = match answer {
        Ok(found) => found,
        Err(problem) => return cannot_list(p, problem),
    };
    p.facts.clusters.take(Ok(found.clusters), at);
    p.inventory.retain(|id, _| found.services.contains(id));
    for id in found.services {
        p.inventory.entry(id).or_insert(None);
    }
    let known = &p.inventory;
    p.services.retain(|id, _| known.contains_key(id));
    p.details.retain(|id, _| known.contains_key(id));
    if p.inventory.is_empty() {
        p.facts.services.take(Ok(Arc::default()), at);
        p.facts.task_definitions.take(Ok(Arc::default()), at);
    }
    rebuild(p, at);
    if !found.missing.is_empty() {
        let problem = no_such_cluster(&found.missing);
        p.facts.clusters.error = Some(problem);
    }
    None
}

/// Nothing that hangs on the list can be known either.
fn cannot_list(p: &mut Picture, problem: Problem) -> Option<ProblemKind> {
    let kind = problem.kind;
    if p.inventory.is_empty() || problem.is_about_credentials() {
        p.facts.services.error = Some(problem.clone());
        p.facts.deployments.error = Some(problem.clone());
        p.facts.task_definitions.error = Some(problem.clone());
    }
    p.facts.clusters.error = Some(problem);
    targets_too(p);
    Some(kind)
}

/// Which groups are bound is not known before the services are, and their answer may come later than that of the groups.
fn targets_too(p: &mut Picture) {
    let part = &p.facts.target_groups;
    if part.value.is_none() || part.error.is_some() {
        targets::rebuild(p);
    }
}

fn no_such_cluster(names: &[String]) -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "ecs",
        format!("Cannot show the cluster {}", names.join(", ")),
        "this account and region have no cluster of that name",
        "Check `clusters` in flightdeck.toml and the region.",
    )
}

/// The services to ask about now in the pass over all: those never asked, else the ones asked the longest ago, of one
/// cluster; all of them when a person wants everything now.
pub fn choose(p: &Picture, now: Instant) -> Vec<ServiceId> {
    if p.everything_now {
        return p.inventory.keys().cloned().collect();
    }
    let never: Vec<ServiceId> = p
        .inventory
        .iter()
        .filter(|(_, asked)| asked.is_none())
        .map(|(id, _)| id.clone())
        .collect();
    if !never.is_empty() {
        return never;
    }
    let pass = pace_of(p, p.is_lively()).pass;
    // What failed is not young, whenever it was last asked.
    let young = match p.facts.services.error {
        None => pass.mul_f64(0.6),
        Some(_) => Duration::ZERO,
    };
    let mut aged: Vec<(Instant, &ServiceId)> = p
        .inventory
        .iter()
        .filter_map(|(id, asked)| Some((asked.as_ref()?.at, id)))
        .filter(|(at, _)| now.duration_since(*at) > young)
        .collect();
    aged.sort();
    let Some((_, oldest)) = aged.first() else {
        return Vec::new();
    };
    let cluster = oldest.cluster.clone();
    aged.into_iter()
        .filter(|(_, id)| id.cluster == cluster)
        .take(SERVICES_A_CALL)
        .map(|(_, id)| id.clone())
        .collect()
}

/// The services to ask about faster: acted on, deploying, looked at.
pub fn busy(p: &Picture) -> Vec<ServiceId> {
    let mut ids: Vec<ServiceId> = Vec::new();
    let deploying = p.deploying().map(|s| &s.id);
    let interest = p.of_interest();
    for id in p.acted_on().chain(deploying).chain(&interest) {
        if p.inventory.contains_key(id) && !ids.contains(id) && ids.len() < BUSY {
            ids.push(id.clone());
        }
    }
    ids
}

/// How services fare.
#[derive(Debug)]
pub struct Described {
    asked: Vec<ServiceId>,
    began: Instant,
    found: Result<Vec<Service>, Problem>,
}

/// Describes services.
pub async fn ask(backend: &Backend, ids: Vec<ServiceId>) -> Described {
    let began = Instant::now();
    let found = if ids.is_empty() {
        Ok(Vec::new())
    } else {
        backend.ecs.services(&ids).await
    };
    Described {
        asked: ids,
        began,
        found,
    }
}

/// Joins services.
pub fn take(p: &mut Picture, answer: Described, at: Timestamp) -> Option<ProblemKind> {
    if answer.asked.is_empty() {
        return None;
    }
    let found = match answer.found {
        Ok(found) => found,
        Err(problem) => {
            let kind = problem.kind;
            if p.services.is_empty() {
                p.facts.deployments.error = Some(problem.clone());
                p.facts.task_definitions.error = Some(problem.clone());
            }
            p.facts.services.error = Some(problem);
            targets_too(p);
            return Some(kind);
        }
    };
    let asked = Asked {
        at: answer.began,
        stamp: at,
    };
    let mut gone = answer.asked;
    for service in found.into_iter().filter(|s| s.status != "INACTIVE") {
        gone.retain(|id| id != &service.id);
        p.inventory.insert(service.id.clone(), Some(asked));
        match p.services.get_mut(&service.id) {
            Some(known) if **known == service => {}
            Some(known) => *known = Arc::new(service),
            None => {
                p.services.insert(service.id.clone(), Arc::new(service));
            }
        }
    }
    for id in gone {
        // Asked and not answered: it is not there now. The next inventory tells whether it is gone for good.
        p.services.remove(&id);
        if let Some(entry) = p.inventory.get_mut(&id) {
            *entry = Some(asked);
        }
    }
    p.facts.services.error = None;
    rebuild(p, at);
    None
}

/// Puts the published rows together. Their age is that of the row asked about the longest ago.
fn rebuild(p: &mut Picture, at: Timestamp) {
    let complete = p.inventory.values().all(Option::is_some);
    if complete || p.facts.services.value.is_some() {
        let same = p.facts.services.value.as_ref().is_some_and(|rows| {
            rows.len() == p.services.len()
                && rows
                    .iter()
                    .zip(p.services.values())
                    .all(|(a, b)| Arc::ptr_eq(a, b))
        });
        if !same {
            p.facts.services.value = Some(Arc::new(p.services.values().cloned().collect()));
        }
        let oldest = p.inventory.values().flatten().map(|a| a.stamp).min();
        p.facts.services.observed_at = Some(oldest.unwrap_or(at));
    }
    let pace = pace_of(p, p.is_lively());
    p.facts.services.period = pace.pass.max(Duration::from_secs(1));
    p.facts.clusters.period = Duration::from_secs(60);
    deployments::rebuild(p);
    targets_too(p);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn picture(names: &[(&str, Option<u64>)], now: Instant) -> Picture {
        let mut p = Picture::new(Arc::new(Config::default()));
        for (name, seconds_ago) in names {
            let (cluster, name) = name.split_once('/').unwrap();
            let id = ServiceId {
                cluster: cluster.into(),
                name: name.into(),
            };
            let asked = seconds_ago.map(|s| Asked {
                at: now - Duration::from_secs(s),
                stamp: Timestamp::now(),
            });
            p.inventory.insert(id, asked);
        }
        p
    }

    fn chosen(p: &Picture, now: Instant) -> Vec<String> {
        choose(p, now).iter().map(ToString::to_string).collect()
    }

    /// A pass over many small clusters must end before what it told first is out of date.
    #[test]
    fn a_pass_takes_as_long_as_it_has_clusters_to_ask() {
        let now = Instant::now();
        let names = ["a/1", "b/1", "b/2", "c/1", "d/1"].map(|name| (name, Some(1)));
        let p = picture(&names, now);
        for lively in [false, true] {
            let pace = pace_of(&p, lively);
            assert!(
                pace.tick * 4 <= pace.pass + Duration::from_millis(1),
                "{pace:?}"
            );
        }
    }

    #[test]
    fn those_never_asked_come_first_and_all_at_once() {
        let now = Instant::now();
        let p = picture(&[("a/1", Some(500)), ("a/2", None), ("b/3", None)], now);
        assert_eq!(chosen(&p, now), ["a/2", "b/3"]);
    }

    #[test]
    fn then_the_oldest_of_one_cluster_and_none_that_is_still_young() {
        let now = Instant::now();
        let p = picture(
            &[
                ("a/1", Some(20)),
                ("b/2", Some(30)),
                ("b/3", Some(15)),
                ("b/4", Some(1)),
            ],
            now,
        );
        assert_eq!(chosen(&p, now), ["b/2", "b/3"]);
        let young = picture(&[("a/1", Some(1))], now);
        assert!(chosen(&young, now).is_empty());
    }
}
