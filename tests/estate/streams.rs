//! Streams of a log group, some of which do not exist, by a server that answers as CloudWatch Logs does: GetLogEvents ends where a token
//! comes twice, FilterLogEvents refuses all streams where it knows one of them not.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use flightdeck::backend::Backend;
use flightdeck::backend::aws::logs::LogQuestion;
use flightdeck::domain::failure::is_told;
use flightdeck::domain::log::LogLine;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::backend;

/// One group: its streams, with so many lines each, one a millisecond; every tenth of `loud` is an error of its own.
const STREAMS: [(&str, usize); 3] = [
    ("api/api/1", 3_000),
    ("api/loud/1", 40_000),
    ("api/none/2", 0),
];

/// A stream whose container has not written yet: it comes to be when it does.
const LATE: &str = "api/late/1";

#[derive(Default)]
struct Asked {
    all: Mutex<Vec<Value>>,
    /// When each line of [`LATE`] was written, in milliseconds.
    late: Mutex<Vec<i64>>,
}

fn refused(words: &str) -> Response {
    let kind = "ResourceNotFoundException";
    let body = json!({"__type": kind, "message": words}).to_string();
    let headers = [("content-type", "application/x-amz-json-1.1")];
    (StatusCode::BAD_REQUEST, headers, body).into_response()
}

fn message(stream: &str, n: usize) -> String {
    match stream.contains("loud") && n.is_multiple_of(10) {
        true => format!("ERROR no {n}"),
        false => format!("line {n}"),
    }
}

async fn answer(State(asked): State<Arc<Asked>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").unwrap().to_str().unwrap();
    let input: Value = serde_json::from_slice(&body).unwrap();
    asked.all.lock().unwrap().push(input.clone());
    if input["logGroupName"] != "/ecs/api" {
        return refused("The specified log group does not exist.");
    }
    let known = |name: &str| STREAMS.iter().find(|s| s.0 == name);
    let limit = input["limit"].as_u64().unwrap() as usize;
    let event = |stream: &str, n: usize| json!({"timestamp": n, "message": message(stream, n), "logStreamName": stream, "eventId": format!("{stream} {n}")});
    let body = if target.ends_with("GetLogEvents") {
        assert_eq!(input["startFromHead"], false, "the newest first");
        let Some((name, lines)) = known(input["logStreamName"].as_str().unwrap()) else {
            return refused("The specified log stream does not exist.");
        };
        let token = input["nextToken"].as_str();
        let end = token.map_or(*lines, |t| t[2..].parse().unwrap());
        let begin = end.saturating_sub(limit);
        let events: Vec<Value> = (begin..end).map(|n| event(name, n)).collect();
        json!({"events": events, "nextBackwardToken": format!("b/{begin}"), "nextForwardToken": "f/x"})
    } else {
        let names: Vec<&str> = match input["logStreamNames"].as_array() {
            Some(names) => names.iter().map(|n| n.as_str().unwrap()).collect(),
            None => STREAMS.iter().map(|s| s.0).collect(),
        };
        let late = asked.late.lock().unwrap().clone();
        if !late.is_empty() && names.contains(&LATE) {
            return both(&input, &names, &late);
        }
        if names.iter().any(|n| known(n).is_none()) {
            return refused("The specified log stream does not exist.");
        }
        // A token goes with the streams that it was given for.
        let place = input["nextToken"]
            .as_str()
            .map(|t| t.rsplit_once('#').unwrap());
        let begin = match place {
            Some((of, _)) if of != names.join(",") => {
                return (
                    StatusCode::BAD_REQUEST,
                    "{\"__type\": \"InvalidParameterException\"}",
                )
                    .into_response();
            }
            Some((_, n)) => n.parse().unwrap(),
            None => 0,
        };
        let all = names
            .iter()
            .flat_map(|n| (0..known(n).unwrap().1).map(move |i| (*n, i)));
        let page: Vec<Value> = all
            .clone()
            .skip(begin)
            .take(limit)
            .map(|(s, n)| event(s, n))
            .collect();
        let mut body = json!({"events": page});
        if all.count() > begin + limit {
            body["nextToken"] = json!(format!("{}#{}", names.join(","), begin + limit));
        }
        body
    };
    let headers = [("content-type", "application/x-amz-json-1.1")];
    (headers, body.to_string()).into_response()
}

/// What is asked for of a stream that writes all the time and of the late one, by its times.
fn both(input: &Value, names: &[&str], late: &[i64]) -> Response {
    let from = input["startTime"].as_i64().unwrap();
    let event = |stream: &str, at: i64| json!({"timestamp": at, "message": format!("line {at}"), "logStreamName": stream, "eventId": format!("{stream} {at}")});
    let all = names.iter().flat_map(|name| {
        let times = match *name {
            LATE => late.to_vec(),
            _ => (0..30_000).step_by(1_000).collect(),
        };
        times.into_iter().map(|at| event(name, at))
    });
    let asked = all.filter(|e| e["timestamp"].as_i64().unwrap() >= from);
    let events: Vec<Value> = asked.collect();
    let headers = [("content-type", "application/x-amz-json-1.1")];
    (headers, json!({"events": events}).to_string()).into_response()
}

async fn logs() -> (Backend, Arc<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Asked::default());
    let app = axum::Router::new()
        .fallback(answer)
        .with_state(asked.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (backend(&endpoint, "http://127.0.0.1:1").await, asked)
}

fn at(n: i64) -> Timestamp {
    Timestamp::from_millisecond(n).unwrap()
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|l| l.message.concat()).collect()
}

/// What a task said last is the end of its stream, however much it said before; and one that said nothing has none.
#[tokio::test]
async fn the_end_of_a_stream_is_what_was_said_last() {
    let (b, asked) = logs().await;
    let span = (at(0), at(100_000));
    let end = async |stream: &str| {
        b.logs
            .end_of_stream("/ecs/api", stream, span, is_told)
            .await
    };
    let lines = texts(&end("api/api/1").await.unwrap());
    assert_eq!(lines.len(), 3_000);
    assert_eq!((&*lines[0], &*lines[2_999]), ("line 0", "line 2999"));
    asked.all.lock().unwrap().clear();
    let loud = texts(&end("api/loud/1").await.unwrap());
    assert_eq!(loud.last().map(String::as_str), Some("line 39999"));
    assert!(loud.contains(&"ERROR no 39990".to_owned()));
    assert_eq!(
        asked.all.lock().unwrap().len(),
        1,
        "three errors are enough"
    );
    assert_eq!(end("api/none/2").await.unwrap(), []);
    assert_eq!(end("api/never/1").await.unwrap(), [], "it never wrote");
    let gone = b.logs.end_of_stream("/ecs/gone", "x", span, is_told).await;
    assert!(gone.unwrap_err().why.contains("log group"));
}

/// A container that never wrote has no stream: the others are read on by a token of theirs, and nothing is read of the rest of the group.
#[tokio::test]
async fn streams_that_do_not_exist_hold_nothing_and_hide_no_other() {
    let (b, asked) = logs().await;
    let question = |streams: &[&str]| LogQuestion {
        group: "/ecs/api".into(),
        streams: streams.iter().map(|s| (*s).to_owned()).collect(),
        pattern: String::new(),
        from: at(0),
        until: None,
    };
    let two = question(&["api/api/1", "api/never/1"]);
    let first = b.logs.read(&two, None, 2).await.unwrap();
    assert_eq!(first.lines.len(), 2_000);
    let rest = b.logs.read(&two, first.next, 2).await.unwrap();
    assert_eq!(texts(&rest.lines)[0], "line 2000");
    assert_eq!((rest.lines.len(), rest.next), (1_000, None));
    let all = std::mem::take(&mut *asked.all.lock().unwrap());
    assert!(
        all.iter().all(|q| q["logStreamNames"].is_array()),
        "{all:?}"
    );
    // It is known for a while that there is none: that is not asked each time.
    b.logs.read(&two, None, 1).await.unwrap();
    assert_eq!(asked.all.lock().unwrap().len(), 1);
    // Nor is a group gone through for one stream that it does not have.
    asked.all.lock().unwrap().clear();
    let none = b
        .logs
        .read(&question(&["api/other/1"]), None, 4)
        .await
        .unwrap();
    assert_eq!((none.lines.len(), none.next), (0, None));
    assert_eq!(asked.all.lock().unwrap().len(), 1);
    let mut gone = question(&["api/api/1"]);
    gone.group = "/ecs/gone".into();
    let why = b.logs.read(&gone, None, 1).await.unwrap_err().why;
    assert!(why.contains("log group"), "{why}");
}

/// A task starts: its sidecar writes at once, and the reading of their group goes on with it. What the other container wrote first says why it
/// failed.
#[tokio::test]
async fn what_a_stream_holds_that_came_late_is_read_from_where_it_was_missing() {
    let (b, asked) = logs().await;
    let question = |from: i64| LogQuestion {
        group: "/ecs/api".into(),
        streams: vec!["api/api/1".into(), LATE.into()],
        pattern: String::new(),
        from: at(from),
        until: None,
    };
    let of_late = |lines: &[LogLine]| {
        let late = lines.iter().filter(|l| l.stream == LATE);
        late.map(|l| l.at.as_millisecond()).collect::<Vec<_>>()
    };
    let first = b.logs.read(&question(1_000), None, 4).await.unwrap();
    assert_eq!((first.lines.len(), of_late(&first.lines).len()), (3_000, 0));
    // It writes; it is left out for a while, and meanwhile the others take the reading on.
    asked.late.lock().unwrap().extend([2_000, 2_500, 28_000]);
    let next = b.logs.read(&question(20_000), None, 4).await.unwrap();
    assert_eq!(of_late(&next.lines).len(), 0);
    tokio::time::sleep(std::time::Duration::from_millis(4_100)).await;
    let found = b.logs.read(&question(20_000), None, 4).await.unwrap();
    assert_eq!(of_late(&found.lines), [2_000, 2_500, 28_000]);
    // That was once: it is read on like the others.
    asked.all.lock().unwrap().clear();
    let after = b.logs.read(&question(20_000), None, 4).await.unwrap();
    assert_eq!(of_late(&after.lines), [28_000]);
    assert_eq!(asked.all.lock().unwrap()[0]["startTime"], 20_000);
}
