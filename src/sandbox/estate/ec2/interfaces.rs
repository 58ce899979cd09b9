//! Network interfaces: what stands in which subnet, behind which security groups. Tasks come and go, so theirs do.

use super::{Thing, items};
use crate::wire::{Node, map};
use crate::world::network::{self, Layer, Subnet};
use crate::world::{World, names};

struct Interface<'a> {
    /// Seventeen hex digits, or fewer: filled up with zeros.
    id: String,
    about: String,
    subnet: Subnet,
    address: String,
    group: &'a str,
    public: Option<&'a str>,
    /// The service of the vendor that asked for it; `None`: an instance of the account's own.
    requester: Option<&'a str>,
}

pub(super) fn all(world: &World) -> Vec<Thing> {
    let mut all = Vec::new();
    for (name, id) in &world.load_balancers {
        for (subnet, public) in
            network::layer(Layer::Public).zip(["203.0.113.10", "203.0.113.11", "203.0.113.12"])
        {
            all.push(show(Interface {
                id: format!("a1b{}", subnet.zone),
                about: format!("ELB app/{name}/{id}"),
                subnet: *subnet,
                address: subnet.cidr.replace(".0/24", ".20"),
                group: network::BALANCER,
                public: Some(public),
                requester: Some("amazon-elb"),
            }));
        }
    }
    all.push(show(Interface {
        id: "ba571".into(),
        about: "laser-prod-bastion".into(),
        subnet: network::in_zone(Layer::Public, 'a'),
        address: "10.0.0.44".into(),
        group: network::BASTION,
        public: Some("203.0.113.44"),
        requester: None,
    }));
    for (zone, name) in [('a', "db"), ('b', "db replica")] {
        all.push(show(Interface {
            id: format!("db{zone}"),
            about: "RDSNetworkInterface".into(),
            subnet: network::in_zone(Layer::Data, zone),
            address: if name == "db" {
                "10.0.20.15"
            } else {
                "10.0.21.15"
            }
            .into(),
            group: network::DATABASE,
            public: None,
            requester: Some("amazon-rds"),
        }));
    }
    for (zone, node) in [('a', "001"), ('b', "002")] {
        all.push(show(Interface {
            id: format!("cac{zone}"),
            about: format!("ElastiCache laser-prod-redis-{node}"),
            subnet: network::in_zone(Layer::Data, zone),
            address: if zone == 'a' {
                "10.0.20.31"
            } else {
                "10.0.21.31"
            }
            .into(),
            group: network::CACHE,
            public: None,
            requester: Some("amazon-elasticache"),
        }));
    }
    for task in world.tasks.values().filter(|t| t.is_running()) {
        let group = match task.service.0.as_str() {
            "laser-prod" => network::SERVICES,
            _ => network::STAGING,
        };
        all.push(show(Interface {
            id: task.id.chars().take(16).collect(),
            about: format!(
                "arn:aws:ecs:{}:{}:attachment/{}",
                names::REGION,
                names::ACCOUNT,
                task.id
            ),
            subnet: network::in_zone(Layer::Services, task.zone),
            address: task.ip.clone(),
            group,
            public: None,
            requester: Some("amazon-ecs"),
        }));
    }
    all
}

fn show(i: Interface) -> Thing {
    let id = format!("eni-{:0<17}", format!("0{}", i.id.replace(' ', "")));
    let zone = format!("{}{}", names::REGION, i.subnet.zone);
    let association = i.public.map(|ip| {
        map([
            ("publicIp", Node::from(ip)),
            (
                "publicDnsName",
                format!("ec2-{}.compute-1.amazonaws.com", ip.replace('.', "-")).into(),
            ),
            ("ipOwnerId", i.requester.unwrap_or(names::ACCOUNT).into()),
        ])
    });
    let group = map([
        ("groupId", Node::from(i.group)),
        ("groupName", super::groups::name(i.group).into()),
    ]);
    let shown = map([
        ("networkInterfaceId", Node::from(&id)),
        ("subnetId", i.subnet.id.into()),
        ("vpcId", network::VPC.into()),
        ("availabilityZone", zone.into()),
        ("description", i.about.into()),
        ("ownerId", names::ACCOUNT.into()),
        ("requesterId", i.requester.into()),
        ("requesterManaged", i.requester.is_some().into()),
        ("status", "in-use".into()),
        ("interfaceType", "interface".into()),
        ("privateIpAddress", i.address.as_str().into()),
        ("sourceDestCheck", true.into()),
        ("groupSet", items([group])),
        ("association", association.into()),
        ("tagSet", items::<Node>([])),
    ]);
    Thing::new(id, shown)
        .fact("subnet-id", i.subnet.id)
        .fact("group-id", i.group)
        .fact("status", "in-use")
        .fact("private-ip-address", i.address)
        .fact("requester-id", i.requester.unwrap_or(names::ACCOUNT))
}
