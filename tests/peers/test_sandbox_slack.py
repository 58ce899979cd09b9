"""@slack/web-api against the sandbox. Reads FLIGHTDECK_SANDBOX_ENDPOINT."""

import os

from harness.node import Client, NodeCase, Refused


class Slack(NodeCase):
    @classmethod
    def prepare(cls):
        cls.endpoint = f"{os.environ['FLIGHTDECK_SANDBOX_ENDPOINT']}/slack"
        cls.slack = Client("slack.mjs", cls.endpoint)

    def refusal(self, method, *arguments):
        with self.assertRaises(Refused) as refused:
            self.slack.call(method, *arguments)
        return refused.exception.message

    def test_who_the_token_is(self):
        who = self.slack.call("auth.test")
        self.assertTrue(who["ok"])
        self.assertEqual((who["team"], who["user"]), ("Laser", "flightdeck"))
        self.assertEqual(self.slack.call("team.info")["team"]["domain"], "laser")
        self.assertIn("chat:write", who["response_metadata"]["scopes"])

    def test_channels_page_by_page(self):
        rooms, cursor = [], ""
        while True:
            page = self.slack.call("conversations.list", {"limit": 2, "cursor": cursor, "types": "public_channel,private_channel"})
            rooms += page["channels"]
            cursor = page["response_metadata"]["next_cursor"]
            if not cursor:
                break
        self.assertEqual(len({c["id"] for c in rooms}), 6)
        open_ones = self.slack.call("conversations.list", {"exclude_archived": True})["channels"]
        self.assertEqual({c["name"] for c in open_ones}, {"ops", "go-live", "general", "dev"})
        self.assertEqual({c["name"] for c in rooms if c["is_archived"]}, {"ops-old"})
        self.assertIn("invalid_cursor", self.refusal("conversations.list", {"cursor": "nonsense"}))

    def test_a_message_goes_to_a_channel_by_name_and_is_there(self):
        rooms = {c["name"]: c["id"] for c in self.slack.call("conversations.list")["channels"]}
        sent = self.slack.call("chat.postMessage", {"channel": "#go-live", "text": "api 1.8.3 is live"})
        self.assertEqual((sent["channel"], sent["message"]["text"]), (rooms["go-live"], "api 1.8.3 is live"))
        said = self.slack.call("conversations.history", {"channel": rooms["go-live"]})["messages"]
        self.assertEqual((said[0]["text"], said[0]["ts"]), ("api 1.8.3 is live", sent["ts"]))

    def test_where_nothing_can_be_said(self):
        for channel, why in [("#nowhere", "channel_not_found"), ("#dev", "not_in_channel"), ("#ops-old", "is_archived")]:
            self.assertIn(why, self.refusal("chat.postMessage", {"channel": channel, "text": "x"}))
        self.assertIn("no_text", self.refusal("chat.postMessage", {"channel": "#ops", "text": ""}))

    def test_another_token_is_refused(self):
        with self.assertRaisesRegex(Refused, "invalid_auth"):
            Client("slack.mjs", self.endpoint, token="xoxb-other").call("auth.test")
