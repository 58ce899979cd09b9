//! Decides what to ask, when and how often; merges answers into one immutable [`Snapshot`] with an age on each part.
//!
//! `wanted` says what is wanted and how often, `timetable` what is due, `topics` hold a file for each topic that asks and
//! joins, `run` is the loop, `publish` makes pictures.

mod answer;
mod handle;
mod picture;
mod publish;
mod run;
mod scope;
mod tail;
mod timetable;
mod topic;
mod topics;
mod wanted;

use std::sync::Arc;

use tokio::sync::watch;

pub use handle::{Desk, Handle, Snapshot};
pub use scope::{Scope, Subject};

use crate::backend::Backend;
use crate::config::Config;
use crate::domain::action::Run;
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
    start_for(Scope::Everything, config, backend, plan, store, runs).await
}

/// As [`start`], for a face that wants no more than some subjects.
pub async fn start_for(
    scope: Scope,
    config: Arc<Config>,
    backend: Arc<Backend>,
    plan: Arc<Plan>,
    store: Option<Arc<Store>>,
    runs: watch::Receiver<Arc<Vec<Run>>>,
) -> Handle {
    let picture = picture::Picture::new(config);
    let (handle, desk) = Handle::pair(run::first(&picture));
    let sources = answer::Sources { backend, store };
    let publisher = publish::Publisher::new(plan);
    tokio::spawn(run::Watch::new(scope, picture, sources, desk, runs, publisher).run());
    handle
}
