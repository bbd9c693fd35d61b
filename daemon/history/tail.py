"""The growing end of a journal that another process writes, read a bounded piece at a time."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from daemon.journal.rows import NoJournal, Reader, Row, Span, open_journal

PIECE_BYTES = 256 * 1024  # as stored: some 8,000 readings; decoded and made into lines about 10 MB
PAGE_ROWS = 32  # a row of a heavy burst holds 5,000 readings, 150 kB

Found = TypeVar("Found")


class Backlog(NamedTuple):
    """Signals that are written after a row, and when the first row of them was; zero when there is none."""

    signals: int = 0
    oldest_wall: float = 0.0


class Tail:
    """`name` tells journals apart: it is another one after the file was lost. Every method raises NoJournal, which may
    be over at the next call: the file is opened when it is first asked, and anew when it was replaced or failed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self.name = ""
        self.reader: Reader | None = None  # decodes what `rows` found

    def rows(self, after: int, piece_bytes: int = PIECE_BYTES) -> list[Row]:
        """What follows the row `after`, as many rows as make up `piece_bytes`; none when there are no more."""
        return self._ask(lambda _: list(self._piece(after, piece_bytes)))

    def last(self) -> int:
        """The number of the last row, 0 when there is none."""
        return self._ask(lambda connection: int(connection.execute("SELECT max(seq) FROM commits").fetchone()[0] or 0))

    def backlog(self, after: int, total: int) -> Backlog:
        """What follows the row `after`, up to and with which there are `total` signals."""
        return self._ask(lambda connection: _backlog(connection, after, total))

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, question: Callable[[sqlite3.Connection], Found]) -> Found:
        try:
            return question(self._open())
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise NoJournal(f"{self._path}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        inode = os.stat(self._path).st_ino
        if self._connection is None or inode != self._inode:
            self.close()
            self._connection, self._inode = open_journal(self._path), inode
            self.reader = Reader(self._connection)
            sql = "SELECT value FROM meta WHERE key = 'journal'"
            (self.name,) = self._connection.execute(sql).fetchone()
        return self._connection

    def _piece(self, after: int, piece_bytes: int) -> list[Row]:
        assert self.reader is not None
        found: list[Row] = []
        for row in self.reader.rows(Span(after), PAGE_ROWS):
            found.append(row)
            piece_bytes -= sum(len(column) for column in row if isinstance(column, str | bytes))
            if piece_bytes <= 0:
                break
        return found


def _backlog(connection: sqlite3.Connection, after: int, total: int) -> Backlog:
    last = connection.execute("SELECT total FROM commits ORDER BY seq DESC LIMIT 1").fetchone()
    oldest = connection.execute("SELECT wall FROM commits WHERE seq > ? ORDER BY seq LIMIT 1", (after,)).fetchone()
    return Backlog(last[0] - total, oldest[0]) if oldest is not None else Backlog()
