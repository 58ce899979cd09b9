//! PostgreSQL and Redis, asked directly: statements within their budget, room for connections, replication in time, a cache that
//! answers.

use super::judgement::{Findings, Judgement, Verdict, list};
use super::look::Look;
use super::{Probe, number};
use crate::domain::measured::{self, CacheMeasures};
use crate::plan::needs::is_here;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "redis.hit-ratio",
        question: "does the cache find what it is asked for, and keep what it was given?",
        params: &[number("min", "80"), number("evicted_per_min", "0")],
        judge: hit_ratio,
    },
    Probe {
        name: "postgres.statements",
        question: "is every statement's mean time within the budget?",
        params: &[number("budget_ms", "500")],
        judge: statements,
    },
    Probe {
        name: "postgres.connections",
        question: "is there room for connections, and nobody stuck behind a lock?",
        params: &[number("max_percent", "80"), number("lock_s", "30")],
        judge: connections,
    },
    Probe {
        name: "postgres.replication",
        question: "does a standby follow in time?",
        params: &[number("lag_s", "10")],
        judge: replication,
    },
];

fn hit_ratio(look: &Look<'_>) -> Verdict {
    if let Err(unconfigured) = look.configured("redis") {
        return measured_by_itself(look, unconfigured);
    }
    let seen = look.fresh(&look.facts.estate.redis, "Redis")?;
    let server = seen.value;
    let min = look.number("min");
    let Some(ratio) = server.hit_ratio() else {
        let why = match server.counters.hits.is_none() {
            true => "it does not tell what is looked up",
            false => "nothing was ever looked up",
        };
        return Err(Judgement::unknown(format!("{}: {why}", server.address)));
    };
    let percent = ratio * 100.0;
    // An idle cache is judged by what it found before: the evidence says over which time.
    let when = match server.lately {
        Some(l) if l.counters.hit_ratio().is_some() => format!("in {:.0} s", l.seconds),
        Some(l) => format!(
            "since it started (nothing was looked up in the last {:.0} s)",
            l.seconds
        ),
        None => "since it started".into(),
    };
    let mut found = Findings::new("figure", look.question(seen.source), seen.at);
    found.check(
        percent >= min,
        "look-ups",
        &format!("{percent:.1} % hit {when} (wanted: {min:.0} %)"),
    );
    let most = look.number("evicted_per_min");
    let lately = server.lately;
    match (server.counters.evicted, lately.map(|l| l.counters.evicted)) {
        (None, _) | (_, Some(None)) => found.unknown("evictions", "it does not tell them"),
        (_, Some(Some(evicted))) => {
            let seconds = lately.map_or(0.0, |l| l.seconds);
            let pace = evicted as f64 * 60.0 / seconds.max(1.0);
            let answer = format!("{evicted} keys in {seconds:.0} s (allowed: {most:.0} a minute)");
            found.check(pace <= most, "evictions", &answer);
        }
        (Some(0), None) => found.good("evictions", "none since it started"),
        // One look tells how many there ever were, and not whether they go on.
        (Some(ever), None) => found.unknown(
            "evictions",
            format!("{ever} keys since it started, at a pace that a second look will tell"),
        ),
    }
    Ok(found.verdict())
}

/// The same as CloudWatch tells of ElastiCache's nodes, where Redis itself is not asked.
fn measured_by_itself(look: &Look<'_>, unconfigured: Judgement) -> Verdict {
    let known = look.facts.estate.caches.value.iter();
    let here = |id: &str| is_here(look.facts, id);
    let ours: Vec<_> = known
        .flat_map(|c| &c.groups)
        .filter(|g| here(&g.id))
        .collect();
    if ours.is_empty() {
        return Err(unconfigured);
    }
    look.fresh(&look.facts.estate.caches, "the caches")?;
    let seen = look.fresh(&look.facts.series, "CloudWatch")?;
    let (min, most) = (look.number("min"), look.number("evicted_per_min"));
    let mut found = Findings::new("figure", look.question(seen.source), seen.at);
    for group in ours {
        let told = measured::caches(look.facts, group, look.now);
        let hits: Vec<f64> = told.iter().filter_map(|t| t.hit_percent).collect();
        // A node that measures itself and of which nothing was asked has no rate, and lacks none.
        let silent = told.iter().filter(|t| **t == CacheMeasures::default());
        let (silent, rated, all) = (silent.count(), hits.len(), told.len());
        let name = format!("{} look-ups", group.id);
        if rated == 0 {
            found.unknown(
                name,
                "CloudWatch has no hit rate of the last minutes; [redis] has the server itself asked",
            );
        } else if rated <= silent {
            let why = format!("CloudWatch tells of {rated} of {all} nodes, too few to judge by");
            found.unknown(name, why);
        } else {
            let percent = hits.iter().sum::<f64>() / rated as f64;
            let by = format!("told by {rated} of {all} nodes");
            let answer = format!("{percent:.1} % hit lately (wanted: {min:.0} %), {by}");
            found.check(percent >= min, &name, &answer);
        }
        let evicted: Vec<f64> = told.iter().filter_map(|t| t.evicted_per_min).collect();
        let name = format!("{} evictions", group.id);
        if evicted.is_empty() {
            found.unknown(name, "CloudWatch tells of none of the last minutes");
        } else if evicted.len() < told.len() {
            let (few, all) = (evicted.len(), told.len());
            found.unknown(name, format!("CloudWatch tells of {few} of {all} nodes"));
        } else {
            let pace: f64 = evicted.iter().sum();
            let answer = format!("{pace:.1} keys a minute (allowed: {most:.0})");
            found.check(pace <= most, &name, &answer);
        }
    }
    Ok(found.verdict())
}

fn statements(look: &Look<'_>) -> Verdict {
    look.configured("postgres")?;
    let seen = look.fresh(
        &look.facts.estate.postgres_shape,
        "the statements of PostgreSQL",
    )?;
    let budget = look.number("budget_ms");
    let all = match &seen.value.statements {
        Ok(all) if !all.is_empty() => all,
        Ok(_) => return Err(Judgement::unknown("no statement was counted yet")),
        Err(why) => return Err(Judgement::unknown(why.clone())),
    };
    let mut found = Findings::new("statement", look.question(seen.source), seen.at);
    for s in all {
        let name = crate::domain::text::clip(&s.text, 80);
        let answer = format!("{:.1} ms on average, {} calls", s.mean_ms, s.calls);
        if s.mean_ms > budget {
            found.bad(name, answer);
        } else {
            found.good(&name, "");
        }
    }
    Ok(found.verdict())
}

fn connections(look: &Look<'_>) -> Verdict {
    look.configured("postgres")?;
    let seen = look.fresh(&look.facts.estate.postgres, "PostgreSQL")?;
    let (most, lock_s) = (look.number("max_percent"), look.number("lock_s"));
    let c = &seen.value.connections;
    let Some(share) = c.share() else {
        return Err(Judgement::unknown("the limit of connections is not known"));
    };
    let mut found = Findings::new("figure", look.question(seen.source), seen.at);
    let places = c.limit - c.reserved;
    found.check(
        share * 100.0 <= most,
        "connections",
        &format!("{} of {places} ({:.0} %)", c.total(), share * 100.0),
    );
    let stuck: Vec<String> = seen
        .value
        .blocked
        .iter()
        .filter(|b| b.waits_s.is_some_and(|s| s >= lock_s))
        .map(|b| {
            format!(
                "{} behind {:?} for {:.0} s",
                b.pid,
                b.by,
                b.waits_s.unwrap_or(0.0)
            )
        })
        .collect();
    match stuck.is_empty() {
        true => found.good("locks", &format!("nobody waits for {lock_s:.0} s")),
        false => found.bad("locks", list(&stuck, 4)),
    }
    Ok(found.verdict())
}

fn replication(look: &Look<'_>) -> Verdict {
    look.configured("postgres")?;
    let seen = look.fresh(&look.facts.estate.postgres, "PostgreSQL")?;
    let most = look.number("lag_s");
    let replication = &seen.value.replication;
    let mut found = Findings::new("standby", look.question(seen.source), seen.at);
    if seen.value.standby {
        match (replication.behind_s, &replication.behind_unseen) {
            (Some(s), _) => found.check(s <= most, "this standby", &format!("{s:.1} s behind")),
            (None, Some(why)) => found.unknown("this standby", why.clone()),
            (None, None) => found.unknown("this standby", "nothing was ever replayed"),
        }
    }
    for s in &replication.standbys {
        match (s.follows(), s.lag_s) {
            (true, Some(lag)) => {
                found.check(lag <= most, &s.name, &format!("{lag:.1} s behind"));
            }
            (true, None) => found.unknown(&s.name, "its lag is not told"),
            (false, _) => found.bad(&s.name, format!("is {}", s.state)),
        }
    }
    for (slot, _) in &replication.idle_slots {
        found.bad(slot, "a slot that nobody reads keeps the log");
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::Timestamp;

    use crate::domain::facts::Facts;
    use crate::domain::part::Part;
    use crate::domain::postgres::{
        Connections, Counters, PostgresNow, PostgresShape, Replication, Standby, Statement,
    };
    use crate::domain::redis_server::Counters as Cached;
    use crate::plan::checklist::CriterionState;
    use crate::plan::expect::Expectations;
    use crate::plan::probes::{Call, judge};

    const PERIOD: Duration = Duration::from_secs(30);

    fn cache(lately: Option<(u64, u64, u64)>, evicted: u64) -> Facts {
        use crate::domain::redis_server::{Lately, Memory, RedisServer, Role};
        let counted = |hits, misses, evicted| Cached {
            hits: Some(hits),
            misses: Some(misses),
            evicted: Some(evicted),
            ..Cached::default()
        };
        let server = RedisServer {
            address: "rediss://cache:6379/0".into(),
            tls: true,
            version: "7.0.15".into(),
            run_id: None,
            ip: None,
            started_at: Some(Timestamp::UNIX_EPOCH),
            role: Some(Role::Primary),
            clustered: false,
            clients: Some(1),
            clients_limit: None,
            blocked: Some(0),
            memory: Memory::default(),
            counters: counted(950, 50, evicted),
            lately: lately.map(|(hits, misses, evicted)| Lately {
                counters: counted(hits, misses, evicted),
                seconds: 30.0,
            }),
            commands_per_s: Some(1),
            round_trip_ms: None,
            keys: 1,
            replicas: Vec::new(),
            primary: None,
            saved: None,
            slow: Ok(Vec::new()),
        };
        let mut facts = Facts::default();
        facts.estate.redis =
            Part::answered(Arc::new(server), Timestamp::UNIX_EPOCH, "redis:x", PERIOD);
        facts
    }

    #[test]
    fn a_cache_finds_what_it_is_asked_for_and_keeps_what_it_was_given() {
        use CriterionState::{Failing, Proved, Unknown};
        let call = "redis.hit-ratio min=80";
        assert_eq!(state(call, &cache(Some((9, 1, 0)), 7)), Proved);
        assert_eq!(state(call, &cache(Some((1, 9, 0)), 0)), Failing);
        assert_eq!(
            state(call, &cache(Some((9, 1, 3)), 7)),
            Failing,
            "it evicts"
        );
        let lenient = "redis.hit-ratio evicted_per_min=6";
        assert_eq!(state(lenient, &cache(Some((9, 1, 3)), 7)), Proved);
        assert_eq!(state(call, &cache(None, 0)), Proved, "none ever");
        assert_eq!(state(call, &cache(None, 7)), Unknown, "nobody knows when");
        let silent = |change: fn(&mut Cached)| {
            let mut facts = cache(None, 0);
            let server = facts.estate.redis.value.as_mut().unwrap();
            change(&mut Arc::make_mut(server).counters);
            judge(
                &Call::parse(call).unwrap(),
                &facts,
                &Expectations::default(),
                Timestamp::UNIX_EPOCH,
            )
        };
        let told = silent(|c| c.evicted = None);
        assert_eq!(told.state, Unknown, "what is not told is not zero");
        assert!(told.reason.contains("does not tell"), "{}", told.reason);
        let told = silent(|c| c.hits = None);
        assert!(told.reason.contains("does not tell"), "{}", told.reason);
        let parsed = Call::parse(call).unwrap();
        let idle = judge(
            &parsed,
            &cache(Some((0, 0, 0)), 0),
            &Expectations::default(),
            Timestamp::UNIX_EPOCH,
        );
        let answer = &idle.evidence[0].answer;
        assert!(answer.contains("95.0 % hit since it started"), "{answer}");
        assert!(
            answer.contains("nothing was looked up in the last 30 s"),
            "{answer}"
        );
    }

    fn moment() -> PostgresNow {
        PostgresNow {
            address: "db:5432/laser".into(),
            version: "15.18".into(),
            tls: true,
            guarded: true,
            started_at: Timestamp::UNIX_EPOCH,
            standby: false,
            connections: Connections {
                limit: 103,
                reserved: 3,
                by_state: vec![("idle".into(), 80)],
                waiting: 0,
            },
            running: Vec::new(),
            blocked: Vec::new(),
            replication: Replication::default(),
            counters: Counters::default(),
            unseen: Vec::new(),
        }
    }

    fn state(call: &str, facts: &Facts) -> CriterionState {
        let call = Call::parse(call).unwrap();
        judge(
            &call,
            facts,
            &Expectations::default(),
            Timestamp::UNIX_EPOCH,
        )
        .state
    }

    fn with(now: PostgresNow) -> Facts {
        let mut facts = Facts::default();
        facts.estate.postgres =
            Part::answered(Arc::new(now), Timestamp::UNIX_EPOCH, "postgres:x", PERIOD);
        facts
    }

    #[test]
    fn connections_have_a_limit_and_no_answer_is_no_proof() {
        use CriterionState::{Failing, Proved, Unknown};
        assert_eq!(state("postgres.connections", &Facts::default()), Unknown);
        assert_eq!(state("postgres.connections", &with(moment())), Proved);
        let strict = "postgres.connections max_percent=79";
        assert_eq!(state(strict, &with(moment())), Failing);
    }

    #[test]
    fn no_standby_is_no_replication_and_a_late_one_fails() {
        use CriterionState::{Failing, Proved, Unknown};
        assert_eq!(state("postgres.replication", &with(moment())), Unknown);
        let mut now = moment();
        now.replication.standbys.push(Standby {
            name: "s1".into(),
            state: "streaming".into(),
            sync: "async".into(),
            lag_s: Some(4.0),
            lag_bytes: Some(9),
        });
        assert_eq!(state("postgres.replication", &with(now.clone())), Proved);
        assert_eq!(state("postgres.replication lag_s=3", &with(now)), Failing);
        // A reader of Aurora that does not tell is not one to which nothing ever came.
        let mut now = moment();
        now.standby = true;
        now.replication.behind_unseen = Some("this server does not offer it".into());
        let call = Call::parse("postgres.replication").unwrap();
        let told = judge(
            &call,
            &with(now),
            &Expectations::default(),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(told.state, Unknown);
        assert!(told.reason.contains("does not offer"), "{}", told.reason);
    }

    #[test]
    fn one_statement_over_its_budget_fails_and_none_known_proves_nothing() {
        use CriterionState::{Failing, Proved, Unknown};
        let shape = |statements| PostgresShape {
            index_sizes: Vec::new(),
            more_indexes: false,
            database: "laser".into(),
            bytes: None,
            xid_age: 1,
            statements,
            tables: Vec::new(),
            more_tables: false,
            unused: Vec::new(),
            missing: Vec::new(),
            schema: Err("no table".into()),
            unseen: Vec::new(),
        };
        let facts = |statements| {
            let mut facts = Facts::default();
            facts.estate.postgres_shape = Part::answered(
                Arc::new(shape(statements)),
                Timestamp::UNIX_EPOCH,
                "postgres:y",
                PERIOD,
            );
            facts
        };
        let slow = Statement {
            id: 1,
            text: "SELECT ?".into(),
            calls: 3,
            mean_ms: 120.0,
            max_ms: 130.0,
            total_ms: 360.0,
            rows: 3,
        };
        assert_eq!(
            state("postgres.statements", &facts(Err("not there".into()))),
            Unknown
        );
        assert_eq!(
            state("postgres.statements", &facts(Ok(Vec::new()))),
            Unknown
        );
        assert_eq!(
            state("postgres.statements", &facts(Ok(vec![slow.clone()]))),
            Proved
        );
        let strict = "postgres.statements budget_ms=100";
        assert_eq!(state(strict, &facts(Ok(vec![slow]))), Failing);
    }

    #[test]
    fn where_redis_is_not_asked_its_nodes_tell_by_cloudwatch() {
        use CriterionState::{Failing, Proved, Unknown};

        use crate::domain::cache::{CacheGroup, CacheNode, Caches};
        use crate::domain::facts::ProviderHealth;
        use crate::domain::metric::{Series, Unit};
        use crate::domain::queries;

        let now = Timestamp::UNIX_EPOCH;
        let of = |hits: Option<f64>, evicted: f64, count: usize| {
            let group = |id: &str| CacheGroup {
                id: id.into(),
                about: String::new(),
                status: "available".into(),
                engine: "redis".into(),
                version: "7.1.0".into(),
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
                nodes: (1..=count)
                    .map(|n| CacheNode {
                        id: format!("{id}-{n:03}"),
                        role: "primary".into(),
                        zone: "a".into(),
                        status: "available".into(),
                    })
                    .collect(),
            };
            let [hit_rate, evictions, _] = queries::cache("shop-prod-001");
            let all = hits.map(|h| [(hit_rate, h), (evictions, evicted)]);
            let series = all.into_iter().flatten().map(|(query, value)| {
                let series = Series {
                    query: query.clone(),
                    label: String::new(),
                    unit: Unit::None,
                    points: [(now, value)].into(),
                    partial: false,
                };
                (query, Arc::new(series))
            });
            let mut facts = Facts {
                environment: "production".into(),
                series: Part::answered(Arc::new(series.collect()), now, "cloudwatch:x", PERIOD),
                ..Facts::default()
            };
            facts.providers.push(ProviderHealth {
                name: "redis".into(),
                last_ok: None,
                problem: None,
                next_try: None,
                calls_per_minute: 0,
                metered: None,
                latency_ms: None,
                clock_s: None,
                configured: false,
            });
            let caches = Caches {
                groups: vec![group("shop-prod"), group("shop-staging")],
                ..Caches::default()
            };
            facts.estate.caches = Part::answered(Arc::new(caches), now, "elasticache:x", PERIOD);
            facts
        };
        let facts = |hits, evicted| of(hits, evicted, 1);
        let call = "redis.hit-ratio min=80";
        assert_eq!(state(call, &facts(Some(94.0), 0.0)), Proved);
        let parsed = Call::parse(call).unwrap();
        let reason = |nodes: usize| {
            let facts = of(Some(60.0), 0.0, nodes);
            let judged = judge(&parsed, &facts, &Expectations::default(), now);
            assert!(judged.state == Failing || nodes > 1, "{judged:?}");
            judged.reason
        };
        assert!(reason(1).contains("told by 1 of 1 nodes"), "{}", reason(1));
        // One of three is no cache.
        assert!(reason(3).contains("1 of 3 nodes"), "{}", reason(3));
        assert_eq!(state(call, &of(Some(60.0), 0.0, 3)), Unknown);
        assert_eq!(state(call, &facts(Some(60.0), 0.0)), Failing);
        assert_eq!(state(call, &facts(Some(94.0), 5.0)), Failing, "it evicts");
        assert_eq!(state(call, &facts(None, 0.0)), Unknown, "no points");
        // A serverless cache has no nodes, and is measured as a whole.
        let mut whole = facts(Some(94.0), 0.0);
        let caches = whole.estate.caches.value.as_mut().unwrap();
        for group in &mut Arc::make_mut(caches).groups {
            group.serverless = true;
            group.nodes.clear();
        }
        assert_eq!(state(call, &whole), Unknown, "nothing is told of it");
        let all = Arc::make_mut(whole.series.value.as_mut().unwrap());
        for (query, value) in queries::serverless_cache("shop-prod")
            .into_iter()
            .zip([94.0, 0.0])
        {
            let series = Series {
                query: query.clone(),
                label: String::new(),
                unit: Unit::None,
                points: [(now, value)].into(),
                partial: false,
            };
            all.insert(query, Arc::new(series));
        }
        assert_eq!(state(call, &whole), Proved);
    }
}
