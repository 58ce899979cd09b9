use ::redis::Value;
use jiff::Timestamp;

use super::stream::Destination;
use super::*;
use crate::domain::redis_server::Role;

fn to(url: &str) -> Destination {
    Destination::of(url).unwrap()
}

fn client() -> Redis {
    let line = Arc::new(Line::new("redis", true, true));
    Redis::new(
        &ServerConfig::default(),
        Arc::new(Trust::new(None).unwrap()),
        line,
    )
}

#[test]
fn a_url_says_where_and_how_and_never_shows_its_password() {
    let d = to("rediss://ana:hunter2@cache.example:6380/3");
    assert_eq!(
        (d.host.as_str(), d.port, d.tls, d.db),
        ("cache.example", 6380, true, 3)
    );
    assert_eq!(d.user.as_deref(), Some("ana"));
    assert_eq!(d.address(), "rediss://cache.example:6380/3");
    assert_eq!(format!("{d:?}"), "rediss://cache.example:6380/3");
    assert_eq!(to("redis://[::1]").host_and_port(), "[::1]:6379");
    for bad in ["http://x", "cache.example:6379", "redis://", "redis://h/x"] {
        let problem = Destination::of(bad).unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Config, "{bad}");
    }
}

const PRIMARY: &str = "# Server\r\nredis_version:7.0.15\r\nrun_id:5f0c\r\nuptime_in_seconds:3600\r\n# Clients\r\nconnected_clients:12\r\n\
    maxclients:100\r\n# Memory\r\nused_memory:500\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n\
    mem_fragmentation_ratio:1.25\r\n# Persistence\r\nrdb_last_bgsave_status:err\r\naof_enabled:0\r\n# Stats\r\n\
    keyspace_hits:90\r\nkeyspace_misses:10\r\nevicted_keys:7\r\n# Replication\r\nrole:master\r\nconnected_slaves:1\r\n\
    slave0:ip=10.0.1.7,port=6379,state=online,offset=40,lag=1\r\nmaster_repl_offset:42\r\n";

#[test]
fn a_primary_tells_of_itself() {
    let server = info::read(PRIMARY, &to("redis://h")).unwrap();
    assert_eq!(
        (server.version.as_str(), server.role),
        ("7.0.15", Some(Role::Primary))
    );
    assert_eq!(server.run_id.as_deref(), Some("5f0c"));
    assert!(!server.memory.unlimited);
    assert_eq!(server.memory.share(), Some(0.5));
    assert_eq!(server.hit_ratio(), Some(0.9));
    assert_eq!(server.clients_share(), Some(0.12));
    assert_eq!(server.saved, Some(false));
    assert_eq!(server.replicas[0].address, "10.0.1.7:6379");
    assert_eq!(server.replicas[0].behind, Some(2));
    assert!(server.primary.is_none());
    let started = server.started_at.unwrap();
    let up = Timestamp::now().duration_since(started).as_secs();
    assert!((3599..3610).contains(&up), "{up}");
}

#[test]
fn a_replica_tells_of_its_primary_and_nonsense_is_no_redis() {
    let text = "redis_version:7.0.15\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\n\
        master_sync_in_progress:1\r\n";
    let server = info::read(text, &to("redis://h")).unwrap();
    let link = server.primary.unwrap();
    assert_eq!(
        (link.address.as_str(), link.up, link.syncing),
        ("10.0.0.1:6379", false, true)
    );
    assert_eq!(link.silent_s, None);
    let read = |text: &str| info::read(text, &to("redis://h")).map(|s| s.clients);
    assert_eq!(read("hello: world"), Err(info::Odd::NoInfo));
    let with = |clients: &str| format!("redis_version:7.0\r\nrole:master\r\n{clients}");
    assert_eq!(read(&with("")), Ok(None), "what is not told is not zero");
    for clients in ["-3", "NaN", "99999999999999999999999"] {
        let odd = read(&with(&format!("connected_clients:{clients}\r\n")));
        assert_eq!(
            odd,
            Err(info::Odd::NoCount("connected_clients")),
            "{clients}"
        );
    }
}

/// As ElastiCache Serverless answers: no uptime, no clients, no memory, no commands, and here no role.
#[test]
fn what_a_serverless_cache_leaves_out_is_not_zero() {
    let text =
        "redis_version:7.1\r\nredis_mode:cluster\r\nkeyspace_hits:9\r\nkeyspace_misses:1\r\n";
    let server = info::read(text, &to("rediss://h")).unwrap();
    assert_eq!((server.role, server.started_at), (None, None));
    assert_eq!((server.clients, server.commands_per_s), (None, None));
    assert_eq!((server.memory.used, server.memory.unlimited), (None, false));
    assert_eq!(
        (server.counters.evicted, server.counters.commands),
        (None, None)
    );
    assert_eq!(server.hit_ratio(), Some(0.9));
    assert!(server.clustered);
    let open = "redis_version:7.1\r\nmaxmemory:0\r\n";
    let open = info::read(open, &to("redis://h")).unwrap();
    assert!(open.memory.unlimited && open.memory.limit.is_none());
}

#[test]
fn the_slow_log_is_read_and_shows_no_value() {
    let bulk = |t: &str| Value::BulkString(t.as_bytes().to_vec());
    let entry = Value::Array(vec![
        Value::Int(14),
        Value::Int(1_700_000_000),
        Value::Int(15_000),
        Value::Array(vec![bulk("set"), bulk("session:9f8A"), bulk("hunter2")]),
        bulk("127.0.0.1:58217"),
        bulk("api\u{1b}[2J"),
    ]);
    let read = info::slow(&Value::Array(vec![entry, Value::Nil]));
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].command, "SET session:* (+1)");
    assert_eq!(read[0].client, "api\\e[2J");
    assert_eq!(read[0].took, Duration::from_millis(15));
}

#[test]
fn what_was_counted_lately_needs_two_looks_apart_and_no_restart() {
    let redis = client();
    let begin = Instant::now();
    let at = |s| begin + Duration::from_secs(s);
    let compare = |counters, s| redis.compare(Some("a"), counters, at(s));
    assert_eq!(compare(of(100, 900), 0), None);
    assert_eq!(compare(of(101, 900), 3), None, "too close");
    let lately = compare(of(190, 910), 30).unwrap();
    assert_eq!(lately.counters.hit_ratio(), Some(0.9));
    assert_eq!(lately.seconds, 30.0);
    assert_eq!(compare(of(191, 910), 33), Some(lately), "kept");
    assert_eq!(compare(of(5, 0), 60), None, "it started anew");
    assert!(compare(of(9, 4), 90).is_some());
    assert_eq!(compare(of(10, 5), 9_000), None, "that was hours ago");
}

fn of(hits: u64, misses: u64) -> Counters {
    Counters {
        hits: Some(hits),
        misses: Some(misses),
        ..Counters::default()
    }
}

/// A reader's endpoint leads to another replica each time.
#[test]
fn the_counters_of_two_nodes_are_never_subtracted() {
    let redis = client();
    let begin = Instant::now();
    let compare = |node: &str, counters, s| {
        let at = begin + Duration::from_secs(s);
        redis.compare(Some(node), counters, at)
    };
    assert_eq!(compare("a", of(10, 10), 0), None);
    assert_eq!(compare("b", of(1_000_000, 20), 30), None, "another node");
    let lately = compare("a", of(19, 11), 60).unwrap();
    assert_eq!((lately.counters.hits, lately.seconds), (Some(9), 60.0));
    let lately = compare("b", of(1_000_008, 22), 90).unwrap();
    assert_eq!((lately.counters.hits, lately.seconds), (Some(8), 60.0));
    for n in 0..99_u64 {
        compare(&n.to_string(), of(n, n), 91);
    }
    let remembered = redis.earlier.lock().unwrap().len();
    assert_eq!(remembered, NODES);
}
