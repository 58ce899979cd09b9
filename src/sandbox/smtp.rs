//! A mail server, as far as it tells of itself (RFC 5321, RFC 3207): the platform's relay on a loopback port of its own. It takes no
//! mail from anybody: who wants to send some is told to sign in, and nobody can.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::faults::Kind;
use super::server::Shared;

/// Connections at the same time; who comes later waits.
const AT_ONCE: usize = 32;
/// A client that says nothing for so long is let go.
const IDLE: Duration = Duration::from_secs(300);
/// Bytes of a line (RFC 5321, 4.5.3.1.4).
const LONGEST: usize = 512;

/// Opens it; it closes when the task ends.
///
/// # Errors
/// Where no port can be had.
pub async fn open(
    shared: Arc<Shared>,
    tls: Arc<ServerConfig>,
) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((address, tokio::spawn(accept(listener, shared, tls))))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tls: Arc<ServerConfig>) {
    let mut open = JoinSet::new();
    let acceptor = TlsAcceptor::from(tls);
    loop {
        while open.len() >= AT_ONCE {
            open.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (shared, acceptor) = (shared.clone(), acceptor.clone());
        open.spawn(async move {
            // Ends with the connection, whichever side ends it.
            let _ = serve(stream, &acceptor, &shared).await;
        });
        while open.try_join_next().is_some() {}
    }
}

/// How a part of a session ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Secure,
    Leave,
}

async fn serve(mut stream: TcpStream, acceptor: &TlsAcceptor, shared: &Shared) -> io::Result<()> {
    let greeting = match shared.fault("smtp") {
        Some(Kind::Hang) => return std::future::pending().await,
        Some(Kind::Delay) => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            GREETING
        }
        Some(Kind::Throttle | Kind::Error) => "421 4.7.0 Too many connections, try again later",
        Some(Kind::Denied | Kind::Expired) => "554 5.7.1 No mail from your network",
        Some(Kind::Malformed) => "this is no protocol",
        Some(Kind::Cut) => return Ok(()),
        None => GREETING,
    };
    stream
        .write_all(format!("{greeting}\r\n").as_bytes())
        .await?;
    if greeting != GREETING || talk(&mut stream, false).await? == End::Leave {
        return stream.shutdown().await;
    }
    let hands = tokio::time::timeout(IDLE, acceptor.accept(stream));
    let Ok(Ok(mut secured)) = hands.await else {
        return Ok(());
    };
    talk(&mut secured, true).await?;
    secured.shutdown().await
}

const GREETING: &str = "220 mail.laser.example ESMTP ready";

/// Answers line by line.
async fn talk(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    secured: bool,
) -> io::Result<End> {
    let mut buffer = Vec::new();
    loop {
        let Some(end) = buffer.iter().position(|b| *b == b'\n') else {
            let read = tokio::time::timeout(IDLE, stream.read_buf(&mut buffer));
            match read.await {
                Ok(Ok(0)) | Err(_) => return Ok(End::Leave),
                Ok(read) => read?,
            };
            if buffer.len() > LONGEST && !buffer.contains(&b'\n') {
                stream.write_all(b"500 5.5.2 Line too long\r\n").await?;
                return Ok(End::Leave);
            }
            continue;
        };
        let line: Vec<u8> = buffer.drain(..=end).collect();
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        let (answer, ends) = answer(&line, secured);
        // What was sent along in the clear does not count behind the handshake.
        if ends == Some(End::Secure) && !buffer.is_empty() {
            stream
                .write_all(b"501 5.5.1 Nothing may follow STARTTLS\r\n")
                .await?;
            return Ok(End::Leave);
        }
        stream.write_all(answer.as_bytes()).await?;
        stream.write_all(b"\r\n").await?;
        stream.flush().await?;
        if let Some(end) = ends {
            return Ok(end);
        }
    }
}

/// The answer to a line, and whether it ends this part of the session.
fn answer(line: &str, secured: bool) -> (&'static str, Option<End>) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let answer = match (word.to_uppercase().as_str(), secured) {
        ("EHLO" | "HELO", _) if rest.trim().is_empty() => "501 5.5.4 Who are you?",
        ("EHLO", false) => {
            "250-mail.laser.example\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n250 STARTTLS"
        }
        ("EHLO", true) => {
            "250-mail.laser.example\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"
        }
        ("HELO", _) => "250 mail.laser.example",
        ("STARTTLS", false) if rest.is_empty() => return ("220 2.0.0 Go ahead", Some(End::Secure)),
        ("STARTTLS", true) => "503 5.5.1 TLS is on already",
        ("NOOP" | "RSET", _) => "250 2.0.0 OK",
        ("QUIT", _) => return ("221 2.0.0 Bye", Some(End::Leave)),
        ("MAIL" | "AUTH", false) => "530 5.7.0 Must issue a STARTTLS command first",
        ("MAIL", true) => "530 5.7.0 Authentication required",
        ("AUTH", true) => "535 5.7.8 Authentication credentials invalid",
        ("RCPT" | "DATA", _) => "503 5.5.1 No sender yet",
        _ => "500 5.5.2 Command unknown",
    };
    (answer, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_no_mail_from_anybody() {
        let code = |line: &str, secured| answer(line, secured).0.get(..3).map(str::to_owned);
        for (line, clear, secured) in [
            ("MAIL FROM:<a@b>", "530", "530"),
            ("AUTH PLAIN AGEAYg==", "530", "535"),
            ("RCPT TO:<a@b>", "503", "503"),
            ("EHLO", "501", "501"),
            ("noop", "250", "250"),
        ] {
            assert_eq!(code(line, false).as_deref(), Some(clear), "{line}");
            assert_eq!(code(line, true).as_deref(), Some(secured), "{line}");
        }
        assert_eq!(answer("STARTTLS", false).1, Some(End::Secure));
        assert_eq!(answer("STARTTLS", true).1, None);
        // Once protected, protection is not offered again.
        assert!(!answer("EHLO x", true).0.contains("STARTTLS"));
    }
}
