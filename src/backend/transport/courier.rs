//! Carries one HTTP request and brings back what was answered: bounded in size, taken apart where it failed.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use jiff::Timestamp;
use reqwest::{Client, Request, redirect};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::evidence::{Credentials, Evidence, Reach};
use super::{body, cap, limits};
use crate::backend::tls::trust::{self, Trust};

/// Bodies that are larger than this (bytes) are read a few at a time: thirty systems that all send as much as is read of one would
/// take a machine's memory.
const LARGE: usize = 2 << 20;
/// Large bodies that are read at once.
const LARGE_AT_ONCE: usize = 2;

/// Connection and handshake.
const CONNECT: Duration = Duration::from_secs(3);
/// Connections that are kept for a host while nobody uses them. The hurry at the start opens a dozen; each keeps its buffers as large as
/// its largest answer.
pub const IDLE: usize = 2;

/// The HTTP clients that vendors without an SDK are asked with.
#[derive(Debug)]
pub struct Courier {
    trust: Arc<Trust>,
    /// To this machine: no proxy, whatever the environment says.
    near: OnceLock<Result<Client, String>>,
    far: OnceLock<Result<Client, String>>,
    large: Semaphore,
}

/// A good answer.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Status: 2xx or 304.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Heard {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Evidence that something else came.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Evidence> {
        serde_json::from_slice(&self.body).map_err(|e| self.unreadable(&e.to_string()))
    }

    /// An answer that is good by its status and cannot be read.
    pub fn unreadable(&self, why: &str) -> Evidence {
        Evidence {
            reach: Reach::Answered,
            status: Some(self.status),
            body: body::look(self.header("content-type").unwrap_or(""), &self.body),
            chain: why.to_owned(),
            ..Evidence::default()
        }
    }
}

impl Courier {
    /// Trusts whom the probes trust.
    pub fn new(trust: Arc<Trust>) -> Self {
        Self {
            trust,
            near: OnceLock::new(),
            far: OnceLock::new(),
            large: Semaphore::new(LARGE_AT_ONCE),
        }
    }

    fn client(&self, near: bool) -> Result<&Client, Evidence> {
        let slot = if near { &self.near } else { &self.far };
        slot.get_or_init(|| self.build(near))
            .as_ref()
            .map_err(|why| Evidence {
                chain: why.clone(),
                ..Evidence::default()
            })
    }

    fn build(&self, near: bool) -> Result<Client, String> {
        let mut tls = ClientConfig::builder_with_provider(trust::provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_root_certificates(self.trust.roots())
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect could carry a token elsewhere.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(IDLE)
            .user_agent(concat!("flightdeck/", env!("CARGO_PKG_VERSION")));
        if near {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|e| format!("{e:?}"))
    }

    /// Sends one request, once.
    ///
    /// # Errors
    /// What can be seen of anything but a 2xx or 304.
    pub async fn carry(&self, request: Request) -> Result<Heard, Evidence> {
        let near = request.url().host_str().is_some_and(is_near);
        let client = self.client(near)?;
        let mut response = client.execute(request).await.map_err(|e| of_error(&e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let most = cap::MEGABYTES << 20;
        if response.content_length().unwrap_or(0) > most as u64 {
            return Err(too_large());
        }
        let mut bytes = BytesMut::new();
        let mut large = None;
        while let Some(chunk) = response.chunk().await.map_err(|e| of_error(&e))? {
            if bytes.len() + chunk.len() > most {
                return Err(too_large());
            }
            if large.is_none() && bytes.len() + chunk.len() > LARGE {
                large = self.large.acquire().await.ok();
            }
            bytes.extend_from_slice(&chunk);
        }
        let heard = Heard {
            status: status.as_u16(),
            headers,
            body: bytes.freeze(),
        };
        if status.is_success() || status == http::StatusCode::NOT_MODIFIED {
            Ok(heard)
        } else {
            Err(refused(&heard))
        }
    }
}

fn is_near(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn too_large() -> Evidence {
    Evidence {
        reach: Reach::TooLarge,
        ..Evidence::default()
    }
}

/// What a refusal says: in JSON or XML, in the vendors' various members.
fn refused(heard: &Heard) -> Evidence {
    let (code, message) = body::refusal(&heard.body, heard.header("x-amzn-errortype"));
    let words = message.as_deref().unwrap_or("");
    let of_code = code.as_deref().and_then(|c| Credentials::of_code(c, words));
    Evidence {
        retry_after: limits::wanted(heard.status, &heard.headers, Timestamp::now()),
        credentials: of_code,
        code,
        message,
        ..heard.unreadable("")
    }
}

fn of_error(error: &reqwest::Error) -> Evidence {
    let mut words = vec![error.to_string()];
    let mut next = error.source();
    while let Some(e) = next {
        words.push(e.to_string());
        next = e.source();
    }
    words.dedup();
    let reach = if error.is_timeout() && !error.is_connect() {
        Reach::NoReply
    } else if error.is_connect() {
        Reach::NoConnection
    } else if error.is_builder() {
        Reach::NotBuilt
    } else {
        Reach::Cut
    };
    Evidence {
        reach,
        chain: words.join(": "),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers `/N` with N megabytes, whose last byte comes at once, or for `/N/held` once the notice is given.
    async fn serve(release: Arc<tokio::sync::Notify>) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let release = release.clone();
                tokio::spawn(async move {
                    let mut request = vec![0; 4096];
                    let n = stream.read(&mut request).await.unwrap();
                    let request = String::from_utf8_lossy(&request[..n]).into_owned();
                    let path = request
                        .split(' ')
                        .nth(1)
                        .unwrap()
                        .trim_matches('/')
                        .to_owned();
                    let megabytes: usize = path.split('/').next().unwrap().parse().unwrap();
                    let size = megabytes << 20;
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
                    );
                    stream.write_all(head.as_bytes()).await.unwrap();
                    stream.write_all(&vec![b' '; size - 1]).await.unwrap();
                    if path.ends_with("held") {
                        release.notified().await;
                    }
                    stream.write_all(b" ").await.unwrap();
                });
            }
        });
        at
    }

    #[tokio::test]
    async fn large_bodies_are_read_a_few_at_a_time_and_small_ones_do_not_wait_for_them() {
        let release = Arc::new(tokio::sync::Notify::new());
        let at = serve(release.clone()).await;
        let courier = Arc::new(Courier::new(Arc::new(Trust::new(None).unwrap())));
        let get = |path: &str| {
            let url = format!("{at}/{path}").parse().unwrap();
            let courier = courier.clone();
            async move { courier.carry(Request::new(http::Method::GET, url)).await }
        };
        let held: Vec<_> = (0..LARGE_AT_ONCE)
            .map(|_| tokio::spawn(get("3/held")))
            .collect();
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while courier.large.available_permits() > 0 {
            assert!(std::time::Instant::now() < end, "none of them waits");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(get("1").await.unwrap().body.len(), 1 << 20);
        let mut third = tokio::spawn(get("3"));
        let soon = tokio::time::timeout(Duration::from_millis(300), &mut third).await;
        assert!(soon.is_err(), "a third large body was read");
        for _ in &held {
            release.notify_one();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for answer in held.into_iter().chain([third]) {
            assert_eq!(answer.await.unwrap().unwrap().body.len(), 3 << 20);
        }
    }

    #[test]
    fn only_this_machine_is_near() {
        assert!(is_near("127.0.0.1") && is_near("localhost") && is_near("[::1]"));
        assert!(!is_near("localhost.example") && !is_near("10.0.0.1"));
    }
}
