//! Probes: pure questions to the facts, by name. One file a system; the table below is the registry.

mod alarms;
mod aws;
mod backups;
mod call;
mod cloudflare;
mod cloudformation;
mod dashboards;
mod databases;
mod dns;
mod ecr;
mod ecs;
mod elasticache;
mod environments;
mod flags;
mod github;
mod iam;
mod judgement;
mod logs;
mod look;
mod metrics;
mod money;
mod network;
mod rds;
mod record;
mod restores;
mod rollout;
pub mod rum;
mod s3;
mod scaling;
mod secrets;
mod secretsmanager;
mod sentry;
mod slack;
mod slo;
mod smtp;
mod sns;
mod targets;
#[cfg(test)]
mod testing;
mod transit;
mod vercel;
mod walls;
mod web;

use std::cell::RefCell;

use jiff::Timestamp;

pub use call::{Call, WrongCall};
pub use judgement::{Judgement, Verdict};
pub use look::{Look, Shared, all, span};
pub use metrics::{Component, alternatives};

use super::expect::Expectations;
use crate::domain::facts::Facts;

/// A probe.
pub struct Probe {
    /// Its name in plans: `ecs.services-running`.
    pub name: &'static str,
    /// What it asks, as evidence shows it.
    pub question: &'static str,
    /// What a plan may set.
    pub params: &'static [Param],
    /// What it makes of the facts.
    judge: fn(&Look<'_>) -> Verdict,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A parameter of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Its value where the plan sets none.
    pub default: &'static str,
    /// What it takes.
    pub kind: ParamKind,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A number, 0 or more.
    Number,
    /// Words with commas between them.
    Words,
    /// One of these.
    OneOf(&'static [&'static str]),
}

impl ParamKind {
    /// What was expected, in words.
    pub fn expects(self) -> String {
        match self {
            Self::Number => "a number, such as 14".into(),
            Self::Words => "words with commas between them, such as api,admin".into(),
            Self::OneOf(words) => format!("one of: {}", words.join(", ")),
        }
    }
}

const fn number(name: &'static str, default: &'static str) -> Param {
    Param {
        name,
        default,
        kind: ParamKind::Number,
    }
}

const fn words(name: &'static str, default: &'static str) -> Param {
    Param {
        name,
        default,
        kind: ParamKind::Words,
    }
}

/// The groups of the registry, one a file.
const GROUPS: &[&[Probe]] = &[
    aws::PROBES,
    ecs::PROBES,
    rollout::PROBES,
    environments::PROBES,
    rds::PROBES,
    backups::PROBES,
    restores::PROBES,
    secrets::PROBES,
    iam::PROBES,
    secretsmanager::PROBES,
    elasticache::PROBES,
    databases::PROBES,
    rum::PROBES,
    s3::PROBES,
    cloudformation::PROBES,
    ecr::PROBES,
    sns::PROBES,
    github::PROBES,
    sentry::PROBES,
    slack::PROBES,
    smtp::PROBES,
    network::PROBES,
    scaling::PROBES,
    flags::PROBES,
    money::PROBES,
    walls::PROBES,
    targets::PROBES,
    alarms::PROBES,
    metrics::PROBES,
    dashboards::PROBES,
    slo::PROBES,
    logs::PROBES,
    web::PROBES,
    dns::PROBES,
    vercel::PROBES,
    cloudflare::PROBES,
    transit::PROBES,
];

/// Every probe there is.
pub fn registry() -> impl Iterator<Item = &'static Probe> {
    GROUPS.iter().copied().chain([record::PROBES]).flatten()
}

/// Asks one probe alone.
#[cfg(test)]
pub(crate) fn judge(
    call: &Call,
    facts: &Facts,
    expect: &Expectations,
    now: Timestamp,
) -> Judgement {
    judge_sharing(call, facts, expect, now, &Shared::default())
}

/// Asks a probe. What is `shared` is of these facts and this time.
pub fn judge_sharing(
    call: &Call,
    facts: &Facts,
    expect: &Expectations,
    now: Timestamp,
    shared: &Shared,
) -> Judgement {
    let left_out = RefCell::default();
    let look = Look {
        facts,
        expect,
        now,
        call,
        shared,
        left_out: &left_out,
    };
    let judged = (call.probe.judge)(&look).unwrap_or_else(|early| early);
    let mut judged = judged.without(&left_out.borrow());
    for piece in &mut judged.evidence {
        piece.probe = call.probe.name;
    }
    judged
}
