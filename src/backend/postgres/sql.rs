//! The questions. Each bears a mark, so that the console leaves its own statements out of what it shows; each casts what it asks
//! for, so that nothing depends on a server's own types.

/// The mark.
pub(super) const MARK: &str = "/* flightdeck */";

/// Who answers, and whether the session is what it was opened as: a pooler may leave that out. `reserved_connections` is new in 16.
/// Aurora's functions are asked for where the vendor has them, and nowhere else: anybody may make one of that name in a schema of his.
pub(super) const SERVER: &str = "/* flightdeck */ SELECT
  current_setting('server_version')::text AS version,
  extract(epoch FROM pg_postmaster_start_time())::float8 AS started,
  pg_is_in_recovery() AS standby,
  coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls,
  current_setting('max_connections')::int8 AS most,
  current_setting('superuser_reserved_connections')::int8
    + coalesce(current_setting('reserved_connections', true), '0')::int8 AS reserved,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all,
  (current_setting('default_transaction_read_only') = 'on') AS read_only,
  to_regproc('pg_catalog.aurora_replica_status') IS NOT NULL AS aurora";

/// Clients' connections by state. Who may not see other roles' sessions sees neither their state nor what they are.
pub(super) const CONNECTIONS: &str = "/* flightdeck */ SELECT
  coalesce(state, 'not shown')::text AS state,
  count(*)::int8 AS n,
  (count(*) FILTER (WHERE wait_event_type = 'Lock'))::int8 AS waiting
FROM pg_stat_activity
WHERE backend_type = 'client backend' OR (backend_type IS NULL AND datid IS NOT NULL)
GROUP BY 1 ORDER BY 2 DESC, 1";

/// Sessions at work, or with a transaction open.
pub(super) const RUNNING: &str = "/* flightdeck */ SELECT
  pid, coalesce(usename, '')::text AS who, coalesce(application_name, '')::text AS application, state::text AS state,
  extract(epoch FROM clock_timestamp() - query_start)::float8 AS statement_s,
  extract(epoch FROM clock_timestamp() - xact_start)::float8 AS transaction_s,
  (CASE WHEN state = 'active' THEN wait_event_type || ': ' || wait_event END)::text AS waits_for,
  coalesce(left(query, 8000), '')::text AS statement
FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'
ORDER BY coalesce(xact_start, query_start) LIMIT 50";

/// Sessions that wait for a lock, and for whom.
pub(super) const BLOCKED: &str = "/* flightdeck */ SELECT
  a.pid, pg_blocking_pids(a.pid) AS blockers, coalesce(a.usename, '')::text AS who,
  extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS waits_s,
  (SELECT CASE
       WHEN l.relation IS NULL THEN l.locktype
       WHEN l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) THEN l.relation::regclass::text
       ELSE 'a table of another database'
     END FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted LIMIT 1)::text AS locked,
  coalesce(left(a.query, 8000), '')::text AS statement
FROM pg_stat_activity a
WHERE a.wait_event_type = 'Lock'
ORDER BY a.query_start LIMIT 50";

/// Standbys, as this server sees them.
pub(super) const STANDBYS: &str = "/* flightdeck */ SELECT
  coalesce(nullif(application_name, ''), host(client_addr), pid::text)::text AS name,
  coalesce(state, 'not shown')::text AS state, coalesce(sync_state, '')::text AS sync,
  extract(epoch FROM replay_lag)::float8 AS lag_s,
  pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
    replay_lsn)::int8 AS lag_bytes
FROM pg_stat_replication ORDER BY 1 LIMIT 50";

/// How far a standby is behind. It is not behind where it applied all that it received and still receives.
pub(super) const BEHIND: &str = "/* flightdeck */ SELECT
  (CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END)::float8 AS behind_s
WHERE pg_is_in_recovery()";

/// Instances of an Aurora cluster that were heard of lately, and how far each is behind the one that writes. Its readers share that
/// one's storage: they receive no log, and refuse to be asked for it.
pub(super) const AURORA: &str = "/* flightdeck */ SELECT
  server_id::text AS name, replica_lag_in_msec::float8 / 1000 AS lag_s,
  coalesce(server_id = pg_catalog.aurora_db_instance_identifier(), false) AS own,
  coalesce(session_id = 'MASTER_SESSION_ID', false) AS writer
FROM pg_catalog.aurora_replica_status()
WHERE last_update_timestamp IS NULL OR last_update_timestamp > now() - interval '5 minutes'
ORDER BY 1 LIMIT 50";

/// Slots that nobody reads.
pub(super) const SLOTS: &str = "/* flightdeck */ SELECT
  slot_name::text AS name,
  pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
    restart_lsn)::int8 AS kept
FROM pg_replication_slots WHERE NOT active ORDER BY 2 DESC NULLS LAST LIMIT 20";

/// Counters of the database.
pub(super) const COUNTERS: &str = "/* flightdeck */ SELECT
  xact_commit AS commits, xact_rollback AS rollbacks, deadlocks, temp_bytes, blks_hit, blks_read,
  extract(epoch FROM stats_reset)::float8 AS since
FROM pg_stat_database WHERE datname = current_database()";

/// The database.
pub(super) const DATABASE: &str = "/* flightdeck */ SELECT
  datname::text AS name, pg_database_size(oid)::int8 AS bytes, age(datfrozenxid)::int8 AS xid_age, pg_is_in_recovery() AS standby
FROM pg_database WHERE datname = current_database()";

/// Where the extension is, quoted, and whether its times are called as they are since its version 1.8 (PostgreSQL 13).
pub(super) const EXTENSION: &str = "/* flightdeck */ SELECT
  quote_ident(n.nspname)::text AS place,
  EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          WHERE c.relnamespace = n.oid AND c.relname = 'pg_stat_statements' AND a.attname = 'mean_exec_time') AS modern
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";

/// The statements; the view's place is put in, and its columns' middle name.
pub(super) fn statements(place: &str, modern: bool) -> String {
    let time = if modern { "exec_time" } else { "time" };
    format!(
        "{MARK} SELECT coalesce(queryid, 0)::int8 AS id, coalesce(left(query, 8000), '')::text AS statement, calls::int8 AS calls,
  mean_{time}::float8 AS mean_ms, max_{time}::float8 AS max_ms, total_{time}::float8 AS total_ms, rows::int8 AS n
FROM {place}.pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%{MARK}%'
ORDER BY (query = '<insufficient privilege>'), mean_{time} DESC LIMIT 100"
    )
}

/// The largest tables; those are chosen by what the planner knows, which costs nothing, and then measured.
pub(super) const TABLES: &str = "/* flightdeck */ SELECT
  format('%s.%s', s.schemaname, s.relname) AS name,
  pg_total_relation_size(s.relid)::int8 AS bytes, pg_indexes_size(s.relid)::int8 AS index_bytes,
  n_live_tup::int8 AS live, n_dead_tup::int8 AS dead, coalesce(seq_scan, 0)::int8 AS scans, coalesce(idx_scan, 0)::int8 AS index_scans,
  extract(epoch FROM greatest(last_vacuum, last_autovacuum))::float8 AS vacuumed,
  extract(epoch FROM greatest(last_analyze, last_autoanalyze))::float8 AS analyzed
FROM (SELECT s.* FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
      ORDER BY greatest(c.relpages::int8, (s.n_live_tup + s.n_dead_tup) / 100) DESC, s.relid LIMIT 101) s
ORDER BY 2 DESC, 1";

/// The largest B-trees, with what an estimate of their bloat needs: entries, and what the planner knows of the width of their keys.
/// Statistics of a column are shown to those alone who may read it, and of an expression stand under the index's own name.
pub(super) const INDEX_SIZES: &str = r"/* flightdeck */ SELECT
  format('%s.%s', s.schemaname, s.indexrelname) AS name, format('%s.%s', s.schemaname, s.relname) AS owner,
  pg_relation_size(s.indexrelid)::int8 AS bytes, s.reltuples::float8 AS entries,
  current_setting('block_size')::int8 AS block,
  coalesce((SELECT substring(o, '[0-9]+')::int8 FROM unnest(s.reloptions) o WHERE o LIKE 'fillfactor=%'), 90)::int8 AS fill,
  k.columns, k.known, k.width, k.nullable
FROM (SELECT u.*, c.reltuples, c.reloptions FROM pg_stat_user_indexes u JOIN pg_class c ON c.oid = u.indexrelid
      JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'btree' ORDER BY c.relpages DESC, c.oid LIMIT 31) s
CROSS JOIN LATERAL (SELECT
    count(*)::int8 AS columns, count(t.avg_width)::int8 AS known, coalesce(bool_or(t.null_frac > 0), false) AS nullable,
    coalesce(sum((1 - t.null_frac) * CASE WHEN a.attlen < 0 THEN t.avg_width ELSE ceil(t.avg_width / l.n::float8) * l.n END), 0)::float8 AS width
  FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indexrelid
  CROSS JOIN LATERAL (SELECT CASE a.attalign WHEN 'd' THEN 8 WHEN 'i' THEN 4 WHEN 's' THEN 2 ELSE 1 END AS n) l
  LEFT JOIN pg_attribute o ON o.attrelid = x.indrelid AND o.attnum = x.indkey[a.attnum - 1] AND o.attnum <> 0
  LEFT JOIN pg_stats t ON t.schemaname = s.schemaname AND NOT t.inherited
    AND t.tablename = CASE WHEN o.attname IS NULL THEN s.indexrelname ELSE s.relname END
    AND t.attname = coalesce(o.attname, a.attname)
  WHERE x.indexrelid = s.indexrelid) k
ORDER BY 3 DESC, 1";

/// Indexes that nothing reads and nothing needs: neither unique nor behind a constraint.
pub(super) const UNUSED: &str = "/* flightdeck */ SELECT
  format('%s.%s', s.schemaname, s.indexrelname) AS name, format('%s.%s', s.schemaname, s.relname) AS owner,
  pg_relation_size(s.indexrelid)::int8 AS bytes
FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
WHERE s.idx_scan = 0 AND NOT i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = s.indexrelid)
  AND pg_relation_size(s.indexrelid) >= 65536
ORDER BY 3 DESC, 1 LIMIT 20";

/// Foreign keys whose columns no index begins with: each delete of what they refer to reads the whole table.
pub(super) const UNINDEXED_KEYS: &str = "/* flightdeck */ SELECT
  c.conrelid::regclass::text AS owner, c.confrelid::regclass::text AS refers,
  (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k (attnum, n)
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum)::text AS columns
FROM pg_constraint c JOIN pg_stat_user_tables s ON s.relid = c.conrelid
WHERE c.contype = 'f' AND s.n_live_tup >= 1000
  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indisvalid AND i.indpred IS NULL
                  AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)
ORDER BY s.n_live_tup DESC, 1 LIMIT 20";

/// Large tables that are read whole again and again.
pub(super) const WHOLE_READS: &str = "/* flightdeck */ SELECT
  format('%s.%s', schemaname, relname) AS owner, seq_scan::int8 AS scans, (seq_tup_read / seq_scan)::int8 AS rows_each
FROM pg_stat_user_tables
WHERE seq_scan >= 100 AND n_live_tup >= 10000 AND seq_tup_read / seq_scan >= 10000 AND seq_scan > coalesce(idx_scan, 0)
ORDER BY seq_tup_read DESC LIMIT 20";
