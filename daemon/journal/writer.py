"""The one thread that writes the journal and checkpoints it, over the one writing connection.

Whatever is queued goes into one transaction (group commit). A transaction that fails is tried again, whole and in
order, until it succeeds; the event loop is told and goes on without it.
"""

import json
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.journal import text as journal_text
from daemon.journal.chain import Head
from daemon.journal.composing import INSERT, INSERT_NAME, INSERT_SNAPSHOT, Composer, NewRow
from daemon.journal.keeping import Keeping
from daemon.journal.retention import Retention
from daemon.journal.schema import JournalUnusable, advice, open_database
from daemon.journal.wear import Wear, look_at_wear
from daemon.outbox.ledger import Run

if TYPE_CHECKING:  # the journal builds on the writer; the entry is the journal's word
    from daemon.journal.journal import Entry

GROUP_ENTRIES = 2000  # in one transaction: at most some 20 ms of work between two looks at the queue
GROUP_SIGNALS = 5000
RETRY_S = 1.0  # after a failed transaction: soon enough for people, seldom enough for a full disk
STAMP_EVERY_S = 5.0  # without traffic: the length of an outage is known this well
LOOK_EVERY_S = 10.0  # whether the file is still the one that was opened and holds what was written; how large it is
READ_S = 2.0  # for a lock while looking

_WAL_MAGIC = b"\x37\x7f\x06"  # https://www.sqlite.org/fileformat2.html#the_write_ahead_log
_log = logging.getLogger(__name__)


class Writer:
    """Owns the connection. `put` may be called from any thread; everything else happens in the writer's own thread."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection | None,
        run: Run,
        keeping: Keeping = Keeping(),  # noqa: B008  # frozen
    ) -> None:
        self.run = run
        self._path = path
        self._connection = connection
        self._run = 0  # its row
        self._id = ""  # the journal's
        self._composer = Composer()
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._main, name="journal", daemon=True)
        self._attempted = 0  # the row of a transaction that failed, until it is known to be durable
        self._held = 0  # the newest row of the file that is open
        self._inode = 0
        self._looked = 0.0
        self._stamped = -STAMP_EVERY_S
        self._keeping = keeping
        self._retention = Retention(keeping)
        self.holds_older_state = False  # it was opened only after the engine had started without it
        self.replaced = False  # rows that were durable are not in the file any more: it is another one
        self.size_bytes = 0
        self._began = time.monotonic()
        self.wear = Wear()  # what was written to the disk
        self.stands = ("", Head())  # the journal's id, and how far the audit's chain is durable
        self._engine_knows = connection is not None  # the engine was recovered from this very file
        if connection is not None:
            try:
                self._adopt(connection)
                self.stands = (self._id, self._composer.head)
            except (sqlite3.Error, OSError) as error:  # a full disk can be read: the start must not fail on a write
                _log.error("journal: %s; it is tried again", error)
                self._drop_connection()

    def start(
        self, written: Callable[[int], object], failed: Callable[[str], object], died: Callable[[], object]
    ) -> None:
        """`written(n)`: the n oldest entries are durable. `failed(reason)`: they are not, and are tried again.
        `died()`: a bug has ended the thread.
        """
        self._written = written
        self._failed = failed
        self._died = died
        self._thread.start()

    @property
    def total_signals(self) -> int:
        """Signals written so far, by this run and all before it."""
        return self._composer.total

    def put(self, entry: "Entry") -> None:
        self._queue.put(entry)

    def close(self, within_s: float) -> bool:
        """Write what is queued, close the database, end the thread. False when that took longer than `within_s`."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _main(self) -> None:
        try:
            self._serve()
        finally:
            if not self._closing.is_set():
                self._died()

    def _serve(self) -> None:
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
        self.wear = look_at_wear(self._began)

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
            self._failed(f"{self._path}: {error} ({name}); {advice(name)}" if name else str(error))
            return False
        return True

    def _transact(self, connection: sqlite3.Connection, group: "list[Entry]") -> None:
        """One statement while nothing else is due: each gives the interpreter away and has to win it back."""
        row = self._composer.compose(group)
        last = group[-1]
        if row.empty and last.snapshot is None and row.at - self._stamped < STAMP_EVERY_S:
            return
        self._attempted = row.seq
        names = self._composer.new_names()
        prune = last.snapshot is not None or (self._retention.due and row.events is None)  # no decision waits for that
        if prune or names:
            connection.execute("BEGIN IMMEDIATE")
        connection.execute(INSERT, row)
        if names:
            connection.executemany(INSERT_NAME, names)
        if last.snapshot is not None:
            self._keep_snapshot(connection, last, last.snapshot, row)
        if prune:
            self._retention.step(connection, row.at, row.record or self._composer.head.record)
        if prune or names:
            connection.execute("COMMIT")
        self._attempted = 0
        self._held = row.seq
        self._composer.written(row)
        self._stamped = row.at
        self.stands = (self._id, self._composer.head)

    def _keep_snapshot(self, connection: sqlite3.Connection, last: "Entry", body: bytes, row: NewRow) -> None:
        owed, in_force = journal_text.encode(last.unsettled), journal_text.encode(last.in_force)
        head = self._composer.head if row.record is None else Head(row.record, row.seq, row.chain or b"")
        self.wear = look_at_wear(self._began)
        connection.execute("UPDATE runs SET wrote = ?, lasted = ? WHERE run = ?", (*self.wear, self._run))
        connection.execute(INSERT_SNAPSHOT, (row.seq, row.wall, body, owed, in_force, head.record, head.hash))

    def _look(self) -> None:
        """SQLite writes on into a deleted or overwritten file without a word: what it needs of it, it remembers."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            status = None
        if status is None or status.st_ino != self._inode:
            raise JournalUnusable(f"{self._path} was deleted or replaced while it was open; it is opened anew")
        if _last_commit(self._path) != self._held:
            raise JournalUnusable(f"{self._path} does not hold what was written last; it was changed by somebody else")
        self._looked = now
        self.wear = look_at_wear(self._began)
        self.size_bytes = status.st_size + _size(Path(f"{self._path}-wal"))

    def _reopen(self) -> bool:
        """True when the transaction that seemed to fail stands after all: the error came after the commit."""
        connection = open_database(self._path)
        self._adopt(connection)
        stands = 0 < self._attempted <= self._held
        if stands:
            _write_through(connection)  # may fail too: then it is asked again, and the row is still not written twice
            self._attempted = 0
        self.stands = (self._id, self._composer.head)
        self._connection = connection
        return stands

    def _adopt(self, connection: sqlite3.Connection) -> None:
        """Take up the numbers where they stand."""
        first = self._run == 0
        self._retention = Retention(self._keeping)
        row = connection.execute("SELECT run FROM runs WHERE name = ?", (self.run.name,)).fetchone()
        if row is None:
            values = (self.run.name, self.run.boot, json.dumps(self.run.outputs), time.time())
            sql = "INSERT INTO runs (name, boot, outputs, started) VALUES (?, ?, ?, ?)"
            row = (connection.execute(sql, values).lastrowid,)
        self._run = row[0]
        last = self._composer.adopt(connection, self._run)
        self._id = connection.execute("SELECT value FROM meta WHERE key = 'journal'").fetchone()[0]
        if first and self._thread.is_alive() and last and not self._engine_knows:
            self.holds_older_state = True
        self.replaced |= last < self._held
        self._held = last
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


def _last_commit(path: Path) -> int:
    """The newest row as a connection sees it that remembers nothing. Raises sqlite3.Error, JournalUnusable, OSError."""
    with Path(f"{path}-wal").open("rb") as log:
        magic = log.read(len(_WAL_MAGIC))
    if magic not in (_WAL_MAGIC, b""):  # SQLite looks at it only when the file is opened after a crash
        raise JournalUnusable(f"{path}-wal was overwritten while it was open")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=READ_S)) as fresh:
        (last,) = fresh.execute("SELECT max(seq) FROM commits").fetchone()
        return int(last or 0)


def _write_through(connection: sqlite3.Connection) -> None:
    """After a failed fsync the kernel shows what it may never have written, and says no more of it: copy the log into
    the database, which writes and syncs it once more. Raises sqlite3.Error when that fails too.
    """
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise JournalUnusable("a reader keeps the log of changes from being written to the disk once more")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
