"""A program in a real terminal without a window: tmux plays the terminal, keys go in, cells come out."""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, replace


class ScreenNeverCame(Exception):
    """A condition on the screen did not hold in time; the message shows the screen."""


@dataclass(frozen=True)
class Style:
    """How a cell is drawn. Colours: None (the terminal's own), an index below 256, or (red, green, blue)."""

    fg: object = None
    bg: object = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


class Tmux:
    """One program in one tmux window of a fixed size, on a tmux server of its own."""

    def __init__(self, command, cols, rows, env=None):
        if shutil.which("tmux") is None:
            raise SystemExit("screenshots need tmux (apt-get install tmux)")
        self.socket = f"flightdeck-{os.getpid()}-{time.monotonic_ns()}"
        self.cols, self.rows = cols, rows
        environment = {"COLORTERM": "truecolor", **(env or {})}
        flags = [part for name, value in environment.items() for part in ("-e", f"{name}={value}")]
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-s", "s", "-x", str(cols), "-y", str(rows), *flags, "--", *command,
            ";", "set", "-g", "status", "off", ";", "set", "-g", "remain-on-exit", "on", ";", "set", "-sg", "escape-time", "0",
            ";", "set", "-s", "set-clipboard", "off",
        )

    def _tmux(self, *words):
        utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}
        utf8.pop("TMUX", None)
        done = subprocess.run(["tmux", "-u", "-L", self.socket, *words], capture_output=True, text=True, env=utf8)
        if done.returncode != 0:
            raise SystemExit(f"tmux {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def text(self):
        """The screen as text, a line a row."""
        return self._tmux("capture-pane", "-p", "-t", "s")

    def cells(self):
        """The screen as rows of (text of the cell, Style); a wide character is followed by an empty cell."""
        return parse(self._tmux("capture-pane", "-e", "-p", "-N", "-t", "s").split("\n")[: self.rows], self.cols)

    def key(self, name):
        """Presses a key by its tmux name: `2`, `Enter`, `Escape`, `C-r`, `PageDown`."""
        self._tmux("send-keys", "-t", "s", name)

    def type(self, words):
        """Types text as it is."""
        self._tmux("send-keys", "-t", "s", "-l", words)

    def wait(self, pattern, seconds, wanted=True):
        """Waits until the screen matches the pattern (or no longer does)."""
        deadline = time.monotonic() + seconds
        while bool(re.search(pattern, self.text(), re.MULTILINE)) != wanted:
            if time.monotonic() > deadline:
                raise ScreenNeverCame(f"no screen {'with' if wanted else 'without'} /{pattern}/ in {seconds} s:\n{self.text()}")
            time.sleep(0.05)

    def settle(self, quiet=0.4, seconds=5):
        """Waits until the screen has been the same for a moment."""
        deadline, last, since = time.monotonic() + seconds, None, time.monotonic()
        while time.monotonic() < deadline and (last is None or time.monotonic() - since < quiet):
            now = self.text()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.05)

    def close(self):
        """Ends the program and its tmux server."""
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True)


_SGR = re.compile(r"\x1b\[([0-9;:]*)m|\x1b[()][A-Z0-9]|\x0e|\x0f|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 29: ("strike",)}


def parse(lines, cols):
    """Rows of (text of the cell, Style). What tmux says of colours at the end of a line holds at the start of the next one."""
    rows, style = [], Style()
    for line in lines:
        cells, style = _row(line, cols, style)
        rows.append(cells)
    return rows


def _row(line, cols, style):
    cells, at = [], 0
    for found in [*_SGR.finditer(line), None]:
        end = found.start() if found else len(line)
        for char in line[at:end]:
            width = _width(char)
            if width == 0 and cells:
                cells[-1] = (cells[-1][0] + char, cells[-1][1])
                continue
            cells.append((char, style))
            if width == 2:
                cells.append(("", style))
        if found is None:
            break
        at = found.end()
        if found.group(1) is not None:
            style = _apply(style, found.group(1))
    return (cells + [(" ", Style())] * cols)[:cols], style


def _apply(style, words):
    codes = [int(word or 0) for word in re.split("[;:]", words)] if words else [0]
    at = 0
    while at < len(codes):
        code = codes[at]
        at += 1
        if code == 0:
            style = Style()
        elif code in _FLAGS:
            style = replace(style, **{_FLAGS[code]: True})
        elif code in _OFF:
            style = replace(style, **{name: False for name in _OFF[code]})
        elif code in (38, 48, 58):
            if codes[at : at + 1] == [5]:
                colour, at = codes[at + 1], at + 2
            else:
                colour, at = tuple(codes[at + 1 : at + 4]), at + 4
            if code != 58:
                style = replace(style, **{"fg" if code == 38 else "bg": colour})
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = replace(style, fg=code - 30 if code < 40 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = replace(style, bg=code - 40 if code < 50 else code - 92)
        elif code == 39:
            style = replace(style, fg=None)
        elif code == 49:
            style = replace(style, bg=None)
    return style


def _width(char):
    import unicodedata

    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
