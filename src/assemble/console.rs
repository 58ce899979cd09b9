//! The console, and the platform as a server.

use super::rooms::Rooms;
use crate::cli::exit::Exit;
use crate::cli::sandbox::Arguments;
use crate::domain::problem::{Problem, ProblemKind};
use crate::sandbox::{self, Options, Scale};
use crate::ui::{self, ConsoleError};

/// Opens the console on rooms that are ready; what was left under way is picked up.
///
/// # Errors
/// The terminal, the theme or the keymap cannot be used.
pub async fn open(rooms: Rooms) -> Result<Exit, Problem> {
    let engine = rooms.engine.clone();
    tokio::spawn(async move {
        if let Err(problem) = engine.reattach().await {
            tracing::warn!(%problem, "nothing was picked up from the journal");
        }
    });
    let ended = ui::run(
        rooms.config.clone(),
        rooms.watch.clone(),
        rooms.engine.clone(),
    )
    .await;
    rooms.close().await;
    match ended {
        Ok(()) => Ok(Exit::OK),
        Err(ConsoleError::Config(problem)) => Err(problem),
        Err(ConsoleError::Terminal(e)) => Err(Problem::new(
            ProblemKind::Refused,
            "terminal",
            "the console cannot open",
            format!("standard input and output must be a terminal ({e})"),
            "use a command such as `flightdeck status` where there is no terminal",
        )),
    }
}

/// Options of the sandbox from its words.
///
/// # Errors
/// A fault that is none.
pub fn options(args: &Arguments, speed: Option<f64>) -> Result<Options, Problem> {
    let faults = args
        .faults
        .iter()
        .map(|f| f.parse())
        .collect::<Result<_, String>>()
        .map_err(|why| {
            Problem::new(
                ProblemKind::Config,
                "sandbox",
                "the sandbox cannot start",
                why,
                "for example --fault throttle=0.2",
            )
        })?;
    Ok(Options {
        listen: args.listen,
        speed: speed.unwrap_or(1.0),
        seed: args.seed,
        faults,
        scale: args.scale.map(|(services, tasks_per_service)| Scale {
            services,
            tasks_per_service,
        }),
        empty: args.empty,
    })
}

/// Serves the platform until a signal comes.
///
/// # Errors
/// It cannot listen.
pub async fn serve(options: Options) -> Result<Exit, Problem> {
    let listen = options.listen;
    let sandbox = sandbox::start(options).await.map_err(|e| {
        Problem::new(
            ProblemKind::Refused,
            "sandbox",
            "the sandbox cannot start",
            e.to_string(),
            format!("choose another port than {}", listen.port()),
        )
    })?;
    println!("the sandbox listens; stop it with ctrl-c");
    println!("export AWS_ENDPOINT_URL={}", sandbox.endpoint());
    println!(
        "export AWS_REGION={} AWS_DEFAULT_REGION={}",
        sandbox.region(),
        sandbox.region()
    );
    println!(
        "export AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}",
        sandbox.access_key(),
        sandbox.secret_key()
    );
    if let Some(edge) = sandbox.edge() {
        println!("# HTTPS {}   DNS {}", edge.https, edge.dns);
    }
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |e: std::io::Error| {
        Problem::new(
            ProblemKind::Internal,
            "sandbox",
            "signals cannot be heard",
            e.to_string(),
            "try again",
        )
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    sandbox.shutdown().await;
    Ok(Exit::OK)
}
