"""Runs the AWS CLI's own program many times in one process: it takes most of a second to begin, and little to ask. Reads lists of words as JSON,
writes `[exit code, output, errors]` of each."""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver


def one(driver, words):
    """One call, as the program `aws` makes it."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(words)
        except SystemExit as end:
            code = end.code
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    driver = create_clidriver()
    json.dump([one(driver, words) for words in json.load(sys.stdin)], sys.stdout)
