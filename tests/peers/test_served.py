"""What our sandbox serves of AWS, against what the tests called of it. It comes after the tests whose calls it counts, by its name."""

import unittest
from pathlib import Path

from harness import served


class Served(unittest.TestCase):
    def test_every_system_that_is_played_is_asked(self):
        self.assertEqual(served.systems(), set(served.SYSTEMS) | served.OTHERS)

    def test_every_operation_that_is_served_was_called(self):
        left = served.served() - served.CALLED
        for path in Path(__file__).parent.glob("test_sandbox*.py"):
            if path.stem not in served.WHOLE:
                left -= served.named(left, path.read_text())
        self.assertEqual(left, set(), "served, and called by no test")
