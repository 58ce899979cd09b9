//! What the client layer makes of endpoints that hang, lie, cut, throttle or refuse: the right kind, useful words, in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flightdeck::backend::Backend;
use flightdeck::backend::aws::ecs::UpdateService;
use flightdeck::config::{AwsConfig, Config};
use flightdeck::domain::action::Permit;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::service::ServiceId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[path = "support/canary.rs"]
mod canary;

const SECRET: &str = "canary-secret-3f9a";
const JSON: &str = "application/x-amz-json-1.1";
/// Deadline of a whole call in these tests.
const DEADLINE: Duration = Duration::from_millis(2_500);

/// The most megabytes that anybody took from a peer that never stops.
static SENT: AtomicUsize = AtomicUsize::new(0);

/// What the peer does with each request.
#[derive(Clone, Copy)]
enum Peer {
    Hangs,
    HangsAfterHeaders,
    Drips,
    Cuts,
    CutsInTheBody,
    NeverStops,
    PromisesTooMuch,
    Answers(u16, &'static str, &'static str),
}

struct Served {
    endpoint: String,
    requests: Arc<AtomicUsize>,
}

impl Served {
    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(peer: Peer) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, peer, count.clone()));
        }
    });
    Served { endpoint, requests }
}

async fn answer(mut stream: TcpStream, peer: Peer, count: Arc<AtomicUsize>) {
    while read_request(&mut stream).await {
        count.fetch_add(1, Ordering::SeqCst);
        let promise = |n: usize| {
            format!("HTTP/1.1 200 OK\r\ncontent-type: {JSON}\r\ncontent-length: {n}\r\n\r\n")
        };
        match peer {
            Peer::Hangs => std::future::pending::<()>().await,
            Peer::HangsAfterHeaders => {
                let _ = stream.write_all(promise(50).as_bytes()).await;
                std::future::pending::<()>().await;
            }
            Peer::Drips => {
                let _ = stream.write_all(promise(5000).as_bytes()).await;
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            Peer::Cuts => return,
            Peer::CutsInTheBody => {
                let begun = promise(50) + "{\"clu";
                let _ = stream.write_all(begun.as_bytes()).await;
                return;
            }
            Peer::NeverStops => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {JSON}\r\ntransfer-encoding: chunked\r\n\r\n"
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let chunk = format!("100000\r\n{}\r\n", "x".repeat(1 << 20));
                let mut sent = 0;
                // Four times the cap: whoever reads on would have taken it all.
                while sent < 128 && stream.write_all(chunk.as_bytes()).await.is_ok() {
                    sent += 1;
                }
                SENT.fetch_max(sent, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
            Peer::PromisesTooMuch => {
                let _ = stream.write_all(promise(40 << 20).as_bytes()).await;
                let _ = stream.write_all(b"{").await;
                std::future::pending::<()>().await;
            }
            Peer::Answers(status, kind, body) => {
                let n = body.len();
                let reply = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {n}\r\n\r\n{body}"
                );
                let _ = stream.write_all(reply.as_bytes()).await;
            }
        }
    }
}

/// Reads one request with its body; `false` once the client has gone.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    let mut buffer = [0u8; 4096];
    loop {
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length: usize = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "))
                .map_or(0, |n| n.trim().parse().unwrap_or(0));
            if seen.len() >= head.len() + 4 + length {
                return true;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(n) if n > 0 => seen.extend_from_slice(&buffer[..n]),
            _ => return false,
        }
    }
}

async fn backend(endpoint: &str, read_only: bool) -> Backend {
    let config = Config {
        read_only,
        aws: AwsConfig {
            region: Some("us-east-1".into()),
            endpoint: Some(endpoint.into()),
            fixed_credentials: Some(("AKIAIOSFODNN7EXAMPLE".into(), SECRET.into())),
            timeout: Some(DEADLINE),
            ..AwsConfig::default()
        },
        ..Config::default()
    };
    Backend::new(&config).await.unwrap()
}

/// Asks for the clusters; the answer must come within the deadline and be worded for a person.
async fn read(peer: Peer) -> (Problem, Served, Backend) {
    let served = serve(peer).await;
    let backend = backend(&served.endpoint, false).await;
    let began = Instant::now();
    let problem = backend.ecs.clusters().await.unwrap_err();
    let took = began.elapsed();
    assert!(
        took < DEADLINE + Duration::from_millis(1_500),
        "took {took:?}"
    );
    is_for_people(&problem);
    (problem, served, backend)
}

async fn update(peer: Peer, read_only: bool) -> (Problem, usize) {
    let served = serve(peer).await;
    let problem = send_update(&served.endpoint, read_only).await;
    (problem, served.requests())
}

async fn send_update(endpoint: &str, read_only: bool) -> Problem {
    let backend = backend(endpoint, read_only).await;
    let id = ServiceId {
        cluster: "prod".into(),
        name: "api".into(),
    };
    let permit = Permit::journalled("run-1".into());
    let change = UpdateService {
        desired: Some(3),
        ..UpdateService::default()
    };
    let arn = "arn:aws:ecs:us-east-1:123456789012:service/prod/api";
    let answer = backend.ecs.update_service(&permit, &id, arn, change).await;
    let problem = answer.unwrap_err();
    is_for_people(&problem);
    problem
}

/// Short lines, no nest of the SDK's, no secret.
fn is_for_people(p: &Problem) {
    let all = format!("{} {} {}", p.what, p.why, p.fix);
    let nests = [
        "SdkError",
        "DispatchFailure",
        "ConnectorError",
        "nhandled",
        "Os {",
        "AKIA",
    ];
    for nest in nests {
        assert!(!all.contains(nest), "{nest:?} in {all}");
    }
    canary::assert_hidden(SECRET, &all, "a problem");
    for line in [&p.what, &p.why, &p.fix] {
        assert!(!line.is_empty() && line.chars().count() <= 260, "{line}");
    }
    let begins = p.what.starts_with("Cannot ") || p.kind == ProblemKind::Refused;
    assert!(begins, "{}", p.what);
}

#[tokio::test]
async fn a_peer_that_hangs_anywhere_is_a_timeout_within_the_deadline() {
    for peer in [Peer::Hangs, Peer::HangsAfterHeaders, Peer::Drips] {
        let (problem, _, _) = read(peer).await;
        assert_eq!(problem.kind, ProblemKind::Timeout, "{problem:?}");
        assert!(problem.why.contains("no answer in time"), "{}", problem.why);
    }
}

#[tokio::test]
async fn a_web_page_instead_of_the_protocol_is_named() {
    let page = "<!DOCTYPE html><html><title>502 Bad Gateway</title></html>";
    for status in [200, 502] {
        let (problem, _, _) = read(Peer::Answers(status, "text/html", page)).await;
        assert_eq!(problem.kind, ProblemKind::Malformed, "{problem:?}");
        assert!(problem.why.contains("a web page (HTML)"), "{}", problem.why);
        assert!(problem.fix.contains("AWS_ENDPOINT_URL"), "{}", problem.fix);
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_malformed() {
    let (problem, _, _) = read(Peer::Answers(200, JSON, "{\"clusterArns\": 7")).await;
    assert_eq!(problem.kind, ProblemKind::Malformed, "{problem:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_read_up_to_a_cap_and_not_asked_for_again() {
    for peer in [Peer::NeverStops, Peer::PromisesTooMuch] {
        let (problem, served, _) = read(peer).await;
        assert_eq!(problem.kind, ProblemKind::Malformed, "{problem:?}");
        assert!(problem.why.contains("too large"), "{}", problem.why);
        assert!(problem.why.contains("32 MB"), "{}", problem.why);
        assert_eq!(served.requests(), 1, "{problem:?}");
        let (problem, requests) = update(peer, false).await;
        assert_eq!((problem.kind, requests), (ProblemKind::Unknown, 1));
    }
    let taken = SENT.load(Ordering::SeqCst);
    assert!(taken < 64, "{taken} MB were taken");
}

#[tokio::test]
async fn a_cut_connection_is_tried_again_and_then_told() {
    for peer in [Peer::Cuts, Peer::CutsInTheBody] {
        let (problem, served, _) = read(peer).await;
        let kinds = [ProblemKind::Unreachable, ProblemKind::Timeout];
        assert!(kinds.contains(&problem.kind), "{problem:?}");
        assert!(served.requests() >= 2, "reads are retried: {problem:?}");
    }
}

#[tokio::test]
async fn throttling_slows_the_provider_down_and_says_so() {
    let body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    let (problem, served, backend) = read(Peer::Answers(400, JSON, body)).await;
    let kinds = [ProblemKind::Throttled, ProblemKind::Timeout];
    assert!(kinds.contains(&problem.kind), "{problem:?}");
    assert!(served.requests() <= 3, "one layer retries");
    let ecs = backend
        .meter()
        .into_iter()
        .find(|p| p.name == "ecs")
        .unwrap();
    assert_eq!(ecs.calls_per_minute as usize, served.requests());
    if problem.kind == ProblemKind::Throttled {
        assert!(ecs.next_try.is_some() && ecs.problem.is_some());
    }
}

#[tokio::test]
async fn credentials_that_fail_are_told_apart_and_never_retried() {
    let cases = [
        (
            "ExpiredTokenException",
            ProblemKind::Expired,
            "have expired",
        ),
        (
            "UnrecognizedClientException",
            ProblemKind::BadCredentials,
            "access key",
        ),
        (
            "AccessDeniedException",
            ProblemKind::Denied,
            "may not do it",
        ),
    ];
    for (code, kind, words) in cases {
        let body = format!(r#"{{"__type":"{code}","message":"AKIAIOSFODNN7EXAMPLE is bad"}}"#);
        let (problem, served, _) = read(Peer::Answers(400, JSON, body.leak())).await;
        assert_eq!(problem.kind, kind, "{problem:?}");
        assert!(problem.why.contains(words), "{}", problem.why);
        assert_eq!(served.requests(), 1, "{code}");
    }
}

#[tokio::test]
async fn an_endpoint_without_rpc_v2_cbor_is_named() {
    for (kind, body) in [
        ("text/html", "<html>404</html>"),
        ("application/json", "{}"),
    ] {
        let served = serve(Peer::Answers(404, kind, body)).await;
        let backend = backend(&served.endpoint, false).await;
        let problem = backend.cloudwatch.alarms().await.unwrap_err();
        is_for_people(&problem);
        assert_eq!(problem.kind, ProblemKind::Unsupported, "{problem:?}");
        assert!(problem.why.contains("RPC v2 CBOR"), "{}", problem.why);
    }
}

#[tokio::test]
async fn another_protocol_than_the_one_due_is_malformed() {
    let served = serve(Peer::Answers(
        200,
        "application/json",
        "{\"MetricAlarms\":[]}",
    ))
    .await;
    let backend = backend(&served.endpoint, false).await;
    let cbor = backend.cloudwatch.alarms().await.unwrap_err();
    let xml = backend.elb.target_groups().await.unwrap_err();
    let who = backend.sts.identity().await.unwrap_err();
    for problem in [cbor, xml, who] {
        is_for_people(&problem);
        assert_eq!(problem.kind, ProblemKind::Malformed, "{problem:?}");
    }
}

#[tokio::test]
async fn nothing_listening_and_no_such_name_are_unreachable() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let b = backend(&format!("http://{free}"), false).await;
    let refused = b.ecs.clusters().await.unwrap_err();
    is_for_people(&refused);
    let kinds = [ProblemKind::Unreachable, ProblemKind::Timeout];
    assert!(kinds.contains(&refused.kind), "{refused:?}");
    let b = backend("http://nowhere.invalid:1", false).await;
    let nowhere = b.ecs.clusters().await.unwrap_err();
    is_for_people(&nowhere);
    assert!(kinds.contains(&nowhere.kind), "{nowhere:?}");
}

#[tokio::test]
async fn a_mutation_is_sent_once_and_a_lost_reply_is_unknown() {
    let gateway = Peer::Answers(502, "text/html", "<html>bad gateway</html>");
    for peer in [Peer::Hangs, Peer::Cuts, Peer::CutsInTheBody, gateway] {
        let (problem, requests) = update(peer, false).await;
        assert_eq!(problem.kind, ProblemKind::Unknown, "{problem:?}");
        assert_eq!(requests, 1, "{problem:?}");
    }
    let body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    let (problem, requests) = update(Peer::Answers(400, JSON, body), false).await;
    assert_eq!((problem.kind, requests), (ProblemKind::Throttled, 1));
}

#[tokio::test]
async fn a_mutation_that_never_left_is_not_unknown() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let problem = send_update(&format!("http://{free}"), false).await;
    assert_eq!(problem.kind, ProblemKind::Unreachable, "{problem:?}");
    assert!(problem.why.contains("nothing listens"), "{}", problem.why);
}

#[tokio::test]
async fn read_only_sends_no_byte_of_a_mutation() {
    let (problem, requests) = update(Peer::Answers(200, JSON, "{}"), true).await;
    assert_eq!(
        (problem.kind, requests),
        (ProblemKind::Refused, 0),
        "{problem:?}"
    );
}

/// ECS whose list of service deployments is read once before a newer one takes the place of the first.
async fn overtaken() -> String {
    use axum::body::Bytes;
    use axum::http::HeaderMap;
    use serde_json::{Value, json};
    let lists = Arc::new(AtomicUsize::new(0));
    let answer = move |headers: HeaderMap, body: Bytes| async move {
        let target = headers.get("x-amz-target");
        let operation = target.and_then(|t| t.to_str().ok()?.rsplit('.').next());
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let arn = |n: u64| format!("arn:aws:ecs:us-east-1:1:service-deployment/prod/api/d{n}");
        let revision = |n: u64| format!("arn:aws:ecs:us-east-1:1:service-revision/prod/api/{n}");
        let answer = match operation.unwrap_or_default() {
            "DescribeServices" => json!({"services": [{
                "serviceName": "api", "clusterArn": "arn:aws:ecs:us-east-1:1:cluster/prod", "status": "ACTIVE",
                "desiredCount": 1, "runningCount": 1, "pendingCount": 0,
                "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/api:2",
            }]}),
            "ListServiceDeployments" => {
                let all: &[u64] = match lists.fetch_add(1, Ordering::SeqCst) {
                    0 => &[1],
                    _ => &[2, 1],
                };
                let brief = |n: &u64| {
                    json!({
                        "serviceDeploymentArn": arn(*n), "clusterArn": "arn:aws:ecs:us-east-1:1:cluster/prod",
                        "serviceArn": "arn:aws:ecs:us-east-1:1:service/prod/api",
                    })
                };
                json!({"serviceDeployments": all.iter().map(brief).collect::<Vec<_>>()})
            }
            "DescribeServiceDeployments" => {
                let known = [(1, "STOPPED"), (2, "IN_PROGRESS")];
                let of = |(n, status): (u64, &str)| {
                    json!({
                        "serviceDeploymentArn": arn(n), "status": status, "createdAt": 1_800_000_000 + n,
                        "clusterArn": "arn:aws:ecs:us-east-1:1:cluster/prod", "serviceArn": "arn:aws:ecs:us-east-1:1:service/prod/api",
                        "targetServiceRevision": {"arn": revision(n)},
                    })
                };
                let wanted = asked["serviceDeploymentArns"].as_array().unwrap().clone();
                let told = known
                    .into_iter()
                    .filter(|(n, _)| wanted.contains(&json!(arn(*n))));
                json!({"serviceDeployments": told.map(of).collect::<Vec<_>>()})
            }
            "DescribeServiceRevisions" => {
                let of = |arn: &Value| {
                    let n = arn.as_str().unwrap().rsplit('/').next().unwrap();
                    json!({"serviceRevisionArn": arn, "taskDefinition": format!("arn:aws:ecs:us-east-1:1:task-definition/api:{n}")})
                };
                let wanted = asked["serviceRevisionArns"].as_array().unwrap();
                json!({"serviceRevisions": wanted.iter().map(of).collect::<Vec<_>>()})
            }
            _ => json!({}),
        };
        ([("content-type", JSON)], answer.to_string())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    endpoint
}

#[tokio::test]
async fn what_stopped_is_never_told_without_what_took_its_place() {
    let backend = backend(&overtaken().await, true).await;
    let id = ServiceId {
        cluster: "prod".into(),
        name: "api".into(),
    };
    let service = backend.ecs.service(&id).await.unwrap();
    let found = backend.ecs.deployments(&service).await.unwrap();
    let ids: Vec<&str> = found
        .iter()
        .filter_map(|d| d.id.rsplit('/').next())
        .collect();
    assert_eq!(ids, ["d2", "d1"]);
}

/// ECS that lists a service and a running task which it then does not find.
async fn forgetful() -> String {
    use axum::http::HeaderMap;
    use serde_json::json;
    let answer = |headers: HeaderMap, body: axum::body::Bytes| async move {
        let target = headers.get("x-amz-target");
        let operation = target.and_then(|t| t.to_str().ok()?.rsplit('.').next());
        let asked = String::from_utf8_lossy(&body).into_owned();
        let arn = |what: &str| format!("arn:aws:ecs:us-east-1:1:{what}");
        let failure = |what: &str| json!([{"arn": arn(what), "reason": "MISSING"}]);
        let answer = match operation.unwrap_or_default() {
            "DescribeServices" => json!({"services": [], "failures": failure("service/prod/api")}),
            // One that stopped, and is forgotten by now, is as it should be.
            "ListTasks" if asked.contains("STOPPED") => json!({"taskArns": [arn("task/prod/t1")]}),
            "ListTasks" if asked.contains("web") => json!({"taskArns": []}),
            "ListTasks" => json!({"taskArns": [arn("task/prod/t2")]}),
            "DescribeTasks" if asked.contains("t2") => {
                let both = [
                    failure("task/prod/t1")[0].clone(),
                    failure("task/prod/t2")[0].clone(),
                ];
                json!({"tasks": [], "failures": both})
            }
            "DescribeTasks" => json!({"tasks": [], "failures": failure("task/prod/t1")}),
            _ => json!({}),
        };
        ([("content-type", JSON)], answer.to_string())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    endpoint
}

#[tokio::test]
async fn what_is_listed_and_not_found_is_told_and_does_not_vanish() {
    let backend = backend(&forgetful().await, true).await;
    let id = |name: &str| ServiceId {
        cluster: "prod".into(),
        name: name.into(),
    };
    let batches = backend.ecs.services(&[id("api")]).await;
    let (missing, why) = &batches[0].missing[0];
    assert_eq!(missing, &id("api"));
    assert!(why.why.contains("api, and answers MISSING"), "{why}");
    let lost = backend.ecs.tasks(&id("api")).await.unwrap().missing;
    let lost = lost.unwrap();
    assert!(lost.why.contains("t2, and answers MISSING"), "{lost}");
    let stopped = backend.ecs.tasks(&id("web")).await.unwrap();
    assert!(stopped.missing.is_none() && stopped.found.is_empty());
}

/// ECS with one service whose list of running tasks has so many.
async fn crowded(running: usize) -> String {
    use axum::http::HeaderMap;
    use serde_json::{Value, json};
    let answer = move |headers: HeaderMap, body: axum::body::Bytes| async move {
        let target = headers.get("x-amz-target");
        let operation = target.and_then(|t| t.to_str().ok()?.rsplit('.').next());
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let arn = |n: usize| format!("arn:aws:ecs:us-east-1:1:task/prod/t{n:04}");
        let answer = match operation.unwrap_or_default() {
            "ListTasks" if asked["desiredStatus"] == "STOPPED" => json!({"taskArns": []}),
            "ListTasks" => {
                let token = asked["nextToken"].as_str();
                let first: usize = token.map_or(0, |t| t.parse().unwrap());
                let next = (first + 100).min(running);
                let arns: Vec<String> = (first..next).map(arn).collect();
                match next < running {
                    true => json!({"taskArns": arns, "nextToken": next.to_string()}),
                    false => json!({"taskArns": arns}),
                }
            }
            "DescribeTasks" => {
                let told = asked["tasks"].as_array().unwrap().iter();
                let told = told.map(|arn| json!({"taskArn": arn, "lastStatus": "RUNNING"}));
                json!({"tasks": told.collect::<Vec<_>>(), "failures": []})
            }
            _ => json!({}),
        };
        ([("content-type", JSON)], answer.to_string())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    endpoint
}

#[tokio::test]
async fn of_more_tasks_than_are_read_it_is_told_that_there_are_more() {
    for (running, read, cut) in [(999, 999, false), (1000, 1000, false), (1001, 1000, true)] {
        let backend = backend(&crowded(running).await, true).await;
        let id = ServiceId {
            cluster: "prod".into(),
            name: "api".into(),
        };
        let tasks = backend.ecs.tasks(&id).await.unwrap();
        assert_eq!((tasks.found.len(), tasks.cut), (read, cut), "of {running}");
    }
}

/// One group's targets, or one service's last deployments: more of them than anybody has are read no further.
#[tokio::test]
async fn what_belongs_to_one_thing_is_read_up_to_a_cap_of_its_own_and_that_is_said() {
    let member = "<member><Target><Id>i-1</Id></Target></member>";
    let page = |n: usize| {
        let all = member.repeat(n);
        format!(
            "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions>{all}\
             </TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>"
        )
    };
    let served = |body: String| async {
        let body: &'static str = body.leak();
        serve(Peer::Answers(200, "text/xml", body)).await
    };
    let few = served(page(900)).await;
    let console = backend(&few.endpoint, false).await;
    // Told nine hundred times, it is one.
    assert_eq!(console.elb.targets("arn").await.unwrap().len(), 1);
    let many = served(page(6_000)).await;
    let console = backend(&many.endpoint, false).await;
    let problem = console.elb.targets("arn").await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Malformed);
    assert!(problem.why.contains("more than 5000 rows"), "{problem}");
    is_for_people(&problem);

    let source = r#"{"arn":"arn:aws:ecs:us-east-1:1:service-revision/prod/api/1"}"#;
    let sources = vec![source; 1_200].join(",");
    let details = format!(
        r#"{{"clusterArn":"c/prod","serviceArn":"s/prod/api","sourceServiceRevisions":[{sources}]}}"#
    );
    let service = r#"{"serviceName":"api","clusterArn":"c/prod","status":"ACTIVE","taskDefinition":"api:2","desiredCount":1,"runningCount":1,"pendingCount":0}"#;
    // One answer for all three questions.
    let body = format!(
        r#"{{"services":[{service}],"serviceDeployments":[{{"serviceDeploymentArn":"d1","clusterArn":"c/prod","serviceArn":"s/prod/api","status":"IN_PROGRESS"}},{details}]}}"#
    );
    let body: &'static str = body.leak();
    let served = serve(Peer::Answers(200, JSON, body)).await;
    let console = backend(&served.endpoint, false).await;
    let id = ServiceId {
        cluster: "prod".into(),
        name: "api".into(),
    };
    let service = console.ecs.service(&id).await.unwrap();
    let problem = console.ecs.deployments(&service).await.unwrap_err();
    assert!(problem.why.contains("more than 1000 rows"), "{problem}");
}

/// What is looked at is what is acted on: an answer that a proxy mixed up must not stand for it.
#[tokio::test]
async fn an_answer_about_another_service_is_none() {
    let of = |service: &str, deployment: &str| {
        let counts = r#""desiredCount":1,"runningCount":1,"pendingCount":0"#;
        let rest = r#""status":"ACTIVE","taskDefinition":"api:2""#;
        format!(
            r#"{{"services":[{{{service},{rest},{counts}}}],"serviceDeployments":[{{"serviceDeploymentArn":"d1","status":"IN_PROGRESS",{deployment}}}]}}"#
        )
    };
    let own = r#""serviceName":"api","clusterArn":"c/dev""#;
    let id = ServiceId {
        cluster: "dev".into(),
        name: "api".into(),
    };
    let asked = async |body: String| {
        let served = serve(Peer::Answers(200, JSON, body.leak())).await;
        let console = backend(&served.endpoint, false).await;
        let service = console.ecs.service(&id).await?;
        console.ecs.deployments(&service).await.map(|d| d.len())
    };
    let ours = r#""clusterArn":"c/dev","serviceArn":"s/dev/api""#;
    assert_eq!(asked(of(own, ours)).await, Ok(1));
    for (service, deployment) in [
        (r#""serviceName":"api","clusterArn":"c/prod""#, ours),
        (r#""serviceName":"worker","clusterArn":"c/dev""#, ours),
        (r#""serviceName":"api""#, ours),
        (own, r#""clusterArn":"c/prod","serviceArn":"s/prod/api""#),
        (own, r#""clusterArn":"c/dev","serviceArn":"s/dev/worker""#),
    ] {
        let problem = asked(of(service, deployment)).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Malformed, "{problem}");
    }
}
