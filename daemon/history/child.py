"""python -m daemon.history.child: an export in a process of its own, so that nothing in it, decoding, compressing,
hanging or growing, can take the interpreter or the memory of the daemon that carries the alarms.

The first line of standard input is its Job, each later one Zones; it ends when that input does. Standard output says
how it stands.
"""

import fcntl
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from daemon.history.exporter import Exporter
from daemon.history.job import Job, Progress, Zones

LAZY = 15  # niceness: everything else on the machine goes first
OOM_SCORE = 500  # it is the first to go when memory ends; the daemon has -900
LAST_WORDS_S = 1.0  # to end between two requests, after the daemon is gone
BEFORE_S = 15.0  # for an earlier process of this export to end: longer than one request
LOOK_S = 0.1

_log = logging.getLogger(__name__)


def main() -> int:
    """Exports until standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the daemon; this ends when the daemon lets go of it
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    _stand_back()
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    folder = Path(job.folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / f"{job.target.id}.lock").open("w") as lock:
        if not _locked(lock.fileno()):
            _log.error("history: another process still exports to %s", job.target.id)
            return 1
        stop, ended = threading.Event(), threading.Event()
        exporter = Exporter(job, _tell, stop)
        threading.Thread(target=_follow, args=(sys.stdin.buffer, exporter, stop, ended), daemon=True).start()
        exporter.run()
        ended.set()
    return 0


def _stand_back() -> None:
    """Where the service manager forbids it, it is no reason not to export."""
    try:
        os.nice(LAZY)
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    except OSError as error:
        _log.warning("history: it cannot stand back behind the daemon: %s", error)


def _locked(descriptor: int) -> bool:
    """One process writes a cursor. The lock goes with the process that holds it."""
    deadline = time.monotonic() + BEFORE_S
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_S)
        else:
            return True
    return False


def _follow(orders: BinaryIO, exporter: Exporter, stop: threading.Event, ended: threading.Event) -> None:
    """In a thread: without a daemon there is nothing to export, whatever request is under way."""
    for line in orders:
        exporter.follow(msgspec.json.decode(line, type=Zones).zones)
    stop.set()
    if not ended.wait(LAST_WORDS_S):
        os._exit(0)


def _tell(progress: Progress) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(progress) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
