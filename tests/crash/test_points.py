"""kill -9 before each system call between a press and the last confirmation of what came of it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.crash.house import People, owed, write_venue
from tests.crash.killpoint import KillPoint
from tests.crash.stream import PATIENCE_S, until
from tests.daemon.test_daemon_process import Daemon
from tests.faults.injector import Calls, Injector
from tests.faults.patched import patched

POINTS = range(1, 61)  # a press makes some sixteen to twenty calls
SYNC_MS = 100  # the disk's time to sync: acknowledging too early would be seen, and alarms do not go out from memory

EAGER = """
from daemon.pump import Pump
put = Pump.put
def eager(self, signals, done=None):
    put(self, signals)
    if done is not None:
        done()
Pump.put = eager
"""


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, mosquitto.port)
    write_venue(daemon.venue, mosquitto.port, max(POINTS))
    daemon.state.mkdir()
    yield daemon
    daemon.close()


@pytest.fixture
def point(tmp_path: Path) -> KillPoint:
    return KillPoint(tmp_path)


@pytest.fixture
def environment(tmp_path: Path, daemon: Daemon, point: KillPoint) -> dict[str, str]:
    """Of a daemon that can be killed at any call, on a slow disk."""
    disk = Injector(tmp_path, daemon.state / "journal.db")
    disk.delay(Calls.SYNC, SYNC_MS)
    both = f"{disk.environment['LD_PRELOAD']}:{point.environment['LD_PRELOAD']}"
    return {**disk.environment, **point.environment, "LD_PRELOAD": both}


def _start(daemon: Daemon, environment: dict[str, str]) -> None:
    daemon.start(**environment)
    until("the daemon is up", daemon.up)
    until("nothing is owed", lambda: owed(daemon.state / "journal.db") == 0)


def _crash(daemon: Daemon, people: People, point: KillPoint, at: int) -> str:
    """Press, and be killed before that call; returns its name, nothing when all was said and written before it."""
    point.arm(at)
    people.press(at)
    assert daemon.process is not None
    until("killed, or all is said", lambda: daemon.process.poll() is not None or _settled(daemon, people, at))  # type: ignore[union-attr]
    point.disarm()
    if _settled(daemon, people, at):  # what it did after that is its daily round
        return ""
    assert daemon.process.wait(PATIENCE_S) == -signal.SIGKILL
    return point.call


def _settled(daemon: Daemon, people: People, number: int) -> bool:
    done = f"call-{number}" in people.acknowledged and f"plan-{number}" in people.ordered()
    return done and owed(daemon.state / "journal.db") == 0


@pytest.mark.timeout(900)  # some forty starts, on a machine that others use too
def test_a_crash_before_any_system_call_loses_and_doubles_nothing(
    daemon: Daemon, mosquitto: Mosquitto, point: KillPoint, environment: dict[str, str]
) -> None:
    """Each press becomes one alarm and one evacuation under one id each, told at most once more than it had to be."""
    people = People(mosquitto.port)
    calls: list[str] = []
    try:
        for at in POINTS:
            _start(daemon, environment)
            call = _crash(daemon, people, point, at)
            if not call:
                break
            calls.append(call)
            daemon.kill()
        else:
            pytest.fail("there were more system calls than points")
        if daemon.process is None or daemon.process.poll() is not None:
            _start(daemon, environment)
        pressed = POINTS[: len(calls)]
        for number in pressed:
            assert people.until_acknowledged(number, PATIENCE_S), f"call-{number} was never acknowledged"
        until("nothing is owed", lambda: owed(daemon.state / "journal.db") == 0)
        until("all are in force", lambda: len(daemon.evacuations()) >= len(pressed))
    finally:
        people.close()
    assert len(calls) >= 10 and {"recv", "send", "fdatasync", "pwrite64"} <= set(calls), calls
    raised, evacuated, ordered = people.raised(), people.evacuated(), people.ordered()
    for number in pressed:
        for told in (raised[f"call-{number}"], evacuated[f"plan-{number}"]):
            assert len(told) == 1, f"{number}: told under several ids: {told}"
            assert max(told.values()) <= 2, f"{number}: told more than twice: {told}"
        assert len(ordered[f"plan-{number}"]) == 1


@pytest.mark.timeout(900)  # some forty starts, on a machine that others use too
def test_acknowledging_before_the_commit_loses(
    daemon: Daemon, mosquitto: Mosquitto, point: KillPoint, environment: dict[str, str], tmp_path: Path
) -> None:
    """The control: a daemon that acknowledges what it has not written is killed, and nobody ever knows."""
    environment |= patched(tmp_path / "patch", EAGER)
    people = People(mosquitto.port)
    try:
        lost = False
        for at in range(1, 12):
            _start(daemon, environment)
            if not _crash(daemon, people, point, at):
                break
            daemon.kill()
            _start(daemon, environment)
            if people.until_acknowledged(at, PATIENCE_S) and f"plan-{at}" not in people.ordered():
                lost = True
                break
            daemon.kill()
    finally:
        people.close()
    assert lost
