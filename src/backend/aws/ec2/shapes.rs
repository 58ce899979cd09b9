//! What EC2's XML holds, as far as it is read.

use serde::Deserialize;

use crate::backend::aws::convert::{reason, text};
use crate::backend::aws::sound::Required;
use crate::domain::network::{Holds, Interface, Peer, Ports, Rule, SecurityGroup};

/// A page of a list.
pub(super) trait Page {
    /// What it lists.
    type Item;
    /// The parameter that asks for the next page.
    const TOKEN: &'static str = "NextToken";
    /// The items, and the next page's token.
    fn split(self) -> (Vec<Self::Item>, Option<String>);
}

/// A list.
#[derive(Debug, Deserialize)]
pub(super) struct Set<T> {
    #[serde(default = "Vec::new")]
    pub(super) item: Vec<T>,
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self { item: Vec::new() }
    }
}

macro_rules! pages {
    ($($page:ident: $item:ty, $set:literal;)*) => {$(
        #[derive(Debug, Deserialize)]
        pub(super) struct $page {
            #[serde(rename = $set)]
            set: Required<Set<$item>>,
            #[serde(rename = "nextToken")]
            next: Option<String>,
        }

        impl Page for $page {
            type Item = $item;
            fn split(self) -> (Vec<Self::Item>, Option<String>) {
                (self.set.0.item, self.next)
            }
        }
    )*};
}

pages! {
    Vpcs: VpcItem, "vpcSet";
    Subnets: SubnetItem, "subnetSet";
    RouteTables: RouteTable, "routeTableSet";
    Groups: Group, "securityGroupInfo";
    Interfaces: InterfaceItem, "networkInterfaceSet";
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tag {
    key: String,
    value: String,
}

impl Set<Tag> {
    /// The `Name` tag; empty where there is none.
    pub(super) fn name(&self) -> String {
        let tag = self.item.iter().find(|t| t.key == "Name");
        text(tag.map(|t| t.value.as_str()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VpcItem {
    pub(super) vpc_id: String,
    pub(super) cidr_block: String,
    pub(super) is_default: bool,
    pub(super) tag_set: Set<Tag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SubnetItem {
    pub(super) subnet_id: String,
    pub(super) vpc_id: String,
    pub(super) cidr_block: String,
    pub(super) availability_zone: String,
    pub(super) available_ip_address_count: u32,
    pub(super) tag_set: Set<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteTable {
    #[serde(default)]
    pub(super) vpc_id: String,
    pub(super) route_set: Required<Set<Route>>,
    pub(super) association_set: Required<Set<Association>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Route {
    destination_cidr_block: Option<String>,
    destination_ipv6_cidr_block: Option<String>,
    pub(super) gateway_id: Option<String>,
}

impl Route {
    pub(super) fn leads_everywhere(&self) -> bool {
        self.destination_cidr_block.as_deref() == Some("0.0.0.0/0")
            || self.destination_ipv6_cidr_block.as_deref() == Some("::/0")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Association {
    pub(super) main: bool,
    pub(super) subnet_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    #[serde(default)]
    group_id: String,
    #[serde(default)]
    group_name: String,
    #[serde(default)]
    group_description: String,
    #[serde(default)]
    vpc_id: String,
    ip_permissions: Required<Set<Permission>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    #[serde(default)]
    ip_protocol: String,
    from_port: Option<i32>,
    to_port: Option<i32>,
    groups: Required<Set<PeerItem>>,
    ip_ranges: Required<Set<PeerItem>>,
    #[serde(default)]
    ipv6_ranges: Set<PeerItem>,
    #[serde(default)]
    prefix_list_ids: Set<PeerItem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PeerItem {
    group_id: String,
    cidr_ip: String,
    cidr_ipv6: String,
    prefix_list_id: String,
    description: Option<String>,
}

impl Group {
    pub(super) fn read(self) -> SecurityGroup {
        SecurityGroup {
            id: text(Some(&self.group_id)),
            name: text(Some(&self.group_name)),
            vpc: text(Some(&self.vpc_id)),
            about: reason(Some(&self.group_description)),
            rules: self
                .ip_permissions
                .0
                .item
                .iter()
                .flat_map(Permission::rules)
                .collect(),
        }
    }
}

impl Permission {
    fn ports(&self) -> Ports {
        let port = |n: i32| u16::try_from(n).ok();
        let range = self
            .from_port
            .and_then(port)
            .zip(self.to_port.and_then(port));
        match self.ip_protocol.as_str() {
            "-1" => Ports {
                protocol: "all".into(),
                range: None,
            },
            // For ICMP these are types and codes.
            p if p.starts_with("icmp") => Ports {
                protocol: text(Some(p)),
                range: None,
            },
            p => Ports {
                protocol: text(Some(p)),
                range,
            },
        }
    }

    fn rules(&self) -> Vec<Rule> {
        let groups = self
            .groups
            .0
            .item
            .iter()
            .map(|p| (Peer::Group(text(Some(&p.group_id))), p));
        let v4 = self
            .ip_ranges
            .0
            .item
            .iter()
            .map(|p| (Peer::Range(text(Some(&p.cidr_ip))), p));
        let v6 = self
            .ipv6_ranges
            .item
            .iter()
            .map(|p| (Peer::Range(text(Some(&p.cidr_ipv6))), p));
        let lists = self.prefix_list_ids.item.iter();
        let lists = lists.map(|p| (Peer::List(text(Some(&p.prefix_list_id))), p));
        let all = groups.chain(v4).chain(v6).chain(lists);
        all.map(|(peer, p)| Rule {
            ports: self.ports(),
            peer,
            about: reason(p.description.as_deref()),
        })
        .collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InterfaceItem {
    #[serde(default)]
    network_interface_id: String,
    #[serde(default)]
    vpc_id: String,
    #[serde(default)]
    subnet_id: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    interface_type: String,
    #[serde(default)]
    requester_id: String,
    #[serde(default)]
    private_ip_address: String,
    group_set: Required<Set<PeerItem>>,
    association: Option<Address>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Address {
    public_ip: Option<String>,
}

impl InterfaceItem {
    pub(super) fn read(self) -> Interface {
        Interface {
            holds: self.holds(),
            id: text(Some(&self.network_interface_id)),
            vpc: text(Some(&self.vpc_id)),
            subnet: text(Some(&self.subnet_id)),
            groups: self
                .group_set
                .0
                .item
                .iter()
                .map(|g| text(Some(&g.group_id)))
                .collect(),
            about: reason(Some(&self.description)),
            address: text(Some(&self.private_ip_address)),
            public_address: self
                .association
                .and_then(|a| a.public_ip)
                .filter(|ip| !ip.is_empty())
                .map(|ip| text(Some(&ip))),
        }
    }

    /// The vendor's own services say in the description what an interface is for (Amazon EC2 user guide, "Requester-managed network
    /// interfaces", and each service's own guide).
    fn holds(&self) -> Holds {
        let about = self.description.as_str();
        match () {
            () if about.starts_with("ELB ")
                || self.requester_id == "amazon-elb"
                || matches!(
                    self.interface_type.as_str(),
                    "load_balancer" | "network_load_balancer"
                ) =>
            {
                Holds::LoadBalancer
            }
            // `arn:PARTITION:ecs:...`
            () if about.starts_with("arn:") && about.split(':').nth(2) == Some("ecs") => {
                Holds::Services
            }
            () if about.starts_with("RDSNetworkInterface") || self.requester_id == "amazon-rds" => {
                Holds::Database
            }
            () if about.starts_with("ElastiCache") || self.requester_id == "amazon-elasticache" => {
                Holds::Cache
            }
            () => Holds::Other,
        }
    }
}

/// DescribeLoadBalancers of Elastic Load Balancing, which speaks the common dialect.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Balancers {
    load_balancers: Required<Members<Balancer>>,
    next_marker: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Balancer {
    pub(super) security_groups: Members<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Members<T> {
    #[serde(default = "Vec::new")]
    pub(super) member: Vec<T>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { member: Vec::new() }
    }
}

impl Page for Balancers {
    type Item = Balancer;
    const TOKEN: &'static str = "Marker";
    fn split(self) -> (Vec<Balancer>, Option<String>) {
        (self.load_balancers.0.member, self.next_marker)
    }
}
