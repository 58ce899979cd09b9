"""Python environments for tests and pictures: made once for a list of pinned packages, kept outside the clone."""

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
    text = Path(requirements).read_text()
    stamp = hashlib.sha256((sys.version + text).encode()).hexdigest()[:12]
    folder = cache_folder() / f"{name}-{stamp}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        # Another run may be making it; it stays where it is made, because its scripts name that place.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "complete").exists():
            return python
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)], 120)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"]
        _run([str(python), *install, "-r", str(requirements)], 900)
        (folder / "complete").touch()
    return python


def _run(command, seconds):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, text=True)
    except subprocess.TimeoutExpired:
        raise OutOfReach(f"{' '.join(command[:5])} did not end within {seconds} s") from None
    except OSError as problem:
        raise OutOfReach(str(problem)) from None
    if done.returncode != 0:
        last = [line for line in done.stdout.splitlines() if line.strip()][-1:] or ["no output"]
        raise OutOfReach(last[0])
