"""Our Cloudflare client. Nobody plays Cloudflare's API, so there are two judges: answers in the published shape (Cloudflare API
documentation and GraphQL Analytics API documentation, written out here by hand), and the sandbox, whose every change is made with
Cloudflare's own npm client and read back through our program."""

import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from harness.cases import assert_worded
from harness.console import Flightdeck
from harness.faulty import Faulty
from harness.node import TOKEN, Client, NodeCase
from harness.server import Sandbox

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"


def envelope(result, **info):
    body = {"success": True, "errors": [], "messages": [], "result": result}
    return {**body, "result_info": info} if info else body


def zone(id, name, status="active", paused=False):
    return {
        "id": id, "name": name, "status": status, "paused": paused, "type": "full", "development_mode": -7200,
        "name_servers": ["bob.ns.cloudflare.com", "lola.ns.cloudflare.com"], "original_name_servers": None, "original_registrar": None,
        "original_dnshost": None, "modified_on": "2014-01-01T05:20:00.12345Z", "created_on": "2014-01-01T05:20:00.12345Z",
        "activated_on": "2014-01-02T00:01:00.12345Z", "meta": {"step": 2, "page_rule_quota": 100, "phishing_detected": False},
        "owner": {"id": None, "type": "user", "email": None}, "account": {"id": "01a7362d577a6c3019a474fd6f485823", "name": "Demo"},
        "permissions": ["#zone:read"], "plan": {"id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": "Free Website", "price": 0, "legacy_id": "free"},
    }


def record(n, **more):
    return {
        "id": f"372e67954025e0ba6aaa6d586b9e{n:04}", "zone_id": ZONE, "zone_name": "example.com", "name": f"h{n}.example.com", "type": "A",
        "content": "198.51.100.4", "proxiable": True, "proxied": True, "ttl": 1, "settings": {}, "meta": {}, "comment": None, "tags": [],
        "created_on": "2014-01-01T05:20:00.12345Z", "modified_on": "2014-01-01T05:20:00.12345Z", **more,
    }


RULESETS = [
    {"id": "4d21379b4f9f4bb088e0729962c8b3cf", "name": "DDoS L7 ruleset", "kind": "managed", "version": "1", "phase": "ddos_l7", "last_updated": "2020-07-20T10:44:29.124515Z"},
    {"id": "2f2feab2026849078ba485f918791bdc", "name": "default", "description": "", "kind": "zone", "version": "3", "phase": "http_ratelimit", "last_updated": "2020-07-20T10:44:29.124515Z"},
    {"id": "2f2feab2026849078ba485f918791bdd", "name": "default", "description": "", "kind": "zone", "version": "3", "phase": "http_request_transform", "last_updated": "2020-07-20T10:44:29.124515Z"},
]
RULE = {
    "id": "3a03d665bac047339bb530ecb439a90d", "version": "1", "action": "block", "expression": '(http.request.uri.path eq "/login")',
    "description": "Sign-in", "last_updated": "2020-07-20T10:44:29.124515Z", "ref": "r", "enabled": True,
    "ratelimit": {"characteristics": ["cf.colo.id", "ip.src"], "period": 60, "requests_per_period": 100, "mitigation_timeout": 600},
}


class Published:
    """Answers as the documentation shows them; `asked` notes each path with its query."""

    def __init__(self):
        outer = self
        self.asked, self.graphql = [], []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urlsplit(self.path)
                outer.asked.append((url.path, parse_qs(url.query)))
                self.say(outer.answer(url.path.removeprefix("/client/v4"), parse_qs(url.query)))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.graphql.append(body)
                self.say(outer.traffic())

            def say(self, value):
                text = json.dumps(value if value is not None else {"success": False, "errors": [{"code": 7003, "message": "Could not route"}], "messages": [], "result": None}).encode()
                self.send_response(200 if value is not None else 404)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}/client/v4"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path, query):
        if path == "/zones":
            return envelope([zone(ZONE, "example.com"), zone("9" * 32, "parked.example", "pending")], page=1, per_page=50, count=2, total_count=2, total_pages=1)
        if path == f"/zones/{ZONE}/dns_records":
            page = int(query["page"][0])
            shown = [record(n) for n in range(100)] if page == 1 else [record(100, type="MX", content="mx.example.com", priority=10, proxied=False, proxiable=False, ttl=3600), record(101, proxied=False, ttl=300)]
            return envelope(shown, page=page, per_page=100, count=len(shown), total_count=102, total_pages=2)
        if path == f"/zones/{'9' * 32}/dns_records":
            return envelope([], page=1, per_page=100, count=0, total_count=0, total_pages=1)
        if path.startswith(f"/zones/{ZONE}/settings/"):
            name = path.rsplit("/", 1)[1]
            return envelope({"id": name, "value": {"ssl": "flexible", "min_tls_version": "1.0"}.get(name, "on"), "editable": True, "modified_on": None})
        if path == f"/zones/{ZONE}/rulesets":
            return envelope(RULESETS)
        if path == f"/zones/{ZONE}/rulesets/{RULESETS[1]['id']}":
            return envelope({**RULESETS[1], "rules": [RULE]})
        return None

    def traffic(self):
        def hour(n):
            statuses = [{"edgeResponseStatus": 200, "requests": 900}, {"edgeResponseStatus": 404, "requests": 90}, {"edgeResponseStatus": 522, "requests": 10}]
            return {
                "dimensions": {"datetime": f"2026-11-25T{n:02}:00:00Z"},
                "sum": {"requests": 1000, "cachedRequests": 750, "bytes": 5_000_000, "cachedBytes": 4_000_000, "threats": 3, "responseStatusMap": statuses},
            }

        return {"data": {"viewer": {"zones": [{"httpRequests1hGroups": [hour(n) for n in range(24)]}]}}, "errors": None}

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Deck:
    """flightdeck that looks at one Cloudflare."""

    def look_at(self, endpoint, more=""):
        self.deck = Flightdeck()
        self.addCleanup(self.deck.close)
        self.deck.environment["CLOUDFLARE_API_TOKEN"] = TOKEN
        self.deck.configure(f'[cloudflare]\nendpoint = "{endpoint}"\n{more}')

    def show(self):
        return self.deck.ask("show", "cloudflare", codes=(0, 1))

    def evidence(self, criterion):
        """State and reason of a criterion."""
        (found,) = [c for c in self.deck.ask("checklist", codes=(0, 1, 2, 3))["criteria"] if c["id"] == criterion]
        return found["state"], found["reason"]


class AsPublished(Deck, unittest.TestCase):
    def setUp(self):
        self.peer = Published()
        self.addCleanup(self.peer.close)
        self.look_at(self.peer.endpoint)

    def test_zones_with_their_traffic(self):
        shown = self.show()
        self.assertEqual([(z["name"], z["status"], z["plan"]) for z in shown["zones"]], [("example.com", "active", "Free Website"), ("parked.example", "pending", "Free Website")])
        self.assertEqual(len(shown["traffic"]), 24)
        self.assertEqual((shown["traffic"][0]["requests"], shown["traffic"][0]["classes"]), (1000, [0, 900, 0, 90, 10]))
        self.assertEqual({q["variables"]["zone"] for q in self.peer.graphql}, {ZONE})
        text = self.deck.run("show", "cloudflare").out
        self.assertRegex(text, r"example\.com +active .*24,000 +75\.0 % +1\.000 %")

    def test_records_of_every_page(self):
        records = self.show()["records"]
        self.assertEqual(len(records), 102)
        self.assertEqual({query["page"][0] for path, query in self.peer.asked if path.endswith(f"{ZONE}/dns_records")}, {"1", "2"})
        kinds = {r["kind"]: r for r in records}
        self.assertEqual((kinds["MX"]["priority"], kinds["MX"]["ttl_s"]), (10, 3600))
        self.assertIsNone(kinds["A"]["ttl_s"])

    def test_weak_settings_stand_out_and_every_one_is_asked_for(self):
        values = {s["setting"]: s["value"] for s in self.show()["settings"]}
        self.assertEqual((values["ssl"], values["min_tls_version"], values["http3"]), ("flexible", "1.0", "on"))
        # A zone that is not active is not asked for its settings.
        self.assertFalse([path for path, _ in self.peer.asked if f"{'9' * 32}/settings" in path])

    def test_rules_of_the_phases_that_protect(self):
        (rule,) = self.show()["rules"]
        self.assertEqual((rule["about"], rule["limit"], rule["enabled"]), ("Sign-in", [100, 60], True))
        self.assertFalse([path for path, _ in self.peer.asked if path.endswith(RULESETS[2]["id"])])

    def test_the_zones_that_are_named_are_the_zones_that_are_asked(self):
        self.look_at(self.peer.endpoint, 'zones = ["example.com"]\n')
        self.assertEqual([z["name"] for z in self.show()["zones"]], ["example.com"])
        self.assertFalse([path for path, _ in self.peer.asked if "9" * 32 in path])

    def test_what_is_not_active_or_leads_past_fails(self):
        self.assertEqual(self.evidence("1.1.e")[0], "failing")
        self.assertIn("parked.example", self.evidence("1.1.e")[1])
        state, reason = self.evidence("1.4.d")
        self.assertEqual(state, "failing")
        self.assertIn("h101.example.com", reason)
        self.look_at(self.peer.endpoint, 'zones = ["example.com"]\n')
        self.assertIn("75.0 %", str(self.deck.ask("checklist", codes=(0, 1, 2, 3))))

    def test_refusals_are_worded(self):
        invalid = b'{"success":false,"errors":[{"code":9109,"message":"Invalid access token"}],"messages":[],"result":null}'
        inside = b'{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[],"result":null}'
        for status, body, words in ((403, invalid, "Invalid access token"), (200, inside, "Authentication error"), (429, inside, "slow down")):
            with self.subTest(status), Faulty(status, "application/json", body, [("retry-after", "1")]) as faulty:
                self.look_at(faulty.endpoint)
                answer = self.deck.run("show", "cloudflare")
                self.assertEqual(answer.code, 3, str(answer))
                assert_worded(self, answer)
                self.assertIn(words, answer.err)


class OnSandbox(Deck, NodeCase):
    @classmethod
    def prepare(cls):
        cls.peer = cls.served(Sandbox(speed=20))
        cls.endpoint = f"{cls.peer.endpoint}/cloudflare/client/v4"
        cls.cloudflare = Client("cloudflare.mjs", cls.endpoint)
        cls.of = {"zone_id": cls.cloudflare.all("zones.list", {"name": "laser.example"})[0]["id"]}

    def setUp(self):
        super().setUp()
        self.look_at(self.endpoint, 'zones = ["laser.example"]\n')

    def test_a_record_that_was_made_is_shown(self):
        made = self.cloudflare.call("dns.records.create", {**self.of, "type": "CNAME", "name": "shop", "content": "cname.vercel-dns.com", "ttl": 1, "proxied": True})
        self.addCleanup(self.cloudflare.call, "dns.records.delete", made["id"], self.of)
        (row,) = [r for r in self.show()["records"] if r["id"] == made["id"]]
        self.assertEqual((row["name"], row["proxied"], row["content"]), ("shop.laser.example", True, "cname.vercel-dns.com"))

    def test_a_name_past_cloudflare_fails_the_protection_until_it_is_gone(self):
        (origin,) = self.cloudflare.all("dns.records.list", {**self.of, "name": {"exact": "origin.laser.example"}})
        state, reason = self.evidence("1.4.d")
        self.assertEqual(state, "failing")
        self.assertIn("origin.laser.example", reason)
        self.cloudflare.call("dns.records.edit", origin["id"], {**self.of, "type": origin["type"], "name": origin["name"], "content": origin["content"], "ttl": 1, "proxied": True})
        self.assertEqual(self.evidence("1.4.d")[0], "proved")

    def test_a_paused_zone_passes_nothing(self):
        self.assertEqual(self.evidence("1.1.e")[0], "unknown")  # no host is probed here: nothing to be proxied
        self.cloudflare.call("zones.edit", {**self.of, "paused": True})
        try:
            state, reason = self.evidence("1.1.e")
            self.assertEqual(state, "failing")
            self.assertIn("paused", reason)
        finally:
            self.cloudflare.call("zones.edit", {**self.of, "paused": False})

    def test_settings_rules_and_traffic_are_the_vendors(self):
        shown = self.show()
        for setting in ("ssl", "security_level", "min_tls_version"):
            there = self.cloudflare.call("zones.settings.get", setting, self.of)["value"]
            (here,) = [s["value"] for s in shown["settings"] if s["setting"] == setting]
            self.assertEqual(here, there)
        limits = self.cloudflare.call("rulesets.phases.get", "http_ratelimit", self.of)["rules"]
        rows = [r for r in shown["rules"] if r["phase"] == "http_ratelimit"]
        self.assertEqual([(r["id"], r["enabled"]) for r in rows], [(r["id"], r["enabled"]) for r in limits])
        self.assertIn(len(shown["traffic"]), (24, 25))

    def test_rate_limits_that_are_all_off_fail(self):
        limits = self.cloudflare.call("rulesets.phases.get", "http_ratelimit", self.of)

        def switch(rule, on):
            self.cloudflare.call("rulesets.rules.edit", rule["id"], {**self.of, "ruleset_id": limits["id"], "action": "block", "expression": rule["expression"], "enabled": on})

        self.assertNotEqual(self.evidence("4.2.c")[0], "failing")
        for rule in limits["rules"]:
            switch(rule, False)
        try:
            state, reason = self.evidence("4.2.c")
            self.assertEqual(state, "failing")
            self.assertIn("no rate limit is on", reason)
        finally:
            for rule in limits["rules"]:
                switch(rule, rule["enabled"])
