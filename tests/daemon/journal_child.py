"""A process that writes a journal: for ever, to be killed; the same with deliveries owed and settled; or through a full
disk and out of it again.
"""

import asyncio
import json
import resource
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from daemon.clock import Stamp, SystemClock
from daemon.core import Event
from daemon.journal.journal import Entry, Journal
from daemon.journal.schema import open_database
from daemon.journal.writer import Writer
from daemon.outbox.ledger import Ledger, Run, Settled
from rules.decision import ZoneTier
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Tick
from rules.tier import Tier
from rules.venue import Text, Venue, Zone
from tests.daemon.written import AT_ONCE_S

RUN = Run("run", "boot", ("broker", "log"))
PLAN = Plan(Venue("hall", {"hall": Zone("hall", "venue", Text("Hall"))}, {}, ()), (), {})


def _count(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        count: int = connection.execute("SELECT max(total) FROM commits").fetchone()[0]
    return count


async def write_for_ever(path: Path, compose: Callable[[Stamp, int], Entry]) -> None:
    """Says each number on stdout once its entry is called durable."""
    clock = SystemClock()
    journal = Journal(Writer(path, open_database(path), RUN), Ledger(), sys.exit, lambda: None, AT_ONCE_S)
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
        entry = compose(clock.stamp(), number)
        entry.done = partial(done, number)
        journal.submit(entry)


def tick(stamp: Stamp, number: int) -> Entry:
    """A signal and nothing else."""
    return Entry(stamp, [Tick(float(number))])


def owe(stamp: Stamp, number: int) -> Entry:
    """A decision; the one ten before it is settled, but every seventh never to the broker; now and then a snapshot."""
    event = Event(number, stamp.wall, ZoneTier(float(number), "hall", Tier.RED))
    old = number - 10
    outputs = RUN.outputs if old % 7 else ("log",)
    settled = [Settled(old, output, "confirmed") for output in outputs] if old > 0 else []
    snapshot = Engine(PLAN).snapshot() if number % 40 == 0 else None
    return Entry(stamp, [Tick(float(number))], [event], settled, snapshot)


async def fill_the_disk(path: Path) -> None:
    """The kernel refuses to let any file grow: what a full disk does to a writer."""
    clock = SystemClock()
    reasons: list[str] = []
    recovered = asyncio.Event()
    journal = Journal(Writer(path, open_database(path), RUN), Ledger(), reasons.append, recovered.set, AT_ONCE_S)
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


async def main(path: Path, what: str) -> None:
    if what == "full":
        await fill_the_disk(path)
    else:
        await write_for_ever(path, {"tick": tick, "owe": owe}[what])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
