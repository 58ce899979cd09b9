//! The journal: every action is written here before anything is called, and closed here when it has ended.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::anchor::Head;
use super::audit::{Entry, Event};
use super::chain::outcome_word;
use super::{Store, fault, migrate};
use crate::domain::action::{Intent, Permit, Phase, Preview};
use crate::domain::audit::Outcome;
use crate::domain::caller::{ACCOUNT, ENDPOINT, REGION};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::redact;
use crate::domain::seat::Seat;
use crate::domain::text::inert;

/// What may be open at the same time on one service: one change, one rollback, and one stop of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Deploy, scale, restart.
    Change,
    /// Rollback: may be begun while a change is under way.
    Brake,
    /// Stop: may be pulled whatever is under way, a rollback too.
    Halt,
    /// Sign-offs: no service, no lock.
    Word,
}

impl Lane {
    /// The lane of an intent.
    pub fn of(intent: &Intent) -> Self {
        match intent {
            Intent::Deploy { .. } | Intent::Scale { .. } | Intent::Restart { .. } => Self::Change,
            Intent::Rollback { .. } => Self::Brake,
            Intent::Stop { .. } => Self::Halt,
            Intent::SignOff { .. } | Intent::Waive { .. } | Intent::Withdraw { .. } => Self::Word,
        }
    }

    /// The lanes in which nothing may be under way for an intent to begin. A deploy may replace a rollback, to go forward again; a
    /// restart would replace it unsaid, and a new count would change what it waits for.
    pub fn awaited(intent: &Intent) -> &'static [Self] {
        match intent {
            Intent::Restart { .. } | Intent::Scale { .. } => &[Self::Change, Self::Brake],
            Intent::Deploy { .. } => &[Self::Change],
            Intent::Rollback { .. } => &[Self::Brake],
            Intent::Stop { .. } => &[Self::Halt],
            Intent::SignOff { .. } | Intent::Waive { .. } | Intent::Withdraw { .. } => {
                &[Self::Word]
            }
        }
    }

    /// The word under which it is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Brake => "brake",
            Self::Halt => "halt",
            Self::Word => "word",
        }
    }
}

/// A run that is ours to drive: the permit for its calls, and the fencing number under which we hold it. Every write of the
/// journal checks that number, so a console that was asleep while another one took over cannot write on.
#[derive(Debug)]
pub struct Claim {
    pub(super) permit: Permit,
    pub(super) fence: i64,
}

impl Claim {
    /// What mutating calls ask for.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        self.permit.run()
    }

    /// How many consoles have held it, this one included.
    pub fn fence(&self) -> i64 {
        self.fence
    }
}

/// What the audit needs to know of a run.
#[derive(Debug)]
pub(super) struct Facts {
    pub who: String,
    pub action: String,
    pub subject: String,
    pub intent: String,
    pub fingerprint: String,
}

impl Facts {
    pub(super) fn entry<'a>(
        &'a self,
        run: &'a str,
        host: &'a str,
        parameters: &'a Value,
        event: Event,
        detail: &'a str,
    ) -> Entry<'a> {
        Entry {
            who: &self.who,
            host,
            action: &self.action,
            subject: &self.subject,
            event,
            parameters,
            preview: &self.fingerprint,
            detail,
            run,
        }
    }
}

impl Store {
    /// Makes an intent durable: journal row and audit row in one transaction, synced, before this returns. Conflict if somebody
    /// acts on the service in the same lane; runs that nobody drives any more are closed as unknown and replaced.
    pub async fn begin(&self, preview: &Preview, who: &str) -> Result<Claim, Problem> {
        let wrong = |e: sqlx::Error| fault::writing("the intent", &self.path, &e);
        let now = Timestamp::now();
        let run = run_id(now);
        let intent = &preview.intent;
        let lane = Lane::of(intent);
        let parameters = parameters(preview).map_err(|e| wrong(encode(e)))?;
        let inputs = serde_json::to_string(&preview.inputs).map_err(|e| wrong(encode(e)))?;
        let mut tx = self.lock().await.map_err(wrong)?;
        migrate::refuse_newer(&self.path, &mut tx).await?;
        if let Some(service) = intent.service() {
            self.make_room(&mut tx, &service.to_string(), preview, &run)
                .await?;
        }
        sqlx::query(
            "INSERT INTO run (run, environment, who, host, pid, holder, fence, lease_until, subject, service, lane, action,
                              title, intent, inputs, fingerprint, phase, state, started_at, seat)
             VALUES (?,?,?,?,?,?,1,?,?,?,?,?,?,?,?,?,'journal','open',?,?)",
        )
        .bind(&run)
        .bind(&self.environment)
        .bind(inert(who))
        .bind(&self.console.host)
        .bind(self.console.pid)
        .bind(&self.console.holder)
        .bind(self.lease_end(now))
        .bind(intent.subject())
        .bind(intent.service().map(ToString::to_string))
        .bind(lane.word())
        .bind(intent.verb())
        .bind(inert(&redact::text(&preview.title)))
        .bind(parameters.to_string())
        .bind(inputs)
        .bind(&preview.fingerprint)
        .bind(now.to_string())
        .bind(Seat::of(&preview.inputs).key().unwrap_or_default())
        .execute(&mut *tx)
        .await
        .map_err(wrong)?;
        let head = self
            .append(
                &mut tx,
                Entry {
                    who,
                    host: &self.console.host,
                    action: intent.verb(),
                    subject: &intent.subject(),
                    event: Event::Intent,
                    parameters: &parameters,
                    preview: &preview.fingerprint,
                    detail: &preview.title,
                    run: &run,
                },
            )
            .await
            .map_err(wrong)?;
        self.seal(tx, Some(&head)).await.map_err(wrong)?;
        Ok(Claim {
            permit: Permit::journalled(run),
            fence: 1,
        })
    }

    /// Writes how far a run is: its phase, a line of its story (none if empty), and marks for whoever picks it up. Renews the lease.
    pub async fn progress(
        &self,
        claim: &Claim,
        phase: Phase,
        line: &str,
        marks: &[(&str, &str)],
    ) -> Result<(), Problem> {
        let wrong = |e: sqlx::Error| fault::writing("the progress of a run", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        self.hold(&mut tx, claim, Some(phase)).await?;
        if !line.is_empty() {
            write_line(&mut tx, claim.run(), phase, line)
                .await
                .map_err(wrong)?;
        }
        for (name, value) in marks {
            sqlx::query("INSERT INTO run_mark VALUES (?,?,?) ON CONFLICT (run, name) DO UPDATE SET value = excluded.value")
                .bind(claim.run())
                .bind(name)
                .bind(value)
                .execute(&mut *tx)
                .await
                .map_err(wrong)?;
        }
        self.seal(tx, None).await.map_err(wrong)
    }

    /// Ends a run: journal row closed and outcome row appended in one transaction. Returns the new head of the chain.
    pub async fn finish(
        &self,
        claim: &Claim,
        outcome: Outcome,
        detail: &str,
    ) -> Result<Head, Problem> {
        let wrong = |e: sqlx::Error| fault::writing("the outcome of a run", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        self.hold(&mut tx, claim, Some(Phase::Record)).await?;
        let head = self
            .shut(&mut tx, claim.run(), outcome, detail)
            .await
            .map_err(wrong)?;
        self.seal(tx, Some(&head)).await.map_err(wrong)?;
        Ok(head)
    }

    /// Closes a run's rows inside a transaction. It took as long as lies between both ends in the journal: whoever lists runs tells it by
    /// them, and no other length is told of one run.
    pub(super) async fn shut(
        &self,
        tx: &mut SqliteConnection,
        run: &str,
        outcome: Outcome,
        detail: &str,
    ) -> Result<Head, sqlx::Error> {
        let now = Timestamp::now();
        let started: String = sqlx::query_scalar("SELECT started_at FROM run WHERE run = ?")
            .bind(run)
            .fetch_one(&mut *tx)
            .await?;
        let start: Timestamp = started.parse().unwrap_or(now);
        let duration = Duration::try_from(now.duration_since(start)).unwrap_or_default();
        sqlx::query("UPDATE run SET state = 'closed', finished_at = ?, outcome = ?, lease_until = 0 WHERE run = ?")
            .bind(now.to_string())
            .bind(outcome_word(outcome))
            .bind(run)
            .execute(&mut *tx)
            .await?;
        let facts = self.facts(&mut *tx, run).await?;
        let parameters = serde_json::from_str(&facts.intent).unwrap_or(Value::Null);
        let event = Event::Outcome {
            outcome,
            duration_ms: i64::try_from(duration.as_millis()).unwrap_or(i64::MAX),
        };
        let entry = facts.entry(run, &self.console.host, &parameters, event, detail);
        self.append(tx, entry).await
    }

    pub(super) async fn facts(
        &self,
        tx: &mut SqliteConnection,
        run: &str,
    ) -> Result<Facts, sqlx::Error> {
        let row =
            sqlx::query("SELECT who, action, subject, intent, fingerprint FROM run WHERE run = ?")
                .bind(run)
                .fetch_one(tx)
                .await?;
        Ok(Facts {
            who: row.try_get("who")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            intent: row.try_get("intent")?,
            fingerprint: row.try_get("fingerprint")?,
        })
    }

    /// Refuses if somebody drives a run that this one waits for; closes those of its own lane that nobody drives. Runs of another seat are
    /// on another service: those of an earlier version, which say too little of theirs, count as of this one.
    async fn make_room(
        &self,
        tx: &mut SqliteConnection,
        service: &str,
        preview: &Preview,
        successor: &str,
    ) -> Result<(), Problem> {
        let intent = &preview.intent;
        let seat = Seat::of(&preview.inputs);
        let wrong = |e: sqlx::Error| fault::writing("the intent", &self.path, &e);
        type Found = (String, String, String, String, String, i64, String, String);
        let others: Vec<Found> = sqlx::query_as(
            "SELECT run, title, who, host, state, lease_until, lane, inputs FROM run
             WHERE environment = ? AND service = ? AND state <> 'closed'",
        )
        .bind(&self.environment)
        .bind(service)
        .fetch_all(&mut *tx)
        .await
        .map_err(wrong)?;
        let now = Timestamp::now().as_millisecond();
        let waits = |of: &str| Lane::awaited(intent).iter().any(|l| l.word() == of);
        for (run, title, who, host, state, lease_until, of, inputs) in others {
            if seat.other(&told(&inputs)).is_some() {
                continue;
            }
            if state == "open" && lease_until > now && waits(&of) {
                return Err(Problem::new(
                    ProblemKind::Conflict,
                    "journal",
                    format!("{service} cannot be changed now"),
                    format!("{who} on {host} is acting on it: {title} (run {run})"),
                    "Wait until that run has ended, or stop it and roll back.",
                ));
            }
            if of != Lane::of(intent).word() {
                continue;
            }
            let detail = format!("nobody drove this run any more; replaced by run {successor}");
            self.shut(tx, &run, Outcome::Unknown, &detail)
                .await
                .map_err(wrong)?;
        }
        Ok(())
    }
}

pub(super) async fn write_line(
    tx: &mut SqliteConnection,
    run: &str,
    phase: Phase,
    text: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO run_line SELECT ?1, 1 + coalesce(max(n), 0), ?2, ?3, ?4 FROM run_line WHERE run = ?1",
    )
    .bind(run)
    .bind(Timestamp::now().to_string())
    .bind(phase.word())
    .bind(inert(&redact::text(text)))
    .execute(tx)
    .await?;
    Ok(())
}

/// The inputs of a row; none where they cannot be read.
pub(super) fn told(inputs: &str) -> Vec<(String, String)> {
    serde_json::from_str(inputs).unwrap_or_default()
}

/// A name for a run that begins now.
pub(super) fn run_id(now: Timestamp) -> String {
    format!(
        "{}-{:08x}",
        now.strftime("%Y%m%d-%H%M%S"),
        fastrand::u32(..)
    )
}

/// The intent of a preview as the journal and the audit keep it.
pub(super) fn parameters(preview: &Preview) -> Result<Value, serde_json::Error> {
    // Whoever picks the run up reads this intent: names and image references pass redaction unchanged.
    let mut parameters = serde_json::to_value(&preview.intent)?;
    // The chain is that of this console's environment; the service may belong to another one, and its name to several.
    if let (Some(place), Some(members)) = (preview.place(), parameters.as_object_mut()) {
        members.insert("environment".into(), place.into());
        let seat = [ACCOUNT, REGION, ENDPOINT];
        let seat = (preview.inputs.iter()).filter(|(name, _)| seat.contains(&name.as_str()));
        for (name, value) in seat {
            members.insert(name.clone(), value.as_str().into());
        }
    }
    Ok(redact::json(&parameters))
}

pub(super) fn encode(e: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Encode(Box::new(e))
}
