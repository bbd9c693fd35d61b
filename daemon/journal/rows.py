"""The journal's rows, read again: the one place that knows how they are stored. Writes nothing."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.core import Event
from daemon.journal.compact import Name, Unreadable, epoch_of, unpack
from daemon.journal.schema import SCHEMA_VERSION, readable
from daemon.journal.text import Column, Item
from daemon.outbox.ledger import Run, Settled
from rules.signal import Signal

PAGE_ROWS = 500  # read at once: an open cursor would keep the daemon from its checkpoints

_signals: Column[Signal] = Column("signal", Signal)
_events: Column[Event] = Column("decision", Event)
_settled: Column[Settled] = Column("settlement", Settled)
_outputs = msgspec.json.Decoder(tuple[str, ...])


class NoJournal(Exception):
    """There is no journal that this program can read; says why, and what to do."""


class Row(NamedTuple):
    """One transaction: `at` engine time, `wall` seconds since 1970. The rest is for `Reader` to decode."""

    seq: int
    run: int
    at: float
    wall: float
    total: int  # signals up to the last of this row, since the journal began
    settled: str | None
    events: str | None
    text: str | None  # signals, but for those that are packed in `readings`
    readings: bytes | None
    record: int | None = None  # its number in the audit's chain


_COLUMNS = "seq, run, at, wall, total, settled, events, signals"
_PACKED = f"{_COLUMNS}, readings, record"  # from version 2 on
_UNPACKED = f"{_COLUMNS}, NULL, NULL"


class Span(NamedTuple):
    """Rows after the row `after`, written between two wall times; what is None bounds nothing."""

    after: int = 0
    since: float | None = None
    until: float | None = None


class Reader:
    """Reads over a connection that somebody else opens and closes. What cannot be read is told in `problems`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.problems: list[str] = []
        self._names = _Names(connection, 0)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        self._columns = _PACKED if version >= 2 else _UNPACKED

    def rows(self, span: Span = Span(), page_rows: int = PAGE_ROWS) -> Iterator[Row]:  # noqa: B008  # cannot be changed
        """In order, a page at a time: what is written meanwhile is read too. Raises sqlite3.Error."""
        after = span.after
        clauses = {"wall >= :since": span.since, "wall <= :until": span.until}
        where = "".join(f" AND {clause}" for clause, value in clauses.items() if value is not None)
        sql = f"SELECT {self._columns} FROM commits WHERE seq > :after{where} ORDER BY seq LIMIT {page_rows:d}"  # noqa: S608  # no word of it comes from outside
        while page := self._connection.execute(
            sql, {"after": after, "since": span.since, "until": span.until}
        ).fetchall():
            yield from map(Row._make, page)
            after = page[-1][0]

    def signals(self, row: Row) -> list[Signal]:
        """What the engine was told, in order."""
        others = self._read(_signals, row.text, row.seq)
        if row.readings is None:
            return others
        problems: list[str] = []
        try:
            epoch = epoch_of(row.readings)
            if epoch != self._names.epoch:
                self._names = _Names(self._connection, epoch)
            others = unpack(row.readings, self._names, others, problems)
        except Unreadable as error:
            problems.append(f"what was heard in it cannot be read ({error}) and is lost")
        self.problems += [f"commit {row.seq}: {problem}" for problem in problems]
        return others

    def events(self, row: Row) -> list[Event]:
        """What it decided."""
        return self._read(_events, row.events, row.seq)

    def settled(self, row: Row) -> list[Settled]:
        """Which deliveries were settled."""
        return self._read(_settled, row.settled, row.seq)

    def has_readings(self, last: int) -> bool:
        """Whether retention has left any up to and with the row `last`."""
        packed = "readings" if self._columns is _PACKED else "signals"
        sql = f"SELECT 1 FROM commits WHERE seq <= ? AND {packed} IS NOT NULL ORDER BY seq DESC LIMIT 1"  # noqa: S608  # our own
        return self._connection.execute(sql, (last,)).fetchone() is not None

    def ends(self) -> tuple[int, int]:
        """The numbers of the first and the last row, both 0 in an empty journal."""
        first, last = self._connection.execute("SELECT min(seq), max(seq) FROM commits").fetchone()
        return (first or 0), (last or 0)

    def runs(self) -> dict[int, Run]:
        """The runs of the daemon, by the number that rows name them with."""
        rows = self._connection.execute("SELECT run, name, boot, outputs FROM runs").fetchall()
        return {run: Run(name, boot, _outputs.decode(outputs)) for run, name, boot, outputs in rows}

    def _read(self, column: Column[Item], text: str | None, seq: int) -> list[Item]:
        try:
            return column.decode(text, f"commit {seq}", self.problems)
        except msgspec.DecodeError as error:
            self.problems.append(f"commit {seq} cannot be read ({error}); what is in it is lost")
            return []


class _Names(dict[int, Name]):
    """The names of one epoch; looks again for one that it does not know, for it may be new."""

    def __init__(self, connection: sqlite3.Connection, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch
        self._connection = connection

    def __missing__(self, number: int) -> Name:
        sql = "SELECT number, device, quantity, provenance, boot FROM names WHERE epoch = ?"
        for found, *name in self._connection.execute(sql, (self.epoch,)).fetchall():
            self[found] = Name(*name)
        if number not in self:
            raise KeyError(number)
        return self[number]


def open_journal(path: Path) -> sqlite3.Connection:
    """Open a journal of this version or an older one for reading, whether a daemon writes it or not.

    Raises NoJournal.
    """
    if not path.exists():
        raise NoJournal(f"{path}: there is no journal; give the daemon's --state folder")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.text_factory = readable
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise NoJournal(f"{path}: {error}") from error
    if not 0 < version <= SCHEMA_VERSION:
        connection.close()
        raise NoJournal(f"{path}: its schema is version {version}, this program reads 1 to {SCHEMA_VERSION}")
    return connection


def share_of(reader: Reader, span: Span) -> Callable[[int], float]:
    """How far a row is on the way through `span`, 0 to 1."""
    first, last = reader.ends()
    begin = max(first, span.after)
    rows = max(1, last - begin)
    return lambda seq: min(1.0, max(0.0, (seq - begin) / rows))
