"""Test cases with a peer of their own."""

import base64
import re
import unittest
import urllib.parse

from .console import Flightdeck
from .platform import Platform


class PeerCase(unittest.TestCase):
    """One peer with one platform on it for the whole class, one flightdeck home a test."""

    #: Makes the peer; a subclass says which.
    peer_type = None

    @classmethod
    def setUpClass(cls):
        cls.peer = cls.peer_type().start()
        cls.addClassCleanup(cls.peer.stop)
        cls.platform = Platform(cls.peer.endpoint)
        cls.build()

    @classmethod
    def build(cls):
        """What the peer holds before the first test."""
        cls.platform.build()

    def setUp(self):
        self.deck = Flightdeck(self.peer.endpoint)
        self.addCleanup(self.deck.close)

    def gap(self, what):
        """Skips the test for something that the peer does not do, naming the peer and its version."""
        self.skipTest(f"{self.peer.name}: {what}")


def secret_in(secret, said):
    """The form in which a secret can be read from bytes: plain, percent-encoded or in base64 (each alignment, both alphabets); None where it cannot."""
    plain, decoded = secret.encode(), urllib.parse.unquote_to_bytes(said)
    forms = {"plain": [plain]}
    for before in range(3):
        whole = base64.b64encode(bytes(before) + plain)
        # The characters that nothing else has a part in.
        core = whole[-(-before * 8 // 6):(before + len(plain)) * 8 // 6]
        forms[f"base64 behind {before}"] = [core, core.translate(bytes.maketrans(b"+/", b"-_"))]
    for name, kinds in forms.items():
        if any(kind in text for kind in kinds for text in (said, decoded)):
            return name
    return None


#: Words of an SDK's or a parser's insides, which a person must never be shown.
NEST = re.compile(r"DispatchFailure|ServiceError|Unhandled|ErrorMetadata|SdkError|\bErr\(|Some\(|panicked|stack backtrace|\{ *\w+: ")


def assert_worded(case, answer):
    """An error is three lines on standard error: what, why, what to do; no nest of the SDK's, no backtrace."""
    lines = answer.err.splitlines()
    case.assertEqual(len(lines), 3, f"three lines expected: {answer}")
    case.assertRegex(lines[0], r"^error: \S.{3,}", str(answer))
    case.assertRegex(lines[1], r"^  why: \S.{3,}", str(answer))
    case.assertRegex(lines[2], r"^   do: \S.{3,}", str(answer))
    case.assertIsNone(NEST.search(answer.err), f"words of the insides: {answer}")
