"""What flightdeck changes on ministack, read back with boto3; and what it must not change."""

import json
import sqlite3

from harness.cases import PeerCase, assert_worded, secret_in
from harness.counting import Counting
from harness.platform import Platform
from harness.server import Ministack


class Changing(PeerCase):
    """A peer and a platform of its own for every test, because every test changes it."""

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        self.peer = Ministack().start()
        self.addCleanup(self.peer.stop)
        self.platform = Platform(self.peer.endpoint).build()
        # As many as any test scales to: without healthy targets an action does not verify.
        self.platform.targets(5)
        super().setUp()

    def does(self, *words):
        answer = self.deck.run(*words)
        self.assertEqual(answer.code, 0, str(answer))
        return answer


class Actions(Changing):
    def test_deploy_registers_the_image_and_moves_the_service(self):
        image = f"{self.platform.image}:1.1.0"
        self.does("deploy", "api", "--image", image, "--yes")
        self.assertEqual(self.platform.running_image(), image)
        self.assertTrue(self.platform.now()["taskDefinition"].endswith("api:2"))
        definition = self.platform.ecs.describe_task_definition(taskDefinition="api:2")["taskDefinition"]
        before = self.platform.ecs.describe_task_definition(taskDefinition="api:1")["taskDefinition"]
        kept = ("cpu", "memory", "networkMode", "requiresCompatibilities", "family")
        self.assertEqual([definition.get(k) for k in kept], [before.get(k) for k in kept])
        (new,), (old,) = definition["containerDefinitions"], before["containerDefinitions"]
        self.assertEqual({**new, "image": old["image"]}, old, "nothing but the image may differ")

    def test_deploy_takes_a_tag_alone(self):
        self.does("deploy", "api", "--image", "1.2.0", "--yes")
        self.assertEqual(self.platform.running_image(), f"{self.platform.image}:1.2.0")

    def test_rollback_goes_to_the_revision_before(self):
        self.does("deploy", "api", "--image", "1.1.0", "--yes")
        self.does("rollback", "api", "--yes")
        self.assertTrue(self.platform.now()["taskDefinition"].endswith("api:1"))
        self.assertEqual(self.platform.running_image(), f"{self.platform.image}:1.0.0")
        self.assertEqual(len(self.platform.revisions()), 2, "a rollback registers nothing")

    def test_rollback_goes_to_any_revision(self):
        for tag in ("1.1.0", "1.2.0"):
            self.does("deploy", "api", "--image", tag, "--yes")
            self.assertEqual(self.platform.running_image(), f"{self.platform.image}:{tag}")
        self.does("rollback", "api", "--to", "1", "--yes")
        self.assertEqual(self.platform.running_image(), f"{self.platform.image}:1.0.0")

    def test_scale_changes_the_desired_count_alone(self):
        before = self.platform.now()
        self.does("scale", "api", "5", "--yes")
        after = self.platform.now()
        self.assertEqual((after["desiredCount"], after["runningCount"]), (5, 5))
        self.assertEqual(after["taskDefinition"], before["taskDefinition"])

    def test_restart_makes_a_new_deployment_of_the_same_revision(self):
        before = self.platform.now()
        self.does("restart", "api", "--yes")
        after = self.platform.now()
        self.assertNotEqual(after["deployments"][0]["id"], before["deployments"][0]["id"])
        self.assertEqual(after["taskDefinition"], before["taskDefinition"])
        self.assertEqual(len(self.platform.revisions()), 1)

    def test_stop_of_a_running_deployment(self):
        self.gap("roll-outs are instant and StopServiceDeployment is unknown (the sandbox's tests stop one)")

    #: One of each action, as words.
    VERBS = (
        ("deploy", "api", "--image", "2.0.0"), ("rollback", "api", "--to", "2"), ("scale", "api", "4"), ("restart", "api"), ("stop", "api"),
    )

    def test_preview_and_read_only_send_no_request_that_changes_anything(self):
        self.platform.register("1.1.0")
        counting = Counting(self.peer.port)
        self.addCleanup(counting.close)
        self.deck.environment["AWS_ENDPOINT_URL"] = counting.endpoint
        for verb in self.VERBS:
            self.deck.run(*verb, "--preview")
            self.deck.run("--read-only", *verb, "--yes")
            self.deck.run("--read-only", *verb, "--preview")
            self.assertEqual(counting.changing(), [], verb)
        self.assertGreater(counting.total(), 10, "the proxy saw nothing: it would prove nothing")
        self.does("scale", "api", "4", "--yes")
        self.assertEqual(counting.changing(), ["updateservice"], "the proxy sees what changes something")

    def test_preview_changes_nothing(self):
        self.platform.register("1.1.0")
        before = self.platform.state()
        for words in (v for v in self.VERBS if v[0] != "stop"):
            shown = self.does(*words, "--preview")
            self.assertTrue(shown.out.strip(), str(shown))
            self.does(*words, "--preview", "--json")
            self.assertEqual(self.platform.state(), before, words)
        self.assertIn("2.0.0", self.deck.run("deploy", "api", "--image", "2.0.0", "--preview").out)

    def test_without_consent_nothing_changes(self):
        before = self.platform.state()
        answer = self.deck.run("deploy", "api", "--image", "2.0.0")
        self.assertNotEqual(answer.code, 0, str(answer))
        self.assertEqual(self.platform.state(), before)

    def test_read_only_refuses_everything(self):
        self.platform.register("1.1.0")
        before = self.platform.state()
        for words in self.VERBS:
            answer = self.deck.run("--read-only", *words, "--yes")
            self.assertEqual(answer.code, 2, str(answer))
            assert_worded(self, answer)
            self.assertIn("read-only", answer.err.replace("read only", "read-only"), str(answer))
            self.assertEqual(self.platform.state(), before, words)

    def test_what_cannot_work_is_refused_before_anything_changes(self):
        before = self.platform.state()
        for words in (
            ("deploy", "apii", "--image", "2.0.0"), ("rollback", "api", "--to", "99"), ("rollback", "api"),
            ("deploy", "api", "--image", "2.0.0", "--container", "sidecar"),
        ):
            answer = self.deck.run(*words, "--yes")
            self.assertEqual(answer.code, 2, str(answer))
            assert_worded(self, answer)
            self.assertEqual(self.platform.state(), before, words)

    def test_the_audit_chain_tells_what_was_done(self):
        self.does("deploy", "api", "--image", "1.1.0", "--yes")
        self.does("scale", "api", "3", "--yes")
        rows = self.deck.ask("audit")["audit"]
        text = json.dumps(rows)
        for word in ("deploy", "scale", "shop/api", "1.1.0"):
            self.assertIn(word, text)
        succeeded = [r for r in rows if r.get("outcome") == "succeeded"]
        self.assertEqual(len(succeeded), 2, rows)
        verdict = self.deck.run("audit", "verify")
        self.assertEqual(verdict.code, 0, str(verdict))
        exported = [json.loads(line) for line in self.deck.run("audit", "export").out.splitlines()]
        self.assertEqual([r["seq"] for r in exported], sorted(r["seq"] for r in rows))

    def test_secrets_of_a_task_definition_stay_out_of_sight(self):
        canary = "canary-5f1f2e7c"
        definition = self.platform.ecs.describe_task_definition(taskDefinition="api:1")["taskDefinition"]
        container = definition["containerDefinitions"][0]
        container["environment"] = [{"name": "DB_PASSWORD", "value": canary}]
        self.platform.ecs.register_task_definition(
            family="api", networkMode="awsvpc", cpu="256", memory="512", containerDefinitions=[container]
        )
        log = self.deck.home / "log"
        said = [
            self.deck.run("--log", str(log), *words)
            for words in (
                ("rollback", "api", "--to", "2", "--preview"), ("rollback", "api", "--to", "2", "--preview", "--json"),
                ("rollback", "api", "--to", "2", "--yes"), ("deploy", "api", "--image", "1.3.0", "--yes"),
                ("services", "--json"), ("audit", "--json"), ("audit", "export"),
            )
        ]
        for answer in said:
            self.assertEqual(answer.code, 0, str(answer))
            self.assertIsNone(secret_in(canary, (answer.out + answer.err).encode()), str(answer.words))
        self.assertTrue(self.platform.now()["taskDefinition"].endswith("api:3"), "the actions were done")
        for path in (p for p in self.deck.home.rglob("*") if p.is_file()):
            self.assertIsNone(secret_in(canary, path.read_bytes()), path)


class Tampering(Changing):
    """Every way to touch the chain's file is found."""

    def chain(self):
        self.does("scale", "api", "3", "--yes")
        self.does("scale", "api", "2", "--yes")
        self.assertEqual(self.deck.run("audit", "verify").code, 0)
        base = sqlite3.connect(self.deck.store())
        self.addCleanup(base.close)
        tables = [name for (name,) in base.execute("select name from sqlite_master where type = 'table'")]
        (table,) = [name for name in tables if "audit" in name]
        triggers = base.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in triggers:
            base.execute(f'drop trigger "{name}"')
        return base, table

    def found(self):
        verdict = self.deck.run("audit", "verify")
        self.assertEqual(verdict.code, 1, str(verdict))
        self.assertRegex(verdict.out, r"(?i)broken at row \d+")

    def test_a_changed_row_is_found(self):
        base, table = self.chain()
        columns = [row[1] for row in base.execute(f'pragma table_info("{table}")')]
        who = next(c for c in columns if c in ("who", "actor", "body", "row", "entry"))
        base.execute(f'update "{table}" set "{who}" = replace("{who}", substr("{who}", 2, 1), \'~\') where seq = 2')
        base.commit()
        self.found()

    def test_a_removed_row_is_found(self):
        base, table = self.chain()
        base.execute(f'delete from "{table}" where seq = 2')
        base.commit()
        self.found()

    def test_reordered_rows_are_found(self):
        base, table = self.chain()
        base.execute(f'update "{table}" set seq = 1000 where seq = 2')
        base.execute(f'update "{table}" set seq = 2 where seq = 3')
        base.execute(f'update "{table}" set seq = 3 where seq = 1000')
        base.commit()
        self.found()
