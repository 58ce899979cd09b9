//! The rooms of one run, put together.

use std::sync::Arc;

use crate::actions::Engine;
use crate::backend::Backend;
use crate::config::Config;
use crate::domain::problem::Problem;
use crate::store::Store;
use crate::watch::{self, Handle};

/// Everything that a face works with.
#[derive(Debug)]
pub struct Rooms {
    /// The configuration in effect.
    pub config: Arc<Config>,
    /// The store; `None` where it cannot be had, and then nothing can be changed.
    pub store: Option<Arc<Store>>,
    /// Why there is no store.
    pub store_problem: Option<Problem>,
    /// The door to actions.
    pub engine: Arc<Engine>,
    /// The door to the watch.
    pub watch: Handle,
    /// Keeps the embedded platform alive.
    pub demo: Option<super::demo::Demo>,
}

impl Rooms {
    /// Puts the rooms together. Asks no vendor anything yet.
    ///
    /// # Errors
    /// A configuration that cannot work.
    pub async fn build(config: Config, demo: Option<super::demo::Demo>) -> Result<Self, Problem> {
        let config = Arc::new(config);
        let (store, store_problem) = match Store::open(&config).await {
            Ok(store) => (Some(Arc::new(store)), None),
            Err(problem) => {
                tracing::warn!(%problem, "no store: nothing can be changed");
                (None, Some(problem))
            }
        };
        let backend = Arc::new(Backend::new(&config).await?);
        let engine = Engine::new(config.clone(), backend.clone(), store.clone());
        let watch = watch::start(config.clone(), backend, store.clone(), engine.runs()).await;
        Ok(Self {
            config,
            store,
            store_problem,
            engine,
            watch,
            demo,
        })
    }

    /// Lets everything end in order: what is under way stays in the journal.
    pub async fn close(self) {
        self.engine.close().await;
        if let Some(store) = &self.store {
            store.close().await;
        }
        if let Some(demo) = self.demo {
            demo.end().await;
        }
    }
}
