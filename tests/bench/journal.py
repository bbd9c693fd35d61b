"""What the journal costs: bytes for each reading on the disk, bytes written in a day, processor time of a commit.

python -m tests.bench.journal. In virtual time: the rows of seven minutes are written one after the other as fast as
they can be, each with what `gather_s` brings together, and with a snapshot each minute as the pump takes them.
"""

import random
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from config.load import load
from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal.journal import GATHER_S, Entry, gathers
from daemon.journal.keeping import Keeping
from daemon.journal.schema import open_database
from daemon.journal.wear import look_at_wear
from daemon.journal.writer import Writer
from daemon.outbox.ledger import Run
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Origin, Reading, Signal, Tick
from tests.bench.report import percentile, row
from tests.bench.venue import detector, write_venue

DAY_S = 86400.0
WALL = 1_700_000_000.0
QUIET_PER_S = 45.0
BUSY_PER_S = 1000.0
TOLD_S = {detector(number): 300.0 for number in range(250)}
THIN = Keeping(deadbands={"temperature": 0.5, "smoke_obscuration": 0.5, "co": 5.0}, told_s=TOLD_S)
LASTING_S = 420.0
PRESSES = 100
_UNITS = {"temperature": (21.0, 0.2, 1), "smoke_obscuration": (0.05, 0.02, 2), "co": (0.0, 1.0, 0)}


class Evening:
    """Readings as they come on a quiet evening: each device in turn, wavering about what is usual."""

    def __init__(self, per_s: float, devices: int) -> None:
        self._chance = random.Random(7)
        self._per_s = per_s
        self._devices = devices
        self._at = 1000.0
        self._count = 0

    def until(self, at: float) -> list[Signal]:
        """All that comes before `at`."""
        found: list[Signal] = []
        while (when := self._at + self._chance.expovariate(self._per_s)) < at:
            self._at = when
            quantity = tuple(_UNITS)[self._count % 3]
            usual, waver, digits = _UNITS[quantity]
            value = max(0.0, round(self._chance.gauss(usual, waver), digits))
            number = self._count // 3
            device = detector(number % self._devices)
            origin = Origin(f"b{number % self._devices:06x}", 5000 + number // self._devices)
            found.append(Reading(when, device, quantity, value, "live", origin))
            self._count += 1
        return found


def _writer(path: Path, keeping: Keeping) -> Writer:
    return Writer(path, open_database(path), Run("bench", "boot", ("broker", "log")), keeping)


def _entry(at: float, signals: Sequence[Signal], snapshot: bytes | None = None) -> Entry:
    return Entry(Stamp(at, WALL + at, "boot", at), signals, snapshot=snapshot)


def minutes(plan: Plan, per_s: float, gather_s: float, lasting_s: float, keeping: Keeping) -> tuple[float, float]:
    """Bytes on the disk for each reading, and bytes written in a day."""
    engine, evening = Engine(plan), Evening(per_s, 250)
    engine.step(Tick(999.0))
    at, readings, snapshot_at, settled = 1000.0, 0, 1060.0, (0, 0)  # names and tables are there after a third
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        writer = _writer(path, keeping)
        before = look_at_wear().wrote
        while at < 1000.0 + lasting_s:
            at += min(gather_s, gathers(gather_s) / per_s)
            signals = evening.until(at)
            for signal in signals:
                engine.step(signal)
            readings += len(signals)
            due = at >= snapshot_at
            snapshot_at += 60.0 * due
            assert writer._write([_entry(at, signals, engine.snapshot() if due else None)])
            if settled == (0, 0) and at > 1000.0 + lasting_s / 3:
                settled = (_bytes(writer), readings)
        assert writer._connection is not None
        writer._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        wrote = look_at_wear().wrote - before
        each = (_bytes(writer) - settled[0]) / (readings - settled[1])
        writer._connection.close()
        return each, wrote * DAY_S / lasting_s


def _bytes(writer: Writer) -> int:
    """Of the pages in use, without the two snapshots."""
    assert writer._connection is not None
    (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
    (free,) = writer._connection.execute("PRAGMA freelist_count").fetchone()
    (snapshots,) = writer._connection.execute(
        "SELECT ifnull(sum((length(body) + 4095) / 4096), 0) FROM snapshots"
    ).fetchone()
    return int((pages - free - snapshots) * 4096)


def press_us(plan: Plan) -> float:
    """Microseconds of processor time to commit a press with its decisions, after half a row of gathered readings."""
    evening, taken = Evening(QUIET_PER_S, 250), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        writer = _writer(Path(folder) / "journal.db", Keeping())
        number = 0
        for press in range(PRESSES):
            at = 1001.0 + press
            engine = Engine(plan)
            engine.step(Tick(at - 0.5))
            pressed = Reading(at, f"press-{press % 200:03}", "contact", True, "live", Origin("b", press))
            events = [Event(number + n, WALL + at, one) for n, one in enumerate(engine.step(pressed), 1)]
            number += len(events)
            entry = Entry(
                Stamp(at, WALL + at, "boot", at), [*evening.until(at)[-gathers(GATHER_S) // 2 :], pressed], events
            )
            began = time.process_time()
            assert writer._write([entry])
            taken.append(1e6 * (time.process_time() - began))
        assert writer._connection is not None
        writer._connection.close()
    return percentile(taken, 0.5)


def measure(plan: Plan) -> None:
    """Print the rows."""
    each, day = minutes(plan, QUIET_PER_S, GATHER_S, LASTING_S, Keeping())
    print(row("journal, quiet evening (45 readings/s)", each, None, "B/reading", "<= 30"))
    print(row("  written to the disk in a day", day / 1e6, None, "MB", ""))
    _, rare = minutes(plan, QUIET_PER_S, 1.0, LASTING_S, Keeping())
    print(row("  the same with journal: {gather: 1s}", rare / 1e6, None, "MB", ""))
    thin, _ = minutes(plan, QUIET_PER_S, GATHER_S, LASTING_S, THIN)
    print(row("  kept of it with journal: {thin: ...}", thin, None, "B/reading", ""))
    busy, _ = minutes(plan, BUSY_PER_S, GATHER_S, LASTING_S / 10, Keeping())
    print(row("journal, 1,000 readings/s", busy, None, "B/reading", "<= 30"))
    print(row(f"commit of a press behind {gathers(GATHER_S) // 2} readings", press_us(plan), None, "us of CPU", ""))


def main() -> None:
    """Measure in a thread of its own, as the daemon writes in one: what is written is counted by thread."""
    with tempfile.TemporaryDirectory() as name:
        write_venue(Path(name), "127.0.0.1", 1883)
        plan = load(Path(name)).plan
    thread = threading.Thread(target=measure, args=(plan,))
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
