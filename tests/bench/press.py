"""Presses call points one after the other and times how long the evacuation trigger takes to come back."""

import json
import random
import threading
import time
from typing import Any

import paho.mqtt.client as mqtt

from tests.bench.client import CONFIRM, EVACUATION, READINGS, connect, reading

TRIGGER_LIMIT_S = 5.0  # a trigger that is later than this is counted as missing
PAUSE_S = (0.02, 0.06)  # between two presses, at random, so that they fall anywhere between two readings


class Presser:
    """One client that presses and listens."""

    def __init__(self, host: str, port: int) -> None:
        self._came = threading.Event()
        self._plan = ""
        self._at = 0.0
        self._client = connect(host, port, "presser")
        self._client.on_message = self._trigger
        self._client.subscribe(EVACUATION, qos=1)
        self._client.loop_start()

    def press(self, count: int) -> list[float]:
        """The seconds from each press to its trigger. Raises TimeoutError when one does not come."""
        return [self._press(number) for number in range(count)]

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def _press(self, number: int) -> float:
        time.sleep(random.uniform(*PAUSE_S))
        self._came.clear()
        self._plan = f"plan-{number:03}"
        payload = reading("press", 1, contact=True)
        began = time.perf_counter()
        self._client.publish(READINGS.format(device=f"press-{number:03}"), payload, qos=1)
        if not self._came.wait(TRIGGER_LIMIT_S):
            raise TimeoutError(f"no trigger for {self._plan} within {TRIGGER_LIMIT_S:g} s")
        return self._at - began

    def _trigger(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        at = time.perf_counter()
        told = json.loads(message.payload)
        client.publish(CONFIRM, json.dumps({"id": told["id"], "by": "bench"}), qos=1)
        if told["plan"] == self._plan and not self._came.is_set():
            self._at = at
            self._came.set()
