//! Elastic Load Balancing v2 (API version 2015-12-01).

use super::wire::{ApiError, Node, list, map};
use super::world::network::{self, Layer};
use super::world::task::Task;
use super::world::{TargetGroup, World, names};

/// Answers an operation.
pub fn handle(operation: &str, input: &Node, world: &World) -> Result<Node, ApiError> {
    match operation {
        "DescribeLoadBalancers" => Ok(load_balancers(world)),
        "DescribeTargetGroups" => target_groups(input, world),
        "DescribeTargetHealth" => target_health(input, world),
        "DescribeListeners" => Ok(listeners(world)),
        "DescribeRules" => Ok(rules(world)),
        "DescribeTags" => Ok(map([("TagDescriptions", Node::List(Vec::new()))])),
        other => Err(ApiError::unknown_operation(other)),
    }
}

fn zones() -> Node {
    list(network::layer(Layer::Public).map(|s| {
        map([
            ("ZoneName", format!("{}{}", names::REGION, s.zone).into()),
            ("SubnetId", s.id.into()),
        ])
    }))
}

fn load_balancers(world: &World) -> Node {
    let all = world.load_balancers.iter().map(|(name, id)| {
        map([
            ("LoadBalancerArn", names::load_balancer(name, id).into()),
            ("LoadBalancerName", name.as_str().into()),
            (
                "DNSName",
                format!("{name}-1.{}.elb.amazonaws.com", names::REGION).into(),
            ),
            ("Scheme", "internet-facing".into()),
            ("Type", "application".into()),
            ("IpAddressType", "ipv4".into()),
            ("VpcId", network::VPC.into()),
            ("SecurityGroups", list([network::BALANCER])),
            ("State", map([("Code", "active".into())])),
            ("AvailabilityZones", zones()),
        ])
    });
    map([("LoadBalancers", list(all))])
}

fn show(tg: &TargetGroup, world: &World) -> Node {
    let balancer = world
        .load_balancers
        .get(&tg.load_balancer)
        .map(|id| names::load_balancer(&tg.load_balancer, id));
    map([
        (
            "TargetGroupArn",
            names::target_group(&tg.name, &tg.id).into(),
        ),
        ("TargetGroupName", tg.name.as_str().into()),
        ("Protocol", "HTTP".into()),
        ("Port", tg.port.into()),
        ("VpcId", network::VPC.into()),
        ("TargetType", "ip".into()),
        ("HealthCheckEnabled", true.into()),
        ("HealthCheckPath", "/health".into()),
        ("HealthCheckProtocol", "HTTP".into()),
        ("HealthCheckPort", "traffic-port".into()),
        ("HealthCheckIntervalSeconds", 10.into()),
        ("HealthCheckTimeoutSeconds", 5.into()),
        ("HealthyThresholdCount", 2.into()),
        ("UnhealthyThresholdCount", 2.into()),
        ("Matcher", map([("HttpCode", "200".into())])),
        ("LoadBalancerArns", list(balancer)),
    ])
}

fn find<'a>(arn: &str, world: &'a World) -> Option<&'a TargetGroup> {
    world
        .target_groups
        .values()
        .find(|tg| names::target_group(&tg.name, &tg.id) == arn)
}

fn target_groups(input: &Node, world: &World) -> Result<Node, ApiError> {
    let (arns, wanted) = (
        input.get("TargetGroupArns").as_strs(),
        input.get("Names").as_strs(),
    );
    let unknown = || ApiError::new("TargetGroupNotFound", "One or more target groups not found");
    if arns.iter().any(|a| find(a, world).is_none())
        || wanted.iter().any(|n| !world.target_groups.contains_key(*n))
    {
        return Err(unknown());
    }
    let chosen = world.target_groups.values().filter(|tg| {
        let arn = names::target_group(&tg.name, &tg.id);
        (arns.is_empty() || arns.contains(&arn.as_str()))
            && (wanted.is_empty() || wanted.contains(&tg.name.as_str()))
    });
    let all: Vec<&TargetGroup> = chosen.collect();
    let size = usize::try_from(input.get("PageSize").as_i64().unwrap_or(400))
        .unwrap_or(400)
        .clamp(1, 400);
    let start: usize = input
        .get("Marker")
        .as_text()
        .and_then(|m| m.parse().ok())
        .unwrap_or(0);
    let next = (start + size < all.len()).then(|| (start + size).to_string());
    Ok(map([
        (
            "TargetGroups",
            list(all.iter().skip(start).take(size).map(|tg| show(tg, world))),
        ),
        ("NextMarker", next.into()),
    ]))
}

fn target_health(input: &Node, world: &World) -> Result<Node, ApiError> {
    let arn = input.get("TargetGroupArn").as_text().unwrap_or_default();
    let tg = find(arn, world).ok_or_else(|| {
        ApiError::new("TargetGroupNotFound", "One or more target groups not found")
    })?;
    let bound = world.services.values();
    let bound = bound.filter(|s| s.target_group.as_ref() == Some(&tg.name));
    let mut tasks: Vec<&Task> = bound.flat_map(|s| world.tasks_of(&s.key)).collect();
    tasks.sort_by(|a, b| a.id.cmp(&b.id));
    let targets = tasks.into_iter().filter_map(|t| {
        let (state, reason, words) = t.target()?;
        let some = |s: &str| Some(s.to_owned()).filter(|s| !s.is_empty());
        Some(map([
            (
                "Target",
                map([
                    ("Id", t.ip.as_str().into()),
                    ("Port", tg.port.into()),
                    (
                        "AvailabilityZone",
                        format!("{}{}", names::REGION, t.zone).into(),
                    ),
                ]),
            ),
            ("HealthCheckPort", tg.port.to_string().into()),
            (
                "TargetHealth",
                map([
                    ("State", state.into()),
                    ("Reason", some(reason).into()),
                    ("Description", some(words).into()),
                ]),
            ),
        ]))
    });
    Ok(map([("TargetHealthDescriptions", list(targets))]))
}

/// The listener that serves; the one on port 80 leads there.
fn listener_arn(name: &str, id: &str) -> String {
    format!(
        "{}/f2f7dc8efc522ab2",
        names::load_balancer(name, id).replace(":loadbalancer/", ":listener/")
    )
}

fn listeners(world: &World) -> Node {
    let all = world.load_balancers.iter().flat_map(|(name, id)| {
        let listener = |arn: String, port: u16, protocol: &str| {
            map([
                ("ListenerArn", arn.into()),
                ("LoadBalancerArn", names::load_balancer(name, id).into()),
                ("Port", port.into()),
                ("Protocol", protocol.into()),
            ])
        };
        let secure = listener_arn(name, id);
        let plain = secure.replace("f2f7dc8efc522ab2", "08f0c5d7a1b29e43");
        let there = map([
            ("Protocol", Node::from("HTTPS")),
            ("Port", "443".into()),
            ("Host", "#{host}".into()),
            ("Path", "/#{path}".into()),
            ("Query", "#{query}".into()),
            ("StatusCode", "HTTP_301".into()),
        ]);
        let redirect = map([
            ("Type", Node::from("redirect")),
            ("Order", 1.into()),
            ("RedirectConfig", there),
        ]);
        [
            listener(secure, 443, "HTTPS").with("SslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06"),
            listener(plain, 80, "HTTP").with("DefaultActions", list([redirect])),
        ]
    });
    map([("Listeners", list(all))])
}

fn rules(world: &World) -> Node {
    let all = world.target_groups.values().zip(1_i64..).map(|(tg, n)| {
        let id = world
            .load_balancers
            .get(&tg.load_balancer)
            .map_or("", String::as_str);
        let rule = listener_arn(&tg.load_balancer, id).replace(":listener/", ":listener-rule/");
        map([
            ("RuleArn", format!("{rule}/{}", tg.id).into()),
            ("Priority", n.to_string().into()),
            (
                "Conditions",
                list([map([
                    ("Field", "path-pattern".into()),
                    ("Values", list([tg.path.as_str()])),
                ])]),
            ),
            (
                "Actions",
                list([map([
                    ("Type", "forward".into()),
                    (
                        "TargetGroupArn",
                        names::target_group(&tg.name, &tg.id).into(),
                    ),
                ])]),
            ),
            ("IsDefault", false.into()),
        ])
    });
    map([("Rules", list(all))])
}
