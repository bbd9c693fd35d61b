"""The numbers, measured on this machine in one run: Tocsin beside a bare paho subscriber, both on the same mosquitto.

python -m tests.bench.run [--readings 50000] [--presses 200]. Prints a table; asserts nothing.
"""

import argparse
import contextlib
import json
import os
import platform
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from tests.bench import engine, history, journal
from tests.bench.client import connect
from tests.bench.press import Presser
from tests.bench.process import BareProcess, Daemon, cpu_s, resident_mb, start_load
from tests.bench.report import percentile, row
from tests.bench.venue import CALL_POINTS, write_venue
from tests.broker import Mosquitto

RATES = (100, 1000)  # readings a second while presses are timed
BURST_LIMIT_S = 120.0
SETTLE_S = 1.0  # before memory is read
RECEIPT_LINGER_S = 0.05  # the daemon gathers receipts for as long as this, so the first reading was that much earlier


@contextlib.contextmanager
def broker() -> Iterator[tuple[Mosquitto, Path]]:
    """A fresh broker and an empty folder beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "broker"
        folder.mkdir()
        running = Mosquitto(folder)
        running.start()
        try:
            yield running, Path(name)
        finally:
            running.close()


def daemon_for(running: Mosquitto, folder: Path) -> Daemon:
    """The daemon on the measured venue, not yet started."""
    write_venue(folder / "config", running.host, running.port)
    return Daemon(folder / "config", folder / "state")


def time_presses(running: Mosquitto, rate: int, presses: int) -> list[float]:
    """Milliseconds from press to trigger under a load of readings."""
    load = start_load(running.host, running.port, 1_000_000, rate)
    presser = Presser(running.host, running.port)
    try:
        return [1000 * latency_s for latency_s in presser.press(presses)]
    finally:
        presser.close()
        load.terminate()
        load.wait()


def latencies(rate: int, presses: int) -> dict[str, list[float]]:
    """Press to trigger at one rate, Tocsin and bare."""
    found = {}
    with broker() as (running, folder):
        daemon = daemon_for(running, folder)
        daemon.start()
        found["tocsin"] = time_presses(running, rate, presses)
        daemon.stop()
    with broker() as (running, _):
        bare = BareProcess(running.host, running.port)
        found["bare"] = time_presses(running, rate, presses)
        bare.stop()
    return found


class Receipts:
    """Watches the application acknowledgements: what is acknowledged is durable."""

    def __init__(self, running: Mosquitto) -> None:
        self.acknowledged: set[int] = set()
        self.first = self.last = 0.0
        self.changed = threading.Condition()
        self._client = connect(running.host, running.port, "receipts")
        self._client.on_message = self._take
        self._client.subscribe("tocsin/cmd/+/ack", qos=0)
        self._client.loop_start()

    def wait_for(self, count: int) -> None:
        """Return when so many are acknowledged, or after BURST_LIMIT_S."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.acknowledged) >= count, BURST_LIMIT_S)

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        with self.changed:
            self.last = time.perf_counter()
            self.first = self.first or self.last
            for first, last in json.loads(message.payload)["seqs"]:
                self.acknowledged.update(range(first, last + 1))
            self.changed.notify_all()


def burst_through_tocsin(readings: int) -> dict[str, float]:
    """A backlog waits at the broker while the daemon is away; it is taken when the daemon returns."""
    with broker() as (running, folder):
        daemon = daemon_for(running, folder)
        daemon.start()
        first_ready_s, resident, idle_cpu_s = daemon.ready_s, _resident_after(daemon), cpu_s(daemon.pid)
        daemon.stop()
        start_load(running.host, running.port, readings, 0).wait()
        receipts = Receipts(running)
        daemon.start()
        ready_at = time.perf_counter()
        receipts.wait_for(readings)
        took_s = receipts.last - min(ready_at, receipts.first - RECEIPT_LINGER_S)
        measured = {
            "readings_per_s": readings / took_s,
            "lost": readings - len(receipts.acknowledged),
            "cpu_s": (cpu_s(daemon.pid) - idle_cpu_s) / readings * 10_000,
            "ready_s": first_ready_s,
            "ready_again_s": daemon.ready_s,
            "resident_mb": resident,
            "resident_after_mb": resident_mb(daemon.pid),
        }
        receipts.close()
        daemon.stop()
        return measured


def burst_through_bare(readings: int) -> dict[str, float]:
    """The same backlog, taken by the bare subscriber."""
    with broker() as (running, _):
        bare = BareProcess(running.host, running.port)
        ready_s, resident = bare.ready_s, resident_mb(bare.pid)
        bare.stop()
        start_load(running.host, running.port, readings, 0).wait()
        bare = BareProcess(running.host, running.port)
        deadline = time.perf_counter() + BURST_LIMIT_S
        while (counts := bare.counts())["readings"] < readings and time.perf_counter() < deadline:
            time.sleep(0.05)
        measured = {
            "readings_per_s": counts["readings"] / (counts["last"] - counts["first"]),
            "lost": readings - counts["readings"],
            "cpu_s": cpu_s(bare.pid) / readings * 10_000,
            "ready_s": ready_s,
            "resident_mb": resident,
            "resident_after_mb": resident_mb(bare.pid),
        }
        bare.stop()
        return measured


def _resident_after(daemon: Daemon) -> float:
    time.sleep(SETTLE_S)
    return resident_mb(daemon.pid)


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=50_000, help="messages in the burst")
    parser.add_argument(
        "--presses", type=int, default=CALL_POINTS, help=f"presses timed at each rate, to {CALL_POINTS}"
    )
    chosen = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, QoS 1, journal FULL")
    print(f"{'':44} {'Tocsin':>10} {'bare paho':>10} {'ratio':>7}  {'unit':12} goal")
    for rate in RATES:
        found = latencies(rate, min(chosen.presses, CALL_POINTS))
        for share, name, goal in ((0.5, "p50", "1.1"), (0.99, "p99", "1.9")):
            tocsin, bare = (percentile(found[who], share) for who in ("tocsin", "bare"))
            at_goal = f"<= {goal} ms" if rate == RATES[-1] else ""
            print(row(f"press to trigger at {rate} readings/s, {name}", tocsin, bare, "ms", at_goal), flush=True)
    tocsin_burst, bare_burst = burst_through_tocsin(chosen.readings), burst_through_bare(chosen.readings)
    for key, what, unit, goal in (
        ("readings_per_s", f"burst of {chosen.readings} readings", "readings/s", "ratio >= 0.35"),
        ("lost", "lost in the burst", "readings", "0"),
        ("cpu_s", "processor time for 10,000 readings", "s", "<= 0.6"),
        ("ready_s", "start to ready", "s", "<= 1"),
        ("ready_again_s", "start to ready, with a backlog waiting", "s", ""),
        ("resident_mb", "resident memory with 1,000 devices", "MB", "<= 80"),
        ("resident_after_mb", "resident memory after the burst", "MB", "<= 80"),
    ):
        bare_value = bare_burst.get(key) or None
        print(row(what, tocsin_burst[key], bare_value, unit, goal), flush=True)
    engine.main()
    journal.main()
    history.main()


if __name__ == "__main__":
    main()
