"""What flightdeck reads from ministack is what boto3 reads from it."""

import json
import time
import unittest
from datetime import datetime, timedelta, timezone

from harness.cases import PeerCase, assert_worded
from harness.server import Ministack


def moment(text):
    """A time of our JSON."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Reading(PeerCase):
    peer_type = Ministack

    @classmethod
    def build(cls):
        cls.platform.build(desired=3)
        cls.minute = datetime.now(timezone.utc).replace(second=0, microsecond=0)
        dimensions = [{"Name": "Service", "Value": "api"}]
        cls.platform.cloudwatch.put_metric_data(
            Namespace="Shop",
            MetricData=[
                {"MetricName": "Orders", "Dimensions": dimensions, "Value": float(10 * n), "Unit": "Count",
                 "Timestamp": cls.minute - timedelta(minutes=n)}
                for n in range(1, 9)
            ],
        )
        cls.platform.cloudwatch.put_metric_alarm(
            AlarmName="api-errors", AlarmDescription="Too many errors", Namespace="Shop", MetricName="Errors",
            Statistic="Sum", Period=60, EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
        )
        cls.platform.logs.create_log_stream(logGroupName=cls.platform.group, logStreamName="api/1")
        cls.say("info", "started"), cls.say("error", "no route to \x1b[31mdatabase\u202e")

    @classmethod
    def say(cls, level, message):
        line = {"timestamp": int(time.time() * 1000), "message": json.dumps({"level": level, "message": message, "order": 7})}
        cls.platform.logs.put_log_events(logGroupName=cls.platform.group, logStreamName="api/1", logEvents=[line])

    def set_alarm(self, state, reason="the test says so"):
        self.platform.cloudwatch.set_alarm_state(AlarmName="api-errors", StateValue=state, StateReason=reason)

    def test_services_are_those_of_describe_services(self):
        (row,) = self.deck.ask("services")["services"]
        there = self.platform.now()
        self.assertEqual((row["cluster"], row["name"], row["arn"]), ("shop", "api", there["serviceArn"]))
        self.assertEqual(
            (row["desired"], row["running"], row["pending"]),
            (there["desiredCount"], there["runningCount"], there["pendingCount"]),
        )
        self.assertEqual(row["desired"], 3)
        self.assertEqual(row["revision"], there["taskDefinition"].rsplit("/", 1)[1])
        self.assertEqual(row["image"], f"{self.platform.image}:1.0.0")
        health = self.platform.elb.describe_target_health(TargetGroupArn=self.platform.target_group)["TargetHealthDescriptions"]
        healthy = [t for t in health if t["TargetHealth"]["State"] == "healthy"]
        self.assertEqual((row["targets_healthy"], row["targets"]), (len(healthy), len(health)))

    def test_clusters_are_those_of_describe_clusters(self):
        view = self.deck.ask("show", "clusters")
        (row,) = view["clusters"]
        (there,) = self.platform.ecs.describe_clusters(clusters=["shop"])["clusters"]
        self.assertEqual((row["name"], row["arn"], row["status"]), ("shop", there["clusterArn"], there["status"]))
        self.assertEqual(row["active_services"], there["activeServicesCount"])
        self.assertEqual((row["running_tasks"], row["pending_tasks"]), (there["runningTasksCount"], there["pendingTasksCount"]))
        self.assertEqual(row["capacity_providers"], there.get("capacityProviders", []))
        self.assertEqual([(s["cluster"], s["name"]) for s in view["services"]], [("shop", "api")])

    def test_tasks_are_those_of_list_tasks(self):
        rows = self.deck.ask("tasks", "api")["tasks"]
        there = self.platform.ecs.list_tasks(cluster="shop", serviceName="api")["taskArns"]
        self.assertEqual(sorted(r["arn"] for r in rows), sorted(there))

    def test_deployments_fall_back_to_those_of_the_service(self):
        rows = self.deck.ask("deployments")["deployments"]
        there = self.platform.now()["deployments"]
        self.assertEqual([r["id"] for r in rows], [d["id"] for d in there])
        self.assertEqual(rows[0]["to"]["running"], 3)
        self.assertTrue(rows[0]["circuit_breaker"]["enabled"])

    def test_service_deployments_api(self):
        listed = self.platform.ecs.list_service_deployments(cluster="shop", service="api")["serviceDeployments"]
        if not listed:
            self.gap("ListServiceDeployments is always empty")
        self.assertEqual(self.deck.ask("deployments")["deployments"][0]["id"], listed[0]["serviceDeploymentArn"])

    def test_alerts_follow_the_alarm(self):
        self.set_alarm("ALARM")
        (row,) = self.deck.ask("alerts")["alerts"]
        self.assertEqual((row["name"], row["state"], row["reason"]), ("api-errors", "alarm", "the test says so"))
        rule = row["rule"]
        self.assertEqual(
            (rule["namespace"], rule["metric"], rule["threshold"], rule["datapoints"], rule["periods"], rule["period_s"]),
            ("Shop", "Errors", 5.0, 2, 3, 60),
        )
        (there,) = self.platform.cloudwatch.describe_alarms()["MetricAlarms"]
        self.assertLess(abs(moment(row["since"]) - there["StateUpdatedTimestamp"]), timedelta(seconds=1))
        self.set_alarm("OK")
        (row,) = self.deck.ask("alerts")["alerts"]
        self.assertEqual(row["state"], "ok")

    def test_alarm_history_is_that_of_describe_alarm_history(self):
        self.set_alarm("ALARM", "first"), self.set_alarm("OK", "second")
        (row,) = self.deck.ask("alerts", "api-errors")["alerts"]
        there = self.platform.cloudwatch.describe_alarm_history(AlarmName="api-errors")["AlarmHistoryItems"]
        self.assertEqual([e["summary"] for e in row["history"]], [i["HistorySummary"] for i in there])

    def test_status_says_what_burns(self):
        self.set_alarm("OK")
        calm = self.deck.ask("status", codes=(0,))
        self.assertEqual(calm["status"], "healthy", calm["findings"])
        self.assertEqual(calm["account"], self.platform.sts.get_caller_identity()["Account"])
        self.assertEqual(calm["region"], "us-east-1")
        self.set_alarm("ALARM")
        burning = self.deck.ask("status", codes=(1,))
        self.assertEqual((burning["status"], [f["name"] for f in burning["firing"]]), ("degraded", ["api-errors"]))
        self.set_alarm("OK")

    def test_metric_values_are_those_of_get_metric_data(self):
        for stat in ("Sum", "p90"):
            (row,) = self.deck.ask("metrics", "Shop/Orders", "--dim", "Service=api", "--stat", stat, "--since", "30m")["metrics"]
            metric = {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Service", "Value": "api"}]}
            there = self.platform.cloudwatch.get_metric_data(
                MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}],
                StartTime=self.minute - timedelta(minutes=30), EndTime=self.minute + timedelta(minutes=1),
            )["MetricDataResults"][0]
            expected = sorted(zip(there["Timestamps"], there["Values"]))
            found = [(moment(p["at"]), p["value"]) for p in row["points"]]
            self.assertEqual(found, expected, stat)
            self.assertEqual(len(found), 8)

    def test_metric_names_are_those_of_list_metrics(self):
        rows = self.deck.ask("metrics")["metrics"]
        found = {(r["namespace"], r["name"]) for r in rows}
        there = {(m["Namespace"], m["MetricName"]) for m in self.platform.cloudwatch.list_metrics()["Metrics"]}
        self.assertEqual(found, there)
        self.assertIn(("Shop", "Orders"), found)

    def test_logs_are_parsed_and_inert(self):
        rows = self.deck.ask("logs", "api", "--since", "1h")["logs"]
        self.assertEqual([(r["level"], r["group"]) for r in rows[:2]], [("info", "/ecs/api"), ("error", "/ecs/api")])
        there = self.platform.logs.filter_log_events(logGroupName=self.platform.group)["events"]
        self.assertEqual([r["raw"] for r in rows], [e["message"] for e in there])
        shown = self.deck.run("logs", "/ecs/api", "--since", "1h")
        self.assertEqual(shown.code, 0, str(shown))
        self.assertIn("no route to", shown.out)
        self.assertNotRegex(shown.out, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")

    def test_logs_are_filtered_by_the_server(self):
        rows = self.deck.ask("logs", "/ecs/api", "--since", "1h", "--filter", "started")["logs"]
        self.assertEqual([r["message"] for r in rows], ["started"])

    def test_logs_are_filtered_by_json_patterns(self):
        pattern = '{ $.level = "error" }'
        there = self.platform.logs.filter_log_events(logGroupName=self.platform.group, filterPattern=pattern)["events"]
        if any('"info"' in event["message"] for event in there):
            self.gap("JSON filter patterns are ignored: every event comes back")
        rows = self.deck.ask("logs", "/ecs/api", "--since", "1h", "--filter", pattern)["logs"]
        self.assertEqual({r["level"] for r in rows}, {"error"})

    def test_a_followed_log_shows_what_is_written_then(self):
        tail = self.deck.start("logs", "/ecs/api", "--follow", "--json")
        try:
            word, end = f"written {time.time()}", time.monotonic() + 30
            seen = json.loads(tail.stdout.readline())["log"]["group"]
            self.assertEqual(seen, "/ecs/api")
            self.say("warn", word)
            while word not in (line := tail.stdout.readline()):
                self.assertTrue(line and time.monotonic() < end, "the new line never came")
            self.assertEqual(json.loads(line)["log"]["level"], "warn")
        finally:
            tail.terminate()
            tail.communicate(timeout=10)
        self.assertEqual(tail.returncode, 0)

    def test_the_checklist_proves_what_the_peer_shows(self):
        criteria = {c["id"]: c for c in self.deck.ask("checklist")["criteria"]}
        proved = [c for c in criteria.values() if c["state"] == "proved"]
        self.assertTrue(proved, {c["id"]: (c["state"], c["reason"]) for c in criteria.values()})
        for criterion in proved:
            evidence = criterion["evidence"]
            self.assertTrue(evidence["question"] and evidence["answer"] and moment(evidence["at"]), criterion)
        for criterion in criteria.values():
            self.assertIn(criterion["state"], ("proved", "signed_off", "failing", "unknown", "waived"))
            if criterion["state"] in ("unknown", "failing"):
                self.assertTrue(criterion["reason"], criterion)

    def test_a_misspelt_name_is_answered_with_a_suggestion(self):
        for words, suggestion in ((("tasks", "apii"), "api"), (("alerts", "api-error"), "api-errors"), (("logs", "ap"), "api")):
            answer = self.deck.run(*words)
            self.assertEqual(answer.code, 2, str(answer))
            assert_worded(self, answer)
            self.assertIn(f'did you mean "{suggestion}"', answer.err)

    def test_tables_are_for_people(self):
        for words in (("services",), ("tasks", "api"), ("deployments",), ("alerts",), ("metrics",), ("checklist",)):
            answer = self.deck.run(*words)
            self.assertEqual((answer.code, answer.err), (0, ""), str(answer))
            self.assertGreater(len(answer.out.splitlines()), 1, str(answer))
            self.assertNotIn("\x1b", answer.out, "no colour into a pipe")


class EmptyAccount(PeerCase):
    peer_type = Ministack

    @classmethod
    def build(cls):
        pass

    def test_every_list_is_empty_and_says_why(self):
        for command, name in (("services", "services"), ("deployments", "deployments"), ("alerts", "alerts"), ("metrics", "metrics")):
            self.assertEqual(self.deck.ask(command)[name], [], command)
            answer = self.deck.run(command)
            self.assertEqual((answer.code, answer.err), (0, ""), str(answer))
            self.assertTrue(answer.out.startswith("No "), str(answer))

    def test_nothing_is_green(self):
        criteria = self.deck.ask("checklist")["criteria"]
        about_services = [c for c in criteria if c["state"] == "proved" and "ecs" in (c["probe"] or "")]
        self.assertEqual(about_services, [])


if __name__ == "__main__":
    unittest.main()
