"""A house of call points, each with an evacuation of its own, so that one run can hold many crashes."""

import json
import sqlite3
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

_VENUE = """\
venue: {{id: hall, name: {{en: Hall}}, time_zone: Asia/Shanghai}}
rules: [rules/house.yaml]
links:
  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {port}, keepalive: 5, drivers: [{{kind: tocsin, prefix: tocsin}}]}}
zones:
  - {{for: {{n: "1..{count}"}}, id: "room-{{n}}", kind: room, name: {{en: "Room {{n}}"}}}}
devices:
  - {{for: {{n: "1..{count}"}}, id: "call-{{n}}", kind: call_point, zone: "room-{{n}}", link: broker, driver: tocsin, \
quantities: [contact], stale_after: 1h}}
outputs:
  - {{id: broker, kind: mqtt, link: broker, prefix: tocsin}}
  - {{id: log, kind: log}}
evacuation_plans:
{plans}
"""
_PLAN = "  - {{id: plan-{n}, zones: [room-{n}], message: {{en: Leave}}, assembly_point: {{en: Park}}}}\n"
_RULE = """\
  - id: call-{n}
    title: {{en: Call point {n}}}
    category: fire
    each: device
    devices: {{ids: [call-{n}]}}
    tiers:
      - {{tier: red, when: contact}}
    latching: true
    evacuate: {{plan: plan-{n}}}
"""
REPEAT_S = 0.25  # of a press that is not acknowledged: sooner than a device would, for there are many to press


def write_venue(folder: Path, port: int, count: int) -> None:
    """The files of a venue with so many call points."""
    numbers = range(1, count + 1)
    (folder / "rules").mkdir(exist_ok=True)
    plans = "".join(_PLAN.format(n=n) for n in numbers)
    (folder / "venue.yaml").write_text(_VENUE.format(port=port, count=count, plans=plans))
    (folder / "rules" / "house.yaml").write_text("rules:\n" + "".join(_RULE.format(n=n) for n in numbers))


class People:
    """Press call points and repeat it until acknowledged; a sounder that confirms; everything heard is kept."""

    def __init__(self, port: int, *, repeat: bool = True) -> None:
        self.acknowledged: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.triggers: list[dict[str, Any]] = []
        self._repeat = repeat
        self._pressed: set[str] = set()
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "people", clean_session=False)
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(topic, 1) for topic in ("tocsin/event", "tocsin/evacuation", "tocsin/cmd/+/ack")])
        self._client.loop_start()
        self._repeating = threading.Thread(target=self._press_again, daemon=True)
        self._repeating.start()

    def close(self) -> None:
        self._ended.set()
        self._repeating.join()
        self._client.disconnect()
        self._client.loop_stop()

    def press(self, number: int) -> None:
        name = f"call-{number}"
        self._pressed.add(name)
        self._publish(name)

    def until_acknowledged(self, number: int, within_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: f"call-{number}" in self.acknowledged, within_s)

    def raised(self) -> dict[str, Counter[str]]:
        """By call point: how often its alarm was told, by id of the telling."""
        with self._changed:
            return _by(self.events, "raise", lambda event: str(event["place"]["id"]))

    def evacuated(self) -> dict[str, Counter[str]]:
        """By plan: how often its evacuation was told."""
        with self._changed:
            return _by(self.events, "evacuate", lambda event: str(event["plan"]))

    def ordered(self) -> dict[str, set[str]]:
        """By plan: the ids under which it was ordered."""
        found: dict[str, set[str]] = {}
        with self._changed:
            for one in self.triggers:
                found.setdefault(one["plan"], set()).add(one["id"])
        return found

    def _publish(self, name: str) -> None:
        message = json.dumps({"boot": "b1", "seq": 1, "readings": {"contact": True}})
        self._client.publish(f"tocsin/dev/{name}/readings", message, 1)

    def _press_again(self) -> None:
        while not self._ended.wait(REPEAT_S):
            for name in self._pressed - self.acknowledged if self._repeat else ():
                self._publish(name)

    def _heard(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        told = json.loads(message.payload)
        with self._changed:
            if message.topic == "tocsin/event":
                self.events.append(told)
            elif message.topic == "tocsin/evacuation":
                self.triggers.append(told)
                client.publish("tocsin/evacuation/confirm", json.dumps({"id": told["id"], "by": "sounder"}), 1)
            else:
                self.acknowledged.add(message.topic.split("/")[2])
            self._changed.notify_all()


def _by(events: list[dict[str, Any]], kind: str, subject: Any) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for event in events:
        if event["type"] == kind:
            found.setdefault(subject(event), Counter())[event["id"]] += 1
    return found


def owed(journal: Path) -> int:
    """Deliveries that no output has settled."""
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as connection:
        count: int = connection.execute("SELECT count(*) FROM outbox WHERE state = 'pending'").fetchone()[0]
    return count
