//! What the load balancers' health checks say of a service whose tasks run, and how long that may be believed. One whose targets are all
//! sick is sent requests all the same: the load balancer fails open (Elastic Load Balancing user guides, "Target group health checks").

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::facts::Facts;
use super::service::{Service, ServiceHealth, ServiceId};
use super::target::{Target, TargetGroup};

/// How old an answer about the targets of a group may be to speak of them as they are. In a big account each waits longer for its turn,
/// and that is longer alone while nothing failed since.
pub const BELIEVED: Duration = Duration::from_secs(600);
/// Some group or other is told of in every round. Where none was for so long, the questions fail.
const SILENT: SignedDuration = SignedDuration::from_mins(3);

/// Said of a service none of whose targets is healthy, and whose requests are answered well all the same.
const OPEN: &str = "no target is healthy; the balancer sends to all of them (fails open)";

/// Targets of a service that are to be sent requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetCount {
    /// Those that pass their health checks.
    pub healthy: usize,
    /// All of them, without those that drain.
    pub all: usize,
}

impl std::fmt::Display for TargetCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} targets healthy", self.healthy, self.all)
    }
}

/// What is known of a service by its targets, where that is more than that they are well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Its targets, as each group was last told of.
    pub targets: TargetCount,
    /// Whether some are sick, by an answer that may be believed.
    pub sick: bool,
    /// Whether some were sick when their group was last told of, which is too long ago.
    pub was_sick: bool,
    /// Whether none is healthy and requests are answered well all the same.
    pub open: bool,
    /// When the group was told of whose answer is too old to be believed, the oldest of them (UTC); `None`: none is.
    pub untold_since: Option<Timestamp>,
}

impl Reached {
    /// Whether no target is healthy, and some of them are known to be sick.
    fn is_sick_whole(&self) -> bool {
        self.sick && self.targets.healthy == 0
    }
}

/// Targets that drain leave on purpose; those of a group that no listener uses, or that is not checked, say nothing.
fn is_judged(target: &Target) -> bool {
    target.is_sick() || matches!(target.state.as_str(), "healthy" | "initial")
}

fn is_sick(group: &TargetGroup) -> bool {
    group.targets.iter().any(Target::is_sick)
}

impl Facts {
    /// Works out what the targets say of services: once for a picture, so that whoever asks for the health of a service among a
    /// thousand need not look for its groups.
    pub fn judge_targets(&mut self) {
        self.reached = Arc::new(self.by_targets());
    }

    /// When the targets of a group were told that long ago that they are not known by now (UTC); `None`: they are known.
    pub fn untold_since(&self, group: &TargetGroup) -> Option<Timestamp> {
        let part = &self.target_groups;
        let told = self.targets_told.of(&group.arn);
        let at = told.map(|t| t.read).or(part.observed_at)?;
        let newest = self.targets_told.newest();
        let is_silent = newest.is_none_or(|at| self.taken_at.duration_since(at) > SILENT);
        let limit = match is_silent || told.is_some_and(|t| t.failure.is_some()) {
            true => BELIEVED,
            false => BELIEVED.max(part.period + part.period / 2),
        };
        let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
        (self.taken_at.duration_since(at) > limit).then_some(at)
    }

    /// What is said of a group whose targets are not known by now; `None`: they are.
    pub fn untold_words(&self, group: &TargetGroup) -> Option<String> {
        let since = self.untold_since(group)?;
        Some(format!(
            "targets not told for {}",
            self.minutes_since(since)
        ))
    }

    fn by_targets(&self) -> BTreeMap<ServiceId, Reached> {
        let groups = || self.target_groups.value.iter().flat_map(|v| v.iter());
        let speaks = |g: &TargetGroup| is_sick(g) || self.untold_since(g).is_some();
        if !groups().any(speaks) {
            return BTreeMap::new();
        }
        let by_arn: BTreeMap<&str, &TargetGroup> = groups().map(|g| (g.arn.as_str(), g)).collect();
        let bound = |arns: BTreeSet<&str>| -> Vec<&TargetGroup> {
            let arns = arns.into_iter();
            arns.filter_map(|arn| by_arn.get(arn).copied()).collect()
        };
        let of_service = |s: &Arc<Service>| {
            let all = bound(s.load_balancers.iter().flat_map(|lb| lb.groups()).collect());
            if !all.iter().any(|g| speaks(g)) {
                return None;
            }
            // Of task sets the primary one has all the traffic: where its targets are sick, those of the other one help nobody.
            if s.deployment.strategy.has_task_sets() {
                let primary = s.load_balancers.iter();
                let primary = primary.map(|lb| lb.target_group_arn.as_str());
                let serving = self.by_groups(&bound(primary.collect()));
                if serving.is_sick_whole() {
                    return Some((s.id.clone(), serving));
                }
            }
            Some((s.id.clone(), self.by_groups(&all)))
        };
        self.service_rows().iter().filter_map(of_service).collect()
    }

    fn by_groups(&self, bound: &[&TargetGroup]) -> Reached {
        let judged = bound.iter().flat_map(|g| &g.targets);
        let judged: Vec<&Target> = judged.filter(|t| is_judged(t)).collect();
        let sick = |g: &&&TargetGroup| is_sick(g);
        let (old, told): (Vec<_>, Vec<_>) =
            bound.iter().partition(|g| self.untold_since(g).is_some());
        let mut reached = Reached {
            targets: TargetCount {
                healthy: judged.iter().filter(|t| t.state == "healthy").count(),
                all: judged.len(),
            },
            sick: told.iter().any(sick),
            was_sick: old.iter().any(sick),
            open: false,
            untold_since: old.iter().filter_map(|g| self.untold_since(g)).min(),
        };
        reached.open = reached.is_sick_whole() && self.answers_well(bound);
        reached
    }

    /// Targets of a service, where some that should be sent requests are known to be sick.
    pub fn unhealthy_targets(&self, id: &ServiceId) -> Option<TargetCount> {
        let reached = self.reached.get(id).filter(|r| r.sick);
        reached.map(|r| r.targets)
    }

    /// Whether the targets of a service were told of so long ago that nobody knows how they are.
    pub fn is_untold(&self, id: &ServiceId) -> bool {
        let reached = self.reached.get(id);
        reached.is_some_and(|r| r.untold_since.is_some() && !r.sick)
    }

    /// Whether no target of a service is healthy while its requests are answered well.
    pub fn fails_open(&self, id: &ServiceId) -> bool {
        self.reached.get(id).is_some_and(|r| r.open)
    }

    /// Whether a service was not well by its targets when they were last told of, and nobody knows by now: it has not recovered.
    pub fn is_lost(&self, service: &Service) -> bool {
        let was_sick = self.reached.get(&service.id).is_some_and(|r| r.was_sick);
        was_sick && self.served(service) == ServiceHealth::Unknown
    }

    /// The worst that can be said of a service by its own counts and its targets.
    pub fn served(&self, service: &Service) -> ServiceHealth {
        use ServiceHealth::*;
        let own = service.health();
        let Some(reached) = self.reached.get(&service.id) else {
            return own;
        };
        match own {
            Down | Unserved | Idle | Inactive => own,
            _ if reached.is_sick_whole() && !reached.open => Down,
            Failed | Degraded => own,
            _ if reached.open => Degraded,
            Steady | Unknown if reached.sick => Degraded,
            // Tasks that are just being brought in may fail at first.
            _ if reached.sick || reached.untold_since.is_none() => own,
            Steady => Unknown,
            _ if reached.was_sick => Unknown,
            _ => own,
        }
    }

    /// What the targets of a service say of it, where it is not well, or not known to be, for that alone: its tasks run as wanted.
    pub fn unhealthy_words(&self, service: &Service) -> Option<String> {
        let reached = self.reached.get(&service.id)?;
        if self.served(service) == service.health() {
            return None;
        }
        Some(match (reached.open, reached.untold_since) {
            (true, _) => OPEN.to_owned(),
            (false, Some(since)) if !reached.sick => {
                let untold = format!("targets not told for {}", self.minutes_since(since));
                let TargetCount { healthy, all } = reached.targets;
                match reached.was_sick {
                    true => format!("{untold}; {healthy} of {all} were healthy"),
                    false => untold,
                }
            }
            _ => reached.targets.to_string(),
        })
    }

    /// Minutes up to this picture: `12m`, `3h`.
    fn minutes_since(&self, at: Timestamp) -> String {
        match self.taken_at.duration_since(at).as_mins() {
            m @ ..120 => format!("{}m", m.max(0)),
            m => format!("{}h", m / 60),
        }
    }

    /// The service that tells of a group none of whose targets is healthy.
    pub fn told_by(&self, group: &TargetGroup) -> Option<&Service> {
        if group.healthy() > 0 || !is_sick(group) {
            return None;
        }
        let mut bound = self.bound_to(group);
        bound.find(|s| {
            self.served(s) == ServiceHealth::Down || self.fails_open(&s.id) || self.is_lost(s)
        })
    }

    /// Services that a group is bound to.
    pub fn bound_to(&self, group: &TargetGroup) -> impl Iterator<Item = &Service> {
        let is_bound = |s: &&Arc<Service>| {
            let mut arns = s.load_balancers.iter().flat_map(|lb| lb.groups());
            arns.any(|arn| arn == group.arn)
        };
        let bound = self.service_rows().iter().filter(is_bound);
        bound.map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests;
