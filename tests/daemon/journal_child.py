"""A process that writes a journal: for ever, to be killed; or through a full disk and out of it again."""

import asyncio
import json
import resource
import sqlite3
import sys
from functools import partial
from pathlib import Path

from daemon.clock import SystemClock
from daemon.journal import Entry, Journal
from daemon.journal_schema import open_database
from daemon.journal_writer import Writer
from rules.signal import Tick


def _count(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        count: int = connection.execute("SELECT max(total) FROM commits").fetchone()[0]
    return count


async def write_for_ever(path: Path) -> None:
    """Says each number on stdout once its entry is called durable."""
    clock = SystemClock()
    journal = Journal(Writer(path, open_database(path), "run", "boot"), clock, sys.exit, lambda: None)
    journal.start()
    room = asyncio.Semaphore(100)
    number = 0

    def done(number: int) -> None:
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        room.release()

    while True:
        await room.acquire()
        number += 1
        journal.submit(Entry(clock.stamp(), [Tick(float(number))], done=partial(done, number)))


async def fill_the_disk(path: Path) -> None:
    """The kernel refuses to let any file grow: what a full disk does to a writer."""
    clock = SystemClock()
    reasons: list[str] = []
    recovered = asyncio.Event()
    journal = Journal(Writer(path, open_database(path), "run", "boot"), clock, reasons.append, recovered.set)
    journal.start()
    loop = asyncio.get_running_loop()
    longest_s = 0.0
    number = 0

    async def submit(count: int) -> int:
        nonlocal number, longest_s
        for _ in range(count):
            number += 1
            done = asyncio.Event()
            journal.submit(Entry(clock.stamp(), [Tick(float(number))], done=done.set))
            began = loop.time()
            await asyncio.wait_for(done.wait(), 10)
            longest_s = max(longest_s, loop.time() - began)
        return count

    await submit(50)
    largest = max(file.stat().st_size for file in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    done_while_full = await submit(500)
    written_while_full = _count(path) - 50
    degraded = bool(journal.degraded)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await asyncio.wait_for(recovered.wait(), 10)
    await submit(10)
    journal.close(10)
    story = {
        "submitted": number,
        "submitted_while_full": 500,
        "done_while_full": done_while_full,
        "written_while_full": written_while_full,
        "longest_wait_s": longest_s,
        "degraded": degraded,
        "recovered": not journal.degraded,
    }
    sys.stdout.write(json.dumps(story))


if __name__ == "__main__":
    asyncio.run((fill_the_disk if "full" in sys.argv else write_for_ever)(Path(sys.argv[1])))
