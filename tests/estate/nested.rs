//! What is missing within a row: a list or a figure that the vendor always sends is not an empty one, nor zero, where it is left out.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use flightdeck::backend::Backend;
use flightdeck::domain::alarm::{Alarm, AlarmRule, AlarmState};
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::service::ServiceId;
use tokio::net::TcpListener;

use crate::{backend, is_for_people};

type Answers = Arc<HashMap<&'static str, Vec<u8>>>;

/// No operation: given for it, the endpoint refuses whoever asks about alarms over logs.
const KNOWS_NO_LOGS: &str = "knows no logs";

/// No operation, either: rules that mute alarms are gone by the time that they are read.
const GONE: &str = "gone";

fn refused(status: StatusCode, code: &str, why: &str) -> Response {
    let refusal = [("__type", words(code)), ("message", words(why))];
    let headers = [
        ("content-type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
    ];
    (status, headers, map(&refusal)).into_response()
}

/// Says what it was given for an operation, in whichever protocol it is asked; of anything else, that there is none.
async fn say(answers: Answers, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").map(|t| t.to_str().unwrap());
    let form = String::from_utf8_lossy(&body).into_owned();
    let cbor = uri.path().rsplit_once("/operation/").map(|(_, o)| o);
    let action = form.split('&').find_map(|p| p.strip_prefix("Action="));
    let json = target.and_then(|t| t.rsplit('.').next());
    let operation = cbor.or(json).or(action).unwrap_or_default();
    let is_old = answers.contains_key(KNOWS_NO_LOGS);
    if is_old && form.contains("LogAlarm") {
        let why = "'alarmTypes' failed to satisfy constraint";
        return refused(StatusCode::BAD_REQUEST, "ValidationError", why);
    }
    if answers.contains_key(GONE) && operation == "GetAlarmMuteRule" {
        return refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", "gone");
    }
    // Alarms of a kind that is not asked for are not told of.
    let is_asked = is_old || operation != "DescribeAlarms" || form.contains("LogAlarm");
    let answer = answers.get(operation).filter(|_| is_asked).cloned();
    match (cbor, action) {
        (Some(_), _) => {
            let headers = [
                ("content-type", "application/cbor"),
                ("smithy-protocol", "rpc-v2-cbor"),
            ];
            (headers, answer.unwrap_or(vec![0xa0])).into_response()
        }
        (None, Some(a)) => {
            let inside = answer.unwrap_or_default();
            let inside = String::from_utf8(inside).unwrap();
            format!("<{a}Response>{inside}</{a}Response>").into_response()
        }
        (None, None) => answer.unwrap_or(b"{}".to_vec()).into_response(),
    }
}

async fn at(answers: &[(&'static str, &str)]) -> Backend {
    let answers = answers.iter().map(|(o, b)| (*o, b.as_bytes().to_vec()));
    of(answers.collect()).await
}

async fn of(answers: HashMap<&'static str, Vec<u8>>) -> Backend {
    let answers: Answers = Arc::new(answers);
    let app = axum::Router::new()
        .fallback(move |uri, headers, body| say(answers.clone(), uri, headers, body));
    served(app).await
}

async fn served(app: axum::Router) -> Backend {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    backend(&endpoint, "http://127.0.0.1:1").await
}

fn names(p: &Problem, member: &str) {
    is_for_people(p);
    assert_eq!(p.kind, ProblemKind::Malformed, "{p}");
    assert!(p.why.contains(&format!("`{member}`")), "{member}: {p}");
    assert!(p.why.contains("leaves out"), "{p}");
}

const NETWORK: [(&str, &str); 6] = [
    ("DescribeVpcs", "<vpcSet/>"),
    ("DescribeSubnets", "<subnetSet/>"),
    (
        "DescribeRouteTables",
        "<routeTableSet><item><routeSet/><associationSet/></item></routeTableSet>",
    ),
    (
        "DescribeSecurityGroups",
        "<securityGroupInfo><item><ipPermissions><item><groups/><ipRanges/></item></ipPermissions></item></securityGroupInfo>",
    ),
    (
        "DescribeNetworkInterfaces",
        "<networkInterfaceSet><item><groupSet/></item></networkInterfaceSet>",
    ),
    (
        "DescribeLoadBalancers",
        "<DescribeLoadBalancersResult><LoadBalancers/></DescribeLoadBalancersResult>",
    ),
];

#[tokio::test]
async fn a_network_is_not_closed_by_what_was_left_out_of_it() {
    let whole = at(&NETWORK).await.estate.ec2.network().await;
    assert!(whole.is_ok(), "{whole:?}");
    for member in [
        "routeSet",
        "associationSet",
        "ipPermissions",
        "groups",
        "ipRanges",
        "groupSet",
    ] {
        let without = NETWORK.map(|(operation, body)| {
            let body = body.replace(&format!("<{member}/>"), "");
            let (open, close) = (format!("<{member}>"), format!("</{member}>"));
            let body = match (body.find(&open), body.find(&close)) {
                (Some(from), Some(to)) => body[..from].to_owned() + &body[to + close.len()..],
                _ => body,
            };
            (operation, body)
        });
        let without: Vec<_> = without.iter().map(|(o, b)| (*o, b.as_str())).collect();
        let p = at(&without).await.estate.ec2.network().await.unwrap_err();
        names(&p, member);
    }
}

#[tokio::test]
async fn counts_of_services_are_not_zero_where_they_are_left_out() {
    let id = ServiceId {
        cluster: "prod".into(),
        name: "api".into(),
    };
    let counts = r#""desiredCount": 2, "runningCount": 2, "pendingCount": 0"#;
    let services = |counts: &str| {
        format!(r#"{{"services": [{{"serviceName": "api", "clusterArn": "c/prod", {counts}}}]}}"#)
    };
    let whole = services(counts);
    let b = at(&[("DescribeServices", whole.as_str())]).await;
    assert_eq!(b.ecs.service(&id).await.unwrap().counts.desired, 2);
    for member in ["desiredCount", "runningCount", "pendingCount"] {
        let without = services(&counts.replace(member, "other"));
        let b = at(&[("DescribeServices", without.as_str())]).await;
        names(&b.ecs.service(&id).await.unwrap_err(), member);
    }
    let clusters = r#"{"clusters": [{"clusterName": "prod", "runningTasksCount": 1}]}"#;
    let list = r#"{"clusterArns": ["arn:aws:ecs:home:1:cluster/prod"]}"#;
    let b = at(&[("ListClusters", list), ("DescribeClusters", clusters)]).await;
    names(&b.ecs.clusters().await.unwrap_err(), "activeServicesCount");
}

#[tokio::test]
async fn a_definition_without_containers_is_none() {
    let body =
        r#"{"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:home:1:task-definition/api:7"}}"#;
    let b = at(&[("DescribeTaskDefinition", body)]).await;
    let p = b.ecs.task_definition("api:7").await.unwrap_err();
    names(&p, "containerDefinitions");
}

#[tokio::test]
async fn an_image_without_a_size_is_not_a_small_one() {
    let repositories = r#"{"repositories": [{"repositoryName": "shop/api", "repositoryUri": "1.dkr.ecr.home.amazonaws.com/shop/api"}]}"#;
    let images = r#"{"imageDetails": [{"imageDigest": "sha256:1"}]}"#;
    let b = at(&[
        ("DescribeRepositories", repositories),
        ("DescribeImages", images),
    ])
    .await;
    let registry = b.estate.ecr.registry(&Part::default(), &[]).await;
    let said = format!("{registry:?}");
    assert!(said.contains("`imageSizeInBytes`"), "{said}");
    assert!(!said.contains("sha256:1"), "{said}");
}

/// Text, a list and a map in CBOR (RFC 8949), all of them short.
fn words(text: &str) -> Vec<u8> {
    let mut all = vec![0x78, u8::try_from(text.len()).unwrap()];
    all.extend(text.as_bytes());
    all
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let head = 0x80 + u8::try_from(items.len()).unwrap();
    [&[head][..], &items.concat()].concat()
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut all = vec![0xb8, u8::try_from(members.len()).unwrap()];
    for (name, value) in members {
        all.extend(words(name));
        all.extend(value);
    }
    all
}

async fn alarms(members: &[(&str, Vec<u8>)]) -> Result<Vec<Alarm>, Problem> {
    let b = of(HashMap::from([("DescribeAlarms", map(members))])).await;
    b.cloudwatch.alarms().await
}

/// The list of metric alarms is always there; the others need not be, where the account has none.
#[tokio::test]
async fn alarms_of_one_kind_are_there_though_others_are_left_out() {
    let lone = map(&[("AlarmName", words("cpu")), ("StateValue", words("ALARM"))]);
    let all = alarms(&[("MetricAlarms", list(&[lone]))]).await.unwrap();
    let names: Vec<&str> = all.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["cpu"]);
    names_of(alarms(&[("CompositeAlarms", list(&[]))]).await);
}

fn names_of(answer: Result<Vec<Alarm>, Problem>) {
    names(&answer.unwrap_err(), "MetricAlarms");
}

/// An alarm over logs is one like any other: it fires, and somebody is to be told.
#[tokio::test]
async fn alarms_over_logs_and_actions_that_are_held_back_are_read() {
    let query = map(&[
        ("QueryString", words("filter level = 'error'")),
        ("LogGroupIdentifiers", list(&[words("/ecs/shop-prod/pay")])),
        ("AggregationExpression", words("count(*)")),
    ]);
    let logs = map(&[
        ("AlarmName", words("payment errors")),
        ("StateValue", words("ALARM")),
        ("ComparisonOperator", words("GreaterThanThreshold")),
        // 10.0, as a double.
        ("Threshold", vec![0xfb, 0x40, 0x24, 0, 0, 0, 0, 0, 0]),
        ("QueryResultsToEvaluate", vec![0x03]),
        ("QueryResultsToAlarm", vec![0x02]),
        ("ScheduledQueryConfiguration", query),
        ("AlarmActions", list(&[words("arn:aws:sns:home:1:oncall")])),
    ]);
    let held = map(&[
        ("AlarmName", words("down")),
        ("StateValue", words("ALARM")),
        ("AlarmRule", words("ALARM(cpu)")),
        ("ActionsSuppressedBy", words("Alarm")),
        (
            "ActionsSuppressor",
            words("arn:aws:cloudwatch:home:1:alarm:maintenance"),
        ),
    ]);
    let told = [
        ("MetricAlarms", list(&[])),
        ("CompositeAlarms", list(&[held])),
        ("LogAlarms", list(&[logs])),
    ];
    let all = alarms(&told).await.unwrap();
    let [down, pay] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_eq!(down.held_back.as_deref(), Some("by maintenance"));
    assert_eq!(
        (pay.name.as_str(), pay.state),
        ("payment errors", AlarmState::Alarm)
    );
    assert_eq!(pay.telling().count(), 1);
    let limit = pay.rule.limit();
    assert_eq!(limit.as_deref(), Some("count(*) > 10 in 2 of 3 results"));
    assert!(
        matches!(&pay.rule, AlarmRule::Log { groups, .. } if groups == &["/ecs/shop-prod/pay"]),
        "{:?}",
        pay.rule
    );
}

/// Regions and private endpoints learn a new kind later than others: for that one word all alarms would be unread.
#[tokio::test]
async fn an_endpoint_that_knows_no_alarms_over_logs_tells_the_others_and_that_is_said() {
    let lone = map(&[("AlarmName", words("cpu")), ("StateValue", words("ALARM"))]);
    let told = map(&[("MetricAlarms", list(&[lone]))]);
    let history = map(&[("AlarmHistoryItems", list(&[]))]);
    let answers = [
        (KNOWS_NO_LOGS, Vec::new()),
        ("DescribeAlarms", told.clone()),
        ("DescribeAlarmHistory", history),
    ];
    let b = of(HashMap::from(answers)).await;
    assert!(!b.cloudwatch.lacks_log_alarms(), "nobody was asked yet");
    let calls = || {
        let all = b.meter();
        let line = all.iter().find(|p| p.name == "cloudwatch");
        line.map_or(0, |p| p.calls_per_minute)
    };
    for asked in [2, 3] {
        let all = b.cloudwatch.alarms().await.unwrap();
        assert_eq!(all.len(), 1);
        assert!(b.cloudwatch.lacks_log_alarms());
        assert_eq!(calls(), asked, "it is refused once");
    }
    assert!(b.cloudwatch.alarm_history("cpu").await.unwrap().is_empty());
    assert_eq!(calls(), 4);
    let b = of(HashMap::from([("DescribeAlarms", told)])).await;
    b.cloudwatch.alarms().await.unwrap();
    assert!(!b.cloudwatch.lacks_log_alarms());
}

/// A proxy's refusal of a single question took all alarms over logs from sight.
#[tokio::test]
async fn a_refusal_that_names_no_kind_of_alarm_is_not_one_of_alarms_over_logs() {
    let lone = map(&[("AlarmName", words("cpu")), ("StateValue", words("ALARM"))]);
    let told = map(&[("MetricAlarms", list(&[lone]))]);
    let answers: Answers = Arc::new(HashMap::from([("DescribeAlarms", told)]));
    let asked = Arc::new(AtomicU32::new(0));
    let counted = asked.clone();
    let app = axum::Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let is_it = uri.path().ends_with("/DescribeAlarms");
        let is_first = is_it && counted.fetch_add(1, Ordering::Relaxed) == 0;
        let answers = answers.clone();
        async move {
            match is_first {
                true => refused(StatusCode::BAD_REQUEST, "ValidationError", "not today"),
                false => say(answers, uri, headers, body).await,
            }
        }
    });
    let b = served(app).await;
    assert_eq!(b.cloudwatch.alarms().await.unwrap().len(), 1);
    assert!(!b.cloudwatch.lacks_log_alarms());
    assert_eq!(asked.load(Ordering::Relaxed), 2, "it is asked once more");
}

#[tokio::test]
async fn rules_that_mute_alarms_are_read_with_the_alarms_that_they_mute() {
    let arn = "arn:aws:cloudwatch:home:1:alarm-mute-rule:night";
    let summary = map(&[
        ("AlarmMuteRuleArn", words(arn)),
        ("Status", words("ACTIVE")),
    ]);
    let listed = map(&[("AlarmMuteRuleSummaries", list(&[summary]))]);
    let targets = map(&[("AlarmNames", list(&[words("cpu"), words("lag")]))]);
    let rule = map(&[("Name", words("night")), ("MuteTargets", targets)]);
    let answers = [("ListAlarmMuteRules", listed), ("GetAlarmMuteRule", rule)];
    let b = of(HashMap::from(answers)).await;
    let rules = b.estate.mutes.active().await.unwrap();
    assert_eq!(rules.len(), 1);
    assert_eq!(
        (rules[0].name.as_str(), rules[0].alarms.len()),
        ("night", 2)
    );
    let b = of(HashMap::new()).await;
    names(
        &b.estate.mutes.active().await.unwrap_err(),
        "AlarmMuteRuleSummaries",
    );
}

/// What one rule leaves out must not hide that another mutes the pager.
#[tokio::test]
async fn a_rule_without_targets_mutes_nothing_and_one_that_is_gone_neither() {
    let arn = "arn:aws:cloudwatch:home:1:alarm-mute-rule:night";
    let summary = map(&[("AlarmMuteRuleArn", words(arn))]);
    let listed = map(&[("AlarmMuteRuleSummaries", list(&[summary]))]);
    let empty = map(&[("Name", words("night"))]);
    let answers = [
        ("ListAlarmMuteRules", listed.clone()),
        ("GetAlarmMuteRule", empty),
    ];
    let b = of(HashMap::from(answers)).await;
    let rules = b.estate.mutes.active().await.unwrap();
    assert!(rules.len() == 1 && rules[0].alarms.is_empty(), "{rules:?}");
    let answers = [("ListAlarmMuteRules", listed), (GONE, Vec::new())];
    let b = of(HashMap::from(answers)).await;
    let rules = b.estate.mutes.active().await.unwrap();
    assert!(rules.is_empty(), "{rules:?}");
}

#[tokio::test]
async fn what_a_role_holds_is_not_nothing_where_it_is_left_out() {
    let lists = "<RolePolicyList/><AttachedManagedPolicies/><AssumeRolePolicyDocument>{\"Statement\":[]}</AssumeRolePolicyDocument>";
    let of = async |lists: &str| {
        let body = format!(
            "<GetAccountAuthorizationDetailsResult><RoleDetailList><member><RoleName>ci</RoleName>{lists}</member></RoleDetailList></GetAccountAuthorizationDetailsResult>"
        );
        let b = at(&[("GetAccountAuthorizationDetails", body.as_str())]).await;
        let access = b.estate.iam.access().await.unwrap();
        access.principals[0].unread.clone()
    };
    assert!(of(lists).await.is_empty());
    for member in ["RolePolicyList", "AttachedManagedPolicies"] {
        let without = lists.replace(&format!("<{member}/>"), "");
        assert_eq!(of(&without).await, [format!("list {member}")]);
    }
    let trust = lists.find("<Assume").unwrap();
    let untold = of(&lists[..trust]).await;
    assert_eq!(untold, ["AssumeRolePolicyDocument"], "who may take it");
}

/// No list of groups or clusters names a serverless cache.
#[tokio::test]
async fn a_serverless_cache_is_a_cache_and_one_list_that_is_denied_is_said() {
    let none = [
        ("DescribeReplicationGroups", "<ReplicationGroups/>"),
        ("DescribeCacheClusters", "<CacheClusters/>"),
        ("DescribeSnapshots", "<Snapshots/>"),
        ("DescribeEvents", "<Events/>"),
    ];
    let inside = |(o, list): (&'static str, &str)| (o, format!("<{o}Result>{list}</{o}Result>"));
    let mut answers: HashMap<&'static str, String> = none.map(inside).into();
    let asked = async |answers: &HashMap<&'static str, String>| {
        let answers = answers.iter().map(|(o, b)| (*o, b.as_bytes().to_vec()));
        of(answers.collect())
            .await
            .estate
            .elasticache
            .caches()
            .await
    };
    let unread = asked(&answers).await.unwrap();
    assert!(unread.groups.is_empty());
    assert!(unread.serverless_unseen().is_some(), "{:?}", unread.unseen);
    let caches = "<ServerlessCaches><member><ServerlessCacheName>shop</ServerlessCacheName><Status>AVAILABLE</Status>\
        <Engine>valkey</Engine><MajorEngineVersion>8</MajorEngineVersion><FullEngineVersion>8.0</FullEngineVersion>\
        <Endpoint><Address>shop-1.serverless.use1.cache.amazonaws.com</Address><Port>6379</Port></Endpoint>\
        <UserGroupId>ops</UserGroupId><SnapshotRetentionLimit>7</SnapshotRetentionLimit></member></ServerlessCaches>";
    let (o, body) = inside(("DescribeServerlessCaches", caches));
    answers.insert(o, body);
    let snapshots = "<ServerlessCacheSnapshots><ServerlessCacheSnapshot>\
        <ServerlessCacheSnapshotName>before</ServerlessCacheSnapshotName><SnapshotType>manual</SnapshotType>\
        <Status>AVAILABLE</Status><CreateTime>2026-11-24T05:03:00Z</CreateTime><BytesUsedForCache>4096</BytesUsedForCache>\
        <ServerlessCacheConfiguration><ServerlessCacheName>shop</ServerlessCacheName></ServerlessCacheConfiguration>\
        </ServerlessCacheSnapshot></ServerlessCacheSnapshots>";
    let (o, body) = inside(("DescribeServerlessCacheSnapshots", snapshots));
    answers.insert(o, body);
    let told = asked(&answers).await.unwrap();
    assert!(told.unseen.is_empty(), "{:?}", told.unseen);
    let cache = &told.groups[0];
    assert_eq!(
        (cache.id.as_str(), cache.status.as_str()),
        ("shop", "available")
    );
    assert_eq!(
        (cache.engine.as_str(), cache.version.as_str()),
        ("valkey", "8.0")
    );
    assert_eq!(
        cache.endpoint,
        "shop-1.serverless.use1.cache.amazonaws.com:6379"
    );
    assert!(
        cache.serverless && cache.auth && cache.lacks().is_empty(),
        "{cache:?}"
    );
    assert_eq!(told.newest_snapshot("shop").unwrap().size, "4096 B");
    assert!(!told.snapshots[0].automatic);
}
