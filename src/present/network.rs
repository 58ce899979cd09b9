//! The network: who may reach whom, which groups say so, where things stand.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::words::count;
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::network::{
    Holds, Network, Opening, Ports, Reach, SecurityGroup, Source, Standing, Subnet,
};
use crate::domain::order::Ordered;

pub(super) const VIEW: View = View {
    id: "network",
    title: "Network",
    doc: "Who may reach whom on which ports, security groups, subnets; what is open to the world",
    group: Group::Safety,
    lines: &["ec2"],
    needs: &["network"],
    make: Make::Facts(make),
};

const MATRIX: &[Head] = &[
    Head::left("from", 20).grow(3),
    Head::left("load balancer", 13).grow(1),
    Head::left("services", 12).grow(1),
    Head::left("database", 10).grow(1),
    Head::left("cache", 8).grow(1),
    Head::left("other", 12).grow(2),
];
const GROUPS: &[Head] = &[
    Head::left("security group", 22).grow(2),
    Head::right("uses", 5),
    Head::left("holds", 13),
    Head::left("world", 10),
    Head::left("lets in", 24).grow(3),
    Head::left("id", 20).drop(1),
];
const SUBNETS: &[Head] = &[
    Head::left("subnet", 22).grow(2),
    Head::left("zone", 11),
    Head::left("range", 16),
    Head::left("kind", 8),
    Head::right("free", 6),
    Head::left("holds", 20).grow(2).drop(1),
];

/// The web's ports: what a load balancer may offer to everybody.
const WEB: [u16; 2] = [80, 443];

/// The columns of the matrix, in the order of the heads.
const COLUMNS: [Holds; 5] = [
    Holds::LoadBalancer,
    Holds::Services,
    Holds::Database,
    Holds::Cache,
    Holds::Other,
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.network;
    let none = "No security group lets anybody in.";
    let mut matrix = Section::of(part, now, "reach", "Who may reach whom", MATRIX, none);
    let none = "No security groups in this region.";
    let mut groups = Section::of(
        part,
        now,
        "security_groups",
        "Security groups",
        GROUPS,
        none,
    );
    let none = "No subnets in this region.";
    let mut subnets = Section::of(part, now, "subnets", "Subnets", SUBNETS, none);
    if let Some(network) = &part.value {
        let standing = network.standing();
        let reaches = standing.reaches();
        reach_rows(network, &standing, &reaches, &mut matrix);
        group_rows(network, &standing, &reaches, &mut matrix, &mut groups);
        let mut held: HashMap<&str, BTreeSet<Holds>> = HashMap::new();
        for i in &network.interfaces {
            held.entry(&i.subnet).or_default().insert(i.holds);
        }
        for s in &network.subnets {
            let held = held.remove(s.id.as_str()).unwrap_or_default();
            subnets.row(&s.id, subnet_cells(s, &held), s);
        }
        let zones = private_zones(network);
        if !network.subnets.is_empty() {
            subnets.note(
                format!("private subnets in {}", count(zones, "zone")),
                Tone::fine(zones >= 2),
            );
        }
    }
    vec![matrix, groups, subnets]
}

fn private_zones(network: &Network) -> usize {
    let private = network.subnets.iter().filter(|s| !s.public);
    let mut zones: Vec<&str> = private.map(|s| s.zone.as_str()).collect();
    zones.sort_unstable();
    zones.dedup();
    zones.len()
}

fn source(standing: &Standing<'_>, source: &Source) -> String {
    match source {
        Source::World => "the world".into(),
        Source::Group(id) => standing.name(id).to_owned(),
        Source::Range(text) | Source::List(text) => text.clone(),
    }
}

/// What a group holds, for the column that it stands in.
fn column(standing: &Standing<'_>, group: &str) -> Holds {
    standing
        .holds(group)
        .first()
        .copied()
        .unwrap_or(Holds::Other)
}

/// Whether an opening lets the world in beyond what a load balancer may.
fn is_wrong(standing: &Standing<'_>, source: &Source, opening: &Opening) -> bool {
    *source == Source::World
        && !(opening.ports.within(&WEB) && column(standing, &opening.group) == Holds::LoadBalancer)
}

fn reach_rows(network: &Network, standing: &Standing<'_>, reaches: &[Reach], matrix: &mut Section) {
    let mut groups: HashMap<Holds, usize> = HashMap::new();
    for g in &network.groups {
        *groups.entry(column(standing, &g.id)).or_default() += 1;
    }
    let is_alone = |holds| groups.get(&holds).is_none_or(|n| *n < 2);
    for reach in reaches {
        // Names of groups may be the same in two VPCs; ids are not.
        let id = match &reach.source {
            Source::World => "world",
            Source::Group(id) | Source::Range(id) | Source::List(id) => id,
        };
        matrix.row(id, reach_cells(standing, reach, &is_alone), reach);
        let open = reach.targets.iter();
        let open = open.filter(|o| is_wrong(standing, &reach.source, o));
        let open: Vec<&Opening> = open.collect();
        if !open.is_empty() {
            matrix.found(open_to_anybody(standing, &open));
        }
    }
}

/// One source: who, and what it reaches in each column. `is_alone`: there is one group at most of a kind, which needs no name.
fn reach_cells(
    standing: &Standing<'_>,
    reach: &Reach,
    is_alone: &dyn Fn(Holds) -> bool,
) -> Vec<Cell> {
    let world = reach.source == Source::World;
    let mut cells = vec![match world {
        true => Cell::new("the world", Tone::Strong),
        false => Cell::name(source(standing, &reach.source)),
    }];
    for holds in COLUMNS {
        let here = reach.targets.iter();
        let here: Vec<&Opening> = here
            .filter(|o| column(standing, &o.group) == holds)
            .collect();
        let words: Vec<String> = here
            .iter()
            .map(|o| match holds == Holds::Other || !is_alone(holds) {
                true => format!("{} {}", o.ports, standing.name(&o.group)),
                false => o.ports.to_string(),
            })
            .collect();
        let wrong = here.iter().any(|o| is_wrong(standing, &reach.source, o));
        let tone = match (wrong, words.is_empty()) {
            (true, _) => Tone::Bad,
            (false, true) => Tone::Muted,
            (false, false) => Tone::Plain,
        };
        let text = if words.is_empty() {
            "·".into()
        } else {
            words.join(", ")
        };
        cells.push(Cell::new(text, tone));
    }
    cells
}

/// What a group opens to the world beyond what a load balancer may.
fn doors(standing: &Standing<'_>, group: &SecurityGroup) -> Vec<String> {
    let balances = standing.holds(&group.id).contains(&Holds::LoadBalancer);
    let open = group.rules.iter().filter(|r| r.peer.is_world());
    let wrong = open.filter(|r| !(balances && r.ports.within(&WEB)));
    let mut ports: Vec<String> = wrong.map(|r| named(&r.ports)).collect();
    ports.dedup();
    ports
}

/// Ports with the word for them: a number alone says nothing.
fn named(ports: &Ports) -> String {
    let text = ports.to_string();
    match text.split_once('-') {
        _ if text.starts_with("all") => format!("{text} ports"),
        Some(_) => format!("ports {text}"),
        None if text.ends_with(|c: char| c.is_ascii_digit()) => format!("port {text}"),
        None => text,
    }
}

/// What anybody may reach that ought not to be open to all.
fn open_to_anybody(standing: &Standing<'_>, open: &[&Opening]) -> Found {
    let mut groups: Vec<&str> = open.iter().map(|o| standing.name(&o.group)).collect();
    groups.dedup();
    if let [group] = groups.as_slice() {
        let ports: Vec<String> = open.iter().map(|o| named(&o.ports)).collect();
        return Found {
            place: Some((*group).to_owned()),
            ..Found::told(format!("anybody may reach its {}", ports.join(", ")))
        };
    }
    let door = |o: &&Opening| format!("{} of {}", named(&o.ports), standing.name(&o.group));
    let doors: Vec<String> = open.iter().map(door).collect();
    Found::told(format!("may reach {}", doors.join(", ")))
}

fn group_rows(
    network: &Network,
    standing: &Standing<'_>,
    reaches: &[Reach],
    matrix: &mut Section,
    groups: &mut Section,
) {
    // Who is let in where, by the group that lets them in.
    let mut lets: HashMap<&str, Vec<String>> = HashMap::new();
    for reach in reaches {
        let who = source(standing, &reach.source);
        for o in &reach.targets {
            let words = format!("{who} to {}", o.ports);
            lets.entry(&o.group).or_default().push(words);
        }
    }
    let rows = network.groups.iter();
    let mut rows: Vec<(&SecurityGroup, Vec<String>)> =
        rows.map(|g| (g, doors(standing, g))).collect();
    let open = rows.iter().filter(|(_, doors)| !doors.is_empty()).count();
    if open > 0 {
        let words = format!(
            "{} open to the world beyond a load balancer's 80 and 443",
            count(open, "group")
        );
        matrix.note(words, Tone::Bad);
    }
    rows.order_by_key(|(g, doors)| {
        let idle = standing.holds(&g.id).is_empty();
        (doors.is_empty(), idle, &g.name)
    });
    for (g, doors) in rows {
        let lets = lets.get(g.id.as_str()).map_or(&[][..], Vec::as_slice);
        groups.row(&g.id, group_cells(standing, g, &doors, lets), g);
        if !doors.is_empty() {
            groups.found(Found::told(format!(
                "lets the world in on {}",
                doors.join(", ")
            )));
        }
    }
}

fn group_cells(
    standing: &Standing<'_>,
    group: &SecurityGroup,
    doors: &[String],
    lets: &[String],
) -> Vec<Cell> {
    let uses = standing.behind(&group.id).len();
    let holds = standing.holds(&group.id).iter();
    let holds: Vec<&str> = holds.map(|h| h.word()).collect();
    let world = match doors {
        [] if group.rules.iter().any(|r| r.peer.is_world()) => Cell::plain("web"),
        [] => Cell::muted("no"),
        some => Cell::new(some.join(", "), Tone::Bad),
    };
    vec![
        Cell::name(&group.name),
        Cell::plain(uses.to_string()),
        Cell::plain(holds.join(", ")),
        world,
        Cell::plain(if lets.is_empty() {
            "nobody".into()
        } else {
            lets.join("; ")
        }),
        Cell::muted(&group.id),
    ]
}

fn subnet_cells(subnet: &Subnet, holds: &BTreeSet<Holds>) -> Vec<Cell> {
    let exposed = subnet.public
        && holds
            .iter()
            .any(|h| matches!(h, Holds::Database | Holds::Cache));
    let words: Vec<&str> = holds.iter().map(|h| h.word()).collect();
    let name = if subnet.name.is_empty() {
        &subnet.id
    } else {
        &subnet.name
    };
    let tone = if exposed { Tone::Bad } else { Tone::Plain };
    vec![
        Cell::name(name),
        Cell::plain(&subnet.zone),
        Cell::plain(&subnet.cidr),
        Cell::new(if subnet.public { "public" } else { "private" }, tone),
        Cell::new(subnet.free.to_string(), Tone::fine(subnet.free >= 16)),
        Cell::plain(words.join(", ")),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::network::{Interface, Peer, Ports, Rule};
    use crate::domain::part::Part;

    #[test]
    fn a_door_that_is_open_to_the_world_is_told_in_a_phrase() {
        let group = SecurityGroup {
            id: "sg-1".into(),
            name: "bastion".into(),
            vpc: "vpc-1".into(),
            about: String::new(),
            rules: vec![Rule {
                ports: Ports {
                    protocol: "tcp".into(),
                    range: Some((22, 22)),
                },
                peer: Peer::Range("0.0.0.0/0".into()),
                about: String::new(),
            }],
        };
        let network = Network {
            groups: vec![group],
            ..Network::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let mut facts = Facts::default();
        let part = Part::answered(Arc::new(network), now, "ec2:x", Duration::from_secs(60));
        facts.estate.network = part;
        let sections = make(&facts, now);
        let said = |section: &Section| {
            let found = section.rows.first().and_then(|r| r.found.clone());
            found.and_then(|f| f.what).unwrap_or_default()
        };
        assert_eq!(said(&sections[0]), "anybody may reach its port 22");
        assert_eq!(said(&sections[1]), "lets the world in on port 22");
    }

    /// A group of its own for each of some thousand services, and their interfaces: held each against each, that is minutes.
    #[test]
    fn a_big_account_is_made_in_a_moment() {
        let tcp = |port| Ports {
            protocol: "tcp".into(),
            range: Some((port, port)),
        };
        let rule = |port, peer| Rule {
            ports: tcp(port),
            peer,
            about: String::new(),
        };
        let group = |n: usize| SecurityGroup {
            id: format!("sg-{n:04}"),
            name: format!("service-{n}"),
            vpc: "vpc-1".into(),
            about: String::new(),
            rules: vec![
                rule(80, Peer::Group(format!("sg-{:04}", (n + 1) % 2_500))),
                rule(22, Peer::Range("0.0.0.0/0".into())),
            ],
        };
        let interface = |n: usize| Interface {
            id: format!("eni-{n}"),
            vpc: "vpc-1".into(),
            subnet: format!("subnet-{}", n % 6),
            groups: vec![format!("sg-{:04}", n % 2_500)],
            holds: Holds::Services,
            about: String::new(),
            address: String::new(),
            public_address: None,
        };
        let network = Network {
            groups: (0..2_500).map(group).collect(),
            interfaces: (0..8_000).map(interface).collect(),
            ..Network::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let mut facts = Facts::default();
        let part = Part::answered(Arc::new(network), now, "ec2:x", Duration::from_secs(60));
        facts.estate.network = part;
        let begun = std::time::Instant::now();
        let sections = make(&facts, now);
        // It takes a few tenths of a second; others may want the processor, too.
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert_eq!(
            (sections[0].rows.len(), sections[1].rows.len()),
            (2_501, 2_500)
        );
        let cell = |n: usize| sections[1].rows[0].cells[n].text.as_str();
        assert_eq!((cell(1), cell(2)), ("4", "services"));
        assert_eq!(cell(4), "the world to 22; service-1 to 80");
    }
}
