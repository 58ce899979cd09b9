//! A sandbox, a store and engines at high speed; and a wire between them that can lose replies.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use flightdeck::actions::{Engine, Timing};
use flightdeck::backend::Backend;
use flightdeck::config::Config;
use flightdeck::domain::action::{Confirm, Intent, Preview, Run};
use flightdeck::domain::problem::Problem;
use flightdeck::domain::service::{Service, ServiceId};
use flightdeck::sandbox::{self, Sandbox};
use flightdeck::store::Store;

/// Story seconds a second: a rollout takes less than a second.
pub const FAST: f64 = 150.0;
/// Slow enough to see what happens on the way.
pub const SLOW: f64 = 25.0;
/// Short, so that a dead console's runs are soon free.
pub const LEASE: Duration = Duration::from_millis(900);

/// As patient as a test can be.
pub const PACE: Timing = Timing {
    poll: Duration::from_millis(60),
    timeout: Duration::from_secs(30),
    patience: Duration::from_millis(700),
    verify: Duration::from_secs(20),
};

pub struct Bench {
    pub sandbox: Sandbox,
    pub wire: Wire,
    folder: tempfile::TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        Self::at(FAST).await
    }

    pub async fn at(speed: f64) -> Self {
        let options = sandbox::Options {
            speed,
            ..sandbox::Options::default()
        };
        let sandbox = sandbox::start(options).await.unwrap();
        let wire = Wire::to(sandbox.endpoint()).await;
        Self {
            sandbox,
            wire,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn config(&self) -> Config {
        let mut config = Config {
            demo: true,
            store: Some(self.path()),
            ..Config::default()
        };
        config.aws.endpoint = Some(self.wire.endpoint.clone());
        config.aws.region = Some(self.sandbox.region().into());
        config.aws.fixed_credentials = Some((
            self.sandbox.access_key().into(),
            self.sandbox.secret_key().into(),
        ));
        config
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("flightdeck.db")
    }

    pub async fn store(&self) -> Arc<Store> {
        Arc::new(
            Store::open_at(&self.path(), "production", LEASE)
                .await
                .unwrap(),
        )
    }

    /// A console of its own: its own connections to store and platform.
    pub async fn console(&self) -> Console {
        self.console_with(self.config()).await
    }

    pub async fn console_with(&self, config: Config) -> Console {
        self.console_paced(config, PACE).await
    }

    /// A console on another machine: the journal here knows nothing of what it does.
    pub async fn console_elsewhere(&self) -> Console {
        let path = self.folder.path().join("elsewhere.db");
        let store = Store::open_at(&path, "production", LEASE).await.unwrap();
        self.console_on(self.config(), PACE, Arc::new(store)).await
    }

    pub async fn console_paced(&self, config: Config, timing: Timing) -> Console {
        let store = self.store().await;
        self.console_on(config, timing, store).await
    }

    async fn console_on(&self, config: Config, timing: Timing, store: Arc<Store>) -> Console {
        let backend = Arc::new(Backend::new(&config).await.unwrap());
        let engine = Engine::with_timing(
            Arc::new(config),
            backend.clone(),
            Some(store.clone()),
            timing,
        );
        Console {
            engine,
            store,
            backend,
        }
    }
}

pub struct Console {
    pub engine: Arc<Engine>,
    pub store: Arc<Store>,
    pub backend: Arc<Backend>,
}

impl Console {
    pub async fn preview(&self, intent: Intent) -> Preview {
        self.engine.preview(intent).await.unwrap()
    }

    /// Previews, confirms as a person would, and starts.
    pub async fn start(&self, intent: Intent) -> Result<String, Problem> {
        let preview = self.preview(intent).await;
        let typed = match &preview.confirm {
            Confirm::Type(word) => Some(word.clone()),
            Confirm::Key => None,
        };
        self.engine.start(preview, typed).await
    }

    /// All of its life.
    pub async fn run(&self, intent: Intent) -> Run {
        let run = self.start(intent).await.unwrap();
        self.wait(&run).await
    }

    pub async fn wait(&self, run: &str) -> Run {
        let limit = Duration::from_secs(40);
        let ended = tokio::time::timeout(limit, self.engine.wait(run)).await;
        ended
            .unwrap_or_else(|_| panic!("run {run} has no end: {:?}", self.engine.runs().borrow()))
            .unwrap()
    }

    pub async fn service(&self, id: &ServiceId) -> Service {
        self.backend.ecs.service(id).await.unwrap()
    }

    /// Until no deployment of the service is under way.
    pub async fn settled(&self, id: &ServiceId) -> Service {
        for _ in 0..400 {
            let service = self.service(id).await;
            if !service.is_deploying() && service.counts.running == service.counts.desired {
                return service;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{id} does not settle");
    }
}

pub fn api() -> ServiceId {
    ServiceId {
        cluster: "laser-prod".into(),
        name: "api".into(),
    }
}

pub fn deploy(image: &str) -> Intent {
    Intent::Deploy {
        service: api(),
        image: image.into(),
        container: None,
        strategy: None,
    }
}

pub fn story(run: &Run) -> String {
    run.lines
        .iter()
        .map(|l| format!("{} {}\n", l.phase.word(), l.text))
        .collect()
}

/// What the wire does with the next call of a given operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// The platform acts; its reply is cut.
    LoseReply,
    /// The call never arrives; the connection is cut.
    LoseCall,
    /// The call hangs for good, before it arrives.
    Hang,
    /// No call of the operation arrives any more, until something else is armed: the connection is cut.
    Deaf,
    /// Each call of the operation is answered with an error of the vendor's, until something else is armed.
    Broken,
    /// Each call of the operation hangs for good, until something else is armed.
    Silent,
}

impl Mischief {
    fn lasts(self) -> bool {
        matches!(self, Self::Deaf | Self::Broken | Self::Silent)
    }
}

/// A proxy between console and sandbox that counts calls and does mischief on request.
pub struct Wire {
    pub endpoint: String,
    state: Arc<Line>,
}

struct Line {
    to: String,
    client: reqwest::Client,
    mischief: Mutex<Option<(&'static str, Mischief)>>,
    calls: Mutex<Vec<String>>,
    forwarded: AtomicU32,
    rewrite: Mutex<Option<Rewrite>>,
}

/// What becomes of the answer to an operation.
type Rewrite = Box<dyn Fn(&str, String) -> String + Send>;

impl Wire {
    async fn to(endpoint: String) -> Self {
        let state = Arc::new(Line {
            to: endpoint,
            client: reqwest::Client::new(),
            mischief: Mutex::new(None),
            calls: Mutex::new(Vec::new()),
            forwarded: AtomicU32::new(0),
            rewrite: Mutex::new(None),
        });
        let router = axum::Router::new().fallback(pass).with_state(state.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, state }
    }

    /// Arms mischief for the next call whose operation is named so.
    pub fn arm(&self, operation: &'static str, mischief: Mischief) {
        *self.state.mischief.lock().unwrap() = Some((operation, mischief));
    }

    /// From now on each answer goes through this; the operation comes with it.
    pub fn rewrite(&self, with: impl Fn(&str, String) -> String + Send + 'static) {
        *self.state.rewrite.lock().unwrap() = Some(Box::new(with));
    }

    /// Answers are what the platform says again.
    pub fn let_be(&self) {
        *self.state.rewrite.lock().unwrap() = None;
    }

    /// Waits until the call that is to come to grief came.
    pub async fn struck(&self) {
        while self.state.mischief.lock().unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many calls of an operation reached the platform.
    pub fn calls(&self, operation: &str) -> usize {
        let calls = self.state.calls.lock().unwrap();
        calls.iter().filter(|c| c.as_str() == operation).count()
    }

    /// The calls that reached the platform and do not merely ask, as their names tell: an allow-list, so that one which nobody thought
    /// of is none.
    pub fn changes(&self) -> Vec<String> {
        let verbs = ["Describe", "List", "Get", "BatchGet", "GET "];
        let asks = |c: &&String| verbs.iter().any(|verb| c.starts_with(verb));
        let calls = self.state.calls.lock().unwrap();
        calls.iter().filter(|c| !asks(c)).cloned().collect()
    }

    /// How many mutating calls reached the platform.
    pub fn mutations(&self) -> usize {
        [
            "RegisterTaskDefinition",
            "UpdateService",
            "StopServiceDeployment",
        ]
        .iter()
        .map(|o| self.calls(o))
        .sum()
    }
}

async fn pass(State(line): State<Arc<Line>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let operation = parts
        .headers
        .get("x-amz-target")
        .and_then(|t| t.to_str().ok())
        .and_then(|t| t.rsplit('.').next())
        .or_else(|| Some(parts.uri.path().split_once("/operation/")?.1))
        .or_else(|| query(&body))
        .map_or_else(
            || format!("{} {}", parts.method, parts.uri.path()),
            str::to_owned,
        );
    let armed = {
        let mut slot = line.mischief.lock().unwrap();
        match *slot {
            Some((name, mischief)) if name == operation => {
                if !mischief.lasts() {
                    *slot = None;
                }
                Some(mischief)
            }
            _ => None,
        }
    };
    match armed {
        Some(Mischief::LoseCall | Mischief::Deaf) => return cut(),
        Some(Mischief::Hang | Mischief::Silent) => std::future::pending::<()>().await,
        Some(Mischief::Broken) => return broken(),
        _ => {}
    }
    line.calls.lock().unwrap().push(operation.clone());
    line.forwarded.fetch_add(1, Ordering::Relaxed);
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let mut ask = line
        .client
        .request(parts.method, format!("{}{path}", line.to))
        .body(body);
    for (name, value) in &parts.headers {
        if name != "content-length" {
            ask = ask.header(name, value);
        }
    }
    let answer = ask.send().await.unwrap();
    if armed == Some(Mischief::LoseReply) {
        return cut();
    }
    let mut reply = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "content-length" && name != "transfer-encoding" {
            reply = reply.header(name, value);
        }
    }
    let mut said = answer.bytes().await.unwrap();
    if let Some(rewrite) = line.rewrite.lock().unwrap().as_ref() {
        let text = String::from_utf8_lossy(&said).into_owned();
        said = rewrite(&operation, text).into();
    }
    reply.body(Body::from(said)).unwrap()
}

/// The operation of a query, such as STS's.
fn query(body: &[u8]) -> Option<&str> {
    let form = std::str::from_utf8(body).ok()?;
    let mut parts = form.split('&');
    parts.find_map(|p| p.strip_prefix("Action="))
}

/// What ECS answers while it is ill.
fn broken() -> Response {
    let body = r#"{"__type":"ServerException","message":"ill"}"#;
    let reply = Response::builder().status(500);
    let reply = reply.header("content-type", "application/x-amz-json-1.1");
    reply.body(Body::from(body)).unwrap()
}

/// An answer whose connection ends in the middle.
fn cut() -> Response {
    let pieces = vec![
        Ok(Bytes::from_static(b"{")),
        Err(std::io::Error::other("cut")),
    ];
    Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
}
