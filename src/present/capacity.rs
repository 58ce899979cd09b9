//! Capacity: what is left of each component, and when it runs out as things go.

use jiff::Timestamp;

use super::words::until;
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::capacity::{Headroom, headrooms};
use crate::domain::facts::Facts;
use crate::domain::metric::Unit;

pub(super) const VIEW: View = View {
    id: "capacity",
    title: "Capacity",
    doc: "What is left of each component at its busiest in the last three hours, and when it runs out by the trend of its days",
    group: Group::Money,
    lines: &[],
    needs: &[
        "measures",
        "services",
        "targets",
        "alarms",
        "scaling",
        "databases",
        "db_vitals",
        "db_limits",
        "postgres",
        "redis",
        "caches",
    ],
    make: Make::Facts(sections),
};

const HEADS: &[Head] = &[
    Head::left("component", 24).grow(2),
    Head::left("of", 11),
    Head::right("used", 8),
    Head::right("left", 8),
    Head::right("amount", 10),
    Head::left("runs out", 12),
    Head::left("source", 24).grow(2).drop(1),
];

/// Percent that ought to be left.
const ENOUGH: f64 = 30.0;
/// Percent that is an emergency.
const LITTLE: f64 = 10.0;
/// What is not known that is told in words above the rows.
const NOTED: usize = 4;
/// Seconds: what runs out sooner is a warning.
const SOON_S: i64 = 30 * 86_400;

pub(super) fn sections(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let none = "No series of use was read: services publish CPU and memory to CloudWatch by themselves once they run.";
    let mut section = Section::of(&facts.series, now, "headroom", "Headroom", HEADS, none);
    let mut unknown = 0_usize;
    for h in headrooms(facts, now) {
        if let Some(why) = &h.unknown {
            unknown += 1;
            if unknown <= NOTED {
                let words = format!("{} {}: {why}", h.component, h.resource);
                section.note(words, Tone::Unknown);
            }
        }
        section.row(
            format!("{}/{}", h.component, h.resource),
            cells(&h, now),
            &h,
        );
        if let Some(left) = h.left.filter(|left| *left < ENOUGH) {
            let left = Unit::Percent.format(left);
            section.found(Found::told(format!("{left} of its {} left", h.resource)));
        }
    }
    if let Some(more @ 1..) = unknown.checked_sub(NOTED) {
        section.note(format!("{more} more are not known"), Tone::Unknown);
    }
    let days = &facts.trends;
    let old =
        (days.value.is_some() && !days.is_young(now)).then_some("its days were read long ago");
    if let Some(why) = days.error.as_ref().map(|p| p.why.as_str()).or(old) {
        section.note(
            format!("when anything runs out is not known: {why}"),
            Tone::Unknown,
        );
    }
    // What a server said of its places is no younger than its answer.
    if facts.estate.postgres.value.is_some() {
        section = section.with(&facts.estate.postgres, now);
    }
    if facts.estate.db_limits.value.is_some() {
        section = section.with(&facts.estate.db_limits, now);
    }
    // The size of a disk, the class that a formula is of, and which group holds are what the databases tell.
    if facts.estate.databases.value.is_some() {
        section = section.with(&facts.estate.databases, now);
    }
    if facts.estate.redis.value.is_some() {
        section = section.with(&facts.estate.redis, now);
    }
    if section.rows.is_empty() {
        // Which series to read is known by the services: where nobody tells of them, that none was read is no good news.
        section = section.with(&facts.services, now);
        if section.is_fresh() {
            section.note("no series of use was read", Tone::Unknown);
        }
    }
    let tight = section
        .rows
        .iter()
        .filter(|r| {
            r.cells
                .iter()
                .any(|c| c.tone.weight() >= Tone::Warn.weight())
        })
        .count();
    if tight == 0 && unknown == 0 && section.is_fresh() && !section.rows.is_empty() {
        section.note(
            format!("at least {ENOUGH:.0} % of everything is left"),
            Tone::Ok,
        );
    }
    vec![section]
}

fn cells(h: &Headroom, now: Timestamp) -> Vec<Cell> {
    let percent = |n: Option<f64>| n.map_or_else(|| "-".into(), |n| Unit::Percent.format(n));
    let tone = match h.left {
        Some(left) if left < LITTLE => Tone::Bad,
        Some(left) if left < ENOUGH => Tone::Warn,
        None if h.unknown.is_some() => Tone::Unknown,
        _ => Tone::Plain,
    };
    let amount = h.amount.map(|n| match h.resource {
        "storage" => Unit::Bytes.format(n),
        _ => Unit::Count.format(n),
    });
    let soon = h
        .runs_out
        .is_some_and(|at| at.duration_since(now).as_secs() < SOON_S);
    let runs_out = match h.runs_out {
        Some(at) => Cell::new(until(Some(at), now), Tone::fine(!soon)),
        None => Cell::muted(h.endless.unwrap_or("-")),
    };
    vec![
        Cell::name(&h.component),
        Cell::plain(h.resource),
        Cell::plain(percent(h.used)),
        Cell::new(percent(h.left), tone),
        Cell::plain(amount.unwrap_or_default()),
        runs_out,
        // Of what it is the share comes first: who told of the rest is the same all over.
        Cell::muted(h.whole.as_ref().unwrap_or(&h.source)),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::cache::{CacheGroup, Caches};
    use crate::domain::part::Part;
    use crate::domain::problem::{Problem, ProblemKind};

    #[test]
    fn that_no_series_was_read_is_not_green() {
        let now = Timestamp::UNIX_EPOCH;
        let every = Duration::from_secs(60);
        let mut facts = Facts {
            series: Part::answered(Arc::default(), now, "cloudwatch", every),
            ..Facts::default()
        };
        let worst = |facts: &Facts| View::worst(&sections(facts, now));
        facts.services = Part::answered(Arc::default(), now, "ecs", every);
        assert_eq!(worst(&facts), Tone::Unknown);
        facts.services.error = Some(Problem::new(
            ProblemKind::NoCredentials,
            "aws",
            "w",
            "no region is set",
            "f",
        ));
        assert_eq!(worst(&facts), Tone::Unknown);
        assert!(
            sections(&facts, now)[0]
                .why_empty()
                .contains("no region is set")
        );
    }

    /// CloudWatch refuses from the first: what it would tell of has its rows all the same.
    #[test]
    fn what_cannot_be_read_of_is_told_and_not_left_out() {
        let (now, every) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        let mut facts = Facts::default();
        let group = CacheGroup {
            id: "redis".into(),
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
            retention_days: 7,
            window: String::new(),
            endpoint: String::new(),
            nodes: Vec::new(),
        };
        let caches = Caches {
            groups: vec![group],
            ..Caches::default()
        };
        facts.estate.caches = Part::answered(Arc::new(caches), now, "elasticache", every);
        assert!(sections(&facts, now)[0].rows.is_empty(), "not asked yet");
        let why = Problem::new(ProblemKind::Denied, "cloudwatch", "w", "denied", "f");
        facts.series.error = Some(why);
        let section = sections(&facts, now).remove(0);
        assert_eq!(section.rows.len(), 2, "its CPU and its memory");
        let mut notes = section.notes.iter();
        let said = notes.any(|n| n.text.contains("redis CPU: its use cannot be read: denied"));
        assert!(said, "{:?}", section.notes);
        assert_eq!(View::worst(&[section]), Tone::Unknown);
    }

    /// Who may list databases no more knows of none that was made smaller.
    #[test]
    fn what_was_said_of_databases_long_ago_is_not_green() {
        let (now, every) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        let mut facts = Facts {
            series: Part::answered(Arc::default(), now, "cloudwatch", every),
            services: Part::answered(Arc::default(), now, "ecs", every),
            ..Facts::default()
        };
        let before = now - jiff::SignedDuration::from_hours(3);
        let fresh = |facts: &Facts| sections(facts, now)[0].is_fresh();
        facts.estate.databases = Part::answered(Arc::default(), now, "rds", every);
        assert!(fresh(&facts));
        facts.estate.databases.observed_at = Some(before);
        assert!(!fresh(&facts));
    }
}
