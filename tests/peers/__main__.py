"""Runs the peer tests: `python tests/peers [NAME ...]`, where NAME is part of a test's name.

With `--list` it only names them (this needs no package). Closes with `N passed, N failed, N skipped`."""

import ast
import json
import os
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


def names():
    """Every test by name, read from the files without running them."""
    for path in sorted(HERE.glob("test_*.py")):
        for item in ast.parse(path.read_text()).body:
            if isinstance(item, ast.ClassDef):
                for test in item.body:
                    if isinstance(test, ast.FunctionDef) and test.name.startswith("test"):
                        yield f"{path.stem}.{item.name}.{test.name}"


class Report(unittest.TestResult):
    """One line a test, failures in full at the end."""

    def __init__(self):
        super().__init__()
        self.passed, self.notes, self._since = 0, [], time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self._since = time.monotonic()

    def _say(self, word, test, why=""):
        took = time.monotonic() - self._since
        print(f"{word:>8} [{took:6.1f}s] {test.id()}{': ' + why if why else ''}", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self._say("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("skipped", test, reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say("FAILED", test)

    def addError(self, test, err):
        super().addError(test, err)
        self._say("ERROR", test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._say("FAILED", subtest)


def chosen(suite, parts):
    """The tests of a suite, those whose name holds one of the parts."""
    kept = unittest.TestSuite()
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            kept.addTest(chosen(item, parts))
        elif not parts or any(part in item.id() for part in parts):
            kept.addTest(item)
    return kept


def run_file(name, parts, report):
    """Runs the tests of one file."""
    suite = chosen(unittest.defaultTestLoader.loadTestsFromName(name), parts)
    suite.run(report)
    return suite.countTestCases()


def run_against_sandbox(name, parts, report):
    """Runs a file that judges our sandbox, against a fresh one; it is told where by its environment."""
    from harness.console import KEYS, REGION
    from harness.server import Sandbox

    with Sandbox(speed=20) as sandbox:
        os.environ.update(KEYS, AWS_DEFAULT_REGION=REGION, FLIGHTDECK_SANDBOX_ENDPOINT=sandbox.endpoint)
        os.environ["FLIGHTDECK_SANDBOX_FACTS"] = json.dumps(sandbox.facts())
        os.environ.pop("AWS_PROFILE", None)
        return run_file(name, parts, report)


def main():
    words = sys.argv[1:]
    if "--list" in words:
        print("\n".join(names()))
        return 0
    sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
    # The AWS CLI lives beside this Python.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    from harness import served

    served.record()
    report, count = Report(), 0
    wanted = {name.partition(".")[0] for name in names() if not words or any(word in name for word in words)}
    served.WHOLE |= wanted - {name.partition(".")[0] for name in names() if words and not any(word in name for word in words)}
    for name in sorted(wanted):
        run = run_against_sandbox if name.startswith("test_sandbox") else run_file
        count += run(name, words, report)
    for test, trace in report.failures + report.errors:
        print(f"\n==== {test.id()}\n{trace}")
    failed = len(report.failures) + len(report.errors)
    print(f"peers: {report.passed} passed, {failed} failed, {len(report.skipped)} skipped")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
