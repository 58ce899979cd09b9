//! The turn of services at rest: whom the service-deployment API is asked about while nobody looks, how many at once, and how often.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::deployments::{Detail, Known, ask, join, rebuild};
use crate::backend::Backend;
use crate::domain::environment::Env;
use crate::domain::order::Ordered;
use crate::domain::problem::ProblemKind;
use crate::domain::service::{Service, ServiceId};
use crate::watch::picture::Picture;

/// Accounts with so few services are read in bigger rounds.
const SMALL: usize = 20;
/// How many services such a round reads, and the time from one to the next.
const A_ROUND: usize = 5;
const SMALL_ROUND: Duration = Duration::from_secs(15);
/// Calls that a service takes at most.
pub const CALLS: u64 = 3;
/// In accounts with more services than these, so many deployments are kept of one that nobody looks at.
const MANY: usize = 100;
const FEW: usize = 3;
/// Services that are read side by side.
const ABREAST: usize = 2;

/// How many services at rest are read in one round, and the time from one round to the next: a small account is told whole within
/// the first minute; of a big one a service at a time, so that a minute has a call for each hundred services.
pub fn pace(services: usize) -> (usize, Duration) {
    match services {
        0..=SMALL => (A_ROUND, SMALL_ROUND),
        n => (
            1,
            Duration::from_secs((CALLS * 60 * 100).div_ceil(n as u64)),
        ),
    }
}

/// The next round; `None`: of every service the service-deployment API was asked.
pub fn round(p: &Picture) -> Option<(usize, Duration)> {
    if p.services.keys().all(|id| is_read(p, id)) {
        return None;
    }
    let (services, period) = pace(p.services.len());
    Some((if p.asks_once { SMALL } else { services }, period))
}

/// Whether a big account is being read: the pass over its services makes room for that.
pub fn takes_room(p: &Picture) -> bool {
    !p.asks_once && p.services.len() > SMALL && round(p).is_some()
}

fn is_read(p: &Picture, id: &ServiceId) -> bool {
    p.details.get(id).is_some_and(Known::is_read)
}

/// The services to read now: those of the environment that is looked at first, whoever was tried the longest ago.
pub fn choose(p: &Picture) -> Vec<Arc<Service>> {
    let tried = |id: &ServiceId| p.details.get(id).and_then(Known::failed_at);
    let here = Env::looked_at(&p.facts);
    let away = |id: &ServiceId| p.facts.env_of_cluster(&id.cluster) != here;
    let unread = p.services.values().filter(|s| !is_read(p, &s.id));
    let mut rows: Vec<&Arc<Service>> = unread.collect();
    rows.order_by_key(|s| (tried(&s.id), away(&s.id)));
    let most = round(p).map_or(0, |(most, _)| most);
    rows.into_iter().take(most).cloned().collect()
}

/// Asks about each, two at a time.
pub async fn ask_round(backend: &Backend, services: Vec<Arc<Service>>) -> Vec<Detail> {
    let asked = stream::iter(services).map(|service| ask(backend, service));
    asked.buffered(ABREAST).collect().await
}

/// Joins what a round brought. One service that cannot be read holds up none of the others: its turn comes again.
pub fn take_round(p: &mut Picture, answers: Vec<Detail>, at: Timestamp) -> Option<ProblemKind> {
    let all = answers.len();
    let kept = if p.services.len() > MANY {
        FEW
    } else {
        usize::MAX
    };
    let failures: Vec<ProblemKind> = answers
        .into_iter()
        .filter_map(|mut a| {
            if let Ok(rows) = &mut a.rows {
                rows.truncate(kept);
            }
            join(p, a, at, false)
        })
        .collect();
    rebuild(p, at);
    (failures.len() == all)
        .then(|| failures.first().copied())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::super::deployments::testing::{failed, picture, second, service, told};
    use super::*;
    use crate::domain::deployment::DeploymentState;

    /// Services at rest are read in turn, those of the environment looked at first; one that cannot be read waits for its turn.
    #[test]
    fn every_service_is_read_in_turn_without_being_looked_at() {
        let mut p = picture(&["a", "b", "c", "d", "e", "f"], second(0));
        p.facts.environment = "production".into();
        let mut dev = service("dev");
        dev.id.cluster = "dev".into();
        dev.id.name = "0".into();
        p.services.insert(dev.id.clone(), Arc::new(dev));
        let names = |p: &Picture| -> Vec<String> {
            let chosen = choose(p).into_iter();
            chosen.map(|s| s.id.to_string()).collect()
        };
        let first = ["prod/a", "prod/b", "prod/c", "prod/d", "prod/e"];
        assert_eq!(names(&p), first);
        let mut answers: Vec<Detail> = ["a", "b", "c", "d"]
            .map(|name| told(name, DeploymentState::RolledBack))
            .into();
        answers.push(failed("e"));
        assert_eq!(take_round(&mut p, answers, second(1)), None);
        let rows = p.facts.deployment_rows().iter();
        let back = rows.filter(|d| d.state == DeploymentState::RolledBack);
        assert_eq!(back.count(), 4, "nobody opened them");
        // That one of those at rest cannot be read is no failure of what all others told.
        assert_eq!(p.facts.deployments.error, None);
        assert_eq!(names(&p), ["prod/f", "dev/0", "prod/e"]);
        let rest = ["e", "f"].map(|name| told(name, DeploymentState::Successful));
        let mut rest: Vec<Detail> = rest.into();
        let mut dev = told("0", DeploymentState::Successful);
        dev.service.cluster = "dev".into();
        rest.push(dev);
        take_round(&mut p, rest, second(2));
        assert_eq!(round(&p), None, "nothing is left to read");
    }
}
