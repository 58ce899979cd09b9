//! One file, consoles of several accounts, regions and endpoints: a name is another service at each of them.

use flightdeck::domain::action::Preview;
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::problem::ProblemKind;
use flightdeck::domain::seat::Seat;
use flightdeck::domain::service::ServiceId;
use flightdeck::store::{RunState, Store};
use jiff::Timestamp;

use super::{open, raw, scale, unseated};

const US: [&str; 3] = ["1", "us-east-1", "AWS in us-east-1"];
const EU: [&str; 3] = ["1", "eu-west-1", "AWS in eu-west-1"];
const THEIRS: [&str; 3] = ["2", "us-east-1", "AWS in us-east-1"];

fn at(name: &str, [account, region, endpoint]: [&str; 3]) -> Preview {
    let mut preview = scale(name);
    let seat = [
        ("region", region),
        ("account", account),
        ("endpoint", endpoint),
    ];
    let owned = seat.map(|(name, value)| (name.to_owned(), value.to_owned()));
    preview.inputs.extend(owned);
    preview
}

fn seat(of: [&str; 3]) -> Seat {
    Seat::of(&at("api", of).inputs)
}

async fn outcome(store: &Store, run: &str) -> Option<Outcome> {
    store.journal_run(run).await.unwrap().unwrap().run.outcome
}

#[tokio::test]
async fn a_run_of_another_seat_neither_locks_a_service_nor_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("f.db")).await;
    let us = store.begin(&at("api", US), "ana").await.unwrap();
    let eu = store.begin(&at("api", EU), "ben").await.unwrap();
    let theirs = store.begin(&at("api", THEIRS), "eve").await.unwrap();
    for of in [US, EU, THEIRS] {
        let again = store.begin(&at("api", of), "ana").await.unwrap_err();
        assert_eq!(again.kind, ProblemKind::Conflict, "it locks its own");
    }
    // Their consoles are gone.
    for claim in [&us, &eu, &theirs] {
        store.release(claim).await.unwrap();
    }
    let next = store.begin(&at("api", EU), "ben").await.unwrap();
    assert_eq!(outcome(&store, eu.run()).await, Some(Outcome::Unknown));
    for other in [&us, &theirs] {
        let run = store.journal_run(other.run()).await.unwrap().unwrap();
        assert_eq!((run.run.outcome, run.state), (None, RunState::Nobody));
        assert!(store.take_over(other.run()).await.unwrap().is_some());
    }
    assert_eq!(outcome(&store, next.run()).await, None);
}

/// What a former version journalled says too little of where it is to be passed over.
#[tokio::test]
async fn a_run_that_does_not_say_where_it_is_counts_as_one_of_here() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.db");
    let store = open(&path).await;
    let old = store.begin(&scale("api"), "ana").await.unwrap();
    let refused = store.begin(&at("api", EU), "ben").await.unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
    let service = ServiceId {
        cluster: "laser".into(),
        name: "api".into(),
    };
    let found = store.runs_of(&service, &seat(EU)).await.unwrap();
    assert_eq!(found.len(), 1);
    store.release(&old).await.unwrap();
    let eu = store.begin(&at("api", EU), "ben").await.unwrap();
    assert_eq!(outcome(&store, old.run()).await, Some(Outcome::Unknown));
    // A file of the fourth version has rows that say it in their inputs alone.
    store.release(&eu).await.unwrap();
    store.close().await;
    let mut db = raw(&path).await;
    unseated(&mut db).await;
    let back = sqlx::raw_sql("PRAGMA user_version = 4");
    back.execute(&mut db).await.unwrap();
    drop(db);
    let store = open(&path).await;
    store.begin(&at("api", US), "ana").await.unwrap();
    assert_eq!(outcome(&store, eu.run()).await, None);
    let found = store.runs_of(&service, &seat(US)).await.unwrap();
    assert_eq!(found.len(), 2, "the oldest says nothing of where it was");
    store.begin(&at("api", EU), "ben").await.unwrap();
    assert_eq!(outcome(&store, eu.run()).await, Some(Outcome::Unknown));
}

/// Another account's pipeline deploys all day, with the same file.
#[tokio::test]
async fn what_another_seat_does_takes_no_room_among_what_ended_here() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("f.db")).await;
    let since = Timestamp::UNIX_EPOCH;
    let run = async |preview: Preview| {
        let claim = store.begin(&preview, "ci").await.unwrap();
        let done = store.finish(&claim, Outcome::Succeeded, "done").await;
        done.unwrap();
        claim.run().to_owned()
    };
    let own = run(at("api", US)).await;
    for _ in 0..55 {
        run(at("api", THEIRS)).await;
    }
    let ended = async |of| {
        let ended = store.ended_since(since, &of).await.unwrap();
        ended.into_iter().map(|(run, _)| run).collect::<Vec<_>>()
    };
    assert_eq!(ended(seat(US)).await, [own.as_str()]);
    assert_eq!(ended(seat(THEIRS)).await.len(), 50);
    let untold = Seat {
        account: None,
        ..seat(US)
    };
    assert_eq!(ended(untold).await.len(), 50, "nobody tells whose they are");
    let service = ServiceId {
        cluster: "laser".into(),
        name: "api".into(),
    };
    let found = store.runs_of(&service, &seat(US)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].run.id, own);
}
