"""The second AWS peer. What moto cannot serve is a test of its own: a clear word, never a nest."""

from harness.cases import NEST, PeerCase, assert_worded
from harness.server import Moto


class SecondPeer(PeerCase):
    peer_type = Moto

    def test_services_are_those_of_describe_services(self):
        (row,) = self.deck.ask("services")["services"]
        there = self.platform.now()
        self.assertEqual((row["name"], row["desired"], row["running"]), ("api", there["desiredCount"], there["runningCount"]))
        self.assertEqual(row["image"], f"{self.platform.image}:1.0.0")
        self.assertEqual((row["targets_healthy"], row["targets"]), (2, 2))

    def test_deployments_fall_back_though_the_newer_call_answers_html(self):
        rows = self.deck.ask("deployments")["deployments"]
        self.assertEqual([r["id"] for r in rows], [d["id"] for d in self.platform.now()["deployments"]])

    def test_logs_and_their_retention(self):
        groups = {g["name"]: g for g in self.deck.ask("logs")["groups"]}
        self.assertEqual(groups["/ecs/api"]["retention_days"], 30)
        self.platform.logs.create_log_stream(logGroupName="/ecs/api", logStreamName="s")
        import time

        self.platform.logs.put_log_events(
            logGroupName="/ecs/api", logStreamName="s", logEvents=[{"timestamp": int(time.time() * 1000), "message": "plain words"}]
        )
        rows = self.deck.ask("logs", "api")["logs"]
        self.assertEqual([(r["raw"], r["level"]) for r in rows], [("plain words", None)])

    def test_what_cloudwatch_cannot_answer_is_said_in_words(self):
        # moto 5.2.5 does not speak Smithy RPC v2 CBOR, which the Rust SDK uses for CloudWatch: it answers 404.
        for words in (("alerts",), ("metrics",)):
            answer = self.deck.run(*words)
            self.assertEqual(answer.code, 3, str(answer))
            assert_worded(self, answer)

    def test_status_is_unknown_and_not_green(self):
        status = self.deck.ask("status", codes=(1, 2, 3))
        self.assertNotEqual(status["status"], "healthy")
        about = {f["about"] for f in status["findings"]}
        self.assertIn("alarms", about)
        self.assertIsNone(NEST.search(str(status["findings"])))

    def test_the_checklist_calls_unknown_what_it_could_not_ask(self):
        criteria = self.deck.ask("checklist")["criteria"]
        alarms = [c for c in criteria if c["state"] == "proved" and "alarm" in (c["probe"] or "")]
        self.assertEqual(alarms, [])
        self.assertIsNone(NEST.search(str([c["reason"] for c in criteria])))


class SecondPeerActions(PeerCase):
    peer_type = Moto

    def test_scale_is_read_back(self):
        answer = self.deck.run("scale", "api", "4", "--yes")
        self.assertEqual(self.platform.now()["desiredCount"], 4, str(answer))
        if self.platform.now()["runningCount"] != 4:
            # The effect was asked for and is not there: flightdeck must not call that a success.
            self.assertNotEqual(answer.code, 0, str(answer))
        else:
            self.assertEqual(answer.code, 0, str(answer))

    def test_deploy_is_read_back_and_its_missing_effect_is_not_called_success(self):
        self.deck.configure("[aws]\n")
        answer = self.deck.run("deploy", "api", "--image", "1.1.0", "--yes", seconds=240)
        self.assertEqual(self.platform.running_image(), f"{self.platform.image}:1.1.0", str(answer))
        # moto 5.2.5 keeps the old revision in deployments[] and starts no task: never rolled out, so never a success.
        self.assertNotEqual(answer.code, 0, str(answer))
        self.assertIsNone(NEST.search(answer.out + answer.err), str(answer))
