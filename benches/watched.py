"""A program on a PTY, watched from outside: when bytes come, how many, what the kernel says about it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time


#: What a painter of ours writes beside text: where the pen goes, how it writes, that all is wiped, and what no reader need know.
CONTROL = re.compile(r"\x1b\[(\d*);?(\d*)H|\x1b\[2J|\x1b\[[?>=0-9;:]*[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]]")


class Screen:
    """What a terminal shows of that: lines of text."""

    def __init__(self, cols, rows):
        self.cols, self.rows, self.at, self.rest = cols, rows, (0, 0), b""
        self.wipe()

    def wipe(self):
        """Nothing is shown any more."""
        self.cells = [[" "] * self.cols for _ in range(self.rows)]

    def feed(self, data):
        """Takes what the program wrote. What breaks off within a sequence or a character waits for its rest."""
        data, self.rest = self.rest + data, b""
        cut = data.rfind(b"\x1b")
        if cut >= 0 and len(data) - cut < 32 and not CONTROL.match(data[cut:].decode("utf-8", "replace")):
            data, self.rest = data[:cut], data[cut:]
        place = 0
        text = data.decode("utf-8", "replace")
        for found in CONTROL.finditer(text):
            self.write(text[place:found.start()])
            place = found.end()
            if found[0].endswith("H"):
                self.at = (int(found[1] or 1) - 1, int(found[2] or 1) - 1)
            elif found[0] == "\x1b[2J":
                self.wipe()
        self.write(text[place:])

    def write(self, text):
        """Puts characters down, one cell each."""
        row, col = self.at
        for char in text:
            if row < self.rows and col < self.cols:
                self.cells[row][col] = char
            col += 1
        self.at = (row, col)

    def text(self):
        """Its lines."""
        return "\n".join("".join(row).rstrip() for row in self.cells)


class Watched:
    """A program on a PTY of a size, started at once; `since` is the moment before the exec."""

    def __init__(self, words, environment, cols=120, rows=40):
        self.since = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            os.execvpe(words[0], words, {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"})
        self.seen = bytearray()
        self.bytes = 0
        self.screen = Screen(cols, rows)

    def read(self, seconds):
        """Reads what comes within that time, at most once; b"" if nothing does."""
        if not select.select([self.fd], [], [], max(0.0, seconds))[0]:
            return b""
        try:
            got = os.read(self.fd, 1 << 16)
        except OSError:
            return b""
        self.bytes += len(got)
        self.seen += got
        self.screen.feed(got)
        return got

    def until(self, words, seconds):
        """Reads until the output holds these bytes; seconds since the start."""
        end = time.monotonic() + seconds
        while words not in self.seen:
            if time.monotonic() > end:
                raise SystemExit(f"bench: {words!r} never came; the last output was {bytes(self.seen[-600:])!r}")
            self.read(end - time.monotonic())
        return time.monotonic() - self.since

    def shows(self, words, what, seconds):
        """Reads until the screen shows what matches these words; seconds since the start. Who waits for what is said where it never comes."""
        end = time.monotonic() + seconds
        while not (found := re.search(words, self.screen.text())):
            if time.monotonic() > end:
                raise SystemExit(f"bench: waited {seconds} s for {what} ({words!r}), which the screen does not show:\n{self.screen.text()}")
            self.read(min(1.0, end - time.monotonic()))
        return time.monotonic() - self.since, found

    def shows_no(self, words, what, seconds):
        """Reads until nothing on the screen matches these words any more; what does is said where that takes too long."""
        end = time.monotonic() + seconds
        while found := re.search(words, self.screen.text()):
            if time.monotonic() > end:
                raise SystemExit(f"bench: waited {seconds} s for {what}, and the screen still shows {found[0]!r}")
            self.read(min(1.0, end - time.monotonic()))

    def quiet(self, seconds=0.05, most=3):
        """Reads until nothing comes for that long."""
        end = time.monotonic() + most
        while self.read(seconds) and time.monotonic() < end:
            pass

    def idle_for(self, seconds):
        """Reads for that long without touching it; share of a core in percent, bytes a second."""
        before, cpu, start = self.bytes, self.cpu(), time.monotonic()
        while (left := start + seconds - time.monotonic()) > 0:
            self.read(left)
        took = time.monotonic() - start
        return 100 * (self.cpu() - cpu) / took, (self.bytes - before) / took

    def key(self, key):
        """Presses a key; seconds to the first byte that answers, or None."""
        self.quiet()
        start = time.monotonic()
        os.write(self.fd, key)
        answered = select.select([self.fd], [], [], 1.0)[0]
        # What this program then does with the answer (a whole screen costs its reader milliseconds) is not the other one's time.
        took = time.monotonic() - start
        return took if answered and self.read(0) else None

    def cpu(self):
        """Processor seconds used, from the scheduler's own count."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self, which="VmRSS"):
        """Resident memory in MB; `RssAnon` is what it allocated, without the text of the program."""
        with open(f"/proc/{self.pid}/status") as status:
            line = next(line for line in status if line.startswith(f"{which}:"))
        return int(line.split()[1]) / 1024

    def close(self):
        """Ends it."""
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        end = time.monotonic() + 3
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            self.read(0.05)
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
