"""`flightdeck config init` on servers that others wrote: what boto3 made there is in the file, and a run on the file sees it."""

import tomllib
import unittest

from harness.cases import PeerCase
from harness.console import Flightdeck
from harness.platform import client
from harness.server import Ministack, Moto


class Discovery:
    """What both peers can do."""

    @classmethod
    def build(cls):
        cls.platform.build()
        rds = client("rds", cls.peer.endpoint)
        rds.create_db_instance(
            DBInstanceIdentifier="shop-db", DBInstanceClass="db.t4g.medium", Engine="postgres", MasterUsername="shop",
            MasterUserPassword="secret12345", AllocatedStorage=20, DBName="orders", Tags=[{"Key": "environment", "Value": "production"}],
        )
        cls.rds = rds

    def write(self):
        """What `config init` says, and the text of its file."""
        said = self.deck.ask("config", "init")["config"]
        return said, (self.deck.home / "flightdeck.toml").read_text()

    def test_what_boto3_made_is_written_down(self):
        said, text = self.write()
        config = tomllib.loads(text)
        account = self.platform.sts.get_caller_identity()["Account"]
        self.assertEqual(config["aws"], {"region": "us-east-1", "clusters": ["shop"], "expected_account": account})
        balancer = self.platform.elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        self.assertNotIn("load_balancers", config.get("slo", {}))
        name = balancer.split("loadbalancer/")[1]
        self.assertIn(f'# load_balancers = ["{name}"]', text)
        fates = {t["what"]: (t["fate"], t["found"]) for t in said["found"]}
        self.assertEqual(fates["databases"], ("commented", ["shop-db"]))
        self.assertEqual(fates["log groups"], ("by_itself", ["/ecs/api"]))
        self.assertEqual(fates["caches"][0], "not_found")
        self.assertEqual(fates["Vercel"], ("not_found", []))

    def test_a_database_stands_behind_a_mark_until_its_password_is_there(self):
        there = self.rds.describe_db_instances()["DBInstances"][0]
        url = f"postgres://flightdeck@{there['Endpoint']['Address']}:{there['Endpoint']['Port']}/orders"
        _, text = self.write()
        self.assertIn(f'\n# url = "{url}"\n', text)
        self.assertNotIn("secret12345", text)
        self.deck.environment["PGPASSWORD"] = "hidden-horse-9"
        answer = self.deck.run("config", "init", "--force")
        self.assertEqual(answer.code, 0, str(answer))
        text = (self.deck.home / "flightdeck.toml").read_text()
        self.assertEqual(tomllib.loads(text)["postgres"], {"url": url})
        self.assertNotIn("hidden-horse-9", text + answer.out + answer.err)

    def test_a_run_on_the_file_is_right_and_sees_the_same(self):
        words = (("services", "services", "name"), ("logs", "log_groups", "group"))
        seen = lambda: [[row[key] for row in self.deck.ask(word)[rows]] for word, rows, key in words]
        before = seen()
        databases = [d["id"] for d in self.deck.ask("show", "databases")["databases"]]
        self.write()
        checked = self.deck.ask("config", "check")["config"]
        self.assertEqual((checked["ok"], checked["mistakes"]), (True, []))
        self.assertEqual(seen(), before)
        self.assertEqual([d["id"] for d in self.deck.ask("show", "databases")["databases"]], databases)


class OnMinistack(Discovery, PeerCase):
    peer_type = Ministack


class OnMoto(Discovery, PeerCase):
    peer_type = Moto


class Refused(unittest.TestCase):
    def test_keys_that_are_refused_leave_a_file_and_clear_words(self):
        peer = Moto(checks_keys=True).start()
        self.addCleanup(peer.stop)
        deck = Flightdeck(peer.endpoint)
        self.addCleanup(deck.close)
        answer = deck.run("config", "init")
        self.assertEqual((answer.code, answer.err), (0, ""), str(answer))
        self.assertIn("not everything was found", answer.out)
        config = tomllib.loads((deck.home / "flightdeck.toml").read_text())
        self.assertEqual(config["aws"], {})
        self.assertEqual(deck.run("config", "check").code, 0)
