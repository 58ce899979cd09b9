//! Peers that speak some of the protocol and mean no good.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::*;

/// Looks at a server that says `once`, and then `ever` again and again, as fast as it is read.
async fn look(once: &'static [u8], ever: &'static [u8]) -> (Problem, usize) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = ServerConfig {
        url: Some(format!("redis://{}", server.local_addr().unwrap())),
        password: None,
    };
    let mut said = 0;
    let speaks = async {
        let (mut caller, _) = server.accept().await.unwrap();
        let _ = caller.write_all(once).await;
        while caller.write_all(ever).await.is_ok() {
            said += ever.len();
        }
        std::future::pending::<()>().await;
    };
    let line = Arc::new(Line::new("redis", true, true));
    let trust = Arc::new(Trust::new(None).unwrap());
    let client = Redis::new(&config, trust, line).with_deadline(Duration::from_secs(60));
    let problem = tokio::select! {
        () = speaks => unreachable!(),
        answer = client.look() => answer.unwrap_err(),
    };
    (problem, said)
}

/// What stood in buffers of the kernel when the connection was cut was said, but not read.
const BUFFERED: usize = 16 << 20;

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    for once in [&b"+"[..], b"$2000000000\r\n"] {
        let (problem, said) = look(once, &[b'a'; 65_536]).await;
        assert_eq!(problem.system, "redis");
        assert!(said < BUFFERED, "{said} for {once:?}: {problem:?}");
    }
    let (_, said) = look(b"*2000000000\r\n", b"$1\r\na\r\n").await;
    assert!(said < BUFFERED, "{said}");
}
