//! A server that offers the same page again and again: every list ends with a problem, after few questions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use flightdeck::backend::Backend;
use flightdeck::backend::aws::logs::{Bookmark, LogQuestion};
use flightdeck::domain::metric::{MetricId, MetricQuery, Stat};
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::told::Told;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

/// How many questions were asked.
type Count = Arc<AtomicUsize>;

/// What the Query services list, here with nothing on it.
const LISTS: [&str; 13] = [
    "Stacks",
    "Topics",
    "DBInstances",
    "DBClusters",
    "ReplicationGroups",
    "CacheClusters",
    "UserDetailList",
    "vpcSet",
    "subnetSet",
    "routeTableSet",
    "securityGroupInfo",
    "networkInterfaceSet",
    "LoadBalancers",
];

/// Each protocol's way to say: there is more, and its token is `again`.
async fn again(State(count): State<Count>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    count.fetch_add(1, Ordering::SeqCst);
    let body = String::from_utf8_lossy(&body).into_owned();
    if headers.contains_key("smithy-protocol") {
        // A map of a token and of lists that are empty (RFC 8949).
        let mut map = vec![0xa6];
        map.extend(b"\x69NextToken\x65again");
        for list in [
            "DashboardEntries",
            "CompositeAlarms",
            "MetricAlarms",
            "MetricDataResults",
            "Metrics",
        ] {
            map.extend([0x78, u8::try_from(list.len()).unwrap()]);
            map.extend(list.as_bytes());
            map.push(0x80);
        }
        let kind = [
            ("content-type", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
        ];
        return (kind, map).into_response();
    }
    if headers.contains_key("x-amz-target") {
        let all = r#"{"NextToken":"again","nextToken":"again","NextMarker":"again","WebACLs":[{"Name":"a","Id":"a","ARN":"a"}],
            "logGroups":[],"events":[],"SecretList":[],"repositories":[],"ScalableTargets":[],"ScalingPolicies":[]}"#;
        return ([("content-type", "application/x-amz-json-1.1")], all).into_response();
    }
    if let Some(action) = body
        .strip_prefix("Action=")
        .and_then(|b| b.split('&').next())
    {
        let tokens = "<NextToken>again</NextToken><Marker>again</Marker><NextMarker>again</NextMarker><nextToken>again</nextToken><IsTruncated>true</IsTruncated>";
        let lists: String = LISTS.iter().map(|list| format!("<{list}/>")).collect();
        let tokens = format!("{lists}{tokens}");
        let whole = match body.contains("Version=2016-11-15") {
            true => format!("<{action}Response>{tokens}</{action}Response>"),
            false => format!(
                "<{action}Response><{action}Result>{tokens}</{action}Result></{action}Response>"
            ),
        };
        return ([("content-type", "text/xml")], whole).into_response();
    }
    let query = uri.query().unwrap_or_default();
    let xml = match uri.path() {
        "/" => {
            "<ListAllMyBucketsResult><Buckets><Bucket><Name>laser-backups</Name><BucketRegion>us-east-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>"
        }
        _ if query.contains("list-type=2") => {
            "<ListBucketResult><NextContinuationToken>again</NextContinuationToken></ListBucketResult>"
        }
        path if path.starts_with("/laser-backups") => "<Nothing/>",
        _ => return r#"{"NextToken":"again","Items":[]}"#.into_response(),
    };
    xml.into_response()
}

async fn served() -> (Backend, Count) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let count = Count::default();
    let app = axum::Router::new()
        .fallback(again)
        .with_state(count.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (crate::backend(&endpoint, "http://127.0.0.1:1").await, count)
}

/// Fails unless the list ended with a problem that says why, after at most so many questions.
#[track_caller]
fn ended<T>(what: &str, answer: Result<T, Problem>, count: &Count, most: usize) {
    let problem = answer.err().unwrap_or_else(|| panic!("{what} has an end"));
    assert_eq!(problem.kind, ProblemKind::Malformed, "{what}: {problem:?}");
    assert!(problem.why.contains("offered again"), "{what}: {problem:?}");
    let asked = count.swap(0, Ordering::SeqCst);
    assert!(asked <= most, "{what}: {asked} questions");
}

#[tokio::test]
async fn a_server_that_repeats_a_token_is_told_of_and_not_asked_for_ever() {
    let (b, count) = served().await;
    let e = &b.estate;
    ended("dashboards", b.cloudwatch.dashboards().await, &count, 2);
    ended("metrics", b.cloudwatch.metric_names(500).await, &count, 2);
    let query = MetricQuery {
        metric: MetricId::new("AWS/ECS", "CPUUtilization", &[]),
        stat: Stat::Average,
        period_s: 60,
    };
    let until = Timestamp::now();
    let from = until - SignedDuration::from_hours(1);
    let series = b.cloudwatch.series(&[query], from, until).await;
    ended("series", series, &count, 2);
    ended("log groups", b.logs.groups(500).await, &count, 2);
    ended("sample", b.logs.sample("g", from, 9).await, &count, 2);
    let question = LogQuestion {
        group: "g".into(),
        streams: Vec::new(),
        pattern: String::new(),
        from,
        until: None,
    };
    let again = Bookmark {
        token: "again".into(),
        streams: Vec::new(),
        from,
    };
    let read = b.logs.read(&question, Some(again), 9).await;
    ended("events", read, &count, 1);
    ended("secrets", e.secretsmanager.secrets().await, &count, 2);
    ended(
        "stacks",
        e.cloudformation.stacks(&Part::default()).await,
        &count,
        2,
    );
    ended("topics", e.sns.topics().await, &count, 2);
    ended(
        "images",
        e.ecr.registry(&Part::default(), &[]).await,
        &count,
        2,
    );
    ended("walls", e.waf.walls().await, &count, 3);
    ended("flags", e.appconfig.flags().await, &count, 2);
    ended("bounds", e.autoscaling.targets().await, &count, 12);
    ended("network", e.ec2.network().await, &count, 12);
    ended("databases", e.rds.databases().await, &count, 12);
    ended("caches", e.elasticache.caches().await, &count, 12);
    ended("rights", e.iam.access().await, &count, 3);
}

#[tokio::test]
async fn a_bucket_whose_list_goes_round_has_a_newest_object_that_nobody_knows() {
    let (b, _) = served().await;
    let buckets = b.estate.s3.buckets().await.unwrap();
    let newest = &buckets.first().expect("a bucket").newest;
    assert_eq!(*newest, Told::Unknown("a page was offered again".into()));
}
