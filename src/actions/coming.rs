//! A rollout that goes on, in a preview: the service is set to one revision, and its users have another.
//!
//! What a deploy copies is the one that is set, although nobody has proved it. That is what ECS's own tools and pipelines do; whoever
//! set it there, perhaps by CloudFormation, wants its settings, and the image that is deployed may need them: a copy of the one before
//! would drop them without a word. So that nothing is taken over without a word either, what changes is told against the one that
//! serves, and a warning names both.

use super::goal::Sight;
use super::look::{Look, Subject};
use super::{back, diff, words};
use crate::domain::action::DiffMark;
use crate::domain::deployment::{Deployment, DeploymentState};
use crate::domain::service::{Revision, TaskDefinition};

/// A revision that is on its way, and what serves until it is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Coming<'a> {
    /// The one that the service is set to.
    to: &'a Revision,
    /// The last one that was rolled out to its end, or each that it may be.
    serves: Vec<&'a Revision>,
    /// Whether the coming one was once rolled out to its end, too: somebody goes back to it.
    proved: bool,
}

/// What is coming to a service; nothing where no rollout of another revision goes on, or it goes back.
pub fn of(sight: &Sight) -> Option<Coming<'_>> {
    let onward = |d: &&Deployment| {
        matches!(
            d.state,
            DeploymentState::Pending | DeploymentState::InProgress
        )
    };
    let running = sight.running().filter(onward)?;
    let to = &running.to.as_ref()?.revision;
    let mut serves = back::possible(running);
    serves.retain(|r| !words::same(r, to));
    if serves.is_empty() || !words::same(to, &sight.service.revision) {
        return None;
    }
    // Of several that are replaced, those that were not rolled out to their end either are as unproved.
    let done = (sight.deployments.iter()).filter(|d| d.state == DeploymentState::Successful);
    let done: Vec<&Revision> = done
        .filter_map(|d| d.to.as_ref())
        .map(|to| &to.revision)
        .collect();
    let is_served = |r: &&&Revision| serves.iter().any(|s| words::same(s, r));
    if let Some(last) = done.iter().find(is_served) {
        serves = vec![*last];
    }
    let proved = done.iter().any(|r| words::same(r, to));
    Some(Coming { to, serves, proved })
}

impl Coming<'_> {
    /// What users have, by name.
    fn names(&self) -> String {
        let names: Vec<String> = self.serves.iter().map(ToString::to_string).collect();
        names.join(" or ")
    }

    /// That what is set is no more than on its way, to stand behind its name.
    pub fn mark(&self) -> String {
        format!("  (is coming; {} serves)", self.names())
    }

    /// What it means for an action that takes its place or begins it anew.
    pub fn replaced(&self, how: &str) -> String {
        let proved = match self.proved {
            true => "",
            false => " and not proved",
        };
        format!(
            "a deployment is running: {} is coming{proved}, users have {}; {how}",
            self.to,
            self.names()
        )
    }

    /// The definition of what serves.
    ///
    /// # Errors
    /// Why it is not known, in words.
    async fn definition(
        &self,
        look: &Look<'_>,
        subject: &Subject,
    ) -> Result<TaskDefinition, String> {
        let [only] = self.serves.as_slice() else {
            return Err(format!("which of {} is not told", self.names()));
        };
        let asked = look.backend.ecs.task_definition(&only.arn);
        let told = subject.spare.wait(asked).await;
        told.and_then(|told| told.map_err(|p| p.why))
    }

    /// From what to what a deploy goes: the words of it, and the definition that it is told against, or why that is not known.
    pub async fn told(
        &self,
        look: &Look<'_>,
        subject: &Subject,
        set: &TaskDefinition,
    ) -> (String, Result<TaskDefinition, String>) {
        let bound = words::bound(subject.service());
        let image = |d: &TaskDefinition| {
            let container = d.main_container(bound);
            container.map_or_else(String::new, |c| {
                format!("  {}", words::short_image(&c.image))
            })
        };
        let serves = self.definition(look, subject).await;
        let now = serves.as_ref().map_or_else(|_| String::new(), image);
        let to = match self.serves.iter().all(|r| r.family == self.to.family) {
            true => format!(":{}", self.to.number),
            false => self.to.to_string(),
        };
        let text = format!(
            "{}{now} (serves), {to}{} is coming",
            self.names(),
            image(set)
        );
        (text, serves)
    }

    /// The warning of a deploy: of what its revision is a copy, and whether that differs in more than the image from what serves.
    pub fn copied(
        &self,
        serves: &Result<TaskDefinition, String>,
        set: &TaskDefinition,
        container: &str,
    ) -> String {
        let rest = match serves {
            Err(why) => format!("; what else of it is not as users have it cannot be told: {why}"),
            Ok(serves) => match differs(serves, set, container) {
                true => ", and brings what else of it is not as users have it: see what changes"
                    .to_owned(),
                false => {
                    ", which differs in no more than its image as far as is read here".to_owned()
                }
            },
        };
        self.replaced(&format!("the new revision is a copy of {}{rest}", self.to))
    }
}

/// Whether two definitions differ in more than the image of a container.
fn differs(serves: &TaskDefinition, set: &TaskDefinition, container: &str) -> bool {
    let mut alike = serves.clone();
    for c in alike.containers.iter_mut().filter(|c| c.name == container) {
        let twin = set.containers.iter().find(|t| t.name == container);
        c.image = twin.map_or_else(String::new, |t| t.image.clone());
    }
    let changes = diff::of(&alike, set);
    changes.iter().any(|line| line.mark != DiffMark::Same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::ContainerSpec;

    fn definition(number: u32, image: &str, level: &str) -> TaskDefinition {
        TaskDefinition {
            revision: Revision::parse(&format!("api:{number}")).unwrap(),
            status: "ACTIVE".into(),
            cpu_units: Some(256),
            memory_mib: Some(512),
            containers: vec![ContainerSpec {
                name: "api".into(),
                image: image.into(),
                environment: vec![("LEVEL".into(), level.into())],
                ..ContainerSpec::default()
            }],
            registered_at: None,
            registered_by: None,
        }
    }

    /// A fix is deployed over a revision that nobody has proved: what that one changed goes with it, and is told.
    #[test]
    fn what_is_taken_over_from_a_revision_that_is_coming_is_told() {
        let (serves, set) = (
            definition(5, "api:1", "info"),
            definition(6, "api:2", "info"),
        );
        let coming = Coming {
            to: &set.revision,
            serves: vec![&serves.revision],
            proved: false,
        };
        let said = |serves: Result<TaskDefinition, String>, set: &TaskDefinition| {
            coming.copied(&serves, set, "api")
        };
        let plain = said(Ok(serves.clone()), &set);
        assert!(
            plain.contains("api:6 is coming and not proved, users have api:5"),
            "{plain}"
        );
        assert!(
            plain.ends_with(
                "a copy of api:6, which differs in no more than its image as far as is read here"
            ),
            "{plain}"
        );
        let other = said(Ok(serves.clone()), &definition(6, "api:2", "debug"));
        assert!(other.ends_with("see what changes"), "{other}");
        let unread = said(Err("no answer within 5s".into()), &set);
        assert!(
            unread.ends_with("cannot be told: no answer within 5s"),
            "{unread}"
        );
        let mark = coming.mark();
        assert_eq!(mark, "  (is coming; api:5 serves)");
    }
}
