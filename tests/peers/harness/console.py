"""flightdeck as a person runs it: words in, text and an exit code out."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

REGION = "us-east-1"
#: Keys that the sandbox takes; the other peers take any.
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAFLIGHTDECKDEMO00", "AWS_SECRET_ACCESS_KEY": "flightdeck-demo-secret"}


def binary():
    """The program under test: FLIGHTDECK_BIN."""
    path = os.environ.get("FLIGHTDECK_BIN")
    if not path:
        raise RuntimeError("FLIGHTDECK_BIN does not say which flightdeck to test (tests/run sets it)")
    return path


@dataclass(frozen=True)
class Answer:
    """What a run came to."""

    words: tuple
    code: int
    out: str
    err: str

    def json(self):
        """Standard output as JSON."""
        try:
            return json.loads(self.out)
        except ValueError:
            raise AssertionError(f"no JSON from {self}") from None

    def __str__(self):
        return f"`flightdeck {' '.join(self.words)}` exit {self.code}\n--- out\n{self.out[-3000:]}\n--- err\n{self.err[-3000:]}"


class Flightdeck:
    """flightdeck with a home of its own (configuration, journal, audit chain), pointed at an endpoint."""

    def __init__(self, endpoint=None, keys=True, region=REGION):
        self._home = tempfile.TemporaryDirectory(prefix="flightdeck-home-")
        self.home = Path(self._home.name)
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "AWS_CONFIG_FILE": str(self.home / "no-aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.home / "no-aws-credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
        }
        if endpoint:
            self.environment["AWS_ENDPOINT_URL"] = endpoint
        if region:
            self.environment["AWS_REGION"] = region
        if keys:
            self.environment.update(KEYS)

    def configure(self, text):
        """Writes a configuration file that the next runs read."""
        path = self.home / "flightdeck.toml"
        path.write_text(text)
        self.environment["FLIGHTDECK_CONFIG"] = str(path)

    def run(self, *words, seconds=90, stdin=None):
        """Runs one command to its end."""
        done = subprocess.run(
            [binary(), *words], input=stdin if stdin is not None else "", capture_output=True, text=True,
            timeout=seconds, env=self.environment, cwd=self.home,
        )
        return Answer(words, done.returncode, done.stdout, done.stderr)

    def ask(self, *words, codes=(0,)):
        """Runs a question with --json; its object. Fails on another exit code."""
        answer = self.run(*words, "--json")
        if answer.code not in codes:
            raise AssertionError(f"expected exit {codes}: {answer}")
        return answer.json()

    def start(self, *words):
        """Starts a command that goes on; the caller ends it."""
        return subprocess.Popen(
            [binary(), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment, cwd=self.home,
        )

    def store(self):
        """The SQLite file that holds journal and audit chain."""
        found = [p for p in self.home.rglob("*") if p.is_file() and p.open("rb").read(16) == b"SQLite format 3\x00"]
        if len(found) != 1:
            raise AssertionError(f"expected one SQLite file below {self.home}, found {found}")
        return found[0]

    def close(self):
        """Removes its home."""
        self._home.cleanup()
