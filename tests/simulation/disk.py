"""The disk under the journal: slow, failing or cut off, and the journal's own thread in step with the loop."""

import shutil
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from daemon.journal import schema
from daemon.journal.journal import Entry
from daemon.journal.keeping import Keeping
from daemon.journal.writer import Writer
from daemon.outbox.ledger import Run
from tests.simulation.loop import SimLoop
from tests.simulation.world import World

COMMIT_S = (0.0005, 0.02)  # a healthy disk: shortest and longest time from handing over to durable
TIRED_S = (0.02, 0.2)  # a worn one, still within what the journal waits for
FAULT = "disk I/O error"


class Disk:
    """How the disk is at present."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hangs_until = 0.0
        self.tired = False
        self.fails_before = False  # the transaction fails and is not there
        self.fails_after = False  # the transaction is there, and yet an error is told
        self.failures = 0
        self.reported_wal_bytes = 0  # up to here the log holds only what was called durable

    def delay_s(self) -> float:
        usual_s = self.world.chance.uniform(*(TIRED_S if self.tired else COMMIT_S))
        return max(usual_s, self.hangs_until - self.world.now)

    def heal(self) -> None:
        self.fails_before = self.fails_after = self.tired = False
        self.hangs_until = 0.0

    def open(self, path: Path) -> sqlite3.Connection:
        """Stands where the daemon calls `open_database`."""
        if self.fails_before:
            raise schema.JournalUnusable(f"{path}: {FAULT}")
        return cast(sqlite3.Connection, _Connection(schema.open_database(path), self))


class _Connection:
    """A connection on that disk."""

    def __init__(self, real: sqlite3.Connection, disk: Disk) -> None:
        self._real = real
        self._disk = disk

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        writes = not sql.lstrip().upper().startswith(("SELECT", "PRAGMA"))
        if writes and self._disk.fails_before:
            self._fail()
        cursor = self._real.execute(sql, values)
        if writes and self._disk.fails_after and not self._real.in_transaction:
            self._fail()
        return cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def _fail(self) -> None:
        self._disk.failures += 1
        raise sqlite3.OperationalError(FAULT)


def image(state: Path, to: Path, torn: bool, disk: Disk) -> None:
    """What is on the disk after the daemon has died: all that it wrote; after a power cut (`torn`) only a part, and
    perhaps rubbish, of what was not yet called durable.
    """
    shutil.copytree(state, to, ignore=shutil.ignore_patterns("*-shm"))
    log = to / "journal.db-wal"
    size = log.stat().st_size if log.exists() else 0
    if torn and size > disk.reported_wal_bytes:
        chance = disk.world.chance
        with log.open("r+b") as file:
            file.truncate(chance.randint(disk.reported_wal_bytes, size))
            if chance.random() < 0.5:
                file.seek(0, 2)
                file.write(chance.randbytes(chance.randint(1, 4096)))
    disk.reported_wal_bytes = min(disk.reported_wal_bytes, size)


class StagedWriter(Writer):
    """The real writer in its real thread, which runs only while the loop waits for it."""

    def __init__(
        self,
        loop: SimLoop,
        disk: Disk,
        path: Path,
        connection: sqlite3.Connection | None,
        run: Run,
        keeping: Keeping,
    ) -> None:
        self._sim_loop = loop
        self._sim_disk = disk
        self._log_path = Path(f"{path}-wal")
        self._turn = _Turn()
        super().__init__(path, connection, run, keeping)
        self._queue = _Line(self._turn)  # type: ignore[assignment]  # as much of a queue as the writer uses
        self._closing = _Pause(self._turn, loop)  # type: ignore[assignment]  # and as much of an event
        self._planned = False

    def start(
        self, written: Callable[[int], object], failed: Callable[[str], object], died: Callable[[], object]
    ) -> None:
        def reported(count: int) -> None:
            written(count)
            self._sim_loop.call_soon(self._note_size)

        super().start(reported, failed, died)
        self._turn.await_writer()

    def put(self, entry: "Entry") -> None:
        super().put(entry)
        if not self._planned:
            self._planned = True
            self._sim_loop.call_later(self._sim_disk.delay_s(), self._go_on)

    def close(self, within_s: float) -> bool:
        self._closing.set()
        self._queue.put(None)
        self._turn.run_writer()
        return not self._thread.is_alive()

    def abandon(self) -> None:
        """The process is dead: end its thread where it stands, and let go of the file."""
        self._closing.set()
        self._turn.end()
        self._thread.join()
        if self._connection is not None:
            self._connection.close()

    def _main(self) -> None:
        try:
            super()._main()
        except _Abandoned:
            pass
        finally:
            self._turn.over()

    def _go_on(self) -> None:
        self._planned = False
        if self._turn.pausing:  # it tries again by itself
            return
        self._turn.run_writer()

    def _note_size(self) -> None:
        if self._log_path.exists():
            self._sim_disk.reported_wal_bytes = self._log_path.stat().st_size


class _Abandoned(BaseException):
    """The thread's process is dead."""


class _Turn:
    """Either the loop or the writer's thread runs."""

    def __init__(self) -> None:
        self._writer_may = threading.Lock()
        self._loop_may = threading.Lock()
        self._writer_may.acquire()
        self._loop_may.acquire()
        self._ended = False
        self._over = False
        self.pausing = False

    def run_writer(self) -> None:
        """On the loop: let the writer run until it waits again."""
        if not self._over:
            self._writer_may.release()
            self._loop_may.acquire()

    def await_writer(self) -> None:
        self._loop_may.acquire()

    def park(self) -> None:
        """In the writer's thread: wait until the loop lets it go on."""
        self._loop_may.release()
        self._writer_may.acquire()
        if self._ended:
            raise _Abandoned

    def end(self) -> None:
        self._ended = True
        self.run_writer()

    def over(self) -> None:
        self._over = True
        self._loop_may.release()


class _Line:
    """The writer's queue."""

    def __init__(self, turn: _Turn) -> None:
        self._turn = turn
        self._items: deque[Entry | None] = deque()

    def put(self, item: "Entry | None") -> None:
        self._items.append(item)

    def get(self) -> "Entry | None":
        while not self._items:
            self._turn.park()
        return self._items.popleft()

    def get_nowait(self) -> "Entry | None":
        import queue

        if not self._items:
            raise queue.Empty
        return self._items.popleft()

    def qsize(self) -> int:
        return len(self._items)


class _Pause:
    """The writer's event `closing`, on which it waits between two tries."""

    def __init__(self, turn: _Turn, loop: SimLoop) -> None:
        self._turn = turn
        self._loop = loop
        self._set = False

    def set(self) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float) -> bool:
        if not self._set:
            self._turn.pausing = True
            self._loop.call_soon_threadsafe(self._loop.call_later, timeout, self._over)
            self._turn.park()
            self._turn.pausing = False
        return self._set

    def _over(self) -> None:
        if self._turn.pausing:
            self._turn.run_writer()
