//! What would change production ([`Intent`]), what it would do ([`Preview`]), and how it goes ([`Run`]).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::audit::Outcome;
use super::environment::Env;
use super::redact;
use super::service::{Revision, ServiceId, Strategy};
use super::silence::Silence;

/// What somebody wants changed. Plain and comparable: it is journalled before anything is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Intent {
    /// Roll out an image.
    Deploy {
        /// Where.
        service: ServiceId,
        /// Full reference, or `:tag` / `tag` to keep the present repository.
        image: String,
        /// Which container; `None`: the one behind the load balancer, else the first essential one.
        container: Option<String>,
        /// `None` keeps the service's strategy.
        strategy: Option<Strategy>,
    },
    /// Go back to an earlier revision.
    Rollback {
        /// Where.
        service: ServiceId,
        /// `None`: the revision of the last completed deployment before the present one; stops a running deployment with rollback.
        to: Option<u32>,
    },
    /// Change the desired count.
    Scale {
        /// Where.
        service: ServiceId,
        /// How many tasks.
        desired: u32,
    },
    /// Replace all tasks by new ones of the same revision.
    Restart {
        /// Where.
        service: ServiceId,
    },
    /// Stop the running deployment.
    Stop {
        /// Where.
        service: ServiceId,
        /// Roll back (else: leave as it is, where the vendor allows).
        rollback: bool,
    },
    /// A person's word on a criterion.
    SignOff {
        /// Criterion id.
        criterion: String,
        /// Why.
        why: String,
        /// Link to evidence, may be empty.
        link: String,
    },
    /// Accept a criterion as missing for a time.
    Waive {
        /// Criterion id.
        criterion: String,
        /// Why.
        why: String,
        /// Until (UTC).
        until: Timestamp,
    },
    /// Take a sign-off or waiver back.
    Withdraw {
        /// Criterion id.
        criterion: String,
        /// Why.
        why: String,
    },
}

impl Intent {
    /// The verb, as in the command line and the audit trail.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Deploy { .. } => "deploy",
            Self::Rollback { .. } => "rollback",
            Self::Scale { .. } => "scale",
            Self::Restart { .. } => "restart",
            Self::Stop { .. } => "stop",
            Self::SignOff { .. } => "sign_off",
            Self::Waive { .. } => "waive",
            Self::Withdraw { .. } => "withdraw",
        }
    }

    /// What it is done to.
    pub fn subject(&self) -> String {
        match self.service() {
            Some(service) => service.to_string(),
            None => match self {
                Self::SignOff { criterion, .. }
                | Self::Waive { criterion, .. }
                | Self::Withdraw { criterion, .. } => criterion.clone(),
                _ => String::new(),
            },
        }
    }

    /// The service concerned, if one is.
    pub fn service(&self) -> Option<&ServiceId> {
        match self {
            Self::Deploy { service, .. }
            | Self::Rollback { service, .. }
            | Self::Scale { service, .. }
            | Self::Restart { service }
            | Self::Stop { service, .. } => Some(service),
            _ => None,
        }
    }

    /// The same without what a person's words should not hold; everything else in an intent passes unchanged. Once is enough: what
    /// it gives comes back unchanged from a second time, so that an intent and that of its preview can be compared.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        match &mut self {
            Self::SignOff { why, link, .. } => {
                *why = redact::text(why);
                *link = redact::text(link);
            }
            Self::Waive { why, .. } | Self::Withdraw { why, .. } => *why = redact::text(why),
            _ => {}
        }
        self
    }
}

/// What a line of a diff does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffMark {
    /// Unchanged context.
    Same,
    /// Goes away.
    Removed,
    /// Comes.
    Added,
}

/// One line of a preview's diff. Values of environment variables that look secret are redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Which.
    pub mark: DiffMark,
    /// Text.
    pub text: String,
}

/// How sure a person must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "level", content = "word", rename_all = "snake_case")]
pub enum Confirm {
    /// One key.
    Key,
    /// Type this word (the environment's name, for production).
    Type(String),
}

/// What an action would do, made by reads alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// What was asked.
    pub intent: Intent,
    /// One line: `Deploy api  laser-prod`.
    pub title: String,
    /// Environment it happens in.
    pub environment: String,
    /// Named facts: from, to, tasks, strategy, circuit breaker, alarms, who else acts.
    pub facts: Vec<(String, String)>,
    /// The diff of the task definition, empty for none.
    pub diff: Vec<DiffLine>,
    /// Things to think about: alarms firing, a deployment running, what cannot be undone.
    pub warnings: Vec<String>,
    /// Reasons why it cannot work; not empty: it cannot be confirmed.
    pub refusals: Vec<String>,
    /// The exact calls that it will make, in order.
    pub calls: Vec<String>,
    /// Named inputs it was made from, each as read; re-read before the call, the changed one is named.
    pub inputs: Vec<(String, String)>,
    /// SHA-256 over intent and inputs, hex.
    pub fingerprint: String,
    /// How it is to be confirmed.
    pub confirm: Confirm,
    /// The other environment that its service is of, by its name and since the configuration does not list its cluster; `None`:
    /// it happens in the console's own.
    #[serde(skip)]
    pub elsewhere: Option<Env>,
    /// When it was made (UTC).
    pub at: Timestamp,
}

impl Preview {
    /// Names of the facts that say what changes: every face shows them before all others.
    pub const LEADS: &[&str] = &[
        "criterion",
        "under way",
        "from",
        "to",
        "how",
        "then",
        "revision",
        "tasks",
    ];

    /// The environment that it happens in, where it is the console's own. A service whose name says that it is of another one, and
    /// that the configuration does not list, is in no environment that is known here.
    pub fn own_environment(&self) -> Option<&str> {
        match self.elsewhere {
            None => Some(&self.environment),
            Some(_) => None,
        }
    }

    /// The environment of the service that it is done to; `None` where it is done to no service.
    pub fn place(&self) -> Option<&str> {
        self.intent.service()?;
        Some(match self.elsewhere {
            Some(env) => env.word(),
            None => &self.environment,
        })
    }
}

/// The stations of every action's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Reads only.
    Preview,
    /// A person said yes.
    Confirm,
    /// The intent is durable.
    Journal,
    /// The vendor was told.
    Execute,
    /// The vendor works.
    Follow,
    /// We look whether it is so.
    Verify,
    /// Written in the audit chain.
    Record,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 7] = [
        Self::Preview,
        Self::Confirm,
        Self::Journal,
        Self::Execute,
        Self::Follow,
        Self::Verify,
        Self::Record,
    ];

    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Confirm => "confirm",
            Self::Journal => "journal",
            Self::Execute => "execute",
            Self::Follow => "follow",
            Self::Verify => "verify",
            Self::Record => "record",
        }
    }
}

/// One line of a run's own story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunLine {
    /// When (UTC).
    pub at: Timestamp,
    /// In which phase.
    pub phase: Phase,
    /// Inert words.
    pub text: String,
}

/// An action under way or done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Identity, also in journal and audit.
    pub id: String,
    /// What was asked.
    pub intent: Intent,
    /// One line.
    pub title: String,
    /// The phase it is in, or the last one it reached.
    pub phase: Phase,
    /// Done and wanted, in tasks, while followed.
    pub progress: Option<(u32, u32)>,
    /// What happened so far, oldest first.
    pub lines: Vec<RunLine>,
    /// Began (UTC).
    pub started_at: Timestamp,
    /// Ended (UTC).
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The phase in which it ended otherwise than asked.
    pub stopped_in: Option<Phase>,
    /// Whether its end is written in the audit chain.
    pub recorded: bool,
    /// Who began it.
    pub who: String,
    /// Whether this console picked it up from the journal.
    pub reattached: bool,
    /// The revision that its call puts into place, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brings: Option<Revision>,
    /// How many tasks were wanted before it changed that, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaled_from: Option<u32>,
    /// The deployment that its call brought about, once ECS tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// That the console that drives it, which is another one, is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent: Option<Silence>,
}

impl Run {
    /// Whether somebody still drives it. One that was put aside is open in the journal, and nobody does.
    pub fn goes_on(&self) -> bool {
        self.outcome.is_none()
    }

    /// The phase that it is in, or was in when it ended: that its end was written down is no part of what it did.
    pub fn stood_in(&self) -> Phase {
        let told = self.lines.iter().rev().map(|l| l.phase);
        let mut told = told.filter(|p| *p != Phase::Record);
        match self.phase {
            Phase::Record => (self.stopped_in)
                .or_else(|| told.next())
                .unwrap_or(self.phase),
            phase => phase,
        }
    }

    /// Whether its call was made, or may have been: before that it has brought nothing about.
    pub fn has_called(&self) -> bool {
        match self.outcome {
            Some(Outcome::Succeeded) => true,
            Some(Outcome::Refused) => false,
            // The reply was lost, or its console ended around the call.
            Some(Outcome::Unknown) => self.stood_in() >= Phase::Execute,
            None | Some(Outcome::Failed | Outcome::Abandoned | Outcome::Stopped) => {
                self.stood_in() >= Phase::Follow
            }
        }
    }
}

/// Proof that an intent is in the journal. Every mutating call of the client layer takes one, so a change without a durable
/// intent row cannot be written down in code.
#[derive(Debug)]
pub struct Permit {
    run: String,
    load: Option<u32>,
}

impl Permit {
    /// Made for a run whose intent row is durable. Called by the store alone, once that row has been written and synced.
    pub fn journalled(run: String) -> Self {
        Self { run, load: None }
    }

    /// The same, for calls with the credentials of one load alone: whose those are was asked, and the next may be another account's.
    pub fn under(&self, load: u32) -> Self {
        Self {
            run: self.run.clone(),
            load: Some(load),
        }
    }

    /// Of which load the credentials must be; `None`: of any.
    pub fn load(&self) -> Option<u32> {
        self.load
    }

    /// Which run it belongs to.
    pub fn run(&self) -> &str {
        &self.run
    }
}
