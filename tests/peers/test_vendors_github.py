"""flightdeck against GitHub as others play it: Prism on GitHub's own OpenAPI document, and emulate."""

import unittest

from harness.console import Flightdeck
from harness.node import Client, Emulate, NodeCase, Prism


def console(endpoint, repository, token="ghp_test"):
    """flightdeck that looks at a repository on a peer."""
    flightdeck = Flightdeck()
    flightdeck.environment["GITHUB_TOKEN"] = token
    flightdeck.configure(f'[github]\nrepository = "{repository}"\nendpoint = "{endpoint}"\n')
    return flightdeck


class Document(NodeCase):
    """Prism answers every question with the document's examples: that each is read as the document means it."""

    @classmethod
    def prepare(cls):
        cls.peer = cls.served(Prism())
        cls.flightdeck = console(cls.peer.endpoint, "octocat/Hello-World")
        cls.addClassCleanup(cls.flightdeck.close)

    def octokit(self, method, **more):
        client = Client("octokit.mjs", self.peer.endpoint)
        return client.call(f"rest.{method}", {"owner": "octocat", "repo": "Hello-World", "headers": {"accept": "application/json"}, **more})["data"]

    def test_workflows_and_runs(self):
        shown = self.flightdeck.ask("show", "pipelines")
        told = self.octokit("actions.listRepoWorkflows")["workflows"]
        self.assertEqual({(w["id"], w["name"], w["file"]) for w in shown["workflows"]}, {(w["id"], w["name"], w["path"]) for w in told})
        runs = self.octokit("actions.listWorkflowRunsForRepo")["workflow_runs"]
        self.assertEqual([(r["id"], r["number"], r["sha"]) for r in shown["runs"]], [(r["id"], r["run_number"], r["head_sha"]) for r in runs])
        outcomes = {("queued", None): "waiting", ("completed", "success"): "passed", ("completed", "failure"): "failed"}
        self.assertEqual([r["outcome"] for r in shown["runs"]], [outcomes[r["status"], r["conclusion"]] for r in runs])

    def test_deployments(self):
        shown = self.flightdeck.ask("show", "pipelines")["deployments"]
        told = self.octokit("repos.listDeployments")
        state = self.octokit("repos.listDeploymentStatuses", deployment_id=told[0]["id"])[0]["state"]
        self.assertEqual([(d["id"], d["environment"], d["state"]) for d in shown], [(d["id"], d["environment"], state) for d in told])

    def test_findings(self):
        shown = self.flightdeck.ask("show", "findings")
        dependencies = self.octokit("dependabot.listAlertsForRepo", state="open")
        wanted = {(a["number"], a["security_advisory"]["severity"], a["security_advisory"]["cve_id"]) for a in dependencies}
        self.assertEqual({(f["number"], f["severity"], f["rule"]) for f in shown["dependencies"]}, wanted)
        codes = self.octokit("codeScanning.listAlertsForRepo", state="open")
        self.assertEqual({(f["number"], f["rule"]) for f in shown["code"]}, {(a["number"], a["rule"]["id"]) for a in codes})


class Empty(NodeCase):
    """emulate plays a repository whose workflows cannot be made (0.11.2: no route, no seed), and no alerts or deployments: what
    is not there must not look green."""

    @classmethod
    def prepare(cls):
        seed = {
            "tokens": {"ghp_ana": {"login": "ana", "scopes": ["repo", "workflow"]}},
            "github": {"users": [{"login": "ana"}], "orgs": [{"login": "acme"}], "repos": [{"owner": "acme", "name": "shop", "auto_init": True}]},
        }
        cls.peer = cls.served(Emulate("github", seed))
        cls.flightdeck = console(cls.peer.endpoint, "acme/shop", "ghp_ana")
        cls.addClassCleanup(cls.flightdeck.close)

    def criterion(self, name):
        # Nobody answers for AWS here, and the exit code says so.
        rows = self.flightdeck.ask("checklist", codes=(3,))["criteria"]
        return next(row for row in rows if row["id"] == name)

    def test_no_workflow_is_no_pipeline(self):
        self.assertEqual(self.flightdeck.ask("show", "pipelines")["workflows"], [])
        criterion = self.criterion("2.S1")
        self.assertEqual(criterion["state"], "failing")
        self.assertIn("no workflow is called so", criterion["reason"])

    def test_scanners_that_do_not_answer_have_not_found_nothing(self):
        self.assertIn("cannot tell", self.flightdeck.run("show", "findings").out)
        self.assertEqual(self.criterion("4.2.d")["state"], "unknown")

    def test_a_repository_that_is_not_there(self):
        other = console(self.peer.endpoint, "acme/nothing", "ghp_ana")
        self.addCleanup(other.close)
        answer = other.run("show", "pipelines")
        self.assertEqual(answer.code, 3, answer)
        self.assertIn("does not exist, or the GitHub token cannot see it", answer.err)


if __name__ == "__main__":
    unittest.main()
