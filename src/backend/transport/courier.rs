//! Carries one HTTP request and brings back what was answered: bounded in size, taken apart where it failed.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use reqwest::{Client, Request, redirect};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;

use super::budget::{Budget, Share};
use super::evidence::{Credentials, Evidence, Reach};
use super::rows::Rows;
use super::{allowance, body, cap, limits};
use crate::backend::tls::trust::{self, Trust};

/// Connection and handshake.
const CONNECT: Duration = Duration::from_secs(3);
/// Connections that are kept for a host while nobody uses them. The hurry at the start opens a dozen; each keeps its buffers as large as
/// its largest answer.
pub const IDLE: usize = 2;
/// How long one is kept that nobody uses: each holds what the largest answer took to be read, and vendors close theirs after a minute
/// or less, at the moment of our next question as likely as not.
pub const RESTED: Duration = Duration::from_secs(20);

/// Up to here a body's buffer doubles as it grows (bytes); beyond, it is given room for the largest that is read, of which memory holds
/// what was written to. Doubling on would hold three times the answer at its last step.
const DOUBLED: usize = 8 << 20;

/// The HTTP clients that vendors without an SDK are asked with.
#[derive(Debug)]
pub struct Courier {
    trust: Arc<Trust>,
    /// To this machine: no proxy, whatever the environment says.
    near: OnceLock<Result<Client, String>>,
    far: OnceLock<Result<Client, String>>,
    budget: Arc<Budget>,
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
    /// What it takes of the room that all bodies share, until it is dropped.
    pub share: Option<Arc<Share>>,
}

impl Heard {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The same without its body, which was read: no room is held for it any more.
    #[must_use]
    pub fn emptied(self) -> Self {
        Self {
            body: Bytes::new(),
            share: None,
            ..self
        }
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
    /// Trusts whom the probes trust; its answers share a budget with all others.
    pub fn new(trust: Arc<Trust>, budget: Arc<Budget>) -> Self {
        Self {
            trust,
            near: OnceLock::new(),
            far: OnceLock::new(),
            budget,
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
            .pool_idle_timeout(RESTED)
            .pool_max_idle_per_host(IDLE)
            .user_agent(concat!("flightdeck/", env!("CARGO_PKG_VERSION")));
        if near {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|e| format!("{e:?}"))
    }

    /// Sends one request, once; reads an answer that holds no more than so many rows.
    ///
    /// # Errors
    /// What can be seen of anything but a 2xx or 304.
    pub async fn carry(&self, request: Request, rows: usize) -> Result<Heard, Evidence> {
        let host = request.url().authority().to_owned();
        let near = request.url().host_str().is_some_and(is_near);
        let client = self.client(near)?;
        let mut response = client.execute(request).await.map_err(|e| of_error(&e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let most = cap::MEGABYTES << 20;
        if response.content_length().unwrap_or(0) > most as u64 {
            return Err(too_large());
        }
        let share = self.budget.share(&host);
        let mut rows = Rows::at_most(rows);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| of_error(&e))? {
            if bytes.len() + chunk.len() > most {
                return Err(too_large());
            }
            share.take(chunk.len()).await;
            allowance::take(chunk.len()).map_err(|_| beyond(Reach::TooMuch))?;
            rows.take(&chunk).map_err(|e| beyond(Reach::TooMany(e.0)))?;
            let needed = bytes.len() + chunk.len();
            if needed > bytes.capacity() {
                bytes.reserve_exact(room(needed, bytes.capacity(), most) - bytes.len());
            }
            bytes.extend_from_slice(&chunk);
        }
        let heard = Heard {
            status: status.as_u16(),
            headers,
            body: bytes.into(),
            share: Some(share),
        };
        if status.is_success() || status == http::StatusCode::NOT_MODIFIED {
            Ok(heard)
        } else {
            Err(refused(&heard))
        }
    }
}

/// The room that a buffer gets which has to hold so much.
fn room(needed: usize, now: usize, most: usize) -> usize {
    match needed > DOUBLED {
        true => most.max(needed),
        false => needed.max(now * 2).min(DOUBLED),
    }
}

pub(super) fn is_near(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn too_large() -> Evidence {
    beyond(Reach::TooLarge)
}

fn beyond(reach: Reach) -> Evidence {
    Evidence {
        reach,
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
    use crate::backend::transport::rows::ROWS;

    /// Answers everything with so many bytes, and does not say beforehand how many; `ends`: or whether there are more.
    async fn serve(bytes: usize, ends: bool) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = vec![0; 4096];
                    let _ = stream.read(&mut request).await.unwrap();
                    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
                    stream.write_all(head).await.unwrap();
                    for piece in vec![b' '; bytes].chunks(1 << 20) {
                        // Who has read enough hangs up.
                        if stream.write_all(piece).await.is_err() {
                            return;
                        }
                    }
                    if !ends {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        at
    }

    async fn peak_of(answers: usize, megabytes: usize) -> (usize, Vec<Result<usize, Evidence>>) {
        let at = serve(megabytes << 20, true).await;
        let budget = Arc::new(Budget::default());
        let courier = Courier::new(Arc::new(Trust::new(None).unwrap()), budget.clone());
        let all = (0..answers).map(|_| async {
            let url = at.parse().unwrap();
            let heard = courier
                .carry(Request::new(http::Method::GET, url), ROWS)
                .await?;
            // While it is turned into types.
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok(heard.body.len())
        });
        let all = futures_util::future::join_all(all).await;
        (budget.peak() >> 20, all)
    }

    #[tokio::test]
    async fn all_answers_together_hold_what_the_budget_allows() {
        let (peak, all) = peak_of(8, 20).await;
        assert!(all.iter().all(|a| matches!(a, Ok(n) if *n == 20 << 20)));
        // One and a half of the largest that are read, and the first megabyte of each.
        assert!((20..=48 + 8 + 8).contains(&peak), "{peak} MB");
    }

    #[tokio::test]
    async fn answers_that_never_end_are_cut_and_hold_no_more_than_others() {
        let (peak, all) = peak_of(6, 50).await;
        let cut = |a: &Result<usize, Evidence>| matches!(a, Err(e) if e.reach == Reach::TooLarge);
        assert!(all.iter().all(cut));
        assert!((30..=64 + 6 + 6).contains(&peak), "{peak} MB");
    }

    #[tokio::test]
    async fn two_vendors_that_dribble_do_not_keep_a_third_waiting() {
        let budget = Arc::new(Budget::default());
        let trust = Arc::new(Trust::new(None).unwrap());
        let courier = Arc::new(Courier::new(trust, budget.clone()));
        let slow = 3 << 19;
        for _ in 0..2 {
            let (at, courier) = (serve(slow, false).await, courier.clone());
            tokio::spawn(async move {
                let url = at.parse().unwrap();
                courier
                    .carry(Request::new(http::Method::GET, url), ROWS)
                    .await
            });
        }
        let both_came = async {
            while budget.held() < 2 * slow {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let patience = Duration::from_secs(9);
        tokio::time::timeout(patience, both_came).await.unwrap();
        let url = serve(2 << 20, true).await.parse().unwrap();
        let third = courier.carry(Request::new(http::Method::GET, url), ROWS);
        let heard = tokio::time::timeout(patience, third).await;
        let heard = heard.expect("it waits for those that dribble").unwrap();
        assert_eq!(heard.body.len(), 2 << 20);
    }

    #[test]
    fn only_this_machine_is_near() {
        assert!(is_near("127.0.0.1") && is_near("localhost") && is_near("[::1]"));
        assert!(!is_near("localhost.example") && !is_near("10.0.0.1"));
    }

    #[test]
    fn a_buffer_is_moved_a_few_times_and_never_when_it_is_large() {
        let most = 32 << 20;
        let (mut now, mut copied) = (0, 0);
        for needed in (0..=most).step_by(1 << 16) {
            if needed > now {
                copied = copied.max(now);
                now = room(needed, now, most);
            }
        }
        assert_eq!((now, copied), (most, DOUBLED));
        assert_eq!(room(9, 0, most), 9);
    }
}
