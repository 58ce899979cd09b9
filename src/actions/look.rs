//! Reads that previews share, and what they say about a service.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join;
use jiff::Timestamp;
use tokio::time::Instant;

use super::draft::Draft;
use super::goal::{Goal, Sight};
use super::seat::{self, Seat};
use super::spare::Spare;
use super::words;
use crate::backend::Backend;
use crate::backend::aws::ecs::of_rollouts;
use crate::domain::caller::{ACCOUNT, REGION, account_of, region_of};
use crate::domain::deployment::{Deployment, DeploymentState};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Service, ServiceId, Strategy, TaskDefinition};
use crate::store::{JournalRun, Store};

/// How long a preview waits for what is good to know and decides nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a preview waits for what belongs to it and can be done without: the emergency brake is previewed as well.
pub(super) const SOON: Duration = Duration::from_secs(5);

/// How long what runs is waited for where an action goes by it; then the service's own word has to do.
const LONG: Duration = Duration::from_secs(15);

/// The input that holds how the service deploys, where that is sent back with a change of it.
pub(super) const CONFIGURATION: &str = "deployment configuration";

/// What an action may look at. It cannot change anything through this.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub backend: &'a Backend,
    pub store: Option<&'a Store>,
    /// Whether a person has said yes to what was read before: what only warns need not be asked for again.
    pub confirmed: bool,
}

/// A service with the task definition that it is set to.
#[derive(Debug)]
pub struct Subject {
    pub sight: Sight,
    /// What the service is set to. A stop needs nothing of it, and is not held up where it cannot be read.
    definition: Result<TaskDefinition, Problem>,
    /// How long its preview may still wait for what it can do without.
    pub spare: Spare,
}

/// How much of a service's deployments an action needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// All that can be told of them.
    All,
    /// The same, to change the count alone: that CodeDeploy has no way to do, and leaves it to ECS.
    Count,
    /// That they are there and how they are; not of which revisions.
    Them,
    /// Nothing: it goes by the service itself.
    Nothing,
}

impl Need {
    /// Who has to be asked in place of ECS; `None`: ECS may be asked (UpdateService, "Services using the CODE_DEPLOY deployment controller").
    fn barred(self, strategy: Strategy) -> Option<&'static str> {
        let counts = self == Self::Count && strategy == Strategy::CodeDeploy;
        strategy.deployer().filter(|_| !counts)
    }
}

impl Subject {
    /// The service.
    pub fn service(&self) -> &Service {
        &self.sight.service
    }

    /// What the service is set to.
    ///
    /// # Errors
    /// Why it could not be read.
    pub fn definition(&self) -> Result<&TaskDefinition, Problem> {
        self.definition.as_ref().map_err(Clone::clone)
    }
}

/// Whether a failure to read deployments says that nothing may be begun: of who asks, and of answers that contradict what was asked.
fn is_against_all(p: &Problem) -> bool {
    p.is_about_credentials() || p.kind == ProblemKind::Malformed
}

/// What the service itself tells of its deployments, old and new revision, and what the list alone may know: that one goes back. To which
/// revision is then not told.
fn by_service(service: &Service, listed: &[Deployment]) -> Vec<Deployment> {
    let mut told = of_rollouts(service);
    let back = (listed.iter()).find(|d| d.state == DeploymentState::RollingBack);
    let onward = (told.iter_mut()).find(|d| d.state == DeploymentState::InProgress);
    if let (Some(back), Some(onward)) = (back, onward) {
        onward.state = back.state;
        onward.rollback_since = back.rollback_since;
        onward.rollback_to = Some(back.rollback_to.clone().unwrap_or_default());
    }
    told
}

fn late(revision: &str) -> Problem {
    Problem::new(
        ProblemKind::Timeout,
        "ecs",
        format!("Cannot read {revision}"),
        format!("no answer within {}", words::span(SOON)),
        "Try again; a stop needs nothing of it.",
    )
}

impl Look<'_> {
    /// Service and deployments as they are now, all that can be told of them.
    async fn sight(&self, id: &ServiceId) -> Result<Sight, Problem> {
        let service = self.backend.ecs.service(id).await?;
        let deployments = self.backend.ecs.deployments(&service).await?;
        Ok(Sight {
            service,
            deployments,
            unread: None,
        })
    }

    /// The same, with what an action can do without only where it is soon told.
    pub async fn sight_with(&self, id: &ServiceId, need: Need) -> Result<Sight, Problem> {
        let service = self.backend.ecs.service(id).await?;
        Box::pin(self.seen(service, need, Instant::now() + SOON)).await
    }

    /// What a goal is judged by.
    pub async fn sight_of(&self, id: &ServiceId, goal: &Goal) -> Result<Sight, Problem> {
        match goal {
            Goal::Ended { .. } => Box::pin(self.sight_with(id, Need::Them)).await,
            // It is judged by the service alone, and goes on where nobody may read its deployments.
            Goal::Count { .. } => Box::pin(self.sight_with(id, Need::Count)).await,
            _ if goal.is_blind() => {
                let service = self.backend.ecs.service(id).await?;
                Ok(Sight {
                    deployments: of_rollouts(&service),
                    service,
                    unread: None,
                })
            }
            _ => Box::pin(self.sight(id)).await,
        }
    }

    async fn seen(&self, service: Service, need: Need, until: Instant) -> Result<Sight, Problem> {
        let ecs = &self.backend.ecs;
        let (deployments, unread) = match need {
            Need::All | Need::Count => {
                let asked = ecs.deployments_by(&service, Instant::now() + LONG);
                let (found, unread) = match asked.await {
                    Ok(read) => (read.found, read.unread),
                    Err(p) => (Vec::new(), Some(p)),
                };
                match unread {
                    None => (found, None),
                    Some(p) if is_against_all(&p) => return Err(p),
                    // Whoever may not ask for revisions may have to deploy now.
                    Some(p) => (by_service(&service, &found), Some(p)),
                }
            }
            Need::Them => {
                let mut read = ecs.deployments_by(&service, until).await?;
                (std::mem::take(&mut read.found), read.untold())
            }
            Need::Nothing => {
                let asked = ecs.deployments_by(&service, until);
                match tokio::time::timeout_at(until, asked).await {
                    Ok(Ok(mut read)) => (std::mem::take(&mut read.found), read.untold()),
                    Ok(Err(p)) => (of_rollouts(&service), Some(p)),
                    Err(_) => (of_rollouts(&service), Some(late("the deployments"))),
                }
            }
        };
        Ok(Sight {
            service,
            deployments,
            unread,
        })
    }

    /// What an action on a service begins with. `None`: it cannot work, and the draft says why.
    pub async fn subject(
        &self,
        draft: &mut Draft,
        id: &ServiceId,
        need: Need,
    ) -> Result<Option<Subject>, Problem> {
        let service = match self.backend.ecs.service(id).await {
            Ok(service) => service,
            Err(p) if p.kind == ProblemKind::NotFound => {
                draft.refuse(p.why);
                return Ok(None);
            }
            Err(p) => return Err(p),
        };
        let until = Instant::now() + SOON;
        let revision = service.revision.clone();
        let definition = self.backend.ecs.task_definition(&revision.arn);
        let definition = tokio::time::timeout_at(until, definition);
        let (definition, sight) = join(
            definition.map(|told| told.unwrap_or_else(|_| Err(late(&revision.to_string())))),
            Box::pin(self.seen(service, need, until)),
        )
        .await;
        let sight = sight?;
        let service = &sight.service;
        if service.status != "ACTIVE" {
            draft.refuse(format!("the service is {}", service.status));
        }
        if let Some(by) = need.barred(service.deployment.strategy) {
            draft.refuse(format!(
                "this service is deployed by {by}: use its own tool"
            ));
        }
        if let (Need::All | Need::Count, Some(p)) = (need, &sight.unread) {
            draft.warn(format!(
                "its deployments could not be read: {}: what runs is told by the service itself; how earlier ones ended is not known, and this one is followed by the service alone",
                p.why
            ));
        }
        draft.input("service status", &service.status);
        // Whose it is and where, before all else: whatever else moved with it is not the reason.
        let seat = [
            (REGION, region_of(&service.arn)),
            (ACCOUNT, account_of(&service.arn)),
        ];
        for (name, value) in seat {
            let input = value.map(|v| (name.to_owned(), v.to_owned()));
            draft.inputs.splice(0..0, input);
        }
        Ok(Some(Subject {
            sight,
            definition,
            spare: match need {
                Need::All | Need::Count => Spare::of(SOON),
                Need::Them | Need::Nothing => Spare::until(until),
            },
        }))
    }

    /// From which commit to which one it goes, as the tags of the images name them. Nothing waits long for this: a way back is wanted
    /// while the registry may be what is down.
    pub async fn commits(&self, service: &Service, of: [&TaskDefinition; 2]) -> String {
        let [from, to] = of.map(|d| {
            let container = d.main_container(words::bound(service));
            self.commit(container.map(|c| c.image.clone()))
        });
        let (from, to) = join(from, to).await;
        if from == to {
            let unknown = from.starts_with("unknown");
            return match unknown {
                true => format!("both {from}"),
                false => format!("{from}, the same"),
            };
        }
        format!("{from} → {to}")
    }

    async fn commit(&self, image: Option<String>) -> String {
        let Some(image) = image else {
            return "unknown (it has no container)".into();
        };
        let asked = self.backend.estate.ecr.commit(&image);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Ok(commit))) => commit.get(..7).unwrap_or(&commit).to_owned(),
            Ok(Ok(Err(why))) => format!("unknown ({})", why.why()),
            Ok(Err(p)) => format!("unknown ({})", p.why),
            Err(_) => format!("unknown (no answer within {})", words::span(PATIENCE)),
        }
    }

    /// How the service deploys and what guards it.
    pub fn guards(&self, draft: &mut Draft, subject: &Subject, strategy: Strategy) {
        let service = subject.service();
        let config = &service.deployment;
        let desired = service.counts.desired;
        draft.fact("strategy", words::strategy(strategy, config, desired));
        draft.fact(
            "circuit breaker",
            words::breaker(config.circuit_breaker, desired),
        );
        if !config.circuit_breaker.enabled {
            draft.warn("the circuit breaker is off: a bad revision will not go back by itself");
        } else if !config.circuit_breaker.rollback {
            draft.warn("the circuit breaker stops, but does not roll back");
        }
        if config.minimum_healthy_percent == 0 && desired > 0 {
            draft.warn("minimum healthy is 0 %: all old tasks may stop before new ones run");
        }
        match desired {
            0 => draft.warn("no task is wanted: nothing of it will run"),
            1 if config.minimum_healthy_percent < 100 => {
                draft.warn("a single task: it is down while it is replaced");
            }
            1 => draft.warn("a single task: nothing takes over if it fails"),
            _ => {}
        }
        let bound = words::bound(service);
        let unchecked = subject.definition().is_ok_and(|d| {
            let main = d.main_container(bound);
            main.is_none_or(|c| c.health_check.is_none())
        });
        if unchecked && bound.is_none() {
            draft.warn(
                "neither a health check nor a load balancer: ECS cannot tell a bad task from a good one",
            );
        }
    }

    /// The deployment under way, and by whom. Always an input.
    pub async fn under_way(&self, draft: &mut Draft, subject: &Subject) {
        let now = Timestamp::now();
        let running = subject.sight.running();
        draft.input("running deployment", running.map_or("none", |d| &d.id));
        let Some(d) = running else {
            let unread = subject.sight.unread.as_ref();
            let none = match unread {
                Some(p) => format!("none that the service itself tells of; unknown ({})", p.why),
                None => "none".to_owned(),
            };
            draft.fact("deployment running", none);
            return;
        };
        let mut text = words::deployment(d, now);
        if let Some(to) = &d.to
            && let asked = self.backend.ecs.task_definition(&to.revision.arn)
            && let Ok(Ok(definition)) = subject.spare.wait(asked).await
            && let Some(by) = &definition.registered_by
        {
            text += &format!(", revision registered by {}", words::person(by));
        }
        if let Some((failed, limit)) = d.failures
            && failed > 0
        {
            text += &format!(", {failed} of {limit} failures");
        }
        draft.fact("deployment running", text);
        let seat = seat::of_draft(draft, self.backend);
        if self.is_foreign(d, &subject.sight, &seat).await {
            draft.stranger(format!("deployment {}", words::deployment(d, now)));
        }
    }

    /// Whether no action of the journal, ended or not, brought a deployment about, as far as can be told.
    async fn is_foreign(&self, d: &Deployment, sight: &Sight, seat: &Seat) -> bool {
        let Some(store) = self.store else {
            return false;
        };
        let Ok(runs) = store.runs_of(&sight.service.id, seat).await else {
            return false;
        };
        !runs.iter().any(|r| brought(r, d, sight))
    }
}

/// Whether a run brought a deployment about, or may have: its call is on its way, or its effect is not told apart from others'.
fn brought(run: &JournalRun, d: &Deployment, sight: &Sight) -> bool {
    let goal: Option<Goal> = run
        .marks
        .get("goal")
        .and_then(|g| serde_json::from_str(g).ok());
    match (goal, run.marks.contains_key("called")) {
        (Some(goal), true) => match goal.deployment(sight) {
            Some(own) => own.id == d.id,
            // It stops one, or the endpoint tells of rollouts alone.
            None => {
                matches!(&goal, Goal::Ended { deployment, .. } if *deployment == d.id)
                    || goal.is_primary(sight)
                    || (goal.is_blind() && run.run.goes_on())
            }
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_code_deploy_deploys_the_count_alone_is_changed_here() {
        use Strategy::*;
        for (need, strategy, barred) in [
            (Need::Count, CodeDeploy, None),
            (Need::All, CodeDeploy, Some("CodeDeploy")),
            (Need::Them, CodeDeploy, Some("CodeDeploy")),
            (Need::Count, External, Some("an external controller")),
            (Need::All, Rolling, None),
        ] {
            assert_eq!(need.barred(strategy), barred, "{need:?} {strategy:?}");
        }
    }
}
