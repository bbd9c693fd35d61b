"""A bug that ends the daemon at each start: safe mode breaks the loop, nothing is lost, and a restart leaves it."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.client import AlarmView
from tests.broker import Mosquitto
from tests.daemon.test_daemon_process import WITHIN_S, Daemon, until
from tests.faults.hall import Hall, faults, hall_of, start
from tests.faults.patched import patched

# The engine raises at a press of call-3, as a bug in a rule would make it; the built-in rules do not have that bug, and
# the check of the venue's files does not meet it.
BUG_IN_A_RULE = """
from rules.engine import Engine
from rules.signal import Reading
real = Engine.step
def step(self, signal):
    bad = isinstance(signal, Reading) and signal.device == "call-3" and signal.origin and signal.origin.boot == "b1"
    if bad and not any(rule.id.startswith("safe-mode-") for rule in self.plan.rules):
        raise ZeroDivisionError("a bug")
    return real(self, signal)
Engine.step = step
"""
# The same in what every rule needs.
BUG_IN_THE_ENGINE = BUG_IN_A_RULE.replace(
    ' and not any(rule.id.startswith("safe-mode-") for rule in self.plan.rules)', ""
)
NEVER_SAFE = """
import daemon.starts
daemon.starts.CRASHES = 10**9
"""


class Manager:
    """Starts the daemon again whenever it ends by itself, as systemd does."""

    def __init__(self, daemon: Daemon, environment: dict[str, str]) -> None:
        self._daemon, self._environment = daemon, environment
        self.starts = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while not self._ended.is_set():
            self._daemon.start(**self._environment)
            self.starts += 1
            assert self._daemon.process is not None
            while self._daemon.process.poll() is None and not self._ended.wait(0.05):
                pass

    def end(self) -> None:
        """Leave the daemon as it is."""
        self._ended.set()
        self._thread.join(WITHIN_S)


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, mosquitto.port)
    yield daemon
    daemon.close()


@pytest.fixture
def hall(daemon: Daemon, mosquitto: Mosquitto) -> Iterator[Hall]:
    with hall_of(daemon, mosquitto.port) as hall:
        yield hall


def _alarms(daemon: Daemon) -> dict[str, AlarmView]:
    with daemon.client() as client:
        return {alarm.alarm: alarm for alarm in client.alarms()}


def _safe_mode(daemon: Daemon) -> str:
    with daemon.client() as client:
        return client.status().safe_mode


def _evidence(daemon: Daemon) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted((daemon.state / "quarantine").glob("*.json"))]


def test_a_poisonous_press_ends_in_safe_mode_and_is_an_alarm_there(daemon: Daemon, hall: Hall, tmp_path: Path) -> None:
    """Three crashes, then built-in rules: the very press at which the engine raised is red and acknowledged."""
    bug = patched(tmp_path / "patch", BUG_IN_A_RULE)
    start(daemon, **bug)
    assert hall.alarm_s(0) is not None and hall.receipt_s(0) is not None
    daemon.stop()
    manager = Manager(daemon, bug)
    until("the daemon is up", daemon.up)
    assert hall.alarm_s(3, 60.0) is not None and hall.receipt_s(3) is not None
    manager.end()
    assert manager.starts == 4
    assert "3 starts within 60 s" in _safe_mode(daemon)
    assert "safe_mode" in faults(daemon)
    hall.until_fault("safe_mode")
    assert "SAFE MODE" in daemon.log.read_text()
    assert "safe-mode-call-point@call-3" in _alarms(daemon)
    assert hall.alarm_s(1) is not None, "and so is every other"
    assert len(daemon.evacuations()) == 1, "the evacuation of before is in force, and not a second one"
    kept = _evidence(daemon)
    assert len(kept) == 3 and all("a bug" in str(one["traceback"]) for one in kept)
    assert {json.dumps(one["signal"])[:9] for one in kept} == {'["reading'}


def test_a_restart_after_the_bug_is_gone_leaves_safe_mode_with_all_that_was_heard(
    daemon: Daemon, hall: Hall, tmp_path: Path
) -> None:
    """The venue's rules have heard what the built-in ones had: their alarms stand, the built-in ones end."""
    bug = patched(tmp_path / "patch", BUG_IN_A_RULE)
    manager = Manager(daemon, bug)
    until("the daemon is up", daemon.up)
    assert hall.alarm_s(3, 60.0) is not None and hall.alarm_s(1) is not None
    until("safe mode", lambda: daemon.listens() and bool(_safe_mode(daemon)))
    evacuations = daemon.evacuations()
    manager.end()
    assert daemon.stop() == 0
    start(daemon)
    assert not _safe_mode(daemon) and "safe_mode" not in faults(daemon)
    hall.until_fault("safe_mode", stands=False)
    assert {"call-point@call-3", "call-point@call-1"} <= set(_alarms(daemon))
    assert not any(alarm.startswith("safe-mode-") for alarm in _alarms(daemon))
    assert daemon.evacuations() == evacuations and len(evacuations) == 1
    told = _last_told(daemon)
    assert told["safe-mode-call-point@call-3"] == "clear" and told["call-point@call-3"] == "raise"


def _last_told(daemon: Daemon) -> dict[str, str]:
    with sqlite3.connect(daemon.state / "journal.db") as connection:
        sql = (
            "SELECT json_extract(body, '$.alarm'), json_extract(body, '$.type') FROM decisions "
            "WHERE json_extract(body, '$.alarm') IS NOT NULL ORDER BY seq"
        )
        return dict(connection.execute(sql).fetchall())


def test_while_the_bug_is_there_the_start_leaves_the_signal_out_and_says_so(
    daemon: Daemon, hall: Hall, tmp_path: Path
) -> None:
    """Left with the bug still there: the daemon starts, all else stands, and the signal that is left out is told."""
    bug = patched(tmp_path / "patch", BUG_IN_A_RULE)
    manager = Manager(daemon, bug)
    until("the daemon is up", daemon.up)
    assert hall.alarm_s(3, 60.0) is not None and hall.receipt_s(3) is not None and hall.alarm_s(1) is not None
    manager.end()
    assert daemon.stop() == 0
    start(daemon, **bug)
    assert not _safe_mode(daemon)
    assert "call-point@call-1" in _alarms(daemon) and "call-point@call-3" not in _alarms(daemon)
    hall.until_fault("unreadable")
    assert "is left out: the engine raises ZeroDivisionError" in hall.faults["unreadable"]
    assert len(daemon.evacuations()) == 1


def test_an_engine_that_raises_in_safe_mode_too_ends_nothing(daemon: Daemon, hall: Hall, tmp_path: Path) -> None:
    """The signal is put aside with its evidence and acknowledged, a fault says so, and every other alarm goes out."""
    manager = Manager(daemon, patched(tmp_path / "patch", BUG_IN_THE_ENGINE))
    until("the daemon is up", daemon.up)
    assert hall.receipt_s(3, 60.0) is not None
    hall.until_fault("quarantined")
    assert "call-3" in hall.faults["quarantined"]
    assert hall.alarm_s(1) is not None and hall.receipt_s(1) is not None
    until(
        "the evidence is kept", lambda: any(one["what"] == "it was put aside in safe mode" for one in _evidence(daemon))
    )
    manager.end()
    assert manager.starts == 4


def test_without_safe_mode_the_loop_never_ends(daemon: Daemon, hall: Hall, tmp_path: Path) -> None:
    """The control: the message comes again at each start, and nobody ever hears of that press or of the next one."""
    manager = Manager(daemon, patched(tmp_path / "patch", NEVER_SAFE + BUG_IN_A_RULE))
    until("the daemon is up", daemon.up)
    hall.press(3)
    until("it goes round", lambda: manager.starts >= 6, 60.0)
    manager.end()
    assert hall.alarm_s(3, 0.1) is None and hall.receipt_s(3, 0.1) is None
