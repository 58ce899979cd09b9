//! Peers that speak some of the protocol and mean no good.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Lets anybody in (AuthenticationOk).
const WELCOME: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 0];

/// Looks at a server that lets us in, says `once`, and then `ever` again and again, as fast as it is read.
async fn look(once: &'static [u8], ever: &'static [u8]) -> Problem {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "postgres://ana@{}/laser?sslmode=disable",
        server.local_addr().unwrap()
    );
    let speaks = async {
        let (mut caller, _) = server.accept().await.unwrap();
        let mut greeting = [0; 4];
        caller.read_exact(&mut greeting).await.unwrap();
        caller.write_all(&WELCOME).await.unwrap();
        let mut said = caller.write_all(once).await;
        while said.is_ok() && !ever.is_empty() {
            said = caller.write_all(ever).await;
        }
        std::future::pending::<()>().await;
    };
    let config = ServerConfig {
        url: Some(url),
        password: None,
    };
    let line = Arc::new(Line::new("postgres", true, true));
    let trust = Arc::new(Trust::new(None).unwrap());
    let client = Postgres::new(&config, trust, line).with_deadline(Duration::from_secs(60));
    tokio::select! {
        () = speaks => unreachable!(),
        answer = client.now() => answer.unwrap_err(),
    }
}

#[tokio::test]
async fn one_that_never_stops_talking_is_cut() {
    // ParameterStatus: a name and a value.
    let problem = look(b"", b"S\0\0\0\x08a\0b\0").await;
    assert_eq!(problem.kind, ProblemKind::Malformed);
    assert!(problem.why.contains("without end"), "{problem:?}");
}

#[tokio::test]
async fn one_that_asks_for_thousands_of_millions_of_rounds_gets_none() {
    // AuthenticationSASL, and AuthenticationSASLContinue.
    let asks =
        b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0R\0\0\0\x21\0\0\0\x0br=abc,s=YWJj,i=2000000000";
    let began = std::time::Instant::now();
    let problem = look(asks, b"").await;
    assert!(problem.why.contains("2000000000 rounds"), "{problem:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "{problem:?}");
}

#[tokio::test]
async fn a_message_of_no_length_costs_that_server_alone() {
    let problem = look(b"N\0\0\0\0", b"").await;
    assert_eq!(problem.kind, ProblemKind::Malformed);
    assert!(problem.why.contains("cannot be read"), "{problem:?}");
}

#[tokio::test]
async fn a_message_longer_than_a_look_is_cut_before_it_is_whole() {
    let problem = look(b"S\x7f\xff\xff\xff", &[b'a'; 65_536]).await;
    assert!(problem.why.contains("without end"), "{problem:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_a_machine_without_room() {
    use relay::{NoWay, Relay};
    // Nobody listens at port 1.
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass();
    let refused = Relay::to(options.host("127.0.0.1").port(1)).await;
    let Err(NoWay::Server(refused)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let told = words::no_room("what", &std::io::Error::other("Permission denied"));
    assert!(told.fix.contains("TMPDIR"), "{told:?}");
}
