//! Whose turn it is: which groups are asked about in a round, and how many. The health of each costs a call, so the rounds of a big
//! account grow by as much as the call budget leaves (see `watch/wanted.rs`), and what says that a group is not well brings it forward.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Asked, ROUND, bound};
use crate::domain::action::Run;
use crate::domain::order::Ordered;
use crate::domain::reached::BELIEVED;
use crate::domain::service::{LoadBalancerBinding, Service, ServiceId};
use crate::watch::picture::Picture;

/// Groups asked about at once in an account of a few.
pub(super) const A_ROUND: usize = 10;
/// From so many groups on a round is bigger, by one for so many more of them: while nothing moves, and while something does, when rounds
/// follow each other faster and services are described faster, too.
const FEW: usize = 70;
const CALM_SHARE: usize = 85;
const LIVELY_SHARE: usize = 125;
/// Seats of a round for groups that move, are looked at, are sick or failed; the others are for whoever waits the longest.
pub(super) const FAVOURED: usize = 5;
/// Of those seats the ones that what moves leaves to what is sick: rollouts of something broken may go on for weeks.
const LEFT: usize = 1;
/// Groups asked about at once while some were never asked about.
pub(super) const FIRST: usize = 40;
/// How long an action that ended keeps its service among those asked about first.
const LATELY: SignedDuration = SignedDuration::from_secs(60);

/// How many of so many groups are asked about in one round.
pub fn a_round(groups: usize, lively: bool) -> usize {
    let share = if lively { LIVELY_SHARE } else { CALM_SHARE };
    A_ROUND + groups.saturating_sub(FEW) / share
}

/// The same of so many that are bound: a service may have many, and the budget is made for services.
fn seats(p: &Picture, groups: usize, lively: bool) -> usize {
    a_round(groups.min(p.services.len()), lively)
}

/// The longest that one of so many groups waits for its turn while nothing moves.
pub(super) fn period(p: &Picture, groups: usize) -> Duration {
    if groups <= A_ROUND {
        return ROUND;
    }
    let seats = seats(p, groups, false) - FAVOURED;
    ROUND * u32::try_from(groups.div_ceil(seats)).unwrap_or(u32::MAX)
}

/// Why a group is asked about before its turn comes: whoever waits for the answer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Favour {
    /// Somebody looks at its service, or changes it.
    Looked,
    /// Its service is being deployed.
    Moves,
    /// It is not well, or not known to be, and is of the environment that is looked at.
    IllHere,
    /// The same of another environment.
    Ill,
}

impl Favour {
    fn is_lively(self) -> bool {
        self <= Self::Moves
    }
}

/// The groups to ask about now: those never asked about; then, on some of the seats, those that are favoured; then whoever waits the
/// longest, so that each has its turn.
pub fn choose(p: &Picture) -> Vec<String> {
    let mut arns = bound(p);
    arns.order_by_key(|arn| p.targets.asked.get(arn).map(|a| a.tried));
    let now = Timestamp::now();
    let (first, old): (Vec<&String>, Vec<&String>) =
        arns.iter().partition(|arn| is_behind(p, arn, now));
    let favours = favours(p);
    let old = old.into_iter();
    let mut favoured: Vec<(Favour, &String)> = old
        .filter_map(|arn| Some((*favours.get(arn.as_str())?, arn)))
        .collect();
    // Of those that are favoured alike whoever waits the longest.
    favoured.order_by_key(|(favour, _)| *favour);
    let lively = favoured.iter().filter(|(f, _)| f.is_lively()).count();
    let ill = favoured.split_off(lively);
    favoured.truncate(FAVOURED - ill.len().min(LEFT));
    let favoured = favoured.into_iter().chain(ill).take(FAVOURED);
    let seats = match first.is_empty() {
        true => seats(p, arns.len(), p.is_lively()),
        false => FIRST,
    };
    let mut seen = HashSet::new();
    first
        .into_iter()
        .chain(favoured.map(|(_, arn)| arn))
        .chain(&arns)
        .filter(|arn| seen.insert(arn.as_str()))
        .take(seats)
        .cloned()
        .collect()
}

/// Whether a group was never asked about, or is not believed any more although nothing failed: all of them are then, and what a start
/// costs is paid once. One whose question failed waits for its turn.
pub(super) fn is_behind(p: &Picture, arn: &str, now: Timestamp) -> bool {
    let Some(asked) = p.targets.asked.get(arn) else {
        return true;
    };
    let period = p.facts.target_groups.period;
    let limit = BELIEVED.max(period + period / 2);
    let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
    let is_old = |at: Timestamp| now.duration_since(at) > limit;
    asked.failure.is_none() && asked.read.as_ref().is_some_and(|(at, _)| is_old(*at))
}

/// Groups that are asked about before their turn, and why.
fn favours(p: &Picture) -> HashMap<&str, Favour> {
    let interest = p.of_interest();
    let now = Timestamp::now();
    let is_late = |r: &&Run| {
        let ended = r.finished_at;
        ended.is_some_and(|at| now.duration_since(at) < LATELY)
    };
    let changed = p.facts.runs.iter().filter(is_late);
    let changed: Vec<&ServiceId> = changed.filter_map(|r| r.intent.service()).collect();
    let mut all: HashMap<&str, Favour> = HashMap::new();
    for s in p.services.values() {
        let is_looked_at = interest.contains(&s.id) || changed.contains(&&s.id);
        for arn in s
            .load_balancers
            .iter()
            .flat_map(LoadBalancerBinding::groups)
        {
            let favour = match p.targets.asked.get(arn) {
                _ if is_looked_at => Favour::Looked,
                _ if s.is_deploying() => Favour::Moves,
                Some(a) if is_ill(a, s) => match p.facts.is_elsewhere(&s.id) {
                    true => Favour::Ill,
                    false => Favour::IllHere,
                },
                _ => continue,
            };
            let known = all.entry(arn).or_insert(favour);
            *known = favour.min(*known);
        }
    }
    all
}

/// Whether a group was sick or not told of when it was last asked about, or its service lacks tasks or tells of its targets since: ECS
/// says so of each that it brings in, takes away or finds unhealthy, and services are described more often than all groups have a turn.
fn is_ill(asked: &Asked, service: &Service) -> bool {
    let since = asked.read.as_ref().map(|(at, _)| *at);
    let is_new = |at: Timestamp| since.is_none_or(|since| at > since);
    let mut told = service.events.iter().take_while(|e| is_new(e.at));
    asked.failure.is_some()
        || asked.is_sick()
        || service.answering().running < service.answering().desired
        || service.counts.pending > 0
        || told.any(|e| e.message.contains("target"))
}
