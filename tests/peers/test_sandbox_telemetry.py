"""boto3, the AWS CLI and raw requests against the sandbox's CloudWatch and Logs. Reads FLIGHTDECK_SANDBOX_ENDPOINT."""
import gzip
import json
import os
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

try:
    import boto3
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import ClientError
except ImportError:
    boto3 = None

try:
    import cbor2
except ImportError:
    cbor2 = None

ENDPOINT = os.environ.get("FLIGHTDECK_SANDBOX_ENDPOINT")
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
PROTOCOLS = ("smithy-rpc-v2-cbor", "json", "query")
DIMENSIONS = [{"Name": "Service", "Value": "api"}]


def setUpModule():
    if boto3 is None:
        raise unittest.SkipTest("boto3 is not installed")
    if not ENDPOINT:
        raise unittest.SkipTest("FLIGHTDECK_SANDBOX_ENDPOINT is not set")


def client(service, protocol=None):
    """A client; of a service that speaks several protocols, one that speaks this one alone."""
    session = botocore.session.get_session()
    if protocol:
        model = session.get_component("data_loader").load_service_model(service, "service-2")
        model["metadata"].update(protocol=protocol, protocols=[protocol])
    config = Config(retries={"max_attempts": 1}, read_timeout=10)
    return session.create_client(service, endpoint_url=ENDPOINT, region_name=REGION, config=config)


def until(what, condition, seconds=40):
    """Waits for a condition; what it returns."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    raise AssertionError("never: " + what)


def now():
    return datetime.now(timezone.utc).replace(microsecond=0)


def minute(ago):
    return now().replace(second=0) - timedelta(minutes=ago)


class EachProtocol(unittest.TestCase):
    """Each operation of CloudWatch in each protocol that botocore knows for it, with its effect read back."""

    def each(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol):
                cloudwatch = client("cloudwatch", protocol)
                self.assertEqual(cloudwatch.meta.service_model.resolved_protocol, protocol)
                yield cloudwatch, "Peer/" + protocol

    def refused(self, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        return caught.exception.response["Error"]

    def put(self, cloudwatch, namespace):
        data = [
            {"MetricName": "Load", "Dimensions": DIMENSIONS, "Timestamp": minute(5), "Value": 50.0, "Unit": "Percent"},
            {"MetricName": "Load", "Dimensions": DIMENSIONS, "Timestamp": minute(4), "Values": [10.0, 30.0],
             "Counts": [3.0, 1.0], "Unit": "Percent"},
            {"MetricName": "Load", "Dimensions": DIMENSIONS, "Timestamp": minute(3), "Unit": "Percent",
             "StatisticValues": {"SampleCount": 4.0, "Sum": 20.0, "Minimum": 2.0, "Maximum": 8.0}},
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    def test_metric_data(self):
        for cloudwatch, namespace in self.each():
            namespace += "/data"
            self.put(cloudwatch, namespace)
            metric = {"Namespace": namespace, "MetricName": "Load", "Dimensions": DIMENSIONS}
            stat = lambda id, stat, **more: {
                "Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, **more}
            queries = [stat("a", "Average"), stat("p", "p90", ReturnData=False), stat("c", "SampleCount"),
                       {"Id": "e", "Expression": "FILL(a, 0) + MAX([a, p])", "Label": "words"}]
            ask = dict(MetricDataQueries=queries, StartTime=minute(5), EndTime=minute(2), ScanBy="TimestampAscending")
            got = cloudwatch.get_metric_data(**ask)
            results = {r["Id"]: r for r in got["MetricDataResults"]}
            self.assertEqual(set(results), {"a", "c", "e"})
            self.assertEqual(results["a"]["Values"], [50.0, 15.0, 5.0])
            self.assertEqual(results["a"]["Timestamps"], [minute(5), minute(4), minute(3)])
            self.assertEqual(results["c"]["Values"], [1.0, 4.0, 4.0])
            self.assertEqual(results["e"]["Values"], [100.0, 45.0, 10.0])
            self.assertEqual((results["e"]["Label"], results["a"]["StatusCode"]), ("words", "Complete"))
            pages = cloudwatch.get_paginator("get_metric_data").paginate(**ask, MaxDatapoints=2)
            pages = [p for p in pages]
            self.assertEqual(sum(len(r["Values"]) for p in pages for r in p["MetricDataResults"]), 9)
            self.assertEqual(len(pages), 5)
            self.assertEqual(pages[0]["MetricDataResults"][0]["StatusCode"], "PartialData")

    def test_metric_data_refused(self):
        for cloudwatch, namespace in self.each():
            metric = {"Namespace": namespace, "MetricName": "Load"}
            queries = [{"Id": f"q{i}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}} for i in range(501)]
            window = dict(StartTime=minute(5), EndTime=minute(2))
            error = self.refused(cloudwatch.get_metric_data, MetricDataQueries=queries, **window)
            self.assertEqual(error["Code"], "ValidationError")
            wrong = [{"Id": "e", "Expression": "nothing + 1"}]
            error = self.refused(cloudwatch.get_metric_data, MetricDataQueries=wrong, **window)
            self.assertIn("Error in expression 'e'", error["Message"])

    def test_metric_statistics(self):
        for cloudwatch, namespace in self.each():
            namespace += "/statistics"
            self.put(cloudwatch, namespace)
            ask = dict(Namespace=namespace, MetricName="Load", Dimensions=DIMENSIONS, Period=60,
                       StartTime=minute(5), EndTime=minute(2))
            got = cloudwatch.get_metric_statistics(**ask, Statistics=["Sum", "Minimum", "Maximum"])
            points = sorted(got["Datapoints"], key=lambda d: d["Timestamp"])
            self.assertEqual([(p["Sum"], p["Minimum"], p["Maximum"]) for p in points],
                             [(50.0, 50.0, 50.0), (60.0, 10.0, 30.0), (20.0, 2.0, 8.0)])
            self.assertEqual(points[0]["Unit"], "Percent")
            got = cloudwatch.get_metric_statistics(**ask, ExtendedStatistics=["p50"])
            points = sorted(got["Datapoints"], key=lambda d: d["Timestamp"])
            self.assertEqual([p["ExtendedStatistics"] for p in points], [{"p50": 50.0}, {"p50": 10.0}])

    def test_list_metrics(self):
        for cloudwatch, namespace in self.each():
            namespace += "/list"
            self.put(cloudwatch, namespace)
            for filters in ({}, {"MetricName": "Load"}, {"Dimensions": DIMENSIONS}, {"RecentlyActive": "PT3H"}):
                metrics = cloudwatch.list_metrics(Namespace=namespace, **filters)["Metrics"]
                self.assertEqual(metrics, [{"Namespace": namespace, "MetricName": "Load", "Dimensions": DIMENSIONS}])
            other = cloudwatch.list_metrics(Namespace=namespace, Dimensions=[{"Name": "Service", "Value": "web"}])
            self.assertEqual(other["Metrics"], [])

    def alarm(self, cloudwatch, name, namespace, **more):
        cloudwatch.put_metric_alarm(
            AlarmName=name, AlarmDescription="words & <signs>", Namespace=namespace, MetricName="Load",
            Dimensions=DIMENSIONS, Period=60, EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=80.5,
            ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="ignore",
            **({"Statistic": "Average"} | more))

    def test_alarms(self):
        for cloudwatch, namespace in self.each():
            a, b, c = (f"{namespace}-{n}" for n in "abc")
            action = "arn:aws:sns:us-east-1:123456789012:ops"
            self.alarm(cloudwatch, a, namespace, AlarmActions=[action], Tags=[{"Key": "team", "Value": "ops"}])
            self.alarm(cloudwatch, b, namespace, Statistic="Sum")
            cloudwatch.put_composite_alarm(AlarmName=c, AlarmRule=f'ALARM("{a}") AND NOT ALARM("{b}")')
            got = cloudwatch.describe_alarms(AlarmNames=[a])["MetricAlarms"][0]
            self.assertEqual((got["Threshold"], got["Period"], got["EvaluationPeriods"], got["DatapointsToAlarm"]),
                             (80.5, 60, 3, 2))
            self.assertEqual((got["StateValue"], got["AlarmDescription"]), ("INSUFFICIENT_DATA", "words & <signs>"))
            self.assertEqual((got["AlarmActions"], got["OKActions"], got["ActionsEnabled"]), ([action], [], True))
            self.assertIsInstance(got["StateUpdatedTimestamp"], datetime)
            both = ["MetricAlarm", "CompositeAlarm"]
            pages = cloudwatch.get_paginator("describe_alarms").paginate(
                AlarmNamePrefix=namespace + "-", AlarmTypes=both, PaginationConfig={"PageSize": 2})
            pages = list(pages)
            self.assertEqual([len(p["MetricAlarms"]) + len(p["CompositeAlarms"]) for p in pages], [2, 1])
            on_metric = cloudwatch.describe_alarms_for_metric(
                Namespace=namespace, MetricName="Load", Dimensions=DIMENSIONS, Statistic="Sum")
            self.assertEqual([x["AlarmName"] for x in on_metric["MetricAlarms"]], [b])
            children = cloudwatch.describe_alarms(ChildrenOfAlarmName=c)
            self.assertEqual([x["AlarmName"] for x in children["MetricAlarms"]], [a, b])

            cloudwatch.set_alarm_state(AlarmName=a, StateValue="ALARM", StateReason="by hand",
                                       StateReasonData='{"by":"hand"}')
            got = cloudwatch.describe_alarms(AlarmNames=[a, c], AlarmTypes=both, StateValue="ALARM")
            self.assertEqual(got["MetricAlarms"][0]["StateReason"], "by hand")
            self.assertIn("transitioned to ALARM", got["CompositeAlarms"][0]["StateReason"])
            items = cloudwatch.describe_alarm_history(AlarmName=a, ScanBy="TimestampAscending")["AlarmHistoryItems"]
            self.assertEqual([i["HistoryItemType"] for i in items], ["ConfigurationUpdate", "StateUpdate", "Action"])
            self.assertEqual(items[1]["HistorySummary"], "Alarm updated from INSUFFICIENT_DATA to ALARM")
            data = json.loads(items[1]["HistoryData"])
            self.assertEqual(data["newState"]["stateReasonData"], {"by": "hand"})

            cloudwatch.disable_alarm_actions(AlarmNames=[a])
            self.assertFalse(cloudwatch.describe_alarms(AlarmNames=[a])["MetricAlarms"][0]["ActionsEnabled"])
            cloudwatch.enable_alarm_actions(AlarmNames=[a])
            arn = cloudwatch.describe_alarms(AlarmNames=[a])["MetricAlarms"][0]["AlarmArn"]
            cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "tier", "Value": "1"}])
            cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
            self.assertEqual(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "tier", "Value": "1"}])
            cloudwatch.delete_alarms(AlarmNames=[c, a, b])
            left = cloudwatch.describe_alarms(AlarmNamePrefix=namespace + "-", AlarmTypes=both)
            self.assertEqual((left["MetricAlarms"], left["CompositeAlarms"]), ([], []))

    def test_alarms_refused(self):
        for cloudwatch, namespace in self.each():
            error = self.refused(cloudwatch.delete_alarms, AlarmNames=["none"])
            self.assertEqual(error["Code"], "ResourceNotFound")
            error = self.refused(cloudwatch.set_alarm_state, AlarmName="none", StateValue="OK", StateReason="x")
            self.assertEqual(error["Code"], "ResourceNotFound")
            error = self.refused(cloudwatch.put_composite_alarm, AlarmName="x", AlarmRule="MAYBE(x)")
            self.assertEqual(error["Code"], "ValidationError")
            error = self.refused(cloudwatch.describe_alarms, NextToken="made up")
            self.assertEqual(error["Code"], "InvalidNextToken")

    def test_dashboards(self):
        for cloudwatch, _ in self.each():
            self.assertIn("laser-business", [d["DashboardName"] for d in cloudwatch.list_dashboards()["DashboardEntries"]])
            self.assertEqual(self.refused(cloudwatch.get_dashboard, DashboardName="nowhere")["Code"], "ResourceNotFound")

    def test_unknown_operation(self):
        for cloudwatch, _ in self.each():
            error = self.refused(cloudwatch.list_metric_streams)
            self.assertIn(error["Code"], ("UnknownOperationException", "InvalidAction"))


class Judgement(unittest.TestCase):
    """The sandbox judges alarms by itself."""

    def test_an_alarm_fires_and_recovers(self):
        cloudwatch = client("cloudwatch")
        dims = [{"Name": "Run", "Value": str(time.time_ns())}]
        cloudwatch.put_metric_alarm(
            AlarmName="peer-judged", Namespace="Peer/judged", MetricName="Load", Dimensions=dims, Statistic="Maximum",
            Period=60, EvaluationPeriods=1, Threshold=10.0, ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching")

        def state(value):
            data = {"MetricName": "Load", "Dimensions": dims, "Value": value}
            cloudwatch.put_metric_data(Namespace="Peer/judged", MetricData=[data])
            return cloudwatch.describe_alarms(AlarmNames=["peer-judged"])["MetricAlarms"][0]

        try:
            # At most a period of the alarm, in wall time.
            fired = until("the alarm fires", lambda: (a := state(99.0))["StateValue"] == "ALARM" and a, 90)
            self.assertRegex(fired["StateReason"], r"^Threshold Crossed: 1 out of the last 1 datapoints \[99\.0 \(")
            json.loads(fired["StateReasonData"])
            until("it recovers", lambda: state(1.0)["StateValue"] == "OK", 150)
        finally:
            cloudwatch.delete_alarms(AlarmNames=["peer-judged"])


class RawRequests(unittest.TestCase):
    """What no botocore sends, but the protocols allow."""

    def post(self, operation, body, **headers):
        url = f"{ENDPOINT}/service/GraniteServiceVersion20100801/operation/{operation}"
        sent = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor",
                "authorization": credential("monitoring")}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        request = urllib.request.Request(url, data=body, headers=sent, method="POST")
        try:
            answer = urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers, answer.read()

    @unittest.skipIf(cbor2 is None, "cbor2 is not installed")
    def test_cbor_of_unknown_length_compressed(self):
        metric = {"MetricName": "Raw", "Value": 3.0}
        put = bytes.fromhex("bf") + cbor2.dumps("Namespace") + cbor2.dumps("Peer/raw")
        put += cbor2.dumps("MetricData") + bytes.fromhex("9f") + cbor2.dumps(metric) + bytes.fromhex("ffff")
        status, headers, body = self.post("PutMetricData", gzip.compress(put), content_encoding="gzip")
        self.assertEqual((status, body), (200, b""))
        self.assertEqual(headers["smithy-protocol"], "rpc-v2-cbor")
        status, headers, body = self.post("ListMetrics", cbor2.dumps({"Namespace": "Peer/raw"}))
        self.assertEqual((status, headers["content-type"]), (200, "application/cbor"))
        self.assertEqual(cbor2.loads(body)["Metrics"][0]["MetricName"], "Raw")

    @unittest.skipIf(cbor2 is None, "cbor2 is not installed")
    def test_cbor_points_in_time_are_tagged(self):
        metric = {"Metric": {"Namespace": "Peer/raw", "MetricName": "Raw"}, "Period": 60, "Stat": "Sum"}
        self.post("PutMetricData", cbor2.dumps(
            {"Namespace": "Peer/raw", "MetricData": [{"MetricName": "Raw", "Value": 1}]}))
        ask = {"MetricDataQueries": [{"Id": "a", "MetricStat": metric}],
               "StartTime": cbor2.CBORTag(1, time.time() - 600), "EndTime": cbor2.CBORTag(1, int(time.time()) + 60)}
        status, _, body = self.post("GetMetricData", cbor2.dumps(ask))
        self.assertEqual(status, 200)
        # Tag 1 holding a double.
        self.assertIn(bytes.fromhex("c1fb"), body)
        self.assertEqual(len(cbor2.loads(body)["MetricDataResults"][0]["Timestamps"]), 1)

    @unittest.skipIf(cbor2 is None, "cbor2 is not installed")
    def test_cbor_errors(self):
        for body in (b"\x01", b"\xff", b"\xbf", b"", cbor2.dumps({"AlarmNames": ["none"]})):
            status, headers, answer = self.post("DeleteAlarms", body)
            self.assertGreaterEqual(status, 400)
            self.assertIn("#", cbor2.loads(answer)["__type"])
            self.assertRegex(headers["x-amzn-query-error"], r"^\w+;Sender$")

    def test_a_form_asked_by_get(self):
        url = f"{ENDPOINT}/?Action=ListMetrics&Version=2010-08-01&Namespace=Peer%2Fnone"
        request = urllib.request.Request(url, headers={"authorization": credential("monitoring")})
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.assertIn(b"<ListMetricsResult><Metrics></Metrics></ListMetricsResult>", answer.read())


def credential(service):
    key = os.environ.get("AWS_ACCESS_KEY_ID", "AKID")
    return f"AWS4-HMAC-SHA256 Credential={key}/20250101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"


class Logs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.logs = client("logs")
        cls.group = f"/peer/{time.time_ns()}"
        cls.logs.create_log_group(logGroupName=cls.group, tags={"team": "ops"})
        for stream in ("a", "b"):
            cls.logs.create_log_stream(logGroupName=cls.group, logStreamName=stream)
        cls.start = int(time.time() * 1000) - 10_000
        for stream, first in (("a", 0), ("b", 1)):
            events = [{"timestamp": cls.start + i * 100, "message": cls.message(i)} for i in range(first, 20, 2)]
            answer = cls.logs.put_log_events(logGroupName=cls.group, logStreamName=stream, logEvents=events)
            assert "rejectedLogEventsInfo" not in answer, answer

    @classmethod
    def tearDownClass(cls):
        cls.logs.delete_log_group(logGroupName=cls.group)
        left = cls.logs.describe_log_groups(logGroupNamePrefix=cls.group)["logGroups"]
        assert left == [], left

    @staticmethod
    def message(i):
        level = "error" if i % 5 == 0 else "info"
        return json.dumps({"level": level, "status": 200 + i, "text": f"request {i} \x1b[31m\u202e done"})

    def refused(self, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        return caught.exception.response["Error"]["Code"]

    def filtered(self, **more):
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=self.group, **more)
        return [(e["timestamp"] - self.start) // 100 for p in pages for e in p["events"]]

    def test_groups(self):
        group = self.logs.describe_log_groups(logGroupNamePrefix=self.group)["logGroups"][0]
        self.assertTrue(group["arn"].endswith(f":log-group:{self.group}:*"))
        self.assertEqual(group["logGroupArn"] + ":*", group["arn"])
        self.assertGreater(group["storedBytes"], 20 * 26)
        self.assertNotIn("retentionInDays", group)
        self.logs.put_retention_policy(logGroupName=self.group, retentionInDays=30)
        found = self.logs.describe_log_groups(logGroupNamePattern=self.group[1:])["logGroups"]
        self.assertEqual([g["retentionInDays"] for g in found], [30])
        self.logs.delete_retention_policy(logGroupName=self.group)
        self.assertEqual(self.refused(self.logs.put_retention_policy, logGroupName=self.group, retentionInDays=2),
                         "InvalidParameterException")
        self.assertEqual(self.refused(self.logs.create_log_group, logGroupName=self.group),
                         "ResourceAlreadyExistsException")
        self.assertEqual(self.refused(self.logs.delete_log_group, logGroupName="none"), "ResourceNotFoundException")
        pages = list(self.logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 1}))
        names = [g["logGroupName"] for p in pages for g in p["logGroups"]]
        self.assertEqual(names, sorted(names))
        self.assertIn(self.group, names)

    def test_tags(self):
        arn = self.logs.describe_log_groups(logGroupNamePrefix=self.group)["logGroups"][0]["logGroupArn"]
        self.logs.tag_resource(resourceArn=arn, tags={"tier": "1"})
        self.assertEqual(self.logs.list_tags_for_resource(resourceArn=arn)["tags"], {"team": "ops", "tier": "1"})
        self.logs.untag_resource(resourceArn=arn, tagKeys=["tier"])
        self.assertEqual(self.logs.list_tags_for_resource(resourceArn=arn)["tags"], {"team": "ops"})

    def test_streams(self):
        streams = self.logs.describe_log_streams(
            logGroupName=self.group, orderBy="LastEventTime", descending=True)["logStreams"]
        self.assertEqual([s["logStreamName"] for s in streams], ["b", "a"])
        self.assertEqual(streams[1]["firstEventTimestamp"], self.start)
        pages = self.logs.get_paginator("describe_log_streams").paginate(
            logGroupName=self.group, PaginationConfig={"PageSize": 1})
        self.assertEqual([s["logStreamName"] for p in pages for s in p["logStreams"]], ["a", "b"])
        self.assertEqual(self.refused(self.logs.describe_log_streams, logGroupName="none"), "ResourceNotFoundException")

    def test_get_log_events(self):
        ask = dict(logGroupName=self.group, logStreamName="a", limit=4)
        page = self.logs.get_log_events(**ask, startFromHead=True)
        self.assertEqual([e["message"] for e in page["events"]], [self.message(i) for i in (0, 2, 4, 6)])
        seen = len(page["events"])
        while True:
            token = page["nextForwardToken"]
            page = self.logs.get_log_events(**ask, nextToken=token)
            seen += len(page["events"])
            if page["nextForwardToken"] == token:
                break
        self.assertEqual(seen, 10)
        newest = self.logs.get_log_events(**ask)
        back = self.logs.get_log_events(**ask, nextToken=newest["nextBackwardToken"])
        self.assertLess(back["events"][-1]["timestamp"], newest["events"][0]["timestamp"])

    def test_filter_log_events(self):
        self.assertEqual(self.filtered(), list(range(20)))
        self.assertEqual(self.filtered(PaginationConfig={"PageSize": 3}), list(range(20)))
        self.assertEqual(self.filtered(logStreamNames=["b"]), list(range(1, 20, 2)))
        self.assertEqual(self.filtered(logStreamNamePrefix="a"), list(range(0, 20, 2)))
        self.assertEqual(self.filtered(startTime=self.start + 500, endTime=self.start + 700), [5, 6, 7])
        for pattern, wanted in (
                ('{ $.level = "error" }', [0, 5, 10, 15]),
                ('{ $.level = "error" && $.status >= 210 }', [10, 15]),
                ('{ $.status = 20* }', list(range(10))),
                ('error', [0, 5, 10, 15]),
                ('"request 1 "', [1]),
                ('error -"request 5 "', [0, 10, 15]),
                ('?"request 3 " ?"request 4 "', [3, 4])):
            self.assertEqual(self.filtered(filterPattern=pattern), wanted, pattern)
        self.assertEqual(self.refused(self.logs.filter_log_events, logGroupName=self.group, filterPattern="{ $.a"),
                         "InvalidParameterException")
        self.assertEqual(self.refused(self.logs.filter_log_events, logGroupName="none"), "ResourceNotFoundException")

    def test_events_too_old(self):
        events = [{"timestamp": self.start - 20 * 86_400_000, "message": "old"}]
        self.logs.create_log_stream(logGroupName=self.group, logStreamName="late")
        answer = self.logs.put_log_events(logGroupName=self.group, logStreamName="late", logEvents=events)
        self.assertEqual(answer["rejectedLogEventsInfo"], {"tooOldLogEventEndIndex": 1})
        self.logs.delete_log_stream(logGroupName=self.group, logStreamName="late")
        self.assertEqual(self.refused(self.logs.get_log_events, logGroupName=self.group, logStreamName="late"),
                         "ResourceNotFoundException")

    def test_query(self):
        started = self.logs.start_query(
            logGroupName=self.group, startTime=self.start // 1000 - 1, endTime=self.start // 1000 + 60,
            queryString="fields @timestamp, status | filter level = 'error' | sort status desc | limit 2")
        answer = until("the query ends", lambda: (
            a := self.logs.get_query_results(queryId=started["queryId"]))["status"] == "Complete" and a)
        rows = [{c["field"]: c["value"] for c in row} for row in answer["results"]]
        self.assertEqual([r["status"] for r in rows], ["215", "210"])
        self.assertEqual(answer["statistics"]["recordsMatched"], 4.0)
        self.assertEqual(self.refused(self.logs.start_query, logGroupName=self.group, startTime=0, endTime=1,
                                      queryString="dedup status"), "MalformedQueryException")


@unittest.skipIf(shutil.which("aws") is None, "the AWS CLI is not installed")
class CommandLine(unittest.TestCase):
    def aws(self, *words):
        command = ["aws", "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json", *words]
        # Version 2 would page; version 1 knows no option against it.
        quiet = {**os.environ, "AWS_PAGER": ""}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=quiet)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_cloudwatch(self):
        self.aws("cloudwatch", "put-metric-data", "--namespace", "Peer/cli", "--metric-name", "Load", "--value", "7")
        listed = json.loads(self.aws("cloudwatch", "list-metrics", "--namespace", "Peer/cli"))
        self.assertEqual(listed["Metrics"][0]["MetricName"], "Load")
        alarms = json.loads(self.aws("cloudwatch", "describe-alarms", "--max-items", "3"))
        self.assertIn("MetricAlarms", alarms)

    def test_logs(self):
        group = f"/peer/cli/{time.time_ns()}"
        self.aws("logs", "create-log-group", "--log-group-name", group)
        self.aws("logs", "create-log-stream", "--log-group-name", group, "--log-stream-name", "s")
        event = json.dumps([{"timestamp": int(time.time() * 1000), "message": "hello cli"}])
        self.aws("logs", "put-log-events", "--log-group-name", group, "--log-stream-name", "s", "--log-events", event)
        found = json.loads(self.aws("logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", "hello"))
        self.assertEqual([e["message"] for e in found["events"]], ["hello cli"])
        self.aws("logs", "delete-log-group", "--log-group-name", group)


if __name__ == "__main__":
    unittest.main(verbosity=2)
