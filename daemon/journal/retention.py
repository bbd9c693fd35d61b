"""What the journal forgets, a little at a time. Nothing goes that a start from the older snapshot needs."""

import sqlite3

SNAPSHOTS_KEPT = 2  # the newest, and one more in case the newest cannot be read
SIGNALS_KEPT = 5_000_000  # about 400 MB, 30 hours at 45 readings/s
AUDIT_KEPT_S = 30 * 86400.0  # records of the audit stay at least so long, however large the journal is
KEPT_S = AUDIT_KEPT_S  # decisions, and all else that is left
PRUNE_ROWS = 200  # looked at in one transaction: about 1 ms


class Retention:
    """To be made anew after a transaction that failed."""

    def __init__(self) -> None:
        self.due = False  # there may be more to forget
        self._stripped = 0  # up to this row, signals are gone

    def step(self, connection: sqlite3.Connection, total: int, at: float) -> None:
        """Forget what PRUNE_ROWS rows allow, in the transaction that is open. Age goes by engine time: by the wall
        clock a wrong date would make all of it old at once."""
        oldest, behind = connection.execute(
            "SELECT min(seq), min(commit_seq) FROM (SELECT * FROM snapshots ORDER BY seq DESC LIMIT ?)",
            (SNAPSHOTS_KEPT,),
        ).fetchone()
        if oldest is None:
            return
        connection.execute("DELETE FROM snapshots WHERE seq < ?", (oldest,))
        stripped = self._strip(connection, behind, total - SIGNALS_KEPT)
        forgotten = connection.execute(
            "DELETE FROM commits WHERE seq IN "
            "(SELECT seq FROM (SELECT seq, at FROM commits ORDER BY seq LIMIT ?) WHERE seq <= ? AND at < ?)",
            (PRUNE_ROWS, behind, at - KEPT_S),
        ).rowcount
        self.due = PRUNE_ROWS in (stripped, forgotten)

    def _strip(self, connection: sqlite3.Connection, behind: int, total: int) -> int:
        """Drop the signals of the oldest rows; a row that says nothing else goes. Returns how many were looked at."""
        count, last = connection.execute(
            "SELECT count(*), max(seq) FROM (SELECT seq, total FROM commits WHERE seq > ? ORDER BY seq LIMIT ?) "
            "WHERE seq <= ? AND total <= ?",
            (self._stripped, PRUNE_ROWS, behind, total),
        ).fetchone()
        if count:
            span = (self._stripped, last)
            connection.execute(
                "DELETE FROM commits WHERE seq > ? AND seq <= ? "
                "AND record IS NULL AND events IS NULL AND settled IS NULL",
                span,
            )
            connection.execute("UPDATE commits SET readings = NULL WHERE seq > ? AND seq <= ?", span)
            connection.execute("UPDATE commits SET signals = NULL WHERE seq > ? AND seq <= ? AND record IS NULL", span)
            self._stripped = last
        return int(count)
