//! The embedded platform: it speaks the vendors' own wire protocols on loopback. It imports nothing else of ours, since
//! shared structs would hide shared mistakes.

#![forbid(unsafe_code)]

pub mod cloudwatch; // metrics, and alarms that are judged on them
pub mod ecs; // Amazon ECS
pub mod edge; // its hosts: HTTPS and DNS
pub mod elbv2; // Elastic Load Balancing
pub mod elbv2_abroad; // its second region
mod estate; // databases, stores, secrets, other vendors
pub mod faults; // what a bad day looks like
pub mod logs; // log groups, streams and events
pub mod pg; // PostgreSQL, over its own protocol
pub mod platform; // the world and the stores of what it tells
pub mod resp; // Redis, over its own protocol
pub mod server; // HTTP on loopback
mod smtp; // the mail relay
pub mod sts; // who the caller is
pub mod telemetry; // metrics, alarms and logs that follow from the world
pub mod web; // systems that speak plain HTTP with paths
pub mod wire; // calls and replies in each of the vendor's protocols
pub mod world; // the platform itself, and how it changes

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

pub use edge::{Edge, EdgeError};
pub use faults::Fault;
pub use world::story::Scale;

/// How the sandbox is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// How much faster than the clock on the wall the story goes; stamps stay wall-clock times.
    pub speed: f64,
    /// The same seed and speed give the same story.
    pub seed: u64,
    /// Faults.
    pub faults: Vec<Fault>,
    /// A synthetic fleet instead of the story.
    pub scale: Option<Scale>,
    /// An account without anything in it.
    pub empty: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            speed: 1.0,
            seed: 7,
            faults: Vec::new(),
            scale: None,
            empty: false,
        }
    }
}

/// Why the sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It would be reachable from elsewhere.
    #[error("the sandbox listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The speed is no positive number.
    #[error("the speed must be a number from 0.01 to 1000, not {0}")]
    Speed(f64),
    /// The port cannot be had.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// Its hosts cannot be opened.
    #[error("the platform's hosts do not open: {0}")]
    Edge(#[from] EdgeError),
}

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<server::Shared>,
    edge: Option<Edge>,
    redis: Option<SocketAddr>,
    postgres: Option<SocketAddr>,
    smtp: Option<SocketAddr>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts the sandbox.
pub async fn start(options: Options) -> Result<Sandbox, SandboxError> {
    if !options.listen.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(options.listen));
    }
    if !(0.01..=1_000.0).contains(&options.speed) {
        return Err(SandboxError::Speed(options.speed));
    }
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .map_err(|e| SandboxError::Listen(options.listen, e))?;
    let address = listener
        .local_addr()
        .map_err(|e| SandboxError::Listen(options.listen, e))?;
    let mut world = world::World::new(options.seed, options.speed, server::now());
    match (options.empty, options.scale) {
        (true, _) => {}
        (false, Some(scale)) => world::story::fleet(&mut world, scale),
        (false, None) => world::story::tell(&mut world),
    }
    let shared = server::Shared::new(
        platform::Platform::new(world, options.seed),
        options.faults,
        options.seed,
    );
    let router = server::router(shared.clone());
    let serve = tokio::spawn(async move {
        // Ends with its task alone.
        let _ = axum::serve(listener, router).await;
    });
    let ticking = shared.clone();
    let pace = Duration::from_secs_f64((1.0 / options.speed).clamp(0.1, 1.0));
    let tick = tokio::spawn(async move {
        let mut interval = tokio::time::interval(pace);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            interval.tick().await;
            ticking.step();
        }
    });
    let mut sandbox = Sandbox {
        address,
        shared,
        edge: None,
        redis: None,
        postgres: None,
        smtp: None,
        tasks: vec![serve, tick],
    };
    // A fleet for measuring and an empty account have no hosts.
    if options.scale.is_none() && !options.empty {
        let (edge, inside, tasks) = edge::open(sandbox.shared.clone()).await?;
        sandbox.edge = Some(edge);
        sandbox.tasks.extend(tasks);
        let (redis, task) = resp::open(sandbox.shared.clone(), inside.clone())
            .await
            .map_err(EdgeError::Port)?;
        sandbox.redis = Some(redis);
        sandbox.tasks.push(task);
        let (postgres, task) = pg::open(sandbox.shared.clone(), inside.clone())
            .await
            .map_err(EdgeError::Port)?;
        sandbox.postgres = Some(postgres);
        sandbox.tasks.push(task);
        let (smtp, task) = smtp::open(sandbox.shared.clone(), inside)
            .await
            .map_err(EdgeError::Port)?;
        sandbox.smtp = Some(smtp);
        sandbox.tasks.push(task);
    }
    Ok(sandbox)
}

impl Sandbox {
    /// `http://127.0.0.1:PORT`: what `AWS_ENDPOINT_URL` takes.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The region that its copies and its stand-by are in.
    pub fn second_region(&self) -> &'static str {
        world::names::SECOND_REGION
    }

    /// Region.
    pub fn region(&self) -> &'static str {
        world::names::REGION
    }

    /// Account that it plays.
    pub fn account(&self) -> &'static str {
        world::names::ACCOUNT
    }

    /// The platform's public face: hosts behind HTTPS and their names. `None` for a fleet and for an empty account.
    pub fn edge(&self) -> Option<&Edge> {
        self.edge.as_ref()
    }

    /// Where its Redis listens (TLS for `localhost`, signed by the edge's authority), and the password that it accepts. `None` where
    /// there is no edge.
    pub fn redis(&self) -> Option<(SocketAddr, &'static str)> {
        Some((self.redis?, resp::PASSWORD))
    }

    /// Where its PostgreSQL listens (TLS for `localhost`, signed by the edge's authority), the role that it lets in and its password.
    /// `None` where there is no edge.
    pub fn postgres(&self) -> Option<(SocketAddr, &'static str, &'static str)> {
        Some((self.postgres?, pg::USER, pg::PASSWORD))
    }

    /// Where its mail relay listens (STARTTLS for `localhost`, signed by the edge's authority). `None` where there is no edge.
    pub fn smtp(&self) -> Option<SocketAddr> {
        self.smtp
    }

    /// Access key id that it accepts.
    pub fn access_key(&self) -> &'static str {
        server::ACCESS_KEY
    }

    /// The secret that goes with it.
    pub fn secret_key(&self) -> &'static str {
        server::SECRET_KEY
    }

    /// The token that the vendors beside AWS accept.
    pub fn token(&self) -> &'static str {
        web::TOKEN
    }

    /// Names of its clusters.
    pub fn clusters(&self) -> Vec<String> {
        self.shared.platform().world.clusters.clone()
    }

    /// Stops it.
    pub async fn shutdown(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            let _ = task.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
