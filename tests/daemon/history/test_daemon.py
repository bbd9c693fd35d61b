"""The daemon with a history server in its venue's file: real readings over a real broker into a real database."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.api.models import HistoryView
from daemon.client import DaemonClient
from rules.signal import Reading
from tests.bench.client import READINGS, connect, reading
from tests.broker import Mosquitto
from tests.daemon.written import signals_in
from tests.victoria import Victoria

LIMIT_S = 60.0
LOOK_S = 0.05
VENUE = """\
venue: {{id: hall, name: {{en: Hall}}}}
rules: [stock:fire, stock:panic]
links:
  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {broker}, drivers: [{{kind: tocsin}}]}}
zones:
  - {{id: foyer, kind: floor}}
devices:
  - {{id: det-1, kind: smoke_detector, zone: foyer, link: broker, driver: tocsin,
     quantities: [smoke_obscuration], stale_after: 1h}}
  - {{id: call-1, kind: call_point, zone: foyer, link: broker, driver: tocsin, quantities: [contact], stale_after: 1h}}
outputs:
  - {{id: broker, kind: mqtt, link: broker}}
  - {{id: log, kind: log}}
evacuation_plans:
  - {{id: whole-building, zones: [hall], message: {{en: Leave}}, assembly_point: {{en: Park}}}}
history:
  - {{id: dead, kind: influxdb, url: "http://127.0.0.1:9", org: hall, bucket: tocsin}}
  - {{id: archive, kind: influxdb, url: "{archive}", org: hall, bucket: tocsin, token_file: history.token}}
"""


class Daemon:
    """`tocsin run` on a state folder that outlives it."""

    def __init__(self, folder: Path, broker: int, archive: str) -> None:
        self.venue, self.state, self.log = folder / "venue", folder / "state", folder / "daemon.log"
        self.venue.mkdir()
        (self.venue / "venue.yaml").write_text(VENUE.format(broker=broker, archive=archive))
        (self.venue / "history.token").write_text("very-secret-token\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "daemon.cli", "run", str(self.venue), "--state", str(self.state)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(LIMIT_S)

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(LIMIT_S)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def history(self) -> dict[str, HistoryView]:
        """As `tocsin status` gets it; nothing while the daemon does not answer."""
        assert self._process is not None and self._process.poll() is None, self.log.read_text()[-2000:]
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self.state / "api.sock")) != 0:
                return {}
        with DaemonClient(self.state / "api.sock") as client:
            return {server.name: server for server in client.status().history}

    def exporters(self) -> set[int]:
        """Processes on this machine that export for this state folder."""
        wanted = {str(self.state / "history" / f"{name}.lock") for name in ("dead", "archive")}
        return {pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _opened(pid) & wanted}

    def readings(self) -> list[Reading]:
        path = self.state / "journal.db"
        try:
            return [signal for signal in signals_in(path) if isinstance(signal, Reading)]
        except sqlite3.Error:
            return []


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Victoria]:
    server = Victoria(tmp_path / "victoria")
    server.start()
    yield server
    server.close()


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto, archive: Victoria) -> Iterator[Daemon]:
    running = Daemon(tmp_path, mosquitto.port, archive.url)
    yield running
    running.close()


def test_what_the_daemon_heard_is_in_the_database_whatever_kills_it(
    daemon: Daemon, mosquitto: Mosquitto, archive: Victoria
) -> None:
    """The daemon is killed in the middle of its readings and started again: the database has what the journal has,
    at one time each, no process is left over, and a server that is dead holds up nothing.
    """
    daemon.start()
    until(lambda: daemon.history().get("archive", _NONE).condition == "up")
    publish(mosquitto, range(200))
    until(lambda: daemon.history()["archive"].points >= 200)
    killed = daemon.exporters()
    assert len(killed) == 2
    daemon.kill()
    until(lambda: not daemon.exporters())
    publish(mosquitto, range(200, 400))
    daemon.start()
    until(lambda: daemon.history().get("archive", _NONE).condition == "up")
    until(lambda: len(daemon.readings()) == 400)
    until(lambda: held(archive) == [round(number / 1000, 3) for number in range(400)])
    until(lambda: daemon.history()["dead"].condition == "waiting")
    assert daemon.stop() == 0
    assert not daemon.exporters()
    assert "very-secret-token" not in daemon.log.read_text()


def held(archive: Victoria) -> list[float]:
    """The values of the detector's points, sorted; a point that was sent twice counts once."""
    found = archive.holds("tocsin_smoke_obscuration_value").values()
    return sorted(value for _, value in {point for points in found for point in points})


def publish(broker: Mosquitto, numbers: range) -> None:
    """One reading each, a millisecond and more apart; acknowledged by the broker when this returns."""
    client = connect(broker.host, broker.port, "detector")
    client.loop_start()
    for number in numbers:
        payload = reading("boot", number, smoke_obscuration=round(number / 1000, 3))
        client.publish(READINGS.format(device="det-1"), payload, qos=1).wait_for_publish(LIMIT_S)
    client.disconnect()
    client.loop_stop()


def until(condition: Callable[[], bool]) -> None:
    """Look until it is true. Raises TimeoutError."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true within {LIMIT_S:.0f} s")
        time.sleep(LOOK_S)


def _opened(pid: int) -> set[str]:
    try:
        return {os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
    except OSError:  # it has ended
        return set()


_NONE = HistoryView("", "", 0.0, 0, 0, 0, 0, "")
