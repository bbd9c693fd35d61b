"""What the journal promises: in order, durable before it says so, and never in the way of an alarm."""

import asyncio
import gc
import json
import signal as signals
import sqlite3
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal import journal
from daemon.journal import writer as journal_writer
from daemon.journal.composing import INSERT
from daemon.journal.journal import HELD_SIGNALS, Entry, Journal
from daemon.journal.recovery import last_stamp, recover
from daemon.journal.schema import JournalUnusable, open_database
from daemon.journal.writer import Writer
from daemon.outbox.ledger import Ledger, Run, Settled
from rules.decision import ZoneTier
from rules.signal import LinkUp, Tick
from rules.tier import Tier
from tests.daemon import house
from tests.daemon.written import AT_ONCE_S, signals_in

RUN = Run("run", "boot", ("broker", "log"))
CHILD = Path(__file__).with_name("journal_child.py")


def _stamp(at: float) -> Stamp:
    return Stamp(at, 1000.0 + at, "boot", at)


def _entry(number: int, done: Callable[[], None] | None = None) -> Entry:
    return Entry(_stamp(float(number)), [Tick(float(number))], done=done)


class _Entry(Entry):
    """One that can be watched as it goes."""

    __slots__ = ("__weakref__",)


class _Bench:
    """A journal with its health as events."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection | None, run: Run = RUN, gather_s: float = AT_ONCE_S
    ) -> None:
        self.writer = Writer(path, connection, run)
        self.journal = Journal(self.writer, Ledger(), self._degraded, self._recovered, gather_s)
        self.reasons: list[str] = []
        self.degraded = asyncio.Event()
        self.recovered = asyncio.Event()

    def _degraded(self, reason: str) -> None:
        self.reasons.append(reason)
        self.degraded.set()

    def _recovered(self) -> None:
        self.recovered.set()

    async def durable(self, entry: Entry) -> asyncio.Event:
        done = asyncio.Event()
        entry.done = done.set
        self.journal.submit(entry)
        await asyncio.wait_for(done.wait(), 10)
        return done


@asynccontextmanager
async def _journal(path: Path, *, connect: bool = True) -> AsyncIterator[_Bench]:
    bench = _Bench(path, open_database(path) if connect else None)
    bench.journal.start()
    try:
        yield bench
    finally:
        assert await asyncio.to_thread(bench.journal.close, 10)


def _ticks(path: Path) -> list[float]:
    return [signal.at for signal in signals_in(path)]


async def test_done_means_durable_and_in_order(tmp_path: Path) -> None:
    """When an entry is said to be done, another connection reads it and all before it."""
    path = tmp_path / "journal.db"
    async with _journal(path) as bench:
        order: list[int] = []
        seen: list[int] = []
        for number in range(50):

            def done(number: int = number) -> None:
                order.append(number)
                seen.append(len(_ticks(path)))

            bench.journal.submit(_entry(number, done))
        await bench.durable(_entry(50))
    assert order == list(range(50))
    assert all(rows > number for number, rows in zip(order, seen, strict=True))
    assert _ticks(path) == [float(number) for number in range(51)]


async def test_readings_wait_for_company_and_no_decision_waits_for_them(tmp_path: Path) -> None:
    """What decides nothing is gathered, and nobody counts that time as the disk's; a decision takes all of it along."""
    path = tmp_path / "journal.db"
    bench = _Bench(path, open_database(path), gather_s=3600.0)
    bench.journal.start()
    gathered = [asyncio.Event() for _ in range(3)]
    for number, done in enumerate(gathered):
        bench.journal.submit(_entry(number, done.set))
    assert bench.journal._timer is None, "the disk has nothing yet that it could be late with"
    await bench.durable(Entry(_stamp(3.0), [Tick(3.0)], [Event(1, 1.0, ZoneTier(1.0, "room-1", Tier.RED))]))
    assert all(done.is_set() for done in gathered)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM commits").fetchone() == (1,)
    bench.journal.submit(_entry(4))
    assert await asyncio.to_thread(bench.journal.close, 10)
    assert _ticks(path) == [0.0, 1.0, 2.0, 3.0, 4.0]


async def test_what_was_decided_leaves_before_older_messages_are_acknowledged(tmp_path: Path) -> None:
    """A press is written together with readings that came before it: its order does not wait for their receipts."""
    path = tmp_path / "journal.db"
    bench = _Bench(path, open_database(path), gather_s=3600.0)
    bench.journal.start()
    order: list[str] = []
    for number in range(3):
        bench.journal.submit(_entry(number, partial(order.append, f"done {number}")))
    press = Entry(_stamp(3.0), [Tick(3.0)], [Event(1, 1.0, ZoneTier(1.0, "room-1", Tier.RED))])

    def decided() -> None:
        asyncio.get_running_loop().call_soon(order.append, "told")  # as an output's task would

    press.decided = decided
    await bench.durable(press)
    assert order == ["told", "done 0", "done 1", "done 2"]
    assert await asyncio.to_thread(bench.journal.close, 10)


async def test_a_full_row_is_written_at_once(tmp_path: Path) -> None:
    """A burst does not wait: a broker sends no more until what it sent is acknowledged."""
    path = tmp_path / "journal.db"
    bench = _Bench(path, open_database(path), gather_s=3600.0)
    bench.journal.start()
    await bench.durable(Entry(_stamp(1.0), [Tick(float(number)) for number in range(journal.GATHER_SIGNALS)]))
    assert await asyncio.to_thread(bench.journal.close, 10)


async def test_what_is_written_a_day_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal's thread counts what it writes, tells it, and keeps it with the run."""
    monkeypatch.setattr(journal_writer, "LOOK_EVERY_S", 0.0)
    path = tmp_path / "journal.db"
    async with _journal(path) as bench:
        for number in range(20):
            await bench.durable(_entry(number))
        await bench.durable(Entry(_stamp(30.0), [Tick(30.0)], snapshot=b"x"))
    assert bench.journal.health().per_day > 0
    with sqlite3.connect(path) as connection:
        ((wrote, lasted_s),) = connection.execute("SELECT wrote, lasted FROM runs").fetchall()
    assert wrote >= 20 * 4096 and 0 < lasted_s < 100


async def test_one_entry_is_one_transaction(tmp_path: Path) -> None:
    """Signals, decisions and what is owed are together, by name and number, for whoever reads the file."""
    path = tmp_path / "journal.db"
    event = Event(9, 1005.0, ZoneTier(5.0, "room-1", Tier.RED))
    async with _journal(path) as bench:
        await bench.durable(Entry(_stamp(5.0), [house.smoke(5.0, 6.1, 1)], [event]))
        await bench.durable(Entry(_stamp(6.0), settled=[Settled(9, "log", "confirmed")]))
    with sqlite3.connect(path) as connection:
        assert signals_in(path) == [house.smoke(5.0, 6.1, 1)]
        (body,) = connection.execute("SELECT body FROM decisions WHERE seq = 9").fetchone()
        assert json.loads(body) == {"type": "zone_tier", "at": 5.0, "zone": "room-1", "tier": 4, "because": []}
        outbox = connection.execute("SELECT output, id, state, settled FROM outbox ORDER BY output").fetchall()
        assert outbox == [("broker", "run-9", "pending", None), ("log", "run-9", "confirmed", 1006.0)]


@pytest.mark.parametrize("kills", range(4))
async def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path, kills: int) -> None:
    """Killed in the middle of writing, the journal holds every entry that it called durable, without a gap."""
    path = tmp_path / "journal.db"
    command = [sys.executable, str(CHILD), str(path), "tick"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(200 * (kills + 1))]
        child.send_signal(signals.SIGKILL)
        acknowledged = [int(line) for line in lines + child.stdout.readlines() if line.endswith("\n")]
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = _ticks(path)
    assert kept == [float(number) for number in range(1, len(kept) + 1)]
    assert len(kept) >= acknowledged[-1] >= 200


async def test_a_hanging_disk_does_not_hold_up_alarms(tmp_path: Path) -> None:
    """Not written within 250 ms, entries go on from memory, the journal says so, and later holds all in order."""
    path = tmp_path / "journal.db"
    async with _journal(path) as bench:
        await bench.durable(_entry(0))
        with sqlite3.connect(path, isolation_level=None) as holder:
            holder.execute("BEGIN IMMEDIATE")
            began = asyncio.get_running_loop().time()
            await bench.durable(_entry(1))
            waited = asyncio.get_running_loop().time() - began
            assert bench.journal.degraded
            assert 0.2 <= waited < 2.0
            await bench.durable(_entry(2))
            assert _ticks(path) == [0.0]
            holder.execute("ROLLBACK")
        await asyncio.wait_for(bench.recovered.wait(), 10)
        assert bench.journal.degraded == ""
        await bench.durable(_entry(3))
    assert _ticks(path) == [0.0, 1.0, 2.0, 3.0]
    assert len(bench.reasons) == 1


def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    """With no room to write, entries go on from memory; with room again, all of them are there, in order."""
    path = tmp_path / "journal.db"
    child = subprocess.run(
        [sys.executable, str(CHILD), str(path), "full"], capture_output=True, text=True, timeout=60, check=False
    )
    assert child.returncode == 0, child.stderr
    story = json.loads(child.stdout.splitlines()[-1])
    assert story["written_while_full"] < story["submitted_while_full"], "the disk was never full: the test has no teeth"
    assert story["done_while_full"] == story["submitted_while_full"]
    assert story["longest_wait_s"] < 2.0
    assert story["degraded"], "nobody was told"
    assert story["recovered"]
    kept = _ticks(path)
    assert kept == [float(number) for number in range(1, story["submitted"] + 1)]


async def test_what_cannot_be_held_is_counted_and_asks_for_a_snapshot(tmp_path: Path) -> None:
    """Memory is bounded while nothing can be written: signals go first, and only a snapshot makes up for them."""
    path = tmp_path / "absent" / "journal.db"
    async with _journal(path, connect=False) as bench:
        many = [Tick(1.0)] * 10_000
        for _ in range(HELD_SIGNALS // len(many)):
            bench.journal.submit(Entry(_stamp(1.0), list(many)))
        assert bench.journal.lost_signals == 0
        event = Event(1, 1.0, ZoneTier(1.0, "room-1", Tier.RED))
        await bench.durable(Entry(_stamp(2.0), [Tick(2.0)], [event]))
        assert bench.journal.lost_signals == 1
        assert bench.journal.lost_decisions == 0
        assert bench.journal.wants_snapshot
        path.parent.mkdir()
        await asyncio.wait_for(bench.recovered.wait(), 20)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT max(total) FROM commits").fetchone() == (HELD_SIGNALS,)
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (1,)


async def test_nothing_is_held_for_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full for days does not fill the memory: beyond the bounds an entry is let go, and its waiter."""
    monkeypatch.setattr(journal, "HELD_SIGNALS", 10)
    monkeypatch.setattr(journal, "HELD_SETTLED", 10)
    path = tmp_path / "absent" / "journal.db"
    async with _journal(path, connect=False) as bench:
        bench.journal.submit(_entry(0))
        await asyncio.wait_for(bench.degraded.wait(), 10)
        entries: list[weakref.ref[_Entry]] = []
        messages: list[weakref.ref[asyncio.Event]] = []

        async def submit(number: int) -> None:
            entry = _Entry(_stamp(1.0), [Tick(1.0)], settled=[Settled(number, "log", "confirmed")])
            entries.append(weakref.ref(entry))
            messages.append(weakref.ref(await bench.durable(entry)))

        for number in range(100):
            await submit(number)
        gc.collect()
        assert sum(1 for one in entries if one() is not None) == 10
        assert not [one for one in messages if one() is not None]
        path.parent.mkdir()
        await asyncio.wait_for(bench.recovered.wait(), 20)
    assert len(_ticks(path)) == 10


async def test_a_journal_that_opens_late_keeps_its_older_state(tmp_path: Path) -> None:
    """Opened only after the start, it is written on, and asks not to be buried under a snapshot."""
    folder, aside = tmp_path / "state", tmp_path / "aside"
    folder.mkdir()
    path = folder / "journal.db"
    async with _journal(path) as bench:
        await bench.durable(_entry(1))
    folder.rename(aside)
    async with _journal(path, connect=False) as bench:
        await bench.durable(_entry(2))
        await asyncio.wait_for(bench.degraded.wait(), 10)
        aside.rename(folder)
        await asyncio.wait_for(bench.recovered.wait(), 10)
        assert bench.journal.holds_older_state
    assert _ticks(path) == [1.0, 2.0]


async def test_a_start_on_a_disk_that_can_only_be_read(tmp_path: Path) -> None:
    """A full disk gives back what it holds and takes nothing: the start goes on, and writes when it can."""
    path = tmp_path / "journal.db"
    async with _journal(path) as bench:
        await bench.durable(_entry(1))
    connection = open_database(path)
    connection.execute("PRAGMA query_only=ON")
    later = _Bench(path, connection, Run("later", "boot", ("broker",)))
    later.journal.start()
    await later.durable(_entry(2))
    assert await asyncio.to_thread(later.journal.close, 10)
    assert later.writer.total_signals == 2
    assert not later.journal.holds_older_state  # the engine was recovered from this very file


class _Late(sqlite3.Connection):
    """Its commits succeed, and the error comes after them: a failed fsync."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        cursor = super().execute(sql, *values)
        if sql == INSERT:
            raise sqlite3.OperationalError("disk I/O error")
        return cursor


async def test_a_row_that_stands_after_all_is_written_once_however_often_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commit failed late, and so does each attempt to write it through: it is not written a second time, and no
    anchor names it before, for a power cut may still take it.
    """
    write_through, failures = journal_writer._write_through, iter(range(2))
    anchored: list[int] = []

    def failing(connection: sqlite3.Connection) -> None:
        anchored.append(bench.writer.stands[1].record)
        if next(failures, None) is not None:
            raise JournalUnusable("a reader is in the way")
        write_through(connection)

    monkeypatch.setattr(journal_writer, "_write_through", failing)
    monkeypatch.setattr(journal_writer, "RETRY_S", 0.01)
    path = tmp_path / "journal.db"
    open_database(path).close()
    bench = _Bench(path, sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=_Late))
    bench.journal.start()
    await bench.durable(Entry(_stamp(1.0), [LinkUp(1.0, "broker")]))
    await asyncio.wait_for(bench.recovered.wait(), 10)
    await bench.durable(_entry(2))
    assert await asyncio.to_thread(bench.journal.close, 10)
    assert _ticks(path) == [1.0, 2.0]
    assert anchored == [0, 0, 0] and bench.writer.stands[1].record == 1
    assert next(failures, None) is None, "the disk failed less often than this test says"


async def test_a_deleted_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite writes on into a deleted file; the journal notices, opens a new one, and asks for a snapshot."""
    monkeypatch.setattr(journal_writer, "LOOK_EVERY_S", 0.0)
    path = tmp_path / "journal.db"
    async with _journal(path) as bench:
        await bench.durable(_entry(1))
        for file in tmp_path.iterdir():
            file.unlink()
        await bench.durable(_entry(2))
        await asyncio.wait_for(bench.recovered.wait(), 10)
        assert "deleted or replaced" in bench.reasons[0]
        assert bench.journal.wants_snapshot
    assert _ticks(path) == [2.0]


async def test_a_quiet_journal_still_knows_the_time(tmp_path: Path) -> None:
    """Entries without content are written every few seconds: the length of an outage is known after a quiet hour."""
    path = tmp_path / "journal.db"
    async with _journal(path) as bench:
        for at in range(12):
            await bench.durable(Entry(_stamp(float(at))))
    with sqlite3.connect(path) as connection:
        assert [at for (at,) in connection.execute("SELECT at FROM commits")] == [0.0, 5.0, 10.0]
        assert last_stamp(connection) == _stamp(10.0)


async def test_half_a_character_does_not_stop_the_journal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A signal or decision that cannot be encoded is left out and logged; its neighbours are written."""
    path = tmp_path / "journal.db"
    async with _journal(path) as bench:
        bad = house.smoke(2.0, 1.0, 1, device="det-\ud800")
        events = [Event(number, 1.0, ZoneTier(1.0, name, Tier.RED)) for number, name in enumerate(("a", "\ud800"))]
        await bench.durable(Entry(_stamp(3.0), [Tick(1.0), bad, Tick(3.0)], events, snapshot=b"x"))
    assert _ticks(path) == [1.0, 3.0]
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT seq FROM decisions").fetchall() == [(0,)]
        assert connection.execute("SELECT json_array_length(unsettled) FROM snapshots").fetchone() == (2,)
    assert caplog.text.count("cannot be written") == 4


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 40, b""])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """A broken file is never deleted or overwritten; an empty one becomes a journal."""
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    if content:
        with pytest.raises(JournalUnusable, match="copy the file aside"):
            open_database(path)
        assert path.read_bytes() == content
    else:
        open_database(path).close()


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    """A schema that this program does not write is named, not guessed at."""
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(JournalUnusable, match="version 99"):
        open_database(path)


async def test_what_cannot_be_read_is_told_and_skipped(tmp_path: Path) -> None:
    """A damaged snapshot or signal costs itself and nothing else, and people are told."""
    path = tmp_path / "journal.db"
    async with _journal(path) as bench:
        entry = Entry(_stamp(1.0), [house.press(1.0, 1)])
        await bench.durable(entry)
        await bench.durable(Entry(_stamp(2.0), [Tick(2.0)], snapshot=b"damaged"))
        await bench.durable(Entry(_stamp(3.0), [Tick(3.0), house.smoke(3.0, float("nan"), 1), house.press(3.0, 2)]))
    connection = open_database(path)
    recovered = recover(connection, house.plan())
    connection.close()
    assert [alarm.alarm for alarm in recovered.engine.alarms()] == ["panic@sos-1"]
    assert len(recovered.problems) == 2
    assert recovered.last == _stamp(3.0)
