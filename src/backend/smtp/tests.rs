use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;

/// A server that says these, one after each line that it hears; what it heard comes back at the end.
async fn server(says: &'static [&'static str]) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut heard = Vec::new();
        for said in says {
            stream.write_all(said.as_bytes()).await.unwrap();
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                break;
            }
            heard.push(line.trim_end().to_owned());
        }
        heard
    });
    (port, task)
}

fn client(port: u16, tls: MailTls) -> Smtp {
    let config = SmtpConfig {
        host: Some("127.0.0.1".into()),
        port: Some(port),
        tls,
    };
    let line = Arc::new(Line::new("smtp", true, true));
    Smtp::new(&config, Arc::new(Trust::new(None).unwrap()), line)
        .with_deadline(Duration::from_millis(900))
}

#[tokio::test]
async fn a_server_is_heard_and_nothing_is_sent() {
    let (port, task) = server(&[
        "220 mail.example ESMTP\r\n",
        "250-mail.example\r\n250 SIZE 1000\r\n",
        "250 OK\r\n",
        "221 Bye\r\n",
    ])
    .await;
    let seen = client(port, MailTls::None).look().await.unwrap();
    assert_eq!(seen.greeting, "mail.example ESMTP");
    assert_eq!((seen.tls.as_deref(), seen.is_protected()), (None, true));
    assert_eq!(seen.offers, ["SIZE 1000"]);
    let heard = task.await.unwrap();
    assert_eq!(heard, ["EHLO [127.0.0.1]", "NOOP", "QUIT"]);
}

#[tokio::test]
async fn one_that_offers_no_tls_is_reached_but_not_protected() {
    let says = &[
        "220 hi\r\n",
        "250 mail.example\r\n",
        "250 OK\r\n",
        "221 Bye\r\n",
    ];
    let (port, _task) = server(says).await;
    let seen = client(port, MailTls::StartTls).look().await.unwrap();
    assert!(!seen.is_protected());
}

#[tokio::test]
async fn what_is_said_before_the_handshake_counts_for_nothing() {
    let says = &[
        "220 hi\r\n",
        "250-mail.example\r\n250 STARTTLS\r\n",
        "220 go\r\n250 injected\r\n",
    ];
    let (port, _task) = server(says).await;
    let problem = client(port, MailTls::StartTls).look().await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Malformed);
    assert!(
        problem.why.contains("before the handshake"),
        "{}",
        problem.why
    );
}

#[tokio::test]
async fn refusals_silence_and_others_are_worded() {
    use ProblemKind::{Denied, Malformed, Timeout, Vendor};
    for (says, kind, words) in [
        (&["554 not from you\r\n"][..], Denied, "greets with 554"),
        (&["421 too busy\r\n"][..], Vendor, "421 too busy"),
        (&["HTTP/1.1 400 Bad Request\r\n"][..], Malformed, "no SMTP"),
        (&[""][..], Timeout, "no answer"),
    ] {
        let (port, _task) = server(says).await;
        let problem = client(port, MailTls::None).look().await.unwrap_err();
        assert_eq!(problem.kind, kind, "{problem:?}");
        assert!(problem.why.contains(words), "{}", problem.why);
        assert_eq!(problem.system, "smtp");
    }
    let problem = client(1, MailTls::None).look().await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unreachable);
}
