use super::answer::{Base, Lock, View};
use super::message::{Answer, Said};
use super::session::{Next, Session};
use super::state::State;
use super::statement::Question;
use super::*;

fn view() -> View {
    State::new(1_800_000_000.0).view(Base::Production)
}

fn signed_in() -> Session {
    let parameters = [("user", USER), ("database", PRODUCTION)];
    let parameters = parameters.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let mut session = Session::new(1, &parameters);
    assert_eq!(session.sign_in(PASSWORD, &mut Answer::default()), Next::On);
    session
}

/// The kinds of the messages that answer some.
fn kinds(session: &mut Session, all: &[Said]) -> String {
    let mut out = Answer::default();
    for said in all {
        assert_eq!(session.answer(said, view, &mut out), Next::On);
    }
    let (mut rest, mut kinds) = (out.0.as_slice(), String::new());
    while let [kind, a, b, c, d, ..] = rest {
        kinds.push(char::from(*kind));
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        rest = &rest[1 + length..];
    }
    kinds
}

fn query(text: &str) -> Said {
    Said::Query(text.into())
}

#[test]
fn every_answer_has_the_columns_and_types_that_it_promises() {
    use Question::*;
    let mut view = view();
    view.lock = Some(Lock {
        since: view.now - 20.0,
    });
    for question in [
        One,
        Version,
        Server,
        Connections,
        Running,
        Blocked,
        Standbys,
        Behind,
        Slots,
        Counters,
        Database,
        Extension,
        Statements,
        Tables,
        Unused,
        IndexSizes,
        UnindexedKeys,
        WholeReads,
        Migrations,
        Newest,
    ] {
        let columns = question.columns();
        let rows = question.rows(&view);
        assert!(
            !rows.is_empty() || matches!(question, Behind | Slots),
            "{question:?}"
        );
        for row in rows {
            assert_eq!(row.len(), columns.len(), "{question:?}");
            for (value, (name, kind)) in row.iter().zip(columns) {
                assert!(value.is(*kind), "{question:?} {name}: {value:?}");
            }
        }
    }
}

#[test]
fn those_behind_the_lock_are_counted_among_the_connections() {
    let mut view = view();
    let count = |view: &View| -> (i64, i64) {
        let rows = Question::Connections.rows(view);
        let of = |row: &Vec<value::Value>, n: usize| match row.get(n) {
            Some(value::Value::Int8(n)) => *n,
            other => panic!("{other:?}"),
        };
        rows.iter()
            .fold((0, 0), |(n, w), r| (n + of(r, 1), w + of(r, 2)))
    };
    assert_eq!(count(&view), (view.connections, 0));
    assert!(Question::Blocked.rows(&view).is_empty());
    view.lock = Some(Lock {
        since: view.now - 12.0,
    });
    let blocked = Question::Blocked.rows(&view).len() as i64;
    assert_eq!(count(&view), (view.connections, blocked));
    assert!(blocked > 2);
}

#[test]
fn strangers_are_refused() {
    for (user, database, password) in [
        (USER, PRODUCTION, "guess"),
        ("postgres", PRODUCTION, PASSWORD),
        (USER, "customers", PASSWORD),
    ] {
        let parameters = [("user", user), ("database", database)];
        let parameters = parameters.map(|(n, v)| (n.to_owned(), v.to_owned()));
        let mut session = Session::new(1, &parameters);
        let mut out = Answer::default();
        assert_eq!(session.sign_in(password, &mut out), Next::End);
        assert_eq!(out.0.first(), Some(&b'E'));
    }
}

#[test]
fn after_an_error_everything_is_passed_over_until_sync() {
    let mut session = signed_in();
    let parse = |text: &str| Said::Parse("a".into(), text.into());
    let describe = Said::Describe(false, "a".into());
    assert_eq!(
        kinds(
            &mut session,
            &[parse("SELEC 1"), describe.clone(), Said::Sync]
        ),
        "EZ"
    );
    assert_eq!(
        kinds(&mut session, &[parse("SELECT 1"), describe, Said::Sync]),
        "1tTZ"
    );
    let bind = Said::Bind(String::new(), "a".into(), 0, vec![true]);
    let run = Said::Execute(String::new(), 0);
    assert_eq!(kinds(&mut session, &[bind, run, Said::Sync]), "2DCZ");
}

#[test]
fn rows_may_be_fetched_a_few_at_a_time() {
    let mut session = signed_in();
    let text = "SELECT id, calls FROM public.pg_stat_statements";
    let fetch = Said::Execute(String::new(), 2);
    let all = [
        Said::Parse(String::new(), text.into()),
        Said::Bind(String::new(), String::new(), 0, Vec::new()),
        fetch.clone(),
        fetch.clone(),
        fetch,
        Said::Sync,
    ];
    assert_eq!(kinds(&mut session, &all), "12DDsDDsDCZ");
}

#[test]
fn a_transaction_that_failed_takes_its_end_alone() {
    let mut session = signed_in();
    let all = [
        query("BEGIN"),
        query("SELECT nothing FROM pg_stat_replication"),
        query("SELECT 1"),
        query("COMMIT"),
        query("SELECT 1"),
        query(""),
    ];
    assert_eq!(kinds(&mut session, &all), "CZEZEZCZTDCZIZ");
    // What was prepared before is of no more use either.
    let prepared = Said::Parse("a".into(), "SELECT 1".into());
    let bind = Said::Bind(String::new(), "a".into(), 0, Vec::new());
    let all = [
        prepared,
        query("BEGIN"),
        query("SELEC"),
        bind.clone(),
        Said::Sync,
    ];
    assert_eq!(kinds(&mut session, &all), "1CZEZEZ");
    let all = [query("ROLLBACK"), query("DEALLOCATE ALL"), bind, Said::Sync];
    assert_eq!(kinds(&mut session, &all), "CZCZEZ");
}
