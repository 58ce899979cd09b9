//! Steps that no view tells of: the browser, the load balancers, the services, and what the edge counts.

use jiff::Timestamp;

use super::super::{Tone, targets};
use super::graph::{ERRORS_BAD, ERRORS_WARN};
use super::measure;
use super::remark::Remark;
use super::told::Told;
use crate::domain::cloudflare::Zone;
use crate::domain::facts::Facts;
use crate::domain::problem::ProblemKind;
use crate::domain::service::ServiceHealth;
use crate::domain::slo::{SloKind, Standing, Urgency, rate_words};
use crate::domain::stores::is_ours;
use crate::domain::target::tally;

/// What a browser would see, as far as this machine can tell.
pub(super) fn outside(facts: &Facts, now: Timestamp) -> Told {
    let mut told = Told {
        view: None,
        ..Told::default()
    };
    let all = facts.https.len();
    if all == 0 {
        let text = "nobody looks from outside: add [[probes.https]]";
        told.say(Tone::Unknown, text);
        return told;
    }
    // Where another host answers, it is not this machine that is cut off, unless that was before everything fell silent.
    let connected = facts.https.values().any(|p| p.fresh(now).is_some());
    let right = |url: &str| {
        let target = facts.https_targets.iter().find(|t| t.url == url);
        target.map(|t| t.status)
    };
    let mut well = 0;
    for (url, part) in &facts.https {
        let host = url.split("//").last().unwrap_or(url);
        let host = host.split('/').next().unwrap_or(host);
        let lost = |kind| matches!(kind, ProblemKind::Unreachable | ProblemKind::Timeout);
        let gone = part.error.as_ref().filter(|p| connected && lost(p.kind));
        let gone = gone.filter(|_| !facts.hears_nobody_but(url));
        if let Some(problem) = gone {
            told.say(Tone::Bad, format!("{host}: {}", problem.why));
        }
        let about = ("https:GET", part.observed_at);
        let (freshness, problem) = (part.freshness(now), part.error.as_ref());
        if gone.is_some() || !told.rests_on(about, freshness, problem, now) {
            continue;
        }
        let Some(seen) = &part.value else { continue };
        if let Some(why) = seen.unseen() {
            told.say(Tone::Unknown, format!("{host}: {why}"));
            continue;
        }
        match seen.status {
            status if right(url) == Some(status) => well += 1,
            500.. => told.say(Tone::Bad, format!("{host} answers {}", seen.status)),
            300..500 if right(url).is_some() => {
                told.say(Tone::Warn, format!("{host} answers {}", seen.status));
            }
            400..500 => told.say(Tone::Warn, format!("{host} answers {}", seen.status)),
            _ => well += 1,
        }
    }
    told.summary = format!("{well} of {all} hosts answer");
    told
}

/// Failed answers from which their share says that something is wrong, and not that little was asked.
const FAILURES_BAD: f64 = 10.0;

/// The load balancers: targets that may be sent requests, and what is promised of their answers.
pub(super) fn balancer(facts: &Facts, now: Timestamp) -> Option<Told> {
    let mut told = Told::default();
    let fresh = told.part(&facts.target_groups, now);
    let groups = facts.target_groups.value.iter().flat_map(|v| v.iter());
    let groups: Vec<_> = groups.filter(|g| !g.load_balancers.is_empty()).collect();
    if fresh && groups.is_empty() {
        return None;
    }
    if fresh {
        for g in &groups {
            let (well, all) = (g.healthy(), g.targets.len());
            // One that nobody tells of any more says nothing of the others.
            if let Some(words) = facts.untold_words(g) {
                told.say(Tone::Unknown, format!("{}: {words}", g.name));
                continue;
            }
            if let Some((s, tone, word)) = targets::left_by(facts, g) {
                let lacks = match all {
                    0 => "no targets",
                    _ => "all targets leave",
                };
                let text = format!("{}: {lacks}, {} is {word}", g.name, facts.name_of(&s.id));
                let remark = Remark::new(tone, text).since(facts.unserved_since(s));
                told.remarks.push(remark.told_elsewhere(true));
                continue;
            }
            if all == 0 {
                // The other half of a blue/green pair stands empty; so does a service that lost all its tasks.
                told.say(Tone::Unknown, format!("{}: no targets", g.name));
                continue;
            }
            if let Some((s, tone, word)) = targets::told_by(facts, g) {
                let name = facts.name_of(&s.id);
                let text = format!(
                    "{}: {well} of {all} targets healthy, {name} is {word}",
                    g.name
                );
                let remark = Remark::new(tone, text);
                told.remarks.push(remark.told_elsewhere(true));
                continue;
            }
            let tone = match well {
                0 => targets::without_any(facts, g),
                n if n < all => Tone::Warn,
                _ => continue,
            };
            told.say(tone, format!("{}: {well} of {all} targets healthy", g.name));
        }
    }
    let promises = told.part(&facts.slos, now);
    for slo in facts.slos.rows().iter().filter(|_| promises) {
        let tone = match slo.standing() {
            Standing::Burning(Urgency::Page) => Tone::Bad,
            Standing::Burning(Urgency::Ticket) => Tone::Warn,
            _ => continue,
        };
        // One promise broken by errors is enough: availability says the same of them.
        if slo.kind == SloKind::Availability {
            continue;
        }
        let rate = rate_words(slo.leading().and_then(|b| b.rate));
        told.say(tone, format!("{}: budget burns {rate}", slo.kind.word()));
    }
    // A promise of thirty days burns later, and for a while after the cause is gone.
    if let Some((percent, failures)) = measure::balancer_errors(facts, now)
        && percent >= ERRORS_WARN
    {
        let many = percent >= ERRORS_BAD && failures >= FAILURES_BAD;
        let tone = if many { Tone::Bad } else { Tone::Warn };
        told.say(tone, format!("{percent:.1} % of answers are 5xx"));
    }
    let known = groups.iter().filter(|g| facts.untold_since(g).is_none());
    let (well, all) = tally(known.copied());
    told.summary = format!("{well} of {all} targets healthy");
    told.known = fresh.then(|| told.summary.clone());
    Some(told)
}

/// The services, and what their targets answer.
pub(super) fn services(facts: &Facts, now: Timestamp) -> Option<Told> {
    let mut told = Told::default();
    let rows = facts.service_rows();
    let fresh = told.part(&facts.services, now);
    if fresh && rows.is_empty() {
        return None;
    }
    if fresh {
        for s in rows {
            let tone = match facts.health_of(s) {
                ServiceHealth::Unserved if !facts.is_gone(s) => Tone::Warn,
                // As with alarms: another environment's is that one's affair.
                ServiceHealth::Down | ServiceHealth::Failed if facts.is_elsewhere(&s.id) => {
                    Tone::Warn
                }
                ServiceHealth::Down | ServiceHealth::Failed | ServiceHealth::Unserved => Tone::Bad,
                // What served before serves on: no request suffers from that.
                ServiceHealth::RollingBack | ServiceHealth::Degraded => Tone::Warn,
                ServiceHealth::Unknown => Tone::Unknown,
                ServiceHealth::Scaling | ServiceHealth::Deploying => Tone::Info,
                ServiceHealth::Steady | ServiceHealth::Idle | ServiceHealth::Inactive => continue,
            };
            let (runs, wants) = (s.answering().running, s.answering().desired);
            let word = facts.health_of(s).word();
            let name = facts.name_of(&s.id);
            let text = match facts.health_of(s) {
                ServiceHealth::Unserved => {
                    format!("{name}: scaled to 0, nothing runs behind its load balancer")
                }
                ServiceHealth::RollingBack => {
                    let how = facts.turning_words(s).unwrap_or_default();
                    format!("{name}: {word} {how}")
                }
                ServiceHealth::Unknown => {
                    let why = facts.unhealthy_words(s).or_else(|| s.doubt());
                    format!("{name}: {}", why.unwrap_or_else(|| word.to_owned()))
                }
                _ => match facts.unhealthy_words(s) {
                    Some(targets) => format!("{name}: {word}, {targets}"),
                    None => format!("{name}: {word}, {runs} of {wants} run"),
                },
            };
            let since = s.failed_rollout().and_then(|r| r.updated_at);
            let since = since.or_else(|| facts.unserved_since(s));
            let remark = Remark::new(tone, text).since(since);
            told.remarks.push(remark.told_elsewhere(true));
        }
    }
    // What targets answer is known by the series alone; a service without a balancer has none.
    let answers = rows.iter().any(|s| !s.load_balancers.is_empty());
    if answers {
        told.part(&facts.series, now);
    }
    for (group, percent) in measure::failing(facts, now) {
        let tone = if percent >= ERRORS_BAD {
            Tone::Bad
        } else {
            Tone::Warn
        };
        if percent >= ERRORS_WARN {
            told.say(tone, format!("{group}: {percent:.1} % of answers are 5xx"));
        }
    }
    let those = |health| rows.iter().filter(move |s| facts.health_of(s) == health);
    let idle = match those(ServiceHealth::Idle).count() {
        0 => String::new(),
        n => format!(", {n} scaled to 0"),
    };
    let steady = those(ServiceHealth::Steady).count();
    told.summary = format!("{steady} of {} steady{idle}", rows.len());
    told.known = fresh.then(|| told.summary.clone());
    Some(told)
}

/// Zones of this environment that cache nothing for a while: every request goes on to the origin.
pub(super) fn development(told: &mut Told, facts: &Facts, now: Timestamp) {
    let zones = facts.estate.cloudflare_zones.fresh(now);
    let ours = |z: &&Zone| is_ours(None, &z.name, &facts.environment);
    let all = zones.into_iter().flat_map(|z| z.iter());
    for zone in all.filter(ours).filter(|z| z.development_s > 0) {
        let text = format!("{}: development mode, nothing is cached", zone.name);
        told.say(Tone::Warn, text);
    }
}

/// What Cloudflare's own count of answers says.
pub(super) fn edge_errors(told: &mut Told, facts: &Facts, now: Timestamp) {
    // What passes the edge is known by its count alone: without it the step is not known to be well.
    // Where it is not known anyway, the reason for that comes first.
    if told.worst().weight() < Tone::Unknown.weight() {
        told.part(&facts.estate.cloudflare_traffic, now);
    }
    let Some(percent) = measure::edge_errors(facts, now) else {
        return;
    };
    if percent >= ERRORS_WARN {
        let tone = if percent >= ERRORS_BAD {
            Tone::Bad
        } else {
            Tone::Warn
        };
        told.say(tone, format!("{percent:.1} % of answers are 5xx"));
    }
}
