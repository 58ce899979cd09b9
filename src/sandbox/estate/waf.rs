//! WAF version 2 (API version 2019-07-29) and Shield (2016-06-02), both AWS JSON 1.1: one web ACL before the load balancer, and no
//! Shield Advanced, since Cloudflare stands in front.

use crate::wire::{ApiError, Node, list, map};
use crate::world::{World, names};

const NAME: &str = "laser-prod-api";
const ID: &str = "3aff1a5e-0000-4c1d-8a11-0000000000ac";

fn arn() -> String {
    let (region, account) = (names::REGION, names::ACCOUNT);
    format!("arn:aws:wafv2:{region}:{account}:regional/webacl/{NAME}/{ID}")
}

/// Answers an operation of WAF.
///
/// # Errors
/// The vendor's own.
pub fn waf(operation: &str, input: &Node, world: &World) -> Result<Node, ApiError> {
    let balancer = world.load_balancers.iter().next();
    let balancer = balancer.map(|(name, id)| names::load_balancer(name, id));
    match operation {
        "ListWebACLs" => {
            let regional = match input.get("Scope").as_text() {
                Some("REGIONAL") => true,
                Some("CLOUDFRONT") => false,
                _ => return Err(invalid("Scope")),
            };
            let shown = map([
                ("Name", Node::from(NAME)),
                ("Id", ID.into()),
                (
                    "Description",
                    "Before the load balancer of production".into(),
                ),
                ("LockToken", "70c4e000-0000-4000-8000-000000000001".into()),
                ("ARN", arn().into()),
            ]);
            Ok(map([(
                "WebACLs",
                list((regional && balancer.is_some()).then_some(shown)),
            )]))
        }
        "GetWebACL" => {
            let named =
                input.get("Name").as_text() == Some(NAME) && input.get("Id").as_text() == Some(ID);
            if balancer.is_none() || !(named || input.get("ARN").as_text() == Some(&arn())) {
                return Err(missing());
            }
            Ok(map([
                ("WebACL", acl()),
                ("LockToken", "70c4e000-0000-4000-8000-000000000001".into()),
            ]))
        }
        "GetWebACLForResource" => {
            let asked = input
                .get("ResourceArn")
                .as_text()
                .ok_or_else(|| invalid("ResourceArn"))?;
            let here = balancer.as_deref() == Some(asked);
            Ok(map([("WebACL", here.then(acl).into())]))
        }
        "ListResourcesForWebACL" => {
            if input.get("WebACLArn").as_text() != Some(&arn()) || balancer.is_none() {
                return Err(missing());
            }
            let kind = input
                .get("ResourceType")
                .as_text()
                .unwrap_or("APPLICATION_LOAD_BALANCER");
            let bound = balancer.filter(|_| kind == "APPLICATION_LOAD_BALANCER");
            Ok(map([("ResourceArns", list(bound))]))
        }
        other => Err(ApiError::unknown_operation(other)),
    }
}

/// Answers an operation of Shield.
///
/// # Errors
/// The vendor's own: the account has no subscription.
pub fn shield(operation: &str) -> Result<Node, ApiError> {
    match operation {
        "GetSubscriptionState" => Ok(map([("SubscriptionState", Node::from("INACTIVE"))])),
        "DescribeSubscription" => Err(ApiError::new(
            "ResourceNotFoundException",
            "The subscription does not exist.",
        )),
        "ListProtections" => Err(ApiError::new(
            "ResourceNotFoundException",
            "The subscription does not exist.",
        )),
        other => Err(ApiError::unknown_operation(other)),
    }
}

fn acl() -> Node {
    let empty = || Node::Map(Vec::new());
    let seen = |metric: &str| {
        map([
            ("SampledRequestsEnabled", Node::from(true)),
            ("CloudWatchMetricsEnabled", true.into()),
            ("MetricName", metric.into()),
        ])
    };
    let managed = |priority: i64, group: &str| {
        let statement = map([("VendorName", Node::from("AWS")), ("Name", group.into())]);
        map([
            ("Name", Node::from(group)),
            ("Priority", priority.into()),
            ("Statement", map([("ManagedRuleGroupStatement", statement)])),
            ("OverrideAction", map([("None", empty())])),
            ("VisibilityConfig", seen(group)),
        ])
    };
    let rate = map([
        ("Limit", Node::from(2_000)),
        ("EvaluationWindowSec", 300.into()),
        ("AggregateKeyType", "IP".into()),
    ]);
    let limit = map([
        ("Name", Node::from("rate-limit")),
        ("Priority", 0.into()),
        ("Statement", map([("RateBasedStatement", rate)])),
        ("Action", map([("Block", empty())])),
        ("VisibilityConfig", seen("rate-limit")),
    ]);
    map([
        ("Name", Node::from(NAME)),
        ("Id", ID.into()),
        ("ARN", arn().into()),
        ("DefaultAction", map([("Allow", empty())])),
        (
            "Description",
            "Before the load balancer of production".into(),
        ),
        (
            "Rules",
            list([
                limit,
                managed(1, "AWSManagedRulesCommonRuleSet"),
                managed(2, "AWSManagedRulesKnownBadInputsRuleSet"),
            ]),
        ),
        ("VisibilityConfig", seen(NAME)),
        ("Capacity", 902.into()),
        ("ManagedByFirewallManager", false.into()),
    ])
}

fn invalid(field: &str) -> ApiError {
    let why = format!("Error reason: Your request isn't valid, field: {field}");
    ApiError::new("WAFInvalidParameterException", why)
}

fn missing() -> ApiError {
    let why = "AWS WAF couldn't perform the operation because your resource doesn't exist.";
    ApiError::new("WAFNonexistentItemException", why)
}
