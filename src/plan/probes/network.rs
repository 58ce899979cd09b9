//! The network: what is open to the world, what stands apart, who is let in.

use super::judgement::{Findings, Judgement, Verdict, list};
use super::look::Look;
use super::{Probe, number, words};
use crate::domain::network::{Holds, Interface, Network, Peer, Standing};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "ec2.open-ports",
        question: "is nothing open to the world but the load balancer, on the allowed ports?",
        params: &[words("allow", "80,443")],
        judge: open_ports,
    },
    Probe {
        name: "ec2.vpc",
        question: "are there private subnets in enough zones, and do databases and caches stand in them without a public address?",
        params: &[number("zones", "2")],
        judge: vpc,
    },
    Probe {
        name: "ec2.security-groups",
        question: "does every group in use let in only those that it must: no port for all, databases and caches only from groups?",
        params: &[],
        judge: groups,
    },
];

fn open_ports(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.network, "the network")?;
    let network: &Network = seen.value;
    let allowed: Vec<u16> = look.words("allow").filter_map(|w| w.parse().ok()).collect();
    let mut found = Findings::new("security group", look.question(seen.source), seen.at);
    let standing = network.standing();
    for group in &network.groups {
        let balances = standing.holds(&group.id).contains(&Holds::LoadBalancer);
        // What a group opens, it opens for all that carries it.
        let beside = standing.behind(&group.id).iter();
        let beside = beside.filter(|i| i.holds != Holds::LoadBalancer);
        let beside: Vec<String> = beside
            .map(|i| format!("{} {}", i.holds.word(), i.address))
            .collect();
        let alone = balances && beside.is_empty();
        let open: Vec<_> = group.rules.iter().filter(|r| r.peer.is_world()).collect();
        let wrong = open.iter().filter(|r| !(alone && r.ports.within(&allowed)));
        let mut wrong: Vec<String> = wrong.map(|r| r.ports.to_string()).collect();
        wrong.sort_unstable();
        wrong.dedup();
        match (wrong.as_slice(), open.is_empty()) {
            ([], true) => found.good(&group.name, ""),
            ([], false) => found.good(&group.name, "(load balancer)"),
            (ports, _) => {
                let mut how = used(standing.behind(&group.id));
                if balances && !alone {
                    let others = list(&beside, 3);
                    how.push_str(&format!("; a load balancer shares it with {others}"));
                }
                let ports = ports.join(", ");
                found.bad(&group.name, format!("open to the world on {ports} ({how})"));
            }
        }
    }
    Ok(found.verdict())
}

fn used(behind: &[&Interface]) -> String {
    let public = behind.iter().filter(|i| i.public_address.is_some()).count();
    match (behind.len(), public) {
        (0, _) => "not in use".into(),
        (n, 0) => format!("{n} behind it, none with a public address"),
        (n, p) => format!("{n} behind it, {p} with a public address"),
    }
}

fn vpc(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.network, "the network")?;
    let network: &Network = seen.value;
    let least = look.number("zones");
    let mut found = Findings::new("VPC", look.question(seen.source), seen.at);
    for vpc in &network.vpcs {
        // The default VPC that nobody uses is no part of the platform.
        if vpc.is_default && !network.is_used(&vpc.id) {
            continue;
        }
        let name = if vpc.name.is_empty() {
            &vpc.id
        } else {
            &vpc.name
        };
        let private = network
            .subnets
            .iter()
            .filter(|s| s.vpc == vpc.id && !s.public);
        let mut zones: Vec<&str> = private.map(|s| s.zone.as_str()).collect();
        zones.sort_unstable();
        zones.dedup();
        let stores = network.interfaces.iter().filter(|i| i.vpc == vpc.id);
        let exposed: Vec<String> = stores
            .filter(|i| matches!(i.holds, Holds::Database | Holds::Cache))
            .filter(|i| i.public_address.is_some() || is_public(network, &i.subnet))
            .map(|i| {
                format!(
                    "{} in public subnet or with public address ({})",
                    i.holds.word(),
                    i.address
                )
            })
            .collect();
        if !exposed.is_empty() {
            found.bad(name, exposed.join(", "));
        } else if (zones.len() as f64) < least {
            let zones = if zones.is_empty() {
                "no zone".into()
            } else {
                zones.join(", ")
            };
            found.bad(name, format!("private subnets in {zones}"));
        } else {
            found.good(name, &format!("private subnets in {}", zones.join(", ")));
        }
    }
    Ok(found.verdict())
}

fn is_public(network: &Network, subnet: &str) -> bool {
    network.subnets.iter().any(|s| s.id == subnet && s.public)
}

fn groups(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.network, "the network")?;
    let network: &Network = seen.value;
    let mut found = Findings::new("security group", look.question(seen.source), seen.at);
    let standing = network.standing();
    for group in &network.groups {
        let holds = standing.holds(&group.id);
        if holds.is_empty() {
            continue;
        }
        let store = holds
            .iter()
            .any(|h| matches!(h, Holds::Database | Holds::Cache));
        let mut wrong: Vec<String> = Vec::new();
        for rule in &group.rules {
            let itself = rule.peer == Peer::Group(group.id.clone());
            let all = rule.ports.range.is_none()
                && matches!(rule.ports.protocol.as_str(), "all" | "tcp" | "udp");
            match &rule.peer {
                Peer::Range(range) if store => {
                    wrong.push(format!("{} from addresses {range}", rule.ports))
                }
                peer if all && !itself => {
                    wrong.push(format!("all ports from {}", whom(&standing, peer)))
                }
                _ => {}
            }
        }
        if group.name == "default" {
            wrong.push("the default group is in use".into());
        }
        match wrong.as_slice() {
            [] => found.good(&group.name, ""),
            some => found.bad(&group.name, some.join(", ")),
        }
    }
    let verdict = found.verdict();
    if verdict.evidence.is_empty() {
        return Err(Judgement::unknown(
            "no security group is known to be in use",
        ));
    }
    Ok(verdict)
}

fn whom<'a>(standing: &'a Standing<'_>, peer: &'a Peer) -> &'a str {
    match peer {
        Peer::Group(id) => standing.name(id),
        Peer::Range(text) | Peer::List(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::network::{Ports, Rule, SecurityGroup};
    use crate::plan::checklist::CriterionState::{Failing, Proved};
    use crate::plan::probes::testing::{self, judged};

    fn open_443(held: &[Holds]) -> Judgement {
        let interface = |(n, holds): (usize, &Holds)| Interface {
            id: format!("eni-{n}"),
            vpc: "vpc".into(),
            subnet: "subnet".into(),
            groups: vec!["sg-1".into()],
            holds: *holds,
            about: String::new(),
            address: format!("10.0.0.{n}"),
            public_address: None,
        };
        let group = SecurityGroup {
            id: "sg-1".into(),
            name: "web".into(),
            vpc: "vpc".into(),
            about: String::new(),
            rules: vec![Rule {
                ports: Ports {
                    protocol: "tcp".into(),
                    range: Some((443, 443)),
                },
                peer: Peer::Range("0.0.0.0/0".into()),
                about: String::new(),
            }],
        };
        let network = Network {
            groups: vec![group],
            interfaces: held.iter().enumerate().map(interface).collect(),
            // As the load balancer says itself.
            balancers: vec!["sg-1".into()],
            ..Network::default()
        };
        let mut facts = Facts::default();
        facts.estate.network = testing::part(Arc::new(network));
        judged("ec2.open-ports", &facts)
    }

    #[test]
    fn a_group_that_a_load_balancer_shares_opens_what_else_carries_it() {
        let balancer = Holds::LoadBalancer;
        assert_eq!(open_443(&[balancer, balancer]).state, Proved);
        assert_eq!(open_443(&[]).state, Proved, "none of its own is seen yet");
        let shared = open_443(&[balancer, Holds::Services, Holds::Database]);
        assert_eq!(shared.state, Failing, "{shared:?}");
        let named = "shares it with services 10.0.0.1, database 10.0.0.2";
        assert!(shared.reason.contains(named), "{}", shared.reason);
    }
}
