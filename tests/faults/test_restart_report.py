"""What a start says of itself: what was carried over, what was raised meanwhile, which timers run on, what was lost."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from daemon.api.models import RestartView
from daemon.journal.rows import Reader
from rules.signal import Reading
from tests.broker import Mosquitto
from tests.daemon.test_daemon_process import WITHIN_S, Daemon, until
from tests.faults.hall import Hall, hall_of, start


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, mosquitto.port)
    yield daemon
    daemon.close()


@pytest.fixture
def hall(daemon: Daemon, mosquitto: Mosquitto) -> Iterator[Hall]:
    with hall_of(daemon, mosquitto.port) as hall:
        yield hall


def _restart(daemon: Daemon) -> RestartView:
    told: list[RestartView] = []

    def is_told() -> bool:
        with daemon.client() as client:
            restart = client.status().restart
        told.extend([restart] if restart is not None else [])
        return bool(told)

    until("the report is there", is_told)
    return told[0]


def _retained(port: int, text: str) -> dict[str, object]:
    """The report with this text as the broker keeps it; until the daemon has told it, the last start's is there."""
    heard: list[dict[str, object]] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "late")
    client.on_message = lambda _client, _userdata, message: heard.append(json.loads(message.payload))
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        client.subscribe("tocsin/state/restart", 1)
        until("the report is retained", lambda: bool(heard) and heard[-1]["text"] == text, WITHIN_S)
    finally:
        client.disconnect()
        client.loop_stop()
    return heard[-1]


def test_a_first_start_has_nothing_to_tell(daemon: Daemon, hall: Hall) -> None:
    """It says so all the same: nothing carried, nothing lost."""
    start(daemon)
    report = _restart(daemon)
    assert (report.carried, report.raised, report.ended, report.timers, report.lost) == ((), (), (), (), ())
    assert hall.faults == {}


def test_what_stood_is_carried_over_and_told_everywhere(daemon: Daemon, hall: Hall, mosquitto: Mosquitto) -> None:
    """Alarm and evacuation outlive a kill; API, broker and log say the same, with the length of the outage."""
    start(daemon)
    assert hall.alarm_s(0) is not None and hall.receipt_s(0) is not None
    daemon.kill()
    start(daemon)
    report = _restart(daemon)
    assert report.carried == ("call-point@call-0", "whole-building-1")
    assert (report.raised, report.ended, report.lost) == ((), (), ())
    retained = _retained(mosquitto.port, report.text)
    assert (retained["carried"], retained["text"]) == (list(report.carried), report.text)
    assert f"RESTART, {report.text}" in daemon.log.read_text()


def test_what_the_journal_lost_is_said(daemon: Daemon, hall: Hall, mosquitto: Mosquitto) -> None:
    """A row and both snapshots that cannot be read: the rest is there, and each loss is named."""
    start(daemon)
    for number in range(2):
        assert hall.alarm_s(number) is not None and hall.receipt_s(number) is not None
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.state / "journal.db") as connection:
        connection.execute("UPDATE snapshots SET body = x'00'")
        row = _row_of(connection, "call-1")
        connection.execute("UPDATE commits SET readings = x'00' WHERE seq = ?", (row,))
    connection.close()
    start(daemon)
    report = _restart(daemon)
    assert "call-point@call-0" in report.carried and "whole-building-1" in report.carried
    assert any(f"commit {row}" in loss for loss in report.lost) and any("snapshot" in loss for loss in report.lost)
    assert _retained(mosquitto.port, report.text)["lost"] == list(report.lost)


def _row_of(connection: sqlite3.Connection, device: str) -> int:
    """The first row with a reading of this device."""
    reader = Reader(connection)
    return next(
        row.seq
        for row in reader.rows()
        for signal in reader.signals(row)
        if isinstance(signal, Reading) and signal.device == device
    )
