use sqlx::postgres::PgSslMode;

use super::connect::Destination;
use super::*;

fn at(url: &str) -> ServerConfig {
    ServerConfig {
        url: Some(url.to_owned()),
        password: None,
    }
}

fn to(url: &str) -> Destination {
    Destination::of(url).unwrap()
}

#[test]
fn another_machine_must_show_a_certificate_unless_the_url_says_otherwise() {
    for (url, mode) in [
        ("postgres://ana@db.example/laser", "VerifyFull"),
        ("postgresql://ana@10.1.2.3:5433/laser", "VerifyFull"),
        ("postgres://ana@db.example/laser?sslmode=require", "Require"),
        (
            "postgres://ana@db.example/laser?x=1&ssl-mode=disable",
            "Disable",
        ),
        ("postgres://ana@localhost/laser", "Prefer"),
        ("postgres://ana@127.0.0.1/laser", "Prefer"),
        ("postgres://ana@[::1]/laser", "Prefer"),
        ("postgres://ana@%2Fvar%2Frun%2Fpostgresql/laser", "Prefer"),
    ] {
        let said: PgSslMode = to(url).mode();
        assert_eq!(format!("{said:?}"), mode, "{url}");
    }
}

/// A file of the working directory need not be confirmed where it names this machine alone: what that is, is what is connected to.
#[test]
fn what_is_no_place_to_confirm_is_on_this_machine() {
    use crate::config::{Config, trust};
    let pairs = [
        "",
        "?hostaddr=192.0.2.2",
        "?host=db.example",
        "?h%6Fst=db.example",
        "?host=/run/postgresql",
        "?hostaddr=127.0.0.2&sslmode=disable",
        "?host=localhost&hostaddr=192.0.2.2",
    ];
    let hosts = [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "%2Frun",
        "ana@db.example",
    ];
    let mut near = 0;
    for (host, pairs) in hosts.iter().flat_map(|h| pairs.iter().map(move |p| (h, p))) {
        let mut config = Config::default();
        let url = format!("postgres://{host}/laser{pairs}");
        config.postgres = at(&url);
        if trust::places(&config).is_empty() {
            near += 1;
            assert!(to(&url).is_near(), "{url}");
        }
    }
    assert_eq!(near, 4 * 3);
}

#[test]
fn a_url_never_shows_its_password() {
    let d = Destination::of("postgres://ana:hunter2@db.example:5433/laser").unwrap();
    assert_eq!(d.address(), "db.example:5433/laser");
    assert_eq!(format!("{d:?}"), "db.example:5433/laser");
    assert_eq!(to("postgres://ana@[::1]").address(), "[::1]:5432/ana");
    for bad in [
        "mysql://ana:hunter2@db",
        "postgres://",
        "postgres://ana:hunter2@db:port/x",
        "db.example",
    ] {
        let problem = Destination::of(bad).unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Config, "{bad}");
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    }
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://ana@{}/laser", silent.local_addr().unwrap());
    let line = Arc::new(Line::new("postgres", true, true));
    let client = Postgres::new(&at(&url), Arc::new(Trust::new(None).unwrap()), line)
        .with_deadline(Duration::from_millis(200));
    let problem = client.now().await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Timeout);
    assert_eq!(problem.system, "postgres");
}
