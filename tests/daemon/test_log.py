"""The log never holds anything up: a reader that does not read costs lines, counted, and nothing else."""

import os
import subprocess
import sys

CHILD = """
import logging, os, sys
from daemon.log import LINES_WAITING, LogThread
log = LogThread()
for number in range(LINES_WAITING + 5000):
    logging.getLogger("flood").info("%s", "x" * 200)
os.write(1, b"through")
sys.stdin.read(1)
logging.getLogger("flood").info("the end")
log.stop(10)
"""


def test_a_full_pipe_blocks_no_one() -> None:
    """With nobody reading stderr, thousands of lines are logged at once; read again, it says how many were dropped."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None and child.stderr is not None and child.stdin is not None
        assert os.read(child.stdout.fileno(), 7) == b"through"
        for _ in range(500):
            child.stderr.readline()
        _, rest = child.communicate(b"x", timeout=30)
    *_, dropped, end = rest.decode().splitlines()
    assert "log lines were dropped" in dropped
    assert "the end" in end
