"""Journals written to the point: what tests read again."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal.journal import Entry, Journal
from daemon.journal.keeping import Keeping
from daemon.journal.rows import Reader, open_journal
from daemon.journal.schema import open_database
from daemon.journal.writer import Writer
from daemon.outbox.ledger import Ledger, Run, Settled
from rules.signal import Signal

AT_ONCE_S = 0.001  # tests write one row after the other
WALL = 1_700_000_000.0
RUN = Run("run", "boot", ("broker", "log"))


class Pen:
    """A journal that is being written; every entry is a row of its own."""

    def __init__(self, path: Path, keeping: Keeping) -> None:
        writer = Writer(path, open_database(path), RUN, keeping)
        self.journal = Journal(writer, Ledger(), print, lambda: None, AT_ONCE_S)

    async def write(
        self,
        at: float,
        signals: Sequence[Signal] = (),
        events: Sequence[Event] = (),
        settled: Sequence[Settled] = (),
        snapshot: bytes | None = None,
        wall: float | None = None,
    ) -> None:
        """Returns when it is durable."""
        done = asyncio.Event()
        stamp = Stamp(at, WALL + at if wall is None else wall, "boot", at)
        self.journal.submit(Entry(stamp, signals, events, settled, snapshot, done=done.set))
        await asyncio.wait_for(done.wait(), 10)


@asynccontextmanager
async def writing(path: Path, keeping: Keeping = Keeping()) -> AsyncIterator[Pen]:  # noqa: B008  # frozen
    """Closed at the end."""
    pen = Pen(path, keeping)
    pen.journal.start()
    try:
        yield pen
    finally:
        assert await asyncio.to_thread(pen.journal.close, 10)


def signals_in(path: Path) -> list[Signal]:
    """All signals of a journal, in order; every one of them can be read."""
    with closing(open_journal(path)) as connection:
        reader = Reader(connection)
        found = [signal for row in reader.rows() for signal in reader.signals(row)]
        assert reader.problems == []
        return found


def execute(path: Path, sql: str) -> int:
    """Tamper with a journal that nobody writes; returns how many rows were touched."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(sql).rowcount
