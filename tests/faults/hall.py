"""A hall of call points around a real daemon and a real broker, for whoever breaks something under them."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from rules.signal import Reading
from tests.daemon.test_daemon_process import WITHIN_S, Daemon, until
from tests.daemon.written import signals_in

CALL_POINTS = 12
_VENUE = """\
venue: {{id: hall, name: {{en: Hall}}, time_zone: Asia/Shanghai}}
rules: [stock:fire, stock:panic]
links:
  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {port}, drivers: [{{kind: tocsin, prefix: tocsin}}]}}
zones:
  - {{id: foyer, kind: room, name: {{en: Foyer}}}}
devices:
{devices}
outputs:
  - {{id: broker, kind: mqtt, link: broker, prefix: tocsin}}
  - {{id: log, kind: log}}
evacuation_plans:
  - {{id: whole-building, zones: [hall], message: {{en: Leave}}, assembly_point: {{en: Park}}}}
"""
_DEVICE = (
    "  - {{id: call-{number}, kind: call_point, zone: foyer, link: broker, driver: tocsin, quantities: [contact], "
    "stale_after: 1h}}\n"
)
_REPEAT_S = 0.2  # of a press that is not acknowledged


class Hall:
    """People who press call points, and a sounder that confirms at once. Everything heard is kept with its time."""

    def __init__(self, port: int) -> None:
        self._raised: dict[str, float] = {}  # by call point: when the broker told of its alarm
        self._acknowledged: dict[str, float] = {}
        self._pressed: dict[str, float] = {}
        self.faults: dict[str, str] = {}  # retained: code -> text
        self.triggers: list[str] = []
        self._changed = threading.Condition()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "hall", clean_session=False)
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        topics = ("tocsin/event", "tocsin/evacuation", "tocsin/cmd/+/ack", "tocsin/state/fault/tocsin/#")
        self._client.subscribe([(topic, 1) for topic in topics])
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def press(self, number: int) -> None:
        """Press once; `repeat` what is not acknowledged."""
        name = f"call-{number}"
        self._pressed.setdefault(name, time.monotonic())
        message = json.dumps({"boot": "b1", "seq": 1, "readings": {"contact": True}})
        self._client.publish(f"tocsin/dev/{name}/readings", message, 1)

    def alarm_s(self, number: int, within_s: float = WITHIN_S) -> float | None:
        """Press, repeating; the seconds from the press to its alarm at the broker, None when it did not come."""
        return self._await(number, self._raised, within_s)

    def receipt_s(self, number: int, within_s: float = WITHIN_S) -> float | None:
        """The same for Tocsin's receipt."""
        return self._await(number, self._acknowledged, within_s)

    def _await(self, number: int, heard: dict[str, float], within_s: float) -> float | None:
        name, end = f"call-{number}", time.monotonic() + within_s
        while name not in heard and time.monotonic() < end:
            if name not in self._acknowledged:
                self.press(number)
            with self._changed:
                self._changed.wait_for(lambda: name in heard, min(_REPEAT_S, max(0.0, end - time.monotonic())))
        return heard[name] - self._pressed[name] if name in heard else None

    def until_fault(self, code: str, *, stands: bool = True) -> None:
        """Wait until the retained state of Tocsin's own fault is, or is not, at the broker."""
        with self._changed:
            assert self._changed.wait_for(lambda: (code in self.faults) is stands, WITHIN_S), (code, self.faults)

    def _heard(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        with self._changed:
            self._take(client, message)
            self._changed.notify_all()

    def _take(self, client: mqtt.Client, message: mqtt.MQTTMessage) -> None:
        now, topic = time.monotonic(), message.topic.split("/")
        if topic[1] == "cmd":
            self._acknowledged.setdefault(topic[2], now)
        elif topic[1] == "state" and message.payload:
            self.faults[topic[-1]] = json.loads(message.payload)["text"]
        elif topic[1] == "state":
            self.faults.pop(topic[-1], None)
        elif topic[1] == "evacuation":
            trigger = json.loads(message.payload)["id"]
            self.triggers.append(trigger)
            client.publish("tocsin/evacuation/confirm", json.dumps({"id": trigger, "by": "sounder"}), 1)
        else:
            told = json.loads(message.payload)
            if told["type"] == "raise":
                self._raised.setdefault(told["place"]["id"], now)


@contextmanager
def hall_of(daemon: Daemon, port: int) -> Iterator[Hall]:
    """The venue's file is written over; the daemon is not started."""
    devices = "".join(_DEVICE.format(number=number) for number in range(CALL_POINTS))
    daemon.socket = daemon.venue.with_name("api.sock")  # not on the disk that dies
    (daemon.venue / "venue.yaml").write_text(_VENUE.format(port=port, devices=devices))
    hall = Hall(port)
    try:
        yield hall
    finally:
        hall.close()


def degraded(daemon: Daemon) -> str:
    """Why the journal is degraded, as the API says; empty when it is not."""
    with daemon.client() as client:
        return client.status().journal.degraded


def faults(daemon: Daemon) -> set[str]:
    """Codes of Tocsin's own faults that stand, as the API says."""
    with daemon.client() as client:
        return {fault.code for fault in client.faults() if fault.source.startswith("tocsin/")}


def presses_kept(journal: Path) -> list[str]:
    """The call points whose press is in the journal, in the order of its rows; the file is whole."""
    with sqlite3.connect(journal) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return [one.device for one in signals_in(journal) if isinstance(one, Reading) and one.value is True]


def points(numbers: Sequence[int]) -> list[str]:
    return [f"call-{number}" for number in numbers]


def start(daemon: Daemon, **environment: str) -> None:
    """Start it and wait until its links are up."""
    daemon.start(**environment)
    until("the daemon is up", daemon.up)
