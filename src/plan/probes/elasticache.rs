//! ElastiCache: caches are available and spread, and encrypted, and their failover was tried.

use jiff::{SignedDuration, Timestamp};

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Probe, number, words};
use crate::domain::cache::{CacheGroup, Caches};
use crate::domain::skew;
use crate::domain::stores::is_ours;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "elasticache.available",
        question: "is every cache of this environment available, in more than one zone, with automatic failover, and encrypted?",
        params: &[words("except", "")],
        judge: available,
    },
    Probe {
        name: "elasticache.encrypted",
        question: "is every cache of this environment encrypted in transit and at rest?",
        params: &[],
        judge: encrypted,
    },
    Probe {
        name: "elasticache.failover-drill",
        question: "was a failover of every cache tried lately, and did it complete?",
        // The service keeps its events for two weeks.
        params: &[number("days", "14")],
        judge: drill,
    },
];

/// Whether a name holds one of these words as a part of its own: `laser-staging-redis`.
fn is_named(id: &str, word: &str) -> bool {
    id.split(['-', '_', '.'])
        .any(|part| part.eq_ignore_ascii_case(word))
}

fn available(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.caches, "the caches")?;
    let mut found = Findings::new("cache", look.question(seen.source), seen.at);
    let here = &look.facts.environment;
    let ours = |g: &&CacheGroup| is_ours(None, &g.id, here);
    for group in seen.value.groups.iter().filter(ours) {
        if look.words("except").any(|word| is_named(&group.id, word)) {
            continue;
        }
        let mut lacks = group.lacks();
        let zones = group.zones().len();
        if group.multi_az && zones < 2 && !group.serverless {
            lacks.push("all nodes in one zone".into());
        }
        let well = match group.serverless {
            true => "serverless".to_owned(),
            false => format!("{} nodes in {zones} zones", group.nodes.len()),
        };
        judge(&mut found, group, &lacks, &well);
    }
    unread(seen.value, &mut found);
    Ok(found.verdict())
}

fn encrypted(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.caches, "the caches")?;
    let mut found = Findings::new("cache", look.question(seen.source), seen.at);
    let here = &look.facts.environment;
    let ours = |g: &&CacheGroup| is_ours(None, &g.id, here);
    for group in seen.value.groups.iter().filter(ours) {
        let lacks: Vec<String> = group
            .lacks()
            .into_iter()
            .filter(|l| l.contains("encrypted"))
            .collect();
        judge(
            &mut found,
            group,
            &lacks,
            "encrypted in transit and at rest",
        );
    }
    unread(seen.value, &mut found);
    Ok(found.verdict())
}

/// Of caches that could not be listed nobody says that each is as it should be.
fn unread(caches: &Caches, found: &mut Findings) {
    if let Some(why) = caches.serverless_unseen() {
        found.unknown("others", why.to_owned());
    }
}

/// The service tells a failover that was tried from one that was needed: `Test Failover API called for node group ...`, and then that it
/// completed ("Testing automatic failover", Amazon ElastiCache User Guide).
fn drill(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.caches, "the caches")?;
    if let Some(why) = seen.value.unseen.iter().find(|w| w.contains("events")) {
        return Err(Judgement::unknown(why.clone()));
    }
    let days = look.number("days");
    let since = SignedDuration::try_from_secs_f64(days * 86_400.0).unwrap_or_default();
    let since = look.now.checked_sub(since).unwrap_or(Timestamp::MIN);
    let mut found = Findings::new("cache", look.question(seen.source), seen.at);
    let here = &look.facts.environment;
    let ours = |g: &&CacheGroup| is_ours(None, &g.id, here) && g.failover && !g.serverless;
    for group in seen.value.groups.iter().filter(ours) {
        let of_it = || seen.value.events.iter().filter(|e| e.of == group.id);
        let tried =
            of_it().filter(|e| e.at >= since && e.message.contains("Test Failover API called"));
        // One that is dated ahead was not tried then.
        let tried = tried.filter(|e| skew::ahead(e.at, look.now).is_none());
        let Some(tried) = tried.map(|e| e.at).max() else {
            let words = format!("no failover was tried in the last {days:.0} days");
            found.unknown(&group.id, words);
            continue;
        };
        let is_end = |m: &str| m.starts_with("Failover from") && m.contains("completed");
        let ended = of_it().filter(|e| e.at >= tried && is_end(&e.message));
        match ended.map(|e| e.at).min() {
            Some(at) => {
                let took = at.duration_since(tried).as_secs();
                let ago = look.now.duration_since(tried).as_hours();
                let answer = format!("tried {ago} h ago, completed after {took} s");
                found.good(&group.id, &answer);
            }
            None => found.unknown(&group.id, "a failover was tried, and did not complete yet"),
        }
    }
    Ok(found.verdict())
}

fn judge(found: &mut Findings, group: &CacheGroup, lacks: &[String], well: &str) {
    if lacks.is_empty() {
        found.good(&group.id, well);
    } else {
        found.bad(&group.id, lacks.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::cache::CacheEvent;
    use crate::domain::facts::Facts;
    use crate::plan::checklist::CriterionState::{self, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    fn group(id: &str) -> CacheGroup {
        CacheGroup {
            id: id.into(),
            about: String::new(),
            status: "available".into(),
            engine: "redis".into(),
            version: String::new(),
            node_type: String::new(),
            serverless: false,
            multi_az: true,
            failover: true,
            in_transit: true,
            at_rest: true,
            auth: true,
            retention_days: 1,
            window: String::new(),
            endpoint: String::new(),
            nodes: Vec::new(),
        }
    }

    #[test]
    fn the_caches_of_this_environment_are_judged_and_a_serverless_one_is_in_all_zones() {
        let mut all: Vec<CacheGroup> = ["shop-prod", "shop-staging"].map(group).into();
        all[0].serverless = true;
        all[1].multi_az = false;
        let of = |env: &str, unseen: &[&str]| {
            let mut facts = Facts {
                environment: env.into(),
                ..Facts::default()
            };
            facts.estate.caches = testing::part(Arc::new(Caches {
                groups: all.clone(),
                unseen: unseen.iter().map(|w| (*w).to_owned()).collect(),
                ..Caches::default()
            }));
            judged("elasticache.available", &facts)
        };
        let production = of("production", &[]);
        assert_eq!(production.state, Proved, "{}", production.reason);
        let staging = of("staging", &[]);
        assert_eq!(
            staging.state,
            CriterionState::Failing,
            "its own cache is asked"
        );
        assert!(
            staging.reason.contains("shop-staging"),
            "{}",
            staging.reason
        );
        let unread = of("production", &["serverless caches: it may not be listed"]);
        assert_eq!(unread.state, Unknown);
        assert!(unread.reason.contains("may not be listed"));
    }

    fn told(events: &[(&str, i64, &str)], unseen: &[&str]) -> (CriterionState, String) {
        let group = group("redis");
        let event = |(of, hours, message): &(&str, i64, &str)| CacheEvent {
            at: ago(*hours).unwrap(),
            of: (*of).into(),
            message: (*message).into(),
        };
        let mut facts = Facts::default();
        facts.estate.caches = testing::part(Arc::new(Caches {
            groups: vec![group],
            events: events.iter().map(event).collect(),
            unseen: unseen.iter().map(|w| (*w).to_owned()).collect(),
            ..Caches::default()
        }));
        let judged = judged("elasticache.failover-drill", &facts);
        (judged.state, judged.reason)
    }

    #[test]
    fn a_failover_that_was_tried_and_completed_is_a_drill_and_one_that_was_needed_is_none() {
        let tried = ("redis", 5, "Test Failover API called for node group 0001");
        let done = |hours| {
            let message =
                "Failover from primary node redis-001 to replica node redis-002 completed";
            ("redis", hours, message)
        };
        assert_eq!(told(&[done(4), tried], &[]).0, Proved);
        for (events, why) in [
            (vec![done(4)], "no failover was tried"),
            (vec![tried], "did not complete yet"),
            (vec![tried, done(6)], "did not complete yet"),
            (
                vec![("other", 5, tried.2), done(4)],
                "no failover was tried",
            ),
            (vec![], "no failover was tried"),
            (
                vec![("redis", -48, tried.2), done(-49)],
                "no failover was tried",
            ),
        ] {
            let (state, reason) = told(&events, &[]);
            assert_eq!(state, Unknown, "{events:?}");
            assert!(reason.contains(why), "{reason}");
        }
        let (state, reason) = told(&[tried, done(4)], &["events: not allowed"]);
        assert_eq!((state, reason.as_str()), (Unknown, "events: not allowed"));
    }
}
