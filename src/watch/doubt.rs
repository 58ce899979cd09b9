//! What a face that asks for little asks beside that, where what was answered leaves open how a service is: whether one without a healthy
//! target is down, and whether a rollout failed or a person stops it. Nothing is asked where no service is in such doubt.

use super::picture::Picture;
use super::scope::Scope;
use super::topic::{Topic, Wanted};
use crate::domain::service::ServiceHealth;

/// What is wanted beside what a scope covers.
pub(super) fn wanted(p: &Picture, scope: Scope) -> Vec<Wanted> {
    // Who asks about targets tells of the health of services, and who asks about everything has what is wanted already.
    let is_whole = matches!(scope, Scope::Everything | Scope::Once);
    if is_whole || !scope.covers(&Topic::TargetHealth) {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut groups = p.facts.target_groups.value.iter().flat_map(|g| g.iter());
    if groups.any(|g| g.has_none_healthy()) {
        all.push(Wanted::every(Topic::Series, 60_000));
    }
    let services = p.services.values();
    let failed = services.filter(|s| s.health() == ServiceHealth::Failed);
    all.extend(failed.map(|s| Wanted::every(Topic::Deployments(s.id.clone()), 5_000)));
    all.retain(|w| !scope.covers(&w.topic));
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::part::Part;
    use crate::domain::target::{Target, TargetGroup};
    use crate::watch::scope::Subject;
    use crate::watch::topics::deployments::testing;

    const SERVICES: Scope = Scope::Only(&[Subject::Services, Subject::Targets]);

    fn asked(state: &str, rollout: &str, scope: Scope) -> Vec<Topic> {
        let mut p = testing::picture(&["api"], testing::second(0));
        for service in p.services.values_mut() {
            Arc::make_mut(service).rollouts[0].rollout_state = rollout.into();
        }
        let group = TargetGroup {
            arn: "arn:tg/api".into(),
            name: "api".into(),
            load_balancers: Vec::new(),
            protocol: None,
            health_check_path: None,
            targets: vec![Target {
                id: "10.0.0.1".into(),
                port: 80,
                zone: "a".into(),
                state: state.into(),
                reason: String::new(),
            }],
        };
        let at = testing::second(0);
        let groups = Arc::new(vec![group]);
        p.facts.target_groups = Part::answered(groups, at, "elb:x", Duration::from_secs(30));
        let all = wanted(&p, scope);
        all.into_iter().map(|w| w.topic).collect()
    }

    /// `services` and `show targets` say of a service what `status` and the console say of it in the same second.
    #[test]
    fn who_asks_about_services_and_targets_asks_what_says_whether_they_are_down() {
        let id = testing::service("api").id;
        let targets = Scope::Named(&["services", "targets", "targets_abroad"]);
        for scope in [SERVICES, targets] {
            assert_eq!(asked("healthy", "COMPLETED", scope), []);
            assert_eq!(asked("unhealthy", "COMPLETED", scope), [Topic::Series]);
            let failed = [Topic::Deployments(id.clone())];
            assert_eq!(asked("healthy", "FAILED", scope), failed);
        }
        // Who asks for everything has it already, and who asks about services alone tells nothing of it.
        for scope in [
            Scope::Everything,
            Scope::Once,
            Scope::Only(&[Subject::Services]),
        ] {
            assert_eq!(asked("unhealthy", "FAILED", scope), [], "{scope:?}");
        }
    }
}
