//! Amazon ECS (API version 2014-11-13): the operations that a console needs.

mod change;
mod definitions;
mod deployments;
mod read;

use super::wire::{ApiError, Node, map};
use super::world::{Key, World, names};

/// Answers an operation.
pub fn handle(
    operation: &str,
    input: &Node,
    world: &mut World,
    caller: &str,
) -> Result<Node, ApiError> {
    match operation {
        "ListClusters" => read::list_clusters(input, world),
        "DescribeClusters" => read::describe_clusters(input, world),
        "ListServices" => read::list_services(input, world),
        "DescribeServices" => read::describe_services(input, world),
        "ListTasks" => read::list_tasks(input, world),
        "DescribeTasks" => read::describe_tasks(input, world),
        "ListTagsForResource" => Ok(map([("tags", Node::List(Vec::new()))])),
        "DescribeTaskDefinition" => definitions::describe(input, world),
        "ListTaskDefinitions" => definitions::list(input, world),
        "ListTaskDefinitionFamilies" => definitions::families(input, world),
        "RegisterTaskDefinition" => definitions::register(input, world, caller),
        "DeregisterTaskDefinition" => definitions::deregister(input, world),
        "ListServiceDeployments" => deployments::list(input, world),
        "DescribeServiceDeployments" => deployments::describe(input, world),
        "DescribeServiceRevisions" => deployments::revisions(input, world),
        "StopServiceDeployment" => deployments::stop(input, world),
        "UpdateService" => change::update_service(input, world),
        "StopTask" => change::stop_task(input, world),
        other => Err(ApiError::unknown_operation(other)),
    }
}

/// The cluster that an input names (`default` where it names none), or the vendor's error.
fn cluster(input: &Node, world: &World) -> Result<String, ApiError> {
    let named = input.get("cluster").as_text().unwrap_or("default");
    let account = named.split(':').nth(4).unwrap_or(names::ACCOUNT);
    if account != names::ACCOUNT {
        let why = format!(
            "Identifier is for {account}. Your accountId is {}",
            names::ACCOUNT
        );
        return Err(ApiError::new("InvalidParameterException", &why));
    }
    let name = names::tail(named);
    if world.clusters.iter().any(|c| c == name) {
        Ok(name.to_owned())
    } else {
        Err(ApiError::new(
            "ClusterNotFoundException",
            "Cluster not found.",
        ))
    }
}

/// The service that an input names, or the vendor's error.
fn service(input: &Node, world: &World) -> Result<Key, ApiError> {
    let cluster = cluster(input, world)?;
    let named = input
        .get("service")
        .as_text()
        .ok_or_else(|| ApiError::new("InvalidParameterException", "service can not be blank."))?;
    let key = (cluster, names::tail(named).to_owned());
    if world.services.contains_key(&key) {
        Ok(key)
    } else {
        Err(ApiError::new(
            "ServiceNotFoundException",
            "Service not found.",
        ))
    }
}

/// One page of ARNs, with the token of the next. Only what is on the page is written out.
fn page<T>(
    input: &Node,
    all: impl Iterator<Item = T>,
    arn: impl Fn(T) -> String,
    member: &str,
    most: usize,
) -> Result<Node, ApiError> {
    let wrong =
        |what: &str| ApiError::new("InvalidParameterException", format!("{what} is not valid."));
    let size = match input.get("maxResults").as_i64() {
        None => most.min(if most > 10 { most } else { 10 }),
        Some(n) => usize::try_from(n)
            .ok()
            .filter(|n| (1..=100).contains(n))
            .ok_or_else(|| wrong("maxResults"))?,
    };
    let start = match input.get("nextToken").as_text() {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| wrong("nextToken"))?,
    };
    let mut rest = all.skip(start);
    let shown: Vec<Node> = rest
        .by_ref()
        .take(size)
        .map(|one| arn(one).into())
        .collect();
    let next = rest.next().map(|_| (start + size).to_string());
    Ok(map([
        (member, Node::List(shown)),
        ("nextToken", next.into()),
    ]))
}

fn missing(arn: String) -> Node {
    map([("arn", arn.into()), ("reason", "MISSING".into())])
}
