"""Vendors' npm clients against us, and servers from npm for our clients: pinned in tests/peers/npm, run by Node.

A test in Python names the calls; a script of a few lines in tests/peers/npm makes them with the vendor's own client and answers
JSON. Where Node, npm or the registry is out of reach, each test of a [`NodeCase`] is skipped by name, with the reason."""

import functools
import json
import shutil
import subprocess
import unittest
from pathlib import Path

from environment import OutOfReach, node_with

from .server import Server

#: The pinned packages and the scripts.
NPM = Path(__file__).resolve().parent.parent / "npm"
#: The token that the sandbox takes for every vendor but AWS.
TOKEN = "flightdeck-demo-token"


@functools.lru_cache
def _folder_or_reason():
    # Asked once a run: without a registry every further try would wait as long as the first.
    try:
        return node_with("npm", NPM), None
    except OutOfReach as why:
        return None, str(why)


def folder():
    """The folder whose `node_modules` has the packages. Raises OutOfReach where they cannot be installed."""
    there, why = _folder_or_reason()
    if there is None:
        raise OutOfReach(f"the npm packages cannot be installed: {why}")
    return there


def pinned(package):
    """The pinned version of a package, as skips and failures name it."""
    return json.loads((NPM / "package.json").read_text())["dependencies"][package]


def _words(script, value):
    text = (NPM / "prelude.mjs").read_text() + (NPM / script).read_text()
    # A module that is handed over as text finds its packages from the working directory, wherever the script itself is kept.
    return [shutil.which("node"), "--input-type=module", "--eval", text, json.dumps(value)]


def run(script, value=None, seconds=60):
    """Runs a script of tests/peers/npm (after prelude.mjs) with a JSON value as its `input`; the JSON that it tells."""
    done = subprocess.run(_words(script, value), input="", capture_output=True, text=True, timeout=seconds, cwd=folder())
    if done.returncode != 0:
        raise AssertionError(f"{script} exit {done.returncode}\n{done.stderr[-3000:]}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"{script} told no JSON: {done.stdout[-2000:]}\n{done.stderr[-2000:]}") from None


@functools.lru_cache
def _conversation(script, endpoint, token):
    # One process a client for the whole run: a vendor's client takes longer to load than to ask. It ends with its standard input.
    return subprocess.Popen(
        _words(script, {"endpoint": endpoint, "token": token}), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder()
    )


class Refused(Exception):
    """The client threw: `status` is HTTP's (or the client's own code), `name` the class of the error."""

    def __init__(self, failed):
        super().__init__(f"{failed['name']} {failed['status']}: {failed['message']}")
        self.name, self.status, self.message = failed["name"], failed["status"], failed["message"]


class Client:
    """A vendor's client from npm: `client.call("zones.list", {...})` is the JSON of what `client.zones.list({...})` came to.

    `script` makes the client of `input.endpoint` and `input.token`, and passes it to `converse` of prelude.mjs."""

    def __init__(self, script, endpoint, token=TOKEN):
        self.script, self.endpoint, self.token = script, endpoint, token

    def calls(self, *calls):
        """Several calls in one process, in order, each `(method, *arguments)`; `{"ok"}` or `{"failed"}` of each."""
        asked = [{"method": method, "args": args, "all": False} for method, *args in calls]
        return self._converse(asked)

    def call(self, method, *arguments):
        """One call. Raises Refused where the client throws."""
        return self._one(method, arguments, all_pages=False)

    def all(self, method, *arguments):
        """Every item of a list, through the client's own paging. Raises Refused where the client throws."""
        return self._one(method, arguments, all_pages=True)

    def _one(self, method, arguments, all_pages):
        (answer,) = self._converse([{"method": method, "args": arguments, "all": all_pages}])
        if "failed" in answer:
            raise Refused(answer["failed"])
        return answer["ok"]

    def _converse(self, calls):
        process = _conversation(self.script, self.endpoint, self.token)
        try:
            process.stdin.write(json.dumps(calls) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise AssertionError(f"{self.script} ended with exit {process.wait()} on {calls}")
        return json.loads(line)


class NodeCase(unittest.TestCase):
    """Tests that need the npm packages. Where these are out of reach every test is skipped, each by its name.

    A subclass makes what its tests share in `prepare`, which is only called where the packages are there."""

    _why = None

    @classmethod
    def setUpClass(cls):
        try:
            folder()
        except OutOfReach as why:
            cls._why = str(why)
        else:
            cls.prepare()

    @classmethod
    def prepare(cls):
        """Starts what the tests share."""

    def setUp(self):
        if self._why:
            self.skipTest(self._why)

    @classmethod
    def served(cls, server):
        """Starts a server for the whole class, and stops it after the last test."""
        server.start()
        cls.addClassCleanup(server.stop)
        return server


class NodeServer(Server):
    """A server from npm."""

    #: Its start file, below node_modules.
    program = None

    def command(self):
        # On loopback alone, whatever it would do by itself.
        preload = (NPM / "loopback.mjs").as_uri()
        return [shutil.which("node"), "--import", preload, str(folder() / "node_modules" / self.program), *self.words()]

    def words(self):
        """What follows the program."""
        raise NotImplementedError


class Emulate(NodeServer):
    """emulate: plays Vercel or Slack, from a seed (its own configuration as a dictionary)."""

    name = f"emulate {pinned('emulate')}"
    program = "emulate/dist/index.js"

    def __init__(self, service, seed):
        super().__init__()
        self.service, self.seed = service, seed

    def words(self):
        path = Path(self._home.name) / "seed.json"
        path.write_text(json.dumps(self.seed))
        return ["start", "--port", str(self.port), "--service", self.service, "--seed", str(path)]


class Prism(NodeServer):
    """Prism on the OpenAPI document that GitHub publishes: answers with the document's examples. A `strict` one refuses (with
    422, 406) whatever the document does not allow; Octokit's own `Accept` header is not in it."""

    name = f"Prism {pinned('@stoplight/prism-cli')} on @octokit/openapi {pinned('@octokit/openapi')}"
    program = "@stoplight/prism-cli/dist/index.js"
    #: It reads a document of 12 MB first.
    patience = 120

    def __init__(self, document="@octokit/openapi/generated/api.github.com.json", strict=False):
        super().__init__()
        self.document, self.strict = document, strict

    def words(self):
        path = folder() / "node_modules" / self.document
        words = ["mock", "--host", "127.0.0.1", "--port", str(self.port), str(path)]
        return words + (["--errors"] if self.strict else [])
