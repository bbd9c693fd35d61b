"""Readings that say little more than the one before, taken out of rows that no start needs any more."""

import sqlite3
from typing import NamedTuple

from daemon.journal.compact import Unreadable, epoch_of, filtered
from daemon.journal.keeping import Keeping

ROWS = 20  # looked at in one transaction: about 1 ms
TOLD_S = 60.0  # of a device that the venue does not know any more
KEY = "thinned"  # in `meta`: the row up to which it is done


class _Rule(NamedTuple):
    deadband: float
    told_s: float


class Thinning:
    """To be made anew after a transaction that failed."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._done: int | None = None
        self._epoch = 0
        self._rules: dict[int, _Rule] = {}  # by number in the book of that epoch
        self._kept: dict[int, tuple[float, float]] = {}  # at and value of the last reading kept, by number

    def step(self, connection: sqlite3.Connection, behind: int) -> bool:
        """Look at the next rows up to `behind`, in the transaction that is open. Returns whether there may be more."""
        if not self._keeping.deadbands:
            return False
        if self._done is None:
            self._done = thinned_to(connection)
        rows = connection.execute(
            "SELECT seq, readings, events IS NULL, record FROM commits WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            (self._done, behind, ROWS),
        ).fetchall()
        for seq, readings, silent, record in rows:
            if readings is not None and silent:  # what led to a decision stays as it was
                self._thin(connection, seq, readings, record)
        if rows:
            self._done = rows[-1][0]
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (KEY, str(self._done)))
        return len(rows) == ROWS

    def _thin(self, connection: sqlite3.Connection, seq: int, readings: bytes, record: int | None) -> None:
        try:
            epoch = epoch_of(readings)
        except Unreadable:
            return  # it stays for `tocsin journal verify` to find
        if epoch != self._epoch:
            self._epoch, self._rules, self._kept = epoch, _rules(connection, epoch, self._keeping), {}
        left = filtered(readings, self._wanted)
        if left == readings:
            return
        if left is None and record is None:
            connection.execute("DELETE FROM commits WHERE seq = ?", (seq,))
        else:
            connection.execute("UPDATE commits SET readings = ? WHERE seq = ?", (left, seq))

    def _wanted(self, at: float, number: int, value: float | bool | None) -> bool:
        rule = self._rules.get(number)
        if rule is None or value is None:
            return True
        last_at, last = self._kept.get(number, (float("-inf"), 0.0))
        if abs(value - last) < rule.deadband and at - last_at < rule.told_s:
            return False
        self._kept[number] = (at, value)
        return True


def thinned_to(connection: sqlite3.Connection) -> int:
    """The row up to which a journal is thinned, 0 for none."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (KEY,)).fetchone()
    return int(row[0]) if row else 0


def _rules(connection: sqlite3.Connection, epoch: int, keeping: Keeping) -> dict[int, _Rule]:
    sql = "SELECT number, device, quantity FROM names WHERE epoch = ? AND provenance = 'live'"
    return {
        number: _Rule(keeping.deadbands[quantity], keeping.told_s.get(device, TOLD_S))
        for number, device, quantity in connection.execute(sql, (epoch,)).fetchall()
        if quantity in keeping.deadbands
    }
