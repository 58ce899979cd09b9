//! The door to actions: preview, start, watch, pick up, give up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use futures_util::future::join;
use tokio::sync::watch;
use tokio::time::Instant;

use super::board::Board;
use super::draft::{self, Draft};
use super::judged::{Judge, Judged};
use super::life::{Confirmed, Signal, Start, live};
use super::look::Look;
use super::seat::{self, Seat};
use super::timing::Timing;
use super::{caller, expected, kind, resume};
use crate::backend::Backend;
use crate::backend::transport::errand::errand;
use crate::config::Config;
use crate::domain::action::{Intent, Phase, Preview, Run};
use crate::domain::audit::{ChainVerdict, Outcome};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::quote::Quote;
use crate::domain::redact;
use crate::domain::service::{Identity, ServiceId};
use crate::door::Acts;
use crate::store::{Claim, Store};

/// From one look at a run that was put aside to the next, in polls.
const PEEK_POLLS: u32 = 30;

/// Runs actions. Shared by every face behind an `Arc`.
#[derive(Debug)]
pub struct Engine {
    pub(super) config: Arc<Config>,
    pub(super) backend: Arc<Backend>,
    pub(super) store: Option<Arc<Store>>,
    pub(super) board: Board,
    pub(super) timing: Timing,
    driving: Mutex<HashMap<String, watch::Sender<Signal>>>,
    sweeping: AtomicBool,
    /// Where this console sits, as it was told last.
    seat: seat::Known,
    /// When runs that were put aside were last looked at.
    peeked: Mutex<HashMap<String, Instant>>,
    closing: AtomicBool,
    judge: OnceLock<Judge>,
}

impl Engine {
    /// For one environment. Without a store, previews can be made and nothing can be started.
    pub fn new(config: Arc<Config>, backend: Arc<Backend>, store: Option<Arc<Store>>) -> Arc<Self> {
        Self::with_timing(config, backend, store, Timing::default())
    }

    /// As [`Engine::new`], at another pace.
    pub fn with_timing(
        config: Arc<Config>,
        backend: Arc<Backend>,
        store: Option<Arc<Store>>,
        timing: Timing,
    ) -> Arc<Self> {
        Arc::new(Self {
            config,
            backend,
            store,
            board: Board::new(),
            timing,
            driving: Mutex::new(HashMap::new()),
            sweeping: AtomicBool::new(false),
            seat: seat::Known::default(),
            peeked: Mutex::new(HashMap::new()),
            closing: AtomicBool::new(false),
            judge: OnceLock::new(),
        })
    }

    /// Lets previews of sign-offs know what the plan says of their criterion; the first judge stays.
    pub fn judged_by(&self, judge: impl Fn(&str) -> Option<Judged> + Send + Sync + 'static) {
        let _ = self.judge.set(Judge::new(judge));
    }

    /// What an intent would do. Reads only.
    ///
    /// # Errors
    /// Where the platform or the store cannot be read; what cannot work is a refusal inside the preview.
    pub async fn preview(&self, intent: Intent) -> Result<Preview, Problem> {
        self.read_for(intent, self.look()).await.0
    }

    /// The same, with who would do it, in words.
    async fn read_for(&self, intent: Intent, look: Look<'_>) -> (Result<Preview, Problem>, String) {
        let intent = intent.without_secrets();
        let read = async {
            let caller = async {
                match intent.service() {
                    Some(_) => caller::ask(&self.backend).await,
                    None => caller::glance(&self.backend).await,
                }
            };
            let (draft, caller) = join(kind::draft(&intent, &look), Box::pin(caller)).await;
            let who = caller::named(caller.as_ref());
            let drafted = match draft {
                Ok(draft) => self.judged(&look, intent.clone(), draft, caller).await,
                Err(p) => Err(p),
            };
            (drafted, who)
        };
        errand(Box::pin(read)).await
    }

    /// What an action file says, with what is common to all.
    async fn judged(
        &self,
        look: &Look<'_>,
        intent: Intent,
        mut draft: Draft,
        caller: Option<Identity>,
    ) -> Result<Preview, Problem> {
        if intent.service().is_some() {
            caller::tell(&mut draft, caller.as_ref());
            seat::tell(&mut draft, &self.backend);
        }
        expected::heed(&mut draft, &self.config, caller.as_ref());
        if self.config.read_only {
            // Before every other reason: nothing that a person could change about the action would help.
            draft.refusals.insert(0, "this console is read-only".into());
        }
        if self.store.is_none() {
            draft
                .refuse("there is no store to write the audit trail to: no audit write, no action");
        }
        if let Some(judge) = self.judge.get() {
            judge.tell(&intent, &mut draft);
        }
        if let Some(store) = &self.store
            && let Ok(ChainVerdict::Broken { seq, why }) = store.verify_new().await
        {
            draft.warn(format!("the audit chain is broken at row {seq}: {why}"));
        }
        look.others(&mut draft, &intent).await?;
        Ok(draft.finish(intent, &self.config))
    }

    /// Starts what a preview showed, once it is confirmed and still true. Returns the run's id; the intent is durable by then.
    ///
    /// # Errors
    /// `Refused` for a wrong confirmation or a refusal, `Conflict` naming what moved since the preview or who acts, `Store`
    /// where the intent could not be written.
    pub async fn start(
        self: &Arc<Self>,
        preview: Preview,
        typed: Option<String>,
    ) -> Result<String, Problem> {
        draft::check_confirmation(&preview, typed.as_deref())?;
        let Some(store) = self.store.clone() else {
            return Err(no_store());
        };
        let confirmed = Instant::now();
        // Who is told with what was read just now, which is what will be called with.
        let look = Look {
            confirmed: true,
            ..self.look()
        };
        let (now, who) = self.read_for(preview.intent.clone(), look).await;
        let begun = match now {
            Ok(now) => self.claim(&store, &preview, now, &who).await,
            Err(p) => Err(p),
        };
        let (now, claim) = match begun {
            Ok(begun) => begun,
            Err(p) => {
                let why = format!("{p}; nothing was called");
                let took = confirmed.elapsed();
                if let Err(unwritten) = store.refuse(&preview, &who, &why, took).await {
                    tracing::error!(problem = %unwritten, "a refusal is not in the audit");
                }
                return Err(p);
            }
        };
        let run = claim.run().to_owned();
        self.board.put(Run {
            id: run.clone(),
            intent: now.intent.clone(),
            title: now.title.clone(),
            phase: Phase::Journal,
            progress: None,
            lines: Vec::new(),
            started_at: jiff::Timestamp::now(),
            finished_at: None,
            outcome: None,
            stopped_in: None,
            recorded: false,
            who: who.clone(),
            reattached: false,
            brings: None,
            scaled_from: None,
            deployment: None,
            silent: None,
        });
        if let Some(p) = store.unanchored() {
            let text = format!("{p}. {}", p.fix);
            self.board.line(&run, Phase::Journal, &text);
        }
        self.board.tell_moved();
        let confirmed = Confirmed {
            intent: now.intent,
            inputs: now.inputs,
            who,
        };
        self.drive(store, claim, confirmed, Start::Execute);
        Ok(run)
    }

    /// Judges by what was read again whether what was confirmed still holds, and makes it durable.
    async fn claim(
        &self,
        store: &Store,
        preview: &Preview,
        now: Preview,
        who: &str,
    ) -> Result<(Preview, Claim), Problem> {
        draft::check_unmoved(preview, &now)?;
        if let Some(first) = now.refusals.first() {
            return Err(Problem::new(
                ProblemKind::Refused,
                "actions",
                format!("{} was not begun", now.intent.verb()),
                first,
                "Look at a new preview.",
            ));
        }
        let now = caller::kept(preview, now);
        let claim = store.begin(&now, who).await?;
        Ok((now, claim))
    }

    /// Runs of this console, those that it picked up, and open ones of other consoles; newest first.
    pub fn runs(&self) -> watch::Receiver<Arc<Vec<Run>>> {
        self.board.runs()
    }

    /// Counts up when an action has changed the platform or has ended: time to look.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.board.moved()
    }

    /// Waits until a run has ended (or its outcome is unknown); `None` if it was never on the board.
    pub async fn wait(&self, run: &str) -> Option<Run> {
        self.board.get(run)?;
        let mut runs = self.board.runs();
        let ended = |list: &Arc<Vec<Run>>| {
            list.iter()
                .find(|r| r.id == run)
                .is_none_or(|r| r.outcome.is_some())
        };
        let _ = runs.wait_for(ended).await;
        self.board.get(run)
    }

    /// Picks up the runs that nobody drives any more, shows those of others, and keeps doing so while the engine lives. Returns
    /// how many were picked up now. A read-only console only shows them.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn reattach(self: &Arc<Self>) -> Result<usize, Problem> {
        let Some(store) = &self.store else {
            return Ok(0);
        };
        let taken = self.pick_up(true).await;
        if !self.sweeping.swap(true, Ordering::AcqRel) {
            let every = (store.lease() / 9).max(Duration::from_millis(50));
            tokio::spawn(resume::sweep(Arc::downgrade(self), every));
            tokio::spawn(resume::catch_up(Arc::downgrade(self)));
        }
        taken
    }

    /// Gives a run up: nobody follows it any more, and what was begun is left as it is.
    ///
    /// # Errors
    /// `Conflict` where another console drives it, `NotFound` where the journal has no such open run.
    pub async fn abandon(&self, run: &str) -> Result<(), Problem> {
        let is_open = |r: &Run| r.id == run && r.outcome.is_none();
        let open = self.runs().borrow().iter().any(is_open);
        let signal = self.lock().get(run).cloned();
        if let Some(signal) = signal.filter(|_| open) {
            signal.send_replace(Signal::Abandon);
            self.wait(run).await;
            return Ok(());
        }
        let store = self.store.as_ref().ok_or_else(no_store)?;
        let problem = |kind, why: &str| {
            Problem::new(
                kind,
                "actions",
                format!("run {run} cannot be given up here"),
                why,
                "Look at the deploys screen for runs that are open.",
            )
        };
        match store.take_over(run).await? {
            Some(claim) => {
                let text = "given up by a person; what was begun is left as it is";
                store.finish(&claim, Outcome::Abandoned, text).await?;
                self.board.end(run, Outcome::Abandoned, text, true);
                Ok(())
            }
            None => match store.journal_run(run).await? {
                Some(r) if r.run.outcome.is_none() => {
                    let why = format!("a console on {} drives it (pid {})", r.host, r.pid);
                    Err(problem(ProblemKind::Conflict, &why))
                }
                Some(_) => Err(problem(ProblemKind::NotFound, "it has ended")),
                None => Err(problem(
                    ProblemKind::NotFound,
                    "the journal has no such run",
                )),
            },
        }
    }

    /// Lets go of all runs, so that the next console picks them up at once. To be called before a console closes.
    pub async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let signals: Vec<_> = self.lock().drain().collect();
        for (_, signal) in &signals {
            signal.send_replace(Signal::Close);
        }
        for (_, signal) in signals {
            // The life drops its receiver when it has let go.
            signal.closed().await;
        }
    }

    pub(super) fn look(&self) -> Look<'_> {
        Look {
            backend: &self.backend,
            store: self.store.as_deref(),
            confirmed: false,
        }
    }

    pub(super) fn drive(
        self: &Arc<Self>,
        store: Arc<Store>,
        claim: Claim,
        confirmed: Confirmed,
        start: Start,
    ) {
        let (tell, hear) = watch::channel(Signal::On);
        self.lock().insert(claim.run().to_owned(), tell);
        tokio::spawn(live(self.clone(), store, claim, confirmed, start, hear));
    }

    pub(super) fn is_driving(&self, run: &str) -> bool {
        self.lock().contains_key(run)
    }

    /// Whether it is time to look again at a run that was put aside; to say yes counts as a look.
    pub(super) fn may_peek(&self, run: &str) -> bool {
        let mut peeked = self.peeked.lock().unwrap_or_else(|e| e.into_inner());
        let apart = self.timing.poll * PEEK_POLLS;
        if peeked.get(run).is_some_and(|at| at.elapsed() < apart) {
            return false;
        }
        peeked.insert(run.to_owned(), Instant::now());
        true
    }

    /// Where this console sits, and whether that is somewhere else than before.
    pub(super) async fn seat(&self) -> (Seat, bool) {
        let rest = self.timing.poll * PEEK_POLLS;
        self.seat.now(&self.backend, rest).await
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    pub(super) fn forget(&self, run: &str) {
        self.lock().remove(run);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<Signal>>> {
        self.driving.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Acts for Engine {
    async fn preview(&self, intent: Intent) -> Result<Preview, Problem> {
        Engine::preview(self, intent).await
    }

    async fn quote(&self, service: ServiceId) -> Result<Quote, Problem> {
        let mut quote = self.backend.estate.quotes.service(&service).await?;
        // Where logs go to may be told with the token that they go there by.
        quote.body = redact::json(&quote.body);
        Ok(quote)
    }

    async fn start(
        self: Arc<Self>,
        preview: Preview,
        typed: Option<String>,
    ) -> Result<String, Problem> {
        Engine::start(&self, preview, typed).await
    }
}

fn no_store() -> Problem {
    Problem::new(
        ProblemKind::Store,
        "actions",
        "nothing can be changed from here",
        "there is no store to write the audit trail to: no audit write, no action",
        "See why the store did not open, and start the console again.",
    )
}
