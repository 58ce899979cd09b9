//! Clusters and services: what there is, and how each fares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{deployments, targets, task_definitions};
use crate::backend::Backend;
use crate::backend::aws::ecs::{Batch, SERVICES_A_CALL};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::scaling::ScaleOut;
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
    /// Clusters whose services could not be listed.
    unlisted: BTreeMap<String, Problem>,
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
    let all = names.len();
    let listed: Vec<(String, Result<Vec<ServiceId>, Problem>)> = stream::iter(names)
        .map(|name| async move {
            let ids = backend.ecs.service_ids(&name).await;
            (name, ids)
        })
        .buffered(ABREAST)
        .collect()
        .await;
    let (mut services, mut unlisted) = (Vec::new(), BTreeMap::new());
    for (cluster, answer) in listed {
        match answer {
            Ok(ids) => services.extend(ids),
            // Nothing was listed: that is no list.
            Err(problem) if unlisted.len() + 1 == all => return Err(problem),
            Err(problem) => {
                unlisted.insert(cluster, problem);
            }
        }
    }
    Ok(Inventory {
        clusters,
        services,
        unlisted,
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
    let clusters = p.facts.own_first(found.clusters.iter(), |c| &c.name);
    let clusters = clusters.into_iter().cloned().collect();
    p.facts.clusters.take(Ok(clusters), at);
    // What was known of a cluster that refuses now is still there, as far as anybody knows.
    p.unlisted = found.unlisted;
    let unlisted = &p.unlisted;
    let missing = found.missing;
    let listed: BTreeSet<ServiceId> = found.services.into_iter().collect();
    p.inventory
        .retain(|id, _| listed.contains(id) || unlisted.contains_key(&id.cluster));
    for id in listed {
        p.inventory.entry(id).or_insert(None);
    }
    let known = &p.inventory;
    p.services.retain(|id, _| known.contains_key(id));
    p.details.retain(|id, _| known.contains_key(id));
    p.ended.retain(|id, _| known.contains_key(id));
    p.unread.retain(|id, _| known.contains_key(id));
    // Nobody can say how its services fare, and what was known of them is no more.
    let told = missing
        .iter()
        .map(|name| (name.clone(), no_such_cluster(name)));
    p.unlisted.extend(told);
    if p.inventory.is_empty() && p.unlisted.is_empty() {
        p.facts.services.take(Ok(Arc::default()), at);
        p.facts.task_definitions.take(Ok(Arc::default()), at);
    }
    rebuild(p, at);
    if let Some(name) = missing.first() {
        p.facts.clusters.error = Some(no_such_cluster(name));
    }
    None
}

/// Nothing that hangs on the list can be known either.
fn cannot_list(p: &mut Picture, problem: Problem) -> Option<ProblemKind> {
    let kind = problem.kind;
    if p.inventory.is_empty() || problem.is_about_credentials() {
        p.facts.services.error = Some(problem.clone());
        p.facts.services_unread = None;
        p.facts.clusters_unread.clear();
        p.facts.deployments.error = Some(problem.clone());
        p.facts.task_definitions.error = Some(problem.clone());
        p.facts.definitions_unread = Arc::default();
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

fn no_such_cluster(name: &str) -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "ecs",
        "Cannot read services",
        format!("this account and region have no cluster {name}"),
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
    // What failed is not young, whenever it was last asked; it waits its turn all the same.
    let young = |id: &ServiceId| match p.unread.contains_key(id) {
        false => pass.mul_f64(0.6),
        true => Duration::ZERO,
    };
    let mut aged: Vec<(Instant, &ServiceId)> = p
        .inventory
        .iter()
        .filter_map(|(id, asked)| Some((asked.as_ref()?.at, id)))
        .filter(|(at, id)| now.duration_since(*at) > young(id))
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
    began: Instant,
    batches: Vec<Batch>,
}

/// Describes services.
pub async fn ask(backend: &Backend, ids: Vec<ServiceId>) -> Described {
    let began = Instant::now();
    let batches = backend.ecs.services(&ids).await;
    Described { began, batches }
}

/// Joins services.
pub fn take(p: &mut Picture, answer: Described, at: Timestamp) -> Option<ProblemKind> {
    let (mut read, mut failure) = (false, None);
    for batch in answer.batches {
        match batch.found {
            Ok(found) => {
                read = true;
                let asked = Asked {
                    at: answer.began,
                    stamp: Some(at),
                };
                let missing = |id: &ServiceId| batch.missing.iter().any(|(m, _)| m == id);
                let mut there = batch.asked;
                there.retain(|id| !missing(id));
                join(p, there, found, asked);
                not_there(p, batch.missing, asked);
            }
            Err(problem) => {
                failure = Some(problem.kind);
                for id in batch.asked {
                    // Tried is tried: whoever fails goes to the end of the queue, and no other waits for it.
                    if let Some(entry) = p.inventory.get_mut(&id) {
                        let stamp = entry.and_then(|a| a.stamp);
                        *entry = Some(Asked {
                            at: answer.began,
                            stamp,
                        });
                        p.unread.insert(id, problem.clone());
                    }
                }
            }
        }
    }
    if read {
        rebuild(p, at);
        return None;
    }
    failure?;
    tell(p);
    targets_too(p);
    failure
}

/// Joins the services of one call that was answered.
fn join(p: &mut Picture, mut gone: Vec<ServiceId>, found: Vec<Service>, asked: Asked) {
    for id in &gone {
        p.unread.remove(id);
    }
    for service in found.into_iter().filter(|s| s.status != "INACTIVE") {
        gone.retain(|id| id != &service.id);
        p.inventory.insert(service.id.clone(), Some(asked));
        let mut service = service;
        if let (Some(before), Some(at)) = (p.services.get(&service.id), asked.stamp) {
            service.scaling = ScaleOut::told(before, &service, at);
        }
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
}

/// Listed, asked about and not found: that is told, and what was known of them stays.
fn not_there(p: &mut Picture, missing: Vec<(ServiceId, Problem)>, asked: Asked) {
    for (id, why) in missing {
        if let Some(entry) = p.inventory.get_mut(&id) {
            *entry = Some(asked);
            p.unread.insert(id, why);
        }
    }
}

/// Publishes what failed: about all services, or about those of some clusters while the others are as fresh as ever.
fn tell(p: &mut Picture) {
    let failed = p
        .unlisted
        .iter()
        .chain(p.unread.iter().map(|(id, why)| (&id.cluster, why)));
    let mut clusters: BTreeMap<&String, &Problem> = BTreeMap::new();
    for (cluster, why) in failed {
        clusters.entry(cluster).or_insert(why);
    }
    let Some((_, first)) = clusters.first_key_value() else {
        let failed = p.facts.services.error.take().is_some();
        p.facts.services_unread = None;
        p.facts.clusters_unread.clear();
        if failed {
            // They were not to be known either, and are read once: no answer of theirs would tell that they are.
            task_definitions::tell(p);
        }
        return;
    };
    let whole = p.unread.len() == p.inventory.len() || first.is_about_credentials();
    let mut problem = (*first).clone();
    let mut names: Vec<String> = clusters.keys().map(|name| (*name).clone()).collect();
    match whole {
        true => names.clear(),
        false => problem.what = format!("{} in {}", problem.what, names.join(", ")),
    }
    p.facts.clusters_unread = names;
    let unread: BTreeSet<ServiceId> = p.unread.keys().cloned().collect();
    p.facts.services_unread = (!whole).then_some(unread);
    if p.services.is_empty() {
        p.facts.deployments.error = Some(problem.clone());
        p.facts.task_definitions.error = Some(problem.clone());
    }
    p.facts.services.error = Some(problem);
}

/// Puts the published rows together. Their age is that of the row asked about the longest ago.
fn rebuild(p: &mut Picture, at: Timestamp) {
    tell(p);
    // Where no cluster could be listed, an empty list is none.
    let is_list = p.unlisted.is_empty() || !p.inventory.is_empty();
    let complete = is_list && p.inventory.values().all(Option::is_some);
    if complete || p.facts.services.value.is_some() {
        let rows = p.facts.own_first(p.services.values(), |s| &s.id.cluster);
        let same = p.facts.services.value.as_ref().is_some_and(|before| {
            let mut pairs = before.iter().zip(&rows);
            before.len() == rows.len() && pairs.all(|(a, b)| Arc::ptr_eq(a, b))
        });
        if !same {
            let rows = rows.into_iter().cloned().collect();
            p.facts.services.value = Some(Arc::new(rows));
            task_definitions::look(p);
        }
        // The age of what failed is told by its error, and must not make the others look old.
        let answered = p
            .inventory
            .iter()
            .filter(|(id, _)| !p.unread.contains_key(id));
        let oldest = answered.filter_map(|(_, a)| a.as_ref()?.stamp).min();
        if let Some(stamp) = oldest.or_else(|| p.inventory.is_empty().then_some(at)) {
            p.facts.services.observed_at = Some(stamp);
            task_definitions::hold(p, stamp);
        }
    }
    let pace = pace_of(p, p.is_lively());
    p.facts.services.period = pace.pass.max(Duration::from_secs(1));
    p.facts.clusters.period = Duration::from_secs(60);
    deployments::rebuild(p, at);
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
                stamp: Some(Timestamp::now()),
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

    fn denied() -> Problem {
        Problem::new(
            ProblemKind::Denied,
            "ecs",
            "Cannot read services",
            "denied",
            "Ask.",
        )
    }

    /// A cluster that may not be read is told; it holds no other up, and waits its turn like everybody.
    #[test]
    fn one_cluster_that_refuses_blinds_no_other() {
        let t0 = Instant::now();
        let mut p = picture(&[("a/1", None), ("b/1", None)], t0);
        let id = |cluster: &str| ServiceId {
            cluster: cluster.into(),
            name: "1".into(),
        };
        let answer = |seconds: u64| Described {
            began: t0 + Duration::from_secs(seconds),
            batches: vec![
                Batch {
                    asked: vec![id("a")],
                    found: Err(denied()),
                    missing: vec![],
                },
                Batch {
                    asked: vec![id("b")],
                    found: Ok(vec![]),
                    missing: vec![],
                },
            ],
        };
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        assert_eq!(take(&mut p, answer(0), at), None, "something was read");
        let facts = &p.facts;
        let told = facts.services.error.clone().unwrap();
        assert_eq!(told.what, "Cannot read services in a");
        assert!(facts.services.value.is_some() && facts.services.fresh(at).is_none());
        assert!(facts.is_service_fresh(&id("b"), at));
        assert!(!facts.is_service_fresh(&id("a"), at));
        // Both were tried at the same moment: the one that failed is not asked alone for ever.
        assert_eq!(chosen(&p, t0 + Duration::from_secs(60)), ["a/1"]);
        take(
            &mut p,
            Described {
                began: t0 + Duration::from_secs(60),
                batches: answer(0).batches.into_iter().take(1).collect(),
            },
            at,
        );
        assert_eq!(chosen(&p, t0 + Duration::from_secs(61)), ["b/1"]);
        // Nothing at all can be read: that is about all of them.
        let mut all = answer(70);
        all.batches[1].found = Err(denied());
        assert_eq!(take(&mut p, all, at), Some(ProblemKind::Denied));
        assert_eq!(p.facts.services.error, Some(denied()));
        assert!(!p.facts.is_service_fresh(&id("b"), at));
        // And all is well again.
        let mut well = answer(80);
        well.batches[0].found = Ok(vec![]);
        assert_eq!(take(&mut p, well, at), None);
        assert!(p.facts.services.fresh(at).is_some());
    }

    /// ListServices names it, DescribeServices answers MISSING: it must not vanish without a word.
    #[test]
    fn what_is_listed_and_not_found_is_told() {
        let mut p = picture(&[("a/1", None), ("a/2", None)], Instant::now());
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let ids: Vec<ServiceId> = p.inventory.keys().cloned().collect();
        let gone = Problem::new(
            ProblemKind::NotFound,
            "ecs",
            "Cannot read the services",
            "MISSING",
            "Look.",
        );
        let answer = |missing| Described {
            began: Instant::now(),
            batches: vec![Batch {
                asked: ids.clone(),
                found: Ok(vec![]),
                missing,
            }],
        };
        let lost = ids.iter().map(|id| (id.clone(), gone.clone()));
        let lost: Vec<_> = lost.take(1).collect();
        assert_eq!(take(&mut p, answer(lost), at), None);
        let told = p.facts.services.error.clone().unwrap();
        assert_eq!((told.kind, told.why.as_str()), (gone.kind, "MISSING"));
        assert!(p.facts.services.fresh(at).is_none());
        assert!(!p.facts.is_service_fresh(&ids[0], at));
        assert!(p.facts.is_service_fresh(&ids[1], at));
        assert_eq!(p.services.len(), 0);
        take(&mut p, answer(vec![]), at);
        assert_eq!(p.facts.services.error, None);
    }

    /// Pages that show both would call themselves old for good, and no key would change it.
    #[test]
    fn definitions_are_as_new_as_the_list_of_those_who_use_them() {
        let mut p = picture(&[("a/1", None)], Instant::now());
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        p.facts.task_definitions.take(Ok(Arc::default()), at);
        let later = at + Duration::from_secs(300);
        assert!(p.facts.task_definitions.fresh(later).is_none());
        let found = Described {
            began: Instant::now(),
            batches: vec![Batch {
                asked: p.inventory.keys().cloned().collect(),
                found: Ok(vec![]),
                missing: vec![],
            }],
        };
        take(&mut p, found, later);
        assert!(p.facts.task_definitions.fresh(later).is_some());
    }

    /// What is read once is not asked for again: it is to be known again by itself.
    #[test]
    fn definitions_are_known_again_as_soon_as_credentials_work() {
        let mut p = picture(&[("a/1", Some(5))], Instant::now());
        let at = Timestamp::now();
        p.facts.task_definitions.take(Ok(Arc::default()), at);
        let kind = ProblemKind::Expired;
        let expired = Problem::new(kind, "ecs", "Cannot list", "expired", "Sign in.");
        take_inventory(&mut p, Err(expired), at);
        assert!(p.facts.task_definitions.error.is_some());
        let found = Inventory {
            clusters: vec![],
            services: p.inventory.keys().cloned().collect(),
            unlisted: BTreeMap::new(),
            missing: vec![],
        };
        take_inventory(&mut p, Ok(found), at);
        assert_eq!(p.facts.task_definitions.error, None);
    }

    #[test]
    fn a_cluster_that_cannot_be_listed_keeps_what_is_known_of_it() {
        let now = Instant::now();
        let mut p = picture(&[("a/1", Some(5)), ("b/1", Some(5)), ("b/2", Some(5))], now);
        let found = Inventory {
            clusters: vec![],
            services: vec![ServiceId {
                cluster: "b".into(),
                name: "1".into(),
            }],
            unlisted: BTreeMap::from([("a".to_owned(), denied())]),
            missing: vec![],
        };
        take_inventory(&mut p, Ok(found), Timestamp::now());
        let left: Vec<String> = p.inventory.keys().map(ToString::to_string).collect();
        assert_eq!(left, ["a/1", "b/1"]);
        let told = p.facts.services.error.clone().unwrap();
        assert_eq!(told.what, "Cannot read services in a");
        let unread = p.facts.unread_words();
        assert_eq!(unread.as_deref(), Some("not all read of a"));
    }

    /// A typo, or a cluster that somebody deleted: those of the others look as well as ever, and are not all.
    #[test]
    fn services_of_a_cluster_that_does_not_exist_are_not_known() {
        let now = Instant::now();
        let found = |services: &[&str]| Inventory {
            clusters: vec![],
            services: (services.iter())
                .map(|name| ServiceId {
                    cluster: "b".into(),
                    name: (*name).into(),
                })
                .collect(),
            unlisted: BTreeMap::new(),
            missing: vec!["a".into()],
        };
        let mut p = picture(&[("a/1", Some(5)), ("b/1", Some(5))], now);
        take_inventory(&mut p, Ok(found(&["1"])), Timestamp::now());
        let left: Vec<String> = p.inventory.keys().map(ToString::to_string).collect();
        assert_eq!(left, ["b/1"]);
        let told = p.facts.services.error.clone().unwrap();
        assert_eq!(told.what, "Cannot read services in a");
        assert_eq!(told.why, "this account and region have no cluster a");

        let mut p = picture(&[], now);
        take_inventory(&mut p, Ok(found(&[])), Timestamp::now());
        assert!(p.facts.services.error.is_some());
        assert!(p.facts.services.value.is_none(), "nobody knows");
        assert!(
            p.facts.deployments.error.is_some(),
            "nobody said that none goes on"
        );
        let listed = Inventory {
            missing: vec![],
            ..found(&[])
        };
        take_inventory(&mut p, Ok(listed), Timestamp::now());
        assert_eq!(p.facts.services.error, None);
        assert_eq!(p.facts.unread_words(), None);
        assert!(p.facts.service_rows().is_empty());
    }
}
