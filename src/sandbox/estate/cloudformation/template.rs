//! Templates: what a stack is to hold (AWS CloudFormation template reference), in JSON. Parameters and the pseudo parameters are
//! resolved, `Ref`, `Fn::Sub` and `Fn::Join` among them; references to resources stay as they are and order the work.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::wire::{ApiError, Node};
use crate::world::names;

/// Values of parameters by name.
pub type Parameters = BTreeMap<String, String>;

/// An error of the service's most common kind.
pub fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", why)
}

/// Reads a template.
///
/// # Errors
/// Not JSON, or no resource in it.
pub fn parse(text: &str) -> Result<Value, ApiError> {
    let body: Value = serde_json::from_str(text).map_err(|e| {
        invalid(format!(
            "Template format error: the sandbox reads JSON templates; {e}"
        ))
    })?;
    let resources = body.get("Resources").and_then(Value::as_object);
    if resources.is_none_or(Map::is_empty) {
        return Err(invalid(
            "Template format error: At least one Resources member must be defined.",
        ));
    }
    if let Some((name, _)) = resources
        .into_iter()
        .flatten()
        .find(|(_, r)| r["Type"].as_str().is_none())
    {
        return Err(invalid(format!(
            "Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )));
    }
    Ok(body)
}

/// Resources of a template, in its order.
pub fn resources(body: &Value) -> impl Iterator<Item = (&String, &Value)> {
    body.get("Resources")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The parameters' values: as given, as they were, or as the template says.
///
/// # Errors
/// One that has no value, or that the template does not know.
pub fn parameters(body: &Value, given: &Node, before: &Parameters) -> Result<Parameters, ApiError> {
    let declared = body
        .get("Parameters")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let given = given.as_list();
    let name = |p: &Node| {
        p.get("ParameterKey")
            .as_text()
            .unwrap_or_default()
            .to_owned()
    };
    if let Some(unknown) = given.iter().map(name).find(|n| !declared.contains_key(n)) {
        return Err(invalid(format!(
            "Parameters: [{unknown}] do not exist in the template"
        )));
    }
    let mut all = Parameters::new();
    for (key, about) in &declared {
        let asked = given.iter().find(|p| name(p) == *key);
        let asked = asked.filter(|p| p.get("UsePreviousValue").as_bool() != Some(true));
        let asked = asked
            .and_then(|p| p.get("ParameterValue").as_str())
            .map(str::to_owned);
        let default = || match &about["Default"] {
            Value::String(s) => Some(s.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        };
        let value = asked.or_else(|| before.get(key).cloned()).or_else(default);
        let value =
            value.ok_or_else(|| invalid(format!("Parameters: [{key}] must have values")))?;
        all.insert(key.clone(), value);
    }
    Ok(all)
}

/// A resource's properties with parameters put in.
pub fn properties(resource: &Value, parameters: &Parameters, stack: &str) -> Value {
    let properties = resource
        .get("Properties")
        .cloned()
        .unwrap_or_else(|| Value::Object(Map::new()));
    resolve(&properties, parameters, stack)
}

fn pseudo(name: &str, stack: &str) -> Option<String> {
    Some(match name {
        "AWS::Region" => names::REGION.to_owned(),
        "AWS::AccountId" => names::ACCOUNT.to_owned(),
        "AWS::StackName" => stack.to_owned(),
        "AWS::Partition" => "aws".to_owned(),
        _ => return None,
    })
}

fn resolve(value: &Value, parameters: &Parameters, stack: &str) -> Value {
    let known = |name: &str| {
        parameters
            .get(name)
            .cloned()
            .or_else(|| pseudo(name, stack))
    };
    match value {
        Value::Array(items) => items
            .iter()
            .map(|v| resolve(v, parameters, stack))
            .collect(),
        Value::Object(members) => {
            let only = members.iter().next().filter(|_| members.len() == 1);
            match only.map(|(k, v)| (k.as_str(), v)) {
                Some(("Ref", Value::String(name))) => {
                    known(name).map_or_else(|| value.clone(), Value::String)
                }
                Some(("Fn::Sub", Value::String(text))) => Value::String(substitute(text, known)),
                Some(("Fn::Join", Value::Array(parts))) => {
                    join(parts, parameters, stack).unwrap_or_else(|| value.clone())
                }
                _ => members
                    .iter()
                    .map(|(k, v)| (k.clone(), resolve(v, parameters, stack)))
                    .collect(),
            }
        }
        other => other.clone(),
    }
}

/// `${Name}` for what is known; the rest stays.
fn substitute(text: &str, known: impl Fn(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        out.push_str(&known(name).unwrap_or_else(|| format!("${{{name}}}")));
        rest = tail;
    }
    out + rest
}

fn join(parts: &[Value], parameters: &Parameters, stack: &str) -> Option<Value> {
    let [Value::String(by), Value::Array(items)] = parts else {
        return None;
    };
    let items: Option<Vec<String>> = items
        .iter()
        .map(|v| resolve(v, parameters, stack).as_str().map(str::to_owned))
        .collect();
    Some(Value::String(items?.join(by)))
}

/// Logical names that a resource needs: what it depends on, and what it refers to.
pub fn needs(resource: &Value) -> Vec<String> {
    let mut all = Vec::new();
    match &resource["DependsOn"] {
        Value::String(name) => all.push(name.clone()),
        Value::Array(names) => {
            all.extend(names.iter().filter_map(|n| n.as_str().map(str::to_owned)))
        }
        _ => {}
    }
    refer(&resource["Properties"], &mut all);
    all
}

fn refer(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|v| refer(v, found)),
        Value::Object(members) => {
            for (key, inner) in members {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(name)) => found.push(name.clone()),
                    ("Fn::GetAtt", Value::String(path)) => {
                        found.extend(path.split('.').next().map(str::to_owned))
                    }
                    ("Fn::GetAtt", Value::Array(path)) => {
                        found.extend(path.first().and_then(Value::as_str).map(str::to_owned))
                    }
                    ("Fn::Sub", Value::String(text)) => {
                        let names = text
                            .split("${")
                            .skip(1)
                            .filter_map(|t| t.split(['}', '.']).next());
                        found.extend(names.map(str::to_owned));
                    }
                    _ => refer(inner, found),
                }
            }
        }
        _ => {}
    }
}

/// Properties that name the resource.
const NAMES: [&str; 12] = [
    "BucketName",
    "DBInstanceIdentifier",
    "ReplicationGroupId",
    "ClusterName",
    "ServiceName",
    "TopicName",
    "LogGroupName",
    "AlarmName",
    "RoleName",
    "GroupName",
    "Name",
    "Family",
];

/// The physical id of a new resource: its own name, an id of its kind, or one made of the stack's name.
pub fn physical(stack: &str, logical: &str, kind: &str, properties: &Value, hex: &str) -> String {
    let named = NAMES.iter().find_map(|n| properties[*n].as_str());
    let short = hex.get(..17).unwrap_or(hex);
    let arn = |service: &str, rest: String| {
        format!(
            "arn:aws:{service}:{}:{}:{rest}",
            names::REGION,
            names::ACCOUNT
        )
    };
    match (kind, named) {
        ("AWS::EC2::VPC", _) => format!("vpc-{short}"),
        ("AWS::EC2::Subnet", _) => format!("subnet-{short}"),
        ("AWS::EC2::SecurityGroup", _) => format!("sg-{short}"),
        ("AWS::SNS::Topic", Some(name)) => arn("sns", name.to_owned()),
        ("AWS::SecretsManager::Secret", Some(name)) => arn(
            "secretsmanager",
            format!("secret:{name}-{}", hex.get(..6).unwrap_or(hex)),
        ),
        ("AWS::ECS::Service", Some(name)) => {
            let cluster = properties["Cluster"].as_str().unwrap_or("default");
            arn("ecs", format!("service/{cluster}/{name}"))
        }
        (_, Some(name)) => name.to_owned(),
        (_, None) => format!(
            "{stack}-{logical}-{}",
            hex.get(..12).unwrap_or(hex).to_uppercase()
        ),
    }
}

/// Story seconds that the vendor's engine takes for a resource of this kind.
pub fn seconds(kind: &str) -> f64 {
    match kind {
        "AWS::RDS::DBInstance" => 240.0,
        "AWS::ElastiCache::ReplicationGroup" => 180.0,
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => 90.0,
        "AWS::ECS::Service" => 60.0,
        "AWS::S3::Bucket" => 20.0,
        "AWS::EC2::VPC" | "AWS::EC2::Subnet" | "AWS::IAM::Role" => 12.0,
        _ => 4.0,
    }
}

/// What a change of a property asks of the resource (from the "Update requires" lines of the vendor's reference).
pub fn recreation(kind: &str, property: &str) -> &'static str {
    let always = NAMES.contains(&property)
        || match kind {
            "AWS::RDS::DBInstance" => matches!(
                property,
                "StorageEncrypted" | "MasterUsername" | "KmsKeyId" | "DBSubnetGroupName"
            ),
            "AWS::ElastiCache::ReplicationGroup" => matches!(
                property,
                "AtRestEncryptionEnabled" | "KmsKeyId" | "CacheSubnetGroupName"
            ),
            "AWS::EC2::VPC" => matches!(property, "CidrBlock" | "InstanceTenancy"),
            "AWS::EC2::Subnet" => matches!(property, "CidrBlock" | "AvailabilityZone" | "VpcId"),
            "AWS::EC2::SecurityGroup" => matches!(property, "GroupDescription" | "VpcId"),
            "AWS::ECS::Service" => {
                matches!(property, "Cluster" | "LaunchType" | "SchedulingStrategy")
            }
            "AWS::ECS::TaskDefinition" => property != "Tags",
            _ => false,
        };
    match (always, kind, property) {
        (true, _, _) => "Always",
        (false, "AWS::RDS::DBInstance", "Engine" | "DBParameterGroupName") => "Conditionally",
        (false, "AWS::ElastiCache::ReplicationGroup", "Engine" | "NumNodeGroups") => {
            "Conditionally"
        }
        _ => "Never",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_put_in_and_references_to_resources_stay() {
        let known = Parameters::from([("Stage".to_owned(), "prod".to_owned())]);
        let resource = json!({"Properties": {
            "BucketName": {"Fn::Sub": "laser-${Stage}-${AWS::Region}"},
            "Key": {"Fn::GetAtt": ["Key", "Arn"]},
            "Joined": {"Fn::Join": ["/", ["a", {"Ref": "Stage"}]]},
            "Other": {"Ref": "Other"},
        }});
        let done = properties(&resource, &known, "s");
        assert_eq!(done["BucketName"], "laser-prod-us-east-1");
        assert_eq!(done["Joined"], "a/prod");
        assert_eq!(done["Other"], json!({"Ref": "Other"}));
        assert_eq!(
            needs(&resource),
            ["Stage", "AWS::Region", "Key", "Stage", "Other"]
        );
    }

    #[test]
    fn a_parameter_without_a_value_is_refused() {
        let body =
            json!({"Parameters": {"A": {"Type": "String"}, "B": {"Type": "Number", "Default": 2}}});
        let empty = Parameters::new();
        assert!(parameters(&body, &Node::Null, &empty).is_err());
        let before = Parameters::from([("A".to_owned(), "1".to_owned())]);
        let all = parameters(&body, &Node::Null, &before).expect("both have a value");
        assert_eq!(all["B"], "2");
    }
}
