use super::*;
use crate::domain::service::Revision;

fn sdk_service() -> sdk::Service {
    let rollout = |id: &str, status: &str, revision: u32, state: sdk::DeploymentRolloutState| {
        sdk::Deployment::builder()
            .id(id)
            .status(status)
            .task_definition(format!("arn:aws:ecs:r:1:task-definition/api:{revision}"))
            .desired_count(6)
            .running_count(2)
            .failed_tasks(1)
            .rollout_state(state)
    };
    let primary = rollout(
        "ecs-svc/2",
        "PRIMARY",
        42,
        sdk::DeploymentRolloutState::InProgress,
    );
    let active = rollout(
        "ecs-svc/1",
        "ACTIVE",
        41,
        sdk::DeploymentRolloutState::Completed,
    );
    sdk::Service::builder()
        .service_name("api")
        .cluster_arn("c/prod")
        .status("ACTIVE")
        .task_definition("api:42")
        .deployment_configuration(
            sdk::DeploymentConfiguration::builder()
                .deployment_circuit_breaker(
                    sdk::DeploymentCircuitBreaker::builder()
                        .enable(true)
                        .rollback(true)
                        .build(),
                )
                .build(),
        )
        .deployments(primary.build())
        .deployments(active.build())
        .build()
}

#[test]
fn rollouts_become_one_picture_with_both_revisions() {
    let service = ecs_map::service(&sdk_service()).unwrap().unwrap();
    let rows = of_rollouts(&service);
    assert_eq!(rows.len(), 1);
    let d = &rows[0];
    assert_eq!(d.state, DeploymentState::InProgress);
    assert_eq!(d.to.as_ref().map(|l| l.revision.number), Some(42));
    assert_eq!(
        d.from.iter().map(|l| l.revision.number).collect::<Vec<_>>(),
        [41]
    );
    assert_eq!(d.failures, Some((1, 3)), "half of six, at least three");
    assert_eq!(d.source, DeploymentSource::Rollouts);
}

#[test]
fn a_breaker_trips_where_it_is_configured_to() {
    let configured = |kind: &str, value: i32, resets: Option<bool>| {
        let threshold = sdk::ThresholdConfiguration::builder()
            .r#type(kind.into())
            .value(value)
            .build();
        let breaker = sdk::DeploymentCircuitBreaker::builder()
            .enable(true)
            .rollback(true)
            .threshold_configuration(threshold.unwrap())
            .set_reset_on_healthy_task(resets)
            .build();
        let configuration = sdk::DeploymentConfiguration::builder()
            .deployment_circuit_breaker(breaker)
            .build();
        let mut raw = sdk_service();
        raw.deployment_configuration = Some(configuration.clone());
        let service = ecs_map::service(&raw).unwrap().unwrap();
        let failures = of_rollouts(&service)[0].failures;
        let told = sdk::ServiceDeployment::builder()
            .service_deployment_arn("arn:d")
            .deployment_configuration(configuration)
            .build();
        // What a deployment was begun with is its own, whatever the service is set to since.
        let plain = ecs_map::service(&sdk_service()).unwrap().unwrap();
        let d = deployment(&plain, &told, &HashMap::new()).unwrap().unwrap();
        assert_eq!(d.circuit_breaker, service.deployment.circuit_breaker);
        (failures, d.circuit_breaker.resets_on_healthy_task)
    };
    let one = |trips: Option<u32>, resets| (trips.map(|n| (1, n)), resets);
    assert_eq!(configured("COUNT", 1, None), one(Some(1), true));
    assert_eq!(configured("COUNT", 9, Some(false)), one(Some(9), false));
    let bounded = "BOUNDED_PERCENT";
    assert_eq!(configured(bounded, 90, None), one(Some(6), true));
    assert_eq!(configured(bounded, 10, None), one(Some(3), true));
    let free = "UNBOUNDED_PERCENT";
    assert_eq!(configured(free, 10, None), one(Some(1), true));
    assert_eq!(configured("OF_LATER", 10, None), one(None, true));
    assert_eq!(configured("COUNT", -1, None), one(None, true));
}

#[test]
fn a_rollback_by_the_breaker_is_told_from_a_deploy() {
    let mut service = ecs_map::service(&sdk_service()).unwrap().unwrap();
    service.rollouts[0].rollout_reason =
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.".into();
    service.rollouts[1].rollout_state = "FAILED".into();
    let rows = of_rollouts(&service);
    let states: Vec<_> = rows.iter().map(|d| d.state).collect();
    assert_eq!(
        states,
        [DeploymentState::RollingBack, DeploymentState::Failed]
    );
    assert!(rows[0].rollback_reason.is_some());
}

#[test]
fn a_service_deployment_is_read_with_revisions_guards_and_weights() {
    let service = ecs_map::service(&sdk_service()).unwrap().unwrap();
    let summary = |arn: &str, running: i32, weight: f64| {
        sdk::ServiceRevisionSummary::builder()
            .arn(arn)
            .requested_task_count(6)
            .running_task_count(running)
            .requested_production_traffic_weight(weight)
            .build()
    };
    let raw = sdk::ServiceDeployment::builder()
        .service_deployment_arn("arn:d")
        .status(sdk::ServiceDeploymentStatus::RollbackInProgress)
        .source_service_revisions(summary("rev:1", 6, 90.0))
        .target_service_revision(summary("rev:2", 1, 10.0))
        .rollback(
            sdk::Rollback::builder()
                .service_revision_arn("rev:1")
                .build(),
        )
        .deployment_circuit_breaker(
            sdk::ServiceDeploymentCircuitBreaker::builder()
                .failure_count(3)
                .threshold(3)
                .build(),
        )
        .alarms(
            sdk::ServiceDeploymentAlarms::builder()
                .alarm_names("5xx")
                .alarm_names("latency")
                .triggered_alarm_names("latency")
                .build(),
        )
        .build();
    let known = |n: u32| ServiceRevision {
        revision: Revision::parse(&format!("api:{n}")).unwrap(),
        images: vec![("api".into(), format!("api:1.{n}"))],
        digests: vec![(format!("api:1.{n}"), format!("sha256:{n}"))],
    };
    let revisions = HashMap::from([
        ("rev:1".to_owned(), known(1)),
        ("rev:2".to_owned(), known(2)),
    ]);
    let d = deployment(&service, &raw, &revisions).unwrap().unwrap();
    assert_eq!(d.state, DeploymentState::RollingBack);
    assert_eq!(d.failures, Some((3, 3)));
    assert_eq!(
        d.alarms,
        [("5xx".to_owned(), false), ("latency".to_owned(), true)]
    );
    let back = d.way_back().and_then(|r| r.service_revision.as_deref());
    assert_eq!(back, Some("rev:1"));
    let to = d.to.unwrap();
    assert_eq!(
        (to.image.as_deref(), to.traffic_percent),
        (Some("api:1.2"), Some(10.0))
    );
    assert_eq!(d.from[0].counts.running, 6);
    assert_eq!(to.digests, [("api:1.2".to_owned(), "sha256:2".to_owned())]);
}

#[test]
fn only_an_endpoint_that_does_not_know_the_operation_is_taken_to_lack_it() {
    let problem = |kind, why: &str| Problem::new(kind, "ecs", "Cannot", why, "");
    let crash = "http://h answered with a web page (HTML) (HTTP 500), not with AWS's JSON";
    let cut = "http://h answered with a web page (HTML) (HTTP 502), not with AWS's JSON";
    let cases = [
        (ProblemKind::Unsupported, "", true, Lack::Endpoint),
        (ProblemKind::NotFound, "", true, Lack::Service),
        (ProblemKind::NotFound, "", false, Lack::Service),
        (ProblemKind::Malformed, crash, true, Lack::Nothing),
        (ProblemKind::Malformed, crash, false, Lack::Endpoint),
        (ProblemKind::Malformed, cut, false, Lack::Nothing),
        (ProblemKind::Vendor, "", false, Lack::Nothing),
        (ProblemKind::Timeout, "", true, Lack::Nothing),
    ];
    for (kind, why, aws, wanted) in cases {
        assert_eq!(lack(&problem(kind, why), aws), wanted, "{kind:?} {why}");
    }
}

#[test]
fn a_bake_time_is_the_deployment_s_own_and_its_stage_is_as_old_as_its_last_change() {
    let service = ecs_map::service(&sdk_service()).unwrap().unwrap();
    let read = |strategy| {
        let configuration = sdk::DeploymentConfiguration::builder()
            .strategy(strategy)
            .bake_time_in_minutes(5)
            .build();
        let raw = sdk::ServiceDeployment::builder()
            .service_deployment_arn("arn:d")
            .status(sdk::ServiceDeploymentStatus::InProgress)
            .lifecycle_stage(sdk::ServiceDeploymentLifecycleStage::BakeTime)
            .updated_at(aws_sdk_ecs::primitives::DateTime::from_secs(1_800_000_000))
            .deployment_configuration(configuration)
            .build();
        deployment(&service, &raw, &HashMap::new())
            .unwrap()
            .unwrap()
    };
    let d = read(sdk::DeploymentStrategy::BlueGreen);
    let at = |s: i64| jiff::Timestamp::from_second(1_800_000_000 + s).unwrap();
    assert_eq!(d.pace.stage_since, Some(at(0)));
    assert_eq!(d.bake_left(at(100)), Some(200));
    // The vendor tells one of rolling deployments as well, and keeps none.
    let rolling = read(sdk::DeploymentStrategy::Rolling);
    assert_eq!(rolling.pace.bake_minutes, None);
}
