"""Detectors that speak without a pause, and what of it the journal holds afterwards."""

import json
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from daemon.journal.rows import Reader, open_journal
from rules.signal import Reading
from tests.broker import Mosquitto
from tests.daemon import test_daemon_process
from tests.daemon.test_daemon_process import Daemon

PATIENCE_S = 60.0  # long runs share their machine with others: a start may take twenty times as long
until = partial(test_daemon_process.until, within_s=PATIENCE_S)
DETECTORS = 10
PAUSE_S = 0.005  # between two messages of all detectors together
REPEAT_S = 1.0  # of what is not acknowledged: a device repeats after 2 s
CLIENT_ID = "tocsin-broker"  # the daemon's own, for a thief
_VENUE = """\
venue: {{id: hall, name: {{en: Hall}}, time_zone: Asia/Shanghai}}
rules: [stock:fire]
links:
  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {port}, keepalive: 2, drivers: [{{kind: tocsin, prefix: tocsin}}]}}
zones:
  - {{id: floor-1, kind: floor, name: {{en: Floor}}}}
devices:
  - {{for: {{n: "0..{last}"}}, id: "det-{{n}}", kind: smoke_detector, zone: floor-1, link: broker, driver: tocsin, \
quantities: [temperature, smoke_obscuration], stale_after: 1h}}
  - {{id: call-1, kind: call_point, zone: floor-1, link: broker, driver: tocsin, quantities: [contact], \
stale_after: 1h}}
outputs:
  - {{id: broker, kind: mqtt, link: broker, prefix: tocsin}}
  - {{id: log, kind: log}}
evacuation_plans:
  - {{id: whole-building, zones: [hall], message: {{en: Leave}}, assembly_point: {{en: Park}}}}
"""

Message = tuple[str, int]  # device, number


def make_daemon(folder: Path, broker: Mosquitto) -> Daemon:
    """Not started yet."""
    daemon = Daemon(folder, broker.port)
    (daemon.venue / "venue.yaml").write_text(_VENUE.format(port=broker.port, last=DETECTORS - 1))
    return daemon


class Stream:
    """Says `count` messages, from a thread; `repeats` each until Tocsin has acknowledged it, as its dialect asks."""

    def __init__(self, port: int, count: int, *, repeats: bool = True) -> None:
        self._count = count
        self._repeats = repeats
        self._unanswered: dict[Message, float] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.said: set[Message] = set()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "field", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(100)
        self._client.on_connect = lambda client, *_: client.subscribe("tocsin/cmd/+/ack", 1)
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port, keepalive=5)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self, seconds: float) -> None:
        """Let it speak for so long."""
        self._ended.wait(seconds)

    def all_said(self) -> bool:
        return len(self.said) == self._count

    def all_taken(self) -> bool:
        """The broker has confirmed all of them."""
        return self.all_said() and not self._client._out_messages

    def all_answered(self) -> bool:
        with self._lock:
            return self.all_said() and not self._unanswered

    def answered(self) -> set[Message]:
        """What Tocsin has acknowledged so far."""
        with self._lock:
            return self.said - self._unanswered.keys()

    def disturb(self, topic: str, payload: bytes) -> None:
        """Something else, over the same connection."""
        self._client.publish(topic, payload, 1)

    def _speak(self) -> None:
        for number in range(self._count):
            message = (f"det-{number % DETECTORS}", number)
            with self._lock:
                self._unanswered[message] = 0.0
            self.said.add(message)
            self._say(message)
            if self._ended.wait(PAUSE_S):
                return
            self._repeat()
        while not self._ended.wait(REPEAT_S / 4):
            self._repeat()

    def _repeat(self) -> None:
        if not self._repeats or not self._client.is_connected():
            return
        now = time.monotonic()
        with self._lock:
            due = [message for message, at in self._unanswered.items() if now - at >= REPEAT_S]
        for message in due:
            self._say(message)

    def _say(self, message: Message) -> None:
        device, number = message
        with self._lock:
            if message in self._unanswered:
                self._unanswered[message] = time.monotonic()
        payload = json.dumps({"boot": "b1", "seq": number, "readings": {"temperature": 20.0}})
        self._client.publish(f"tocsin/dev/{device}/readings", payload, 1)

    def _heard(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        device = message.topic.split("/")[2]
        with self._lock:
            for first, last in json.loads(message.payload)["seqs"]:
                for number in range(first, last + 1):
                    self._unanswered.pop((device, number), None)


def up(daemon: Daemon) -> None:
    """Start it and wait until its links are up."""
    daemon.start()
    until("the daemon is up", daemon.up)


def kept(daemon: Daemon) -> Counter[Message]:
    """How often each message stands in the journal. To be asked of a daemon that has ended."""
    connection = open_journal(daemon.state / "journal.db")
    reader = Reader(connection)
    found: Counter[Message] = Counter()
    for row in reader.rows():
        for signal in reader.signals(row):
            if isinstance(signal, Reading) and signal.origin is not None:
                found[signal.device, signal.origin.seq] += 1
    connection.close()
    assert reader.problems == []
    return found
