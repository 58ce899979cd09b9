//! The rooms behind a face: clients, store, actions and watch, opened in that order and closed in the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::actions::{Engine, Judged};
use crate::backend::Backend;
use crate::config::Config;
use crate::domain::problem::Problem;
use crate::plan::checklist::CriterionStatus;
use crate::plan::{CriterionState, Plan};
use crate::store::Store;
use crate::watch::{self, Handle, Scope};

/// What a face does with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Not looked at.
    None,
    /// Shown; without it the rest is shown all the same.
    Shown,
    /// Nothing goes without it.
    Needed,
}

/// Open rooms.
#[derive(Debug)]
pub struct Rooms {
    /// The door to the picture.
    pub watch: Handle,
    /// The door to actions.
    pub engine: Arc<Engine>,
    store: Option<Arc<Store>>,
}

impl Rooms {
    /// Opens what a face needs. Nobody is asked before it looks.
    ///
    /// # Errors
    /// Where the configuration cannot be used, or a needed store cannot be opened.
    pub async fn open(
        config: &Arc<Config>,
        scope: Scope,
        records: Records,
    ) -> Result<Self, Problem> {
        let plan = Arc::new(Plan::of(config)?);
        let backend = Arc::new(Backend::new(config).await?);
        let titles: BTreeMap<String, String> = (plan.criteria())
            .map(|c| (c.id.clone(), c.title.clone()))
            .collect();
        let store = match records {
            Records::None => None,
            Records::Needed => Some(Ok(Arc::new(Store::open(config).await?))),
            Records::Shown => Some(Store::open(config).await.map(Arc::new)),
        };
        let watched = store.clone();
        let store = store.and_then(Result::ok);
        let engine = Engine::new(config.clone(), backend.clone(), store.clone());
        let runs = engine.runs();
        let watch = watch::start_for(scope, config.clone(), backend, plan, watched, runs).await;
        let picture = watch.clone();
        engine.judged_by(move |id| {
            let list = &picture.snapshot().checklist;
            let failing = |c: &&CriterionStatus| c.state == CriterionState::Failing;
            Some(Judged {
                title: titles.get(id)?.clone(),
                failing: (list.criterion(id).filter(failing)).map(|c| c.reason.clone()),
            })
        });
        Ok(Self {
            watch,
            engine,
            store,
        })
    }

    /// Lets go of runs, so that the next console picks them up at once, and closes the store.
    pub async fn close(self) {
        self.engine.close().await;
        if let Some(store) = &self.store {
            store.close().await;
        }
    }
}
