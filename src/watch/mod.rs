//! Decides what to ask, when and how often; merges answers into one immutable [`Snapshot`] with an age on each part.
//!
//! `wanted` says what is wanted and how often, `timetable` what is due, `topics` hold a file for each topic that asks and
//! joins, `run` is the loop, `publish` makes pictures.

mod agenda;
mod answer;
mod authors;
mod blank;
mod doubt;
mod estate;
mod lines;
mod news;
mod picture;
mod publish;
mod run;
mod scope;
mod slept;
mod tail;
mod timetable;
mod topic;
mod topics;
mod wanted;

use std::sync::Arc;

use tokio::sync::watch;

pub use crate::door::{Desk, Handle, Snapshot};
pub use scope::{Scope, Subject};

use crate::backend::Backend;
use crate::config::Config;
use crate::domain::action::Run;
use crate::domain::problem::Problem;
use crate::plan::Plan;
use crate::store::Store;

/// Starts the watch and returns at once: everything is asked in the background until the last [`Handle`] is dropped.
pub async fn start(
    config: Arc<Config>,
    backend: Arc<Backend>,
    plan: Arc<Plan>,
    store: Option<Arc<Store>>,
    runs: watch::Receiver<Arc<Vec<Run>>>,
) -> Handle {
    let store = store.map(Ok);
    start_for(Scope::Everything, config, backend, plan, store, runs).await
}

/// The picture before anything was asked: what the configuration alone says.
pub fn first(config: &Arc<Config>) -> Arc<Snapshot> {
    Arc::new(run::first(&picture::Picture::new(config.clone())))
}

/// As [`start`], for a face that wants no more than some subjects. A store that does not open is shown as what it is: a part
/// that failed.
pub async fn start_for(
    scope: Scope,
    config: Arc<Config>,
    backend: Arc<Backend>,
    plan: Arc<Plan>,
    store: Option<Result<Arc<Store>, Problem>>,
    runs: watch::Receiver<Arc<Vec<Run>>>,
) -> Handle {
    let mut picture = picture::Picture::new(config);
    picture.lines_in_use = backend.estate.in_use();
    picture.asks_once = scope != Scope::Everything;
    picture.facts.drills = Arc::new(plan.drills());
    let store = match store {
        Some(Err(problem)) => {
            picture.facts.signoffs.error = Some(problem.clone());
            picture.facts.audit.error = Some(problem.clone());
            picture.facts.proven.error = Some(problem.clone());
            picture.facts.chain.error = Some(problem);
            None
        }
        Some(Ok(store)) => Some(store),
        None => None,
    };
    let (handle, desk) = Handle::pair(run::first(&picture));
    let sources = answer::Sources { backend, store };
    let publisher = publish::Publisher::new(plan);
    tokio::spawn(run::Watch::new(scope, picture, sources, desk, runs, publisher).run());
    handle
}
