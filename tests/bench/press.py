"""Presses call points one after the other and times how long the evacuation trigger takes to come back.

One thread and one socket: what is timed is the broker and the program under test, not a hand-over between our threads.
"""

import json
import random
import time
from typing import Any

import paho.mqtt.client as mqtt

from tests.bench.client import CONFIRM, EVACUATION, READINGS, connect, reading

TRIGGER_LIMIT_S = 5.0  # a trigger that is later than this is an error
PAUSE_S = (0.02, 0.06)  # between two presses, at random, so that they fall anywhere between two readings
POLL_S = 0.05


class Presser:
    """One client that presses and listens."""

    def __init__(self, host: str, port: int) -> None:
        self._plan = ""
        self._came_at = 0.0
        self._client = connect(host, port, "presser")
        self._client.on_message = self._trigger
        self._client.subscribe(EVACUATION, qos=1)
        self._serve_until(time.perf_counter() + PAUSE_S[1])

    def press(self, count: int) -> list[float]:
        """The seconds from each press to its trigger. Raises TimeoutError when one does not come."""
        return [self._press(number) for number in range(count)]

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()

    def _press(self, number: int) -> float:
        self._serve_until(time.perf_counter() + random.uniform(*PAUSE_S))
        self._plan = f"plan-{number:03}"
        self._came_at = 0.0
        payload = reading("press", 1, contact=True)
        began = time.perf_counter()
        self._client.publish(READINGS.format(device=f"press-{number:03}"), payload, qos=1)
        while not self._came_at:
            if time.perf_counter() > began + TRIGGER_LIMIT_S:
                raise TimeoutError(f"no trigger for {self._plan} within {TRIGGER_LIMIT_S:g} s")
            self._client.loop(POLL_S)
        return self._came_at - began

    def _serve_until(self, end: float) -> None:
        while (left_s := end - time.perf_counter()) > 0:
            self._client.loop(left_s)

    def _trigger(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        at = time.perf_counter()
        told = json.loads(message.payload)
        if told["plan"] == self._plan and not self._came_at:
            self._came_at = at
        client.publish(CONFIRM, json.dumps({"id": told["id"], "by": "bench"}), qos=1)
