"""flightdeck against Slack as emulate plays it; what is there is made with Slack's own client."""

from harness.console import Flightdeck
from harness.node import Client, Emulate, NodeCase

TOKEN = "xoxb-flightdeck"


class Slack(NodeCase):
    @classmethod
    def prepare(cls):
        seed = {
            "tokens": {TOKEN: {"login": "flightdeck", "scopes": ["chat:write", "channels:read", "channels:manage"]}},
            "slack": {"team": {"name": "Acme", "domain": "acme"}, "users": [{"name": "flightdeck"}], "channels": [{"name": "general"}]},
        }
        cls.peer = cls.served(Emulate("slack", seed))
        cls.slack = Client("slack.mjs", cls.peer.endpoint, TOKEN)

    def console(self, channel):
        flightdeck = Flightdeck()
        self.addCleanup(flightdeck.close)
        flightdeck.environment["SLACK_BOT_TOKEN"] = TOKEN
        flightdeck.configure(f'[slack]\nchannel = "{channel}"\nendpoint = "{self.peer.endpoint}/api"\n')
        return flightdeck

    def test_a_channel_that_was_made_is_seen(self):
        made = self.slack.call("conversations.create", {"name": "alerts-made"})["channel"]
        shown = self.console("alerts-made").ask("show", "slack")["channels"]
        self.assertIn((made["id"], "alerts-made"), {(c["id"], c["name"]) for c in shown})
        told = {c["id"] for c in self.slack.call("conversations.list", {"limit": 200})["channels"]}
        self.assertEqual({c["id"] for c in shown}, told)

    def test_who_we_are_there(self):
        who = self.slack.call("auth.test")
        self.assertIn(f"{who['team']} as {who['user']}", self.console("general").run("show", "slack").out)

    def test_alerts_that_would_go_nowhere_are_told(self):
        answer = self.console("nowhere").run("show", "slack")
        self.assertIn("the channel #nowhere, to which alerts go, cannot be seen", answer.out)
