"""The process may open no more files: clients of the API are turned away first, and what carries alarms reconnects."""

import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from daemon import vitals
from tests.broker import Mosquitto
from tests.daemon.test_daemon_process import WITHIN_S, Daemon, until
from tests.faults.hall import Hall, hall_of, start
from tests.faults.patched import patched

HELD_S = 6.0  # an alarm that has not come by now is held back; the API lets an idle client go after 15 s
NO_RESERVE = """
import daemon.vitals
daemon.vitals.RESERVED = 0
"""


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, mosquitto.port)
    yield daemon
    daemon.close()


@pytest.fixture
def hall(daemon: Daemon, mosquitto: Mosquitto) -> Iterator[Hall]:
    with hall_of(daemon, mosquitto.port) as hall:
        yield hall


def _open(daemon: Daemon) -> int:
    assert daemon.process is not None
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def _limit(daemon: Daemon, more: int) -> int:
    """The process may open so many files more than it has open now."""
    assert daemon.process is not None
    most = _open(daemon) + more
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (most, most))
    return most


@contextmanager
def _crowd(daemon: Daemon) -> Iterator[None]:
    """Clients that ask one thing, keep their connection for as long as they may, and come again and again."""
    ended = threading.Event()

    def come() -> None:
        with ExitStack() as stack:
            while not ended.wait(0.01):
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                if client.connect_ex(str(daemon.socket)) == 0:
                    with suppress(OSError):  # turned away already
                        client.send(b"GET /v1/status HTTP/1.1\r\nHost: tocsin\r\n\r\n")

    coming = threading.Thread(target=come)
    coming.start()
    try:
        yield
    finally:
        ended.set()
        coming.join()


def _alarm_among(daemon: Daemon, hall: Hall, mosquitto: Mosquitto, left: int, within_s: float) -> float | None:
    """The broker goes and comes back while the crowd is there, with room for 24 descriptors; then a press. `left` are
    the descriptors that the crowd leaves.
    """
    most = _limit(daemon, 24)
    with _crowd(daemon):
        mosquitto.stop()
        until("the daemon has lost it", lambda: "is not connected" in daemon.log.read_text())
        until("the crowd has taken what it can", lambda: most - _open(daemon) <= left)
        mosquitto.start()
        return hall.alarm_s(0, within_s)


def test_alarms_go_out_while_clients_use_up_the_descriptors(daemon: Daemon, hall: Hall, mosquitto: Mosquitto) -> None:
    """Clients are turned away while there are descriptors left for what carries alarms: it finds the broker again."""
    start(daemon)
    assert _alarm_among(daemon, hall, mosquitto, vitals.RESERVED + 1, WITHIN_S) is not None


def test_without_the_reserve_nothing_can_reconnect(
    daemon: Daemon, hall: Hall, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The control: the same crowd holds every descriptor, and the broker is not found again."""
    start(daemon, **patched(tmp_path / "patch", NO_RESERVE))
    assert _alarm_among(daemon, hall, mosquitto, 0, HELD_S) is None
