"""Each system call on the journal's files fails in turn, from a press to the last row about it: once, or for good."""

import errno
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.crash.house import People, owed, write_venue
from tests.daemon.test_daemon_process import WITHIN_S, Daemon, until
from tests.faults.hall import degraded, presses_kept
from tests.faults.injector import CHANGES, Calls, Injector

CALLS = CHANGES | Calls.READ | Calls.OPEN
MOST = 60  # calls of one press: there are some ten to twenty
EACH_START = (1, 2, 4, 8, 16, 32, 64)  # a start makes some hundred


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, mosquitto.port)
    write_venue(daemon.venue, mosquitto.port, MOST)
    daemon.state.mkdir()
    yield daemon
    daemon.close()


@pytest.fixture
def disk(tmp_path: Path, daemon: Daemon) -> Injector:
    return Injector(tmp_path, daemon.state / "journal.db")


@pytest.fixture
def people(mosquitto: Mosquitto) -> Iterator[People]:
    people = People(mosquitto.port)
    yield people
    people.close()


def _until_told(people: People, number: int) -> None:
    assert people.until_acknowledged(number, WITHIN_S), f"call-{number} was never acknowledged"
    until(f"plan-{number} is ordered", lambda: f"plan-{number}" in people.ordered())


def _kept_and_told_once(daemon: Daemon, people: People, pressed: range) -> None:
    """After a stop and a start on a disk that is well."""
    daemon.stop()
    assert Counter(presses_kept(daemon.state / "journal.db")) == Counter(f"call-{number}" for number in pressed)
    daemon.start()
    until("the daemon is up", daemon.up)
    assert len(daemon.evacuations()) == len(pressed)
    for told in (*people.raised().values(), *people.evacuated().values()):
        assert len(told) == 1, told
    assert all(len(ids) == 1 for ids in people.ordered().values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("count", [1, 0], ids=["once", "from then on"])
def test_any_call_may_fail(daemon: Daemon, disk: Injector, people: People, count: int) -> None:
    """The press is acknowledged, told and led to its end; when the disk is well all is written, once."""
    daemon.start(**disk.environment)
    until("the daemon is up", daemon.up)
    for at in range(1, MOST + 1):
        disk.fail(CALLS, errno.EIO, first=at, count=count)
        people.press(at)
        _until_told(people, at)
        if not disk.hit:
            until("all is written", lambda: disk.hit > 0 or owed(daemon.state / "journal.db") == 0)
        failed = disk.hit
        disk.clear()
        until("the journal is well", lambda: not degraded(daemon) and owed(daemon.state / "journal.db") == 0)
        if not failed:
            break
    else:
        pytest.fail("a press makes more calls than were tried")
    assert at > 5, "so few calls cannot be right"
    _kept_and_told_once(daemon, people, range(1, at + 1))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("count", [1, 0], ids=["once", "from then on"])
def test_any_call_of_a_start_may_fail(daemon: Daemon, disk: Injector, people: People, count: int) -> None:
    """The daemon starts all the same, and a press is told."""
    daemon.start()
    until("the daemon is up", daemon.up)
    people.press(MOST)
    _until_told(people, MOST)
    for number, at in enumerate(EACH_START, 1):
        daemon.kill()
        disk.fail(CALLS, errno.EIO, first=at, count=count)
        daemon.start(**disk.environment)
        until("the daemon is up", daemon.up)
        people.press(number)
        _until_told(people, number)
        disk.clear()
        until("the journal is well", lambda: not degraded(daemon))
    assert not degraded(daemon)
