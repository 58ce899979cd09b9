//! Security groups and their rules. Most of them are as they ought to be; the bastion's lets the world in.

use super::{Thing, items, named};
use crate::wire::{ApiError, Node, map};
use crate::world::names;
use crate::world::network::{
    BALANCER, BASTION, CACHE, DATABASE, DEFAULT, SERVICES, STAGING, VPC, VPC_CIDR,
};

/// Who a rule lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Peer {
    V4(String),
    V6(String),
    Group(String),
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    group: String,
    egress: bool,
    /// `tcp`, `udp`, `icmp`, or `-1` for all, which has no ports.
    protocol: String,
    ports: Option<(i64, i64)>,
    peer: Peer,
    about: String,
}

/// Every group's rules.
#[derive(Debug, Default)]
pub struct Groups {
    told: bool,
    /// With the number that makes the rule's id.
    rules: Vec<(u64, Rule)>,
    next: u64,
}

const GROUPS: [(&str, &str, &str); 7] = [
    (BALANCER, "laser-prod-alb", "Load balancer of production"),
    (SERVICES, "laser-prod-services", "Services of production"),
    (DATABASE, "laser-prod-database", "PostgreSQL of production"),
    (CACHE, "laser-prod-cache", "Redis of production"),
    (BASTION, "laser-prod-bastion", "Way in for people"),
    (STAGING, "laser-staging-services", "Services of staging"),
    (DEFAULT, "default", "default VPC security group"),
];

/// The name of a group.
pub(super) fn name(id: &str) -> &'static str {
    GROUPS.iter().find(|g| g.0 == id).map_or("", |g| g.1)
}

impl Groups {
    pub(super) fn new(told: bool) -> Self {
        let mut groups = Self {
            told,
            ..Self::default()
        };
        if told {
            groups.tell();
        }
        groups
    }

    fn tell(&mut self) {
        let tcp = |group: &str, from: i64, to: i64, peer: Peer, about: &str| Rule {
            group: group.into(),
            egress: false,
            protocol: "tcp".into(),
            ports: Some((from, to)),
            peer,
            about: about.into(),
        };
        let world = || Peer::V4("0.0.0.0/0".into());
        let six = || Peer::V6("::/0".into());
        let of = |group: &str| Peer::Group(group.into());
        for port in [80, 443] {
            self.add(tcp(BALANCER, port, port, world(), "The public"));
            self.add(tcp(BALANCER, port, port, six(), "The public"));
        }
        self.add(tcp(
            SERVICES,
            8_080,
            8_084,
            of(BALANCER),
            "From the load balancer",
        ));
        self.add(tcp(DATABASE, 5_432, 5_432, of(SERVICES), "Services"));
        self.add(tcp(
            DATABASE,
            5_432,
            5_432,
            of(BASTION),
            "People, by tunnel",
        ));
        self.add(tcp(CACHE, 6_379, 6_379, of(SERVICES), "Services"));
        self.add(tcp(
            BASTION,
            22,
            22,
            world(),
            "temporary, remove after migration",
        ));
        self.add(tcp(
            STAGING,
            8_080,
            8_080,
            Peer::V4(VPC_CIDR.into()),
            "Inside",
        ));
        for (group, _, _) in GROUPS {
            let all = |egress, peer| Rule {
                group: group.into(),
                egress,
                protocol: "-1".into(),
                ports: None,
                peer,
                about: String::new(),
            };
            self.add(all(true, world()));
            if group == DEFAULT {
                self.add(all(false, of(DEFAULT)));
            }
        }
    }

    fn add(&mut self, rule: Rule) -> u64 {
        self.next += 1;
        self.rules.push((self.next, rule));
        self.next
    }

    pub(super) fn describe(&self) -> Vec<Thing> {
        let groups = if self.told { &GROUPS[..] } else { &[] };
        groups
            .iter()
            .map(|(id, name, about)| {
                let shown = map([
                    ("groupId", Node::from(*id)),
                    ("groupName", (*name).into()),
                    ("groupDescription", (*about).into()),
                    ("ownerId", names::ACCOUNT.into()),
                    ("vpcId", VPC.into()),
                    ("ipPermissions", self.permissions(id, false)),
                    ("ipPermissionsEgress", self.permissions(id, true)),
                    ("tagSet", named(name)),
                ]);
                Thing::new(*id, shown)
                    .fact("group-id", *id)
                    .fact("group-name", *name)
                    .fact("description", *about)
                    .fact("tag:Name", *name)
            })
            .collect()
    }

    /// Rules of one direction, those of the same ports together, as the vendor shows them.
    fn permissions(&self, group: &str, egress: bool) -> Node {
        let mine = |r: &&Rule| r.group == group && r.egress == egress;
        let mine: Vec<&Rule> = self.rules.iter().map(|(_, r)| r).filter(mine).collect();
        let mut kinds: Vec<(&str, Option<(i64, i64)>)> = Vec::new();
        for r in &mine {
            if !kinds.contains(&(r.protocol.as_str(), r.ports)) {
                kinds.push((r.protocol.as_str(), r.ports));
            }
        }
        items(kinds.into_iter().map(|(protocol, ports)| {
            let these: Vec<&&Rule> = mine
                .iter()
                .filter(|r| r.protocol == protocol && r.ports == ports)
                .collect();
            let of = |pick: fn(&Peer) -> Option<Node>| {
                items(these.iter().filter_map(|r| {
                    let about = Some(r.about.clone()).filter(|a| !a.is_empty());
                    Some(pick(&r.peer)?.with("description", about))
                }))
            };
            map([
                ("ipProtocol", Node::from(protocol)),
                ("fromPort", ports.map(|p| p.0).into()),
                ("toPort", ports.map(|p| p.1).into()),
                (
                    "groups",
                    of(|p| match p {
                        Peer::Group(g) => Some(map([
                            ("userId", Node::from(names::ACCOUNT)),
                            ("groupId", g.into()),
                        ])),
                        _ => None,
                    }),
                ),
                (
                    "ipRanges",
                    of(|p| match p {
                        Peer::V4(c) => Some(map([("cidrIp", Node::from(c))])),
                        _ => None,
                    }),
                ),
                (
                    "ipv6Ranges",
                    of(|p| match p {
                        Peer::V6(c) => Some(map([("cidrIpv6", Node::from(c))])),
                        _ => None,
                    }),
                ),
                ("prefixListIds", items::<Node>([])),
            ])
        }))
    }

    pub(super) fn rules(&self) -> Vec<Thing> {
        self.rules.iter().map(|(n, r)| show(*n, r)).collect()
    }

    pub(super) fn authorize(&mut self, input: &Node) -> Result<Node, ApiError> {
        let wanted = read(input)?;
        if let Some(twice) = wanted.iter().find(|r| self.position(r).is_some()) {
            let why = format!(
                "the specified rule \"peer: {}, {}, from port: {}, to port: {}, ALLOW\" already exists",
                peer(&twice.peer),
                twice.protocol,
                twice.ports.map_or(-1, |p| p.0),
                twice.ports.map_or(-1, |p| p.1),
            );
            return Err(ApiError::new("InvalidPermission.Duplicate", why));
        }
        let mut shown = Vec::new();
        for rule in wanted {
            let n = self.add(rule.clone());
            shown.push(show(n, &rule).shown);
        }
        Ok(map([
            ("return", true.into()),
            ("securityGroupRuleSet", items(shown)),
        ]))
    }

    pub(super) fn revoke(&mut self, input: &Node) -> Result<Node, ApiError> {
        for rule in read(input)? {
            let at = self.position(&rule).ok_or_else(|| {
                let why = "The specified rule does not exist in this security group.";
                ApiError::new("InvalidPermission.NotFound", why)
            })?;
            self.rules.remove(at);
        }
        Ok(map([("return", true.into())]))
    }

    /// Where a rule is, whatever it says about itself.
    fn position(&self, wanted: &Rule) -> Option<usize> {
        self.rules.iter().position(|(_, r)| {
            Rule {
                about: String::new(),
                ..r.clone()
            } == Rule {
                about: String::new(),
                ..wanted.clone()
            }
        })
    }
}

fn peer(peer: &Peer) -> &str {
    match peer {
        Peer::V4(text) | Peer::V6(text) | Peer::Group(text) => text,
    }
}

fn show(n: u64, r: &Rule) -> Thing {
    let id = format!("sgr-0{n:016x}");
    let only = |pick: bool| pick.then(|| peer(&r.peer).to_owned());
    let group = only(matches!(r.peer, Peer::Group(_))).map(|g| {
        map([
            ("groupId", Node::from(g)),
            ("userId", names::ACCOUNT.into()),
        ])
    });
    let shown = map([
        ("securityGroupRuleId", Node::from(&id)),
        ("groupId", (&r.group).into()),
        ("groupOwnerId", names::ACCOUNT.into()),
        ("isEgress", r.egress.into()),
        ("ipProtocol", (&r.protocol).into()),
        ("fromPort", r.ports.map_or(-1, |p| p.0).into()),
        ("toPort", r.ports.map_or(-1, |p| p.1).into()),
        ("cidrIpv4", only(matches!(r.peer, Peer::V4(_))).into()),
        ("cidrIpv6", only(matches!(r.peer, Peer::V6(_))).into()),
        ("referencedGroupInfo", group.into()),
        (
            "description",
            Some(r.about.clone()).filter(|a| !a.is_empty()).into(),
        ),
        ("tagSet", items::<Node>([])),
    ]);
    Thing::new(id, shown)
        .fact("group-id", &r.group)
        .fact("is-egress", r.egress.to_string())
}

/// The rules that a change names, each with one peer.
fn read(input: &Node) -> Result<Vec<Rule>, ApiError> {
    let group = input.get("GroupId").as_text().unwrap_or_default();
    if name(group).is_empty() {
        let why = format!("The security group '{group}' does not exist");
        return Err(ApiError::new("InvalidGroup.NotFound", why));
    }
    let short = [input.clone()];
    let permissions = match input.get("IpPermissions").as_list() {
        [] => &short,
        some => some,
    };
    let mut all = Vec::new();
    for p in permissions {
        let protocol = p.get("IpProtocol").as_text().unwrap_or("-1").to_owned();
        let ports = p.get("FromPort").as_i64().zip(p.get("ToPort").as_i64());
        let ports = ports.filter(|_| protocol != "-1");
        if protocol != "-1" && ports.is_none() {
            let why = "Invalid value 'null' for portRange. Must specify both from and to ports.";
            return Err(ApiError::new("InvalidParameterValue", why));
        }
        let mut rule = |peer: Peer, about: &Node| {
            all.push(Rule {
                group: group.to_owned(),
                egress: false,
                protocol: protocol.clone(),
                ports,
                peer,
                about: about.as_str().unwrap_or_default().to_owned(),
            });
        };
        let word = |n: &Node, key: &str| n.get(key).as_text().map(str::to_owned);
        if let Some(range) = word(p, "CidrIp") {
            rule(Peer::V4(range), &Node::Null);
        }
        for r in p.get("IpRanges").as_list() {
            word(r, "CidrIp")
                .into_iter()
                .for_each(|c| rule(Peer::V4(c), r.get("Description")));
        }
        for r in p.get("Ipv6Ranges").as_list() {
            word(r, "CidrIpv6")
                .into_iter()
                .for_each(|c| rule(Peer::V6(c), r.get("Description")));
        }
        for r in p.get("Groups").as_list() {
            word(r, "GroupId")
                .into_iter()
                .for_each(|g| rule(Peer::Group(g), r.get("Description")));
        }
    }
    if all.is_empty() {
        let why = "The request must contain the parameter ipPermissions";
        return Err(ApiError::new("MissingParameter", why));
    }
    Ok(all)
}
