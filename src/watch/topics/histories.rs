//! Past deployments of services, for the plan: a few services a round, whoever waits the longest first.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::backend::Backend;
use crate::domain::deployment::PastDeployment;
use crate::domain::order::Ordered;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::ServiceId;
use crate::watch::picture::Picture;

/// Services of a round: a call each.
const A_ROUND: usize = 5;
/// Time from one round to the next: a call a minute.
pub const ROUND: Duration = Duration::from_secs(300);
/// Calls that run side by side.
const ABREAST: usize = 2;

/// Answers, service by service.
pub type Histories = Vec<(ServiceId, Result<Vec<PastDeployment>, Problem>)>;

/// How many of the services that the plan asks about were never asked about.
pub fn unasked(p: &Picture) -> usize {
    let asked = |id: &&ServiceId| !p.histories_tried.contains_key(*id);
    p.needs.deployment_histories.iter().filter(asked).count()
}

/// The services to ask about now.
pub fn choose(p: &Picture) -> Vec<ServiceId> {
    let mut ids: Vec<&ServiceId> = p.needs.deployment_histories.iter().collect();
    ids.order_by_key(|id| p.histories_tried.get(*id));
    ids.into_iter().take(A_ROUND).cloned().collect()
}

/// Asks about each.
pub async fn ask(backend: &Backend, services: Vec<ServiceId>) -> Histories {
    stream::iter(services)
        .map(|id| async move {
            let past = backend.ecs.history(&id).await;
            (id, past)
        })
        .buffered(ABREAST)
        .collect()
        .await
}

/// Joins; services that the plan no longer asks about are let go.
pub fn take(p: &mut Picture, answer: Histories, at: Timestamp) -> Option<ProblemKind> {
    let wanted = &p.needs.deployment_histories;
    let rounds = wanted.len().div_ceil(A_ROUND).max(1);
    let period = ROUND * u32::try_from(rounds).unwrap_or(u32::MAX);
    p.facts.histories.retain(|id, _| wanted.contains(id));
    p.histories_tried.retain(|id, _| wanted.contains(id));
    for part in p.facts.histories.values_mut() {
        part.period = period;
    }
    let mut answered = false;
    let mut failure = None;
    for (id, past) in answer {
        p.histories_tried.insert(id.clone(), Instant::now());
        match &past {
            Ok(_) => answered = true,
            Err(e) => failure = failure.or(Some(e.kind)),
        }
        let never = || Part::never("ecs:ListServiceDeployments", period);
        let part = p.facts.histories.entry(id).or_insert_with(never);
        part.take(past.map(Arc::new), at);
    }
    // One service that cannot be read holds up none of the others: its turn comes again.
    failure.filter(|_| !answered)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::Config;

    fn id(n: usize) -> ServiceId {
        ServiceId {
            cluster: "prod".into(),
            name: format!("s{n:02}"),
        }
    }

    #[test]
    fn every_service_has_its_turn_a_few_at_a_time() {
        let mut p = Picture::new(Arc::new(Config::default()));
        p.needs.deployment_histories = (0..12).map(id).collect();
        let mut seen = BTreeSet::new();
        for left in [7, 2, 0] {
            let ids = choose(&p);
            assert!(ids.len() <= A_ROUND);
            seen.extend(ids.iter().cloned());
            let answer = ids.into_iter().map(|id| (id, Ok(Vec::new()))).collect();
            take(&mut p, answer, Timestamp::UNIX_EPOCH);
            assert_eq!(unasked(&p), left);
        }
        assert_eq!(seen, (0..12).map(id).collect());
        assert_eq!(p.facts.histories[&id(0)].period, ROUND * 3);
        p.needs.deployment_histories = vec![id(3)];
        take(&mut p, Vec::new(), Timestamp::UNIX_EPOCH);
        assert_eq!(p.facts.histories.len(), 1, "what is gone is let go");
    }

    #[test]
    fn one_that_is_denied_says_so_and_holds_up_no_other() {
        let mut p = Picture::new(Arc::new(Config::default()));
        p.needs.deployment_histories = vec![id(0), id(1)];
        let why = Problem::new(
            ProblemKind::Denied,
            "ecs",
            "Cannot list",
            "denied",
            "Allow.",
        );
        let answer = vec![(id(0), Err(why)), (id(1), Ok(Vec::new()))];
        assert_eq!(take(&mut p, answer, Timestamp::UNIX_EPOCH), None);
        assert!(p.facts.histories[&id(0)].error.is_some());
        assert!(p.facts.histories[&id(1)].value.is_some());
    }
}
