//! How much each revision of a rollout has of what users get: of the traffic where that is shifted and its weights are told, else of the
//! tasks that run. A rollout that has not ended says nothing of who serves: in its bake time all users have the new revision.

use super::words;
use crate::domain::deployment::Deployment;
use crate::domain::service::{Revision, Strategy};

/// What one has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Share {
    /// Percent of production's traffic.
    Traffic(f64),
    /// Tasks that run.
    Tasks(u32),
}

impl Share {
    fn is_some(self) -> bool {
        match self {
            Self::Traffic(percent) => percent > 0.0,
            Self::Tasks(running) => running > 0,
        }
    }

    fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::Traffic(a), Self::Traffic(b)) => Self::Traffic(a + b),
            (Self::Tasks(a), Self::Tasks(b)) => Self::Tasks(a.saturating_add(b)),
            (this, _) => this,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Traffic(percent) if percent.fract() == 0.0 => format!("{percent:.0} %"),
            Self::Traffic(percent) => format!("{percent:.1} %"),
            Self::Tasks(running) => words::tasks(running),
        }
    }
}

/// Of each revision once, those that are replaced first.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares<'a> {
    each: Vec<(&'a Revision, Share)>,
    /// Whether tasks may run that have no traffic, and nobody tells which.
    is_vague: bool,
}

impl<'a> Shares<'a> {
    /// Whether they are told by tasks that run, which need not be sent anything.
    pub fn are_tasks(&self) -> bool {
        let mut all = self.each.iter();
        all.any(|(_, share)| matches!(share, Share::Tasks(_)))
    }

    /// That users have several, or where no traffic is told, that several run: `both`.
    pub fn held(&self, how_many: &str) -> String {
        match self.are_tasks() {
            true => format!("{how_many} run"),
            false => format!("users have {how_many}"),
        }
    }

    /// Of a deployment as it is told.
    pub fn of(d: &'a Deployment) -> Self {
        let all = || d.from.iter().chain(&d.to);
        let weights: Option<Vec<f64>> = all().map(|r| r.traffic_percent).collect();
        // In a rolling one the load balancer spreads its requests over whatever runs.
        let is_shifted = d.strategy != Strategy::Rolling;
        let is_told = weights.is_some_and(|w| w.iter().sum::<f64>() > 0.0);
        let mut shares: Vec<(&Revision, Share)> = Vec::new();
        for r in all() {
            let share = match r.traffic_percent.filter(|_| is_shifted && is_told) {
                Some(percent) => Share::Traffic(percent),
                None => Share::Tasks(r.counts.running),
            };
            // Two service revisions may have one task definition, as before and after a restart.
            match (shares.iter_mut()).find(|(known, _)| words::same(known, &r.revision)) {
                Some((_, known)) => *known = known.and(share),
                None => shares.push((&r.revision, share)),
            }
        }
        Self {
            each: shares,
            is_vague: is_shifted && !is_told,
        }
    }

    /// The revisions that have any of it; `None`: of those that run it is not told which.
    pub fn holders(&self) -> Option<Vec<&'a Revision>> {
        let some = self.each.iter().filter(|(_, share)| share.is_some());
        let all: Vec<&Revision> = some.map(|(r, _)| *r).collect();
        (all.len() < 2 || !self.is_vague).then_some(all)
    }

    /// What one revision has, in words; nothing where it is none of those.
    pub fn of_one(&self, revision: &Revision) -> Option<String> {
        let found = self.each.iter().find(|(r, _)| words::same(r, revision));
        found.map(|(_, share)| share.words())
    }

    /// What each has: `api:5 0 %, api:6 100 %`.
    pub fn words(&self) -> String {
        let each = self
            .each
            .iter()
            .map(|(r, share)| format!("{r} {}", share.words()));
        each.collect::<Vec<_>>().join(", ")
    }
}
