//! Small servers on loopback with whatever certificate and manners a test wants. Each ends with its runtime.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use hickory_proto::op::{Message, Metadata, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// The host that every certificate is for, unless a test wants another.
pub const HOST: &str = "shop.example";

/// An authority that tests trust.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }
}

/// A certificate with its key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// Both, as a server's file holds them.
    pub pem: String,
}

/// Signed by an authority, or by itself; changed as the test wants.
pub fn identity(by: Option<&Authority>, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, HOST);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let leaf = match by {
        Some(authority) => params.signed_by(&key, &authority.0),
        None => params.self_signed(&key),
    };
    let leaf = leaf.unwrap();
    Identity {
        pem: leaf.pem() + &key.serialize_pem(),
        chain: vec![leaf.der().clone()],
        key: PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
    }
}

/// What an HTTPS server does once hands are shaken.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Sends this head and an empty body.
    Says(&'static str),
    /// The same, and another head to what browsers ask first.
    SaysToOptions(&'static str, &'static str),
    /// Sends this head and a body without an end.
    Pours(&'static str),
    /// Never says anything.
    Silent,
    /// Closes without a word.
    Closes,
}

/// An HTTPS server.
pub async fn https(
    identity: Identity,
    versions: &[&'static SupportedProtocolVersion],
    manner: Manner,
) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tcp(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut request = [0; 2_048];
            let _ = stream.read(&mut request).await;
            let manner = match manner {
                Manner::SaysToOptions(_, head) if request.starts_with(b"OPTIONS ") => {
                    Manner::Says(head)
                }
                other => other,
            };
            match manner {
                Manner::Says(head) | Manner::SaysToOptions(head, _) => {
                    let answer = format!("{head}\r\ncontent-length: 0\r\n\r\n");
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
                Manner::Pours(head) => {
                    let _ = stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await;
                    while stream.write_all(&[b'x'; 4_096]).await.is_ok() {}
                }
                Manner::Silent => std::future::pending().await,
                Manner::Closes => {
                    let _ = stream.shutdown().await;
                }
            }
        }
    })
    .await
}

/// A server of bare TCP.
pub async fn tcp<F>(talk: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    address
}

/// A server that reads a little and sends these bytes.
pub async fn raw(bytes: &'static [u8]) -> SocketAddr {
    tcp(move |mut stream| async move {
        let mut first = [0; 2_048];
        let _ = stream.read(&mut first).await;
        let _ = stream.write_all(bytes).await;
        // Closing with unread bytes would cut the answer off.
        let _ = stream.shutdown().await;
        let _ = stream.read(&mut first).await;
    })
    .await
}

/// An address on which nothing listens.
pub async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// What a name server answers.
#[derive(Clone, Copy, Debug)]
pub enum Zone {
    /// A code and no record.
    Code(ResponseCode),
    /// A CNAME to another name, which has an address with a shorter life.
    Alias,
    /// Bytes that are no message.
    Junk,
    /// Nothing.
    Silent,
}

/// A name server (UDP).
pub async fn dns(zone: Zone) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1_500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            if let Some(answer) = answer(&buffer[..length], zone) {
                let _ = socket.send_to(&answer, from).await;
            }
        }
    });
    address
}

fn answer(question: &[u8], zone: Zone) -> Option<Vec<u8>> {
    let asked = Message::from_vec(question).ok()?;
    let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
    answer.metadata = Metadata::response_from_request(&asked.metadata);
    answer.metadata.recursion_available = true;
    answer.add_queries(asked.queries.iter().cloned());
    match zone {
        Zone::Silent => return None,
        Zone::Junk => return Some(b"\xff\x00\xff".to_vec()),
        Zone::Code(code) => answer.metadata.response_code = code,
        Zone::Alias => {
            let name = asked.queries.first()?.name().clone();
            let real = Name::from_str("edge.example.net.").ok()?;
            let alias = RData::CNAME(CNAME(real.clone()));
            answer.add_answer(Record::from_rdata(name, 300, alias));
            if asked.queries.first()?.query_type() == RecordType::A {
                let here = RData::A(A([192, 0, 2, 7].into()));
                answer.add_answer(Record::from_rdata(real, 30, here));
            }
        }
    }
    answer.to_vec().ok()
}
