"""The history export to a real VictoriaMetrics: how fast a back-fill is, what it takes, and whether alarms notice it.

python -m tests.bench.history [--points 500000]. Prints a table; asserts nothing.
"""

import argparse
import asyncio
import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from daemon.clock import SystemClock
from daemon.history.export import Export
from daemon.history.job import Job, Target
from tests.bench.process import cpu_s, resident_mb
from tests.bench.report import row
from tests.daemon.history.journals import fill, readings
from tests.victoria import Victoria

POINTS = 500_000
LIMIT_S = 300.0
LOOK_S = 0.2


@contextlib.contextmanager
def archive() -> Iterator[tuple[Victoria, Path]]:
    """A fresh server, and an empty folder beside it."""
    with tempfile.TemporaryDirectory() as name:
        server = Victoria(Path(name) / "victoria")
        server.start()
        try:
            yield server, Path(name)
        finally:
            server.close()


async def back_fill(server: Victoria, folder: Path, points: int) -> dict[str, float]:
    """A journal that is written already, sent without a bound to the rate."""
    target = Target("archive", server.url, "venue", "tocsin", points_per_s=1e9)
    job = Job(str(folder / "journal.db"), str(folder / "history"), "hall", target, {})
    export = Export(job, 1e9, SystemClock(), lambda signal: None)
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


def main(points: int = POINTS) -> None:
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=POINTS, help="points in the back-fill")
    main(parser.parse_args().points)
