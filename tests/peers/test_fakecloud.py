"""The optional third AWS peer, whose CloudWatch knows more than the others': where it is installed, and skipped by name where it is not."""

import time
import unittest
from datetime import datetime, timedelta, timezone

from harness.cases import PeerCase
from harness.server import Fakecloud


def moment(text):
    """A time of our JSON."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@unittest.skipIf(Fakecloud.missing, Fakecloud.missing)
class ThirdPeer(PeerCase):
    peer_type = Fakecloud

    @classmethod
    def build(cls):
        cls.minute = datetime.now(timezone.utc).replace(second=0, microsecond=0)
        cls.platform.cloudwatch.put_metric_data(
            Namespace="Shop",
            MetricData=[
                {"MetricName": "Orders", "Dimensions": [{"Name": "Service", "Value": "api"}], "Value": float(10 * n), "Unit": "Count",
                 "Timestamp": cls.minute - timedelta(minutes=n)}
                for n in range(1, 9)
            ],
        )
        cls.platform.cloudwatch.put_metric_alarm(
            AlarmName="api-errors", AlarmDescription="Too many errors", Namespace="Shop", MetricName="Errors",
            Statistic="Sum", Period=60, EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
        )
        cls.platform.logs.create_log_group(logGroupName="/ecs/api")
        cls.platform.logs.create_log_stream(logGroupName="/ecs/api", logStreamName="api/1")
        cls.platform.logs.put_log_events(
            logGroupName="/ecs/api", logStreamName="api/1",
            logEvents=[
                {"timestamp": int(time.time() * 1000), "message": '{"level": "info", "message": "started"}'},
                {"timestamp": int(time.time() * 1000), "message": '{"level": "error", "message": "no route"}'},
            ],
        )

    def test_metric_values_are_those_of_get_metric_data(self):
        (row,) = self.deck.ask("metrics", "Shop/Orders", "--dim", "Service=api", "--stat", "Sum", "--since", "30m")["metrics"]
        metric = {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Service", "Value": "api"}]}
        there = self.platform.cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
            StartTime=self.minute - timedelta(minutes=30), EndTime=self.minute + timedelta(minutes=1),
        )["MetricDataResults"][0]
        expected = sorted(zip(there["Timestamps"], there["Values"]))
        self.assertEqual([(moment(p["at"]), p["value"]) for p in row["points"]], expected)
        self.assertEqual(len(expected), 8)

    def test_alerts_follow_the_alarm(self):
        for state, word in (("ALARM", "alarm"), ("OK", "ok")):
            self.platform.cloudwatch.set_alarm_state(AlarmName="api-errors", StateValue=state, StateReason="the test says so")
            (row,) = self.deck.ask("alerts")["alerts"]
            self.assertEqual((row["name"], row["state"], row["rule"]["threshold"]), ("api-errors", word, 5.0))

    def test_logs_are_those_of_filter_log_events(self):
        rows = self.deck.ask("logs", "/ecs/api", "--since", "1h")["logs"]
        there = self.platform.logs.filter_log_events(logGroupName="/ecs/api")["events"]
        self.assertEqual([r["raw"] for r in rows], [e["message"] for e in there])

    def test_logs_are_filtered_by_json_patterns(self):
        rows = self.deck.ask("logs", "/ecs/api", "--since", "1h", "--filter", '{ $.level = "error" }')["logs"]
        self.assertEqual([r["message"] for r in rows], ["no route"])
