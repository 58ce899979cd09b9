//! Roll back: stop the running deployment so that ECS goes back, else set the service to an earlier revision.

use jiff::Timestamp;

use super::back;
use super::coming::{self, Coming};
use super::draft::Draft;
use super::goal::{Goal, Sight};
use super::hands::{Halt, Hands, not_begun};
use super::look::{Look, Need, Subject};
use super::{diff, stop, words};
use crate::backend::aws::ecs::UpdateService;
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Revision, ServiceId};

/// Revisions of a family that are looked through for the one before.
const SEARCHED: usize = 50;

/// What a person does where the way back is not plain.
pub const NAME_IT: &str =
    "name the revision to go back to: R on it among the service's revisions, or --to REVISION";

/// The intent's parts.
#[derive(Clone, Copy, Debug)]
pub struct Rollback<'a> {
    pub service: &'a ServiceId,
    pub to: Option<u32>,
}

/// Which way back, and why that one.
#[derive(Debug)]
enum Way {
    /// StopServiceDeployment with rollback.
    Stop { deployment: String, why: String },
    /// UpdateService to this revision.
    Update { to: Revision, why: String },
}

impl Rollback<'_> {
    /// What it would do.
    pub async fn draft(&self, look: &Look<'_>) -> Result<Draft, Problem> {
        let id = self.service;
        let mut draft = Draft::new(format!("Roll back {}  {}", id.name, id.cluster));
        let Some(subject) = Box::pin(look.subject(&mut draft, id, Need::Nothing)).await? else {
            return Ok(draft);
        };
        let service = subject.service();
        let now = Timestamp::now();
        draft.input("revision", service.revision.to_string());
        let present = subject.definition().map_or_else(
            |p| format!("{}, which cannot be read: {}", service.revision, p.why),
            |d| words::revision(d, words::bound(service), now),
        );
        let coming = coming::of(&subject.sight);
        let mark = coming.as_ref().map_or_else(String::new, Coming::mark);
        draft.fact("from", present + &mark);
        match self.way(look, &subject.sight).await? {
            Err(why) => draft.refuse(why),
            Ok(Way::Stop { deployment, why }) => {
                draft.fact("how", why);
                if let Some(running) = subject.sight.running() {
                    show_way(&mut draft, look, &subject, running, now).await;
                    stop::warn_of_the_way_back(&mut draft, &subject.sight.deployments, running);
                }
                draft.call(stop::words(&deployment, true));
                draft.input("way", "stop");
            }
            Ok(Way::Update { to, why }) => {
                draft.fact("how", why);
                draft.input("way", "update");
                self.describe(&mut draft, look, &subject, &to, now).await?;
            }
        }
        look.guards(&mut draft, &subject, service.deployment.strategy);
        Box::pin(look.alarms(&mut draft, &subject, false)).await;
        look.under_way(&mut draft, &subject).await;
        Ok(draft)
    }

    async fn describe(
        &self,
        draft: &mut Draft,
        look: &Look<'_>,
        subject: &Subject,
        to: &Revision,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let service = subject.service();
        let target = match look.backend.ecs.task_definition(&to.arn).await {
            Ok(target) => target,
            Err(p) if matches!(p.kind, ProblemKind::NotFound | ProblemKind::Invalid) => {
                draft.refuse(format!("there is no revision {to}"));
                return Ok(());
            }
            Err(p) => return Err(p),
        };
        draft.fact("to", words::revision(&target, words::bound(service), now));
        match subject.definition() {
            Ok(present) => {
                draft.fact("commit", look.commits(service, [present, &target]).await);
                draft.diff = diff::of(present, &target);
            }
            Err(p) => draft.warn(format!(
                "what changes cannot be told: {} cannot be read: {}",
                service.revision, p.why
            )),
        }
        draft.input("target", target.revision.to_string());
        if target.status != "ACTIVE" {
            draft.refuse(format!(
                "{} is {}: ECS starts no service with it",
                target.revision, target.status
            ));
        }
        if words::same(&target.revision, &service.revision) {
            draft.refuse(format!(
                "the service is set to {} already",
                service.revision
            ));
        }
        if let Some(last) = last_that_failed(&subject.sight.deployments, &target.revision) {
            let (state, why) = (last.state.word(), last.trouble().unwrap_or_default());
            let when = last.finished_at.or(last.created_at);
            let when = when.map_or_else(String::new, |at| format!(" {}", words::since(at, now)));
            draft.input("last deployment of the target", &last.id);
            draft.danger(
                target.revision.to_string(),
                format!(
                    "{} failed at its last deployment: {state}{when}: {why}",
                    target.revision
                ),
            );
        }
        if let Some(p) = &subject.sight.unread {
            draft.danger(
                target.revision.to_string(),
                format!(
                    "deployments could not be read: whether {} failed at its last one is not known: {}",
                    target.revision, p.why
                ),
            );
        }
        let steps = service.revision.number.abs_diff(target.revision.number);
        if target.revision.number > service.revision.number {
            draft.warn(format!(
                "{} is newer than {}",
                target.revision, service.revision
            ));
        } else if steps > 1 {
            draft.warn(format!("goes back over {steps} revisions"));
        }
        draft.call(self.update_words(&target.revision));
        Ok(())
    }

    fn update_words(&self, to: &Revision) -> String {
        format!(
            "ecs:UpdateService  cluster={} service={} taskDefinition={to}",
            self.service.cluster, self.service.name
        )
    }

    /// The way back; the inner error is the reason why there is none.
    async fn way(&self, look: &Look<'_>, sight: &Sight) -> Result<Result<Way, String>, Problem> {
        let current = &sight.service.revision;
        if let Some(number) = self.to {
            let arn = format!("{}:{number}", current.family);
            return Ok(Revision::parse(&arn)
                .map(|to| Way::Update {
                    to,
                    why: "to the revision that was named".to_owned(),
                })
                .ok_or_else(|| format!("{arn} is no revision")));
        }
        if let Some(d) = sight.running() {
            if matches!(
                d.state,
                DeploymentState::RollingBack | DeploymentState::StopRequested
            ) {
                return Ok(Err(
                    "the running deployment is going back already".to_owned()
                ));
            }
            let newer = d.from.iter().map(|r| &r.revision);
            if let Some(newer) = newer.into_iter().find(|r| back::is_after(r, current)) {
                return Ok(Err(format!(
                    "{newer}, which is being replaced, is newer than {current}: that is no way back; {NAME_IT}"
                )));
            }
            if d.source == DeploymentSource::ServiceDeployments {
                return Ok(Ok(Way::Stop {
                    deployment: d.id.clone(),
                    why: "stop the running deployment; ECS goes back to what ran before".to_owned(),
                }));
            }
            let mut old = back::possible(d).into_iter();
            if let Some(old) = old.find(|r| !words::same(r, current)) {
                return Ok(Ok(Way::Update {
                    to: old.clone(),
                    why: match &sight.unread {
                        Some(_) => "to the revision that is being replaced; its deployment could not be read, and is not stopped by its name",
                        None => "to the revision that is being replaced; this endpoint cannot stop deployments",
                    }
                    .to_owned(),
                }));
            }
        }
        if let Some(why) = went_back(sight) {
            return Ok(Err(why));
        }
        match deployed_before(sight) {
            Ok(Some(to)) => {
                return Ok(Ok(Way::Update {
                    to,
                    why: "to the last revision that was deployed with success before this one"
                        .to_owned(),
                }));
            }
            Ok(None) => {}
            Err(why) => return Ok(Err(why)),
        }
        let arns = look
            .backend
            .ecs
            .revision_arns(&current.family, SEARCHED)
            .await?;
        let before = arns
            .iter()
            .filter_map(|arn| Revision::parse(arn))
            .find(|r| r.number < current.number);
        Ok(before
            .map(|to| Way::Update {
                to,
                why: match &sight.unread {
                    Some(_) => {
                        "to the revision before this one; earlier deployments could not be read"
                    }
                    None => "to the revision before this one; ECS knows no earlier deployment",
                }
                .to_owned(),
            })
            .ok_or_else(|| {
                format!("{current} is the first revision: there is nothing to go back to")
            }))
    }

    /// Does it, in the way that was confirmed.
    pub async fn execute(&self, hands: &Hands<'_>) -> Result<Goal, Halt> {
        if hands.input("way") == Some("stop") {
            let deployment = hands.input("running deployment").unwrap_or_default();
            return stop::send(hands, self.service, deployment, true).await;
        }
        let target = hands.input("target").and_then(Revision::parse);
        let Some(to) = target else {
            return Err(Halt::Refused(
                "the preview names no revision; nothing was changed".to_owned(),
            ));
        };
        let change = UpdateService {
            task_definition: Some(to.to_string()),
            ..UpdateService::default()
        };
        let call = self.update_words(&to);
        let before = Box::pin(hands.look.sight_with(self.service, Need::Nothing));
        let before = before.await.map_err(not_begun)?;
        hands
            .update_from(before, change, &call, |before| Goal::Rollout {
                service: self.service.clone(),
                revision: to.clone(),
                seen: before.marks(),
            })
            .await
    }
}

/// Why there is no plain way back where the last change of revision was taken back. What replaced tasks by others of the same revision
/// since, such as a restart, makes no good revision a bad one.
fn went_back(sight: &Sight) -> Option<String> {
    let current = &sight.service.revision;
    let mut newest = sight.deployments.iter().enumerate();
    let (since, last) = newest.find(|(_, d)| !d.keeps_revision())?;
    if last.state != DeploymentState::RolledBack {
        return None;
    }
    let last = match (since, &last.to) {
        (1.., Some(to)) => format!("the last deployment of another revision, {},", to.revision),
        _ => "the last deployment".to_owned(),
    };
    Some(format!(
        "{last} was rolled back already: {current} is what it went back to; {NAME_IT}"
    ))
}

fn is_before(r: &Revision, current: &Revision) -> bool {
    r.family == current.family && r.number < current.number
}

/// What ECS goes back to once the running deployment is stopped: one revision, or each that it may be.
async fn show_way(
    draft: &mut Draft,
    look: &Look<'_>,
    subject: &Subject,
    running: &Deployment,
    now: Timestamp,
) {
    if stop::is_unknown(draft, "to", subject, running) {
        return;
    }
    let possible = back::possible(running);
    let [only] = possible.as_slice() else {
        draft.fact("to", back::told(running));
        return;
    };
    let asked = look.backend.ecs.task_definition(&only.arn);
    let asked = subject.spare.wait(asked).await;
    let definition = match asked.and_then(|told| told.map_err(|p| p.why)) {
        Ok(definition) => definition,
        // It is for people to look at: the call needs nothing of it, and it is the emergency brake.
        Err(why) => {
            draft.fact("to", format!("{only}, which cannot be read: {why}"));
            return;
        }
    };
    let bound = words::bound(subject.service());
    draft.fact("to", words::revision(&definition, bound, now));
    let Ok(present) = subject.definition() else {
        return;
    };
    let commits = [present, &definition];
    let commits = look.commits(subject.service(), commits);
    let commits = subject.spare.wait(commits).await;
    let commits = commits.unwrap_or_else(|why| format!("unknown ({why})"));
    draft.fact("commit", commits);
    draft.diff = diff::of(present, &definition);
}

/// The last deployment of a revision, where it did not end well. What went back by `deployments[]` names what it went back to, not
/// what failed.
pub fn last_that_failed<'a>(
    deployments: &'a [Deployment],
    revision: &Revision,
) -> Option<&'a Deployment> {
    let told = |d: &&Deployment| match d.source {
        DeploymentSource::ServiceDeployments => true,
        DeploymentSource::Rollouts => d.state != DeploymentState::RolledBack,
    };
    let of = |d: &&Deployment| {
        let to = d.to.as_ref();
        !d.state.is_running() && to.is_some_and(|to| words::same(&to.revision, revision))
    };
    let last = deployments.iter().filter(told).find(of)?;
    matches!(
        last.state,
        DeploymentState::RolledBack | DeploymentState::Failed
    )
    .then_some(last)
}

/// The last revision before the present one that was deployed with success. One that came later, and was deployed with success
/// too, may be what somebody has gone back from: only a person can say whether it is wanted. `None`: no other is known.
fn deployed_before(sight: &Sight) -> Result<Option<Revision>, String> {
    let current = &sight.service.revision;
    let done = || {
        sight
            .deployments
            .iter()
            .filter(|d| d.state == DeploymentState::Successful)
            .filter_map(|d| d.to.as_ref())
            .map(|to| &to.revision)
            .filter(|r| !words::same(r, current))
    };
    if let Some(before) = done().find(|r| is_before(r, current)) {
        return Ok(Some(before.clone()));
    }
    done().next().map_or(Ok(None), |other| {
        Err(format!(
            "the last other revision that was deployed with success is {other}, which did not come before {current}; {NAME_IT}"
        ))
    })
}
