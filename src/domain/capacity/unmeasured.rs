//! What is known to be there and nobody measured: how much is left of it is not known, and that is no reason to leave it out.

use std::collections::HashSet;

use super::Headroom;
use crate::domain::cache::CacheGroup;
use crate::domain::database::Database;
use crate::domain::facts::Facts;
use crate::domain::service::Service;
use crate::domain::stores::is_ours;

/// Components that have a row each; of the rest there is one row that counts them.
const EACH: usize = 200;

const WHY: &str = "no data point of it was read in the window that is watched";

/// A row of what each component of this environment has and no row tells of. Nothing before series were asked for: there is nothing to
/// judge then.
pub(super) fn unmeasured(facts: &Facts, told: &[Headroom]) -> Vec<Headroom> {
    let why = match (&facts.series.value, &facts.series.error) {
        (Some(_), _) => WHY.to_owned(),
        (None, Some(p)) => format!("its use cannot be read: {}", p.why),
        (None, None) => return Vec::new(),
    };
    let told: HashSet<(&str, &str)> = told
        .iter()
        .map(|h| (h.component.as_str(), h.resource))
        .collect();
    let wanted = services(facts).chain(databases(facts)).chain(caches(facts));
    let mut left = wanted.filter(|(name, resource)| !told.contains(&(name.as_str(), *resource)));
    let row = |component: String, resource| Headroom {
        component,
        resource,
        used: None,
        left: None,
        busiest: None,
        amount: None,
        runs_out: None,
        endless: None,
        unknown: Some(why.clone()),
        whole: None,
        source: facts.series.source.clone(),
    };
    let mut rows: Vec<Headroom> = left
        .by_ref()
        .take(EACH)
        .map(|(name, resource)| row(name, resource))
        .collect();
    let more = left.count();
    if more > 0 {
        rows.push(row(format!("{more} more"), "use"));
    }
    rows
}

type Wanted = (String, &'static str);

fn services(facts: &Facts) -> impl Iterator<Item = Wanted> {
    // Of what is not to run nothing is used.
    let runs = |s: &&Service| s.status == "ACTIVE" && s.counts.desired > 0;
    let ours = move |s: &&Service| !facts.is_elsewhere(&s.id);
    let all = facts.service_rows().iter().map(AsRef::as_ref);
    let names = all.filter(runs).filter(ours).map(|s| s.id.to_string());
    names.flat_map(|name| [(name.clone(), "CPU"), (name, "memory")])
}

fn databases(facts: &Facts) -> impl Iterator<Item = Wanted> {
    let all = facts.estate.databases.value.iter();
    let all = all.flat_map(|d| &d.instances);
    let ours = |d: &&Database| is_ours(d.environment.as_deref(), &d.id, &facts.environment);
    all.filter(ours).flat_map(|d| {
        // The disk of a cluster is shared by its members and grows by itself.
        let disk = d.cluster.is_none().then(|| (d.id.clone(), "storage"));
        [(d.id.clone(), "CPU")].into_iter().chain(disk)
    })
}

fn caches(facts: &Facts) -> impl Iterator<Item = Wanted> {
    let all = facts.estate.caches.value.iter().flat_map(|c| &c.groups);
    let ours = |g: &&CacheGroup| is_ours(None, &g.id, &facts.environment);
    // A serverless one has what it needs, and tells neither.
    all.filter(ours).filter(|g| !g.serverless).flat_map(|g| {
        let mut nodes: Vec<&String> = g.nodes.iter().map(|n| &n.id).collect();
        if nodes.is_empty() {
            nodes.push(&g.id);
        }
        let each = |id: &String| [(id.clone(), "CPU"), (id.clone(), "memory")];
        nodes.into_iter().flat_map(each).collect::<Vec<_>>()
    })
}
