//! Where a service goes back to, and whether it does so now. Every action that speaks of a way back asks here, so that a stop and a
//! rollback of one deployment never name two revisions.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::draft::Draft;
use super::goal::Sight;
use super::look::Look;
use super::{seat, words};
use crate::domain::action::Intent;
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use crate::domain::problem::Problem;
use crate::domain::service::{Revision, ServiceId};
use crate::store::{JournalRun, RunState};

/// The input that holds what the rollback that is under way goes back to.
const UNDER_WAY: &str = "rollback under way";

/// The revisions that ECS may go back to: the one that it tells, else each of those that are replaced, newest first. None where the
/// one that it tells is not among those.
pub fn possible(running: &Deployment) -> Vec<&Revision> {
    if running.rollback_to.is_some() {
        let told = running.way_back().map(|r| &r.revision);
        return told.into_iter().collect();
    }
    let mut found: Vec<&Revision> = running.from.iter().map(|r| &r.revision).collect();
    found.sort_by_key(|r| (&r.family, Reverse(r.number)));
    found.dedup_by_key(|r| (&r.family, r.number));
    found
}

/// Those revisions by name, `api:4 or api:3`; nothing where none is known.
pub fn names(running: &Deployment) -> Option<String> {
    let names: Vec<String> = possible(running).iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

/// What ECS goes back to, in a sentence.
pub fn told(running: &Deployment) -> String {
    match (names(running), possible(running).len()) {
        (None, _) => "ECS goes back, and does not tell to which revision before it begins".into(),
        (Some(only), 1) => format!("ECS goes back to {only}"),
        (Some(several), _) => {
            format!("ECS goes back to {several}, and does not tell which before it begins")
        }
    }
}

/// Whether a revision came after another of its family.
pub fn is_after(r: &Revision, other: &Revision) -> bool {
    r.family == other.family && r.number > other.number
}

/// Whether a deployment goes back: by the breaker, an alarm or a stop, or because somebody set the service to an earlier revision.
fn goes_back(d: &Deployment) -> bool {
    let to = d.to.as_ref().map(|to| &to.revision);
    let earlier = |to: &Revision| d.from.iter().any(|r| is_after(&r.revision, to));
    match d.state {
        DeploymentState::RollingBack => true,
        DeploymentState::Pending | DeploymentState::InProgress => to.is_some_and(earlier),
        _ => false,
    }
}

/// Whether what a deployment that goes back brings is what comes back: somebody set the service to it, or the service's own list of
/// rollouts tells of it, which names it so.
fn comes_back(d: &Deployment) -> bool {
    let by_rollouts = d.source == DeploymentSource::Rollouts && d.rollback_to.is_none();
    d.state != DeploymentState::RollingBack || by_rollouts
}

/// A rollback that has not ended.
#[derive(Debug)]
struct UnderWay {
    /// What it goes back to, where that is one revision.
    to: Option<String>,
    /// The same in words.
    named: String,
    /// What else is known of it: since when, by whom, how far.
    rest: String,
}

/// The rollback that goes on, by ECS or by the journal of actions: before its call has had its effect the journal alone knows of it.
fn under_way(
    running: Option<&Deployment>,
    own: Option<&JournalRun>,
    now: Timestamp,
) -> Option<UnderWay> {
    let back = running.filter(|d| goes_back(d));
    if back.is_none() && own.is_none() {
        return None;
    }
    let set_to = own.and_then(|r| r.inputs.iter().find(|(name, _)| name == "target"));
    let set_to = set_to.map(|(_, revision)| revision.clone());
    let brought = |d: &Deployment| d.to.as_ref().map(|to| to.revision.to_string());
    let (to, named) = match (set_to, running) {
        (Some(to), _) => (Some(to.clone()), to),
        (None, Some(d)) if back.is_some() && comes_back(d) => {
            let to = brought(d);
            (to.clone(), to.unwrap_or_default())
        }
        (None, Some(d)) => {
            let one = possible(d).len() == 1;
            let named = names(d).unwrap_or_else(|| "a revision that ECS does not tell".into());
            (one.then(|| named.clone()), named)
        }
        (None, None) => (None, "the revision before".into()),
    };
    let began = own.map(|r| r.run.started_at).or_else(|| {
        let d = back?;
        match d.state {
            DeploymentState::RollingBack => d.rollback_since,
            _ => d.started_at.or(d.created_at),
        }
    });
    let since = began.map(|at| format!("since {}", words::ago(at, now)));
    let by = own.map(|r| format!("by {} (run {})", words::person(&r.run.who), r.run.id));
    let load = back.or_else(|| running.filter(|d| to.is_some() && brought(d) == to));
    let tasks = load.and_then(|d| d.sides().1).map(|r| {
        let (done, all) = r.counts.started();
        format!("{done} of {}", words::tasks(all))
    });
    let rest: Vec<String> = [since, by, tasks].into_iter().flatten().collect();
    Some(UnderWay {
        to,
        named,
        rest: rest.join(", "),
    })
}

/// Says first that a rollback is under way, and asks for a word: whatever takes its place brings what was gone back from nearer again.
pub async fn heed(
    draft: &mut Draft,
    look: &Look<'_>,
    service: &ServiceId,
    sight: &Sight,
) -> Result<(), Problem> {
    let open = match look.store {
        Some(store) => store.open_runs().await?,
        None => Vec::new(),
    };
    // Of another account or region it is the rollback of another service.
    let seat = seat::of_draft(draft, look.backend);
    let is_back = |r: &&JournalRun| {
        let back = matches!(
            r.run.intent,
            Intent::Rollback { .. } | Intent::Stop { rollback: true, .. }
        );
        let is_its = r.run.intent.service() == Some(service) && seat.other(&r.inputs).is_none();
        back && r.state != RunState::Nobody && is_its
    };
    let own = open.iter().find(is_back);
    let Some(found) = under_way(sight.running(), own, Timestamp::now()) else {
        return Ok(());
    };
    let rest = match found.rest.as_str() {
        "" => String::new(),
        rest => format!(", {rest}"),
    };
    let said = format!("a rollback to {} is under way{rest}", found.named);
    draft.fact("under way", &said);
    draft.input(UNDER_WAY, &found.named);
    let word = found.to.unwrap_or_else(|| "rollback".into());
    draft.danger(word, format!("{said}: this takes its place"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deployment::RevisionLoad;
    use crate::domain::service::{CircuitBreaker, Strategy, TaskCounts};

    fn load(n: u32, running: u32) -> RevisionLoad {
        let arn = format!("arn:aws:ecs:us-east-1:1:task-definition/api:{n}");
        RevisionLoad {
            digests: Vec::new(),
            revision: Revision::parse(&arn).unwrap(),
            service_revision: None,
            image: None,
            counts: TaskCounts {
                desired: 6,
                running,
                ..TaskCounts::default()
            },
            traffic_percent: None,
        }
    }

    fn deployment(from: u32, to: u32) -> Deployment {
        Deployment {
            id: "d".into(),
            service: ServiceId {
                cluster: "laser".into(),
                name: "api".into(),
            },
            strategy: Strategy::Rolling,
            state: DeploymentState::InProgress,
            reason: String::new(),
            from: vec![load(from, 2)],
            to: Some(load(to, 4)),
            circuit_breaker: CircuitBreaker::default(),
            failures: None,
            alarms: Vec::new(),
            lifecycle_stage: None,
            pace: Default::default(),
            rollback_reason: None,
            rollback_to: None,
            rollback_since: None,
            created_at: None,
            started_at: Some(Timestamp::UNIX_EPOCH),
            finished_at: None,
            source: DeploymentSource::ServiceDeployments,
        }
    }

    /// What the journal knows is tested with the engine.
    #[test]
    fn a_rollback_is_under_way_whoever_began_it() {
        let now = Timestamp::UNIX_EPOCH + jiff::Span::new().seconds(100);
        let told = |d: Deployment| {
            let running = Some(&d).filter(|d| d.state.is_running());
            under_way(running, None, now).map(|u| (u.to, u.rest))
        };
        let mut d = deployment(41, 42);
        assert!(told(d.clone()).is_none(), "it goes on to a newer one");
        d.state = DeploymentState::RollingBack;
        d.rollback_since = Some(Timestamp::UNIX_EPOCH + jiff::Span::new().seconds(60));
        let (to, rest) = told(d.clone()).unwrap();
        assert_eq!(to.as_deref(), Some("api:41"));
        assert_eq!(rest, "since 40s, 2 of 6 tasks");
        d.from.push(load(40, 0));
        assert_eq!(told(d).unwrap().0, None, "ECS does not tell which");
        // Somebody sets the service to an earlier revision.
        let mut d = deployment(42, 40);
        let (to, rest) = told(d.clone()).unwrap();
        assert_eq!(to.as_deref(), Some("api:40"));
        assert_eq!(rest, "since 1m, 4 of 6 tasks");
        d.state = DeploymentState::Successful;
        assert!(told(d).is_none());
    }

    /// The service's own list names what comes back as what is rolled out; where another one says that it goes back, nobody tells to what.
    #[test]
    fn a_rollback_that_the_service_itself_tells_of_goes_to_what_it_rolls_out() {
        let mut d = deployment(42, 41);
        (d.state, d.source) = (DeploymentState::RollingBack, DeploymentSource::Rollouts);
        let named = |d: &Deployment| under_way(Some(d), None, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(named(&d).to.as_deref(), Some("api:41"));
        d.rollback_to = Some("of no revision that is told".into());
        let untold = named(&d);
        assert_eq!(untold.to, None);
        assert_eq!(untold.named, "a revision that ECS does not tell");
    }

    /// With several replaced revisions ECS chooses: both name the same ones, whatever order the list has.
    #[test]
    fn a_way_back_is_the_same_for_a_stop_and_a_rollback() {
        let mut d = deployment(39, 42);
        d.from.push(load(41, 2));
        assert_eq!(names(&d).as_deref(), Some("api:41 or api:39"));
        assert!(told(&d).ends_with("and does not tell which before it begins"));
        d.rollback_to = Some("of no revision that is replaced".into());
        assert_eq!(names(&d), None, "another than those, and not told");
        d.from[0].service_revision.clone_from(&d.rollback_to);
        assert_eq!(told(&d), "ECS goes back to api:39");
    }
}
