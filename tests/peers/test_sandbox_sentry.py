"""Sentry's own tools against the sandbox: sentry-cli, and the client that Sentry generates from its API description
(@sentry/api). Reads FLIGHTDECK_SANDBOX_ENDPOINT."""

import os
import re
import subprocess
import time

import boto3
from harness.node import TOKEN, Client, NodeCase, folder

ENDPOINT = os.environ.get("FLIGHTDECK_SANDBOX_ENDPOINT", "")
ORG = {"organization_id_or_slug": "laser"}
API = {**ORG, "project_id_or_slug": "laser-api"}


def until(what, condition, seconds=60):
    """Waits for a condition; the sandbox's clock is what is waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError("never: " + what)


class Sentry(NodeCase):
    @classmethod
    def prepare(cls):
        cls.sentry = Client("sentry.mjs", f"{ENDPOINT}/sentry")

    def ask(self, name, path=None, **more):
        answer = self.sentry.call(name, {"path": path or ORG, **more})
        self.assertIsNone(answer["error"], answer)
        return answer

    def issues(self, query, **more):
        return self.ask("listAnOrganization_sIssues", query={"query": query, **more})["data"]

    def cli(self, *words, token=TOKEN, code=0):
        program = folder() / "node_modules" / ".bin" / "sentry-cli"
        more = {"SENTRY_URL": f"{ENDPOINT}/", "SENTRY_AUTH_TOKEN": token, "SENTRY_ORG": "laser", "SENTRY_PROJECT": "laser-api", "RUST_BACKTRACE": "0"}
        done = subprocess.run([program, *words], env={**os.environ, **more}, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def table(self, *words):
        """The rows of a table that sentry-cli prints, each as a list of cells."""
        lines = [line for line in self.cli(*words).splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


class Reads(Sentry):
    def test_who_the_token_is(self):
        self.assertIn("flightdeck@laser.example", self.cli("info"))
        self.assertIn("Invalid token", self.cli("info", token="other", code=1))

    def test_organization_and_projects(self):
        self.assertEqual([row[2] for row in self.table("organizations", "list")], ["laser"])
        slugs = {row[1] for row in self.table("projects", "list")}
        self.assertEqual(slugs, {p["slug"] for p in self.ask("listAnOrganization_sProjects")["data"]})
        self.assertEqual(self.ask("retrieveAProject", API)["data"]["platform"], "node-express")

    def test_issues(self):
        rows = self.table("issues", "list")
        found = self.issues("", project=[4507000001])
        self.assertEqual({row[0] for row in rows}, {issue["id"] for issue in found})
        timeouts = next(i for i in found if i["title"].startswith("TimeoutError"))
        self.assertGreater(int(timeouts["count"]), 1_000)
        self.assertGreater(timeouts["userCount"], 100)
        self.assertEqual((timeouts["assignedTo"]["name"], timeouts["substatus"]), ("ben", "ongoing"))
        self.assertEqual(len(timeouts["stats"]["24h"]), 24)
        self.assertGreater(sum(n for _, n in timeouts["stats"]["24h"]), 24)

    def test_search_and_order(self):
        self.assertEqual({i["status"] for i in self.issues("is:unresolved")}, {"unresolved"})
        self.assertEqual([i["title"] for i in self.issues("is:resolved", project=[4507000004])], ["TypeError: Failed to fetch"])
        self.assertEqual(self.issues("is:unresolved !thickness", project=[4507000001])[0]["project"]["slug"], "laser-api")
        seen = [i["lastSeen"] for i in self.issues("", sort="date")]
        self.assertEqual(seen, sorted(seen, reverse=True))
        often = [sum(n for _, n in i["stats"]["24h"]) for i in self.issues("", sort="freq")]
        self.assertEqual(often, sorted(often, reverse=True))

    def test_pages(self):
        names, cursor = [], ""
        for _ in range(10):
            answer = self.ask("listAnOrganization_sIssues", query={"query": "", "sort": "new", "limit": 3, "cursor": cursor})
            names += [i["id"] for i in answer["data"]]
            results, cursor = re.search(r'rel="next"; results="(\w+)"; cursor="([^"]+)"', answer["link"]).groups()
            if results == "false":
                break
        self.assertEqual(sorted(names), sorted(i["id"] for i in self.issues("")))

    def test_a_stack(self):
        issue = self.issues("thickness")[0]
        where = {**ORG, "issue_id": issue["id"], "event_id": "latest"}
        event = self.ask("retrieveAnIssueEvent", where)["data"]
        self.assertEqual(event["groupID"], issue["id"])
        self.assertEqual({t["key"]: t["value"] for t in event["tags"]}["release"], event["release"]["version"])
        (exception,) = next(e for e in event["entries"] if e["type"] == "exception")["data"]["values"]
        own = [f for f in exception["stacktrace"]["frames"] if f["inApp"]]
        self.assertEqual((exception["type"], own[-1]["filename"], own[-1]["lineNo"]), ("TypeError", "src/quotes/price.ts", 23))

    def test_the_newest_release_of_the_api_is_what_it_runs(self):
        ecs = boto3.client("ecs", endpoint_url=ENDPOINT)
        definition = ecs.describe_services(cluster="laser-prod", services=["api"])["services"][0]["taskDefinition"]
        image = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"][0]["image"]
        newest = self.table("releases", "list")[0]
        self.assertEqual(newest[1], f"api@{image.rpartition(':')[2]}")
        self.assertRegex(newest[3], r"second|minute|now")
        shown = self.ask("retrieveAnOrganization_sRelease", {**ORG, "version": newest[1]})["data"]
        self.assertEqual((shown["newGroups"], shown["lastDeploy"]["environment"]), (1, "production"))
        self.assertEqual(self.table("deploys", "list", "--release", newest[1])[0][0], "production")

    def test_events(self):
        titles = {row[2] for row in self.table("events", "list")}
        self.assertIn("Error: socket hang up", titles)


class Writes(Sentry):
    def test_resolve_ignore_and_open_again(self):
        (bank,) = self.issues("bank")
        for words, status in [("resolve", "resolved"), ("mute", "ignored"), ("unresolve", "unresolved")]:
            self.cli("issues", words, "--project", "laser-worker", "--id", bank["id"])
            now = self.ask("retrieveAnIssue", {**ORG, "issue_id": bank["id"]})["data"]
            self.assertEqual(now["status"], status, words)

    def test_assign(self):
        (kerf,) = self.issues("kerf")
        where = {**ORG, "issue_id": kerf["id"]}
        self.assertEqual(self.ask("updateAnIssue", where, body={"assignedTo": "user:cleo"})["data"]["assignedTo"]["name"], "cleo")
        self.assertIn(kerf["id"], {i["id"] for i in self.issues("assigned:cleo")})
        self.ask("updateAnIssue", where, body={"assignedTo": ""})
        self.assertIsNone(self.ask("retrieveAnIssue", where)["data"]["assignedTo"])
        wrong = self.sentry.call("updateAnIssue", {"path": where, "body": {"status": "gone"}})
        self.assertEqual(wrong["status"], 400)

    def test_a_bad_release_brings_an_issue(self):
        ecs = boto3.client("ecs", endpoint_url=ENDPOINT)
        arn = ecs.describe_services(cluster="laser-prod", services=["calculator"])["services"][0]["taskDefinition"]
        now = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        now["containerDefinitions"][0]["image"] = now["containerDefinitions"][0]["image"].rpartition(":")[0] + ":3.2.1-bad"
        keep = ["family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn", "containerDefinitions"]
        made = ecs.register_task_definition(**{k: now[k] for k in keep})["taskDefinition"]
        # Rolling, for a canary that never gets traffic has no users that could meet its errors.
        ecs.update_service(
            cluster="laser-prod", service="calculator", taskDefinition=made["taskDefinitionArn"],
            deploymentConfiguration={"strategy": "ROLLING", "maximumPercent": 200, "minimumHealthyPercent": 100},
        )
        brought = until("the new issue is there", lambda: self.issues("PRICING_TABLE", project=[4507000002]))
        self.assertEqual(brought[0]["substatus"], "new")
        release = self.ask("retrieveAnOrganization_sRelease", {**ORG, "version": "calculator@3.2.1-bad"})["data"]
        self.assertEqual(release["newGroups"], 1)
        back = lambda: ecs.describe_services(cluster="laser-prod", services=["calculator"])["services"][0]["taskDefinition"] == arn
        until("the service is rolled back", back)
