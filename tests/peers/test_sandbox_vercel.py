"""@vercel/sdk against the sandbox: it refuses every answer that is not shaped as Vercel's API describes. Reads
FLIGHTDECK_SANDBOX_ENDPOINT."""

import json
import os
import time
import urllib.error
import urllib.request

from harness.node import TOKEN, Client, NodeCase, Refused


def until(what, condition, seconds=40):
    """Waits for a condition; its last value."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("never: " + what)
        time.sleep(0.3)


class OfTeam(Client):
    """A client that names the team in every question, as what a team owns is told to nobody else."""

    def __init__(self, endpoint):
        super().__init__("vercel.mjs", endpoint)
        self.team = Client("vercel.mjs", endpoint).call("teams.getTeams", {})["teams"][0]["id"]

    def call(self, method, request):
        return super().call(method, {"teamId": self.team, **request})


class Vercel(NodeCase):
    @classmethod
    def prepare(cls):
        cls.endpoint = f"{os.environ['FLIGHTDECK_SANDBOX_ENDPOINT']}/vercel"
        cls.person = Client("vercel.mjs", cls.endpoint)
        cls.vercel = OfTeam(cls.endpoint)

    def project(self, name="laser-web"):
        (found,) = [p for p in self.vercel.call("projects.getProjects", {})["projects"] if p["name"] == name]
        return found

    def deployments(self, **wanted):
        return self.vercel.call("deployments.getDeployments", wanted)["deployments"]

    def deployment(self, id):
        return self.vercel.call("deployments.getDeployment", {"idOrUrl": id})

    def production(self):
        return self.project()["targets"]["production"]["id"]

    def raw(self, path, token=TOKEN, method="GET"):
        separator = "&" if "?" in path else "?"
        request = urllib.request.Request(f"{self.endpoint}{path}{separator}teamId={self.vercel.team}", method=method, headers={"Authorization": f"Bearer {token}"})
        return urllib.request.urlopen(request, timeout=10)


class Reads(Vercel):
    def test_who_the_token_is(self):
        who = self.person.call("user.getAuthUser")["user"]
        self.assertEqual(who["username"], "flightdeck")
        (team,) = self.person.call("teams.getTeams", {})["teams"]
        self.assertEqual((team["id"], team["slug"]), (who["defaultTeamId"], "laser"))

    def test_projects(self):
        project = self.project()
        self.assertEqual(project["framework"], "vite")
        self.assertEqual(project["targets"]["production"]["readyState"], "READY")
        self.assertEqual(self.vercel.call("projects.getProject", {"idOrName": "laser-web"})["id"], project["id"])

    def test_deployments_newest_first_with_branch_and_author(self):
        rows = self.deployments(projectId=self.project()["id"], limit=50)
        created = [r["created"] for r in rows]
        self.assertEqual(created, sorted(created, reverse=True))
        self.assertGreaterEqual(len(rows), 12)
        for row in rows:
            self.assertRegex(row["meta"]["githubCommitSha"], "^[0-9a-f]{40}$")
            self.assertIn(row["creator"]["username"], ("ana", "ben", "chris"))
        states = {r["state"] for r in rows}
        self.assertLessEqual({"READY", "ERROR"}, states)
        (broken,) = [r for r in rows if r["state"] == "ERROR" and r["meta"]["githubCommitRef"] == "bad-bundle"]
        self.assertIn("exited with 1", broken["errorMessage"])

    def test_pages_follow_each_other_without_a_hole(self):
        whole = [r["uid"] for r in self.deployments(limit=100, target="production")]
        found, until = [], None
        while True:
            page = self.vercel.call("deployments.getDeployments", {"limit": 3, "target": "production", **({"until": until} if until else {})})
            self.assertLessEqual(len(page["deployments"]), 3)
            found += [r["uid"] for r in page["deployments"]]
            until = page["pagination"]["next"]
            if until is None:
                break
        self.assertEqual(found, whole)
        self.assertGreater(len(found), 6)

    def test_filters(self):
        self.assertEqual({r["target"] for r in self.deployments(target="production")}, {"production"})
        self.assertEqual({r["state"] for r in self.deployments(state="ERROR")}, {"ERROR"})
        main = self.deployments(branch="main", app="laser-docs")
        self.assertEqual({r["name"] for r in main}, {"laser-docs"})

    def test_domains_one_of_them_unverified(self):
        named = {d["name"]: d for d in self.vercel.call("projects.getProjectDomains", {"idOrName": "laser-web"})["domains"]}
        self.assertTrue(named["app.laser.example"]["verified"])
        self.assertEqual(named["laser.example"]["redirect"], "app.laser.example")
        (docs,) = self.vercel.call("projects.getProjectDomains", {"idOrName": "laser-docs"})["domains"]
        self.assertFalse(docs["verified"])
        self.assertEqual(docs["verification"][0]["type"], "TXT")

    def test_variables_have_names_and_places_but_no_value_in_clear(self):
        envs = self.vercel.call("projects.filterProjectEnvs", {"idOrName": "laser-web"})["envs"]
        places = {}
        for env in envs:
            places.setdefault(env["key"], set()).update(env["target"])
            if env["type"] != "plain":
                self.assertNotIn("sandbox-", env["value"])
        self.assertEqual(places["SESSION_SECRET"], {"production", "preview", "development"})
        self.assertEqual(places["MAPS_API_KEY"], {"production"})

    def test_what_the_team_shares_is_listed_apart(self):
        project = self.project()["id"]
        for request in ({}, {"projectId": project}):
            (shared,) = self.vercel.call("environment.listSharedEnvVariable", request)["data"]
            self.assertEqual(shared["key"], "SENTRY_ORG")
            self.assertIn(project, shared["projectId"])
            self.assertNotIn("sandbox-", shared["value"])
        self.assertEqual(self.vercel.call("environment.listSharedEnvVariable", {"projectId": "prj_none"})["data"], [])
        envs = self.vercel.call("projects.filterProjectEnvs", {"idOrName": "laser-web"})["envs"]
        self.assertNotIn("SENTRY_ORG", [e["key"] for e in envs])

    def test_what_the_team_owns_is_refused_to_whoever_does_not_name_it(self):
        with self.assertRaises(Refused) as refused:
            self.person.call("projects.getProjects", {})
        self.assertEqual(refused.exception.status, 403)

    def test_aliases_lead_to_what_production_shows(self):
        rows = self.vercel.call("aliases.listAliases", {"projectId": self.project()["id"], "limit": 100})["aliases"]
        leads = {r["alias"]: r["deploymentId"] for r in rows}
        self.assertEqual(leads["app.laser.example"], self.production())
        self.assertEqual(leads["laser-web.vercel.app"], self.production())
        of = self.vercel.call("aliases.listDeploymentAliases", {"id": self.production()})["aliases"]
        self.assertIn("app.laser.example", [a["alias"] for a in of])

    def test_what_is_not_there_and_who_may_not(self):
        for call in (("deployments.getDeployment", {"idOrUrl": "dpl_none"}), ("projects.getProject", {"idOrName": "none"})):
            with self.assertRaises(Refused) as refused:
                self.vercel.call(*call)
            self.assertEqual(refused.exception.status, 404)
        for client, request in ((Client("vercel.mjs", self.endpoint, token="other"), {}), (self.vercel, {"teamId": "team_other"})):
            with self.assertRaises(Refused) as refused:
                client.call("projects.getProjects", request)
            self.assertEqual(refused.exception.status, 403)

    def test_the_rate_is_told(self):
        heads = [self.raw("/v2/user").headers for _ in range(2)]
        left = [int(h["x-ratelimit-remaining"]) for h in heads]
        self.assertLess(left[1], left[0])
        self.assertLessEqual(abs(int(heads[0]["x-ratelimit-reset"]) - time.time()), 61)
        self.assertGreaterEqual(int(heads[0]["x-ratelimit-limit"]), left[0])

    def test_older_versions_of_the_paths(self):
        rows = json.load(self.raw("/v6/deployments?limit=2"))["deployments"]
        self.assertEqual(len(rows), 2)
        self.assertTrue(json.load(self.raw("/v9/projects"))["projects"])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.raw("/v6/nothing")
        self.assertEqual(json.load(refused.exception)["error"]["code"], "not_found")


class Changes(Vercel):
    def ready(self, id):
        return until(f"{id} is ready", lambda: self.deployment(id)["readyState"] == "READY")

    def test_a_redeployment_builds_and_serves_production(self):
        before = self.production()
        made = self.vercel.call(
            "deployments.createDeployment",
            {"requestBody": {"name": "laser-web", "deploymentId": before, "target": "production"}},
        )
        self.assertIn(made["readyState"], ("QUEUED", "INITIALIZING", "BUILDING"))
        self.ready(made["id"])
        until("production shows it", lambda: self.production() == made["id"])
        self.assertIn("app.laser.example", self.deployment(made["id"])["alias"])
        events = json.load(self.raw(f"/v3/deployments/{made['id']}/events"))
        self.assertEqual(events[-1]["text"], "Deployment completed")

    def test_rolling_back_and_promoting(self):
        project, now = self.project()["id"], self.production()
        earlier = [r for r in self.deployments(projectId=project, target="production", limit=50) if r["isRollbackCandidate"]]
        back = earlier[0]["uid"]
        self.vercel.call("projects.requestRollback", {"projectId": project, "deploymentId": back})
        until("production is the earlier one", lambda: self.production() == back)
        last = self.project()["lastAliasRequest"]
        self.assertEqual((last["type"], last["jobStatus"], last["fromDeploymentId"], last["toDeploymentId"]), ("rollback", "succeeded", now, back))
        # Until somebody promotes, a new deployment is not shown by itself.
        made = self.vercel.call("deployments.createDeployment", {"requestBody": {"name": "laser-web", "deploymentId": now, "target": "production"}})
        self.ready(made["id"])
        self.assertEqual(self.production(), back)
        self.vercel.call("projects.requestPromote", {"projectId": project, "deploymentId": made["id"]})
        until("production is the promoted one", lambda: self.production() == made["id"])
        names = self.vercel.call("projects.listPromoteAliases", {"projectId": project})["aliases"]
        self.assertEqual({n["status"] for n in names}, {"completed"})

    def test_what_is_not_ready_is_not_promoted(self):
        project = self.project()["id"]
        made = self.vercel.call(
            "deployments.createDeployment",
            {"requestBody": {"name": "laser-web", "gitSource": {"type": "github", "repoId": 1, "ref": "bad-idea"}, "project": project}},
        )
        until("it fails", lambda: self.deployment(made["id"])["readyState"] == "ERROR")
        with self.assertRaises(Refused) as refused:
            self.vercel.call("projects.requestPromote", {"projectId": project, "deploymentId": made["id"]})
        self.assertEqual(refused.exception.status, 422)

    def test_a_build_is_cancelled(self):
        made = self.vercel.call(
            "deployments.createDeployment",
            {"requestBody": {"name": "laser-docs", "gitSource": {"type": "github", "repoId": 1, "ref": "draft"}, "project": "laser-docs"}},
        )
        gone = self.vercel.call("deployments.cancelDeployment", {"id": made["id"]})
        self.assertEqual(gone["readyState"], "CANCELED")
        with self.assertRaises(Refused):
            self.vercel.call("deployments.cancelDeployment", {"id": made["id"]})

    def test_a_variable_is_set_changed_and_removed(self):
        asked = {"key": "NEW_SECRET", "value": "a-value", "type": "sensitive", "target": ["production"]}
        made = self.vercel.call("projects.createProjectEnv", {"idOrName": "laser-docs", "requestBody": asked})["created"]
        self.assertEqual((made["key"], made["value"]), ("NEW_SECRET", ""))
        with self.assertRaises(Refused):
            self.vercel.call("projects.createProjectEnv", {"idOrName": "laser-docs", "requestBody": asked})
        self.vercel.call(
            "projects.editProjectEnv", {"idOrName": "laser-docs", "id": made["id"], "requestBody": {"target": ["production", "preview"]}}
        )
        envs = self.vercel.call("projects.filterProjectEnvs", {"idOrName": "laser-docs"})["envs"]
        (found,) = [e for e in envs if e["key"] == "NEW_SECRET"]
        self.assertEqual(found["target"], ["production", "preview"])
        self.assertGreaterEqual(found["updatedAt"], found["createdAt"])
        self.vercel.call("projects.removeProjectEnv", {"idOrName": "laser-docs", "id": made["id"]})
        envs = self.vercel.call("projects.filterProjectEnvs", {"idOrName": "laser-docs"})["envs"]
        self.assertNotIn("NEW_SECRET", [e["key"] for e in envs])
