//! What a server says until it is ready for questions, looked at on its way: how much work it asks of this machine for a password.
//! What is spoken in TLS nobody reads here: such a server has shown its certificate, where one is judged.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy};

/// Most rounds of hashing (SCRAM, `i=`) that are done for a server. PostgreSQL asks for 4,096 unless it is told otherwise
/// (`scram_iterations`), and each million takes the better part of a second: thousands of them would keep a core busy at every look.
pub(super) const ROUNDS: u64 = 1_000_000;

/// AuthenticationSASLContinue, which names the rounds (PostgreSQL, "Message Formats").
const SASL_CONTINUE: [u8; 4] = [0, 0, 0, 11];

/// Passes on what comes until the server is ready, or begins to speak TLS. Gives the rounds that it asks for where those are too many:
/// the message that asks for them goes no further.
///
/// # Errors
/// Where the connection breaks.
pub(super) async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    asks_tls: bool,
) -> io::Result<Option<u64>> {
    if asks_tls {
        let mut answer = [0];
        if !fill(from, &mut answer).await? {
            return Ok(None);
        }
        to.write_all(&answer).await?;
        if answer != *b"N" {
            return Ok(None);
        }
    }
    let mut head = [0; 5];
    while fill(from, &mut head).await? {
        let [kind, length @ ..] = head;
        let Some(rest) = u32::from_be_bytes(length).checked_sub(4) else {
            // No message is so short: what becomes of it is the library's to say.
            to.write_all(&head).await?;
            return Ok(None);
        };
        let mut body = (&mut *from).take(u64::from(rest));
        if kind == b'R' {
            let mut said = Vec::new();
            body.read_to_end(&mut said).await?;
            let asked = rounds(&said).filter(|n| *n > ROUNDS);
            if asked.is_some() {
                return Ok(asked);
            }
            to.write_all(&head).await?;
            to.write_all(&said).await?;
        } else {
            to.write_all(&head).await?;
            copy(&mut body, to).await?;
        }
        if kind == b'Z' {
            break;
        }
    }
    Ok(None)
}

/// Whether that much came before the end.
async fn fill(from: &mut (impl AsyncRead + Unpin), into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into).await {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

/// The rounds that an authentication message asks for, if it is one that does: `r=...,s=...,i=4096`. Of several the most.
fn rounds(said: &[u8]) -> Option<u64> {
    let items = said.strip_prefix(&SASL_CONTINUE)?.split(|b| *b == b',');
    let asked = items.filter_map(|item| match item {
        [b'i', _, value @ ..] => Some(number(value)),
        _ => None,
    });
    asked.max()
}

/// The number that a text begins with.
fn number(text: &[u8]) -> u64 {
    let digits = text.strip_prefix(b"+").unwrap_or(text).iter();
    let digits = digits.map_while(|b| char::from(*b).to_digit(10));
    digits.fold(0, |n: u64, d| {
        n.saturating_mul(10).saturating_add(u64::from(d))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &[u8] = b"R\0\0\0\x08\0\0\0\0";
    const READY: &[u8] = b"Z\0\0\0\x05I";

    async fn passed(said: &[u8], asks_tls: bool) -> (Option<u64>, Vec<u8>) {
        let (mut from, mut to) = (said, Vec::new());
        let asked = pass(&mut from, &mut to, asks_tls).await.unwrap();
        to.extend(from);
        (asked, to)
    }

    fn asks(rounds: &str) -> Vec<u8> {
        let text = format!("r=abc,s=YWJj,i={rounds}");
        let length = u32::try_from(8 + text.len()).unwrap();
        let mut said = b"R".to_vec();
        said.extend(length.to_be_bytes());
        said.extend(SASL_CONTINUE);
        said.extend(text.into_bytes());
        said
    }

    #[tokio::test]
    async fn what_a_server_says_goes_through_unless_it_asks_for_too_many_rounds() {
        for rounds in ["4096", "1000000", ""] {
            let said = [asks(rounds).as_slice(), OK, READY, b"anything"].concat();
            assert_eq!(passed(&said, false).await, (None, said.clone()), "{rounds}");
            let plain = [&b"N"[..], said.as_slice()].concat();
            assert_eq!(passed(&plain, true).await, (None, plain.clone()));
        }
        let many = asks("2000000000");
        for before in [&b""[..], OK, b"N\0\0\0\x05\0"] {
            let said = [before, many.as_slice(), READY].concat();
            let (asked, _) = passed(&said, false).await;
            assert_eq!(asked, Some(2_000_000_000), "{before:?}");
        }
        // In TLS, and once it is ready, nobody does rounds for what only looks like it.
        for (before, asks_tls) in [(&b"S"[..], true), (READY, false)] {
            let said = [before, many.as_slice()].concat();
            assert_eq!(passed(&said, asks_tls).await, (None, said.clone()));
        }
        // Cut short, and of a length that none has.
        for odd in [&b"R\0\0"[..], b"N\0\0\0\0rest", b"R\0\0\0\x09\0"] {
            assert_eq!(passed(odd, false).await.0, None);
        }
    }
}
