"""The one thread that writes the journal and checkpoints it, over the one writing connection.

Whatever is queued goes into one transaction (group commit). A transaction that fails is tried again, whole and in
order, until it succeeds; the event loop is told and goes on without it.
"""

import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daemon.journal_schema import JournalUnusable, open_database
from rules.signal import Signal

if TYPE_CHECKING:  # the journal builds on the writer; the entry is the journal's word
    from daemon.journal import Entry

GROUP_ENTRIES = 2000  # in one transaction: at most some 20 ms of work between two looks at the queue
GROUP_SIGNALS = 5000
RETRY_S = 1.0  # after a failed transaction: soon enough for people, seldom enough for a full disk
STAMP_EVERY_S = 5.0  # without traffic: the length of an outage is known this well
LOOK_EVERY_S = 10.0  # whether the file is still the one that was opened, and how large it is
SNAPSHOTS_KEPT = 2  # the newest, and one more in case the newest cannot be read
SIGNALS_KEPT = 5_000_000  # about 400 MB, 30 hours at 45 readings/s
DECISIONS_KEPT_S = 30 * 86400.0
PRUNE_ROWS = 200  # after each transaction while there is something to prune: about 1 ms

_Rows = list[tuple[object, ...]]
_encoder = msgspec.json.Encoder()
_log = logging.getLogger(__name__)


class Writer:
    """Owns the connection. `put` may be called from any thread; everything else happens in the writer's own thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection | None, run: str, boot: str) -> None:
        self._path = path
        self._connection = connection
        self._run_name = run
        self._boot = boot
        self._run = 0
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._main, name="journal", daemon=True)
        self._next_commit = 1
        self._attempted = 0  # the row of the transaction that failed last
        self._inode = 0
        self._looked = 0.0
        self._stamped = -STAMP_EVERY_S
        self._pruning = False
        self.holds_older_state = False  # it was opened only after the engine had started without it
        self.replaced = False  # the file was deleted or replaced while it was open
        self.total_signals = 0
        self.size_bytes = 0
        if connection is not None:
            self._adopt(connection)

    def start(self, written: Callable[[int], object], failed: Callable[[str], object]) -> None:
        """`written(n)`: the n oldest entries are durable. `failed(reason)`: they are not, and are tried again."""
        self._written = written
        self._failed = failed
        self._thread.start()

    def put(self, entry: "Entry") -> None:
        self._queue.put(entry)

    def close(self, within_s: float) -> bool:
        """Write what is queued, close the database, end the thread. False when that took longer than `within_s`."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _main(self) -> None:
        ended = False
        while not ended:
            group, ended = self._take()
            while group and not self._write(group):
                if self._closing.wait(RETRY_S):
                    _log.error("journal: stopped with %d entries unwritten", len(group) + self._queue.qsize())
                    ended = True
                    break
            else:
                if group:
                    self._written(len(group))
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> "tuple[list[Entry], bool]":
        """All that is queued, up to the bounds; a snapshot ends a group, so that it stands after its own signals."""
        group: list[Entry] = []
        signals = 0
        entry = self._queue.get()
        while entry is not None:
            group.append(entry)
            signals += len(entry.signals)
            if entry.snapshot is not None or signals >= GROUP_SIGNALS or len(group) >= GROUP_ENTRIES:
                return group, False
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _write(self, group: "list[Entry]") -> bool:
        try:
            if self._connection is None and self._reopen():
                return True
            assert self._connection is not None
            self._look()
            self._transact(self._connection, group)
        except (sqlite3.Error, JournalUnusable, OSError) as error:
            name = getattr(error, "sqlite_errorname", "")
            self._drop_connection()
            self._failed(f"{error} ({name})" if name else str(error))
            return False
        return True

    def _transact(self, connection: sqlite3.Connection, group: "list[Entry]") -> None:
        signals = [signal for entry in group for signal in entry.signals]
        events = [event for entry in group for event in entry.events]
        owed = [row for entry in group for row in entry.owed]
        settled = [row for entry in group for row in entry.settled]
        stamp = group[-1].stamp
        snapshot = group[-1].snapshot
        if not (signals or events or settled or snapshot) and stamp.at - self._stamped < STAMP_EVERY_S:
            return
        self._attempted = seq = self._next_commit
        total = self.total_signals + len(signals)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?)",
            (seq, self._run, stamp.at, stamp.wall, stamp.boottime, total, _encode(signals)),
        )
        if events:
            # one statement for all rows: each statement gives the interpreter away, and has to win it back
            connection.execute(
                "INSERT INTO decisions SELECT json_extract(value, '$.id'), ?, json_extract(value, '$.wall'), "
                "json_extract(value, '$.decision') FROM json_each(?)",
                (seq, _encoder.encode(events).decode()),
            )
        if owed:
            rows = [(row.decision, row.output, row.id, row.expires) for row in owed]
            connection.execute(
                "INSERT INTO outbox (decision_seq, output, id, expires) SELECT json_extract(value, '$[0]'), "
                "json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]') "
                "FROM json_each(?)",
                (_encoder.encode(rows).decode(),),
            )
        if settled:
            settle: _Rows = [(row.outcome, stamp.wall, row.decision, row.output) for row in settled]
            connection.executemany("UPDATE outbox SET state=?, settled=? WHERE decision_seq=? AND output=?", settle)
        if snapshot is not None:
            connection.execute(
                "INSERT INTO snapshots (commit_seq, wall, body) VALUES (?, ?, ?)", (seq, stamp.wall, snapshot)
            )
        if snapshot is not None or self._pruning:
            self._pruning = self._prune(connection, total, stamp.wall)
        connection.execute("COMMIT")
        self._next_commit = seq + 1
        self.total_signals = total
        self._stamped = stamp.at

    def _prune(self, connection: sqlite3.Connection, total: int, wall: float) -> bool:
        """Forget a little of what is too old; True while there may be more. Decisions go last, by age alone."""
        kept = connection.execute(
            "SELECT min(seq), min(commit_seq) FROM (SELECT * FROM snapshots ORDER BY seq DESC LIMIT ?)",
            (SNAPSHOTS_KEPT,),
        ).fetchone()
        if kept[0] is None:
            return False
        connection.execute("DELETE FROM snapshots WHERE seq < ?", (kept[0],))
        signals = connection.execute(
            "DELETE FROM commits WHERE seq IN "
            "(SELECT seq FROM commits WHERE seq <= ? AND total <= ? ORDER BY seq LIMIT ?)",
            (kept[1], total - SIGNALS_KEPT, PRUNE_ROWS),
        ).rowcount
        old = connection.execute(
            "SELECT seq FROM decisions WHERE wall < ? ORDER BY seq LIMIT ?", (wall - DECISIONS_KEPT_S, PRUNE_ROWS)
        ).fetchall()
        connection.executemany("DELETE FROM outbox WHERE decision_seq = ?", old)
        connection.executemany("DELETE FROM decisions WHERE seq = ?", old)
        return signals == PRUNE_ROWS or len(old) == PRUNE_ROWS

    def _look(self) -> None:
        """SQLite writes on into a deleted file without a word."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            status = None
        if status is None or status.st_ino != self._inode:
            self.replaced = True
            raise JournalUnusable(f"{self._path} was deleted or replaced while it was open; it is opened anew")
        self._looked = now
        self.size_bytes = status.st_size + _size(Path(f"{self._path}-wal"))

    def _reopen(self) -> bool:
        """True when the transaction that seemed to fail stands after all: the error came after the commit."""
        connection = open_database(self._path)
        expected = self._next_commit
        self._adopt(connection)
        self._connection = connection
        return self._attempted == expected < self._next_commit

    def _adopt(self, connection: sqlite3.Connection) -> None:
        """Take up the numbers where they stand."""
        first = self._run == 0
        last, total = connection.execute("SELECT max(seq), max(total) FROM commits").fetchone()
        if first and self._thread.is_alive() and last is not None:
            self.holds_older_state = True
        self._next_commit = max(self._next_commit, (last or 0) + 1)
        self.total_signals = max(self.total_signals, total or 0)
        row = connection.execute("SELECT run FROM runs WHERE name = ?", (self._run_name,)).fetchone()
        if row is None:
            values = (self._run_name, self._boot, time.time())
            row = (connection.execute("INSERT INTO runs (name, boot, started) VALUES (?, ?, ?)", values).lastrowid,)
        self._run = row[0]
        self._inode = os.stat(self._path).st_ino
        self._looked = 0.0

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()  # rolls back; after a failed fsync only a fresh look at the file can be believed
        except sqlite3.Error as error:
            _log.warning("journal: closing after a failure: %s", error)


def _encode(signals: list[Signal]) -> str:
    try:
        return _encoder.encode(signals).decode()
    except UnicodeEncodeError:
        return _encoder.encode(list(_encodable(signals))).decode()


def _encodable(signals: Iterable[Signal]) -> Iterable[Signal]:
    """A name with half a surrogate pair cannot be written, and must not keep the rest from it."""
    for signal in signals:
        try:
            _encoder.encode(signal)
        except UnicodeEncodeError as error:
            _log.error("journal: a signal cannot be written: %s: %.80r", error.reason, signal)
        else:
            yield signal


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
