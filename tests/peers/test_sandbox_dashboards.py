"""boto3 against the sandbox's dashboards, its searches and its Insights statistics; flightdeck reads the same back."""

import json
import time
import unittest
from datetime import datetime, timedelta, timezone

from botocore.exceptions import ClientError

from harness.console import Flightdeck
from harness.platform import client
from harness.server import Sandbox

BODY = {"widgets": [
    {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
        "region": "us-east-1", "title": "CPU", "stat": "Average", "period": 60,
        "metrics": [[{"expression": "SEARCH('{AWS/ECS,ClusterName,ServiceName} MetricName=\"CPUUtilization\"', 'Average', 60)"}]]}},
    {"type": "hologram", "x": 12, "y": 0, "width": 12, "height": 6, "properties": {}},
]}


class Dashboards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.peer = Sandbox(speed=1).start()
        cls.addClassCleanup(cls.peer.stop)
        cls.cloudwatch, cls.logs = client("cloudwatch", cls.peer.endpoint), client("logs", cls.peer.endpoint)

    def setUp(self):
        self.deck = Flightdeck(self.peer.endpoint)
        self.addCleanup(self.deck.close)

    def refused(self, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        return caught.exception.response["Error"]["Code"]

    def test_put_get_list_delete(self):
        put = self.cloudwatch.put_dashboard(DashboardName="peer", DashboardBody=json.dumps(BODY))
        self.assertEqual([m["DataPath"] for m in put["DashboardValidationMessages"]], ["/widgets/1"])
        got = self.cloudwatch.get_dashboard(DashboardName="peer")
        self.assertEqual(json.loads(got["DashboardBody"]), BODY)
        self.assertRegex(got["DashboardArn"], r"^arn:aws:cloudwatch::\d{12}:dashboard/peer$")
        pages = self.cloudwatch.get_paginator("list_dashboards").paginate(DashboardNamePrefix="pee")
        (entry,) = [e for p in pages for e in p["DashboardEntries"]]
        self.assertEqual((entry["DashboardName"], entry["Size"]), ("peer", len(json.dumps(BODY))))
        self.assertLess(abs((datetime.now(timezone.utc) - entry["LastModified"]).total_seconds()), 60)
        # Codes: the shape's name in JSON and CBOR, that of the query protocol where botocore asks for it.
        self.assertIn(self.refused(self.cloudwatch.delete_dashboards, DashboardNames=["peer", "none"]),
                      ("DashboardNotFoundError", "ResourceNotFound"))
        self.cloudwatch.delete_dashboards(DashboardNames=["peer"])
        self.assertIn(self.refused(self.cloudwatch.get_dashboard, DashboardName="peer"), ("DashboardNotFoundError", "ResourceNotFound"))
        self.assertIn(self.refused(self.cloudwatch.put_dashboard, DashboardName="x", DashboardBody="{"),
                      ("DashboardInvalidInputError", "InvalidParameterInput"))

    def test_a_search_is_answered_by_label(self):
        end = datetime.now(timezone.utc)
        query = {"Id": "s", "Expression": BODY["widgets"][0]["properties"]["metrics"][0][0]["expression"]}
        got = self.cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=end - timedelta(minutes=30), EndTime=end)
        labels = {r["Label"] for r in got["MetricDataResults"]}
        self.assertTrue({"laser-prod api", "laser-prod auth"} <= labels, labels)
        self.assertTrue(all(len(r["Values"]) >= 20 for r in got["MetricDataResults"]))

    def test_insights_reckons(self):
        end = int(time.time())
        started = self.logs.start_query(logGroupName="/ecs/laser-prod/api", startTime=end - 900, endTime=end,
                                        queryString="filter ispresent(level) | stats count(*) as lines by level | sort lines desc")
        got = self.logs.get_query_results(queryId=started["queryId"])
        rows = [{c["field"]: c["value"] for c in r} for r in got["results"]]
        self.assertEqual(rows[0]["level"], "info")
        self.assertEqual(sum(int(r["lines"]) for r in rows), int(got["statistics"]["recordsMatched"]))

    def test_the_told_ones_are_read_whole(self):
        listed = {e["DashboardName"] for e in self.cloudwatch.list_dashboards()["DashboardEntries"]}
        self.assertTrue({"laser-prod-overview", "laser-prod-data", "laser-prod-logs", "laser-business"} <= listed)
        ours = [d for d in self.deck.ask("dashboards")["dashboards"] if d["source"] == "cloudwatch"]
        self.assertEqual({d["name"] for d in ours}, listed)
        for name in ("laser-prod-overview", "laser-prod-data", "laser-prod-logs", "laser-business"):
            answer = self.deck.ask("dashboards", name)
            body = json.loads(self.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
            self.assertEqual(len(answer["widgets"]), len(body["widgets"]), name)
            for w in answer["widgets"]:
                self.assertIsNone(w["problem"], (name, w))
                self.assertEqual(w["notes"], [], (name, w))
                if w["kind"] in ("line", "stacked", "number", "gauge", "bar", "pie", "table") :
                    self.assertTrue(w["series"] and all(s["value"] is not None for s in w["series"]), (name, w))
                if w["kind"] == "log":
                    self.assertTrue(w["log"]["rows"], (name, w["title"]))

    def test_the_consoles_own_have_data(self):
        for name in ("application", "database", "cache", "edge", "business"):
            answer = self.deck.ask("dashboards", name, "--own")
            full = [w for w in answer["widgets"] if w["series"] and all(s["value"] is not None for s in w["series"])]
            self.assertGreaterEqual(len(full), len(answer["widgets"]) - 1, [w["title"] for w in answer["widgets"] if w not in full])
            self.assertFalse([w["problem"] for w in answer["widgets"] if w["problem"]])

    def test_values_are_those_of_get_metric_data(self):
        end = datetime.now(timezone.utc)
        query = {"Id": "m", "MetricStat": {"Metric": {"Namespace": "Laser/Business", "MetricName": "CalculatorRuns"}, "Stat": "Sum", "Period": 300}}
        got = self.cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=end - timedelta(hours=1), EndTime=end, ScanBy="TimestampAscending")
        there = {t.timestamp(): v for t, v in zip(got["MetricDataResults"][0]["Timestamps"], got["MetricDataResults"][0]["Values"])}
        widgets = self.deck.ask("dashboards", "laser-business")["widgets"]
        now = next(w for w in widgets if w["title"] == "Now")
        runs = next(s for s in now["series"] if s["label"] == "calculator runs")
        at = datetime.fromisoformat(runs["at"].replace("Z", "+00:00")).timestamp()
        self.assertAlmostEqual(runs["value"], there[at])

    def test_criteria_of_dashboards_and_business_are_proved(self):
        criteria = {c["id"]: c for c in self.deck.ask("checklist", codes=(0, 1, 2, 3))["criteria"]}
        self.assertEqual(criteria["3.1.d"]["state"], "proved", criteria["3.1.d"])
        self.assertEqual(criteria["3.S1"]["state"], "proved", criteria["3.S1"])
        said = [e["answer"] for e in criteria["3.S1"]["all_evidence"]]
        self.assertTrue(any("laser-prod-overview" in a for a in said), said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
