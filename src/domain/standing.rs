//! How a service stands by all that is known of it: its own counts, its newest deployment, and the actions that go on.

use std::collections::HashSet;
use std::sync::Arc;

use super::action::{Intent, Phase, Run};
use super::deployment::{Deployment, DeploymentState};
use super::facts::Facts;
use super::service::{Service, ServiceHealth, ServiceId};

/// Whether an action has the vendor at work on a deployment that nobody has told of yet.
fn is_at_work(run: &Run) -> bool {
    let begins = !matches!(run.intent, Intent::Scale { .. });
    begins && run.goes_on() && run.has_called() && run.phase <= Phase::Follow
}

impl Facts {
    /// The deployment of a service that goes back by itself: by the breaker or an alarm, and because no person stopped it.
    pub fn turning_back(&self, service: &ServiceId) -> Option<&Arc<Deployment>> {
        // Those that go on come first.
        let rows = self.deployment_rows().iter();
        let mut going = rows.take_while(|d| d.state.is_running());
        let back =
            |d: &&Arc<Deployment>| d.state == DeploymentState::RollingBack && &d.service == service;
        going.find(back).filter(|_| !self.is_being_stopped(service))
    }

    /// How a service goes back by itself: from which revision to which, what runs meanwhile, and why. `None`: it does not.
    pub fn turning_words(&self, service: &Service) -> Option<String> {
        let d = self.turning_back(&service.id)?;
        let way = match d.way() {
            (Some(from), Some(to)) if from != to => format!(":{from} → :{to}, "),
            (_, Some(to)) => format!("to :{to}, "),
            (Some(from), None) => format!("from :{from}, "),
            (None, None) => String::new(),
        };
        let counts = service.answering();
        let runs = self.unhealthy_words(service);
        let runs = runs.unwrap_or_else(|| format!("{} of {} run", counts.running, counts.desired));
        Some(format!("{way}{runs}: {}", d.trouble().unwrap_or_default()))
    }

    /// The worst that is known of a service by its counts and its targets, and by a deployment of it that goes back by itself.
    pub fn condition_of(&self, service: &Service) -> ServiceHealth {
        match self.served(service) {
            ServiceHealth::Down => ServiceHealth::Down,
            ServiceHealth::Inactive => ServiceHealth::Inactive,
            health if self.fails_open(&service.id) || self.is_lost(service) => health,
            _ if self.turning_back(&service.id).is_some() => ServiceHealth::RollingBack,
            health => health,
        }
    }

    /// The worst that can be said of a service. What it tells itself is older than an action's call, and than its deployment where that
    /// was asked about later: none of which a deployment goes on is steady.
    pub fn health_of(&self, service: &Service) -> ServiceHealth {
        let own = service.health();
        match (self.condition_of(service), own) {
            // No target is healthy, whatever goes on; its tasks need not lack for that.
            (ServiceHealth::Down, _) => ServiceHealth::Down,
            // What takes itself back is more than one that goes on.
            (ServiceHealth::RollingBack, _) => ServiceHealth::RollingBack,
            (health, _) if self.fails_open(&service.id) || self.is_lost(service) => health,
            (_, ServiceHealth::Steady | ServiceHealth::Unserved | ServiceHealth::Idle)
                if self.is_rolled_out(service) =>
            {
                ServiceHealth::Deploying
            }
            // What a person stops did not fail.
            (ServiceHealth::Failed, _) if self.is_being_stopped(&service.id) => {
                ServiceHealth::Deploying
            }
            (health, _) => health,
        }
    }

    /// All services of which a deployment goes on, whoever tells so: for who asks about each of them.
    pub fn rolled_out(&self) -> HashSet<&ServiceId> {
        let rows = self.deployment_rows().iter();
        let going = rows.take_while(|d| d.state.is_running());
        let runs = self.runs.iter();
        let at_work = runs.filter(|r| is_at_work(r) && self.deployment_of(r).is_none());
        let told = self.service_rows().iter().filter(|s| s.is_deploying());
        (going.map(|d| &d.service))
            .chain(at_work.filter_map(|r| r.intent.service()))
            .chain(told.map(|s| &s.id))
            .collect()
    }

    /// Whether a deployment of it goes on, whoever tells so.
    pub fn is_rolled_out(&self, service: &Service) -> bool {
        if service.is_deploying() {
            return true;
        }
        // Those that go on come first: of a thousand that ended none is looked at.
        let rows = self.deployment_rows().iter();
        let mut going = rows.take_while(|d| d.state.is_running());
        let ours = |r: &&Run| r.intent.service() == Some(&service.id);
        going.any(|d| d.service == service.id)
            || (self.runs.iter().filter(ours))
                .any(|r| is_at_work(r) && self.deployment_of(r).is_none())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::deployment::{DeploymentSource, RevisionLoad};
    use crate::domain::progress::Pace;
    use crate::domain::service::{
        CircuitBreaker, DeploymentConfig, Revision, Rollout, Strategy, TaskCounts,
    };

    fn api() -> ServiceId {
        ServiceId {
            cluster: "prod".into(),
            name: "api".into(),
        }
    }

    fn service() -> Service {
        Service {
            id: api(),
            arn: String::new(),
            status: "ACTIVE".into(),
            counts: TaskCounts {
                desired: 2,
                running: 2,
                ..TaskCounts::default()
            },
            revision: Revision {
                arn: String::new(),
                family: "api".into(),
                number: 3,
            },
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Canary,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker::default(),
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: vec![],
            rollouts: vec![],
            revisions: vec![],
            scaling: None,
            events: vec![],
            created_at: None,
        }
    }

    fn deployment(state: DeploymentState, second: i64) -> Arc<Deployment> {
        Arc::new(Deployment {
            id: "d".into(),
            service: api(),
            strategy: Strategy::Canary,
            state,
            reason: String::new(),
            from: vec![],
            to: None,
            circuit_breaker: CircuitBreaker::default(),
            failures: None,
            alarms: vec![],
            lifecycle_stage: None,
            pace: Pace::default(),
            rollback_reason: None,
            rollback_to: None,
            rollback_since: None,
            created_at: Timestamp::from_second(second).ok(),
            started_at: None,
            finished_at: None,
            source: DeploymentSource::ServiceDeployments,
        })
    }

    fn run(intent: Intent, phase: Phase) -> Run {
        Run {
            id: "1".into(),
            intent,
            title: String::new(),
            phase,
            progress: None,
            lines: Vec::new(),
            started_at: Timestamp::from_second(1_000).unwrap(),
            finished_at: None,
            outcome: None,
            stopped_in: None,
            recorded: false,
            who: String::new(),
            reattached: false,
            brings: None,
            scaled_from: None,
            deployment: None,
            silent: None,
        }
    }

    #[test]
    fn none_is_steady_while_a_deployment_of_it_goes_on() {
        let (service, mut facts) = (service(), Facts::default());
        assert_eq!(facts.health_of(&service), ServiceHealth::Steady);
        let mut told = |state, second| {
            facts.deployments.value = Some(Arc::new(vec![deployment(state, second)]));
            facts.health_of(&service)
        };
        assert_eq!(
            told(DeploymentState::InProgress, 900),
            ServiceHealth::Deploying
        );
        assert_eq!(
            told(DeploymentState::RollingBack, 900),
            ServiceHealth::RollingBack
        );
        assert_eq!(
            told(DeploymentState::Successful, 900),
            ServiceHealth::Steady
        );
    }

    /// The vendor was called, and neither the service nor the list of its deployments was read since.
    #[test]
    fn none_is_steady_while_an_action_waits_for_its_deployment() {
        let (service, mut facts) = (service(), Facts::default());
        let mut health = |intent: Intent, phase, told: Vec<Arc<Deployment>>| {
            facts.deployments.value = Some(Arc::new(told));
            facts.runs = Arc::new(vec![run(intent, phase)]);
            facts.health_of(&service)
        };
        let restart = || Intent::Restart { service: api() };
        let before = || vec![deployment(DeploymentState::Successful, 10)];
        let (steady, deploying) = (ServiceHealth::Steady, ServiceHealth::Deploying);
        assert_eq!(health(restart(), Phase::Journal, before()), steady);
        assert_eq!(health(restart(), Phase::Follow, before()), deploying);
        // Its own one was told, and is over.
        let own = vec![deployment(DeploymentState::Successful, 1_002)];
        assert_eq!(health(restart(), Phase::Follow, own), steady);
        assert_eq!(health(restart(), Phase::Verify, before()), steady);
        let service = api();
        let scale = Intent::Scale {
            service,
            desired: 2,
        };
        assert_eq!(health(scale, Phase::Follow, before()), steady);
    }

    /// ECS calls a rollout failed as soon as somebody stops it, whoever that is.
    #[test]
    fn what_a_person_stops_elsewhere_did_not_fail() {
        let (mut service, mut facts) = (service(), Facts::default());
        service.rollouts.push(Rollout {
            id: "ecs-svc/2".into(),
            status: "PRIMARY".into(),
            revision: service.revision.clone(),
            counts: service.counts,
            rollout_state: "FAILED".into(),
            rollout_reason: String::new(),
            created_at: None,
            updated_at: None,
        });
        assert_eq!(facts.health_of(&service), ServiceHealth::Failed);
        let mut told = |state, why: &str| {
            let mut d = deployment(state, 900);
            Arc::make_mut(&mut d).rollback_reason = Some(why.into());
            facts.deployments.value = Some(Arc::new(vec![d]));
            facts.health_of(&service)
        };
        let by_hand = "Service deployment stopped by the user with rollback.";
        let going = DeploymentState::RollingBack;
        assert_eq!(told(going, by_hand), ServiceHealth::Deploying);
        let tripped =
            "Service deployment rolled back because the circuit breaker threshold was exceeded.";
        assert_eq!(told(going, tripped), ServiceHealth::RollingBack);
        assert_eq!(
            told(DeploymentState::RolledBack, tripped),
            ServiceHealth::Failed
        );
        // The console's own brake, before ECS says whose it is.
        for intent in [
            Intent::Stop {
                service: api(),
                rollback: true,
            },
            Intent::Rollback {
                service: api(),
                to: None,
            },
        ] {
            facts.runs = Arc::new(vec![run(intent, Phase::Follow)]);
            let d = deployment(going, 900);
            facts.deployments.value = Some(Arc::new(vec![d]));
            assert_eq!(facts.health_of(&service), ServiceHealth::Deploying);
        }
    }

    /// From where to where, what users have meanwhile, and why.
    #[test]
    fn what_goes_back_by_itself_says_so_in_one_way() {
        let (service, mut facts) = (service(), Facts::default());
        let load = |number| RevisionLoad {
            digests: Vec::new(),
            revision: Revision {
                arn: String::new(),
                family: "api".into(),
                number,
            },
            service_revision: None,
            image: None,
            counts: TaskCounts::default(),
            traffic_percent: None,
        };
        let mut d = deployment(DeploymentState::RollingBack, 900);
        let going = Arc::make_mut(&mut d);
        (going.from, going.to) = (vec![load(5)], Some(load(6)));
        going.failures = Some((3, 3));
        going.reason = "the threshold was exceeded".into();
        facts.deployments.value = Some(Arc::new(vec![d.clone()]));
        let told = facts.turning_words(&service);
        let words =
            ":6 → :5, 2 of 2 run: circuit breaker: 3 of 3 tasks failed; the threshold was exceeded";
        assert_eq!(told.as_deref(), Some(words));
        assert_eq!(facts.condition_of(&service), ServiceHealth::RollingBack);
        Arc::make_mut(&mut d).state = DeploymentState::RolledBack;
        facts.deployments.value = Some(Arc::new(vec![d]));
        assert_eq!(facts.turning_words(&service), None);
        assert_eq!(facts.condition_of(&service), ServiceHealth::Steady);
    }
}
