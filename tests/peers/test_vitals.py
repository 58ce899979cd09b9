"""Core Web Vitals on ministack: what boto3 published as CloudWatch RUM does is what the criterion judges."""

import datetime

from harness.cases import PeerCase
from harness.platform import client
from harness.server import Ministack


class Vitals(PeerCase):
    """RUM itself is asked nothing: its measurements are metrics of `AWS/RUM`, one set an app monitor."""

    peer_type = Ministack

    def publish(self, monitor, lcp, cls=0.02, inp=90):
        cloudwatch = client("cloudwatch", self.peer.endpoint)
        now = datetime.datetime.now(datetime.timezone.utc)
        for minutes in (6, 12, 18):
            at = now - datetime.timedelta(minutes=minutes)
            rows = (("LargestContentfulPaint", lcp, "Milliseconds"), ("CumulativeLayoutShift", cls, "None"), ("InteractionToNextPaint", inp, "Milliseconds"))
            cloudwatch.put_metric_data(Namespace="AWS/RUM", MetricData=[
                {"MetricName": f"WebVitals{name}", "Dimensions": [{"Name": "application_name", "Value": monitor}], "Value": value, "Unit": unit, "Timestamp": at}
                for name, value, unit in rows])

    def criterion(self):
        rows = self.deck.ask("checklist", codes=(0, 1))["criteria"]
        return next(c for c in rows if "rum.web-vitals" in (c["probe"] or ""))

    def test_pages_are_quick_where_they_were_measured_and_one_slow_monitor_is_named(self):
        nobody = self.criterion()
        self.assertEqual(nobody["state"], "unknown")
        self.assertIn("CloudWatch lists no Web Vitals", nobody["reason"])
        self.publish("laser-web", lcp=1200)
        quick = self.criterion()
        self.assertEqual(quick["state"], "proved", quick["reason"])
        self.assertIn("LCP of laser-web 1200 ms", str(quick["evidence"]))
        self.publish("laser-admin", lcp=4100)
        slow = self.criterion()
        self.assertEqual(slow["state"], "failing")
        self.assertIn("LCP of laser-admin", slow["reason"])
        self.assertNotIn("laser-web", slow["reason"])
