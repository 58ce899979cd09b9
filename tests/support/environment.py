"""Python and Node environments for tests and pictures: made once for a list of pinned packages, kept outside the clone."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


class OutOfReach(Exception):
    """The environment cannot be made here (no PyPI, no venv module); the message says why."""


def cache_folder():
    """Where things that outlive a clone are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(Path.home(), ".cache")
    return Path(base) / "flightdeck"


def python_with(name, requirements):
    """The path of a Python that has the packages pinned in the file `requirements`; makes it if it is not there yet.

    Raises OutOfReach where it cannot be made."""
    def fill(folder):
        _run([sys.executable, "-m", "venv", str(folder)], 120)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"]
        _run([str(folder / "bin" / "python"), *install, "-r", str(requirements)], 900)

    return _made(name, sys.version + Path(requirements).read_text(), fill) / "bin" / "python"


#: The oldest Node that the clients and servers of tests/peers/npm run on.
OLDEST_NODE = 20


def node_with(name, packages):
    """The folder that has `node_modules` with the packages pinned in the folder `packages` (package.json and its lock file).

    Raises OutOfReach where it cannot be made: no Node, an old one, no npm, no registry."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise OutOfReach(f"{'npm' if node else 'node'} is not installed")
    version = _run([node, "--version"], 30).strip()
    major = version.lstrip("v").partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        raise OutOfReach(f"node {version} is older than {OLDEST_NODE}")
    files = [Path(packages) / file for file in ("package.json", "package-lock.json")]

    def fill(folder):
        folder.mkdir()
        for file in files:
            shutil.copy(file, folder)
        # Nothing of a package runs while it is installed; some ask for a newer Node than they need.
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=2"]
        _run([npm, "ci", *quiet], 900, cwd=folder)

    return _made(name, major + "".join(file.read_text() for file in files), fill)


def _made(name, contents, fill):
    """The folder of an environment, filled if it is not yet; the hash of what it is to hold is part of its name."""
    stamp = hashlib.sha256(contents.encode()).hexdigest()[:12]
    folder = cache_folder() / f"{name}-{stamp}"
    if (folder / "complete").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        # Another run may be making it; it stays where it is made, because its scripts may name that place.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            fill(folder)
            (folder / "complete").touch()
    return folder


def _run(command, seconds, cwd=None):
    """Runs a command to its end; what it printed. Raises OutOfReach with its last words where it fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, text=True, cwd=cwd)
    except subprocess.TimeoutExpired:
        raise OutOfReach(f"{' '.join(command[:5])} did not end within {seconds} s") from None
    except OSError as problem:
        raise OutOfReach(str(problem)) from None
    if done.returncode != 0:
        last = [line for line in done.stdout.splitlines() if line.strip()][-1:] or ["no output"]
        raise OutOfReach(last[0])
    return done.stdout
