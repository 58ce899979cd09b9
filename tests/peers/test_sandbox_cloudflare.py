"""The npm client `cloudflare` against the sandbox. Reads FLIGHTDECK_SANDBOX_ENDPOINT."""

import json
import os
import time
import urllib.request
from datetime import datetime, timedelta, timezone

from harness.node import TOKEN, Client, NodeCase, Refused

TRAFFIC = """
query Traffic($zone: string!, $filter: ZoneHttpRequests1hGroupsFilter_InputObject!) {
  viewer { zones(filter: {zoneTag: $zone}) {
    hours: httpRequests1hGroups(limit: 100, filter: $filter, orderBy: [datetime_ASC]) {
      dimensions { datetime }
      sum { requests cachedRequests bytes cachedBytes threats responseStatusMap { edgeResponseStatus requests } }
      uniq { uniques }
    }
  } }
}"""

ADAPTIVE = """
query Adaptive($zone: string!, $filter: ZoneHttpRequestsAdaptiveGroupsFilter_InputObject!) {
  viewer { zones(filter: {zoneTag: $zone}) {
    httpRequestsAdaptiveGroups(limit: 5000, filter: $filter, orderBy: [datetimeFiveMinutes_ASC]) {
      count sum { edgeResponseBytes visits } dimensions { datetimeFiveMinutes cacheStatus clientRequestHTTPHost }
    }
  } }
}"""


def ago(**span):
    return (datetime.now(timezone.utc) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Cloudflare(NodeCase):
    @classmethod
    def prepare(cls):
        cls.endpoint = f"{os.environ['FLIGHTDECK_SANDBOX_ENDPOINT']}/cloudflare/client/v4"
        cls.cloudflare = Client("cloudflare.mjs", cls.endpoint)
        (zone,) = cls.cloudflare.all("zones.list", {"name": "laser.example"})
        cls.zone, cls.of = zone, {"zone_id": zone["id"]}

    def records(self, **wanted):
        return self.cloudflare.all("dns.records.list", {**self.of, **wanted})

    def ask(self, query, **variables):
        body = {"query": query, "variables": {"zone": self.zone["id"], **variables}}
        return self.cloudflare.call("post", "/graphql", {"body": body})

    def setting(self, name):
        return self.cloudflare.call("zones.settings.get", name, self.of)

    def raw(self, path, token=TOKEN):
        return urllib.request.urlopen(
            urllib.request.Request(f"{self.endpoint}{path}", headers={"Authorization": f"Bearer {token}"}), timeout=10
        )


class Reads(Cloudflare):
    def test_the_token(self):
        self.assertEqual(self.cloudflare.call("user.tokens.verify")["status"], "active")
        for call, status, words in (("user.tokens.verify", 401, "Invalid API Token"), ("zones.list", 403, "Invalid access token")):
            with self.assertRaises(Refused) as refused:
                Client("cloudflare.mjs", self.endpoint, token="other").call(call)
            self.assertEqual(refused.exception.status, status)
            self.assertIn(words, refused.exception.message)

    def test_zones(self):
        zones = {z["name"]: z for z in self.cloudflare.all("zones.list")}
        self.assertEqual({name: z["status"] for name, z in zones.items()}, {"laser.example": "active", "laser-staging.example": "pending"})
        self.assertEqual((self.zone["plan"]["legacy_id"], self.zone["paused"], len(self.zone["name_servers"])), ("pro", False, 2))
        self.assertEqual(self.cloudflare.call("zones.get", self.of)["id"], self.zone["id"])
        with self.assertRaises(Refused) as refused:
            self.cloudflare.call("zones.get", {"zone_id": "0" * 32})
        self.assertEqual(refused.exception.status, 404)

    def test_records_page_by_page(self):
        whole = self.records()
        paged = self.records(per_page=3)
        self.assertEqual([r["id"] for r in paged], [r["id"] for r in whole])
        proxied = {r["name"] for r in whole if r["proxied"]}
        self.assertLessEqual({"app.laser.example", "api.laser.example", "admin.laser.example", "cdn.laser.example"}, proxied)
        self.assertEqual({r["ttl"] for r in whole if r["proxied"]}, {1})
        (mail,) = self.records(type="MX")
        self.assertEqual((mail["priority"], mail["content"], mail["proxiable"]), (10, "mail.laser.example", False))
        (api,) = self.records(name={"exact": "api.laser.example"})
        self.assertRegex(api["content"], r"^laser-prod-alb-.*\.elb\.amazonaws\.com$")

    def test_settings(self):
        self.assertEqual((self.setting("ssl")["value"], self.setting("min_tls_version")["value"]), ("strict", "1.2"))
        whole = {s["id"]: s["value"] for s in json.load(self.raw(f"/zones/{self.zone['id']}/settings"))["result"]}
        self.assertEqual((whole["always_use_https"], whole["http3"], whole["security_level"]), ("on", "on", "medium"))
        with self.assertRaisesRegex(Refused, "Undefined zone setting"):
            self.setting("nothing")

    def test_rulesets_and_their_rules(self):
        rulesets = self.cloudflare.all("rulesets.list", self.of)
        self.assertLessEqual({"ddos_l7", "http_ratelimit", "http_request_firewall_managed", "http_request_firewall_custom"}, {r["phase"] for r in rulesets})
        (limits,) = [r for r in rulesets if r["phase"] == "http_ratelimit"]
        rules = self.cloudflare.call("rulesets.get", limits["id"], self.of)["rules"]
        self.assertEqual([(r["enabled"], r["ratelimit"]["period"]) for r in rules], [(True, 10), (True, 60), (False, 60)])
        same = self.cloudflare.call("rulesets.phases.get", "http_ratelimit", self.of)
        self.assertEqual(same["rules"], rules)
        with self.assertRaises(Refused) as refused:
            self.cloudflare.call("rulesets.phases.get", "http_request_cache_settings", self.of)
        self.assertEqual(refused.exception.status, 404)

    def test_the_rate_is_told(self):
        heads = [self.raw("/user/tokens/verify").headers for _ in range(2)]
        self.assertEqual(heads[0]["ratelimit-policy"], '"default";q=1200;w=300')
        left = [int(h["ratelimit"].split(";r=")[1].split(";")[0]) for h in heads]
        self.assertLess(left[1], left[0])


class Analytics(Cloudflare):
    def test_requests_of_a_day_by_the_hour(self):
        answer = self.ask(TRAFFIC, filter={"datetime_geq": ago(hours=24), "datetime_lt": ago(hours=0)})
        hours = answer["data"]["viewer"]["zones"][0]["hours"]
        self.assertIn(len(hours), (24, 25))
        times = [h["dimensions"]["datetime"] for h in hours]
        self.assertEqual(times, sorted(times))
        requests, cached = (sum(h["sum"][name] for h in hours) for name in ("requests", "cachedRequests"))
        self.assertTrue(0.5 < cached / requests < 0.95, cached / requests)
        for hour in hours:
            by_status = sum(s["requests"] for s in hour["sum"]["responseStatusMap"])
            self.assertAlmostEqual(by_status, hour["sum"]["requests"], delta=len(hour["sum"]["responseStatusMap"]))

    def test_datasets_agree(self):
        span = {"datetime_geq": ago(hours=3), "datetime_lt": ago(hours=1)}
        hours = self.ask(TRAFFIC, filter=span)["data"]["viewer"]["zones"][0]["hours"]
        groups = self.ask(ADAPTIVE, filter=span)["data"]["viewer"]["zones"][0]["httpRequestsAdaptiveGroups"]
        whole = sum(h["sum"]["requests"] for h in hours)
        # The adaptive dataset is sampled, as the vendor's is: how near it comes depends on the hour.
        self.assertAlmostEqual(sum(g["count"] for g in groups) / whole, 1, delta=0.1)
        hits = sum(g["count"] for g in groups if g["dimensions"]["cacheStatus"] == "hit")
        self.assertAlmostEqual(hits / sum(h["sum"]["cachedRequests"] for h in hours), 1, delta=0.1)
        self.assertEqual({g["dimensions"]["cacheStatus"] for g in groups if g["dimensions"]["clientRequestHTTPHost"] == "api.laser.example"}, {"dynamic", "none"})

    def test_what_is_wrong_with_a_query_is_said(self):
        for query, why in (
            ("query ($zone: string) { viewer { zones(filter: {zoneTag: $zone}) { httpRequests1hGroups { sum { requests } } } } }", "limit"),
            ("{ viewer { nothing { a } } }", "unknown field"),
            ("{ viewer ", "end"),
        ):
            with self.subTest(query):
                answer = self.ask(query)
                self.assertIsNone(answer["data"])
                self.assertIn(why, answer["errors"][0]["message"])
        too_long = self.ask(TRAFFIC, filter={"datetime_geq": ago(days=9)})
        self.assertIn("time range", too_long["errors"][0]["message"])


class Changes(Cloudflare):
    def test_a_record_lives(self):
        made = self.cloudflare.call(
            "dns.records.create", {**self.of, "type": "CNAME", "name": "beta", "content": "cname.vercel-dns.com", "ttl": 300, "proxied": False}
        )
        self.assertEqual((made["name"], made["ttl"]), ("beta.laser.example", 300))
        changed = self.cloudflare.call("dns.records.edit", made["id"], {**self.of, "type": "CNAME", "name": "beta", "ttl": 1, "proxied": True, "content": "laser-web.vercel.app"})
        self.assertEqual((changed["content"], changed["proxied"]), ("laser-web.vercel.app", True))
        self.assertGreater(changed["modified_on"], made["modified_on"])
        with self.assertRaisesRegex(Refused, "already exists"):
            self.cloudflare.call("dns.records.create", {**self.of, "type": "A", "name": "beta", "content": "192.0.2.1", "ttl": 1})
        self.cloudflare.call("dns.records.delete", made["id"], self.of)
        with self.assertRaises(Refused) as refused:
            self.cloudflare.call("dns.records.get", made["id"], self.of)
        self.assertEqual(refused.exception.status, 404)

    def test_what_is_no_record_is_refused(self):
        for wrong in ({"type": "A", "content": "not-an-address"}, {"type": "TXT", "content": "x", "proxied": True}, {"type": "A", "content": "192.0.2.1", "ttl": 5}):
            with self.subTest(wrong), self.assertRaises(Refused) as refused:
                self.cloudflare.call("dns.records.create", {**self.of, "name": "wrong", "ttl": 1, **wrong})
            self.assertEqual(refused.exception.status, 400)

    def test_security_level_and_development_mode(self):
        try:
            self.cloudflare.call("zones.settings.edit", "security_level", {**self.of, "value": "under_attack"})
            self.assertEqual(self.setting("security_level")["value"], "under_attack")
            with self.assertRaises(Refused):
                self.cloudflare.call("zones.settings.edit", "security_level", {**self.of, "value": "paranoid"})
            on = self.cloudflare.call("zones.settings.edit", "development_mode", {**self.of, "value": "on"})
            self.assertGreater(on["time_remaining"], 10_000)
            self.assertGreater(self.cloudflare.call("zones.get", self.of)["development_mode"], 10_000)
        finally:
            self.cloudflare.call("zones.settings.edit", "security_level", {**self.of, "value": "medium"})
            self.cloudflare.call("zones.settings.edit", "development_mode", {**self.of, "value": "off"})
        self.assertLessEqual(self.setting("development_mode")["time_remaining"], 0)

    def test_a_purged_cache_misses_and_fills_again(self):
        def missed():
            recent = {"datetime_geq": ago(seconds=4)}
            groups = self.ask(ADAPTIVE, filter=recent)["data"]["viewer"]["zones"][0]["httpRequestsAdaptiveGroups"]
            count = {}
            for group in groups:
                status = group["dimensions"]["cacheStatus"]
                count[status] = count.get(status, 0) + group["count"]
            return count.get("miss", 0) / max(1, count.get("hit", 0) + count.get("miss", 0))

        self.assertLess(missed(), 0.25)
        self.assertEqual(self.cloudflare.call("cache.purge", {**self.of, "purge_everything": True})["id"], self.zone["id"])
        # Four seconds of traffic are few requests: the share swings by some hundredths about a tenth.
        peak, refilled, end = 0, False, time.monotonic() + 40
        while time.monotonic() < end and not refilled:
            share = missed()
            peak, refilled = max(peak, share), peak > 0.5 and share < 0.2
            time.sleep(0.3)
        self.assertGreater(peak, 0.5)
        self.assertTrue(refilled, share)
        with self.assertRaises(Refused):
            self.cloudflare.call("cache.purge", {**self.of, "files": ["https://elsewhere.example/a.js"]})

    def test_a_rate_limit_is_switched_on(self):
        limits = self.cloudflare.call("rulesets.phases.get", "http_ratelimit", self.of)
        rule = limits["rules"][2]
        changed = self.cloudflare.call(
            "rulesets.rules.edit", rule["id"], {**self.of, "ruleset_id": limits["id"], "action": "block", "expression": rule["expression"], "enabled": True}
        )
        try:
            self.assertTrue(changed["rules"][2]["enabled"])
            self.assertNotEqual(changed["version"], limits["version"])
        finally:
            self.cloudflare.call(
                "rulesets.rules.edit", rule["id"], {**self.of, "ruleset_id": limits["id"], "action": "block", "expression": rule["expression"], "enabled": False}
            )
