//! Capacity and cost: enough is left, and not too much is spent.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, span};
use super::{Probe, number};
use crate::domain::capacity::{Headroom, headrooms};
use crate::domain::connections::CONNECTIONS;
use crate::domain::cost::Cost;
use crate::domain::part::Part;
use crate::domain::stores::is_ours;
use crate::plan::needs;

/// What comes and goes with the hours of a day and the days of a week.
const LOADS: [&str; 2] = ["CPU", "memory"];

/// Hours that a week is told by: nine of ten.
const WEEK_H: u64 = 151;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "capacity.headroom",
        question: "is enough left of every component of this environment, at its busiest hour of a week?",
        params: &[number("min", "30")],
        judge: headroom,
    },
    Probe {
        name: "cost.within-budget",
        question: "will this month stay within its budget?",
        params: &[],
        judge: budget,
    },
];

fn headroom(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.series, "the series")?;
    let least = look.number("min");
    let mut found = Findings::new("component", look.question(seen.source), seen.at);
    let e = &look.facts.estate;
    // What there is was never told of: components are missing, and nobody knows which.
    for (what, unread) in [
        ("services", unread(&look.facts.services)),
        ("databases", unread(&e.databases)),
        ("caches", unread(&e.caches)),
    ] {
        if let Some(why) = unread {
            found.unknown(what, why);
        }
    }
    let all = headrooms(look.facts, look.now).into_iter();
    let (rows, others): (Vec<_>, Vec<_>) = all.partition(|h| is_here(look, h));
    look.leave_out(others.into_iter().map(|h| h.component));
    for h in rows {
        let name = format!("{} {}", h.component, h.resource);
        let e = &look.facts.estate;
        // Bounds and sizes that were read long ago say nothing of now.
        let stale = match h.resource {
            "tasks" => look.fresh(&e.scaling, "the bounds of scaling").err(),
            "storage" => look.fresh(&e.databases, "the databases").err(),
            // What does not suffice in the last hours does not at its busiest.
            of if LOADS.contains(&of) && h.left.is_none_or(|left| left < least) => None,
            of if LOADS.contains(&of) => look.fresh(&look.facts.trends, "its days").err(),
            // Only a whole that is known can be out of date.
            CONNECTIONS if h.left.is_none() => None,
            CONNECTIONS if h.source == e.redis.source => look.fresh(&e.redis, "Redis").err(),
            // A formula is of the class, and a class and a group are what the instance tells.
            CONNECTIONS if h.source == e.db_limits.source => look
                .fresh(&e.db_limits, "the parameters of databases")
                .err()
                .or_else(|| look.fresh(&e.databases, "the databases").err()),
            CONNECTIONS => look.fresh(&e.postgres, "PostgreSQL").err(),
            _ => None,
        };
        match (h.left, stale) {
            (_, Some(why)) => found.unknown(name, why.reason),
            (Some(left), None) => {
                judge(&mut found, &name, &h, left, least);
            }
            (None, None) => {
                let why = h.unknown.as_deref();
                found.unknown(name, why.unwrap_or("the size of the whole is not known"));
            }
        }
    }
    Ok(found.verdict())
}

/// Whether what is left of something may prove anything of the environment that is looked at.
fn is_here(look: &Look<'_>, h: &Headroom) -> bool {
    match h.component.split_once('/') {
        Some((cluster, _)) if h.resource != CONNECTIONS => needs::is_here(look.facts, cluster),
        _ => {
            let known = look.facts.estate.databases.value.iter();
            let mut known = known.flat_map(|d| &d.instances);
            let tag = known.find(|d| d.id == h.component);
            let tag = tag.and_then(|d| d.environment.as_deref());
            is_ours(tag, &h.component, &look.facts.environment)
        }
    }
}

/// Loads are judged at the busiest hour of a week, what stands at a level as it stands now.
fn judge(found: &mut Findings, name: &str, h: &Headroom, left: f64, least: f64) {
    if !LOADS.contains(&h.resource) {
        let of: String = h.whole.iter().map(|w| format!(" ({w})")).collect();
        return found.check(left >= least, name, &format!("{left:.0} % left now{of}"));
    }
    if left < least {
        return found.bad(name, format!("{left:.0} % left in the last hours"));
    }
    let Some(busiest) = h.busiest else {
        let words = format!("{left:.0} % left in the last hours, and no day of it was read");
        return found.unknown(name, words);
    };
    let at_its_busiest = (100.0 - busiest.used).clamp(0.0, left);
    let hours = busiest.hours as u64;
    let days = span(std::time::Duration::from_secs(hours * 3_600));
    // When that was tells whether it was before something was mended.
    let at = busiest.at.strftime("%a %-d %b %H:%MZ");
    let words = format!("{at_its_busiest:.0} % left in the busiest hour of {days} ({at})");
    match hours >= WEEK_H {
        _ if at_its_busiest < least => found.bad(name, words),
        true => found.good(name, &words),
        false => found.unknown(name, format!("{words}, and a week tells")),
    }
}

/// Why nothing is known of a part that was asked for.
fn unread<T>(part: &Part<T>) -> Option<String> {
    let error = part.error.as_ref().filter(|_| part.value.is_none())?;
    Some(error.why.clone())
}

fn budget(look: &Look<'_>) -> Verdict {
    look.configured("cost")?;
    let seen = look.fresh(&look.facts.estate.cost, "the bill")?;
    let cost: &Cost = seen.value;
    let Some(budget) = cost.budget else {
        return Err(Judgement::unknown(
            "no budget: set monthly_budget in [cost] of flightdeck.toml",
        ));
    };
    let c = &cost.currency;
    let settled = |ok: bool, answer: String| {
        // The evidence is as old as the bill, not as the look at the shelf.
        let question = look.question(seen.source);
        let judged = Judgement::single(ok, question, answer, cost.asked_at);
        let spent = cost.month_end.filter(|_| cost.month <= budget);
        let spent = spent.unwrap_or(cost.month);
        Ok(judged.measured(format!("{spent:.0} {c}"), format!("≤ {budget:.0} {c}")))
    };
    match cost.month_end {
        // What is spent already needs no forecast.
        _ if cost.month > budget => settled(
            false,
            format!("{:.2} {c} spent of {budget:.2} {c}", cost.month),
        ),
        Some(end) => settled(
            end <= budget,
            format!(
                "{:.2} {c} spent, {end:.2} {c} expected of {budget:.2} {c}",
                cost.month
            ),
        ),
        None => Err(Judgement::unknown(format!(
            "{:.2} {c} spent of {budget:.2} {c}, and no forecast yet",
            cost.month
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use crate::domain::cache::{CacheGroup, CacheNode, Caches};
    use crate::domain::database::{Database, Databases, DbVitals};
    use crate::domain::db_limit::DbLimit;
    use crate::domain::facts::Facts;
    use crate::domain::metric::{MetricId, MetricQuery, Series, Stat, Unit};
    use crate::domain::part::Part;
    use crate::domain::postgres::{Connections, Counters, PostgresNow, Replication};
    use crate::domain::problem::{Problem, ProblemKind};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{ago, judged, now, part};

    /// A server behind a tunnel that so many clients are connected to, of a hundred.
    fn server(open: i64) -> PostgresNow {
        PostgresNow {
            address: "localhost:5432/laser".into(),
            version: "15.18".into(),
            tls: true,
            guarded: true,
            started_at: now(),
            standby: false,
            connections: Connections {
                limit: 100,
                reserved: 3,
                by_state: vec![("idle".into(), open)],
                waiting: 0,
            },
            running: Vec::new(),
            blocked: Vec::new(),
            replication: Replication::default(),
            counters: Counters::default(),
            unseen: Vec::new(),
        }
    }

    fn series(metric: &str, value: f64) -> (MetricQuery, Arc<Series>) {
        let query = MetricQuery {
            metric: MetricId::new("AWS/RDS", metric, &[("DBInstanceIdentifier", "db")]),
            stat: Stat::Average,
            period_s: 60,
        };
        let series = Series {
            query: query.clone(),
            label: String::new(),
            unit: Unit::Count,
            points: [(now(), value)].into(),
            partial: false,
        };
        (query, Arc::new(series))
    }

    /// So many hours of a load, an hour a point, the busiest long ago.
    fn days(facts: &mut Facts, hours: i64, busiest: f64) {
        let (query, _) = series("CPUUtilization", 0.0);
        let point = |h: i64| (ago(h).unwrap(), if h == hours { busiest } else { 10.0 });
        let series = Series {
            query,
            label: String::new(),
            unit: Unit::Percent,
            points: (1..=hours).rev().map(point).collect(),
            partial: false,
        };
        facts.trends = part(Arc::new(vec![series]));
    }

    /// At three in the morning everything is idle.
    #[test]
    fn a_load_is_judged_at_the_busiest_hour_of_a_week() {
        let gib = 1024.0 * 1024.0 * 1024.0;
        let judge = |hours, busiest| {
            let mut facts = facts(40.0 * gib, Some(100));
            days(&mut facts, hours, busiest);
            judged("capacity.headroom min=30", &facts)
        };
        let good = judge(168, 65.0);
        assert_eq!(good.state, Proved, "{}", good.reason);
        let said = &good.evidence[0].answer;
        assert!(
            said.contains("db CPU 35 % left in the busiest hour of 7d (Thu 25 Dec 00:00Z)"),
            "{said}"
        );
        assert!(said.contains("db storage 40 % left now"), "{said}");
        let monday = judge(168, 80.0);
        assert_eq!(monday.state, Failing);
        assert_eq!(
            monday.reason,
            "db CPU: 20 % left in the busiest hour of 7d (Thu 25 Dec 00:00Z)"
        );
        let short = judge(40, 65.0);
        assert_eq!(short.state, Unknown);
        assert!(short.reason.contains("of 40h"), "{}", short.reason);
        let mut none = facts(40.0 * gib, Some(100));
        none.trends = Part::default();
        assert_eq!(judged("capacity.headroom min=30", &none).state, Unknown);
    }

    #[test]
    fn what_is_left_of_other_environments_is_left_out() {
        let gib = 1024.0 * 1024.0 * 1024.0;
        let mut facts = facts(40.0 * gib, Some(100));
        facts.environment = "production".into();
        let theirs = MetricQuery {
            metric: MetricId::new(
                "AWS/ECS",
                "CPUUtilization",
                &[("ClusterName", "shop-dev"), ("ServiceName", "api")],
            ),
            stat: Stat::Average,
            period_s: 60,
        };
        let busy = Series {
            query: theirs.clone(),
            label: String::new(),
            unit: Unit::Percent,
            points: [(now(), 99.0)].into(),
            partial: false,
        };
        let all = facts.series.value.as_mut().unwrap();
        Arc::make_mut(all).insert(theirs, Arc::new(busy));
        let got = judged("capacity.headroom min=30", &facts);
        assert_eq!(got.state, Proved, "{}", got.reason);
        let said = &got.evidence[0].answer;
        assert!(said.ends_with("; left out: shop-dev/api"), "{said}");
    }

    /// A database that idles, and of whose disk so much is free.
    fn facts(free: f64, gib: Option<i64>) -> Facts {
        let all = [
            series("FreeStorageSpace", free),
            series("CPUUtilization", 10.0),
            series("DatabaseConnections", 10.0),
        ];
        let mut facts = Facts {
            series: part(Arc::new(BTreeMap::from(all))),
            ..Facts::default()
        };
        let db = Database {
            id: "db".into(),
            storage_gib: gib,
            ..Database::default()
        };
        days(&mut facts, 168, 10.0);
        facts.estate.postgres = part(Arc::new(server(10)));
        let db = Database {
            engine: "postgres".into(),
            ..db
        };
        facts.estate.databases = part(Arc::new(Databases {
            instances: vec![db],
            ..Databases::default()
        }));
        facts
    }

    /// Connections against their maximum, as the server tells both; without a server that tells, nobody knows.
    #[test]
    fn connections_are_judged_by_their_maximum_and_without_one_prove_nothing() {
        let gib = 1024.0 * 1024.0 * 1024.0;
        let with = |open: i64, told: bool| {
            let mut facts = facts(40.0 * gib, Some(100));
            facts.estate.db_vitals = part(Arc::new(vec![DbVitals {
                id: "db".into(),
                connections: Some(open as f64),
                ..DbVitals::default()
            }]));
            let databases = facts.estate.databases.value.as_mut().unwrap();
            Arc::make_mut(databases).instances[0].engine = "postgres".into();
            facts.estate.postgres = match told {
                true => part(Arc::new(server(open))),
                false => Part::default(),
            };
            facts
        };
        let judge = |facts: &Facts| judged("capacity.headroom min=30", facts);
        assert_eq!(judge(&with(60, true)).state, Proved);
        let crowded = judge(&with(90, true));
        assert_eq!(crowded.state, Failing);
        let whole = "(max_connections as PostgreSQL tells it)";
        assert_eq!(
            crowded.reason,
            format!("db connections: 7 % left now {whole}")
        );
        let untold = judge(&with(90, false));
        assert_eq!(untold.state, Unknown);
        assert!(untold.reason.contains("90 open"), "{}", untold.reason);
        let mut old = with(60, true);
        old.estate.postgres.observed_at = ago(1);
        assert_eq!(judge(&old).state, Unknown, "a limit of an hour ago");
        // Where the server is not asked, its parameter group tells; an old word of that proves nothing either.
        let mut by_group = with(60, false);
        let limit = DbLimit {
            id: "db".into(),
            group: "pg15".into(),
            said: Some("100".into()),
            ..DbLimit::default()
        };
        by_group.estate.db_limits = part(Arc::new(vec![limit.of("db.r6g.large", false)]));
        let told = judge(&by_group);
        assert_eq!(told.state, Proved, "{told:?}");
        assert!(
            told.evidence[0]
                .answer
                .contains("max_connections 100 in pg15"),
            "{told:?}"
        );
        // Of the connections alone, whatever is known of the disk.
        let mut resized = by_group.clone();
        resized.series = part(Arc::new(BTreeMap::from([series("CPUUtilization", 10.0)])));
        let members = Arc::make_mut(resized.estate.databases.value.as_mut().unwrap());
        members.instances[0].cluster = Some("shared-disk".into());
        assert_eq!(judge(&resized).state, Proved);
        resized.estate.databases.observed_at = ago(1);
        assert_eq!(judge(&resized).state, Unknown, "a class of an hour ago");
        by_group.estate.db_limits.observed_at = ago(1);
        assert_eq!(judge(&by_group).state, Unknown);
    }

    /// A service, a database and a cache that GetMetricData said nothing of.
    #[test]
    fn what_nobody_measured_is_not_known_and_proves_nothing() {
        let gib = 1024.0 * 1024.0 * 1024.0;
        let judge = |facts: &Facts| judged("capacity.headroom min=30", facts);
        let good = facts(40.0 * gib, Some(100));
        assert_eq!(judge(&good).state, Proved);
        for gone in ["FreeStorageSpace", "CPUUtilization"] {
            let mut facts = good.clone();
            let all = facts.series.value.as_mut().unwrap();
            Arc::make_mut(all).retain(|q, _| q.metric.name != gone);
            let got = judge(&facts);
            assert_eq!(got.state, Unknown, "{gone}");
            assert!(got.reason.contains("no data point"), "{}", got.reason);
        }
        let mut unsaid = good.clone();
        let all = unsaid.series.value.as_mut().unwrap();
        Arc::make_mut(all).retain(|q, _| q.metric.name != "DatabaseConnections");
        unsaid.estate.postgres = Part::default();
        let got = judge(&unsaid);
        assert_eq!(got.state, Unknown);
        assert!(got.reason.contains("db connections"), "{}", got.reason);
        let mut served = good.clone();
        let mut service = (**crate::plan::probes::testing::service_running("x")
            .service_rows()
            .first()
            .unwrap())
        .clone();
        service.counts.desired = 2;
        served.services = part(Arc::new(vec![Arc::new(service.clone())]));
        let got = judge(&served);
        assert_eq!(got.state, Unknown);
        assert!(got.reason.contains("prod/api memory"), "{}", got.reason);
        service.counts.desired = 0;
        served.services = part(Arc::new(vec![Arc::new(service)]));
        assert_eq!(judge(&served).state, Proved, "it is not to run");
        let mut unread = good.clone();
        let denied = Problem::new(ProblemKind::Denied, "elasticache", "w", "may not", "f");
        unread.estate.caches.error = Some(denied);
        let got = judge(&unread);
        assert_eq!(
            (got.state, got.reason.as_str()),
            (Unknown, "caches: may not")
        );
        let mut cached = good;
        cached.estate.caches = part(Arc::new(Caches {
            groups: vec![cache()],
            ..Caches::default()
        }));
        let got = judge(&cached);
        assert_eq!(got.state, Unknown);
        assert!(got.reason.contains("redis-001 CPU"), "{}", got.reason);
    }

    fn cache() -> CacheGroup {
        CacheGroup {
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
            retention_days: 1,
            window: String::new(),
            endpoint: String::new(),
            nodes: vec![CacheNode {
                id: "redis-001".into(),
                role: "primary".into(),
                zone: String::new(),
                status: "available".into(),
            }],
        }
    }

    #[test]
    fn a_disk_is_judged_by_its_share_and_what_is_not_known_proves_nothing() {
        let state = |facts: &Facts| judged("capacity.headroom min=30", facts).state;
        let gib = 1024.0 * 1024.0 * 1024.0;
        assert_eq!(state(&facts(40.0 * gib, Some(100))), Proved);
        assert_eq!(state(&facts(20.0 * gib, Some(100))), Failing);
        assert_eq!(state(&facts(40.0 * gib, None)), Unknown);
        let mut unasked = facts(40.0 * gib, Some(100));
        unasked.estate.databases = Part::default();
        assert_eq!(state(&unasked), Unknown);
    }
}
