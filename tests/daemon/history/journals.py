"""Journals for tests of the history export, written by the journal's own writer."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal.journal import Entry
from daemon.journal.schema import open_database
from daemon.journal.writer import Writer
from daemon.outbox.ledger import Run
from rules.signal import Reading, Signal

WALL = 1_700_000_000.0  # of engine time zero
RUN = Run("run", "boot", ("log",))
WRITTEN_S = 60.0


class Author:
    """Writes rows with a given time. Use as a context manager: the writer is closed at its end."""

    def __init__(self, path: Path, wall: float = WALL) -> None:
        path.parent.mkdir(exist_ok=True)
        self._writer = Writer(path, open_database(path), RUN)
        self._wall = wall
        self._room = threading.Semaphore(0)
        self._writer.start(written=self._release, failed=self._fail, died=lambda: None)
        self.failures: list[str] = []

    def __enter__(self) -> "Author":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._writer.close(WRITTEN_S)

    def write(
        self,
        at: float,
        signals: Sequence[Signal] = (),
        events: Sequence[Event] = (),
        snapshot: bytes | None = None,
    ) -> None:
        """One row of its own, durable when this returns."""
        self._writer.put(Entry(Stamp(at, self._wall + at, "boot", at), signals, events, snapshot=snapshot))
        assert self._room.acquire(timeout=WRITTEN_S), self.failures

    def _release(self, count: int) -> None:
        for _ in range(count):
            self._room.release()

    def _fail(self, reason: str) -> None:
        self.failures.append(reason)


def readings(count: int, begin: int = 0, devices: int = 20, every_s: float = 0.002) -> Iterator[Reading]:
    """Temperatures whose value is their number, one every 2 ms, each of a millisecond of its own."""
    for number in range(begin, begin + count):
        yield Reading(1.0 + number * every_s, f"det-{number % devices}", "temperature", float(number))


def expected(count: int, begin: int = 0) -> set[tuple[int, float]]:
    """Those readings as a server that keeps milliseconds holds them: time and value."""
    return {(int((WALL + one.at) * 1000), float(one.value)) for one in readings(count, begin)}


def fill(path: Path, signals: Iterable[Reading], row: int = 500, wall: float = WALL) -> None:
    """A journal of readings, so many in a row; `wall` is that of engine time zero."""
    with Author(path, wall) as author:
        batch: list[Reading] = []
        for signal in signals:
            batch.append(signal)
            if len(batch) == row:
                author.write(batch[-1].at, batch)
                batch = []
        if batch:
            author.write(batch[-1].at, batch)
