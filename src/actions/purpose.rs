//! Whether a person stopped on purpose what an action had begun, or put something else in its place: that is no failure, and it is
//! told with who did it.

use super::goal::{Goal, Sight};
use super::hands::Hands;
use super::seat::Seat;
use super::words::same;
use crate::domain::deployment::{Deployment, DeploymentState};
use crate::domain::service::Revision;
use crate::store::JournalRun;

/// How often a run is looked at whose call is on its way, in quarters of a poll: its effect may show before its reply is written down.
const LOOKS: u32 = 8;

/// Who stopped or replaced the deployment of a goal that was lost, in words; `None`: nobody did, as far as can be told.
pub async fn stopped_by(hands: &Hands<'_>, goal: &Goal) -> Option<String> {
    let id = goal.service()?;
    let sight = Box::pin(hands.sight_of(id, goal)).await.ok()?;
    let seat = Seat::of(hands.inputs);
    for look in 1..=LOOKS {
        let mut is_calling = false;
        for other in hands.store.runs_of(id, &seat).await.unwrap_or_default() {
            let Some(how) = done_by(&other, goal, &sight) else {
                continue;
            };
            if called(&other) == Some("done") {
                let run = other.run;
                let verb = run.intent.verb();
                return Some(format!("{how} by {} ({verb}, run {})", run.who, run.id));
            }
            is_calling |= called(&other) == Some("about") && other.run.goes_on();
        }
        if !is_calling {
            break;
        }
        if look < LOOKS {
            tokio::time::sleep(hands.timing.poll / 4).await;
        }
    }
    let ours = goal.deployment(&sight)?;
    (is_over(ours) && ours.is_ended_by_a_person())
        .then(|| "stopped by a person, from elsewhere".to_owned())
}

/// How far the call of a run is: about to be made, or answered.
fn called(run: &JournalRun) -> Option<&str> {
    run.marks.get("called").map(String::as_str)
}

/// What another run was to do to the deployment of a goal, in a word; `None`: nothing.
fn done_by(other: &JournalRun, ours: &Goal, sight: &Sight) -> Option<&'static str> {
    // A run is journalled with what it ends, or with what it found, before its call is sent: that proves it, whoever drove it.
    let theirs: Goal = serde_json::from_str(other.marks.get("goal")?).ok()?;
    if let Goal::Ended { deployment, .. } = &theirs {
        let it = ours.deployment(sight)?;
        return (*deployment == it.id && is_over(it)).then_some("stopped");
    }
    replaces(&theirs, ours, sight).then_some("replaced")
}

/// Whether a rollout took the place of ours, which it found when it was called.
pub fn replaces(theirs: &Goal, ours: &Goal, sight: &Sight) -> bool {
    let Goal::Rollout { seen: found, .. } = theirs else {
        return false;
    };
    let Goal::Rollout { revision, seen, .. } = ours else {
        return false;
    };
    let Some(it) = ours.deployment(sight) else {
        // An endpoint that lists rollouts alone: ours came after what we found, and is known by its revision.
        let mut came = found.iter().filter(|mark| !seen.contains(mark));
        return came.any(|mark| is_of(mark, revision)) && theirs.is_primary(sight);
    };
    // What was over before the other began was ended by something else.
    let in_time = |new: &Deployment| match (new.created_at, it.finished_at) {
        (Some(began), Some(ended)) => began <= ended,
        _ => true,
    };
    it.state == DeploymentState::Stopped
        && found.contains(&it.id)
        && theirs.deployment(sight).is_some_and(in_time)
}

/// Whether a mark of [`Sight::marks`] is of a rollout of a revision.
fn is_of(mark: &str, revision: &Revision) -> bool {
    let told = mark.split(' ').nth(1).and_then(Revision::parse);
    told.is_some_and(|told| same(&told, revision))
}

fn is_over(d: &Deployment) -> bool {
    matches!(
        d.state,
        DeploymentState::Stopped | DeploymentState::RolledBack | DeploymentState::RollingBack
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deployment::DeploymentSource;
    use crate::domain::service::{CircuitBreaker, ServiceId, Strategy};

    #[test]
    fn a_breaker_that_trips_and_an_alarm_that_fires_are_no_person() {
        let mut d = Deployment {
            id: "d".into(),
            service: ServiceId {
                cluster: "prod".into(),
                name: "api".into(),
            },
            strategy: Strategy::Rolling,
            state: DeploymentState::RolledBack,
            reason: "Service deployment stopped by the user with rollback.".into(),
            from: Vec::new(),
            to: None,
            circuit_breaker: CircuitBreaker {
                enabled: true,
                rollback: true,
                ..CircuitBreaker::default()
            },
            failures: Some((1, 3)),
            alarms: vec![("api-5xx".into(), false)],
            lifecycle_stage: None,
            pace: Default::default(),
            rollback_reason: None,
            rollback_to: None,
            rollback_since: None,
            created_at: None,
            started_at: None,
            finished_at: None,
            source: DeploymentSource::ServiceDeployments,
        };
        assert!(d.is_ended_by_a_person());
        d.failures = Some((3, 3));
        assert!(!d.is_ended_by_a_person());
        d.failures = None;
        d.alarms[0].1 = true;
        assert!(!d.is_ended_by_a_person());
        d.alarms.clear();
        d.reason = "Service deployment rolled back because of a circuit breaker.".into();
        assert!(!d.is_ended_by_a_person());
    }
}
