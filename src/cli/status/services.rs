//! What speaks against a service: here it is a finding, and of another environment it is only said.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::judge::Verdict;
use crate::cli::words;
use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::domain::service::{Service, ServiceHealth};
use crate::domain::text::inert;

/// A service of another environment that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Which.
    pub about: String,
    /// What is wrong with it.
    pub text: String,
}

/// How bad it is that a service stands as it does, and why; `None` where nothing speaks against it.
pub fn standing(s: &Service, facts: &Facts, now: Timestamp) -> Option<(Verdict, String)> {
    let health = facts.condition_of(s);
    let verdict = match health {
        ServiceHealth::Down => Verdict::Down,
        ServiceHealth::Unserved if facts.is_gone(s) => Verdict::Down,
        // What a person stops did not fail.
        ServiceHealth::Failed if facts.is_being_stopped(&s.id) => return None,
        ServiceHealth::Failed
        | ServiceHealth::RollingBack
        | ServiceHealth::Degraded
        | ServiceHealth::Unserved => Verdict::Degraded,
        ServiceHealth::Unknown => Verdict::Unknown,
        ServiceHealth::Scaling
        | ServiceHealth::Deploying
        | ServiceHealth::Steady
        | ServiceHealth::Idle
        | ServiceHealth::Inactive => return None,
    };
    let counts = match health {
        ServiceHealth::RollingBack => {
            let words = facts.turning_words(s).unwrap_or_default();
            return Some((verdict, format!("{} {words}", health.word())));
        }
        ServiceHealth::Unserved => {
            let since = facts.unserved_since(s);
            match since.map(|at| words::ago(Some(at), now)) {
                Some(age) => format!("nothing has run behind its load balancer for {age}"),
                None => "nothing runs behind its load balancer".to_owned(),
            }
        }
        ServiceHealth::Unknown => {
            let why = facts.unhealthy_words(s).or_else(|| s.doubt());
            why.unwrap_or_default()
        }
        _ => facts.unhealthy_words(s).unwrap_or_else(|| {
            let tasks = s.answering();
            format!("{} of {} running", tasks.running, tasks.desired)
        }),
    };
    let mut text = format!("{}: {counts}", health.word());
    if let (ServiceHealth::Failed, Some(why)) = (health, s.failure_words()) {
        text += &format!("; {why}");
    }
    Some((verdict, text))
}

/// The way to set aside what counts here and is not well although the names of its clusters tell of another environment: a line for
/// each such environment.
pub fn counted(facts: &Facts, now: Timestamp) -> Vec<String> {
    let mut found: BTreeMap<Env, BTreeSet<&str>> = BTreeMap::new();
    for s in facts.service_rows() {
        if standing(s, facts, now).is_some()
            && let Some(env) = facts.counted_in(&s.id.cluster)
        {
            found.entry(env).or_default().insert(&s.id.cluster);
        }
    }
    // A file with a section for the other one alone would be about that one.
    let own = match facts.environments.as_slice() {
        [] | [_] => format!("[environments.{}] and ", facts.environment),
        _ => String::new(),
    };
    let line = |(env, clusters): (Env, BTreeSet<&str>)| {
        let clusters: Vec<&str> = clusters.into_iter().collect();
        let (named, env) = (clusters.join(", "), env.word());
        let is_there = |n: &String| Env::named(n).is_some_and(|e| e.word() == env);
        inert(&match facts.environments.iter().find(|n| is_there(n)) {
            Some(name) => format!(
                "{named} counts here: [environments.{name}] looks at another account, region or list of clusters"
            ),
            None => format!("to set aside {named}: {own}[environments.{env}] in flightdeck.toml"),
        })
    };
    found.into_iter().map(line).collect()
}

/// Services of other environments that are not well, or not known to be: whoever looks at this one may want to know, and no verdict on
/// it follows.
pub fn elsewhere(facts: &Facts, now: Timestamp) -> Vec<Elsewhere> {
    let bad = facts.service_rows().iter().filter_map(|s| {
        let (_, text) = standing(s, facts, now)?;
        facts.is_elsewhere(&s.id).then(|| Elsewhere {
            about: inert(&s.id.to_string()),
            text: inert(&text),
        })
    });
    bad.collect()
}
