//! Where things stand in the network: ids that every system must name alike.

/// A subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Id.
    pub id: &'static str,
    /// Its `Name` tag.
    pub name: &'static str,
    /// Letter of its zone.
    pub zone: char,
    /// Range.
    pub cidr: &'static str,
    /// Which of the three layers.
    pub layer: Layer,
}

/// What a subnet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Reachable from the internet: load balancer, bastion.
    Public,
    /// Services: out through NAT, not in.
    Services,
    /// Database and cache: neither out nor in.
    Data,
}

/// The platform's network.
pub const VPC: &str = "vpc-0c1a5e2f8d4b6a001";
/// Its range.
pub const VPC_CIDR: &str = "10.0.0.0/16";

/// The load balancer's security group.
pub const BALANCER: &str = "sg-0a1b000000000a1b0";
/// That of production's services.
pub const SERVICES: &str = "sg-05e2000000005e200";
/// The database's.
pub const DATABASE: &str = "sg-0db000000000db001";
/// The cache's.
pub const CACHE: &str = "sg-0cac4e0000000cac4";
/// The bastion's: open to the world, a finding.
pub const BASTION: &str = "sg-0ba571000000ba571";
/// That of staging's services.
pub const STAGING: &str = "sg-057a600000000057a";
/// The one that comes with the network.
pub const DEFAULT: &str = "sg-0def00000000def00";

const fn subnet(
    id: &'static str,
    name: &'static str,
    zone: char,
    cidr: &'static str,
    layer: Layer,
) -> Subnet {
    Subnet {
        id,
        name,
        zone,
        cidr,
        layer,
    }
}

/// Every subnet. Services' tasks get their addresses from those of their layer.
#[rustfmt::skip]
pub const SUBNETS: [Subnet; 9] = [
    subnet("subnet-0a00000000000a001", "laser-prod-public-a", 'a', "10.0.0.0/24", Layer::Public),
    subnet("subnet-0a00000000000b001", "laser-prod-public-b", 'b', "10.0.1.0/24", Layer::Public),
    subnet("subnet-0a00000000000c001", "laser-prod-public-c", 'c', "10.0.2.0/24", Layer::Public),
    subnet("subnet-0b00000000000a010", "laser-prod-services-a", 'a', "10.0.10.0/24", Layer::Services),
    subnet("subnet-0b00000000000b010", "laser-prod-services-b", 'b', "10.0.11.0/24", Layer::Services),
    subnet("subnet-0b00000000000c010", "laser-prod-services-c", 'c', "10.0.12.0/24", Layer::Services),
    subnet("subnet-0c00000000000a020", "laser-prod-data-a", 'a', "10.0.20.0/24", Layer::Data),
    subnet("subnet-0c00000000000b020", "laser-prod-data-b", 'b', "10.0.21.0/24", Layer::Data),
    subnet("subnet-0c00000000000c020", "laser-prod-data-c", 'c', "10.0.22.0/24", Layer::Data),
];

/// Subnets of a layer, in the order of their zones.
pub fn layer(layer: Layer) -> impl Iterator<Item = &'static Subnet> {
    SUBNETS.iter().filter(move |s| s.layer == layer)
}

/// The subnet of a layer in a zone; the first where there is none.
pub fn in_zone(wanted: Layer, zone: char) -> Subnet {
    let found = layer(wanted).find(|s| s.zone == zone);
    found.copied().unwrap_or(SUBNETS[0])
}
