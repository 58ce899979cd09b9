"""The second AWS peer. What moto cannot serve is a test of its own: a clear word, never a nest."""

import time

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
        groups = {g["group"]: g for g in self.deck.ask("logs")["log_groups"]}
        self.assertEqual(groups["/ecs/api"]["retention_days"], 30)
        self.platform.logs.create_log_stream(logGroupName="/ecs/api", logStreamName="s")
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


    def test_a_rollback_that_nobody_can_tell_of_is_unknown_and_says_why(self):
        plan = """title = "One"
            [[stages]]
            number = 1
            title = "One"
            [[criteria]]
            id = "1.S1"
            title = "Rehearsed"
            probes = ["ecs.rollback-rehearsed"]"""
        (self.deck.home / "plan.toml").write_text(plan)
        self.deck.configure('plan = "plan.toml"\n')
        (one,) = self.deck.ask("checklist")["criteria"]
        self.assertEqual(one["state"], "unknown")
        self.assertIn("past deployments of 0 of 1 services", one["reason"])
        self.assertIn("does not know ListServiceDeployments", one["reason"])


class SecondPeerActions(PeerCase):
    """moto 5.2.5 starts no task of a service and keeps the old revision in deployments[]: what is asked for is never there."""

    peer_type = Moto

    def asked_for_and_left(self, *words, asked):
        """Runs an action until the peer shows what it asked for, then stops watching: that is no success, and says what goes on."""
        run = self.deck.start(*words, "--yes")
        try:
            end = time.monotonic() + 30
            while not asked():
                self.assertTrue(run.poll() is None and time.monotonic() < end, f"{words} never reached the peer")
                time.sleep(0.1)
        finally:
            run.terminate()
            out, err = run.communicate(timeout=20)
        self.assertEqual(run.returncode, 3, out + err)
        self.assertNotIn("succeeded", out)
        self.assertRegex(err, "(?m)^stopped watching [0-9a-f-]+: what AWS was asked for goes on there")
        self.assertIsNone(NEST.search(out + err), out + err)

    def test_scale_is_read_back_and_its_missing_effect_is_not_called_success(self):
        self.asked_for_and_left("scale", "api", "4", asked=lambda: self.platform.now()["desiredCount"] == 4)

    def test_deploy_is_read_back_and_its_missing_effect_is_not_called_success(self):
        image = f"{self.platform.image}:1.1.0"
        self.asked_for_and_left("deploy", "api", "--image", "1.1.0", asked=lambda: self.platform.running_image() == image)
