//! What does not move: VPC, subnets, routes, network ACLs.

use super::{Thing, items, named};
use crate::wire::{Node, map};
use crate::world::names;
use crate::world::network::{self, Layer, SUBNETS, Subnet, VPC, VPC_CIDR};

const INTERNET: &str = "igw-0e5ca9e0000000001";
const ACL: &str = "acl-0ac1000000000ac10";

/// Route tables: one for what is public, one a zone for the services (each with its NAT gateway), one for the data. The
/// data's subnets name none and so take the main one, which leads nowhere: the vendor's own way of saying it.
const MAIN: &str = "rtb-0c00000000000c000";

pub(super) fn vpcs() -> Vec<Thing> {
    let association = map([
        (
            "associationId",
            Node::from("vpc-cidr-assoc-0c1a5e2f8d4b6a001"),
        ),
        ("cidrBlock", VPC_CIDR.into()),
        (
            "cidrBlockState",
            map([("state", "associated")].map(|(k, v)| (k, Node::from(v)))),
        ),
    ]);
    let shown = map([
        ("vpcId", Node::from(VPC)),
        ("ownerId", names::ACCOUNT.into()),
        ("state", "available".into()),
        ("cidrBlock", VPC_CIDR.into()),
        ("cidrBlockAssociationSet", items([association])),
        ("dhcpOptionsId", "dopt-0d00000000000d000".into()),
        ("instanceTenancy", "default".into()),
        ("isDefault", false.into()),
        ("tagSet", named("laser-prod")),
    ]);
    vec![
        Thing::new(VPC, shown)
            .fact("state", "available")
            .fact("tag:Name", "laser-prod"),
    ]
}

pub(super) fn subnets() -> Vec<Thing> {
    SUBNETS
        .iter()
        .map(|s| {
            let zone = format!("{}{}", names::REGION, s.zone);
            let shown = map([
                ("subnetId", Node::from(s.id)),
                (
                    "subnetArn",
                    format!(
                        "arn:aws:ec2:{}:{}:subnet/{}",
                        names::REGION,
                        names::ACCOUNT,
                        s.id
                    )
                    .into(),
                ),
                ("state", "available".into()),
                ("ownerId", names::ACCOUNT.into()),
                ("vpcId", VPC.into()),
                ("cidrBlock", s.cidr.into()),
                ("availableIpAddressCount", free(s).into()),
                ("availabilityZone", zone.as_str().into()),
                ("availabilityZoneId", zone_id(s.zone).into()),
                ("defaultForAz", false.into()),
                ("mapPublicIpOnLaunch", (s.layer == Layer::Public).into()),
                ("assignIpv6AddressOnCreation", false.into()),
                ("tagSet", named(s.name)),
            ]);
            Thing::new(s.id, shown)
                .fact("subnet-id", s.id)
                .fact("availability-zone", zone)
                .fact("state", "available")
                .fact("tag:Name", s.name)
        })
        .collect()
}

/// Addresses left: the vendor keeps five of each range for itself.
fn free(s: &Subnet) -> i64 {
    match s.layer {
        Layer::Public => 246,
        Layer::Services => 245,
        Layer::Data => 249,
    }
}

/// The zone's id, which is the same in every account.
fn zone_id(zone: char) -> &'static str {
    match zone {
        'a' => "use1-az4",
        'b' => "use1-az6",
        _ => "use1-az1",
    }
}

pub(super) fn route_tables() -> Vec<Thing> {
    let mut all = vec![table(MAIN, "laser-prod-data", None, &[], true)];
    let public: Vec<&Subnet> = network::layer(Layer::Public).collect();
    let out = ("gatewayId", INTERNET.to_owned());
    all.push(table(
        "rtb-0a00000000000a000",
        "laser-prod-public",
        Some(out),
        &public,
        false,
    ));
    for s in network::layer(Layer::Services) {
        let id = format!("rtb-0b0000000000{}b000", s.zone);
        let out = ("natGatewayId", format!("nat-0a70000000000{}00a", s.zone));
        all.push(table(
            &id,
            &s.name.replace("services", "nat"),
            Some(out),
            &[s],
            false,
        ));
    }
    all
}

fn table(
    id: &str,
    name: &str,
    out: Option<(&str, String)>,
    subnets: &[&Subnet],
    main: bool,
) -> Thing {
    let route = |to: &str, through: (&str, String), origin: &str| {
        map([
            ("destinationCidrBlock", Node::from(to)),
            (through.0, through.1.into()),
            ("state", "active".into()),
            ("origin", origin.into()),
        ])
    };
    let local = route(VPC_CIDR, ("gatewayId", "local".into()), "CreateRouteTable");
    let routes = [
        Some(local),
        out.map(|o| route("0.0.0.0/0", o, "CreateRoute")),
    ];
    let association = |n: usize, subnet: Option<&str>| {
        map([
            (
                "routeTableAssociationId",
                Node::from(format!("rtbassoc-0{n}{}", id.trim_start_matches("rtb-0"))),
            ),
            ("routeTableId", id.into()),
            ("subnetId", subnet.into()),
            ("main", subnet.is_none().into()),
            (
                "associationState",
                map([("state", Node::from("associated"))]),
            ),
        ])
    };
    let bound = subnets.iter().map(|s| Some(s.id));
    let bound = bound.chain(main.then_some(None)).enumerate();
    let shown = map([
        ("routeTableId", Node::from(id)),
        ("vpcId", VPC.into()),
        ("ownerId", names::ACCOUNT.into()),
        ("routeSet", items(routes.into_iter().flatten())),
        (
            "associationSet",
            items(bound.map(|(n, s)| association(n, s))),
        ),
        ("tagSet", named(name)),
    ]);
    let thing = Thing::new(id, shown).fact("association.main", main.to_string());
    subnets
        .iter()
        .fold(thing, |t, s| t.fact("association.subnet-id", s.id))
}

/// The one that comes with a VPC: it lets everything through, so that security groups alone decide.
pub(super) fn acls() -> Vec<Thing> {
    let entry = |number: i64, action: &str, egress: bool| {
        map([
            ("ruleNumber", Node::from(number)),
            ("protocol", "-1".into()),
            ("ruleAction", action.into()),
            ("egress", egress.into()),
            ("cidrBlock", "0.0.0.0/0".into()),
        ])
    };
    let entries = [true, false]
        .into_iter()
        .flat_map(|egress| [entry(100, "allow", egress), entry(32_767, "deny", egress)]);
    let associations = SUBNETS.iter().zip(0..).map(|(s, n)| {
        map([
            (
                "networkAclAssociationId",
                Node::from(format!("aclassoc-0ac1000000000{n:04x}")),
            ),
            ("networkAclId", ACL.into()),
            ("subnetId", s.id.into()),
        ])
    });
    let shown = map([
        ("networkAclId", Node::from(ACL)),
        ("vpcId", VPC.into()),
        ("ownerId", names::ACCOUNT.into()),
        ("default", true.into()),
        ("entrySet", items(entries)),
        ("associationSet", items(associations)),
        ("tagSet", items::<Node>([])),
    ]);
    vec![Thing::new(ACL, shown).fact("default", "true")]
}
