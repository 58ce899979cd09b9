//! Elastic Load Balancing of the second region: a warm stand-by of the API, of two targets, so that the region can take the
//! traffic. Any other region has none.

use super::wire::{ApiError, Node, list, map};
use super::world::{World, names};

/// Its target group.
const NAME: &str = "laser-standby-api";
/// Id of the group.
const ID: &str = "5f0d3c7a9b1e2468";
/// Its load balancer.
const BALANCER: &str = "laser-standby";

/// The targets: address and zone.
const TARGETS: [(&str, char); 2] = [("10.8.10.21", 'a'), ("10.8.11.34", 'b')];

fn here(kind: &str, rest: &str) -> String {
    let (region, account) = (names::SECOND_REGION, names::ACCOUNT);
    format!("arn:aws:elasticloadbalancing:{region}:{account}:{kind}/{rest}")
}

fn group_arn() -> String {
    here("targetgroup", &format!("{NAME}/{ID}"))
}

fn balancer_arn() -> String {
    here("loadbalancer", &format!("app/{BALANCER}/{ID}"))
}

/// Answers an operation in another region than the first.
///
/// # Errors
/// The vendor's own.
pub fn handle(
    operation: &str,
    input: &Node,
    region: &str,
    world: &World,
) -> Result<Node, ApiError> {
    let told = region == names::SECOND_REGION && !world.load_balancers.is_empty();
    let unknown = || ApiError::new("TargetGroupNotFound", "One or more target groups not found");
    match operation {
        "DescribeLoadBalancers" => {
            let all = told.then(|| {
                map([
                    ("LoadBalancerArn", Node::from(balancer_arn())),
                    ("LoadBalancerName", BALANCER.into()),
                    (
                        "DNSName",
                        format!("{BALANCER}-1.{region}.elb.amazonaws.com").into(),
                    ),
                    ("Scheme", "internet-facing".into()),
                    ("Type", "application".into()),
                    ("State", map([("Code", "active".into())])),
                ])
            });
            Ok(map([("LoadBalancers", list(all))]))
        }
        "DescribeTargetGroups" => {
            let arns = input.get("TargetGroupArns").as_strs();
            let wanted = input.get("Names").as_strs();
            let arn = group_arn();
            let is_ours = |of: &[&str], ours: &str| of.iter().all(|o| told && *o == ours);
            if !is_ours(&arns, &arn) || !is_ours(&wanted, NAME) {
                return Err(unknown());
            }
            let all = told.then(|| {
                map([
                    ("TargetGroupArn", Node::from(arn)),
                    ("TargetGroupName", NAME.into()),
                    ("Protocol", "HTTP".into()),
                    ("Port", 8080.into()),
                    ("TargetType", "ip".into()),
                    ("HealthCheckPath", "/health".into()),
                    ("LoadBalancerArns", list([balancer_arn()])),
                ])
            });
            Ok(map([("TargetGroups", list(all))]))
        }
        "DescribeTargetHealth" => {
            let arn = input.get("TargetGroupArn").as_text().unwrap_or_default();
            if !told || arn != group_arn() {
                return Err(unknown());
            }
            let targets = TARGETS.iter().map(|(ip, zone)| {
                let target = map([
                    ("Id", Node::from(*ip)),
                    ("Port", 8080.into()),
                    ("AvailabilityZone", format!("{region}{zone}").into()),
                ]);
                map([
                    ("Target", target),
                    ("HealthCheckPort", "8080".into()),
                    ("TargetHealth", map([("State", "healthy".into())])),
                ])
            });
            Ok(map([("TargetHealthDescriptions", list(targets))]))
        }
        "DescribeListeners" => Ok(map([("Listeners", Node::List(Vec::new()))])),
        "DescribeRules" => Ok(map([("Rules", Node::List(Vec::new()))])),
        "DescribeTags" => Ok(map([("TagDescriptions", Node::List(Vec::new()))])),
        other => Err(ApiError::unknown_operation(other)),
    }
}
