"""flightdeck against the real PostgreSQL and Redis, and ElastiCache as moto and ministack play it: what psql, redis-cli and boto3 made is what it shows."""

import time
import unittest

import boto3
from harness.cases import assert_worded
from harness.console import KEYS, REGION, Flightdeck
from harness.databases import MISSING, Postgres, Redis
from harness.server import Ministack, Moto, Sandbox


class Direct(unittest.TestCase):
    """A server of its own for the class, a flightdeck that asks it alone."""

    server_type = None
    section = None
    variable = None

    @classmethod
    def setUpClass(cls):
        if MISSING:
            raise unittest.SkipTest(f"not installed (Debian): {MISSING}")
        cls.server = cls.server_type().start()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.deck = Flightdeck("http://127.0.0.1:1")
        self.addCleanup(self.deck.close)
        self.deck.configure(f'[{self.section}]\nurl = "{self.server.url}"\n')
        self.deck.environment[self.variable] = self.server.password

    def refused(self, words, url=None, password=None):
        """What is said where the server lets nobody in."""
        if url:
            self.deck.configure(f'[{self.section}]\nurl = "{url}"\n')
        if password is not None:
            self.deck.environment[self.variable] = password
        answer = self.deck.run("show", self.section)
        self.assertNotEqual(answer.code, 0, str(answer))
        self.assertIn(words, answer.out + answer.err, str(answer))
        self.assertNotIn("horse", answer.out + answer.err, "a password is shown")
        return answer


class RedisItself(Direct):
    server_type, section, variable = Redis, "redis", "REDISCLI_AUTH"

    def test_what_redis_cli_made_is_what_is_shown(self):
        for n in range(8):
            self.server.cli("SET", f"quote:{n}", "opensesame")
            self.server.cli("GET", f"quote:{n}")
        self.server.cli("GET", "nothing")
        self.server.cli("GET", "nothing")
        shown = self.deck.ask("show", "redis", codes=(0, 1))
        figures = {row["figure"]: row["value"] for row in shown["figures"]}
        self.assertIn("primary", figures["server"])
        self.assertEqual(figures["hit rate"], "80.0 %")
        self.assertEqual(figures["connection"], "in the clear")
        slow = shown["slow"]
        self.assertTrue(any(row["command"] == "SET quote:* (+1)" for row in slow), slow)
        self.assertNotIn("opensesame", str(shown))

    def test_refusals_are_worded(self):
        self.refused("not accepted", password="wrong-horse")
        self.refused("nothing listens", url="redis://localhost:1")
        del self.deck.environment[self.variable]
        self.refused("wants a password", url=self.server.url)

    def test_a_password_in_the_file_is_refused_and_not_shown(self):
        self.deck.configure(f'[redis]\nurl = "redis://:secret-horse@localhost:{self.server.port}"\n')
        answer = self.deck.run("show", "redis")
        self.assertEqual(answer.code, 3, str(answer))
        assert_worded(self, answer)
        self.assertIn("without a password", answer.err)
        self.assertNotIn("secret-horse", answer.out + answer.err)


class PostgresItself(Direct):
    server_type, section, variable = Postgres, "postgres", "PGPASSWORD"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.psql("CREATE DATABASE laser", "postgres")
        cls.server.psql(
            "CREATE EXTENSION pg_stat_statements; CREATE TABLE orders (id int PRIMARY KEY, mail text);"
            "INSERT INTO orders SELECT n, 'zzsecret' FROM generate_series(1, 5000) n"
        )

    def shown(self):
        return self.deck.ask("show", "postgres", codes=(0, 1))

    def test_who_waits_for_whom_is_shown(self):
        first = self.server.session("BEGIN; UPDATE orders SET mail = 'zzone' WHERE id = 1;")
        self.addCleanup(first.kill)
        end = time.monotonic() + 20
        while not any(r["state"] == "idle in transaction" for r in self.shown()["running"]):
            self.assertLess(time.monotonic(), end)
        second = self.server.session("UPDATE orders SET mail = 'zztwo' WHERE id = 1;")
        self.addCleanup(second.kill)
        while not (blocked := (shown := self.shown())["blocked"]):
            self.assertLess(time.monotonic(), end)
        holder = next(r["pid"] for r in shown["running"] if r["state"] == "idle in transaction")
        self.assertEqual((blocked[0]["by"], blocked[0]["what"]), ([holder], "a row"))
        self.assertEqual(blocked[0]["statement"], "UPDATE orders SET mail = ? WHERE id = ?;")
        self.assertNotIn("zz", str(shown))

    def test_statements_and_sizes_are_the_servers_own(self):
        self.server.psql("SELECT pg_sleep(0.3), 'zzliteral'")
        shown = self.shown()
        slowest = shown["statements"][0]
        self.assertEqual(slowest["text"], "SELECT pg_sleep($1), $2")
        self.assertGreaterEqual(slowest["mean_ms"], 300)
        table = shown["tables"][0]
        self.assertEqual(table["name"], "public.orders")
        self.assertEqual(table["bytes"], int(self.server.psql("SELECT pg_total_relation_size('orders')")))

    def test_the_schemas_version_stands_beside_its_environment(self):
        with Sandbox() as platform:
            self.deck.environment["AWS_ENDPOINT_URL"] = platform.endpoint
            rows = lambda: {e["environment"]: e for e in self.deck.ask("show", "environments")["environments"]}
            before = rows()
            self.assertIn("no table of a migration tool", before["production"]["schema_unknown"])
            self.server.psql(
                "CREATE TABLE _prisma_migrations (id text, migration_name text, started_at timestamptz, finished_at timestamptz, rolled_back_at timestamptz);"
                "INSERT INTO _prisma_migrations VALUES ('1', '20261101_quotes', '2026-11-01', '2026-11-01', NULL), ('2', '20261102_bad', '2026-11-02', NULL, '2026-11-02')"
            )
            self.addCleanup(self.server.psql, "DROP TABLE _prisma_migrations")
            after = rows()
            (schema,) = after["production"]["schema"]
            self.assertEqual((schema["version"], schema["tool"], schema["whole"]), ("20261101_quotes", "Prisma", True))
            self.assertIsNone(after["staging"]["schema"])
            self.assertIn("database of production", after["staging"]["schema_unknown"])

    def test_refusals_are_worded(self):
        self.refused("not accepted", password="wrong-horse")
        self.deck.environment[self.variable] = self.server.password
        self.refused("no such database", url=self.server.url.replace("/laser", "/nowhere"))
        self.refused("refuses TLS", url=self.server.url + "?sslmode=require")


def caches_of(peer):
    """boto3's client of a peer's ElastiCache."""
    keys = {"aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"]}
    return boto3.client("elasticache", endpoint_url=peer.endpoint, region_name=REGION, **keys)


def make_group(caches):
    """A group that lacks nothing, but a password; as the peer describes it."""
    caches.create_replication_group(
        ReplicationGroupId="shop-redis", ReplicationGroupDescription="of the shop", Engine="redis", CacheNodeType="cache.t4g.small",
        NumCacheClusters=2, AutomaticFailoverEnabled=True, MultiAZEnabled=True, TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True, SnapshotRetentionLimit=5,
    )
    return caches.describe_replication_groups()["ReplicationGroups"][0]


class ElastiCache(unittest.TestCase):
    def started(self, peer_type):
        peer = peer_type().start()
        self.addCleanup(peer.stop)
        deck = Flightdeck(peer.endpoint)
        self.addCleanup(deck.close)
        return caches_of(peer), deck

    def test_on_moto_groups_and_lone_clusters_are_shown_and_what_is_not_told_is_said(self):
        caches, deck = self.started(Moto)
        told = make_group(caches)
        caches.create_cache_cluster(CacheClusterId="alone", Engine="memcached", CacheNodeType="cache.t4g.small", NumCacheNodes=1)
        answer = deck.ask("show", "caches", codes=(0, 1))
        shown = {c["id"]: c for c in answer["caches"]}
        group = shown["shop-redis"]
        self.assertEqual(group["about"], "of the shop")
        self.assertTrue(group["multi_az"] and group["failover"] and group["in_transit"] and group["at_rest"])
        self.assertFalse(group["auth"])
        self.assertEqual(group["retention_days"], told["SnapshotRetentionLimit"])
        self.assertEqual([n["id"] for n in group["nodes"]], sorted(told["MemberClusters"]))
        self.assertEqual((shown["alone"]["engine"], shown["alone"]["failover"]), ("memcached", False))
        # moto 5.2.5 knows no DescribeEvents: HTTP 500 with a web page.
        self.assertRegex(deck.run("show", "caches").out, "not seen: events: .*web page")

    def test_on_ministack_roles_zones_and_snapshots_are_those_of_boto3(self):
        caches, deck = self.started(Ministack)
        told = make_group(caches)
        caches.create_snapshot(ReplicationGroupId="shop-redis", SnapshotName="before-launch")
        answer = deck.ask("show", "caches", codes=(0, 1))
        members = told["NodeGroups"][0]["NodeGroupMembers"]
        expected = [(m["CacheClusterId"], m["CurrentRole"], m["PreferredAvailabilityZone"]) for m in members]
        self.assertEqual(len(expected), 2)
        self.assertEqual([(n["id"], n["role"], n["zone"]) for n in answer["nodes"]], sorted(expected))
        self.assertEqual([(s["name"], s["of"], s["automatic"]) for s in answer["snapshots"]], [("before-launch", "shop-redis", False)])


if __name__ == "__main__":
    unittest.main()
