//! The stacks that the platform was made with.

use serde_json::{Map, Value, json};

use super::goal::Goal;
use super::progress::Kind;
use super::stack::Stack;
use super::template::{self, Parameters};
use super::{Dice, drift};
use crate::estate::s3::{Buckets, SECOND_REGION};
use crate::wire::{Node, list, map};
use crate::world::{World, names, network};

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;

/// A stack of the story.
struct Plan {
    name: &'static str,
    body: Value,
    age_days: f64,
    /// Hours since somebody last looked for drift.
    looked_hours: f64,
    /// Its last update: how many hours ago, and what stood in the template before, and stands there since.
    update: Option<(f64, &'static str, &'static str)>,
}

fn plan(
    name: &'static str,
    body: Value,
    age_days: f64,
    update: Option<(f64, &'static str, &'static str)>,
) -> Plan {
    let looked_hours = if name.starts_with("laser-prod") {
        9.0
    } else {
        33.0
    };
    Plan {
        name,
        body,
        age_days,
        looked_hours,
        update,
    }
}

fn plans(world: &World) -> Vec<Plan> {
    let kept = ("\"RetentionInDays\":14", "\"RetentionInDays\":30");
    let backups = ("\"Default\":7", "\"Default\":14");
    vec![
        plan("laser-prod-network", network(), 341.0, None),
        plan("laser-prod-storage", storage(), 340.0, None),
        plan(
            "laser-prod-data",
            data(),
            339.0,
            Some((12.0 * 24.0, backups.0, backups.1)),
        ),
        plan(
            "laser-prod-app",
            app(world, "laser-prod"),
            338.0,
            Some((53.0, kept.0, kept.1)),
        ),
        plan("laser-prod-alerts", alerts(), 337.0, None),
        plan(
            "laser-staging-app",
            app(world, "laser-staging"),
            180.0,
            Some((30.0, kept.0, kept.1)),
        ),
    ]
}

/// Every stack, made, brought up to date, and settled. Services are named as they are when this is called.
pub fn stacks(world: &World, buckets: &Buckets, dice: &mut Dice) -> Vec<Stack> {
    let now = world.stamp();
    let mut all = Vec::new();
    for plan in plans(world) {
        let at = now - plan.age_days * DAY_S;
        let mut stack = Stack::new(plan.name, &dice.uuid(), at);
        stack.protected = plan.name.starts_with("laser-prod");
        stack.capabilities = vec!["CAPABILITY_NAMED_IAM".into()];
        let environment = plan.name.rsplit_once('-').map_or(plan.name, |n| n.0);
        stack.tags = list([map([
            ("Key", "environment".into()),
            ("Value", environment.into()),
        ])]);
        let text = plan.body.to_string();
        let first = plan.update.map_or_else(
            || text.clone(),
            |(_, before, after)| text.replace(after, before),
        );
        stack.begin(Kind::Create, goal(&first, dice), at);
        stack.advance(now, 1.0);
        if let Some((hours, _, _)) = plan.update {
            stack.begin(Kind::Update, goal(&text, dice), now - hours * HOUR_S);
            stack.advance(now, 1.0);
        }
        for resource in &mut stack.resources {
            if let Some((_, id)) = IDS.iter().find(|(logical, _)| *logical == resource.logical) {
                (*id).clone_into(&mut resource.physical);
            }
        }
        drift::look(
            &mut stack,
            &[],
            now - plan.looked_hours * HOUR_S,
            world,
            buckets,
        );
        all.push(stack);
    }
    all
}

/// A template of the story is always well formed, and its parameters have defaults.
fn goal(text: &str, dice: &mut Dice) -> Goal {
    let body = template::parse(text).unwrap_or_default();
    let parameters =
        template::parameters(&body, &Node::Null, &Parameters::new()).unwrap_or_default();
    Goal {
        body,
        parameters,
        hex: dice.hex(32),
    }
}

/// Ids that other parts of the platform show for them.
const IDS: [(&str, &str); 9] = [
    ("Vpc", network::VPC),
    ("SubnetA", network::SUBNETS[0].id),
    ("SubnetB", network::SUBNETS[1].id),
    ("SubnetC", network::SUBNETS[2].id),
    ("BalancerGroup", network::BALANCER),
    ("TaskGroup", network::SERVICES),
    ("DataGroup", network::DATABASE),
    (
        "DatabaseSecret",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:laser-prod/database-url-a1b2c3",
    ),
    (
        "JwtSecret",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:laser-prod/jwt-secret-a2b3c4",
    ),
];

fn resource(kind: &str, properties: Value) -> Value {
    json!({"Type": kind, "Properties": properties})
}

fn network() -> Value {
    let subnet = |zone: &str, net: u8| {
        let properties = json!({"VpcId": {"Ref": "Vpc"}, "CidrBlock": format!("10.0.{net}.0/24"), "AvailabilityZone": format!("{}{zone}", names::REGION)});
        resource("AWS::EC2::Subnet", properties)
    };
    let group = |about: &str| {
        resource(
            "AWS::EC2::SecurityGroup",
            json!({"VpcId": {"Ref": "Vpc"}, "GroupDescription": about}),
        )
    };
    json!({
        "Description": "Network of laser-prod",
        "Resources": {
            "Vpc": resource("AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": true})),
            "SubnetA": subnet("a", 10),
            "SubnetB": subnet("b", 11),
            "SubnetC": subnet("c", 12),
            "BalancerGroup": group("Load balancer"),
            "TaskGroup": group("Tasks"),
            "DataGroup": group("Databases and caches"),
        },
        "Outputs": {"VpcId": {"Value": {"Ref": "Vpc"}, "Description": "The network"}},
    })
}

/// The template wants three buckets replicated; one of them no longer is.
fn storage() -> Value {
    let bucket = |name: &str| {
        let copy = json!({"Rules": [{"Status": "Enabled", "Destination": {"Bucket": format!("arn:aws:s3:::{name}-replica")}}]});
        resource(
            "AWS::S3::Bucket",
            json!({"BucketName": name, "VersioningConfiguration": {"Status": "Enabled"}, "ReplicationConfiguration": copy}),
        )
    };
    json!({
        "Description": format!("Buckets of laser-prod, copied to {SECOND_REGION}"),
        "Resources": {
            "ReplicationRole": resource("AWS::IAM::Role", json!({"RoleName": "laser-prod-replication"})),
            "AssetsBucket": bucket("laser-prod-assets"),
            "BackupsBucket": bucket("laser-prod-backups"),
            "UploadsBucket": bucket("laser-prod-uploads"),
        },
    })
}

fn data() -> Value {
    json!({
        "Description": "Database, cache and secrets of laser-prod",
        "Parameters": {
            "DatabaseClass": {"Type": "String", "Default": "db.r6g.large"},
            "BackupRetentionDays": {"Type": "Number", "Default": 14},
        },
        "Resources": {
            "Database": resource("AWS::RDS::DBInstance", json!({
                "DBInstanceIdentifier": "laser-prod-db", "Engine": "postgres", "DBInstanceClass": {"Ref": "DatabaseClass"},
                "MultiAZ": true, "StorageEncrypted": true, "BackupRetentionPeriod": {"Ref": "BackupRetentionDays"},
            })),
            "Cache": resource("AWS::ElastiCache::ReplicationGroup", json!({
                "ReplicationGroupId": "laser-prod-redis", "Engine": "redis", "AutomaticFailoverEnabled": true, "TransitEncryptionEnabled": true,
            })),
            "DatabaseSecret": resource("AWS::SecretsManager::Secret", json!({"Name": "laser-prod/database-url"})),
            "JwtSecret": resource("AWS::SecretsManager::Secret", json!({"Name": "laser-prod/jwt-secret"})),
        },
    })
}

/// Services as they are set when the story begins.
fn app(world: &World, cluster: &str) -> Value {
    let mut all = Map::new();
    all.insert(
        "Cluster".into(),
        resource("AWS::ECS::Cluster", json!({"ClusterName": cluster})),
    );
    if cluster == "laser-prod" {
        all.insert(
            "LoadBalancer".into(),
            resource(
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                json!({"Name": "laser-prod-alb", "Scheme": "internet-facing"}),
            ),
        );
    }
    for (key, service) in world.services.iter().filter(|(k, _)| k.0 == cluster) {
        let words = key.1.split('-').map(|w| {
            w.get(..1).unwrap_or_default().to_uppercase() + w.get(1..).unwrap_or_default()
        });
        let logical: String = words.collect();
        let group =
            json!({"LogGroupName": format!("/ecs/{cluster}/{}", key.1), "RetentionInDays": 30});
        all.insert(
            format!("{logical}Logs"),
            resource("AWS::Logs::LogGroup", group),
        );
        let properties =
            json!({"Cluster": cluster, "ServiceName": key.1, "DesiredCount": service.desired});
        all.insert(format!("{logical}Service"), json!({"Type": "AWS::ECS::Service", "DependsOn": ["Cluster", format!("{logical}Logs")], "Properties": properties}));
    }
    json!({"Description": format!("Services of {cluster}"), "Resources": all})
}

fn alerts() -> Value {
    let topic = |name: &str| resource("AWS::SNS::Topic", json!({"TopicName": name}));
    let alarm = |name: &str| {
        resource(
            "AWS::CloudWatch::Alarm",
            json!({"AlarmName": name, "AlarmActions": [{"Ref": "OncallTopic"}]}),
        )
    };
    json!({
        "Description": "Topics and alarms of laser-prod",
        "Resources": {
            "OncallTopic": topic("laser-prod-oncall"),
            "DeploysTopic": topic("laser-prod-deploys"),
            "BillingTopic": topic("laser-prod-billing"),
            "Api5xx": alarm("laser-prod-api-5xx"),
            "ApiP95": alarm("laser-prod-api-p95"),
            "DatabaseCpu": alarm("laser-prod-db-cpu"),
        },
        "Outputs": {"OncallTopic": {"Value": {"Ref": "OncallTopic"}, "Description": "Who is called"}},
    })
}
