"""Peers as processes: started on a free loopback port, waited for, stopped by their id."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from . import console


def free_port():
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A peer that runs from `start` to `stop`; `endpoint` is where it answers."""

    #: Name and version, as skips and failures say them.
    name = "server"
    #: How long it may take to answer for the first time, in seconds.
    patience = 60

    def __init__(self):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._home = tempfile.TemporaryDirectory(prefix="flightdeck-peer-")
        self._log = Path(self._home.name) / "output"
        self._process = None

    def command(self):
        """The words that start it."""
        raise NotImplementedError

    def environment(self):
        """What it needs in its environment."""
        return {}

    def is_ready(self):
        """Whether it answers."""
        try:
            urllib.request.urlopen(self.endpoint, timeout=2).close()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def start(self):
        """Starts it and waits until it answers."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        surroundings = {**kept, "HOME": self._home.name, **self.environment()}
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings, cwd=self._home.name
            )
        end = time.monotonic() + self.patience
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > end:
                said = self.output()
                self.stop()
                raise RuntimeError(f"{self.name} does not answer at {self.endpoint}:\n{said}")
            time.sleep(0.05)
        return self

    def output(self):
        """What it printed."""
        return self._log.read_text(errors="replace")[-4000:]

    def stop(self):
        """Ends it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._home.cleanup()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Ministack(Server):
    """ministack: the main AWS peer."""

    name = "ministack 1.5.33"

    def command(self):
        return [sys.executable, "-m", "ministack"]

    def environment(self):
        return {"GATEWAY_PORT": str(self.port), "BIND_HOST": "127.0.0.1", "PERSIST_STATE": "0", "SFTP_ENABLED": "0"}

    def is_ready(self):
        try:
            urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2).close()
            return True
        except OSError:
            return False

    #: Services by the name in a signature. ministack loads one at its first question and answers nobody meanwhile: for scaling that
    #: takes six seconds, longer than a client waits.
    SERVICES = (
        "sts", "ecs", "elasticloadbalancing", "monitoring", "logs", "rds", "elasticache", "s3", "secretsmanager", "cloudformation", "ecr",
        "application-autoscaling", "appconfig", "wafv2", "sns", "ec2", "backup", "iam", "cloudtrail",
    )

    def start(self):
        super().start()
        for service in self.SERVICES:
            signed = f"AWS4-HMAC-SHA256 Credential=none/20260101/{console.REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
            try:
                urllib.request.urlopen(urllib.request.Request(self.endpoint, data=b"", headers={"authorization": signed}), timeout=60).close()
            except urllib.error.HTTPError:
                pass  # It is no question, and the answer says so.
        return self


class Moto(Server):
    """moto's server: the second AWS peer. With `checks_keys` it knows no key, and says so as AWS does."""

    name = "moto 5.2.5"

    def __init__(self, checks_keys=False):
        super().__init__()
        self.checks_keys = checks_keys

    def command(self):
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def environment(self):
        return {"INITIAL_NO_AUTH_ACTION_COUNT": "0"} if self.checks_keys else {}


class Fakecloud(Server):
    """fakecloud: an optional AWS peer. It takes a quarter of an hour to build, so it is used where it is on PATH and not installed."""

    name = "fakecloud"
    #: Why its tests are skipped, where they are.
    missing = None if shutil.which("fakecloud") else "fakecloud is not on PATH (cargo install fakecloud --locked)"

    def command(self):
        return ["fakecloud", "--addr", f"127.0.0.1:{self.port}"]


class Sandbox(Server):
    """Our own embedded platform, as a server: `flightdeck sandbox`."""

    name = "flightdeck sandbox"

    #: Where sandboxes were started so far: what is called there is called of the sandbox.
    started = set()

    def __init__(self, speed=20, faults=(), scale=None):
        super().__init__()
        self.speed, self.faults, self.scale = speed, faults, scale

    def command(self):
        self.started.add(f"127.0.0.1:{self.port}")
        words = [console.binary(), "sandbox", "--listen", f"127.0.0.1:{self.port}", "--speed", str(self.speed), "--json"]
        words += [word for fault in self.faults for word in ("--fault", fault)]
        return words + (["--scale", self.scale] if self.scale else [])

    def facts(self):
        """What it says of itself: ports, keys, the certificate of its authority."""
        end = time.monotonic() + self.patience
        while True:
            # It answers a moment before it has said all.
            try:
                return json.loads(self._log.read_text())["sandbox"]
            except ValueError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)
