"""The tool that makes the pictures of README, against tmux: what it reads of a screen is what tmux shows."""

import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "screenshots"))

from tty_screen import Tmux  # noqa: E402


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed")
class Colours(unittest.TestCase):
    """Colours of cells."""

    def test_a_colour_that_goes_on_over_the_end_of_a_line_is_seen_on_the_next(self):
        blue = r"\033[34m"
        screen = Tmux(["sh", "-c", f"printf '{blue}ab\\r\\ncd\\033[0m e'; exec sleep 60"], 20, 5)
        try:
            screen.wait("cd e", 10)
            rows = screen.cells()
        finally:
            screen.close()
        shown = {text: style.fg for row in rows[:2] for text, style in row if text.strip()}
        self.assertEqual(shown["a"], shown["c"])
        self.assertEqual(shown["a"], shown["d"])
        self.assertNotEqual(shown["d"], shown["e"])

