//! Load balancer targets, after the Elastic Load Balancing API reference (version 2015-12-01).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::service::LoadBalancerBinding;

/// Health of one target (DescribeTargetHealth).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// IP address or instance id.
    pub id: String,
    /// Port.
    pub port: u16,
    /// Zone.
    pub zone: String,
    /// `healthy`, `unhealthy`, `unhealthy.draining`, `initial`, `draining`, `unused`, `unavailable`.
    pub state: String,
    /// The vendor's reason code and words.
    pub reason: String,
}

impl Target {
    /// Whether its health checks fail. A network load balancer leaves the connections that are open to such a target for a while
    /// (`unhealthy.draining`): it is as sick, and nobody took it away, as from one that is `draining`.
    pub fn is_sick(&self) -> bool {
        matches!(self.state.as_str(), "unhealthy" | "unhealthy.draining")
    }
}

/// A target group with its targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetGroup {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// ARNs of load balancers that use it.
    pub load_balancers: Vec<String>,
    /// What the load balancer speaks with its targets: `HTTP`, `HTTPS`, `TCP`.
    pub protocol: Option<String>,
    /// Health check path, for HTTP.
    pub health_check_path: Option<String>,
    /// Targets.
    pub targets: Vec<Target>,
}

/// What load balancers of the second region lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TargetsAbroad {
    /// The region.
    pub region: String,
    /// Target groups that a load balancer uses, with their targets.
    pub groups: Vec<TargetGroup>,
    /// Groups whose targets were not read: there are more than are asked about.
    pub unread: usize,
}

impl LoadBalancerBinding {
    /// ARNs of the groups that its targets may be in: one, or the two of a pair.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let alternate = self.alternate_target_group_arn.as_deref();
        std::iter::once(self.target_group_arn.as_str()).chain(alternate)
    }

    /// The other group of the pair that a group belongs to.
    pub fn partner(&self, arn: &str) -> Option<&str> {
        let alternate = self.alternate_target_group_arn.as_deref()?;
        match (arn == self.target_group_arn, arn == alternate) {
            (true, false) => Some(alternate),
            (false, true) => Some(&self.target_group_arn),
            _ => None,
        }
    }
}

/// Target groups as bindings use them: the two of a pair are one, because it is both together that serve. Groups that no binding
/// names are left out.
pub fn as_bound<'a>(
    groups: &'a [TargetGroup],
    bindings: &[&LoadBalancerBinding],
) -> Vec<Cow<'a, TargetGroup>> {
    let mut rows = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for group in groups {
        let arn = group.arn.as_str();
        let named = bindings.iter().any(|b| b.groups().any(|g| g == arn));
        if !named || told.contains(&arn) {
            continue;
        }
        let partner = bindings.iter().find_map(|b| b.partner(arn));
        let other = partner.and_then(|p| groups.iter().find(|g| g.arn == p));
        rows.push(match other {
            Some(other) if !told.contains(&other.arn.as_str()) => {
                told.push(&other.arn);
                Cow::Owned(group.with(other))
            }
            _ => Cow::Borrowed(group),
        });
        told.push(arn);
    }
    rows
}

impl TargetGroup {
    /// Whether no target is in it that stays: those that drain leave on purpose.
    pub fn is_left(&self) -> bool {
        self.targets.iter().all(|t| t.state == "draining")
    }

    /// This group and the other of its pair, as one.
    fn with(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.name = format!("{} + {}", self.name, other.name);
        both.targets.extend(other.targets.iter().cloned());
        for balancer in &other.load_balancers {
            if !both.load_balancers.contains(balancer) {
                both.load_balancers.push(balancer.clone());
            }
        }
        both
    }

    /// The region that it is in, by its ARN.
    pub fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }

    /// Whether none of its targets is healthy and some are known to be sick.
    pub fn has_none_healthy(&self) -> bool {
        has_none_healthy(&self.targets)
    }

    /// Healthy targets.
    pub fn healthy(&self) -> usize {
        self.targets.iter().filter(|t| t.state == "healthy").count()
    }

    /// Zones that hold at least one healthy target, sorted.
    pub fn healthy_zones(&self) -> Vec<&str> {
        let mut zones: Vec<&str> = self
            .targets
            .iter()
            .filter(|t| t.state == "healthy")
            .map(|t| t.zone.as_str())
            .collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// The value of the `TargetGroup` dimension in CloudWatch: `targetgroup/name/id`.
    pub fn dimension(&self) -> &str {
        self.arn
            .find("targetgroup/")
            .and_then(|i| self.arn.get(i..))
            .unwrap_or(&self.name)
    }

    /// The value of the `LoadBalancer` dimension of the first load balancer: `app/name/id`.
    pub fn load_balancer_dimension(&self) -> Option<&str> {
        let arn = self.load_balancers.first()?;
        arn.split_once("loadbalancer/").map(|(_, tail)| tail)
    }
}

/// Whether none of some targets is healthy and some are known to be sick.
pub fn has_none_healthy(targets: &[Target]) -> bool {
    targets.iter().all(|t| t.state != "healthy") && targets.iter().any(Target::is_sick)
}

/// Targets behind several groups, each once: how many are healthy wherever they are registered, and how many there are. Targets that
/// drain leave on purpose.
pub fn tally<'a>(groups: impl IntoIterator<Item = &'a TargetGroup>) -> (usize, usize) {
    let mut known: BTreeMap<(&str, u16), bool> = BTreeMap::new();
    let targets = groups.into_iter().flat_map(|g| &g.targets);
    for t in targets.filter(|t| t.state != "draining") {
        let healthy = t.state == "healthy";
        let well = known.entry((&t.id, t.port)).or_insert(healthy);
        *well &= healthy;
    }
    (known.values().filter(|well| **well).count(), known.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, healthy: usize) -> TargetGroup {
        let target = Target {
            id: "10.0.0.1".into(),
            port: 80,
            zone: "a".into(),
            state: "healthy".into(),
            reason: String::new(),
        };
        TargetGroup {
            arn: name.into(),
            name: name.into(),
            load_balancers: Vec::new(),
            protocol: None,
            health_check_path: None,
            targets: vec![target; healthy],
        }
    }

    #[test]
    fn the_two_groups_of_a_pair_are_one_whichever_holds_the_tasks() {
        let binding = |one: &str, other: Option<&str>| LoadBalancerBinding {
            target_group_arn: one.into(),
            alternate_target_group_arn: other.map(Into::into),
            container: "api".into(),
            port: 80,
        };
        let (pair, lone) = (binding("blue", Some("green")), binding("web", None));
        for (blue, green) in [(3, 0), (0, 3)] {
            let groups = [
                group("green", green),
                group("stranger", 1),
                group("web", 2),
                group("blue", blue),
            ];
            let told: Vec<(String, usize)> = as_bound(&groups, &[&pair, &lone])
                .iter()
                .map(|g| (g.name.clone(), g.healthy()))
                .collect();
            assert_eq!(told, [("green + blue".into(), 3), ("web".into(), 2)]);
        }
        let alone = [group("green", 0)];
        assert_eq!(as_bound(&alone, &[&pair])[0].name, "green");
    }
    #[test]
    fn a_target_behind_two_groups_is_one_and_is_healthy_where_both_say_so() {
        let two = |a: &str, b: &str| {
            let of = |name: &str, state: &str| {
                let mut g = group(name, 1);
                g.targets[0].state = state.into();
                g
            };
            tally(&[of("a", a), of("b", b)])
        };
        assert_eq!(two("healthy", "healthy"), (1, 1));
        assert_eq!(two("healthy", "unhealthy"), (0, 1));
        assert_eq!(two("healthy", "draining"), (1, 1), "it leaves one of them");
        assert_eq!(tally(&[]), (0, 0));
    }
}
