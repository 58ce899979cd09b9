//! PostgreSQL.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flightdeck::backend::postgres::Postgres;
use flightdeck::domain::postgres::{PostgresNow, PostgresShape};
use flightdeck::domain::problem::{Problem, ProblemKind};

use crate::authority::{self, Authority};
use crate::process::{Folder, Running, User, config, free_port, http_server, line, trust};

const ADMIN: &str = "admin-horse-1";

/// Who may come in: everybody with a password, but `strict` over TLS alone.
const HBA: &str = "hostssl all strict 127.0.0.1/32 scram-sha-256\nhostnossl all strict 127.0.0.1/32 reject\n\
    host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n";

struct Server {
    running: Running,
    port: u16,
    authority: Authority,
    _folder: Folder,
}

fn program(name: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin").join(name)))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

fn run(mut command: Command) {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
}

impl Server {
    /// A new server with the role `admin` and the database `laser`.
    fn start(more: &str) -> Self {
        let user = User::of("postgres");
        let folder = Folder::of(user);
        let data = folder.path().join("data");
        user.file(&folder.path().join("password"), ADMIN);
        let mut init = user.command(program("initdb"));
        init.arg("-D")
            .arg(&data)
            .args(["-U", "admin", "-A", "scram-sha-256", "-N", "-E", "UTF8"]);
        init.arg(format!(
            "--pwfile={}",
            folder.path().join("password").display()
        ));
        init.arg("--no-instructions").current_dir(folder.path());
        run(init);
        let server = Self::serve(user, folder, more);
        server.psql("postgres", "CREATE DATABASE laser");
        server
    }

    /// A standby of a server.
    fn standby_of(primary: &Self) -> Self {
        let user = User::of("postgres");
        let folder = Folder::of(user);
        let mut copy = user.command(program("pg_basebackup"));
        copy.arg("-D").arg(folder.path().join("data"));
        copy.args(["-R", "-X", "stream", "-c", "fast", "-d"]);
        copy.arg(primary.url("admin", "postgres", "prefer") + "&application_name=standby1");
        copy.env("PGPASSWORD", ADMIN).current_dir(folder.path());
        run(copy);
        Self::serve(user, folder, "")
    }

    fn serve(user: User, folder: Folder, more: &str) -> Self {
        let authority = authority::make();
        let data = folder.path().join("data");
        user.file(&data.join("server.crt"), &authority.certificate);
        user.file(&data.join("server.key"), &authority.key);
        user.file(&data.join("pg_hba.conf"), HBA);
        let port = free_port();
        let configuration = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nssl = on\nfsync = off\n\
             shared_preload_libraries = 'pg_stat_statements'\nmax_connections = 20\nlog_line_prefix = '%a|'\n\
             log_statement = 'all'\nautovacuum = off\n{more}\n"
        );
        user.file(&data.join("postgresql.conf"), &configuration);
        let mut command = user.command(program("postgres"));
        command.arg("-D").arg(&data).current_dir(folder.path());
        let mut server = Self {
            running: Running::start(command, folder.path().join("log")),
            port,
            authority,
            _folder: folder,
        };
        server.running.until(|| {
            let mut ready = Command::new(program("pg_isready"));
            ready.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
            ready.status().unwrap().success()
        });
        server
    }

    fn url(&self, user: &str, database: &str, mode: &str) -> String {
        format!(
            "postgres://{user}@localhost:{}/{database}?sslmode={mode}",
            self.port
        )
    }

    fn psql_command(&self, database: &str) -> Command {
        let mut command = Command::new("psql");
        command.args([
            "-XqAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &self.url("admin", database, "prefer"),
        ]);
        command.env("PGPASSWORD", ADMIN).env("PGAPPNAME", "psql");
        command
    }

    /// Runs statements with psql; what it printed.
    fn psql(&self, database: &str, sql: &str) -> String {
        let mut command = self.psql_command(database);
        let done = command.args(["-c", sql]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{sql}: {said}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// A session that stays open after its statements.
    fn session(&self, sql: &str) -> Session {
        let mut child = self
            .psql_command("laser")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.as_mut().unwrap();
        writeln!(input, "{sql}").unwrap();
        Session(child)
    }

    fn client(&self, user: &str, database: &str, mode: &str, password: &str) -> Postgres {
        let trust = trust(Some(&self.authority.root));
        let url = self.url(user, database, mode);
        Postgres::new(&config(&url, Some(password)), trust, line("postgres"))
    }

    fn admin(&self) -> Postgres {
        self.client("admin", "laser", "verify-full", ADMIN)
    }

    async fn now(&self) -> PostgresNow {
        self.admin().now().await.unwrap()
    }

    async fn shape(&self) -> PostgresShape {
        self.admin().shape().await.unwrap()
    }

    /// Looks until something is seen.
    async fn until(&self, what: &str, seen: impl Fn(&PostgresNow) -> bool) -> PostgresNow {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let now = self.now().await;
            if seen(&now) {
                return now;
            }
            assert!(Instant::now() < end, "never seen: {what}: {now:?}");
        }
    }
}

struct Session(Child);

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn the_moment_is_shown_and_nothing_is_asked_that_could_change_anything() {
    let server = Server::start("");
    let now = server.now().await;
    let said = server.psql("laser", "SHOW server_version");
    assert!(said.starts_with(&now.version), "{} of {said}", now.version);
    assert!(now.tls && !now.standby);
    assert_eq!(now.address, format!("localhost:{}/laser", server.port));
    assert_eq!((now.connections.limit, now.connections.reserved), (20, 3));
    assert_eq!(
        now.connections.by_state,
        [("active".to_owned(), 1)],
        "only we are there"
    );
    assert!(now.running.is_empty() && now.blocked.is_empty());
    assert!(now.unseen.is_empty(), "{:?}", now.unseen);
    assert!(now.counters.commits > 0 && now.counters.cache_hit.unwrap() > 0.3);
    server.shape().await;
    let log = server.running.said();
    let ours: Vec<&str> = log
        .lines()
        .filter(|l| l.starts_with("flightdeck|"))
        .collect();
    let asked = ours
        .iter()
        .filter(|l| l.contains("/* flightdeck */ SELECT"))
        .count();
    assert!(asked >= 14, "{ours:#?}");
    let other = ours
        .iter()
        .find(|l| l.contains("execute") && !l.contains(": /* flightdeck */ SELECT"));
    assert_eq!(other, None);
    let session = server.psql(
        "laser",
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'flightdeck'",
    );
    assert_eq!(session, "0", "each session is closed");
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn who_waits_for_whom_is_shown_without_what_they_wrote() {
    let server = Server::start("");
    server.psql(
        "laser",
        "CREATE TABLE orders (id int PRIMARY KEY, mail text); INSERT INTO orders VALUES (1, 'a')",
    );
    let _first = server.session("BEGIN; UPDATE orders SET mail = 'zzsecret' WHERE id = 1;");
    let now = server
        .until("an open transaction", |n| {
            n.running.iter().any(|r| r.state == "idle in transaction")
        })
        .await;
    let holder = now.running[0].clone();
    assert_eq!(
        (holder.user.as_str(), holder.application.as_str()),
        ("admin", "psql")
    );
    assert_eq!(holder.statement, "UPDATE orders SET mail = ? WHERE id = ?;");
    let _second = server.session("UPDATE orders SET mail = 'zzother' WHERE id = 1;");
    server
        .until("one that waits", |n| n.blocked.len() == 1)
        .await;
    let _third = server.session("ALTER TABLE orders ADD COLUMN extra int;");
    let now = server
        .until("two that wait", |n| n.blocked.len() == 2)
        .await;
    let row = now.blocked.iter().find(|b| b.what == "a row").unwrap();
    assert_eq!(row.by, [holder.pid]);
    let table = now.blocked.iter().find(|b| b.what == "orders").unwrap();
    assert!(table.by.contains(&holder.pid), "{table:?}");
    assert!(table.waits_s.unwrap() >= 0.0 && table.waits_s.unwrap() < 20.0);
    assert_eq!(now.connections.waiting, 2);
    assert_eq!(now.connections.total(), 4);
    let waiting = now.running.iter().find(|r| r.pid == row.pid).unwrap();
    assert_eq!(waiting.waits_for.as_deref(), Some("Lock: transactionid"));
    assert!(!format!("{now:?}").contains("zz"), "{now:?}");
    // A table that a migration holds must not hold us: its size is left out, and said to be.
    drop(_second);
    drop(_third);
    drop(_first);
    let _migration = server.session("BEGIN; LOCK TABLE orders;");
    server
        .until("the migration", |n| {
            n.running.iter().any(|r| r.statement.contains("LOCK"))
        })
        .await;
    let shape = server.shape().await;
    assert!(
        shape
            .unseen
            .iter()
            .any(|u| u.contains("sizes of tables") && u.contains("locked")),
        "{:?}",
        shape.unseen
    );
    assert!(shape.bytes.unwrap() > 1_000_000);
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn slow_statements_are_known_where_the_extension_is() {
    let server = Server::start("");
    let why = server.shape().await.statements.unwrap_err();
    assert!(why.contains("CREATE EXTENSION"), "{why}");
    // In a schema of its own, with a name that needs quotes.
    server.psql(
        "laser",
        "CREATE SCHEMA \"My Stats\"; CREATE EXTENSION pg_stat_statements SCHEMA \"My Stats\"",
    );
    for _ in 0..3 {
        server.psql("laser", "SELECT pg_sleep(0.2), 'zzsecret'");
    }
    server.psql("laser", "CREATE ROLE app LOGIN PASSWORD 'zzpassword'");
    let shape = server.shape().await;
    let all = shape.statements.as_ref().unwrap();
    let slow = &all[0];
    assert_eq!(
        (slow.text.as_str(), slow.calls),
        ("SELECT pg_sleep($1), $2", 3)
    );
    assert!(slow.mean_ms >= 200.0 && slow.max_ms >= slow.mean_ms && slow.total_ms >= 600.0);
    assert!(slow.id != 0);
    assert_eq!(shape.over(150.0).unwrap().len(), 1);
    assert!(shape.over(60_000.0).unwrap().is_empty());
    assert!(
        all.iter()
            .any(|s| s.text == "CREATE ROLE app LOGIN PASSWORD ?"),
        "{all:#?}"
    );
    assert!(
        !all.iter().any(|s| s.text.contains("pg_stat_statements s")),
        "our own are left out"
    );
    assert!(!format!("{all:?}").contains("zz"));
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn tables_and_indexes_are_measured_as_the_server_measures_them() {
    let server = Server::start("");
    server.psql(
        "laser",
        "CREATE TABLE customers (id int PRIMARY KEY, name text);
         CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, note text);
         CREATE INDEX orders_note ON orders (note);
         INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 2000) n;
         INSERT INTO orders SELECT n, n % 2000 + 1, repeat('x', 50) || n FROM generate_series(1, 20000) n;",
    );
    server.psql("laser", "DELETE FROM orders WHERE id % 4 = 0");
    server.psql("laser", "VACUUM ANALYZE customers");
    for _ in 0..101 {
        server.psql("laser", "SELECT count(*) FROM orders");
    }
    server.psql("laser", "SELECT pg_stat_force_next_flush()");
    let end = Instant::now() + Duration::from_secs(10);
    let shape = loop {
        let shape = server.shape().await;
        let scans = shape.tables.iter().find(|t| t.name == "public.orders");
        if scans.is_some_and(|t| t.dead == 5_000 && t.scans >= 101) {
            break shape;
        }
        assert!(Instant::now() < end, "{shape:#?}");
    };
    assert_eq!((shape.database.as_str(), shape.tables.len()), ("laser", 2));
    let orders = &shape.tables[0];
    let size = |sql: &str| server.psql("laser", sql).parse::<i64>().unwrap();
    assert_eq!(
        orders.bytes,
        size("SELECT pg_total_relation_size('orders')")
    );
    assert_eq!(orders.index_bytes, size("SELECT pg_indexes_size('orders')"));
    assert_eq!(
        shape.bytes.unwrap(),
        size("SELECT pg_database_size('laser')")
    );
    assert_eq!((orders.rows, orders.dead_share()), (15_000, Some(0.25)));
    assert_eq!(orders.vacuumed, None);
    let customers = &shape.tables[1];
    assert!(customers.vacuumed.is_some() && customers.analyzed.is_some());
    let unused: Vec<&str> = shape.unused.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(
        unused,
        ["public.orders_note"],
        "primary keys are needed, read or not"
    );
    let missing: Vec<(&str, &str)> = shape
        .missing
        .iter()
        .map(|m| (m.table.as_str(), m.columns.as_str()))
        .collect();
    assert_eq!(
        missing,
        [("orders", "customer"), ("public.orders", "")],
        "{:?}",
        shape.missing
    );
    server.psql("laser", "CREATE INDEX ON orders (customer, note)");
    let shape = server.shape().await;
    assert!(
        !shape.missing.iter().any(|m| m.columns == "customer"),
        "an index begins with it"
    );
}

/// The share of an index that a new one would not take, as it is estimated.
async fn bloat(client: &Postgres, name: &str) -> Option<f64> {
    let shape = client.shape().await.unwrap();
    let mut all = shape.index_sizes.iter();
    let index = all
        .find(|i| i.name == name)
        .unwrap_or_else(|| panic!("{shape:#?}"));
    index.bloat_share()
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn an_index_whose_entries_went_is_bloated_until_it_is_made_anew() {
    let server = Server::start("");
    server.psql(
        "laser",
        "CREATE TABLE orders (id bigint PRIMARY KEY, customer int, note text, paid timestamptz);
         INSERT INTO orders SELECT n, n % 1000, 'note ' || n, now() + n * interval '1s'
           FROM generate_series(1, 200000) n;
         CREATE INDEX orders_note ON orders (note, id); CREATE INDEX orders_upper ON orders (upper(note));
         CREATE INDEX orders_paid ON orders (paid) WITH (fillfactor = 70);",
    );
    let client = server.admin();
    let names = ["orders_pkey", "orders_note", "orders_upper", "orders_paid"]
        .map(|n| format!("public.{n}"));
    for name in &names {
        assert_eq!(
            bloat(&client, name).await,
            None,
            "nothing is known of {name} before an ANALYZE"
        );
    }
    server.psql("laser", "VACUUM ANALYZE orders");
    for name in &names {
        let share = bloat(&client, name).await.unwrap();
        assert!(share < 0.15, "{name} is new: {share}");
    }
    server.psql("laser", "DELETE FROM orders WHERE id % 5 <> 0");
    server.psql("laser", "VACUUM ANALYZE orders");
    for name in &names {
        let share = bloat(&client, name).await.unwrap();
        assert!(share > 0.65, "four of five entries of {name} went: {share}");
    }
    server.psql("laser", "REINDEX TABLE orders");
    server.psql("laser", "ANALYZE orders");
    for name in &names {
        let share = bloat(&client, name).await.unwrap();
        assert!(share < 0.2, "{name} was made anew: {share}");
    }
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn the_newest_migration_is_the_schemas_version_where_the_role_may_read_it() {
    let server = Server::start("");
    let why = server.shape().await.schema.unwrap_err();
    assert!(why.contains("no table of a migration tool"), "{why}");
    server.psql(
        "laser",
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
         INSERT INTO schema_migrations VALUES (9, false), (10, false);
         CREATE SCHEMA jobs;
         CREATE TABLE jobs.knex_migrations (id serial, name text, batch int, migration_time timestamptz);
         INSERT INTO jobs.knex_migrations (name, batch, migration_time) VALUES
           ('20260101_b.js', 1, '2026-01-02T03:04:05Z'), ('20260101_a.js', 2, '2026-02-02T03:04:05Z');
         CREATE TABLE alembic_version (what int); CREATE TABLE pgmigrations (id int, name text, run_on timestamp)",
    );
    let found = server.shape().await.schema.unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|s| {
            (
                s.table.as_str(),
                s.tool.as_str(),
                s.version.as_deref(),
                s.whole,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("public.pgmigrations", "node-pg-migrate", None, true),
            (
                "public.schema_migrations",
                "golang-migrate",
                Some("10"),
                true
            ),
            ("jobs.knex_migrations", "Knex", Some("20260101_a.js"), true),
        ]
    );
    assert_eq!(found[2].at, Some("2026-02-02T03:04:05Z".parse().unwrap()));
    server.psql(
        "laser",
        "UPDATE schema_migrations SET dirty = true WHERE version = 10",
    );
    assert!(!server.shape().await.schema.unwrap()[1].whole);
    server.psql(
        "laser",
        "CREATE ROLE watcher LOGIN PASSWORD 'w-horse'; GRANT pg_monitor TO watcher",
    );
    let watcher = server.client("watcher", "laser", "verify-full", "w-horse");
    let why = watcher.shape().await.unwrap().schema.unwrap_err();
    assert!(
        why.contains("may not read") && why.contains("GRANT SELECT"),
        "{why}"
    );
    server.psql("laser", "GRANT SELECT ON schema_migrations TO watcher");
    let found = watcher.shape().await.unwrap().schema.unwrap();
    assert_eq!(found[0].version.as_deref(), Some("10"));
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn a_role_that_may_see_little_is_shown_little_and_told_why() {
    let server = Server::start("");
    server.psql("laser", "CREATE EXTENSION pg_stat_statements");
    server.psql(
        "laser",
        "CREATE ROLE watcher LOGIN PASSWORD 'w-horse'; SELECT pg_sleep(0.01)",
    );
    let _work = server.session("SELECT pg_sleep(60);");
    server
        .until("a statement at work", |n| n.running.len() == 1)
        .await;
    let watcher = server.client("watcher", "laser", "verify-full", "w-horse");
    let now = watcher.now().await.unwrap();
    assert!(now.running.is_empty());
    assert!(
        now.unseen.iter().any(|u| u.contains("pg_monitor")),
        "{:?}",
        now.unseen
    );
    assert_eq!(now.connections.total(), 2, "{:?}", now.connections);
    let why = watcher.shape().await.unwrap().statements.unwrap_err();
    assert!(why.contains("pg_read_all_stats"), "{why}");
    server.psql("laser", "GRANT pg_monitor TO watcher");
    let now = watcher.now().await.unwrap();
    assert_eq!((now.running.len(), now.unseen.len()), (1, 0));
    assert!(now.running[0].statement.starts_with("SELECT pg_sleep(?)"));
    assert!(watcher.shape().await.unwrap().statements.is_ok());
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn what_is_wrong_is_said_in_words() {
    let server = Server::start("");
    server.psql("laser", "CREATE ROLE strict LOGIN PASSWORD 's-horse'; CREATE ROLE one LOGIN PASSWORD 'o-horse' CONNECTION LIMIT 0");
    let refused = async |user: &str, database: &str, mode: &str, password: &str| {
        let client = server.client(user, database, mode, password);
        said(client.now().await.unwrap_err())
    };
    let (kind, why) = refused("admin", "laser", "verify-full", "wrong-horse").await;
    assert_eq!(kind, ProblemKind::BadCredentials, "{why}");
    let (kind, why) = refused("admin", "nowhere", "verify-full", ADMIN).await;
    assert_eq!(kind, ProblemKind::NotFound);
    assert!(why.contains("nowhere"), "{why}");
    let (kind, why) = refused("strict", "laser", "disable", "s-horse").await;
    assert_eq!(kind, ProblemKind::Denied);
    assert!(why.contains("without TLS"), "{why}");
    let (kind, why) = refused("one", "laser", "verify-full", "o-horse").await;
    assert_eq!(kind, ProblemKind::Vendor);
    assert!(why.contains("connections"), "{why}");
    let stranger = Postgres::new(
        &config(&server.url("admin", "laser", "verify-full"), Some(ADMIN)),
        trust(None),
        line("postgres"),
    );
    let (kind, why) = said(stranger.now().await.unwrap_err());
    assert_eq!(kind, ProblemKind::Unreachable);
    assert!(why.contains("certificate is not trusted"), "{why}");
    let url = server
        .url("admin", "laser", "verify-full")
        .replace("localhost", "127.0.0.1");
    let other = Postgres::new(
        &config(&url, Some(ADMIN)),
        trust(Some(&server.authority.root)),
        line("postgres"),
    );
    let (_, why) = said(other.now().await.unwrap_err());
    assert!(why.contains("another host"), "{why}");
    for (port, kind, words) in [
        (free_port(), ProblemKind::Unreachable, "nothing listens"),
        (
            http_server().await,
            ProblemKind::Malformed,
            "cannot be read",
        ),
    ] {
        let url = format!("postgres://admin@localhost:{port}/laser?sslmode=require");
        let client = Postgres::new(&config(&url, Some(ADMIN)), trust(None), line("postgres"));
        let problem = said(client.now().await.unwrap_err());
        assert_eq!(problem.0, kind, "{problem:?}");
        assert!(problem.1.contains(words), "{problem:?}");
    }
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn a_server_without_tls_is_refused_unless_the_url_allows_it() {
    let server = Server::start("ssl = off");
    let (kind, why) = said(server.admin().now().await.unwrap_err());
    assert_eq!(kind, ProblemKind::Unreachable);
    assert!(why.contains("refuses TLS"), "{why}");
    let now = server
        .client("admin", "laser", "disable", ADMIN)
        .now()
        .await
        .unwrap();
    assert!(!now.tls);
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn a_standby_and_its_primary_tell_the_lag_from_both_ends() {
    let primary = Server::start("");
    let standby = Server::standby_of(&primary);
    let now = primary
        .until("a standby that has everything", |n| {
            n.replication
                .standbys
                .iter()
                .any(|s| s.lag_bytes == Some(0))
        })
        .await;
    let seen = &now.replication.standbys[0];
    assert_eq!(
        (seen.name.as_str(), seen.state.as_str(), seen.sync.as_str()),
        ("standby1", "streaming", "async")
    );
    assert!(seen.lag_s.is_some());
    let there = standby
        .until("it follows", |n| n.replication.behind_s == Some(0.0))
        .await;
    assert!(there.standby);
    // Replay is held, and the log goes on.
    primary.psql("laser", "CREATE TABLE replayed ()");
    standby
        .until("it follows", |n| n.replication.behind_s == Some(0.0))
        .await;
    standby.psql("laser", "SELECT pg_wal_replay_pause()");
    primary.psql(
        "laser",
        "CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 2000)",
    );
    primary
        .until("the standby falls behind", |n| {
            n.replication
                .standbys
                .iter()
                .any(|s| s.lag_bytes > Some(1_000_000))
        })
        .await;
    standby
        .until("it says so, too", |n| n.replication.behind_s > Some(0.0))
        .await;
    let shape = standby.shape().await;
    assert!(
        shape.unseen.iter().any(|u| u.contains("standby")),
        "{:?}",
        shape.unseen
    );
    primary.psql(
        "postgres",
        "SELECT pg_create_physical_replication_slot('forgotten', true)",
    );
    let now = primary.now().await;
    let (name, kept) = &now.replication.idle_slots[0];
    assert_eq!(name, "forgotten");
    assert!(kept.is_some());
}

/// Kind and reason; what a person is told never holds a password, and says what to do.
fn said(problem: Problem) -> (ProblemKind, String) {
    assert_eq!(problem.system, "postgres");
    assert!(!format!("{problem:?}").contains("horse"), "{problem:?}");
    assert!(!problem.fix.is_empty());
    (problem.kind, problem.why)
}

/// Aurora's own functions as the vendor documents them; `status` is the body of the one that tells of instances.
fn aurora(status: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION pg_catalog.aurora_db_instance_identifier() RETURNS text LANGUAGE sql STABLE AS
           $$ SELECT CASE WHEN pg_is_in_recovery() THEN 'shop-2' ELSE 'shop-1' END $$;
         CREATE OR REPLACE FUNCTION pg_catalog.aurora_replica_status(OUT server_id text, OUT session_id text,
           OUT replica_lag_in_msec float8, OUT last_update_timestamp timestamptz) RETURNS SETOF record {status}"
    )
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn readers_of_aurora_tell_their_lag_by_aurora_s_own_functions() {
    let primary = Server::start("");
    let status =
        "LANGUAGE sql STABLE AS $$ VALUES ('shop-1', 'MASTER_SESSION_ID', NULL::float8, now()),
        ('shop-2', '3f2a', 18.5, NULL), ('shop-3', '9b01', 21, now() - interval '1 hour') $$";
    primary.psql("laser", &aurora(status));
    let reader = Server::standby_of(&primary);
    let seen = reader.now().await;
    assert!(seen.standby);
    assert_eq!(seen.replication.behind_s, Some(0.0185));
    assert_eq!(seen.replication.behind_unseen, None);
    assert!(
        seen.replication.standbys.is_empty(),
        "its siblings are none of its own"
    );
    let asked = reader.running.said();
    assert!(
        !asked.contains("pg_last_wal_receive_lsn"),
        "Aurora refuses that"
    );
    let seen = primary.now().await;
    let found = seen
        .replication
        .standbys
        .iter()
        .find(|s| s.name == "shop-2");
    let found = found.unwrap();
    assert!(found.follows() && found.lag_s == Some(0.0185), "{found:?}");
    assert!(!seen.replication.standbys.iter().any(|s| s.name == "shop-1"));
    assert!(
        !seen.replication.standbys.iter().any(|s| s.name == "shop-3"),
        "gone for an hour"
    );
    // What a server says that it does not offer is not asked again in each round.
    let refused = "LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE EXCEPTION 'currently not supported' USING ERRCODE = '0A000'; END $$";
    primary.psql("laser", &aurora(refused));
    let client = reader.admin();
    let end = Instant::now() + Duration::from_secs(20);
    let why = loop {
        let seen = client.now().await.unwrap();
        assert_eq!(
            seen.unseen.len(),
            usize::from(seen.replication.behind_unseen.is_some())
        );
        if let Some(why) = seen.replication.behind_unseen {
            break why;
        }
        assert!(Instant::now() < end, "it never came to the reader");
    };
    assert_eq!(why, "this server does not offer it");
    let errors = || {
        reader
            .running
            .said()
            .matches("currently not supported")
            .count()
    };
    let first = errors();
    assert!(first >= 1);
    let again = client.now().await.unwrap();
    assert_eq!(again.replication.behind_unseen, Some(why));
    assert_eq!(errors(), first, "no further ERROR in the server's log");
}

/// A pooler that leaves out what it does not know of a session's start, as PgBouncer does with `ignore_startup_parameters = options`.
async fn pooler(to: u16) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let length = client.read_u32().await.unwrap() as usize;
                let mut start = vec![0; length - 4];
                client.read_exact(&mut start).await.unwrap();
                let (version, pairs) = start.split_at(4);
                let words: Vec<&[u8]> = pairs.split(|b| *b == 0).collect();
                let mut kept = version.to_vec();
                for pair in words.chunks(2).filter(|p| p.len() == 2 && !p[0].is_empty()) {
                    if pair[0] != b"options" {
                        kept.extend([pair[0], b"\0", pair[1], b"\0"].concat());
                    }
                }
                kept.push(0);
                let mut server = tokio::net::TcpStream::connect(("127.0.0.1", to))
                    .await
                    .unwrap();
                server.write_u32(kept.len() as u32 + 4).await.unwrap();
                server.write_all(&kept).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}

#[tokio::test]
#[ignore = "needs postgres"]
async fn a_session_that_a_pooler_opened_in_another_way_is_told_as_such() {
    let server = Server::start("");
    assert!(server.now().await.guarded);
    let url = format!(
        "postgres://admin@127.0.0.1:{}/laser?sslmode=disable",
        pooler(server.port).await
    );
    let client = Postgres::new(&config(&url, Some(ADMIN)), trust(None), line("postgres"));
    let seen = client.now().await.unwrap();
    assert!(!seen.guarded, "it is not read-only, and that is said");
}
