//! Amazon ECS (API version 2014-11-13): what runs. Changes are in `ecs_change`, deployments in `ecs_deployments`.

use std::sync::Arc;

use aws_sdk_ecs::operation::describe_services::DescribeServicesOutput;
use aws_sdk_ecs::types::{self as sdk, SortOrder, TaskDefinitionStatus};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::convert::tail;
pub use super::ecs_change::UpdateService;
use super::ecs_deployments::DeploymentCache;
pub use super::ecs_deployments::of_rollouts;
pub use super::ecs_tasks::Tasks;
use super::pages::Pages;
use super::sound::{about, all_told, counted, told};
use super::{Aws, Question, convert, ecs_map, ecs_task_definition};
use crate::backend::transport::Line;
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Cluster, Service, ServiceId, TaskDefinition};

const LIST_CLUSTERS: Question = Question::new("ecs", "ListClusters", "list the clusters");
const CLUSTERS: Question = Question::new("ecs", "DescribeClusters", "read the clusters");
const LIST_SERVICES: Question = Question::new("ecs", "ListServices", "list the services");
const SERVICES: Question = Question::new("ecs", "DescribeServices", "read the services");
const DEFINITION: Question =
    Question::new("ecs", "DescribeTaskDefinition", "read the task definition");
const LIST_DEFINITIONS: Question =
    Question::new("ecs", "ListTaskDefinitions", "list the revisions");

/// Services that DescribeServices takes at once (Amazon ECS API reference).
pub const SERVICES_A_CALL: usize = 10;
/// Calls of one question that run side by side.
const ABREAST: usize = 4;

/// The ECS client.
#[derive(Debug)]
pub struct Ecs {
    pub(super) aws: Arc<Aws>,
    pub(super) line: Arc<Line>,
    pub(super) cache: DeploymentCache,
}

/// What one call about services asked, and found.
#[derive(Debug)]
pub struct Batch {
    /// Services of one cluster.
    pub asked: Vec<ServiceId>,
    /// Those of them that exist, or why nobody can tell.
    pub found: Result<Vec<Service>, Problem>,
    /// Those of them that the answer names as not found.
    pub missing: Vec<(ServiceId, Problem)>,
}

/// What DescribeServices tells of those that it was asked about.
#[derive(Debug)]
struct Described {
    services: Vec<Service>,
    /// (name, reason) of those that it does not find.
    missing: Vec<(String, String)>,
}

impl Ecs {
    /// On an account.
    pub fn new(aws: Arc<Aws>) -> Self {
        let line = aws.lines().ecs.clone();
        Self {
            aws,
            line,
            cache: DeploymentCache::default(),
        }
    }

    /// Where services are asked after and changed: endpoint and region, without asking or waiting for anybody. It is not where the rest
    /// of AWS is asked where ECS has an endpoint of its own. `None`: that is not known, or not yet.
    pub fn place(&self) -> Option<String> {
        self.aws.place_of_ecs()
    }

    /// Clusters of the account, by name (ListClusters, DescribeClusters).
    pub async fn clusters(&self) -> Result<Vec<Cluster>, Problem> {
        let mut arns = Vec::new();
        let mut pages = Pages::default();
        loop {
            let page = self
                .aws
                .read(&self.line, LIST_CLUSTERS, |c| {
                    c.ecs
                        .list_clusters()
                        .max_results(100)
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
            arns.extend(told(
                &self.line,
                LIST_CLUSTERS,
                "clusterArns",
                page.cluster_arns,
            )?);
            if !pages.turn(arns.len(), page.next_token)? {
                break;
            }
        }
        let mut clusters = Vec::with_capacity(arns.len());
        for chunk in arns.chunks(100) {
            let page = self
                .aws
                .read(&self.line, CLUSTERS, |c| {
                    c.ecs
                        .describe_clusters()
                        .set_clusters(Some(chunk.to_vec()))
                        .send()
                })
                .await?;
            let told = page
                .clusters()
                .iter()
                .map(|c| c.cluster_arn().or(c.cluster_name()));
            let told = told.chain(page.failures().iter().map(|f| f.arn()));
            all_told(&self.line, CLUSTERS, chunk, told)?;
            let read: Result<Vec<_>, _> = page.clusters().iter().map(ecs_map::cluster).collect();
            clusters.extend(counted(&self.line, CLUSTERS, read)?);
        }
        clusters.order_by(|a, b| a.name.cmp(&b.name));
        Ok(clusters)
    }

    /// Ids of the services of a cluster, by name (ListServices).
    pub async fn service_ids(&self, cluster: &str) -> Result<Vec<ServiceId>, Problem> {
        let mut ids = Vec::new();
        let mut pages = Pages::default();
        loop {
            let page = self
                .aws
                .read(&self.line, LIST_SERVICES, |c| {
                    let ask = c.ecs.list_services().cluster(cluster).max_results(100);
                    ask.set_next_token(pages.token()).send()
                })
                .await?;
            let told = told(&self.line, LIST_SERVICES, "serviceArns", page.service_arns)?;
            ids.extend(told.iter().map(|arn| ServiceId {
                cluster: cluster.to_owned(),
                name: convert::text(Some(convert::tail(arn))),
            }));
            if !pages.turn(ids.len(), page.next_token)? {
                break;
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// Services by id (DescribeServices, ten a call). Each call has a result of its own: a
    /// cluster that may not be read hides no other.
    pub async fn services(&self, ids: &[ServiceId]) -> Vec<Batch> {
        let calls: Vec<_> = batches(ids).collect();
        let mut batches: Vec<Batch> = stream::iter(calls)
            .map(|(cluster, names)| async move {
                let asked = names.iter().map(|name| ServiceId {
                    cluster: cluster.clone(),
                    name: name.clone(),
                });
                let asked = asked.collect();
                match self.describe(&cluster, &names).await {
                    Ok(told) => {
                        let of = |name| ServiceId {
                            cluster: cluster.clone(),
                            name,
                        };
                        let missing = told.missing.into_iter();
                        Batch {
                            asked,
                            found: Ok(told.services),
                            missing: missing
                                .map(|(name, why)| {
                                    let problem = not_found(SERVICES, "service", &name, &why);
                                    (of(name), problem)
                                })
                                .collect(),
                        }
                    }
                    Err(p) => Batch {
                        asked,
                        found: Err(p),
                        missing: Vec::new(),
                    },
                }
            })
            .buffered(ABREAST)
            .collect()
            .await;
        let found = batches.iter_mut().filter_map(|b| b.found.as_mut().ok());
        Box::pin(self.resolve(found.flatten().collect())).await;
        batches
    }

    /// What the vendor says of services of a cluster, each of which is one that was asked about.
    pub(super) async fn described(
        &self,
        question: Question,
        cluster: &str,
        names: &[String],
    ) -> Result<DescribeServicesOutput, Problem> {
        let page = self
            .aws
            .read(&self.line, question, |c| {
                c.ecs
                    .describe_services()
                    .cluster(cluster)
                    .set_services(Some(names.to_vec()))
                    .send()
            })
            .await?;
        let told = page
            .services()
            .iter()
            .map(|s| s.service_name().or(s.service_arn()));
        let told = told.chain(page.failures().iter().map(|f| f.arn()));
        all_told(&self.line, question, names, told)?;
        for service in page.services() {
            about(&self.line, question, cluster, service.cluster_arn())?;
            let name = service.service_name().or(service.service_arn());
            let own = names.iter().find(|n| Some(tail(n)) == name.map(tail));
            about(&self.line, question, own.unwrap_or(&names.join(", ")), name)?;
        }
        Ok(page)
    }

    async fn describe(&self, cluster: &str, names: &[String]) -> Result<Described, Problem> {
        let page = self.described(SERVICES, cluster, names).await?;
        let read: Result<Vec<_>, _> = page.services().iter().map(ecs_map::service).collect();
        let read = counted(&self.line, SERVICES, read)?;
        let missing = page.failures().iter();
        let missing =
            missing.filter_map(|f| Some((text_of(f.arn()?), convert::reason(Some(f.reason()?)))));
        Ok(Described {
            services: read.into_iter().flatten().collect(),
            missing: missing.collect(),
        })
    }

    /// One service.
    ///
    /// # Errors
    /// `NotFound` where there is none of that name.
    pub async fn service(&self, id: &ServiceId) -> Result<Service, Problem> {
        let found = self
            .describe(&id.cluster, std::slice::from_ref(&id.name))
            .await?;
        found.services.into_iter().next().ok_or_else(|| {
            Problem::new(
                ProblemKind::NotFound,
                "ecs",
                format!("Cannot read the service {id} (ecs:DescribeServices)"),
                "there is no service of that name",
                "Check the name with `flightdeck services`.",
            )
        })
    }

    /// A task definition by ARN or `family:revision` (DescribeTaskDefinition).
    pub async fn task_definition(&self, name: &str) -> Result<TaskDefinition, Problem> {
        let page = self
            .aws
            .read(&self.line, DEFINITION, |c| {
                c.ecs
                    .describe_task_definition()
                    .task_definition(name)
                    .send()
            })
            .await?;
        let definition = page.task_definition();
        own_definition(&self.line, DEFINITION, name, definition)?;
        // No definition is without one, and without one there is none that offends.
        let containers = definition.map(|d| d.container_definitions.is_some());
        if containers == Some(false) {
            told::<()>(&self.line, DEFINITION, "containerDefinitions", None)?;
        }
        definition
            .and_then(ecs_task_definition::task_definition)
            .ok_or_else(|| without("task definition", name))
    }

    /// The newest active revisions of a family, newest first (ListTaskDefinitions, DescribeTaskDefinition).
    pub async fn revisions(
        &self,
        family: &str,
        limit: usize,
    ) -> Result<Vec<TaskDefinition>, Problem> {
        let arns = self.revision_arns(family, limit).await?;
        stream::iter(arns)
            .map(|arn| async move { self.task_definition(&arn).await })
            .buffered(ABREAST)
            .try_collect()
            .await
    }

    /// ARNs of the newest active revisions of a family, newest first (ListTaskDefinitions).
    pub async fn revision_arns(&self, family: &str, limit: usize) -> Result<Vec<String>, Problem> {
        let page = self
            .aws
            .read(&self.line, LIST_DEFINITIONS, |c| {
                c.ecs
                    .list_task_definitions()
                    .family_prefix(family)
                    .status(TaskDefinitionStatus::Active)
                    .sort(SortOrder::Desc)
                    .max_results(i32::try_from(limit).unwrap_or(100).clamp(1, 100))
                    .send()
            })
            .await?;
        // The API matches a prefix where an emulator is loose; ours is the family itself.
        let member = "taskDefinitionArns";
        let told = told(
            &self.line,
            LIST_DEFINITIONS,
            member,
            page.task_definition_arns,
        )?;
        let mut arns: Vec<(u32, String)> = told
            .into_iter()
            .filter_map(|arn| {
                let revision = crate::domain::service::Revision::parse(&arn)?;
                (revision.family == family).then_some((revision.number, arn))
            })
            .collect();
        arns.order_by_key(|(number, _)| std::cmp::Reverse(*number));
        arns.truncate(limit);
        Ok(arns.into_iter().map(|(_, arn)| arn).collect())
    }
}

/// Services by cluster, in groups that one call takes.
fn batches(ids: &[ServiceId]) -> impl Iterator<Item = (String, Vec<String>)> {
    let mut by_cluster: std::collections::BTreeMap<&str, Vec<&str>> = Default::default();
    for id in ids {
        by_cluster.entry(&id.cluster).or_default().push(&id.name);
    }
    by_cluster.into_iter().flat_map(|(cluster, names)| {
        let chunks: Vec<Vec<String>> = names
            .chunks(SERVICES_A_CALL)
            .map(|chunk| chunk.iter().map(|n| (*n).to_owned()).collect())
            .collect();
        chunks
            .into_iter()
            .map(move |chunk| (cluster.to_owned(), chunk))
    })
}

fn text_of(told: &str) -> String {
    convert::text(Some(convert::tail(told)))
}

/// What a list names, and the answer about it does not find.
pub(super) fn not_found(question: Question, what: &str, name: &str, reason: &str) -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "ecs",
        format!("Cannot {}", question.what),
        format!(
            "ECS lists the {what} {}, and answers {} when it is asked about",
            convert::text(Some(name)),
            convert::reason(Some(reason))
        ),
        "Look at it with AWS's own tools; here it is asked about again.",
    )
}

/// Whether a task definition is the one that was asked for: a family alone is its newest revision.
///
/// # Errors
/// `Malformed` where it is another.
pub(super) fn own_definition(
    line: &Line,
    question: Question,
    asked: &str,
    answered: Option<&sdk::TaskDefinition>,
) -> Result<(), Problem> {
    let Some(arn) = answered.and_then(|d| d.task_definition_arn()) else {
        return Ok(());
    };
    match tail(asked).contains(':') {
        true => about(line, question, asked, Some(arn)),
        false => about(line, question, asked, tail(arn).split(':').next()),
    }
}

pub(super) fn without(what: &str, name: &str) -> Problem {
    Problem::new(
        ProblemKind::Malformed,
        "ecs",
        format!("Cannot read the {what} {name}"),
        format!("the answer holds no {what}"),
        "Check the endpoint (AWS_ENDPOINT_URL, `endpoint` in the configuration).",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_asked_ten_a_call_and_never_across_clusters() {
        let id = |cluster: &str, n: usize| ServiceId {
            cluster: cluster.into(),
            name: format!("s{n}"),
        };
        let ids: Vec<_> = (0..23)
            .map(|n| id("a", n))
            .chain((0..3).map(|n| id("b", n)))
            .collect();
        let sizes: Vec<_> = batches(&ids).map(|(c, names)| (c, names.len())).collect();
        let expected = [("a", 10), ("a", 10), ("a", 3), ("b", 3)];
        assert_eq!(sizes, expected.map(|(c, n)| (c.to_owned(), n)));
    }
}
