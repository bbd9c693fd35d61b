"""The baseline: a bare paho subscriber that decodes JSON and echoes a press. No journal, no rules.

python -m tests.bench.bare HOST PORT: prints a line of JSON, {"readings", "first", "last"}, for each line on its input.
"""

import json
import sys
import time
from typing import Any

import paho.mqtt.client as mqtt

from tests.bench.client import EVACUATION, connect


class Bare:
    """Counts readings and echoes presses."""

    def __init__(self) -> None:
        self.readings = 0
        self.first = self.last = 0.0

    def take(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        """One message."""
        told = json.loads(message.payload)
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.readings += 1
        if "contact" in told["readings"]:
            device = message.topic.split("/")[2]
            plan = device.replace("press", "plan")
            client.publish(EVACUATION, json.dumps({"id": device, "action": "evacuate", "plan": plan}), qos=1)


def main(host: str, port: int) -> None:
    """Serve until the input ends."""
    bare = Bare()
    client = connect(host, port, "bare", clean=False)
    client.on_message = bare.take
    client.subscribe("tocsin/dev/+/readings", qos=1)
    client.loop_start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps({"readings": bare.readings, "first": bare.first, "last": bare.last}), flush=True)
    client.loop_stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
