//! The platform with its backups and its network, for the pages of the systems.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::backup::{Abroad, Backup, BackupKind, StoreKind};
use flightdeck::domain::facts::ProviderHealth;
use flightdeck::domain::network::{
    Holds, Interface, Network, Peer, Ports, Rule, SecurityGroup, Subnet, Vpc,
};
use flightdeck::domain::part::Part;
use flightdeck::watch::Snapshot;

use super::{fixture, platform};

const HOUR: i64 = 3_600;

fn part<T>(value: T, source: &str, age_s: i64) -> Part<T> {
    let at = fixture::ago(age_s);
    Part::answered(value, at, source, Duration::from_secs(300))
}

fn snapshot_of(id: &str, region: &str, hours: i64) -> Backup {
    Backup {
        store: "laser-prod-db".into(),
        store_kind: StoreKind::Database,
        kind: BackupKind::Automated,
        id: id.into(),
        arn: format!("arn:aws:rds:{region}:123456789012:snapshot:{id}"),
        region: region.into(),
        taken_at: Some(fixture::ago(hours * HOUR)),
        made_at: Some(fixture::ago(hours * HOUR - 600)),
        status: "available".into(),
        complete: true,
        bytes: Some(42_949_672_960),
        encrypted: Some(true),
        ..Backup::default()
    }
}

fn network() -> Network {
    let rule = |port, peer| Rule {
        ports: Ports {
            protocol: "tcp".into(),
            range: Some((port, port)),
        },
        peer,
        about: String::new(),
    };
    let group = |id: &str, name: &str, rules| SecurityGroup {
        id: id.into(),
        name: name.into(),
        vpc: "vpc-1".into(),
        about: String::new(),
        rules,
    };
    let interface = |id: &str, subnet: &str, group: &str, holds| Interface {
        id: id.into(),
        vpc: "vpc-1".into(),
        subnet: subnet.into(),
        groups: vec![group.into()],
        holds,
        about: String::new(),
        address: "10.0.1.10".into(),
        public_address: None,
    };
    let subnet = |id: &str, zone: &str, cidr: &str, public| Subnet {
        id: id.into(),
        name: id.into(),
        vpc: "vpc-1".into(),
        zone: zone.into(),
        cidr: cidr.into(),
        public,
        free: 240,
    };
    let world = || Peer::Range("0.0.0.0/0".into());
    Network {
        vpcs: vec![Vpc {
            id: "vpc-1".into(),
            name: "laser-prod".into(),
            cidr: "10.0.0.0/16".into(),
            is_default: false,
        }],
        subnets: vec![
            subnet("public-a", "us-east-1a", "10.0.0.0/24", true),
            subnet("private-a", "us-east-1a", "10.0.1.0/24", false),
            subnet("private-b", "us-east-1b", "10.0.2.0/24", false),
        ],
        groups: vec![
            group("sg-1", "laser-prod-alb", vec![rule(443, world())]),
            // Somebody opened a door.
            group("sg-2", "laser-prod-bastion", vec![rule(22, world())]),
            group(
                "sg-3",
                "laser-prod-db",
                vec![rule(5432, Peer::Group("sg-4".into()))],
            ),
            group(
                "sg-4",
                "laser-prod-tasks",
                vec![rule(8080, Peer::Group("sg-1".into()))],
            ),
        ],
        interfaces: vec![
            interface("eni-1", "public-a", "sg-1", Holds::LoadBalancer),
            interface("eni-2", "public-a", "sg-2", Holds::Other),
            interface("eni-3", "private-b", "sg-3", Holds::Database),
            interface("eni-4", "private-a", "sg-4", Holds::Services),
        ],
        balancers: vec!["sg-1".into()],
    }
}

/// A calm platform; its newest copy abroad is two days old, and one port is open to the world.
pub fn snapshot() -> Snapshot {
    let mut snapshot = platform::calm();
    let facts = &mut snapshot.facts;
    facts.rpo = Duration::from_secs(24 * 3_600);
    for name in ["ec2", "backup"] {
        let like = ProviderHealth {
            name: name.into(),
            ..facts.providers[0].clone()
        };
        facts.providers.push(like);
    }
    let here = [3, 27, 51].map(|hours| snapshot_of(&format!("daily-{hours}"), "us-east-1", hours));
    let there = Backup {
        copy_of: Some("us-east-1".into()),
        ..snapshot_of("copy-51", "eu-west-1", 51)
    };
    let estate = &mut facts.estate;
    estate.snapshots = part(Arc::new(here.to_vec()), "rds:DescribeDBSnapshots", 30);
    let abroad = Abroad {
        region: Some("eu-west-1".into()),
        backups: vec![there],
        vaults_unread: 0,
    };
    estate.snapshots_abroad = part(Arc::new(abroad), "rds:DescribeDBSnapshots", 45);
    estate.network = part(Arc::new(network()), "ec2:DescribeSecurityGroups", 60);
    snapshot
}
