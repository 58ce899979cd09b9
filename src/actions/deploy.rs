//! Deploy: register a copy of the task definition with another image, and set the service to it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join;
use jiff::Timestamp;

use super::back;
use super::draft::Draft;
use super::goal::{Goal, Sight};
use super::hands::{Halt, Hands, is_lost, not_begun, refused};
use super::look::{CONFIGURATION, Look, Need};
use super::{coming, diff, image, older, registry, words};
use crate::backend::aws::ecs::UpdateService;
use crate::domain::action::Phase;
use crate::domain::deployment::Deployment;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{
    ContainerSpec, Revision, Service, ServiceId, Strategy, TaskDefinition,
};

/// Revisions of a family that are searched for one that was registered by a call whose reply was lost.
const SEARCHED: usize = 5;

/// The intent's parts.
#[derive(Clone, Copy, Debug)]
pub struct Deploy<'a> {
    pub service: &'a ServiceId,
    pub image: &'a str,
    pub container: Option<&'a str>,
    pub strategy: Option<Strategy>,
}

/// Whether ECS can shift the traffic of a service: each of its load balancers needs a second target group, a listener rule and a role
/// for that, and ECS takes no other strategy than rolling where one lacks them.
fn judge_balancers(draft: &mut Draft, service: &Service, asked: Strategy) {
    let bound = &service.load_balancers;
    if bound
        .iter()
        .any(|lb| lb.alternate_target_group_arn.is_none())
    {
        draft.refuse(format!(
            "{} shifts traffic between two target groups, and the service's load balancer has one: ECS refuses it. Give the service an alternate target group, a production listener rule and a role first (advancedConfiguration of its load balancers), or deploy it rolling",
            asked.word()
        ));
    } else if bound.is_empty() {
        draft.warn("the service has no load balancer: nothing shifts its traffic, unless Service Connect does");
    } else {
        draft.warn("ECS refuses it unless the service's load balancer names a production listener rule and a role");
    }
}

/// The call that registers the new revision. Tags need a right of their own, and without it the call is denied.
fn register_words(from: &Revision, tags: usize) -> String {
    let tags = match tags {
        0 => String::new(),
        1 => ", and 1 tag (ecs:TagResource)".to_owned(),
        n => format!(", and {n} tags (ecs:TagResource)"),
    };
    format!("ecs:RegisterTaskDefinition  a copy of {from} with the image replaced{tags}")
}

impl Deploy<'_> {
    /// What it would do.
    pub async fn draft(&self, look: &Look<'_>) -> Result<Draft, Problem> {
        let id = self.service;
        let mut draft = Draft::new(format!("Deploy {}  {}", id.name, id.cluster));
        let Some(subject) = Box::pin(look.subject(&mut draft, id, Need::All)).await? else {
            return Ok(draft);
        };
        back::heed(&mut draft, look, id, &subject.sight).await?;
        let service = subject.service();
        let from = subject.definition()?;
        let now = Timestamp::now();
        draft.input("revision", service.revision.to_string());
        let coming = coming::of(&subject.sight);
        let before = match &coming {
            Some(coming) => {
                let told = Box::pin(coming.told(look, &subject, from)).await;
                draft.fact("from", told.text);
                draft.fact("changes", told.against);
                told.before
            }
            None => {
                let bound = words::bound(service);
                draft.fact("from", words::revision(from, bound, now));
                Ok(from.clone())
            }
        };
        let wanted = self.container.or(words::bound(service));
        let container = match self.container {
            Some(name) => from.containers.iter().find(|c| c.name == name),
            None => from.main_container(wanted),
        };
        match container {
            None => {
                let names: Vec<&str> = from.containers.iter().map(|c| c.name.as_str()).collect();
                draft.refuse(format!(
                    "{} has no container {}: it has {}",
                    from.revision,
                    self.container.unwrap_or("at all"),
                    names.join(", ")
                ));
            }
            Some(container) => match image::resolve(self.image, &container.image) {
                Err(why) => draft.refuse(why),
                Ok(new) => {
                    self.describe(&mut draft, from, &container.image, &new);
                    let old = before.as_ref().unwrap_or(from);
                    draft.diff = diff::of(old, &with_image(from, &container.name, &new));
                    let copied = coming.as_ref();
                    let copied = copied.map(|c| c.copied(&before, from, &container.name));
                    draft.warnings.extend(copied);
                    warn_of_failures(&mut draft, &subject.sight.deployments, &new, now);
                    let images = older::Images {
                        running: &container.image,
                        new: &new,
                    };
                    let pushed = join(
                        Box::pin(registry::look_up(look, &mut draft, &new, now)),
                        Box::pin(images.running_pushed(look, &subject.sight)),
                    )
                    .await;
                    images.warn(&mut draft, pushed, &subject.sight.deployments, now);
                }
            },
        }
        draft.fact(
            "tasks",
            format!(
                "{} wanted, {} running",
                service.counts.desired, service.counts.running
            ),
        );
        let strategy = self.strategy.unwrap_or(service.deployment.strategy);
        self.judge_strategy(&mut draft, service);
        look.guards(&mut draft, &subject, strategy);
        Box::pin(look.alarms(&mut draft, &subject, true)).await;
        look.under_way(&mut draft, &subject).await;
        if subject.sight.running().is_some() && coming.is_none() {
            draft.warn("a deployment is running: this one replaces it");
        }
        let tags = Box::pin(look.backend.ecs.kept_tags(&from.revision.arn));
        let tags = subject.spare.wait(tags).await.ok().and_then(Result::ok);
        draft.call(register_words(&from.revision, tags.unwrap_or_default()));
        draft.call(self.update_words(&format!("{}:<new>", from.revision.family)));
        Ok(draft)
    }

    fn describe(&self, draft: &mut Draft, from: &TaskDefinition, old: &str, new: &str) {
        draft.image(
            "to",
            &format!("a new revision  {}", words::short_image(new)),
        );
        draft.input("image", new);
        if old == new {
            draft.refuse(format!(
                "{} runs {} already: restart it to pull the same reference again",
                from.revision,
                words::short_image(new)
            ));
        }
        if image::repository(old) != image::repository(new) {
            draft.warn(format!(
                "another repository: {} instead of {}",
                image::repository(new),
                image::repository(old)
            ));
        }
        if image::is_moving(new) {
            draft.warn("no fixed tag: the reference can mean another image tomorrow, and a rollback would not bring this one back");
        }
    }

    fn judge_strategy(&self, draft: &mut Draft, service: &Service) {
        let present = service.deployment.strategy;
        if self.strategy.is_some() {
            // All of it is sent back with the strategy: what a colleague changes meanwhile would be undone.
            draft.input(CONFIGURATION, words::configuration(&service.deployment));
        }
        match self.strategy {
            None => {}
            Some(asked) if asked.deployer().is_some() => {
                draft.refuse("this strategy cannot be set through ECS");
            }
            Some(asked) if asked != present => {
                draft.warn(format!(
                    "the service's strategy changes from {} to {}, for later deployments as well",
                    present.word(),
                    asked.word()
                ));
                if asked != Strategy::Rolling {
                    judge_balancers(draft, service, asked);
                }
            }
            Some(_) => {}
        }
    }

    fn update_words(&self, revision: &str) -> String {
        let strategy = self
            .strategy
            .map_or_else(String::new, |s| format!("  strategy={}", s.word()));
        format!(
            "ecs:UpdateService  cluster={} service={} taskDefinition={revision}{strategy}",
            self.service.cluster, self.service.name
        )
    }

    /// Does it.
    pub async fn execute(&self, hands: &Hands<'_>) -> Result<Goal, Halt> {
        let ecs = &hands.look.backend.ecs;
        let service = ecs.service(self.service).await.map_err(not_begun)?;
        if let Some(moved) = hands.elsewhere(&service) {
            return Err(Halt::Refused(format!("{moved}; nothing was changed")));
        }
        let from = ecs
            .task_definition(&service.revision.arn)
            .await
            .map_err(not_begun)?;
        let wanted = self.container.or(words::bound(&service));
        let (Some(container), Some(image)) = (from.main_container(wanted), hands.input("image"))
        else {
            return Err(Halt::Refused(
                "the container is gone; nothing was changed".to_owned(),
            ));
        };
        if hands.input("revision") != Some(service.revision.to_string().as_str()) {
            return Err(Halt::Refused(format!(
                "the service is set to {} now: somebody else acted; nothing was changed",
                service.revision
            )));
        }
        let images = [(container.name.clone(), image.to_owned())];
        let copy = with_image(&from, &container.name, image);
        let new = self.register(hands, &from, &copy, &images).await?;
        let revision = new.revision;
        let set = Box::pin(self.set(hands, &revision)).await;
        set.map_err(|halt| unused(halt, &revision))
    }

    /// Sets the service to the revision that was registered.
    async fn set(&self, hands: &Hands<'_>, revision: &Revision) -> Result<Goal, Halt> {
        let before = Box::pin(hands.look.sight_with(self.service, Need::All));
        let before = before.await.map_err(not_begun)?;
        let ecs = &hands.look.backend.ecs;
        let configuration = match self.strategy {
            Some(strategy) => {
                let read = Box::pin(ecs.configuration_with(&before.service, strategy));
                Some(read.await.map_err(not_begun)?)
            }
            None => None,
        };
        let change = UpdateService {
            task_definition: Some(revision.arn.clone()),
            configuration,
            ..UpdateService::default()
        };
        let call = self.update_words(&revision.to_string());
        let goal = |before: &Sight| Goal::Rollout {
            service: self.service.clone(),
            revision: revision.clone(),
            seen: before.marks(),
        };
        Box::pin(hands.update_from(before, change, &call, goal)).await
    }

    /// Registers the copy; after a lost reply, finds what the call may have registered.
    async fn register(
        &self,
        hands: &Hands<'_>,
        from: &TaskDefinition,
        copy: &TaskDefinition,
        images: &[(String, String)],
    ) -> Result<TaskDefinition, Halt> {
        let ecs = &hands.look.backend.ecs;
        let family = &from.revision.family;
        let known = ecs.revision_arns(family, 1).await.map_err(not_begun)?;
        let newest = known
            .first()
            .and_then(|arn| crate::domain::service::Revision::parse(arn))
            .map_or(from.revision.number, |r| r.number.max(from.revision.number));
        let call = format!(
            "ecs:RegisterTaskDefinition  a copy of {} with {}",
            from.revision,
            images.first().map_or("", |(_, image)| image)
        );
        // Should this console end within the call, the next one can say what to look for.
        let before = format!("{family}:{newest}");
        let text = format!("the newest revision is {before}");
        hands
            .note(Phase::Execute, &text, &[("registering", &before)])
            .await;
        let permit = hands.about_to(&call, None).await?;
        let new = match ecs
            .register_with_images(&permit, &from.revision.arn, images)
            .await
        {
            Ok(new) => match unlike(&new, copy, newest) {
                None => new,
                Some(why) => {
                    return Err(Halt::Failed(format!(
                        "ECS does not answer with what it was asked to register: {why}; the service was not touched. Look at the newest revisions of {family}."
                    )));
                }
            },
            Err(p) if is_lost(&p) => {
                hands
                    .say(
                        Phase::Execute,
                        "the reply was lost: looking for the revision",
                    )
                    .await;
                let found = ecs.revisions(family, SEARCHED).await.unwrap_or_default();
                let ours = found
                    .into_iter()
                    .find(|d| d.revision.number > newest && d.containers == copy.containers);
                ours.ok_or_else(|| {
                    Halt::Failed(format!(
                        "{p}; the service was not touched: at worst a revision exists that nothing uses. Deploy again."
                    ))
                })?
            }
            Err(p) if p.kind == ProblemKind::Refused => return Err(refused(&p)),
            Err(p) => {
                return Err(Halt::Failed(format!(
                    "{p}; the service was not touched. {}",
                    p.fix
                )));
            }
        };
        let text = format!("registered {}", new.revision);
        hands
            .note(Phase::Execute, &text, &[("registered", &new.revision.arn)])
            .await;
        Ok(new)
    }
}

/// Why a deploy goes no further that has registered a revision: something was called, and at the next deploy it is the newest one.
fn unused(halt: Halt, revision: &Revision) -> Halt {
    match halt {
        Halt::Refused(why) | Halt::Failed(why) => {
            // What the words of a first call say of the whole action.
            let why = why.replace("; nothing was changed", "");
            Halt::Failed(format!(
                "{revision} was registered, and nothing uses it; the service was not touched: {why}"
            ))
        }
        other => other,
    }
}

/// What a revision that was registered has otherwise than the copy that was asked for: the service must be set to what was previewed,
/// and to nothing else. `newest`: the number of the newest one before. What ECS adds to a container by itself is no difference.
fn unlike(new: &TaskDefinition, copy: &TaskDefinition, newest: u32) -> Option<String> {
    let revision = &new.revision;
    if revision.family != copy.revision.family {
        return Some(format!("{revision} is of another family"));
    }
    if revision.number <= newest {
        return Some(format!("{revision} was there before"));
    }
    let images = |d: &TaskDefinition| {
        let of = |c: &ContainerSpec| (c.name.clone(), c.image.clone());
        d.containers.iter().map(of).collect::<BTreeMap<_, _>>()
    };
    let (is, asked) = (images(new), images(copy));
    let names: BTreeSet<&String> = is.keys().chain(asked.keys()).collect();
    let other = names.into_iter().find(|n| is.get(*n) != asked.get(*n))?;
    let none = || "none".to_owned();
    Some(format!(
        "the image of {other} in {revision} is {}, and was to be {}",
        is.get(other).map_or_else(none, |i| words::short_image(i)),
        asked
            .get(other)
            .map_or_else(none, |i| words::short_image(i)),
    ))
}

/// How the last deployment of the very image ended, where it failed.
fn warn_of_failures(draft: &mut Draft, deployments: &[Deployment], new: &str, now: Timestamp) {
    let is_of = |d: &&Deployment| {
        let image = d.to.as_ref().and_then(|to| to.image.as_deref());
        !d.state.is_running() && image == Some(new)
    };
    let Some(last) = deployments.iter().find(is_of).filter(|d| d.state.is_bad()) else {
        return;
    };
    let when = last.finished_at.or(last.created_at);
    let when = when.map_or_else(String::new, |at| format!(" {}", words::since(at, now)));
    draft.warn(format!(
        "{} failed at its last deployment: {}{when}: {}",
        words::short_image(new),
        last.state.word(),
        last.trouble().unwrap_or_default()
    ));
}

fn with_image(from: &TaskDefinition, container: &str, image: &str) -> TaskDefinition {
    let mut copy = from.clone();
    for c in copy.containers.iter_mut().filter(|c| c.name == container) {
        image.clone_into(&mut c.image);
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_need_a_right_of_their_own_are_told_before_the_deploy() {
        let from = Revision::parse("api:7").unwrap();
        assert!(!register_words(&from, 0).contains("TagResource"));
        let told = register_words(&from, 3);
        assert!(told.ends_with(", and 3 tags (ecs:TagResource)"), "{told}");
    }
}
