//! Whether a server still takes TLS 1.1 or 1.0 (RFC 4346, RFC 2246; both forbidden by RFC 8996). No modern client can ask for them, so
//! this says hello by hand, reads what is said to it, and goes: no key is agreed on and nothing is ever sent.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::{TlsTarget, trust};

/// From one hello to a host to the next.
const APART: Duration = Duration::from_secs(3_600);

const TLS11: u16 = 0x0302;
const TLS10: u16 = 0x0301;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const WARNING: u8 = 1;

/// What clients of those days and of later ones offered. Forward secrecy first; the last says that renegotiation is secure.
const SUITES: [u16; 22] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xc009, 0xc013, 0xc00a, 0xc014, 0x0033, 0x0039, 0x0045, 0x0088,
    0x002f, 0x0035, 0x0041, 0x0084, 0xc012, 0x0016, 0x000a, 0x0005, 0x0004, 0x00ff,
];
/// x25519, P-256, P-384, P-521.
const GROUPS: [u16; 4] = [0x001d, 0x0017, 0x0018, 0x0019];
/// RSA and ECDSA with SHA-2, and with SHA-1: all that these versions have.
const SIGNATURES: [u16; 8] = [
    0x0403, 0x0503, 0x0603, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201,
];

/// Which old versions a server takes; `None`: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Old {
    pub tls11: Option<bool>,
    pub tls10: Option<bool>,
}

/// What was found out within the last hour.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<TlsTarget, (Instant, Old)>>);

impl Memory {
    fn recent(&self, target: &TlsTarget) -> Option<Old> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, old) = kept.get(target)?;
        (at.elapsed() < APART).then_some(*old)
    }

    fn keep(&self, target: &TlsTarget, old: Old) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(target.clone(), (Instant::now(), old));
    }
}

impl super::Tls {
    /// Says hello in both versions, unless that was done within the last hour.
    pub(super) async fn old(&self, target: &TlsTarget) -> Old {
        if let Some(known) = self.old.recent(target) {
            return known;
        }
        let (tls11, tls10) = tokio::join!(self.offers(target, TLS11), self.offers(target, TLS10));
        let old = Old { tls11, tls10 };
        self.old.keep(target, old);
        old
    }

    /// Whether a version is taken; `None` where nobody answers in time.
    async fn offers(&self, target: &TlsTarget, version: u16) -> Option<bool> {
        let talk = async {
            let mut stream = self.connect(target, "").await.ok()?;
            let hello = hello(&target.host, version)?;
            stream.write_all(&hello).await.ok()?;
            answer(&mut stream, version).await
        };
        // Half of what a whole look may take: it comes on top of the handshakes.
        let deadline = self.deadline / 2;
        tokio::time::timeout(deadline, talk).await.ok().flatten()
    }
}

/// Reads until it is clear. An alert or a closed connection is a no; what is no TLS says nothing.
async fn answer(stream: &mut (impl AsyncRead + Unpin), version: u16) -> Option<bool> {
    loop {
        let mut head = [0; 5];
        if stream.read_exact(&mut head).await.is_err() {
            return Some(false);
        }
        let [kind, major, _, high, low] = head;
        if major != 3 {
            return None;
        }
        let mut body = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        if stream.read_exact(&mut body).await.is_err() {
            return Some(false);
        }
        match (kind, body.as_slice()) {
            // Some warn that they know no such name, and go on.
            (ALERT, [WARNING, code]) if *code != 0 => {}
            (ALERT, _) => return Some(false),
            // Its length lies between its kind and its version: a server that takes less than it was offered is asked for that by itself.
            (HANDSHAKE, [SERVER_HELLO, _, _, _, high, low, ..]) => {
                return Some(u16::from_be_bytes([*high, *low]) == version);
            }
            _ => return None,
        }
    }
}

/// A ClientHello in a record of its own; `None` where the host is longer than any name.
fn hello(host: &str, version: u16) -> Option<Vec<u8>> {
    let mut extensions = Vec::new();
    if host.parse::<IpAddr>().is_err() {
        // A list of one name of the kind `host_name`.
        let mut name = vec![0];
        name.extend(sized(host.as_bytes())?);
        extensions.extend(extension(0, &sized(&name)?)?);
    }
    extensions.extend(extension(10, &sized(&numbers(&GROUPS))?)?);
    // Points that are not compressed.
    extensions.extend(extension(11, &[1, 0])?);
    extensions.extend(extension(13, &sized(&numbers(&SIGNATURES))?)?);

    let mut random = [0; 32];
    trust::provider().secure_random.fill(&mut random).ok()?;
    let mut body = version.to_be_bytes().to_vec();
    body.extend(random);
    // No session to take up again.
    body.push(0);
    body.extend(sized(&numbers(&SUITES))?);
    // No compression.
    body.extend([1, 0]);
    body.extend(sized(&extensions)?);

    let mut message = vec![CLIENT_HELLO, 0];
    message.extend(sized(&body)?);
    let mut record = vec![HANDSHAKE];
    record.extend(TLS10.to_be_bytes());
    record.extend(sized(&message)?);
    Some(record)
}

fn numbers(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// Bytes after their length.
fn sized(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut all = u16::try_from(bytes.len()).ok()?.to_be_bytes().to_vec();
    all.extend(bytes);
    Some(all)
}

fn extension(number: u16, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut all = number.to_be_bytes().to_vec();
    all.extend(sized(bytes)?);
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(bytes: &[u8]) -> Option<bool> {
        answer(&mut &*bytes, TLS11).await
    }

    #[tokio::test]
    async fn a_hello_of_that_version_alone_is_a_yes() {
        let hello = |minor| [22, 3, minor, 0, 6, 2, 0, 0, 70, 3, minor];
        assert_eq!(told(&hello(2)).await, Some(true));
        assert_eq!(told(&hello(1)).await, Some(false), "TLS 1.0");
        let alert = [21, 3, 1, 0, 2, 2, 70];
        assert_eq!(told(&alert).await, Some(false));
        assert_eq!(told(b"").await, Some(false), "closed");
        assert_eq!(told(b"HTTP/1.1 400 Bad Request\r\n").await, None);
        let warned = [[21, 3, 2, 0, 2, 1, 112].as_slice(), &hello(2)].concat();
        assert_eq!(
            told(&warned).await,
            Some(true),
            "unrecognized_name, then on"
        );
        let goodbye = [21, 3, 2, 0, 2, 1, 0];
        assert_eq!(told(&goodbye).await, Some(false), "close_notify");
    }

    #[test]
    fn a_hello_holds_together() {
        let record = hello("shop.example", TLS11).unwrap();
        let length = |at: usize| usize::from(u16::from_be_bytes([record[at], record[at + 1]]));
        assert_eq!(record[..3], [22, 3, 1]);
        assert_eq!(length(3), record.len() - 5, "the record");
        assert_eq!((record[5], record[6]), (1, 0));
        assert_eq!(length(7), record.len() - 9, "the message");
        assert_eq!(record[9..11], [3, 2]);
        let name = b"shop.example";
        assert!(record.windows(name.len()).any(|w| w == name));
        let bare = hello("192.0.2.7", TLS11).unwrap();
        assert!(
            bare.len() < record.len() - name.len(),
            "an address is no name"
        );
    }
}
