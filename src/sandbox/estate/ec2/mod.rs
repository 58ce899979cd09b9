//! EC2 (API version 2016-11-15, Query in its own dress), as far as it is the network: VPC, subnets, routes, security groups,
//! network ACLs and interfaces. Lists are written as structures of `item`s, which is what its XML has.

mod groups;
mod interfaces;
mod topology;

use groups::Groups;

use crate::wire::{ApiError, Node, map};
use crate::world::{World, network};

/// The network.
#[derive(Debug)]
pub struct Network {
    groups: Groups,
    told: bool,
}

impl Network {
    /// What the story begins with.
    pub fn new(told: bool) -> Self {
        Self {
            groups: Groups::new(told),
            told,
        }
    }

    /// Answers an operation.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        world: &World,
    ) -> Result<Node, ApiError> {
        let all = |answer: Vec<Thing>| if self.told { answer } else { Vec::new() };
        match operation {
            "DescribeVpcs" => answer(input, all(topology::vpcs()), "VpcId", "vpcSet"),
            "DescribeSubnets" => answer(input, all(topology::subnets()), "SubnetId", "subnetSet"),
            "DescribeRouteTables" => answer(
                input,
                all(topology::route_tables()),
                "RouteTableId",
                "routeTableSet",
            ),
            "DescribeNetworkAcls" => answer(
                input,
                all(topology::acls()),
                "NetworkAclId",
                "networkAclSet",
            ),
            "DescribeNetworkInterfaces" => answer(
                input,
                all(interfaces::all(world)),
                "NetworkInterfaceId",
                "networkInterfaceSet",
            ),
            "DescribeSecurityGroups" => answer(
                input,
                self.groups.describe(),
                "GroupId",
                "securityGroupInfo",
            ),
            "DescribeSecurityGroupRules" => answer(
                input,
                self.groups.rules(),
                "SecurityGroupRuleId",
                "securityGroupRuleSet",
            ),
            "AuthorizeSecurityGroupIngress" => self.groups.authorize(input),
            "RevokeSecurityGroupIngress" => self.groups.revoke(input),
            other => Err(ApiError::unknown_operation(other)),
        }
    }
}

/// Something that an operation lists, with what filters may ask for.
struct Thing {
    id: String,
    shown: Node,
    /// Names of filters and their values.
    facts: Vec<(&'static str, String)>,
}

impl Thing {
    fn new(id: impl Into<String>, shown: Node) -> Self {
        let facts = vec![("vpc-id", network::VPC.to_owned())];
        Self {
            id: id.into(),
            shown,
            facts,
        }
    }

    fn fact(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    /// Whether it passes every filter; the vendor's error for a filter that is not played here.
    fn passes(&self, filters: &[Node]) -> Result<bool, ApiError> {
        for filter in filters {
            let name = filter.get("Name").as_text().unwrap_or_default();
            if !self.facts.iter().any(|(n, _)| *n == name) {
                let why = format!("The filter '{name}' is invalid");
                return Err(ApiError::new("InvalidParameterValue", why));
            }
            let wanted = filter.get("Value").as_strs();
            if !self
                .facts
                .iter()
                .any(|(n, v)| *n == name && wanted.contains(&v.as_str()))
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The vendor's code for an id that does not exist, by the parameter that named it.
fn unknown(parameter: &str) -> &'static str {
    match parameter {
        "VpcId" => "InvalidVpcID.NotFound",
        "SubnetId" => "InvalidSubnetID.NotFound",
        "RouteTableId" => "InvalidRouteTableID.NotFound",
        "NetworkAclId" => "InvalidNetworkAclID.NotFound",
        "NetworkInterfaceId" => "InvalidNetworkInterfaceID.NotFound",
        "GroupId" => "InvalidGroup.NotFound",
        _ => "InvalidSecurityGroupRuleId.NotFound",
    }
}

/// One page of what was asked for, by ids and filters.
fn answer(input: &Node, all: Vec<Thing>, ids: &str, set: &str) -> Result<Node, ApiError> {
    let wanted = input.get(ids).as_strs();
    if let Some(missing) = wanted.iter().find(|id| all.iter().all(|t| t.id != **id)) {
        let why = format!("The ID '{missing}' does not exist");
        return Err(ApiError::new(unknown(ids), why));
    }
    let filters = input.get("Filter").as_list();
    let mut kept = Vec::new();
    for thing in all {
        let named = wanted.is_empty() || wanted.contains(&thing.id.as_str());
        if named && thing.passes(filters)? {
            kept.push(thing.shown);
        }
    }
    let invalid = |what: &str| ApiError::new("InvalidParameterValue", format!("{what} is invalid"));
    let size = match input.get("MaxResults").as_i64() {
        None => kept.len().max(1),
        Some(n) => usize::try_from(n)
            .ok()
            .filter(|n| (5..=1_000).contains(n))
            .ok_or_else(|| invalid("MaxResults"))?,
    };
    let start: usize = match input.get("NextToken").as_text() {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("NextToken"))?,
    };
    let next = start.saturating_add(size);
    let token = (next < kept.len()).then(|| next.to_string());
    let page = kept.into_iter().skip(start).take(size);
    Ok(map([(set, items(page)), ("nextToken", token.into())]))
}

/// A list as EC2's XML has it.
fn items<T: Into<Node>>(all: impl IntoIterator<Item = T>) -> Node {
    Node::Map(all.into_iter().map(|v| ("item".into(), v.into())).collect())
}

/// A `Name` tag.
fn named(name: &str) -> Node {
    items([map(
        [("key", "Name"), ("value", name)].map(|(k, v)| (k, Node::from(v)))
    )])
}
