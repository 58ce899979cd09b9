//! Amazon ECS (API version 2014-11-13) as domain types.

use crate::domain::action::Permit;
use crate::domain::deployment::Deployment;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Cluster, Service, ServiceId, Strategy, Task, TaskDefinition};

/// What UpdateService is to change; `None` and `false` leave it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateService {
    /// Task definition ARN or `family:revision`.
    pub task_definition: Option<String>,
    /// Desired count.
    pub desired: Option<u32>,
    /// Replace all tasks even when nothing else changes.
    pub force_new: bool,
    /// Deployment strategy.
    pub strategy: Option<Strategy>,
}

/// The ECS client.
#[derive(Debug)]
pub struct Ecs {}

fn missing(what: &str) -> Problem {
    Problem::new(
        ProblemKind::Unsupported,
        "ecs",
        what,
        "this build does not connect to ECS yet",
        "Use a newer build.",
    )
}

impl Ecs {
    /// Clusters of the account (ListClusters, DescribeClusters).
    pub async fn clusters(&self) -> Result<Vec<Cluster>, Problem> {
        Err(missing("ListClusters"))
    }
    /// Ids of the services of a cluster, by name (ListServices).
    pub async fn service_ids(&self, _cluster: &str) -> Result<Vec<ServiceId>, Problem> {
        Err(missing("ListServices"))
    }
    /// Services (DescribeServices, ten a call).
    pub async fn services(&self, _ids: &[ServiceId]) -> Result<Vec<Service>, Problem> {
        Err(missing("DescribeServices"))
    }
    /// One service; NotFound where there is none.
    pub async fn service(&self, _id: &ServiceId) -> Result<Service, Problem> {
        Err(missing("DescribeServices"))
    }
    /// Running and recently stopped tasks of a service (ListTasks, DescribeTasks).
    pub async fn tasks(&self, _id: &ServiceId) -> Result<Vec<Task>, Problem> {
        Err(missing("ListTasks"))
    }
    /// A task definition by ARN or `family:revision` (DescribeTaskDefinition).
    pub async fn task_definition(&self, _name: &str) -> Result<TaskDefinition, Problem> {
        Err(missing("DescribeTaskDefinition"))
    }
    /// The newest revisions of a family, newest first (ListTaskDefinitions, DescribeTaskDefinition).
    pub async fn revisions(
        &self,
        _family: &str,
        _limit: usize,
    ) -> Result<Vec<TaskDefinition>, Problem> {
        Err(missing("ListTaskDefinitions"))
    }
    /// Running and recent deployments of a service, newest first.
    pub async fn deployments(&self, _service: &Service) -> Result<Vec<Deployment>, Problem> {
        Err(missing("ListServiceDeployments"))
    }
    /// Registers a copy of a task definition with other images: (container, image).
    pub async fn register_with_images(
        &self,
        _permit: &Permit,
        _from_arn: &str,
        _images: &[(String, String)],
    ) -> Result<TaskDefinition, Problem> {
        Err(missing("RegisterTaskDefinition"))
    }
    /// Changes a service (UpdateService). A lost reply is `ProblemKind::Unknown`.
    pub async fn update_service(
        &self,
        _permit: &Permit,
        _id: &ServiceId,
        _change: UpdateService,
    ) -> Result<Service, Problem> {
        Err(missing("UpdateService"))
    }
    /// Stops a service deployment (StopServiceDeployment).
    pub async fn stop_deployment(
        &self,
        _permit: &Permit,
        _deployment_arn: &str,
        _rollback: bool,
    ) -> Result<(), Problem> {
        Err(missing("StopServiceDeployment"))
    }
}
