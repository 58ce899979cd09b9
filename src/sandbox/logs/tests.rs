use super::*;
use crate::wire::{list, map};

/// 2025-01-01T00:00:00Z, in milliseconds.
const T0: i64 = 1_735_689_600_000;

fn room() -> LogStore {
    let mut logs = LogStore::new("eu-central-1", "1");
    logs.create_group("/ecs/api", Some(30), T0);
    for i in 0..10i64 {
        let level = if i % 4 == 0 { "error" } else { "info" };
        let stream = if i % 2 == 0 { "even" } else { "odd" };
        let message = format!("{{\"level\":\"{level}\",\"n\":{i}}}");
        logs.append("/ecs/api", stream, T0 + i * 1000, message);
    }
    logs
}

fn ask(logs: &mut LogStore, operation: &str, input: Node) -> Result<Node, ApiError> {
    handle(operation, &input, logs, T0 + 60_000)
}

fn times(reply: &Node) -> Vec<i64> {
    let events = reply.get("events").as_list().iter();
    let ms = events.filter_map(|e| e.get("timestamp").as_i64());
    ms.map(|t| (t - T0) / 1000).collect()
}

#[test]
fn get_log_events_goes_both_ways_and_stays_at_the_ends() {
    let mut logs = room();
    let mut page = |more: Node| {
        let mut members = vec![
            ("logGroupName".to_owned(), Node::from("/ecs/api")),
            ("logStreamName".to_owned(), "even".into()),
            ("limit".to_owned(), 2.into()),
        ];
        members.extend(more.as_map().iter().cloned());
        ask(&mut logs, "GetLogEvents", Node::Map(members)).unwrap()
    };
    let newest = page(Node::Null);
    assert_eq!(times(&newest), [6, 8]);
    let token = |reply: &Node, name: &str| map([("nextToken", reply.get(name).clone())]);
    let before = page(token(&newest, "nextBackwardToken"));
    assert_eq!(times(&before), [2, 4]);
    assert_eq!(times(&page(token(&before, "nextForwardToken"))), [6, 8]);
    let end = page(token(&newest, "nextForwardToken"));
    assert!(times(&end).is_empty());
    assert_eq!(end.get("nextForwardToken"), newest.get("nextForwardToken"));
    assert_eq!(times(&page(token(&end, "nextBackwardToken"))), [6, 8]);
    assert_eq!(times(&page(map([("startFromHead", true.into())]))), [0, 2]);
}

#[test]
fn filter_log_events_pages_over_streams() {
    let mut logs = room();
    let (mut seen, mut token) = (Vec::new(), Node::Null);
    loop {
        let input = map([
            ("logGroupName", Node::from("/ecs/api")),
            ("filterPattern", "{ $.level = \"info\" }".into()),
            ("startTime", (T0 + 1000).into()),
            ("endTime", (T0 + 9000).into()),
            ("limit", 2.into()),
            ("nextToken", token),
        ]);
        let reply = ask(&mut logs, "FilterLogEvents", input).unwrap();
        seen.extend(times(&reply));
        token = reply.get("nextToken").clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 5, 6, 7, 9]);
    let input = map([
        (
            "logGroupIdentifier",
            Node::from("arn:aws:logs:eu-central-1:1:log-group:/ecs/api"),
        ),
        ("logStreamNames", list(["odd"])),
    ]);
    let reply = ask(&mut logs, "FilterLogEvents", input).unwrap();
    assert_eq!(times(&reply), [1, 3, 5, 7, 9]);
}

#[test]
fn a_batch_is_taken_but_for_what_is_too_old_or_too_new() {
    let mut logs = room();
    let event = |at: i64| map([("timestamp", at.into()), ("message", "m".into())]);
    let put = |times: &[i64]| {
        map([
            ("logGroupName", Node::from("/ecs/api")),
            ("logStreamName", "even".into()),
            ("logEvents", list(times.iter().map(|t| event(*t)))),
        ])
    };
    let day = 86_400_000;
    let input = put(&[T0 - 20 * day, T0 + 30_000, T0 + day]);
    let reply = ask(&mut logs, "PutLogEvents", input).unwrap();
    let refused = reply.get("rejectedLogEventsInfo");
    assert_eq!(refused.get("tooOldLogEventEndIndex").as_i64(), Some(1));
    assert_eq!(refused.get("tooNewLogEventStartIndex").as_i64(), Some(2));
    let e = ask(&mut logs, "PutLogEvents", put(&[T0 + 2, T0 + 1])).unwrap_err();
    assert!(e.message.contains("chronological"));
}

#[test]
fn a_query_selects_sorts_and_limits() {
    let mut logs = room();
    let mut rows = |text: &str| {
        let input = map([
            ("logGroupNames", list(["/ecs/api"])),
            ("startTime", (T0 / 1000).into()),
            ("endTime", (T0 / 1000 + 60).into()),
            ("queryString", text.into()),
        ]);
        let id = ask(&mut logs, "StartQuery", input)?;
        let reply = ask(&mut logs, "GetQueryResults", id)?;
        let rows = reply.get("results").as_list().iter();
        let first = rows.map(|r| r.as_list()[0].get("value").as_str().unwrap().to_owned());
        Ok::<_, ApiError>(first.collect::<Vec<_>>())
    };
    assert_eq!(
        rows("fields n, @message | filter level = 'error' | sort n asc").unwrap(),
        ["0", "4", "8"]
    );
    assert_eq!(
        rows("fields n | filter @message like /\"n\":[23]/ or n >= 9 | limit 2").unwrap(),
        ["9", "3"]
    );
    assert_eq!(
        rows("fields @logStream | filter n in [1, 2] and not ispresent(x) | sort n").unwrap(),
        ["odd", "even"]
    );
    assert_eq!(rows("limit 1").unwrap(), ["2025-01-01 00:00:09.000"]);
    let e = rows("dedup n").unwrap_err();
    assert_eq!(e.code, "MalformedQueryException");
    assert_eq!(rows("stats count(*)").unwrap(), ["10"]);
    assert_eq!(
        rows("stats max(n) as most, avg(n) by level | sort most desc").unwrap(),
        ["info", "error"]
    );
    assert_eq!(
        rows("filter level = 'error' | stats pct(n, 50) as half").unwrap(),
        ["4"]
    );
    assert_eq!(
        rows("stats count(*) as c by bin(5s) | sort bin(5s)").unwrap(),
        ["2025-01-01 00:00:00.000", "2025-01-01 00:00:05.000"]
    );
    assert_eq!(
        rows("stats nonsense(n)").unwrap_err().code,
        "MalformedQueryException"
    );
}
