//! EC2 (API version 2016-11-15, EC2's dialect of AWS Query), as far as it is the network: VPCs, subnets and their routes, security
//! groups, interfaces; and from Elastic Load Balancing, which groups load balancers are in.

mod shapes;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::Question;
use super::convert::text;
use super::pages::Pages;
use super::signed::{Api, Signed};
use crate::backend::transport::Line;
use crate::domain::network::{Network, Subnet, Vpc};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use shapes::{Balancers, Groups, Interfaces, Page, RouteTable, RouteTables, Subnets, Vpcs};

const API: Api = Api {
    host: "ec2",
    signing: "ec2",
    variable: "EC2",
    target: "",
    version: "2016-11-15",
    only_in: None,
};
const ELB: Api = Api {
    host: "elasticloadbalancing",
    signing: "elasticloadbalancing",
    variable: "ELASTIC_LOAD_BALANCING_V2",
    target: "",
    version: "2015-12-01",
    only_in: None,
};
const VPCS: Question = Question::new("ec2", "DescribeVpcs", "read the VPCs");
const SUBNETS: Question = Question::new("ec2", "DescribeSubnets", "read the subnets");
const ROUTES: Question = Question::new("ec2", "DescribeRouteTables", "read the routes");
const GROUPS: Question =
    Question::new("ec2", "DescribeSecurityGroups", "read the security groups").of_many();
const INTERFACES: Question = Question::new(
    "ec2",
    "DescribeNetworkInterfaces",
    "read the network interfaces",
)
.of_many();
const BALANCERS: Question =
    Question::new("ec2", "DescribeLoadBalancers", "read the load balancers");

/// The EC2 client.
#[derive(Debug)]
pub struct Ec2 {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

impl Ec2 {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// The network of the region.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses any of it: half a network would tell of walls that are not there.
    pub async fn network(&self) -> Result<Network, Problem> {
        let (vpcs, subnets, routes, groups, interfaces, balancers) = futures_util::try_join!(
            self.all::<Vpcs>(&API, VPCS),
            self.all::<Subnets>(&API, SUBNETS),
            self.all::<RouteTables>(&API, ROUTES),
            self.all::<Groups>(&API, GROUPS),
            self.all::<Interfaces>(&API, INTERFACES),
            self.all::<Balancers>(&ELB, BALANCERS),
        )?;
        let mut network = Network {
            vpcs: vpcs
                .into_iter()
                .map(|v| Vpc {
                    id: text(Some(&v.vpc_id)),
                    name: v.tag_set.name(),
                    cidr: text(Some(&v.cidr_block)),
                    is_default: v.is_default,
                })
                .collect(),
            subnets: subnets
                .into_iter()
                .map(|s| Subnet {
                    public: is_public(&s.subnet_id, &s.vpc_id, &routes),
                    id: text(Some(&s.subnet_id)),
                    name: s.tag_set.name(),
                    vpc: text(Some(&s.vpc_id)),
                    zone: text(Some(&s.availability_zone)),
                    cidr: text(Some(&s.cidr_block)),
                    free: s.available_ip_address_count,
                })
                .collect(),
            groups: groups.into_iter().map(shapes::Group::read).collect(),
            interfaces: interfaces
                .into_iter()
                .map(shapes::InterfaceItem::read)
                .collect(),
            balancers: balancers
                .into_iter()
                .flat_map(|b| b.security_groups.member)
                .map(|id| text(Some(&id)))
                .collect(),
        };
        network
            .vpcs
            .order_by(|a, b| (a.is_default, &a.id).cmp(&(b.is_default, &b.id)));
        network.subnets.order_by(|a, b| {
            (&a.vpc, !a.public, &a.name, &a.zone, &a.id)
                .cmp(&(&b.vpc, !b.public, &b.name, &b.zone, &b.id))
        });
        network
            .groups
            .order_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(network)
    }

    async fn all<P: Page + DeserializeOwned>(
        &self,
        api: &Api,
        question: Question,
    ) -> Result<Vec<P::Item>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let token = pages.token();
            let next = token.as_deref().map(|t| (P::TOKEN, t));
            let params: Vec<(&str, &str)> = next.into_iter().collect();
            let page: P = self
                .signed
                .query(&self.line, api, question, &params)
                .await?;
            let (items, more) = page.split();
            all.extend(items);
            if !pages.turn(all.len(), more)? {
                break;
            }
        }
        Ok(all)
    }
}

/// Whether a subnet's route table (its own, else the VPC's main one) leads everywhere through an internet gateway (Amazon VPC user
/// guide, "Subnet types").
fn is_public(subnet: &str, vpc: &str, tables: &[RouteTable]) -> bool {
    let mine = tables.iter().filter(|t| t.vpc_id == vpc);
    let own = mine.clone().find(|t| {
        let bound = |a: &shapes::Association| a.subnet_id.as_deref() == Some(subnet);
        t.association_set.0.item.iter().any(bound)
    });
    let main = || {
        mine.clone()
            .find(|t| t.association_set.0.item.iter().any(|a| a.main))
    };
    own.or_else(main).is_some_and(|t| {
        t.route_set.0.item.iter().any(|r| {
            let through = r.gateway_id.as_deref().unwrap_or_default();
            r.leads_everywhere() && through.starts_with("igw-")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: DeserializeOwned>(xml: &str) -> T {
        quick_xml::de::from_str(xml).unwrap()
    }

    #[test]
    fn a_subnet_without_a_table_of_its_own_takes_the_main_one() {
        let xml = "<R><routeTableSet>\
            <item><routeTableId>rtb-1</routeTableId><vpcId>v</vpcId>\
              <routeSet><item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId></item></routeSet>\
              <associationSet><item><main>true</main></item></associationSet></item>\
            <item><routeTableId>rtb-2</routeTableId><vpcId>v</vpcId>\
              <routeSet><item><destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock><gatewayId>igw-1</gatewayId></item></routeSet>\
              <associationSet><item><main>false</main><subnetId>s-open</subnetId></item></associationSet></item>\
            <item><routeTableId>rtb-3</routeTableId><vpcId>w</vpcId>\
              <routeSet><item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>igw-2</gatewayId></item></routeSet>\
              <associationSet><item><main>true</main></item></associationSet></item>\
            </routeTableSet></R>";
        let tables: RouteTables = read(xml);
        let (tables, _) = tables.split();
        assert!(is_public("s-open", "v", &tables));
        assert!(!is_public("s-other", "v", &tables), "main leads nowhere");
        assert!(
            is_public("s-third", "w", &tables),
            "the other VPC's main one leads out"
        );
        assert!(!is_public("s-none", "x", &tables), "no table, no way out");
    }

    #[test]
    fn rules_of_every_kind_of_peer_are_read() {
        let xml = "<R><securityGroupInfo><item><groupId>sg-1</groupId><groupName>db</groupName><vpcId>v</vpcId><ipPermissions>\
            <item><ipProtocol>tcp</ipProtocol><fromPort>5432</fromPort><toPort>5432</toPort>\
              <groups><item><groupId>sg-2</groupId><description>app</description></item></groups>\
              <ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>\
              <ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges>\
              <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item>\
            <item><ipProtocol>-1</ipProtocol><groups/><ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges></item>\
            <item><ipProtocol>icmp</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><groups/><ipRanges><item><cidrIp>10.1.0.0/16</cidrIp></item></ipRanges></item>\
            </ipPermissions><tagSet/></item></securityGroupInfo><nextToken>n</nextToken></R>";
        let groups: Groups = read(xml);
        let (groups, next) = groups.split();
        assert_eq!(next.as_deref(), Some("n"));
        let group = groups.into_iter().next().unwrap().read();
        let shown: Vec<String> = group
            .rules
            .iter()
            .map(|r| format!("{} {:?} {}", r.ports, r.peer, r.about))
            .collect();
        assert_eq!(
            shown,
            [
                "5432 Group(\"sg-2\") app",
                "5432 Range(\"0.0.0.0/0\") ",
                "5432 Range(\"::/0\") ",
                "5432 List(\"pl-1\") ",
                "all Range(\"10.0.0.0/8\") ",
                "icmp Range(\"10.1.0.0/16\") ",
            ]
        );
    }
}
