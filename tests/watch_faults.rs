//! What the watch makes of an account of which one part hangs, fails or comes back: the other parts stay fresh.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use flightdeck::backend::Backend;
use flightdeck::config::{AwsConfig, Config};
use flightdeck::domain::facts::Facts;
use flightdeck::domain::part::Freshness;
use flightdeck::domain::problem::ProblemKind;
use flightdeck::watch::{Handle, Snapshot};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const FINE: u8 = 0;
const HANGS: u8 = 1;
const EXPIRED: u8 = 2;

/// A small account: one cluster with some services, no alarms, no load balancers.
struct Account {
    services: usize,
    /// How ECS behaves.
    ecs: AtomicU8,
    describes: AtomicUsize,
    /// Whether the credentials are another account's by now.
    is_other: AtomicBool,
    calls: Mutex<Vec<String>>,
}

async fn serve(services: usize, ecs: u8) -> (Arc<Account>, String) {
    let account = Arc::new(Account {
        services,
        ecs: AtomicU8::new(ecs),
        describes: AtomicUsize::new(0),
        is_other: AtomicBool::new(false),
        calls: Mutex::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new()
        .fallback(answer)
        .with_state(account.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (account, endpoint)
}

async fn answer(
    State(account): State<Arc<Account>>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Response {
    let target = headers
        .get("x-amz-target")
        .map_or("", |h| h.to_str().unwrap());
    let form = String::from_utf8_lossy(&body).into_owned();
    let operation = match target.rsplit_once('.') {
        Some((_, operation)) => operation.to_owned(),
        None if uri.path().len() > 1 => uri.path().rsplit('/').next().unwrap().to_owned(),
        None => form
            .split('&')
            .find_map(|p| p.strip_prefix("Action="))
            .unwrap_or("")
            .to_owned(),
    };
    account.calls.lock().unwrap().push(operation.clone());
    if target.starts_with("AmazonEC2ContainerService") {
        return account
            .ecs(&operation, &serde_json::from_slice(&body).unwrap())
            .await;
    }
    match operation.as_str() {
        "GetCallerIdentity" if account.is_other.load(Ordering::SeqCst) => xml(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::2:user/u</Arn>\
             <Account>2</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
        "GetCallerIdentity" => xml(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn>\
             <Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
        "DescribeTargetGroups" => xml(
            "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups/>\
             </DescribeTargetGroupsResult></DescribeTargetGroupsResponse>",
        ),
        "DescribeLogGroups" => json(&json!({"logGroups": [{"logGroupName": "/ecs/api"}]})),
        // A map of lists with nothing on them.
        _ => (
            [
                ("content-type", "application/cbor"),
                ("smithy-protocol", "rpc-v2-cbor"),
            ],
            b"\xa5\x6cMetricAlarms\x80\x6fCompositeAlarms\x80\x67Metrics\x80\x71MetricDataResults\x80\x70DashboardEntries\x80".to_vec(),
        )
            .into_response(),
    }
}

fn xml(body: &'static str) -> Response {
    ([("content-type", "text/xml")], body).into_response()
}

fn json(body: &Value) -> Response {
    (
        [("content-type", "application/x-amz-json-1.1")],
        body.to_string(),
    )
        .into_response()
}

impl Account {
    async fn ecs(&self, operation: &str, asked: &Value) -> Response {
        match self.ecs.load(Ordering::SeqCst) {
            HANGS => std::future::pending().await,
            EXPIRED => {
                let body = json!({"__type": "ExpiredTokenException", "message": "expired"});
                return (StatusCode::BAD_REQUEST, json(&body)).into_response();
            }
            _ => {}
        }
        let arn = |kind: &str, name: &str| format!("arn:aws:ecs:us-east-1:1:{kind}/{name}");
        json(&match operation {
            "ListClusters" => json!({"clusterArns": [arn("cluster", "prod")]}),
            "DescribeClusters" => json!({"clusters": [{
                "clusterArn": arn("cluster", "prod"), "clusterName": "prod", "status": "ACTIVE",
                "activeServicesCount": 1, "runningTasksCount": 1, "pendingTasksCount": 0,
            }]}),
            "ListServices" => {
                let from: usize = asked["nextToken"]
                    .as_str()
                    .map_or(0, |t| t.parse().unwrap());
                let until = (from + 100).min(self.services);
                let arns: Vec<_> = (from..until)
                    .map(|i| arn("service", &format!("prod/s{i}")))
                    .collect();
                let next = (until < self.services).then(|| until.to_string());
                json!({"serviceArns": arns, "nextToken": next})
            }
            "DescribeServices" => {
                self.describes.fetch_add(1, Ordering::SeqCst);
                let names = asked["services"].as_array().unwrap();
                assert!(names.len() <= 10, "the API takes ten at once");
                let services: Vec<_> = names
                    .iter()
                    .map(|name| {
                        json!({
                            "serviceName": name, "clusterArn": arn("cluster", "prod"),
                            "status": "ACTIVE", "desiredCount": 1, "runningCount": 1, "pendingCount": 0,
                            "taskDefinition": arn("task-definition", "api:1"),
                        })
                    })
                    .collect();
                json!({"services": services})
            }
            "DescribeTaskDefinition" => json!({"taskDefinition": {
                "taskDefinitionArn": arn("task-definition", "api:1"), "family": "api", "revision": 1,
                "containerDefinitions": [{"name": "api", "image": "api:1"}],
            }}),
            _ => json!({}),
        })
    }

    fn called(&self, operation: &str) -> usize {
        self.calls
            .lock()
            .unwrap()
            .iter()
            .filter(|c| *c == operation)
            .count()
    }
}

async fn watch(endpoint: &str, timeout: Duration) -> Handle {
    let config = Arc::new(Config {
        aws: AwsConfig {
            region: Some("us-east-1".into()),
            endpoint: Some(endpoint.into()),
            fixed_credentials: Some(("key".into(), "secret".into())),
            timeout: Some(timeout),
            ..AwsConfig::default()
        },
        ..Config::default()
    });
    let backend = Arc::new(Backend::new(&config).await.unwrap());
    let (_, runs) = tokio::sync::watch::channel(Arc::default());
    flightdeck::watch::start(config, backend, Arc::default(), None, runs).await
}

/// Waits until a picture satisfies something.
async fn until(handle: &mut Handle, what: &str, holds: impl Fn(&Facts) -> bool) -> Arc<Snapshot> {
    let wait = async {
        loop {
            let snapshot = handle.snapshot();
            if holds(&snapshot.facts) {
                return snapshot;
            }
            assert!(handle.changed().await, "the watch has ended");
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"))
}

#[tokio::test]
async fn one_hung_provider_leaves_all_other_parts_fresh() {
    let (_, endpoint) = serve(3, HANGS).await;
    let began = Instant::now();
    let mut handle = watch(&endpoint, Duration::from_secs(3)).await;
    let early = until(&mut handle, "what does not hang", |f| {
        f.identity.value.is_some() && f.alarms.value.is_some() && f.log_groups.value.is_some()
    })
    .await;
    assert!(
        began.elapsed() < Duration::from_millis(2_800),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        early.facts.services.freshness(Timestamp::now()),
        Freshness::Never
    );
    let late = until(&mut handle, "the hung part says so", |f| {
        f.services.error.is_some()
    })
    .await;
    let problem = late.facts.services.error.clone().unwrap();
    assert_eq!(problem.kind, ProblemKind::Timeout, "{problem:?}");
    let now = Timestamp::now();
    assert_eq!(late.facts.alarms.freshness(now), Freshness::Fresh);
    assert_eq!(late.facts.identity.freshness(now), Freshness::Fresh);
    assert!(late.facts.clusters.error.is_some() && late.facts.deployments.error.is_some());
    let ecs = late
        .facts
        .providers
        .iter()
        .find(|p| p.name == "ecs")
        .unwrap();
    assert!(ecs.problem.is_some() && ecs.last_ok.is_none());
}

#[tokio::test]
async fn expired_credentials_keep_the_last_picture_and_it_picks_up_by_itself() {
    let (account, endpoint) = serve(3, FINE).await;
    let mut handle = watch(&endpoint, Duration::from_secs(2)).await;
    until(&mut handle, "services", |f| f.service_rows().len() == 3).await;
    account.ecs.store(EXPIRED, Ordering::SeqCst);
    handle.refresh();
    let kept = until(&mut handle, "the services are marked", |f| {
        f.services.error.is_some()
    })
    .await;
    assert_eq!(
        kept.facts.services.error.as_ref().unwrap().kind,
        ProblemKind::Expired
    );
    assert_eq!(kept.facts.service_rows().len(), 3, "the last picture stays");
    assert_eq!(
        kept.facts.services.freshness(Timestamp::now()),
        Freshness::Failed
    );
    account.ecs.store(FINE, Ordering::SeqCst);
    until(&mut handle, "it picks up", |f| {
        f.services.error.is_none() && f.clusters.error.is_none()
    })
    .await;
}

/// What was told by the one account must not stand beside what the other tells.
#[tokio::test]
async fn credentials_of_another_account_begin_the_picture_anew_and_say_so() {
    let (account, endpoint) = serve(3, FINE).await;
    let mut handle = watch(&endpoint, Duration::from_secs(3)).await;
    until(&mut handle, "all of it", |f| {
        f.service_rows().len() == 3 && f.identity.value.is_some() && f.alarms.value.is_some()
    })
    .await;
    account.is_other.store(true, Ordering::SeqCst);
    account.ecs.store(HANGS, Ordering::SeqCst);
    handle.refresh();
    let now = until(&mut handle, "it says so", |f| f.account_before.is_some()).await;
    assert_eq!(now.facts.account_before.as_deref(), Some("1"));
    assert_eq!(now.facts.identity.value.as_ref().unwrap().account, "2");
    assert!(now.facts.services.value.is_none() && now.facts.clusters.value.is_none());
    assert!(now.facts.task_definitions.value.is_none());
    account.ecs.store(FINE, Ordering::SeqCst);
    handle.refresh();
    let then = until(&mut handle, "the other's services", |f| {
        f.service_rows().len() == 3
    })
    .await;
    assert_eq!(
        then.facts.account_before.as_deref(),
        Some("1"),
        "and goes on saying so"
    );
}

#[tokio::test]
async fn first_data_comes_at_once_and_a_thousand_services_stay_within_the_budget() {
    let (account, endpoint) = serve(1_000, FINE).await;
    let mut handle = watch(&endpoint, Duration::from_secs(5)).await;
    let all = until(&mut handle, "all services", |f| f.services.value.is_some()).await;
    assert_eq!(
        all.facts.service_rows().len(),
        1_000,
        "a part of them is not the account"
    );
    assert_eq!(account.describes.load(Ordering::SeqCst), 100, "each once");
    until(&mut handle, "what they use", |f| {
        f.task_definitions.value.is_some()
    })
    .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let more = account.describes.load(Ordering::SeqCst) - 100;
    assert!(
        more <= 6,
        "{more} calls in three seconds are more than 100 a minute"
    );
    assert_eq!(
        account.called("DescribeTaskDefinition"),
        1,
        "what never changes is read once"
    );
    assert_eq!(account.called("ListTasks"), 0, "nobody looks at tasks");
    assert!(handle.snapshot().facts.services.period < Duration::from_secs(120));
}

#[tokio::test]
async fn a_cluster_that_is_configured_but_does_not_exist_is_named() {
    let (_, endpoint) = serve(3, FINE).await;
    let config = Arc::new(Config {
        aws: AwsConfig {
            region: Some("us-east-1".into()),
            endpoint: Some(endpoint),
            fixed_credentials: Some(("key".into(), "secret".into())),
            clusters: vec!["prod".into(), "porduction".into()],
            ..AwsConfig::default()
        },
        ..Config::default()
    });
    let backend = Arc::new(Backend::new(&config).await.unwrap());
    let (_, runs) = tokio::sync::watch::channel(Arc::default());
    let mut handle = flightdeck::watch::start(config, backend, Arc::default(), None, runs).await;
    let seen = until(&mut handle, "clusters", |f| f.clusters.value.is_some()).await;
    let problem = seen.facts.clusters.error.clone().unwrap();
    assert!(problem.why.contains("porduction"), "{problem:?}");
    let seen = until(&mut handle, "the other cluster", |f| {
        f.services.value.is_some()
    })
    .await;
    assert_eq!(seen.facts.service_rows().len(), 3);
    // They are not all there are.
    let problem = seen.facts.services.error.clone().unwrap();
    assert!(problem.what.contains("porduction"), "{problem:?}");
}

/// Asks for what a view shows, with the plan that the program comes with, until all of it was asked; what was called.
async fn asked_for(needs: &'static [&'static str]) -> Arc<Account> {
    let (account, endpoint) = serve(1, FINE).await;
    let config = Arc::new(Config {
        aws: AwsConfig {
            region: Some("us-east-1".into()),
            endpoint: Some(endpoint),
            fixed_credentials: Some(("key".into(), "secret".into())),
            ..AwsConfig::default()
        },
        ..Config::default()
    });
    let backend = Arc::new(Backend::new(&config).await.unwrap());
    let (_runs, runs) = tokio::sync::watch::channel(Arc::default());
    let plan = Arc::new(flightdeck::plan::Plan::default_plan());
    let scope = flightdeck::watch::Scope::Named(needs);
    let mut handle = flightdeck::watch::start_for(scope, config, backend, plan, None, runs).await;
    let end = Instant::now() + Duration::from_secs(20);
    while !handle.is_settled(&handle.snapshot()) {
        assert!(Instant::now() < end, "it never settles");
        let _ = tokio::time::timeout(Duration::from_secs(1), handle.changed()).await;
    }
    account
}

#[tokio::test]
async fn a_question_about_one_view_does_not_wait_for_what_the_plan_wants_asked() {
    let account = asked_for(&["secrets"]).await;
    assert!(account.called("ListSecrets") > 0);
    let others: Vec<String> = account.calls.lock().unwrap().clone();
    assert!(others.iter().all(|c| c == "ListSecrets"), "{others:?}");
    // What is left of databases is measured by the plan's choice of series.
    let account = asked_for(&["measures"]).await;
    assert!(account.called("ListMetrics") > 0);
}
