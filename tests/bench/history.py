"""The history export to a real VictoriaMetrics: how fast a back-fill is, what it takes, and whether alarms notice it.

python -m tests.bench.history [--points 500000] [--rounds 3]. Prints a table; asserts nothing. The database runs on the
same machine with the lowest priority, as a stand-in for one of its own.
"""

import argparse
import asyncio
import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from config.load import load
from daemon.clock import SystemClock
from daemon.history.export import Export
from daemon.history.job import Job, Target
from daemon.journal.keeping import Keeping
from rules.engine import Engine
from rules.signal import Reading
from tests.bench.press import Presser
from tests.bench.process import Daemon, cpu_s, resident_mb, start_load
from tests.bench.report import percentile, row
from tests.bench.venue import CALL_POINTS, DETECTORS, detector, write_venue
from tests.broker import Mosquitto
from tests.daemon.history.journals import Author, fill, readings
from tests.victoria import Victoria

POINTS = 500_000
ROUNDS = 3  # of presses without a back-fill and with one, in turn
RATE = 1000  # readings a second while presses are timed
BACKLOG = 300_000  # points: at 15,000 a second they last longer than the presses
LIMIT_S = 300.0
LOOK_S = 0.2
HISTORY = """\
history:
  - {{id: archive, kind: influxdb, url: "{url}", org: bench, bucket: tocsin}}
"""


@contextlib.contextmanager
def archive() -> Iterator[tuple[Victoria, Path]]:
    """A fresh server, and an empty folder beside it."""
    with tempfile.TemporaryDirectory() as name:
        server = Victoria(Path(name) / "victoria", aside=True)
        server.start()
        try:
            yield server, Path(name)
        finally:
            server.close()


async def back_fill(server: Victoria, folder: Path, points: int) -> dict[str, float]:
    """A journal that is written already, sent without a bound to the rate."""
    target = Target("archive", server.url, "venue", "tocsin", points_per_s=1e9)
    job = Job(str(folder / "journal.db"), str(folder / "history"), "hall", target, {})
    export = Export(job, 1e9, SystemClock(), lambda signal: None, Keeping())
    running = asyncio.create_task(export.run())
    resident = used_s = 0.0
    while not export.health().points:
        await asyncio.sleep(LOOK_S / 10)
    began, already = time.perf_counter(), export.health().points
    try:
        async with asyncio.timeout(LIMIT_S):
            while export.health().behind or export.health().points < points:
                resident, used_s = max(resident, resident_mb(export.pid)), cpu_s(export.pid)
                await asyncio.sleep(LOOK_S)
    finally:
        took_s = time.perf_counter() - began
        running.cancel()
        await asyncio.wait([running])
    return {"points_per_s": (points - already) / took_s, "resident_mb": resident, "cpu_s": used_s / points * 10_000}


def presses(*, exporting: bool) -> list[float]:
    """Milliseconds from press to trigger, with a back-fill beside it all the time or with no history at all."""
    with archive() as (server, folder):
        (folder / "broker").mkdir()
        broker = Mosquitto(folder / "broker")
        broker.start()
        venue, state = folder / "config", folder / "state"
        write_venue(venue, broker.host, broker.port)
        _backlog(venue, state)
        if exporting:
            with (venue / "venue.yaml").open("a") as file:
                file.write(HISTORY.format(url=server.url))
        daemon = Daemon(venue, state)
        daemon.start()
        load = start_load(broker.host, broker.port, 1_000_000, RATE)
        presser = Presser(broker.host, broker.port)
        try:
            return [1000 * latency_s for latency_s in presser.press(CALL_POINTS)]
        finally:
            presser.close()
            load.terminate()
            load.wait()
            daemon.stop()
            broker.close()


def _backlog(venue: Path, state: Path) -> None:
    """A journal that ends now, with a snapshot at its end: the daemon has nothing to go through again."""
    every_s = 0.001
    told = [
        Reading(1.0 + number * every_s, detector(number % DETECTORS), "smoke_obscuration", float(number % 400) / 1000)
        for number in range(BACKLOG)
    ]
    with Author(state / "journal.db", time.time() - told[-1].at - 1.0) as author:
        for begin in range(0, BACKLOG, 100):
            author.write(told[begin + 99].at, told[begin : begin + 100])
        author.write(told[-1].at, snapshot=Engine(load(venue).plan).snapshot())


def main(points: int = POINTS, rounds: int = ROUNDS) -> None:
    """Measure and print."""
    with archive() as (server, folder):
        fill(folder / "journal.db", readings(points), row=100)
        measured = asyncio.run(back_fill(server, folder, points))
        held = sum(len(found) for found in server.holds("tocsin_temperature_value").values())
    for key, what, unit, goal in (
        ("points_per_s", f"history: back-fill of {points} points", "points/s", ">= 10000"),
        ("resident_mb", "history: resident memory of the process", "MB", ""),
        ("cpu_s", "history: processor time for 10,000 points", "s", ""),
    ):
        print(row(what, measured[key], None, unit, goal), flush=True)
    print(row("history: points missing in the database", points - held, None, "points", "0"), flush=True)
    timed: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for exporting in timed:
            timed[exporting] += presses(exporting=exporting)
    print(f"{'':44} {'exporting':>10} {'without':>10} {'ratio':>7}")
    for share, name, goal in ((0.5, "p50", ""), (0.99, "p99", "ratio <= 1.1")):
        with_it, without = (percentile(timed[exporting], share) for exporting in (True, False))
        print(row(f"press to trigger at {RATE} readings/s, {name}", with_it, without, "ms", goal), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=POINTS, help="points in the back-fill")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of 200 presses, without and with a back-fill")
    chosen = parser.parse_args()
    main(chosen.points, chosen.rounds)
