//! The network of the account, and who may reach whom in it, after the Amazon VPC user guide ("Control traffic to your AWS
//! resources using security groups"). Security groups alone are looked at: a network ACL may forbid what they allow.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::domain::order::Ordered;

/// A virtual network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vpc {
    /// Id.
    pub id: String,
    /// Its `Name` tag.
    pub name: String,
    /// Range.
    pub cidr: String,
    /// Whether it is the one that every region comes with.
    pub is_default: bool,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subnet {
    /// Id.
    pub id: String,
    /// Its `Name` tag.
    pub name: String,
    /// VPC.
    pub vpc: String,
    /// Zone.
    pub zone: String,
    /// Range.
    pub cidr: String,
    /// Whether its routes lead to an internet gateway.
    pub public: bool,
    /// Addresses that are free.
    pub free: u32,
}

/// What stands at an interface, or behind a security group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// A load balancer.
    LoadBalancer,
    /// Tasks of services.
    Services,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// Anything else: instances, functions, endpoints.
    Other,
}

impl Holds {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::LoadBalancer => "load balancer",
            Self::Services => "services",
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Other => "other",
        }
    }
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Id.
    pub id: String,
    /// VPC.
    pub vpc: String,
    /// Subnet.
    pub subnet: String,
    /// Ids of its security groups.
    pub groups: Vec<String>,
    /// What it belongs to.
    pub holds: Holds,
    /// The vendor's description.
    pub about: String,
    /// Address inside.
    pub address: String,
    /// Address that the world sees.
    pub public_address: Option<String>,
}

/// Ports of a protocol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ports {
    /// `tcp`, `udp`, `icmp` ..., or `all`.
    pub protocol: String,
    /// First and last; `None`: all of them, or a protocol without ports.
    pub range: Option<(u16, u16)>,
}

impl Ports {
    /// Whether these are none but some of the allowed ones.
    pub fn within(&self, allowed: &[u16]) -> bool {
        let one = self.range.filter(|(from, to)| from == to);
        self.protocol == "tcp" && one.is_some_and(|(port, _)| allowed.contains(&port))
    }
}

impl std::fmt::Display for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.protocol.as_str(), self.range) {
            ("all", _) => f.write_str("all"),
            ("tcp", None | Some((0, u16::MAX))) => f.write_str("all tcp"),
            (p, None) => f.write_str(p),
            ("tcp", Some((a, b))) if a == b => write!(f, "{a}"),
            ("tcp", Some((a, b))) => write!(f, "{a}-{b}"),
            (p, Some((a, b))) if a == b => write!(f, "{p} {a}"),
            (p, Some((a, b))) => write!(f, "{p} {a}-{b}"),
        }
    }
}

/// Who a rule lets in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// A range of addresses.
    Range(String),
    /// A security group, by id.
    Group(String),
    /// A prefix list, by id.
    List(String),
}

impl Peer {
    /// Whether it is the whole internet, or so much of it that it makes no difference: `0.0.0.0/0`, `::/0`, and halves of them
    /// that add up to it.
    pub fn is_world(&self) -> bool {
        let Self::Range(range) = self else {
            return false;
        };
        let Some((base, bits)) = range.split_once('/') else {
            return false;
        };
        let Ok(bits) = bits.parse::<u8>() else {
            return false;
        };
        // 10.0.0.0/8 is the largest private range (RFC 1918); fc00::/7 (RFC 4193) is one, too.
        match base.contains(':') {
            true => bits < 16 && !base.starts_with("fc") && !base.starts_with("fd"),
            false => bits < 8,
        }
    }
}

/// A rule that lets somebody in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// To which ports.
    pub ports: Ports,
    /// Whom.
    pub peer: Peer,
    /// The team's words.
    pub about: String,
}

/// A security group with its inbound rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecurityGroup {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// VPC.
    pub vpc: String,
    /// The team's words.
    pub about: String,
    /// Who may come in.
    pub rules: Vec<Rule>,
}

/// The network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Network {
    /// VPCs.
    pub vpcs: Vec<Vpc>,
    /// Subnets, by zone within a VPC.
    pub subnets: Vec<Subnet>,
    /// Security groups, by name.
    pub groups: Vec<SecurityGroup>,
    /// Interfaces.
    pub interfaces: Vec<Interface>,
    /// Groups of load balancers, as those say themselves.
    pub balancers: Vec<String>,
}

/// A source of traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Anybody.
    World,
    /// What stands behind a security group, by its id.
    Group(String),
    /// A range of addresses.
    Range(String),
    /// A prefix list.
    List(String),
}

/// A way in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opening {
    /// To what stands behind this group, by its id.
    pub group: String,
    /// On these ports.
    pub ports: Ports,
}

/// Who may reach whom: one row a source, and what it reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// Who.
    pub source: Source,
    /// What.
    pub targets: Vec<Opening>,
}

impl Network {
    /// Whether anything of a VPC is in use.
    pub fn is_used(&self, vpc: &str) -> bool {
        self.interfaces.iter().any(|i| i.vpc == vpc)
    }

    /// What stands behind its groups, found in one look at all of it.
    pub fn standing(&self) -> Standing<'_> {
        let mut groups: HashMap<&str, Behind<'_>> = HashMap::new();
        for group in &self.groups {
            let known = groups.entry(&group.id).or_default();
            known.name = known.name.or(Some(&group.name));
        }
        for interface in &self.interfaces {
            for id in &interface.groups {
                let known = groups.entry(id).or_default();
                // One that names a group twice stands behind it once.
                let last = known.interfaces.last();
                if last.is_none_or(|i| !std::ptr::eq(*i, interface)) {
                    known.interfaces.push(interface);
                    known.holds.push(interface.holds);
                }
            }
        }
        for id in &self.balancers {
            let known = groups.entry(id).or_default();
            known.holds.push(Holds::LoadBalancer);
        }
        for known in groups.values_mut() {
            known.holds.sort_unstable();
            known.holds.dedup();
        }
        Standing {
            network: self,
            groups,
        }
    }
}

/// What stands behind one group.
#[derive(Debug, Default)]
struct Behind<'a> {
    name: Option<&'a str>,
    interfaces: Vec<&'a Interface>,
    holds: Vec<Holds>,
}

/// What stands behind each group of a network. It is made once for a look at all of them: an account has thousands of groups and
/// thousands of interfaces, and each held against each takes minutes.
#[derive(Debug)]
pub struct Standing<'a> {
    network: &'a Network,
    groups: HashMap<&'a str, Behind<'a>>,
}

impl<'a> Standing<'a> {
    /// What a group holds, most telling first; nothing where it is not in use.
    pub fn holds(&self, group: &str) -> &[Holds] {
        self.groups.get(group).map_or(&[], |g| &g.holds)
    }

    /// Interfaces behind a group.
    pub fn behind(&self, group: &str) -> &[&'a Interface] {
        self.groups.get(group).map_or(&[], |g| &g.interfaces)
    }

    /// A group's name; its id where it is unknown.
    pub fn name<'b>(&'b self, id: &'b str) -> &'b str {
        self.groups.get(id).and_then(|g| g.name).unwrap_or(id)
    }

    /// Who may reach whom: the world first, then groups, then ranges.
    pub fn reaches(&self) -> Vec<Reach> {
        let mut rows: Vec<Reach> = Vec::new();
        let mut places: HashMap<Source, usize> = HashMap::new();
        let mut seen: HashSet<(usize, &str, &Ports)> = HashSet::new();
        for group in &self.network.groups {
            for rule in &group.rules {
                let source = match &rule.peer {
                    peer if peer.is_world() => Source::World,
                    Peer::Group(id) => Source::Group(id.clone()),
                    Peer::Range(range) => Source::Range(range.clone()),
                    Peer::List(id) => Source::List(id.clone()),
                };
                let place = *places.entry(source).or_insert_with_key(|source| {
                    rows.push(Reach {
                        source: source.clone(),
                        targets: Vec::new(),
                    });
                    rows.len() - 1
                });
                if let Some(row) = rows.get_mut(place)
                    && seen.insert((place, &group.id, &rule.ports))
                {
                    row.targets.push(Opening {
                        group: group.id.clone(),
                        ports: rule.ports.clone(),
                    });
                }
            }
        }
        rows.order_by_key(|r| {
            let holds = match &r.source {
                Source::Group(id) => self.holds(id).first().copied(),
                _ => None,
            };
            let rank = match &r.source {
                Source::World => 0,
                Source::Group(_) => 1,
                _ => 2,
            };
            (rank, holds.is_none(), holds, r.source.clone())
        });
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Peer {
        Peer::Range(text.into())
    }

    #[test]
    fn halves_of_the_internet_are_the_world_but_private_ranges_are_not() {
        for world in ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "2000::/3"] {
            assert!(range(world).is_world(), "{world}");
        }
        for inside in [
            "10.0.0.0/8",
            "10.0.0.0/16",
            "fc00::/7",
            "198.51.100.0/24",
            "nonsense",
            "x/y",
        ] {
            assert!(!range(inside).is_world(), "{inside}");
        }
        assert!(!Peer::Group("sg-1".into()).is_world());
    }

    #[test]
    fn only_single_allowed_ports_are_within() {
        let ports = |protocol: &str, range| Ports {
            protocol: protocol.into(),
            range,
        };
        let web = [80, 443];
        assert!(ports("tcp", Some((443, 443))).within(&web));
        for open in [
            ports("tcp", Some((80, 443))),
            ports("udp", Some((443, 443))),
            ports("tcp", None),
            ports("all", None),
        ] {
            assert!(!open.within(&web), "{open}");
        }
        assert_eq!(ports("all", None).to_string(), "all");
        assert_eq!(ports("udp", Some((53, 53))).to_string(), "udp 53");
        assert_eq!(ports("tcp", Some((8_080, 8_084))).to_string(), "8080-8084");
    }

    #[test]
    fn the_world_stands_first_and_each_pair_once() {
        let tcp = |port| Ports {
            protocol: "tcp".into(),
            range: Some((port, port)),
        };
        let rule = |port, peer| Rule {
            ports: tcp(port),
            peer,
            about: String::new(),
        };
        let group = |id: &str, rules| SecurityGroup {
            id: id.into(),
            name: id.into(),
            vpc: "v".into(),
            about: String::new(),
            rules,
        };
        let network = Network {
            groups: vec![
                group("db", vec![rule(5_432, Peer::Group("app".into()))]),
                group(
                    "lb",
                    vec![rule(443, range("0.0.0.0/0")), rule(443, range("::/0"))],
                ),
            ],
            ..Network::default()
        };
        let rows = network.standing().reaches();
        assert_eq!(rows[0].source, Source::World);
        assert_eq!(
            rows[0].targets,
            [Opening {
                group: "lb".into(),
                ports: tcp(443)
            }]
        );
        assert_eq!(rows[1].source, Source::Group("app".into()));
    }
}
