"""A bug in one output's heartbeat is a fault of that output, and stops nothing else."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.daemon.test_daemon_process import Daemon, until
from tests.drivers.peer import Peer
from tests.faults.hall import Hall, hall_of, start
from tests.faults.patched import patched

BUG_IN_THE_HEARTBEAT = """
from drivers.outputs.mqtt.output import MqttOutput
def beat(self, now):
    raise ZeroDivisionError("a bug")
MqttOutput.beat = beat
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


def _faults(daemon: Daemon) -> set[tuple[str, str]]:
    with daemon.client() as client:
        return {(fault.source, fault.code) for fault in client.faults()}


def test_a_heartbeat_that_raises_ends_nothing(daemon: Daemon, hall: Hall, tmp_path: Path) -> None:
    """It raises at every beat: the daemon goes on, says so, and the same output still tells of a press."""
    start(daemon, **patched(tmp_path / "patch", BUG_IN_THE_HEARTBEAT))
    until("the fault is told", lambda: ("output/broker/heartbeat", "driver_failed") in _faults(daemon))
    assert hall.alarm_s(0) is not None and hall.receipt_s(0) is not None
    assert daemon.stop() == 0


async def test_it_beats_in_a_daemon_that_is_well(daemon: Daemon, hall: Hall, mosquitto: Mosquitto) -> None:
    """Beat after beat arrives, counted, and none is missing."""
    venue = daemon.venue / "venue.yaml"
    text, asked = venue.read_text(), "kind: mqtt, link: broker, prefix: tocsin}"
    assert text.count(asked) == 1
    venue.write_text(text.replace(asked, f"{asked[:-1]}, heartbeat: 1s}}"))
    async with Peer(mosquitto, "tocsin/heartbeat") as panel:
        await asyncio.to_thread(start, daemon)
        beats = [json.loads((await panel.hear()).payload) for _ in range(3)]
    assert [one["seq"] for one in beats] == [beats[0]["seq"] + number for number in range(3)]
    assert len({one["boot"] for one in beats}) == 1
