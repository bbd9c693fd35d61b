"""The broker under a daemon that is spoken to without a pause: restarted, killed, frozen, emptied, robbed, poisoned."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.broker import Mosquitto
from tests.crash.house import People
from tests.crash.stream import CLIENT_ID, Stream, kept, make_daemon, until, up
from tests.daemon.test_daemon_process import WITHIN_S, Daemon

MESSAGES = 400
FLOOD = 5000
Trouble = Callable[[Daemon, Mosquitto, Stream], None]


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    daemon = make_daemon(tmp_path, mosquitto)
    yield daemon
    daemon.close()


def _down(daemon: Daemon) -> bool:
    with daemon.client() as client:
        return not any(link.up for link in client.status().links)


def _restarted(daemon: Daemon, broker: Mosquitto, stream: Stream) -> None:
    broker.stop()
    until("the daemon knows", lambda: _down(daemon))
    broker.start()


def _killed(daemon: Daemon, broker: Mosquitto, stream: Stream) -> None:
    broker.kill()
    broker.start()


def _emptied(daemon: Daemon, broker: Mosquitto, stream: Stream) -> None:
    broker.stop()
    for file in broker.folder.glob("*.db*"):
        file.unlink()
    broker.start()


def _frozen(daemon: Daemon, broker: Mosquitto, stream: Stream) -> None:
    broker.freeze()
    try:
        until("the daemon knows", lambda: _down(daemon))
    finally:
        broker.thaw()


def _robbed(daemon: Daemon, broker: Mosquitto, stream: Stream) -> None:
    for _ in range(4):
        thief = mqtt.Client(CallbackAPIVersion.VERSION2, CLIENT_ID)
        connected = threading.Event()
        thief.on_connect = lambda *_, connected=connected: connected.set()
        thief.connect(broker.host, broker.port)
        thief.loop_start()
        assert connected.wait(WITHIN_S)
        thief.disconnect()
        thief.loop_stop()
        until("the daemon is back", daemon.up)


def _poisoned(daemon: Daemon, broker: Mosquitto, stream: Stream) -> None:
    chance = Random(1)
    for number in range(200):
        stream.disturb(f"tocsin/dev/det-{number % 10}/readings", chance.randbytes(chance.randint(0, 300)))


@pytest.mark.parametrize("trouble", [_restarted, _killed, _emptied, _frozen, _robbed, _poisoned])
def test_devices_of_our_own_dialect_lose_nothing(daemon: Daemon, mosquitto: Mosquitto, trouble: Trouble) -> None:
    """Twice in the middle of a stream; in the end all is acknowledged, and stands in the journal exactly once."""
    up(daemon)
    stream = Stream(mosquitto.port, MESSAGES)
    try:
        for share in (0.25, 0.5):
            until("some is said", lambda share=share: len(stream.said) >= share * MESSAGES)  # type: ignore[misc]
            trouble(daemon, mosquitto, stream)
        until("all is acknowledged", stream.all_answered)
        until("the daemon is up", daemon.up)
    finally:
        stream.close()
    daemon.stop()
    found = kept(daemon)
    assert set(found) == stream.said
    assert set(found.values()) == {1}


@pytest.mark.parametrize("repeats", [True, False])
def test_what_a_killed_broker_had_confirmed_is_lost_to_devices_that_do_not_repeat(
    daemon: Daemon, mosquitto: Mosquitto, repeats: bool
) -> None:
    """Confirmed by the broker while the daemon was away, and not on its disk: only who repeats loses nothing."""
    up(daemon)
    daemon.kill()
    stream = Stream(mosquitto.port, 100, repeats=repeats)
    try:
        until("the broker has confirmed all", stream.all_taken)
        mosquitto.kill()
        mosquitto.start()
        up(daemon)
        if repeats:
            until("all is acknowledged", stream.all_answered)
    finally:
        stream.close()
    daemon.stop()
    lost = stream.said - set(kept(daemon))
    assert (not lost) if repeats else len(lost) == len(stream.said)


def test_a_flood_does_not_keep_a_press_from_its_evacuation(daemon: Daemon, mosquitto: Mosquitto) -> None:
    """One device says five thousand things at once; a call point that is pressed meanwhile leads everybody out."""
    up(daemon)
    people = People(mosquitto.port)
    stream = Stream(mosquitto.port, 1)
    try:
        for number in range(FLOOD):
            message = f'{{"boot":"flood","seq":{number},"readings":{{"temperature":20.0}}}}'
            stream.disturb("tocsin/dev/det-9/readings", message.encode())
        people.press(1)
        assert people.until_acknowledged(1, WITHIN_S)
        until("people are led out", lambda: "whole-building" in people.ordered())
        assert people.raised().keys() == {"call-1"}
    finally:
        stream.close()
        people.close()
