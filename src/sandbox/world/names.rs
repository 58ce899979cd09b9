//! ARNs.

/// The account that the sandbox plays.
pub const ACCOUNT: &str = "123456789012";
/// Its region.
pub const REGION: &str = "us-east-1";
/// The region that its copies go to.
pub const SECOND_REGION: &str = "eu-west-1";

fn ecs(kind: &str, rest: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{rest}")
}

/// A cluster.
pub fn cluster(name: &str) -> String {
    ecs("cluster", name)
}

/// A service.
pub fn service(cluster: &str, name: &str) -> String {
    ecs("service", &format!("{cluster}/{name}"))
}

/// A task.
pub fn task(cluster: &str, id: &str) -> String {
    ecs("task", &format!("{cluster}/{id}"))
}

/// A task definition revision.
pub fn definition(family: &str, revision: u32) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{family}:{revision}")
}

/// A service deployment.
pub fn deployment(cluster: &str, service: &str, id: &str) -> String {
    ecs("service-deployment", &format!("{cluster}/{service}/{id}"))
}

/// A service revision.
pub fn service_revision(cluster: &str, service: &str, id: u64) -> String {
    ecs("service-revision", &format!("{cluster}/{service}/{id:019}"))
}

/// A load balancer.
pub fn load_balancer(name: &str, id: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/{name}/{id}")
}

/// A target group.
pub fn target_group(name: &str, id: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/{id}")
}

/// Last part of an ARN, or the name itself.
pub fn tail(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Family and revision of `family:7` or a task definition's ARN; the revision is `None` where only a family is given.
pub fn family_revision(text: &str) -> (&str, Option<u32>) {
    let tail = tail(text);
    match tail
        .rsplit_once(':')
        .and_then(|(f, n)| Some((f, n.parse().ok()?)))
    {
        Some((family, revision)) => (family, Some(revision)),
        None => (tail, None),
    }
}
