"""How a row of the journal is made of what is to become durable together, and what is remembered from row to row."""

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from daemon.journal import text
from daemon.journal.chain import Head, chained, run_words
from daemon.journal.compact import Book, pack
from rules.signal import Signal

if TYPE_CHECKING:  # the journal builds on the writer, the writer on this; the entry is the journal's word
    from daemon.journal.journal import Entry


class NewRow(NamedTuple):
    """One row of `commits`."""

    seq: int
    run: int
    at: float
    wall: float
    boottime: float
    total: int
    decided: int
    settled: str | None
    events: str | None
    signals: str | None
    readings: bytes | None
    record: int | None
    chain: bytes | None

    @property
    def empty(self) -> bool:
        return self.record is None and self.readings is None


INSERT = f"INSERT INTO commits ({', '.join(NewRow._fields)}) VALUES ({', '.join('?' * len(NewRow._fields))})"  # noqa: S608  # our own words
INSERT_NAME = "INSERT INTO names VALUES (?, ?, ?, ?, ?, ?)"
INSERT_SNAPSHOT = (
    "INSERT INTO snapshots (commit_seq, wall, body, unsettled, in_force, record, chain) VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Composer:
    """What the next row builds on. `written` is told once the row that `compose` made is durable, and only then."""

    def __init__(self) -> None:
        self.next_row = 1
        self.total = 0  # signals so far
        self.decided = 0  # the last decision so far
        self.head = Head()
        self._run = 0
        self._run_words = b""
        self._book = Book(1)

    def adopt(self, connection: sqlite3.Connection, run: int) -> int:
        """Take up the numbers where a database stands, but never below those given already. Returns its last row."""
        sql = "SELECT seq, total, decided FROM commits ORDER BY seq DESC LIMIT 1"
        last, total, decided = connection.execute(sql).fetchone() or (0, 0, 0)
        self.next_row = max(self.next_row, last + 1)
        self.total = max(self.total, total)
        self.decided = max(self.decided, decided)
        self.head = _head(connection)
        self._run = run
        self._run_words = run_words(
            *connection.execute("SELECT name, boot, outputs FROM runs WHERE run = ?", (run,)).fetchone()
        )
        self._book = Book(self.next_row)
        return int(last)

    def compose(self, group: "Sequence[Entry]") -> NewRow:
        """All of a group as one row."""
        if self._book.full:
            self._book = Book(self.next_row)
        stamp = group[-1].stamp
        signals = [signal for entry in group for signal in entry.signals]
        events = [event for entry in group for event in entry.events]
        settled = text.encode([one for entry in group for one in entry.settled])
        readings, others = self._columns(signals)
        row = NewRow(
            seq=self.next_row,
            run=self._run,
            at=stamp.at,
            wall=stamp.wall,
            boottime=stamp.boottime,
            total=self.total + len(signals),
            decided=max(self.decided, events[-1].id if events else 0),
            settled=settled,
            events=text.encode(events),
            signals=others,
            readings=readings,
            record=None,
            chain=None,
        )
        if row.settled is None and row.events is None and row.signals is None:
            return row
        head = link(self.head, row, self._run_words)
        return row._replace(record=head.record, chain=head.hash)

    def new_names(self) -> list[tuple[int | str | None, ...]]:
        """Rows of `names` that must be written with the row that was composed last."""
        return [(self._book.epoch, number, *name) for number, name in self._book.new]

    def written(self, row: NewRow) -> None:
        """The row and its names are durable."""
        self.next_row = row.seq + 1
        self.total = row.total
        self.decided = row.decided
        self._book.new.clear()
        if row.record is not None and row.chain is not None:
            self.head = Head(row.record, row.seq, row.chain)

    def _columns(self, signals: Sequence[Signal]) -> tuple[bytes | None, str | None]:
        readings, others = pack(signals, self._book)
        if not others:
            return readings, None
        try:
            return readings, text.encode_all(others)
        except UnicodeEncodeError:
            readings, others = pack(text.writable(signals), self._book)
            return readings, text.encode(others)


def link(head: Head, row: NewRow, run: bytes) -> Head:
    """The chain with a row more."""
    stamp, counts = (row.at, row.wall, row.boottime), (row.total, row.decided)
    return chained(head, row.seq, run, stamp, counts, (row.settled, row.events, row.signals))


def _head(connection: sqlite3.Connection) -> Head:
    """The last record: after the newest snapshot, or of it; a journal is not gone through for it."""
    sql = "SELECT commit_seq, record, chain FROM snapshots WHERE chain IS NOT NULL ORDER BY seq DESC LIMIT 1"
    row = (
        connection.execute(sql).fetchone() or connection.execute("SELECT seq, record, chain FROM forgotten").fetchone()
    )
    begin, record, chain = row
    last = connection.execute(
        "SELECT record, seq, chain FROM commits WHERE seq > ? AND record IS NOT NULL ORDER BY seq DESC LIMIT 1",
        (begin,),
    ).fetchone()
    return Head(*last) if last else Head(record, begin, chain)
