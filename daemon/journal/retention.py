"""What the journal forgets, a little at a time. Nothing goes that a start from the older snapshot needs.

Ages are counted in engine time, which no step of the wall clock touches: what was written in 1970, before the clock was
set, is as young as it is.
"""

import sqlite3

from daemon.journal.keeping import AUDIT_KEPT_S, AUDIT_RECORDS, Keeping
from daemon.journal.thinning import Thinning

SNAPSHOTS_KEPT = 2  # the newest, and one more in case the newest cannot be read
PRUNE_ROWS = 200  # looked at in one transaction: about 1 ms
PRUNE_NAMES = 500


class Retention:
    """To be made anew after a transaction that failed."""

    def __init__(self, keeping: Keeping = Keeping()) -> None:  # noqa: B008  # frozen
        self.due = False  # there may be more to forget
        self._keeping = keeping
        self._thinning = Thinning(keeping)
        self._stripped = 0  # up to this row, readings are gone

    def step(self, connection: sqlite3.Connection, at: float, records: int) -> None:
        """Forget what PRUNE_ROWS rows allow, in the transaction that is open.

        `at` is the engine time and `records` the last number of the audit's chain.
        """
        oldest, behind = connection.execute(
            "SELECT min(seq), min(commit_seq) FROM (SELECT * FROM snapshots ORDER BY seq DESC LIMIT ?)",
            (SNAPSHOTS_KEPT,),
        ).fetchone()
        if oldest is None:
            return
        connection.execute("DELETE FROM snapshots WHERE seq < ?", (oldest,))
        large = _used_bytes(connection) > self._keeping.max_bytes
        more = self._strip(connection, behind, at if large else at - self._keeping.readings_s)
        kept_s = AUDIT_KEPT_S if large and not more else self._keeping.records_s
        more |= _forget(connection, behind, at - kept_s, records - AUDIT_RECORDS)
        more |= self._thinning.step(connection, behind)
        self.due = more

    def _strip(self, connection: sqlite3.Connection, behind: int, before: float) -> bool:
        """Drop the readings of the oldest rows; a row that says nothing else goes. True when there may be more."""
        count, last = connection.execute(
            "SELECT count(*), max(seq) FROM (SELECT seq, at FROM commits WHERE seq > ? ORDER BY seq LIMIT ?) "
            "WHERE seq <= ? AND at < ?",
            (self._stripped, PRUNE_ROWS, behind, before),
        ).fetchone()
        if not count:
            return False
        span = (self._stripped, last)
        unchained = "seq > ? AND seq <= ? AND record IS NULL"
        connection.execute(f"DELETE FROM commits WHERE {unchained} AND events IS NULL AND settled IS NULL", span)  # noqa: S608  # our own
        connection.execute("UPDATE commits SET readings = NULL WHERE seq > ? AND seq <= ?", span)
        connection.execute(f"UPDATE commits SET signals = NULL WHERE {unchained}", span)  # noqa: S608  # our own
        self._stripped = last
        _forget_names(connection, last)
        return bool(count == PRUNE_ROWS)


def _forget(connection: sqlite3.Connection, behind: int, before: float, record: int) -> bool:
    """Let go of the oldest rows, records and all, up to the record `record`, and remember where the chain begins then.

    True when there may be more.
    """
    rows = connection.execute(
        "SELECT seq, at, record, chain, wall FROM commits ORDER BY seq LIMIT ?", (PRUNE_ROWS,)
    ).fetchall()
    last, begins = 0, None
    for seq, at, number, chain, wall in rows:
        if seq > behind or at >= before or (number is not None and number > record):
            break
        last = seq
        if number is not None:
            begins = (seq, number, chain, wall)
    else:
        last = rows[-1][0] if rows else 0
    if begins:
        connection.execute("UPDATE forgotten SET seq = ?, record = ?, chain = ?, wall = ?", begins)
    if last:
        connection.execute("DELETE FROM commits WHERE seq <= ?", (last,))
    return bool(rows) and last == rows[-1][0] and len(rows) == PRUNE_ROWS


def _forget_names(connection: sqlite3.Connection, stripped: int) -> None:
    """The books of rows whose readings are gone: those before the one that the next row may use."""
    connection.execute(
        "DELETE FROM names WHERE (epoch, number) IN (SELECT epoch, number FROM names "
        "WHERE epoch < (SELECT max(epoch) FROM names WHERE epoch <= ?) LIMIT ?)",
        (stripped + 1, PRUNE_NAMES),
    )


def _used_bytes(connection: sqlite3.Connection) -> int:
    """Of the file, without what is free in it."""
    ((pages,), (free,), (size,)) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
