//! ECS operations that change production. Each takes a [`Permit`], is sent once, and tells a lost reply from a refusal.
//!
//! None of these has an idempotency token (Amazon ECS API reference): a lost reply is reconciled by reading.

use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::types as sdk;

use super::Question;
use super::ecs::{Ecs, own_definition, without};
use super::sound::counted;
use super::{ecs_map, ecs_task_definition};
use crate::domain::action::Permit;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Service, ServiceId, Strategy, TaskDefinition};

const DEFINITION: Question = Question::new(
    "ecs",
    "DescribeTaskDefinition",
    "read the task definition to copy",
);
const CONFIGURATION: Question = Question::new(
    "ecs",
    "DescribeServices",
    "read the service's deployment configuration",
);
const REGISTER: Question =
    Question::new("ecs", "RegisterTaskDefinition", "register the new revision");
const UPDATE: Question = Question::new("ecs", "UpdateService", "update the service");
const STOP: Question = Question::new("ecs", "StopServiceDeployment", "stop the deployment");

/// How a service is to deploy: what it has, with another strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration(sdk::DeploymentConfiguration);

/// What UpdateService is to change; `None` and `false` leave it as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateService {
    /// Task definition ARN or `family:revision`.
    pub task_definition: Option<String>,
    /// Desired count.
    pub desired: Option<u32>,
    /// Replace all tasks even when nothing else changes.
    pub force_new: bool,
    /// How it deploys, with everything that it keeps.
    pub configuration: Option<Configuration>,
}

impl Ecs {
    /// Registers a copy of a task definition with other images: (container, image). Every other field and the tags are
    /// copied (DescribeTaskDefinition, RegisterTaskDefinition).
    ///
    /// # Errors
    /// `Invalid` where a named container is not in the task definition; `Unknown` for a lost reply: at worst a revision
    /// exists that nothing uses.
    pub async fn register_with_images(
        &self,
        permit: &Permit,
        from_arn: &str,
        images: &[(String, String)],
    ) -> Result<TaskDefinition, Problem> {
        self.line.may_mutate("ecs", "RegisterTaskDefinition")?;
        let read = self
            .aws
            .read(&self.line, DEFINITION, |c| {
                let ask = c.ecs.describe_task_definition().task_definition(from_arn);
                ask.include(sdk::TaskDefinitionField::Tags).send()
            })
            .await?;
        own_definition(
            &self.line,
            DEFINITION,
            from_arn,
            read.task_definition.as_ref(),
        )?;
        let from = read
            .task_definition
            .ok_or_else(|| without("task definition", from_arn))?;
        let copy = copy_with_images(from, read.tags.unwrap_or_default(), images)?;
        let answer = self
            .aws
            .mutate(permit, &self.line, REGISTER, |c| {
                let client = c.ecs_once.clone();
                async move { copy.send_with(&client).await }
            })
            .await?;
        answer
            .task_definition()
            .and_then(ecs_task_definition::task_definition)
            .ok_or_else(|| without("task definition", from_arn))
    }

    /// How many tags a copy of a task definition is to keep (DescribeTaskDefinition).
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn kept_tags(&self, arn: &str) -> Result<usize, Problem> {
        let read = self
            .aws
            .read(&self.line, DEFINITION, |c| {
                let ask = c.ecs.describe_task_definition().task_definition(arn);
                ask.include(sdk::TaskDefinitionField::Tags).send()
            })
            .await?;
        own_definition(&self.line, DEFINITION, arn, read.task_definition.as_ref())?;
        Ok(kept(read.tags.unwrap_or_default()).len())
    }

    /// Changes a service (UpdateService). `arn`: the service's own, as it was read. Its cluster is named by its ARN: AWS refuses that of
    /// another account, where one of the same name may be.
    ///
    /// # Errors
    /// `Unknown` for a lost reply.
    pub async fn update_service(
        &self,
        permit: &Permit,
        id: &ServiceId,
        arn: &str,
        change: UpdateService,
    ) -> Result<Service, Problem> {
        let cluster = cluster_arn(arn, &id.cluster);
        let answer = self
            .aws
            .mutate(permit, &self.line, UPDATE, |c| {
                c.ecs_once
                    .update_service()
                    .cluster(cluster)
                    .service(&id.name)
                    .set_task_definition(change.task_definition)
                    .set_desired_count(change.desired.and_then(|n| i32::try_from(n).ok()))
                    .set_force_new_deployment(change.force_new.then_some(true))
                    .set_deployment_configuration(change.configuration.map(|c| c.0))
                    .send()
            })
            .await?;
        let read = answer.service().map(ecs_map::service).transpose();
        counted(&self.line, UPDATE, read)?
            .flatten()
            .ok_or_else(|| without("service", &id.name))
    }

    /// The deployment configuration of a service with another strategy, all else as it is: read anew, because there is more to it than
    /// is shown (DescribeServices).
    ///
    /// # Errors
    /// `Malformed` where the answer is not about the service, `Conflict` where it does not deploy as it was seen to.
    pub async fn configuration_with(
        &self,
        seen: &Service,
        strategy: Strategy,
    ) -> Result<Configuration, Problem> {
        let id = &seen.id;
        let names = std::slice::from_ref(&id.name);
        let read = self.described(CONFIGURATION, &id.cluster, names).await?;
        let moved = |why: &str| {
            Problem::new(
                ProblemKind::Conflict,
                "ecs",
                format!("Cannot {} of {id}", CONFIGURATION.what),
                why,
                "Look at the service, and at a new preview.",
            )
        };
        let service = read.services().first();
        let service = service.ok_or_else(|| moved("there is no service of that name"))?;
        let now = counted(&self.line, CONFIGURATION, ecs_map::service(service))?;
        if now.is_none_or(|now| now.arn != seen.arn || now.deployment != seen.deployment) {
            return Err(moved(
                "it is not what it was a moment ago: somebody else changed how it deploys",
            ));
        }
        let present = service.deployment_configuration().cloned();
        let mut configuration =
            present.unwrap_or_else(|| sdk::DeploymentConfiguration::builder().build());
        configuration.strategy = Some(sdk_strategy(strategy)?);
        Ok(Configuration(configuration))
    }

    /// Stops a service deployment, rolling back or leaving it as it is (StopServiceDeployment).
    ///
    /// # Errors
    /// `Unknown` for a lost reply; `Unsupported` where the endpoint has no service deployments.
    pub async fn stop_deployment(
        &self,
        permit: &Permit,
        deployment_arn: &str,
        rollback: bool,
    ) -> Result<(), Problem> {
        let kind = if rollback {
            sdk::StopServiceDeploymentStopType::Rollback
        } else {
            sdk::StopServiceDeploymentStopType::Abort
        };
        self.aws
            .mutate(permit, &self.line, STOP, |c| {
                let ask = c
                    .ecs_once
                    .stop_service_deployment()
                    .service_deployment_arn(deployment_arn);
                ask.stop_type(kind).send()
            })
            .await?;
        Ok(())
    }
}

/// The ARN of the cluster that a service's ARN tells of, of the old form without the cluster as well; its name where it is no ARN.
fn cluster_arn(service: &str, cluster: &str) -> String {
    match service.split_once(":service/") {
        Some((place, _)) if place.starts_with("arn:") => format!("{place}:cluster/{cluster}"),
        _ => cluster.to_owned(),
    }
}

fn sdk_strategy(strategy: Strategy) -> Result<sdk::DeploymentStrategy, Problem> {
    Ok(match strategy {
        Strategy::Rolling => sdk::DeploymentStrategy::Rolling,
        Strategy::BlueGreen => sdk::DeploymentStrategy::BlueGreen,
        Strategy::Canary => sdk::DeploymentStrategy::Canary,
        Strategy::Linear => sdk::DeploymentStrategy::Linear,
        Strategy::CodeDeploy | Strategy::External | Strategy::Other => {
            return Err(Problem::new(
                ProblemKind::Invalid,
                "ecs",
                "Cannot set the deployment strategy",
                "this service is deployed by another controller",
                "Deploy it with the tool that owns it.",
            ));
        }
    })
}

fn copy_with_images(
    from: sdk::TaskDefinition,
    tags: Vec<sdk::Tag>,
    images: &[(String, String)],
) -> Result<RegisterTaskDefinitionInputBuilder, Problem> {
    let tags = kept(tags);
    let mut containers = from.container_definitions.unwrap_or_default();
    for (name, image) in images {
        let found = containers.iter_mut().find(|c| c.name() == Some(name));
        let container = found.ok_or_else(|| {
            Problem::new(
                ProblemKind::Invalid,
                "ecs",
                "Cannot register the new revision",
                format!("the task definition has no container named {name}"),
                "Name one of its containers with --container.",
            )
        })?;
        container.image = Some(image.clone());
    }
    Ok(RegisterTaskDefinitionInput::builder()
        .set_family(from.family)
        .set_task_role_arn(from.task_role_arn)
        .set_execution_role_arn(from.execution_role_arn)
        .set_network_mode(from.network_mode)
        .set_container_definitions(Some(containers))
        .set_volumes(some(from.volumes))
        .set_placement_constraints(some(from.placement_constraints))
        .set_requires_compatibilities(some(from.requires_compatibilities))
        .set_cpu(from.cpu)
        .set_memory(from.memory)
        .set_tags(some(Some(tags)))
        .set_pid_mode(from.pid_mode)
        .set_ipc_mode(from.ipc_mode)
        .set_proxy_configuration(from.proxy_configuration)
        .set_ephemeral_storage(from.ephemeral_storage)
        .set_runtime_platform(from.runtime_platform)
        .set_enable_fault_injection(from.enable_fault_injection))
}

/// The tags that a caller may set: those whose key begins with `aws:` are AWS's own (CloudFormation sets some), and one of them is enough
/// for the whole call to be refused.
fn kept(mut tags: Vec<sdk::Tag>) -> Vec<sdk::Tag> {
    let is_reserved = |key: &str| {
        let prefix = key.get(..4).unwrap_or_default();
        prefix.eq_ignore_ascii_case("aws:")
    };
    tags.retain(|t| !t.key().is_some_and(is_reserved));
    tags
}

/// Empty lists are left out: ECS refuses some of them and an emulator may keep them.
fn some<T>(list: Option<Vec<T>>) -> Option<Vec<T>> {
    list.filter(|l| !l.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> sdk::TaskDefinition {
        let container = |name: &str| {
            sdk::ContainerDefinition::builder()
                .name(name)
                .image("old")
                .environment(sdk::KeyValuePair::builder().name("A").value("1").build())
                .ulimits(
                    sdk::Ulimit::builder()
                        .name(sdk::UlimitName::Nofile)
                        .soft_limit(1)
                        .hard_limit(2)
                        .build()
                        .unwrap(),
                )
                .build()
        };
        sdk::TaskDefinition::builder()
            .family("api")
            .cpu("256")
            .enable_fault_injection(true)
            .container_definitions(container("api"))
            .container_definitions(container("sidecar"))
            .build()
    }

    #[test]
    fn a_cluster_is_named_with_the_account_that_its_service_was_read_in() {
        let place = "arn:aws:ecs:eu-west-1:123456789012";
        for arn in ["service/prod/api", "service/api"] {
            let cluster = cluster_arn(&format!("{place}:{arn}"), "prod");
            assert_eq!(cluster, format!("{place}:cluster/prod"));
        }
        assert_eq!(cluster_arn("api", "prod"), "prod");
    }

    #[test]
    fn tags_that_only_aws_may_set_are_not_sent() {
        let tag = |key: &str| sdk::Tag::builder().key(key).value("v").build();
        let tags = [
            "aws:cloudformation:stack-name",
            "AWS:x",
            "team",
            "aws-team",
            "é:x",
        ];
        let copy = copy_with_images(definition(), tags.map(tag).to_vec(), &[]).unwrap();
        let kept: Vec<_> = copy.get_tags().iter().flatten().map(|t| t.key()).collect();
        assert_eq!(kept, [Some("team"), Some("aws-team"), Some("é:x")]);
    }

    #[test]
    fn a_copy_differs_in_the_image_alone() {
        let tag = sdk::Tag::builder().key("k").value("v").build();
        let images = [("api".to_owned(), "new".to_owned())];
        let copy = copy_with_images(definition(), vec![tag], &images)
            .unwrap()
            .build()
            .unwrap();
        let containers = copy.container_definitions();
        assert_eq!(containers[0].image(), Some("new"));
        assert_eq!(containers[1], definition().container_definitions()[1]);
        assert_eq!(
            containers[0].ulimits(),
            definition().container_definitions()[0].ulimits()
        );
        assert_eq!((copy.family(), copy.cpu()), (Some("api"), Some("256")));
        assert_eq!(
            (copy.enable_fault_injection(), copy.tags().len()),
            (Some(true), 1)
        );
    }

    #[test]
    fn a_container_that_does_not_exist_is_refused() {
        let images = [("nope".to_owned(), "new".to_owned())];
        let problem = copy_with_images(definition(), Vec::new(), &images).unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Invalid);
        assert!(problem.why.contains("nope"));
    }
}
