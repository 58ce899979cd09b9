//! What a command works with: the configuration, a door to the watch, a door to the actions, and where to write.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::explain::{self, ProblemJson};
use super::out::Out;
use super::paint::Role;
use super::words;
use crate::actions::Engine;
use crate::config::Config;
use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::{Handle, Snapshot};

/// How long a command waits for what it says beside its answer, once it has that.
const A_LITTLE: Duration = Duration::from_secs(5);

/// One command's surroundings.
#[derive(Debug)]
pub struct Session {
    /// The configuration in effect.
    pub config: Arc<Config>,
    /// The picture.
    pub watch: Handle,
    /// The door to actions.
    pub engine: Arc<Engine>,
    /// Standard output.
    pub out: Out,
}

/// How one question of a command stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Nobody answered yet.
    Waiting,
    /// There is an answer.
    Answered,
    /// It could not be asked.
    Failed(Problem),
}

/// How a part stands.
pub fn standing<T>(part: &Part<T>) -> Standing {
    match (&part.error, &part.value) {
        (Some(problem), _) => Standing::Failed(problem.clone()),
        (None, Some(_)) => Standing::Answered,
        (None, None) => Standing::Waiting,
    }
}

/// How a part that an interest asked for stands; it is not there at all before the watch took the interest up.
pub fn standing_of<T>(part: Option<&Part<T>>) -> Standing {
    part.map_or(Standing::Waiting, standing)
}

/// A question that a command waits for: how it stands in a picture.
pub type Need<'a> = &'a (dyn Fn(&Facts) -> Standing + Send + Sync);

impl Session {
    /// How long a command waits for an answer: the deadline of one question and a little for the way.
    pub fn patience(&self) -> Duration {
        let question = self.config.aws.timeout.unwrap_or(Duration::from_secs(15));
        question + Duration::from_secs(5)
    }

    /// Looks at something and waits until all of it, and of what the command asks anyway, was answered or could not be asked.
    pub async fn look(&mut self, interests: Vec<Interest>) -> Result<Arc<Snapshot>, Problem> {
        self.watch.look_at(interests);
        let watch = self.watch.clone();
        let end = Instant::now() + self.patience();
        let settled = self.wait(end, |picture| watch.is_settled(picture));
        Ok(settled.await?.0)
    }

    /// Looks at something until each need was answered; one that could not be asked is the command's failure.
    pub async fn demand(
        &mut self,
        interests: Vec<Interest>,
        needs: &[Need<'_>],
    ) -> Result<Arc<Snapshot>, Problem> {
        self.watch.look_at(interests);
        let waiting = |need: &Need<'_>, f: &Facts| matches!(need(f), Standing::Waiting);
        let end = Instant::now() + self.patience();
        let (picture, in_time) = self
            .wait(end, |picture| {
                !needs.iter().any(|need| waiting(need, &picture.facts))
            })
            .await?;
        for need in needs {
            if let Standing::Failed(problem) = need(&picture.facts) {
                return Err(problem);
            }
        }
        if in_time {
            Ok(picture)
        } else {
            Err(silent(self.patience()))
        }
    }

    /// Waits a little for what a command says beside its answer: what fails of it or is late is no failure of the command.
    pub async fn hope(&mut self, wishes: &[Need<'_>]) -> Result<Arc<Snapshot>, Problem> {
        let waits = |need: &Need<'_>, f: &Facts| matches!(need(f), Standing::Waiting);
        let end = Instant::now() + self.patience().min(A_LITTLE);
        let will_do = |p: &Snapshot| !wishes.iter().any(|need| waits(need, &p.facts));
        Ok(self.wait(end, will_do).await?.0)
    }

    /// Waits for a picture that will do; after the deadline takes what there is, and says so.
    async fn wait(
        &mut self,
        end: Instant,
        will_do: impl Fn(&Snapshot) -> bool,
    ) -> Result<(Arc<Snapshot>, bool), Problem> {
        loop {
            let picture = self.watch.snapshot();
            if will_do(&picture) {
                return Ok((picture, true));
            }
            match tokio::time::timeout_at(end, self.watch.changed()).await {
                Ok(true) => {}
                Ok(false) => return Err(ended()),
                Err(_) => return Ok((self.watch.snapshot(), false)),
            }
        }
    }

    /// Writes a list as JSON: `{"schema":1,"<name>":[...],"environment":...,"observed_at":...,"source":...,"error":...}`.
    pub fn list<T>(&mut self, name: &str, rows: Vec<Value>, part: &Part<T>) -> Result<(), Problem> {
        self.list_and(name, rows, part, [])
    }

    /// The same with members of its own.
    pub fn list_and<T, const N: usize>(
        &mut self,
        name: &str,
        rows: Vec<Value>,
        part: &Part<T>,
        own: [(&str, Value); N],
    ) -> Result<(), Problem> {
        let mut more = Map::new();
        more.insert("environment".into(), json!(self.config.environment));
        more.extend(provenance(part));
        more.extend(own.map(|(name, value)| (name.to_owned(), value)));
        self.out.list(name, rows, more)
    }

    /// Ends a table with what it is worth: how many, from whom, how old, and what went wrong when it was last asked for.
    pub fn footer<T>(
        &mut self,
        count: String,
        part: &Part<T>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let age = words::ago(part.observed_at, now);
        let source = crate::domain::text::inert(&part.source);
        let line = format!("{count}  {source} {age} ago");
        self.out.painted(Role::Dim, &line)?;
        match &part.error {
            Some(problem) => {
                let line = format!("incomplete or out of date: {}", explain::line(problem));
                self.out.painted(Role::Warn, &line)
            }
            None => Ok(()),
        }
    }
}

/// Where a part came from and when, as members of a JSON object.
pub fn provenance<T>(part: &Part<T>) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("observed_at".into(), json!(part.observed_at));
    object.insert("source".into(), json!(part.source));
    object.insert(
        "error".into(),
        json!(part.error.as_ref().map(ProblemJson::from)),
    );
    object
}

fn ended() -> Problem {
    Problem::new(
        ProblemKind::Internal,
        "watch",
        "the watch ended before it answered",
        "a defect of flightdeck",
        "try again; if it stays, report it with --log FILE",
    )
}

/// What is said when nobody answered and nobody failed in time.
pub fn silent(patience: Duration) -> Problem {
    Problem::new(
        ProblemKind::Timeout,
        "watch",
        "no answer",
        format!("nobody answered within {}", words::age(patience)),
        "try again, or raise timeout in [aws]",
    )
}
