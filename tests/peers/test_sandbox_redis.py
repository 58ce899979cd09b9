"""redis-py and redis-cli against the sandbox's Redis: TLS, signing in, what it tells of itself. Reads FLIGHTDECK_SANDBOX_FACTS."""
import json, os, shutil, ssl, subprocess, tempfile, time, unittest
from urllib.parse import urlsplit

import redis

FACTS = json.loads(os.environ["FLIGHTDECK_SANDBOX_FACTS"])
PORT = urlsplit(FACTS["redis"]["url"]).port
PASSWORD = FACTS["redis"]["password"]


def client(password=PASSWORD, protocol=3, **more):
    return redis.Redis(
        host="localhost", port=PORT, password=password, ssl=True, ssl_ca_data=FACTS["ca_pem"], protocol=protocol,
        decode_responses=True, socket_timeout=10, **more,
    )


class Cache(unittest.TestCase):
    def test_it_tells_of_itself_in_both_versions_of_the_protocol(self):
        for protocol in (2, 3):
            with self.subTest(protocol=protocol), client(protocol=protocol) as cache:
                self.assertTrue(cache.ping())
                told = cache.info()
                self.assertEqual((told["redis_version"], told["role"]), ("7.1.0", "master"))
                self.assertEqual(told["slave0"]["state"], "online")
                self.assertGreater(told["maxmemory"], told["used_memory"])
                ratio = told["keyspace_hits"] / (told["keyspace_hits"] + told["keyspace_misses"])
                self.assertTrue(0.92 < ratio < 0.96, ratio)
                self.assertEqual(cache.dbsize(), told["db0"]["keys"])
                self.assertEqual(set(cache.info("memory")), {k for k in told if "memory" in k} | {"mem_fragmentation_ratio"})
                self.assertEqual(cache.role()[0], "master")

    def test_it_lives(self):
        with client() as cache:
            before = cache.info("stats")["keyspace_hits"]
            time.sleep(1.2)
            self.assertGreater(cache.info("stats")["keyspace_hits"], before + 100)

    def test_slow_commands_come_with_their_clients(self):
        with client() as cache:
            slow = cache.slowlog_get(5)
            self.assertEqual(len(slow), 5)
            self.assertEqual([s["start_time"] for s in slow], sorted((s["start_time"] for s in slow), reverse=True))
            self.assertTrue(any(s["command"].startswith(b"KEYS ") and s["duration"] > 100_000 for s in slow), slow)
            self.assertEqual({s["client_name"] for s in cache.slowlog_get(9)}, {b"worker", b"api", b"calculator"})
            self.assertGreaterEqual(cache.slowlog_len(), 9)
        with client() as cache:
            self.assertTrue(cache.slowlog_reset())
            self.assertEqual(cache.slowlog_get(), [])

    def test_strangers_are_refused_as_redis_does(self):
        with client(password="wrong") as cache, self.assertRaises(redis.exceptions.AuthenticationError):
            cache.ping()
        with client(password=None) as cache, self.assertRaises(redis.exceptions.AuthenticationError):
            cache.ping()
        with redis.Redis(host="localhost", port=PORT, ssl=True, password=PASSWORD) as cache:
            with self.assertRaises((redis.exceptions.ConnectionError, ssl.SSLError)):
                cache.ping()
        with redis.Redis(host="localhost", port=PORT, password=PASSWORD, socket_timeout=5) as cache:
            with self.assertRaises(redis.exceptions.ConnectionError):
                cache.ping()

    def test_refusals_are_those_of_redis(self):
        with client() as cache:
            for words, said in (
                (("SELECT", "99"), "out of range"),
                (("CONFIG", "GET", "maxmemory"), "unknown command"),
                (("GET", "session:1"), "no permissions"),
                (("PING", "a", "b"), "wrong number of arguments"),
            ):
                with self.subTest(words=words), self.assertRaisesRegex(redis.exceptions.ResponseError, said):
                    cache.execute_command(*words)
            self.assertEqual(cache.execute_command("ECHO", "still here"), "still here")

    def test_questions_may_come_many_at_once(self):
        with client() as cache, cache.pipeline(transaction=False) as pipe:
            for n in range(50):
                pipe.echo(f"n{n}")
            self.assertEqual(pipe.execute(), [f"n{n}" for n in range(50)])

    @unittest.skipUnless(shutil.which("redis-cli"), "redis-cli is not installed (Debian: redis-tools)")
    def test_the_vendors_command_line_reads_it(self):
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as root:
            root.write(FACTS["ca_pem"])
            root.flush()
            words = ["redis-cli", "-h", "localhost", "-p", str(PORT), "--tls", "--cacert", root.name]
            keys = {**os.environ, "REDISCLI_AUTH": PASSWORD}
            said = subprocess.run([*words, "INFO", "replication"], capture_output=True, text=True, timeout=20, env=keys)
            self.assertIn("role:master", said.stdout, said.stderr)
            said = subprocess.run([*words, "PING"], capture_output=True, text=True, timeout=20)
            self.assertIn("NOAUTH", said.stdout + said.stderr)


if __name__ == "__main__":
    unittest.main()
