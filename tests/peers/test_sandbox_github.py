"""@octokit/rest against the sandbox, and its answers against the OpenAPI document that GitHub publishes (Prism between them, as
a proxy that lets no answer through that the document does not allow). Reads FLIGHTDECK_SANDBOX_ENDPOINT."""

import os
import time

import boto3
from harness.node import Client, NodeCase, Prism, Refused, pinned

ENDPOINT = os.environ.get("FLIGHTDECK_SANDBOX_ENDPOINT", "")
REPO = {"owner": "laser", "repo": "platform"}


def until(what, condition, seconds=60):
    """Waits for a condition; the sandbox's clock is what is waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError("never: " + what)


class Octokit(NodeCase):
    @classmethod
    def prepare(cls):
        cls.github = Client("octokit.mjs", f"{ENDPOINT}/github")

    def get(self, method, **more):
        return self.github.call(f"rest.{method}", {**REPO, **more})["data"]

    def all(self, route, **more):
        return self.github.call("paginate", f"GET /repos/{{owner}}/{{repo}}{route}", {**REPO, **more})

    def run_of(self, workflow, **more):
        return self.get("actions.listWorkflowRuns", workflow_id=workflow, per_page=1, **more)["workflow_runs"][0]


class Reads(Octokit):
    def test_the_workflows(self):
        found = self.get("actions.listRepoWorkflows")
        states = {w["name"]: w["state"] for w in found["workflows"]}
        self.assertEqual(found["total_count"], len(states))
        for name in ["Build", "Deploy", "Security scan", "Code quality", "End to end"]:
            self.assertEqual(states[name], "active")
        self.assertEqual(states["Deploy (old servers)"], "disabled_manually")
        by_file = self.get("actions.getWorkflow", workflow_id="build.yml")
        self.assertEqual(self.get("actions.getWorkflow", workflow_id=by_file["id"]), by_file)

    def test_every_run_page_by_page(self):
        total = self.get("actions.listWorkflowRunsForRepo", per_page=1)["total_count"]
        runs = self.all("/actions/runs", per_page=60)
        self.assertGreaterEqual(len(runs), total)
        self.assertGreater(total, 200)
        self.assertEqual(len({r["id"] for r in runs}), len(runs))
        self.assertEqual([r["created_at"] for r in runs], sorted((r["created_at"] for r in runs), reverse=True))

    def test_filters(self):
        failed = self.all("/actions/runs", status="failure", branch="main")
        self.assertTrue(failed)
        self.assertEqual({(r["conclusion"], r["head_branch"]) for r in failed}, {("failure", "main")})
        pulled = self.all("/actions/runs", event="pull_request")
        self.assertEqual({r["head_branch"] for r in pulled}, {"feat/bulk-quotes"})
        since = self.run_of("build.yml", branch="main")["created_at"]
        self.assertTrue(all(r["created_at"] >= since for r in self.all("/actions/runs", created=f">={since}")))

    def test_the_pipelines_are_green_on_the_default_branch(self):
        self.assertEqual(self.get("repos.get")["default_branch"], "main")
        for file in ["build.yml", "security.yml", "quality.yml"]:
            done = self.run_of(file, branch="main", status="completed")
            self.assertEqual(done["conclusion"], "success", file)

    def test_a_scan_failed_a_day_ago_and_passed_when_it_was_run_again(self):
        again = [r for r in self.all("/actions/workflows/security.yml/runs", branch="main") if r["run_attempt"] > 1]
        self.assertEqual(len(again), 1)
        self.assertEqual((again[0]["conclusion"], again[0]["triggering_actor"]["login"]), ("success", "ben"))
        first = self.get("actions.getWorkflowRunAttempt", run_id=again[0]["id"], attempt_number=1)
        self.assertEqual((first["conclusion"], first["run_attempt"]), ("failure", 1))
        jobs = self.get("actions.listJobsForWorkflowRunAttempt", run_id=again[0]["id"], attempt_number=1)["jobs"]
        broken = {j["name"]: [s["name"] for s in j["steps"] if s["conclusion"] == "failure"] for j in jobs if j["conclusion"] == "failure"}
        self.assertEqual(broken, {"container": ["Scan image"]})
        kept = self.get("actions.listJobsForWorkflowRun", run_id=again[0]["id"])["jobs"]
        self.assertEqual({j["name"]: j["run_attempt"] for j in kept}, {"dependencies": 1, "codeql": 1, "container": 2})
        self.assertEqual(self.get("actions.listJobsForWorkflowRun", run_id=again[0]["id"], filter="all")["total_count"], 6)

    def test_end_to_end_tests_are_flaky(self):
        runs = self.get("actions.listWorkflowRuns", workflow_id="e2e.yml", status="completed", per_page=100)["workflow_runs"]
        failed = sum(r["conclusion"] == "failure" for r in runs) / len(runs)
        self.assertTrue(0.05 < failed < 0.6, failed)

    def test_deploy_runs_are_the_deployments_of_the_platform(self):
        ecs = boto3.client("ecs", endpoint_url=ENDPOINT)
        known = ecs.list_service_deployments(cluster="laser-prod", service="api")["serviceDeployments"]
        runs = [r for r in self.all("/actions/workflows/deploy.yml/runs") if r["display_title"].startswith("Deploy api:")]
        self.assertEqual(len(runs), len(known))
        bad = next(r for r in runs if r["display_title"] == "Deploy api:1.8.1-bad.2")
        self.assertEqual(bad["conclusion"], "failure")
        shown = self.all("/deployments", environment="production")
        self.assertIn("Deploy api:1.8.2", {d["description"] for d in shown})
        state = self.get("repos.listDeploymentStatuses", deployment_id=next(d["id"] for d in shown if d["description"] == "Deploy api:1.8.2"))
        self.assertEqual(state[0]["state"], "success")

    def test_what_others_deploy_runs_no_workflow(self):
        ecs = boto3.client("ecs", endpoint_url=ENDPOINT)
        runs = lambda: [r["id"] for r in self.all("/actions/workflows/deploy.yml/runs")]
        before = runs()
        ecs.update_service(cluster="laser-prod", service="pdf-render", forceNewDeployment=True)
        until("it is over", lambda: len(ecs.describe_services(cluster="laser-prod", services=["pdf-render"])["services"][0]["deployments"]) == 1)
        self.assertEqual(runs(), before)

    def test_commits(self):
        commits = self.all("/commits", per_page=20)
        self.assertGreater(len(commits), 40)
        for newer, older in zip(commits, commits[1:]):
            self.assertEqual([p["sha"] for p in newer["parents"]], [older["sha"]])
        built = self.run_of("build.yml", branch="main", event="push")
        self.assertIn(built["head_sha"], {c["sha"] for c in commits})
        self.assertEqual(self.get("repos.getCommit", ref=built["head_sha"])["commit"]["message"], built["display_title"])

    def test_alerts(self):
        dependencies = self.all("/dependabot/alerts", per_page=2)
        codes = self.all("/code-scanning/alerts", per_page=2)
        self.assertEqual((len(dependencies), len(codes)), (6, 4))
        still = [a["security_advisory"]["severity"] for a in dependencies if a["state"] == "open"]
        self.assertIn("high", still)
        self.assertNotIn("critical", still)
        self.assertEqual(len(self.all("/dependabot/alerts", state="open", severity="high,critical")), 1)
        self.assertEqual({a["rule"]["id"] for a in self.all("/code-scanning/alerts", state="open")}, {"js/log-injection", "js/incomplete-sanitization"})

    def test_what_did_not_change_costs_nothing(self):
        ask = ("request", "GET /repos/{owner}/{repo}/actions/workflows", REPO)
        (first,) = self.github.calls(ask)
        headers = first["ok"]["headers"]
        again = ("request", "GET /repos/{owner}/{repo}/actions/workflows", {**REPO, "headers": {"if-none-match": headers["etag"]}})
        same, after = self.github.calls(again, ("request", "GET /rate_limit"))
        self.assertEqual(same["failed"]["status"], 304)
        self.assertEqual(after["ok"]["data"]["rate"]["remaining"], int(headers["x-ratelimit-remaining"]))
        self.assertEqual(after["ok"]["data"]["rate"]["limit"], 5000)

    def test_refusals(self):
        with self.assertRaises(Refused) as wrong:
            Client("octokit.mjs", f"{ENDPOINT}/github", token="ghp_other").call("rest.repos.get", REPO)
        self.assertEqual(wrong.exception.status, 401)
        with self.assertRaises(Refused) as missing:
            self.github.call("rest.repos.get", {"owner": "laser", "repo": "nowhere"})
        self.assertEqual(missing.exception.status, 404)


class Writes(Octokit):
    def refusal(self, method, **more):
        with self.assertRaises(Refused) as refused:
            self.get(method, **more)
        return refused.exception.status, refused.exception.message

    def done(self, run):
        def ended():
            now = self.get("actions.getWorkflowRun", run_id=run)
            return now if now["status"] == "completed" else None
        return until(f"run {run} is over", ended)

    def dispatch(self, workflow, **more):
        answer = self.github.call("rest.actions.createWorkflowDispatch", {**REPO, "workflow_id": workflow, "ref": "main", "return_run_details": True, **more})
        self.assertEqual(answer["status"], 200)
        return answer["data"]["workflow_run_id"]

    def test_a_dispatched_run_goes_through_its_jobs(self):
        run = self.dispatch("build.yml")
        seen = set()
        def passed():
            jobs = self.get("actions.listJobsForWorkflowRun", run_id=run)["jobs"]
            seen.update((j["name"], j["status"]) for j in jobs)
            return all(j["conclusion"] == "success" for j in jobs)
        until("the run is green", passed)
        self.assertIn(("test", "in_progress"), seen)
        self.assertIn(("image", "queued"), seen)
        self.assertEqual(self.done(run)["actor"]["login"], "flightdeck")

    def test_dispatching_a_deploy_deploys(self):
        ecs = boto3.client("ecs", endpoint_url=ENDPOINT)
        run = self.dispatch("deploy.yml", inputs={"service": "auth", "image": "2.0.9"})
        service = lambda: ecs.describe_services(cluster="laser-prod", services=["auth"])["services"][0]
        self.assertEqual(service()["deployments"][0]["rolloutState"], "IN_PROGRESS")
        self.assertEqual(self.done(run)["conclusion"], "success")
        until("the service is steady", lambda: len(service()["deployments"]) == 1)
        running = ecs.describe_task_definition(taskDefinition=service()["taskDefinition"])["taskDefinition"]
        self.assertTrue(running["containerDefinitions"][0]["image"].endswith("/auth:2.0.9"))

    def test_what_cannot_be_dispatched(self):
        method = "actions.createWorkflowDispatch"
        self.assertEqual(self.refusal(method, workflow_id="deploy.yml", ref="main", inputs={"service": "api"})[0], 422)
        self.assertIn("No ref found", self.refusal(method, workflow_id="build.yml", ref="nowhere")[1])
        self.assertIn("trigger", self.refusal(method, workflow_id="deploy-old.yml", ref="main")[1])
        quiet = self.github.call("rest.actions.createWorkflowDispatch", {**REPO, "workflow_id": "quality.yml", "ref": "main"})
        self.assertEqual(quiet["status"], 204)

    def test_a_run_is_cancelled_once(self):
        run = self.dispatch("e2e.yml")
        self.github.call("rest.actions.cancelWorkflowRun", {**REPO, "run_id": run})
        self.assertEqual(self.done(run)["conclusion"], "cancelled")
        self.assertEqual(self.refusal("actions.cancelWorkflowRun", run_id=run)[0], 409)

    def test_failed_jobs_run_again(self):
        broken = self.all("/actions/workflows/build.yml/runs", status="failure", branch="main")[0]["id"]
        self.github.call("rest.actions.reRunWorkflowFailedJobs", {**REPO, "run_id": broken})
        self.assertEqual(self.refusal("actions.reRunWorkflowFailedJobs", run_id=broken)[0], 403)
        over = self.done(broken)
        self.assertEqual((over["run_attempt"], over["conclusion"]), (2, "success"))

    def test_an_alert_is_dismissed(self):
        closed = self.get("dependabot.updateAlert", alert_number=4, state="dismissed", dismissed_reason="tolerable_risk")
        self.assertEqual((closed["state"], closed["dismissed_by"]["login"]), ("dismissed", "flightdeck"))
        self.assertEqual(self.get("dependabot.updateAlert", alert_number=4, state="open")["state"], "open")

    def test_a_workflow_is_switched_off_and_on(self):
        self.get("actions.disableWorkflow", workflow_id="quality.yml")
        self.assertEqual(self.get("actions.getWorkflow", workflow_id="quality.yml")["state"], "disabled_manually")
        self.get("actions.enableWorkflow", workflow_id="quality.yml")
        self.assertEqual(self.get("actions.getWorkflow", workflow_id="quality.yml")["state"], "active")


class Proxy(Prism):
    """Prism between a client and the sandbox: what the document does not allow becomes a 500 that says why."""

    def __init__(self, upstream):
        super().__init__(strict=True)
        self.upstream = upstream

    def words(self):
        words = super().words()
        return ["proxy", *words[1:-1], self.upstream, words[-1]]


class Validity(Octokit):
    @classmethod
    def prepare(cls):
        cls.proxy = cls.served(Proxy(f"{ENDPOINT}/github"))
        cls.github = Client("octokit.mjs", cls.proxy.endpoint)

    def test_every_answer_is_as_the_document_says(self):
        # A workflow's id: it must match exactly one of "integer" and "string", and Prism finds that a number is both (5.16.0).
        run = self.get("actions.listWorkflowRuns", workflow_id="security.yml", status="completed", per_page=1)["workflow_runs"][0]["id"]
        deployment = self.get("repos.listDeployments")[0]["id"]
        calls = [
            ("users.getAuthenticated",), ("rateLimit.get",), ("repos.get", REPO), ("repos.listCommits", {**REPO, "per_page": 100}),
            ("repos.getCommit", {**REPO, "ref": "main"}), ("actions.listRepoWorkflows", REPO),
            ("actions.getWorkflow", {**REPO, "workflow_id": "build.yml"}),
            ("actions.listWorkflowRunsForRepo", {**REPO, "per_page": 100}), ("actions.listWorkflowRunsForRepo", {**REPO, "per_page": 100, "page": 3}),
            ("actions.getWorkflowRun", {**REPO, "run_id": run}), ("actions.getWorkflowRunAttempt", {**REPO, "run_id": run, "attempt_number": 1}),
            ("actions.listJobsForWorkflowRun", {**REPO, "run_id": run, "filter": "all"}), ("repos.listDeployments", {**REPO, "per_page": 100}),
            ("repos.getDeployment", {**REPO, "deployment_id": deployment}), ("repos.listDeploymentStatuses", {**REPO, "deployment_id": deployment}),
            ("dependabot.listAlertsForRepo", REPO), ("dependabot.getAlert", {**REPO, "alert_number": 2}),
            ("codeScanning.listAlertsForRepo", REPO), ("codeScanning.getAlert", {**REPO, "alert_number": 1}),
            ("actions.createWorkflowDispatch", {**REPO, "workflow_id": "build.yml", "ref": "main", "return_run_details": True}),
            ("actions.reRunWorkflow", {**REPO, "run_id": run}),
            ("codeScanning.updateAlert", {**REPO, "alert_number": 1, "state": "dismissed", "dismissed_reason": "won't fix"}),
        ]
        answers = self.github.calls(*((f"rest.{method}", *arguments) for method, *arguments in calls))
        for (method, *_), answer in zip(calls, answers):
            with self.subTest(method, prism=pinned("@stoplight/prism-cli")):
                self.assertNotIn("failed", answer)
