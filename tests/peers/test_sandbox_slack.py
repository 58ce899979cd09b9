"""@slack/web-api against the sandbox. Reads FLIGHTDECK_SANDBOX_ENDPOINT."""

import os

from harness.node import Client, NodeCase, Refused


class Slack(NodeCase):
    @classmethod
    def prepare(cls):
        cls.endpoint = f"{os.environ['FLIGHTDECK_SANDBOX_ENDPOINT']}/slack"
        cls.slack = Client("slack.mjs", cls.endpoint)

    def test_who_the_token_is(self):
        who = self.slack.call("auth.test")
        self.assertTrue(who["ok"])
        self.assertEqual((who["team"], who["user"]), ("Laser", "flightdeck"))

    def test_a_message_goes_to_a_channel_by_name(self):
        rooms = {c["name"]: c["id"] for c in self.slack.call("conversations.list")["channels"]}
        sent = self.slack.call("chat.postMessage", {"channel": "#go-live", "text": "api 1.8.3 is live"})
        self.assertEqual((sent["channel"], sent["message"]["text"]), (rooms["go-live"], "api 1.8.3 is live"))
        with self.assertRaisesRegex(Refused, "channel_not_found"):
            self.slack.call("chat.postMessage", {"channel": "#nowhere", "text": "x"})

    def test_another_token_is_refused(self):
        with self.assertRaisesRegex(Refused, "invalid_auth"):
            Client("slack.mjs", self.endpoint, token="xoxb-other").call("auth.test")
