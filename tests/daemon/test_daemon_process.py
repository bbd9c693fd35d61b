"""The daemon as a process of its own, killed at the worst moments, started twice, stopped politely."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from daemon.client import DaemonClient
from tests.broker import Mosquitto

WITHIN_S = 20.0
VENUE = """\
venue: {{id: hall, name: {{en: Hall}}, time_zone: Asia/Shanghai}}
rules: [stock:fire, stock:panic]
links:
  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {port}, drivers: [{{kind: tocsin, prefix: tocsin}}]}}
zones:
  - {{id: foyer, kind: room, name: {{en: Foyer}}}}
devices:
  - {{id: call-1, kind: call_point, zone: foyer, link: broker, driver: tocsin, quantities: [contact], stale_after: 1h}}
outputs:
  - {{id: broker, kind: mqtt, link: broker, prefix: tocsin}}
  - {{id: log, kind: log}}
evacuation_plans:
  - {{id: whole-building, zones: [hall], message: {{en: Leave}}, assembly_point: {{en: Park}}}}
"""


class Daemon:
    """`tocsin run` on a state folder that outlives it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.venue, self.state = folder / "venue", folder / "state"
        self.venue.mkdir()
        (self.venue / "venue.yaml").write_text(VENUE.format(port=port))
        self.log, self.socket = folder / "daemon.log", self.state / "api.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        folders = ["--state", str(self.state), "--socket", str(self.socket)]
        return [sys.executable, "-m", "daemon.cli", "run", str(self.venue), *folders]

    def start(self, **environment: str) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, env={**os.environ, **environment})

    def kill(self) -> None:
        """From outside, so that it is no crash loop that leads to safe mode."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(WITHIN_S)
        self.socket.with_name(f"{self.socket.name}.starts").unlink(missing_ok=True)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(WITHIN_S)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def client(self) -> DaemonClient:
        return DaemonClient(self.socket)

    def up(self) -> bool:
        if not self.listens():
            return False
        with self.client() as client:
            return all(link.up for link in client.status().links)

    def evacuations(self) -> list[str]:
        if not self.listens():
            return []
        with self.client() as client:
            return [one.evacuation for one in client.evacuations()]

    def decided(self, kind: str) -> int:
        with sqlite3.connect(self.state / "journal.db") as connection:
            sql = "SELECT count(*) FROM decisions WHERE json_extract(body, '$.type') = ?"
            count: int = connection.execute(sql, (kind,)).fetchone()[0]
        return count


class Field:
    """A call point that repeats its press until it is acknowledged, and a sounder that confirms triggers."""

    def __init__(self, port: int, *, confirm: bool) -> None:
        self.confirm = confirm
        self.acknowledged = threading.Event()
        self.triggers: list[str] = []
        self.triggered = threading.Event()
        self._ended = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "field", clean_session=False)
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([("tocsin/evacuation", 1), ("tocsin/cmd/call-1/ack", 1)])
        self._client.loop_start()
        self._repeating = threading.Thread(target=self._press, daemon=True)

    def press(self) -> None:
        self._repeating.start()

    def close(self) -> None:
        self._ended.set()
        self._client.disconnect()
        self._client.loop_stop()

    def _press(self) -> None:
        message = json.dumps({"boot": "b1", "seq": 1, "readings": {"contact": True}})
        while not self.acknowledged.is_set() and not self._ended.is_set():
            self._client.publish("tocsin/dev/call-1/readings", message, 1)
            self.acknowledged.wait(0.2)

    def _heard(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/ack"):
            self.acknowledged.set()
            return
        trigger = json.loads(message.payload)["id"]
        self.triggers.append(trigger)
        self.triggered.set()
        if self.confirm:
            client.publish("tocsin/evacuation/confirm", json.dumps({"id": trigger, "by": "sounder"}), 1)


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    """Not started yet."""
    daemon = Daemon(tmp_path, mosquitto.port)
    yield daemon
    daemon.close()


def until(what: str, condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Ask again and again, but not for ever."""
    end = time.monotonic() + within_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        pause.wait(0.02)


def _at_once(field: Field) -> None:
    """The press has just left the device."""


def _triggered(field: Field) -> None:
    assert field.triggered.wait(WITHIN_S)


def _acknowledged(field: Field) -> None:
    assert field.acknowledged.wait(WITHIN_S)


@pytest.mark.parametrize("confirm", [True, False])
@pytest.mark.parametrize("moment", [_at_once, _triggered, _acknowledged])
def test_one_press_is_one_evacuation_whenever_the_daemon_is_killed(
    daemon: Daemon, mosquitto: Mosquitto, moment: Callable[[Field], None], confirm: bool
) -> None:
    """Killed at once, at the trigger or at the acknowledgement: after the restart one evacuation, told under one id."""
    daemon.start()
    until("the daemon is up", daemon.up)
    field = Field(mosquitto.port, confirm=confirm)
    try:
        field.press()
        moment(field)
        daemon.kill()
        field.confirm = True
        daemon.start()
        _acknowledged(field)
        until("it is in force", lambda: len(daemon.evacuations()) == 1)
        _triggered(field)
        until("the sounder's word is known", lambda: daemon.decided("evacuate") == 1 and _settled(daemon))
    finally:
        field.close()
    assert len(set(field.triggers)) == 1
    assert daemon.decided("raise") == 1


def _settled(daemon: Daemon) -> bool:
    with sqlite3.connect(daemon.state / "journal.db") as connection:
        sql = (
            "SELECT count(*) FROM outbox JOIN decisions ON seq = decision_seq "
            "WHERE json_extract(body, '$.type') = 'evacuate' AND state != 'confirmed'"
        )
        return bool(connection.execute(sql).fetchone()[0] == 0)


def test_a_second_daemon_on_the_same_state_refuses(daemon: Daemon) -> None:
    """It ends with code 3 and says what to do; the first goes on."""
    daemon.start()
    until("the daemon is up", daemon.up)
    second = subprocess.run(daemon.command(), capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert second.returncode == 3
    assert "another daemon works in this state folder" in second.stderr and "--state" in second.stderr
    assert daemon.up()


def test_a_stop_is_quick_clean_and_forgets_nothing(daemon: Daemon, mosquitto: Mosquitto) -> None:
    """SIGTERM in the middle of an unconfirmed evacuation ends with code 0 within 10 s; the next run still owes it."""
    daemon.start()
    until("the daemon is up", daemon.up)
    field = Field(mosquitto.port, confirm=False)
    try:
        field.press()
        _triggered(field)
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 10.0
        field.triggered.clear()
        daemon.start()
        _triggered(field)
        until("it is in force", lambda: len(daemon.evacuations()) == 1)
    finally:
        field.close()
    assert len(set(field.triggers)) == 1


def test_systemd_hears_that_it_is_ready_and_that_it_lives(daemon: Daemon, tmp_path: Path) -> None:
    """READY=1 once everything stands, WATCHDOG=1 at least every 3 s, STOPPING=1 at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(WITHIN_S)
        daemon.start(NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert manager.recv(100) == b"READY=1"
        manager.settimeout(3.0)
        assert [manager.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGINT)
        while manager.recv(100) == b"WATCHDOG=1":
            pass
        assert daemon.process.wait(WITHIN_S) == 0


def test_a_broken_journal_does_not_keep_alarms_in(daemon: Daemon, mosquitto: Mosquitto) -> None:
    """With a file that is no database the daemon starts, evacuates, tells the fault and leaves the file as it was."""
    daemon.state.mkdir()
    broken = b"this was a journal once " * 1000
    (daemon.state / "journal.db").write_bytes(broken)
    daemon.start()
    until("the daemon is up", daemon.up)
    field = Field(mosquitto.port, confirm=True)
    try:
        field.press()
        _triggered(field)
        _acknowledged(field)
    finally:
        field.close()
    with daemon.client() as client:
        assert ("tocsin/journal", "unusable") in {(fault.source, fault.code) for fault in client.faults()}
        assert client.status().journal.degraded
    daemon.stop()
    assert (daemon.state / "journal.db").read_bytes() == broken


def test_a_bad_configuration_is_told_and_changes_nothing(daemon: Daemon) -> None:
    """Exit code 1, every problem with its place, and no state folder is made."""
    (daemon.venue / "venue.yaml").write_text("venue: {id: hall}\n")
    ended = subprocess.run(daemon.command(), capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert ended.returncode == 1
    assert "venue.yaml:1:" in ended.stderr
    assert not daemon.state.exists()


def test_a_state_folder_that_cannot_be_made_is_told(daemon: Daemon) -> None:
    """Exit code 1 and the path, not a traceback."""
    daemon.state.write_text("a file")
    ended = subprocess.run(daemon.command(), capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert ended.returncode == 1
    assert str(daemon.state) in ended.stderr and "Traceback" not in ended.stderr


def test_who_was_away_hears_of_an_evacuation_in_force(daemon: Daemon, mosquitto: Mosquitto) -> None:
    """Confirmed long ago, and then daemon and broker lose power: a sounder that comes back gets the same trigger."""
    daemon.start()
    until("the daemon is up", daemon.up)
    field = Field(mosquitto.port, confirm=True)
    field.press()
    _acknowledged(field)
    until("the sounder's word is known", lambda: daemon.decided("evacuate") == 1 and _settled(daemon))
    field.close()
    daemon.kill()
    mosquitto.kill()
    for forgotten in mosquitto.folder.glob("*.db*"):
        forgotten.unlink()
    mosquitto.start()
    daemon.start()
    late = Field(mosquitto.port, confirm=True)
    try:
        _triggered(late)
    finally:
        late.close()
    assert set(late.triggers) == set(field.triggers)
