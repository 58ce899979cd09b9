"""psycopg and psql against the sandbox's PostgreSQL: TLS, signing in, what its statistics tell, in both formats. Reads FLIGHTDECK_SANDBOX_FACTS.

The questions are flightdeck's own, read from its source; a real PostgreSQL, where it is installed, says which columns of which types
they have."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import psycopg
from harness.databases import MISSING, Postgres

FACTS = json.loads(os.environ["FLIGHTDECK_SANDBOX_FACTS"])["postgres"]
CA = json.loads(os.environ["FLIGHTDECK_SANDBOX_FACTS"])["ca_pem"]
SOURCE = Path(__file__).resolve().parents[2] / "src" / "backend" / "postgres" / "sql.rs"
#: The questions by name.
QUESTIONS = dict(re.findall(r'const ([A-Z_]+): &str = "(/\* flightdeck \*/ SELECT.*?)";', SOURCE.read_text(), re.DOTALL))
#: That of the statements is put together at run time.
# Of a function that Aurora alone has: neither the sandbox nor the real server knows it, and it is not asked there.
del QUESTIONS["AURORA"]
QUESTIONS["STATEMENTS"] = (
    re.search(r'format!\(\s*"(\{MARK\} SELECT.*?)"\s*\)', SOURCE.read_text(), re.DOTALL)
    .group(1)
    .replace("{MARK}", "/* flightdeck */")
    .replace("{time}", "exec_time")
    .replace("{place}", "public")
)


class Judged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        root = tempfile.NamedTemporaryFile("w", suffix=".pem")
        cls.addClassCleanup(root.close)
        root.write(CA)
        root.flush()
        cls.root = root.name

    def connect(self, password=FACTS["password"], **more):
        return psycopg.connect(FACTS["url"], password=password, sslrootcert=self.root, connect_timeout=10, **{"autocommit": True, **more})


class Statistics(Judged):
    def test_every_question_is_answered_alike_as_text_and_in_binary(self):
        with self.connect() as session:
            for name, sql in QUESTIONS.items():
                with self.subTest(name), session.cursor() as text, session.cursor(binary=True) as binary:
                    text.execute(sql)
                    binary.execute(sql)
                    told = [[(c.name, c.type_code) for c in cursor.description] for cursor in (text, binary)]
                    self.assertEqual(*told)
                    types = [[[type(v) for v in row] for row in cursor.fetchall()] for cursor in (text, binary)]
                    self.assertEqual(*types)
                    self.assertTrue(types[0] or name in ("BLOCKED", "RUNNING", "BEHIND", "SLOTS", "WHOLE_READS"), name)

    @unittest.skipIf(MISSING, f"not installed (Debian): {MISSING}")
    def test_columns_and_types_are_those_of_the_real_server(self):
        real = Postgres().start()
        self.addCleanup(real.stop)
        real.psql("CREATE DATABASE laser", "postgres")
        real.psql("CREATE EXTENSION pg_stat_statements")
        with self.connect() as ours, psycopg.connect(real.url, password=real.password, autocommit=True) as theirs:
            for name, sql in QUESTIONS.items():
                with self.subTest(name):
                    shapes = [[(c.name, c.type_code) for c in session.execute(sql).description] for session in (ours, theirs)]
                    self.assertEqual(*shapes)

    def test_a_prepared_statement_and_a_transaction_go_their_way(self):
        with self.connect(autocommit=False) as session:
            for _ in range(7):
                (rows,) = session.execute("SELECT 1", prepare=True).fetchall()
                self.assertEqual(rows, (1,))
            self.assertEqual(session.info.transaction_status, psycopg.pq.TransactionStatus.INTRANS)
            with self.assertRaises(psycopg.errors.FeatureNotSupported):
                session.execute("SELECT * FROM customers")
            with self.assertRaises(psycopg.errors.InFailedSqlTransaction):
                session.execute("SELECT 1")
            session.rollback()
            self.assertEqual(session.execute("SHOW server_version").fetchone(), ("15.7",))
            self.assertEqual(session.info.server_version, 150007)

    def test_refusals_are_those_of_postgresql(self):
        with self.connect() as session:
            for sql, error in (
                ("SELEC 1", psycopg.errors.SyntaxError),
                ("SELECT id FROM customers", psycopg.errors.FeatureNotSupported),
                ("DROP TABLE quotes", psycopg.errors.ReadOnlySqlTransaction),
                ("SELECT nothing FROM pg_stat_replication", psycopg.errors.UndefinedColumn),
                ("SHOW nothing", psycopg.errors.UndefinedObject),
            ):
                with self.subTest(sql), self.assertRaises(error):
                    session.execute(sql)
            self.assertEqual(session.execute("SELECT 1").fetchone(), (1,), "the session goes on")

    def test_the_databases_are_those_of_two_environments(self):
        newest = "SELECT migration_name::text AS version, extract(epoch FROM finished_at)::float8 AS at FROM public._prisma_migrations LIMIT 1"
        found = {}
        for database in FACTS["databases"]:
            with self.connect(dbname=database) as session:
                found[database] = session.execute(newest).fetchone()
        self.assertEqual(list(found), ["laser", "laser_staging"])
        self.assertLess(found["laser"], found["laser_staging"])


class Strangers(Judged):
    def refused(self, words, **more):
        with self.assertRaises(psycopg.OperationalError) as caught:
            self.connect(**more)
        self.assertIn(words, str(caught.exception))

    def test_strangers_are_refused_as_postgresql_does(self):
        self.refused("password authentication failed", password="wrong")
        self.refused("password authentication failed", user="postgres")
        self.refused('database "customers" does not exist', dbname="customers")
        self.refused("no encryption", sslmode="disable")

    def test_another_authority_does_not_vouch_for_it(self):
        with self.assertRaises(psycopg.OperationalError) as caught:
            psycopg.connect(FACTS["url"], password=FACTS["password"], sslrootcert="system", connect_timeout=10)
        self.assertIn("certificate", str(caught.exception))


class CommandLine(Judged):
    @unittest.skipUnless(shutil.which("psql"), "psql is not installed (Debian: postgresql-client)")
    def test_the_vendors_command_line_reads_it(self):
        keys = {**os.environ, "PGPASSWORD": FACTS["password"], "PGSSLROOTCERT": self.root}
        told = subprocess.run(["psql", FACTS["url"], "-XAt", "-c", QUESTIONS["SERVER"]], capture_output=True, text=True, timeout=30, env=keys)
        self.assertRegex(told.stdout, r"^15\.7\|\d+\.?\d*\|f\|t\|200\|3\|t\|t\|f\n$", told.stderr)


if __name__ == "__main__":
    unittest.main()
