//! Answers that are of the right protocol and leave out what was asked for, or count what cannot be counted: none of them is "there
//! is nothing", or zero.

use std::future::Future;

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use flightdeck::domain::metric::{MetricId, MetricQuery, Stat};
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::service::ServiceId;
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::{backend, is_for_people};

/// Says nothing, in whichever protocol it is asked; but for some counts of ECS and its scaling.
async fn nothing(uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target");
    let target = target.map_or("", |t| t.to_str().unwrap());
    let operation = target.rsplit('.').next().unwrap_or_default();
    if uri.path().contains("/operation/") {
        let cbor = [
            ("content-type", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
        ];
        return (cbor, vec![0xa0_u8]).into_response();
    }
    match operation {
        "DescribeServices" => {
            r#"{"services": [{"serviceName": "api", "clusterArn": "arn:aws:ecs:home:1:cluster/prod", "desiredCount": 0, "runningCount": -3, "pendingCount": 0}]}"#
                .into_response()
        }
        "DescribeScalingPolicies" => r#"{"ScalingPolicies": []}"#.into_response(),
        "" => {
            let form = String::from_utf8_lossy(&body).into_owned();
            let action = form.split('&').find_map(|p| p.strip_prefix("Action="));
            match action {
                Some(a) => format!("<{a}Response><{a}Result/></{a}Response>").into_response(),
                None if uri.query().is_some_and(|q| q.contains("max-buckets")) => {
                    "<ListAllMyBucketsResult/>".into_response()
                }
                None => "{}".into_response(),
            }
        }
        _ => "{}".into_response(),
    }
}

async fn at() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new().fallback(nothing);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    endpoint
}

/// What a question fails with.
async fn failed<T: std::fmt::Debug>(question: impl Future<Output = Result<T, Problem>>) -> String {
    let p = question.await.unwrap_err();
    is_for_people(&p);
    assert_eq!(p.kind, ProblemKind::Malformed, "{p}");
    format!("{} {}", p.what, p.why)
}

#[tokio::test]
async fn a_list_that_is_left_out_is_not_an_empty_one() {
    let b = backend(&at().await, "http://127.0.0.1:1").await;
    let (e, now) = (&b.estate, Timestamp::now());
    let id = ServiceId {
        cluster: "prod".into(),
        name: "api".into(),
    };
    let query = [MetricQuery {
        metric: MetricId::new("AWS/ECS", "CPUUtilization", &[]),
        stat: Stat::Average,
        period_s: 60,
    }];
    let all = [
        (
            "DescribeDBClusters",
            "DBClusters",
            failed(Box::pin(e.rds.databases())).await,
        ),
        (
            "DescribeDBInstances",
            "DBInstances",
            failed(Box::pin(e.rds.instances())).await,
        ),
        (
            "DescribeEvents",
            "Events",
            failed(Box::pin(e.rds.events())).await,
        ),
        (
            "rds:DescribeDBSnapshots",
            "DBSnapshots",
            failed(Box::pin(e.rds.snapshots())).await,
        ),
        (
            "DescribeReplicationGroups",
            "ReplicationGroups",
            failed(Box::pin(e.elasticache.caches())).await,
        ),
        (
            "DescribeScalableTargets",
            "ScalableTargets",
            failed(Box::pin(e.autoscaling.targets())).await,
        ),
        (
            "DescribeScalingActivities",
            "ScalingActivities",
            failed(Box::pin(e.autoscaling.activities())).await,
        ),
        (
            "ListSecrets",
            "SecretList",
            failed(Box::pin(e.secretsmanager.secrets())).await,
        ),
        (
            "DescribeStacks",
            "Stacks",
            failed(Box::pin(e.cloudformation.stacks(&Part::default()))).await,
        ),
        (
            "DescribeRepositories",
            "repositories",
            failed(Box::pin(e.ecr.registry(&Part::default(), &[]))).await,
        ),
        (
            "ListBuckets",
            "Buckets",
            failed(Box::pin(e.s3.buckets())).await,
        ),
        (
            "ListTopics",
            "Topics",
            failed(Box::pin(e.sns.topics())).await,
        ),
        (
            "ListBackupVaults",
            "BackupVaultList",
            failed(Box::pin(e.vaults.points())).await,
        ),
        (
            "ListBackupJobs",
            "BackupJobs",
            failed(Box::pin(e.vaults.jobs())).await,
        ),
        (
            "ListWebACLs",
            "WebACLs",
            failed(Box::pin(e.waf.walls())).await,
        ),
        (
            "ListApplications",
            "Items",
            failed(Box::pin(e.appconfig.flags())).await,
        ),
        (
            "DescribeVpcs",
            "vpcSet",
            failed(Box::pin(e.ec2.network())).await,
        ),
        (
            "GetAccountAuthorizationDetails",
            "UserDetailList",
            failed(Box::pin(e.iam.access())).await,
        ),
        (
            "ListClusters",
            "clusterArns",
            failed(Box::pin(b.ecs.clusters())).await,
        ),
        (
            "ListServices",
            "serviceArns",
            failed(Box::pin(b.ecs.service_ids("prod"))).await,
        ),
        (
            "ListTasks",
            "taskArns",
            failed(Box::pin(b.ecs.tasks(&id))).await,
        ),
        (
            "ListTaskDefinitions",
            "taskDefinitionArns",
            failed(Box::pin(b.ecs.revision_arns("api", 3))).await,
        ),
        (
            "DescribeTargetGroups",
            "TargetGroups",
            failed(Box::pin(b.elb.target_groups())).await,
        ),
        (
            "DescribeTargetHealth",
            "TargetHealthDescriptions",
            failed(Box::pin(b.elb.targets("arn"))).await,
        ),
        (
            "DescribeAlarms",
            "MetricAlarms",
            failed(Box::pin(b.cloudwatch.alarms())).await,
        ),
        (
            "DescribeAlarmHistory",
            "AlarmHistoryItems",
            failed(Box::pin(b.cloudwatch.alarm_history("a"))).await,
        ),
        (
            "GetMetricData",
            "MetricDataResults",
            failed(Box::pin(b.cloudwatch.series(&query, now, now))).await,
        ),
        (
            "ListMetrics",
            "Metrics",
            failed(Box::pin(b.cloudwatch.metric_names(9))).await,
        ),
        (
            "ListDashboards",
            "DashboardEntries",
            failed(Box::pin(b.cloudwatch.dashboards())).await,
        ),
        (
            "DescribeLogGroups",
            "logGroups",
            failed(Box::pin(b.logs.groups(9))).await,
        ),
        (
            "FilterLogEvents",
            "events",
            failed(Box::pin(b.logs.sample("/a", now, 9))).await,
        ),
    ];
    for (operation, member, words) in all {
        assert!(words.contains(operation), "{operation}: {words}");
        assert!(words.contains(&format!("`{member}`")), "{member}: {words}");
    }
    let unwell: Vec<_> = b
        .meter()
        .into_iter()
        .filter(|h| h.problem.is_some())
        .collect();
    assert!(unwell.len() > 10, "the lines say so, too: {unwell:?}");
}

#[tokio::test]
async fn a_count_below_zero_is_not_zero() {
    let b = backend(&at().await, "http://127.0.0.1:1").await;
    let id = ServiceId {
        cluster: "prod".into(),
        name: "api".into(),
    };
    let words = failed(Box::pin(b.ecs.service(&id))).await;
    assert!(words.contains("`runningCount` of api is -3"), "{words}");
}
