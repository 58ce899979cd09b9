//! What a policy calls an operation. Most actions of IAM are named after their API call, some are not (AWS Service Authorization
//! Reference, "Actions, resources, and condition keys").

use super::evidence::Evidence;
use super::words::Asked;

/// Prefixes of IAM where they are not our name of the system.
const PREFIXES: &[(&str, &str)] = &[
    ("autoscaling", "application-autoscaling"),
    ("cost", "ce"),
    ("elb", "elasticloadbalancing"),
    ("elb-abroad", "elasticloadbalancing"),
    ("waf", "wafv2"),
];

/// Actions that are not named after their call, by our name of the system.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("cost", "GetCallerIdentity", "sts:GetCallerIdentity"),
    (
        "ec2",
        "DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancers",
    ),
    ("s3", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    (
        "s3",
        "GetBucketReplication",
        "s3:GetReplicationConfiguration",
    ),
    (
        "s3",
        "GetPublicAccessBlock",
        "s3:GetBucketPublicAccessBlock",
    ),
    ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
    ("s3", "ListObjectsV2", "s3:ListBucket"),
    ("waf", "GetSubscriptionState", "shield:GetSubscriptionState"),
];

/// The action that a person puts into a policy: the one that AWS names, which may be that of another call (`iam:PassRole`), else that
/// of the call.
pub(super) fn of(asked: &Asked, seen: &Evidence) -> String {
    let named = seen.message.as_deref().and_then(named);
    named.map_or_else(|| action(asked.system, asked.operation), str::to_owned)
}

fn action(system: &str, operation: &str) -> String {
    let own = ACTIONS
        .iter()
        .find(|(s, o, _)| (*s, *o) == (system, operation));
    if let Some((_, _, action)) = own {
        return (*action).to_owned();
    }
    let prefix = PREFIXES.iter().find(|(s, _)| *s == system);
    format!(
        "{}:{operation}",
        prefix.map_or(system, |(_, prefix)| prefix)
    )
}

/// `... is not authorized to perform: iam:PassRole on resource: ...`
fn named(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let action = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
    let (service, name) = action.split_once(':')?;
    let is = |part: &str, more: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    (is(service, "-") && is(name, "") && action.len() < 100).then_some(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_named_as_a_policy_names_them() {
        for (system, operation, expected) in [
            ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
            ("s3", "ListObjectsV2", "s3:ListBucket"),
            ("s3", "GetBucketLocation", "s3:GetBucketLocation"),
            ("waf", "ListWebACLs", "wafv2:ListWebACLs"),
            ("waf", "GetSubscriptionState", "shield:GetSubscriptionState"),
            (
                "autoscaling",
                "DescribeScalableTargets",
                "application-autoscaling:DescribeScalableTargets",
            ),
            (
                "elb",
                "DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetGroups",
            ),
            (
                "elb-abroad",
                "DescribeTargetHealth",
                "elasticloadbalancing:DescribeTargetHealth",
            ),
            (
                "ec2",
                "DescribeLoadBalancers",
                "elasticloadbalancing:DescribeLoadBalancers",
            ),
            ("ec2", "DescribeVpcs", "ec2:DescribeVpcs"),
            ("rds", "DescribeDBInstances", "rds:DescribeDBInstances"),
            ("cost", "GetCostAndUsage", "ce:GetCostAndUsage"),
            ("pi", "DescribeDimensionKeys", "pi:DescribeDimensionKeys"),
            ("logs", "FilterLogEvents", "logs:FilterLogEvents"),
            ("cloudwatch", "GetMetricData", "cloudwatch:GetMetricData"),
            ("backup", "ListBackupVaults", "backup:ListBackupVaults"),
        ] {
            assert_eq!(action(system, operation), expected);
        }
    }

    #[test]
    fn what_aws_names_itself_comes_first_and_nothing_that_is_no_action() {
        let said = |m| named(m);
        assert_eq!(
            said(
                "User: arn:aws:iam::1:user/ana is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/x"
            ),
            Some("iam:PassRole")
        );
        assert_eq!(
            said("not authorized to perform: application-autoscaling:Describe."),
            Some("application-autoscaling:Describe")
        );
        for odd in [
            "Access Denied",
            "not authorized to perform: ",
            "not authorized to perform: x",
            "not authorized to perform: s3:<b>",
            "not authorized to perform: :",
        ] {
            assert_eq!(said(odd), None, "{odd}");
        }
    }
}
