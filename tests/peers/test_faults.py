"""Bad input: each a clear message of three lines and an exit code that says what kind of failure it is."""

import time
import unittest

from harness.cases import NEST, assert_worded
from harness.console import Flightdeck
from harness.faulty import Faulty, Silent, aws_error
from harness.server import Moto, free_port


class Faults(unittest.TestCase):
    def refused(self, deck, *words, says=(), code=3, seconds=90):
        """Runs a question that cannot be asked; checks its words."""
        self.addCleanup(deck.close)
        answer = deck.run(*(words or ("services",)), seconds=seconds)
        self.assertEqual(answer.code, code, str(answer))
        assert_worded(self, answer)
        for word in says:
            self.assertRegex(answer.err, f"(?i){word}", str(answer))
        return answer

    def test_a_wrong_key_is_named_as_such(self):
        with Moto(checks_keys=True) as moto:
            self.refused(Flightdeck(moto.endpoint), says=["key|credential|token|signature"])

    def test_expired_credentials_say_how_to_renew(self):
        with aws_error("ExpiredTokenException", "The security token included in the request is expired") as peer:
            self.refused(Flightdeck(peer.endpoint), says=["expired", "renew|log ?in|refresh|new"])

    def test_denied_says_what_is_not_allowed(self):
        message = "User: arn:aws:iam::1:user/ana is not authorized to perform: ecs:ListClusters"
        with aws_error("AccessDeniedException", message) as peer:
            self.refused(Flightdeck(peer.endpoint), says=["not (authori[sz]ed|allowed)|denied|may not", "ecs:ListClusters"])

    def test_no_credentials_are_missed_in_words(self):
        deck = Flightdeck(f"http://127.0.0.1:{free_port()}", keys=False)
        self.refused(deck, says=["credentials", "AWS_PROFILE|aws configure|aws sso|AWS_ACCESS_KEY_ID|environment"])

    def test_no_region_is_missed_in_words(self):
        deck = Flightdeck(None, region=None)
        self.refused(deck, says=["region"])

    def test_an_unknown_region_is_named(self):
        # Nothing listens for such a region: its name does not resolve, and no request leaves this machine.
        deck = Flightdeck(None, region="mars-north-1")
        self.refused(deck, says=["mars-north-1"])

    def test_nobody_listening_is_said_with_the_address(self):
        port = free_port()
        self.refused(Flightdeck(f"http://127.0.0.1:{port}"), says=[f"127.0.0.1:{port}"])

    def test_a_name_that_does_not_resolve(self):
        self.refused(Flightdeck("http://peer.invalid:4566"), says=["peer.invalid"])

    def test_html_instead_of_an_answer(self):
        page = b"<!doctype html><html><title>Proxy says no</title><body>Blocked</body></html>"
        for status in (200, 403, 502):
            with Faulty(status, "text/html", page) as peer:
                self.refused(Flightdeck(peer.endpoint), says=["html|page|proxy|not an? (AWS )?answer|protocol"])

    def test_a_body_that_is_cut_or_no_json(self):
        with Faulty(200, "application/x-amz-json-1.1", b'{"clusterArns": ["arn:aws:ecs') as peer:
            self.refused(Flightdeck(peer.endpoint))

    def test_a_hanging_endpoint_ends_in_time(self):
        with Silent() as peer:
            deck = Flightdeck(peer.endpoint)
            deck.configure('[aws]\ntimeout = "3s"\n')
            since = time.monotonic()
            self.refused(deck, says=["answer|time"], seconds=60)
            self.assertLess(time.monotonic() - since, 20)

    def test_throttling_is_said_and_not_multiplied(self):
        with aws_error("ThrottlingException", "Rate exceeded") as peer:
            self.refused(Flightdeck(peer.endpoint), says=["throttl|slow|rate"])
            self.assertLess(peer.requests, 60, "retries multiply")

    def test_status_is_no_answer_when_nothing_answers(self):
        deck = Flightdeck(f"http://127.0.0.1:{free_port()}")
        self.addCleanup(deck.close)
        answer = deck.run("status")
        self.assertEqual(answer.code, 3, str(answer))
        self.assertIsNone(NEST.search(answer.out + answer.err), str(answer))

    def test_a_mistake_in_the_configuration_has_its_place_and_a_suggestion(self):
        deck = Flightdeck(f"http://127.0.0.1:{free_port()}")
        deck.configure('[aws]\nregion = "us-east-1"\nendpiont = "http://x"\n')
        self.refused(deck, says=["flightdeck.toml:3", "endpoint"])

    def test_unknown_words_are_refused(self):
        deck = Flightdeck(f"http://127.0.0.1:{free_port()}")
        self.addCleanup(deck.close)
        for words in (("servces",), ("deploy", "api"), ("checklist", "--stage", "x")):
            answer = deck.run(*words)
            self.assertEqual(answer.code, 2, str(answer))
            self.assertNotIn("panicked", answer.err)
