//! Lists of rows without an end, in one answer or page after page: they cost little to send and gigabytes to hold. Each reader stops at a
//! stated number.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use flightdeck::backend::Backend;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::service::ServiceId;
use tokio::net::TcpListener;

use crate::{backend, is_for_people};

/// Each protocol's list of so many empty rows, and a token that was never there.
async fn rows(rows: usize, nth: usize, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let list = || format!("[{}]", vec!["{}"; rows].join(","));
    let tag = |tag: &str| format!("<{tag}/>").repeat(rows);
    if headers.contains_key("smithy-protocol") {
        // A map of a token and of two lists, of which one is empty (RFC 8949).
        let mut map = [
            &[0xa3][..],
            b"\x69NextToken\x69",
            format!("{nth:09}").as_bytes(),
        ]
        .concat();
        map.extend(
            [
                &[0x6f][..],
                b"CompositeAlarms",
                &[0x80, 0x6c],
                b"MetricAlarms",
                &[0x9a],
            ]
            .concat(),
        );
        map.extend(u32::try_from(rows).unwrap().to_be_bytes());
        for _ in 0..rows {
            map.extend([&[0xa1, 0x6a][..], b"StateValue\x62OK"].concat());
        }
        let kind = [
            ("content-type", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
        ];
        return (kind, map).into_response();
    }
    if headers.contains_key("x-amz-target") {
        let all = list();
        return format!(
            r#"{{"NextToken":"{nth}","nextToken":"{nth}","SecretList":{all},"services":{all}}}"#
        )
        .into_response();
    }
    let form = String::from_utf8_lossy(&body).into_owned();
    if let Some(action) = form.split('&').find_map(|p| p.strip_prefix("Action=")) {
        let inside = format!(
            "<Marker>{nth}</Marker><NextMarker>{nth}</NextMarker><DBInstances>{}</DBInstances><DBClusters/><TargetGroups>{}</TargetGroups>",
            tag("DBInstance"),
            tag("member")
        );
        return format!(
            "<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>"
        )
        .into_response();
    }
    match uri.path() {
        "/auth.test" => r#"{"ok":true,"team":"t","user":"u","url":"https://t"}"#.into_response(),
        _ => {
            let all = vec![r#"{"id":"C1","name":"ops"}"#; rows].join(",");
            let next = format!(r#"{{"next_cursor":"{nth}"}}"#);
            format!(r#"{{"ok":true,"channels":[{all}],"response_metadata":{next}}}"#)
                .into_response()
        }
    }
}

async fn served(each: usize) -> (Backend, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let asked = count.clone();
    let app = axum::Router::new().fallback(move |uri, headers, body| {
        let nth = asked.fetch_add(1, Ordering::SeqCst);
        rows(each, nth, uri, headers, body)
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (backend(&endpoint, &endpoint).await, count)
}

#[track_caller]
fn cut<T>(what: &str, answer: Result<T, Problem>, most: &str) {
    let p = answer
        .err()
        .unwrap_or_else(|| panic!("{what} was read whole"));
    is_for_people(&p);
    assert_eq!(p.kind, ProblemKind::Malformed, "{what}: {p}");
    assert!(p.why.contains(most), "{what}: {p}");
    assert!(p.why.contains("read no further"), "{what}: {p}");
}

#[tokio::test]
async fn an_answer_of_too_many_rows_is_not_read_and_not_asked_for_again() {
    let (b, count) = served(300_000).await;
    let id = ServiceId {
        cluster: "prod".into(),
        name: "api".into(),
    };
    cut("SDK, JSON", b.ecs.service(&id).await, "40000 rows");
    cut("SDK, XML", b.elb.target_groups().await, "40000 rows");
    cut("SDK, CBOR", b.cloudwatch.alarms().await, "40000 rows");
    let e = &b.estate;
    cut(
        "signed, JSON",
        e.secretsmanager.secrets().await,
        "50000 rows",
    );
    cut("signed, XML", e.rds.instances().await, "50000 rows");
    assert_eq!(count.load(Ordering::SeqCst), 5, "once each");
    cut("vendor", e.slack.workspace().await, "50000 rows");
}

#[tokio::test]
async fn a_list_that_names_a_next_page_for_ever_ends_at_a_stated_number_of_rows() {
    let (b, count) = served(9_000).await;
    let ended = |what: &str, answer: Option<Problem>| {
        cut(what, answer.map_or(Ok(()), Err), "50000 rows");
        let asked = count.swap(0, Ordering::SeqCst);
        assert!(asked <= 6, "{what}: {asked} pages");
    };
    ended("SDK, XML", b.elb.target_groups().await.err());
    ended("SDK, CBOR", b.cloudwatch.alarms().await.err());
    let e = &b.estate;
    ended("signed, JSON", e.secretsmanager.secrets().await.err());
    ended("signed, XML", e.rds.instances().await.err());
    // Channels are shown with a word that there are more.
    assert!(e.slack.workspace().await.unwrap().cut);
    assert!(count.load(Ordering::SeqCst) <= 7);
}
