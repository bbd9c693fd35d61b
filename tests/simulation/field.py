"""Devices that speak Tocsin's own dialect, and receivers of what Tocsin says."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.broker import Broker
from tests.simulation.world import World

REPEAT_S = 2.0
BURST = 50  # repeated at once at most


class Device:
    """Numbers its messages within one boot, and repeats each until Tocsin has acknowledged it."""

    def __init__(self, world: World, broker: Broker, name: str, values: dict[str, Any], every_s: float) -> None:
        self.world = world
        self.name = name
        self.values = dict(values)
        self.unanswered: dict[int, bytes] = {}
        self.answered: set[tuple[str, str, int]] = set()  # device, boot, number
        self.noise = 0.0  # share of messages that the wire doubles or holds up
        self._broker = broker
        self._every_s = every_s
        self._boot = 1
        self._seq = 0
        self._repeating = False
        broker.listen(f"tocsin/cmd/{name}/ack", self._hear)
        world.later(world.chance.uniform(0.0, every_s), self._tell_regularly)

    @property
    def boot(self) -> str:
        return f"{self.name}-{self._boot}"

    def tell(self, **values: Any) -> int:
        """Something has changed: say it at once. Returns the message's number."""
        self.values.update(values)
        self._seq += 1
        told = {"boot": self.boot, "seq": self._seq, "readings": self.values}
        self.unanswered[self._seq] = json.dumps(told).encode()
        self._send(self._seq)
        self._repeat_later()
        return self._seq

    def press(self, name: str) -> int:
        """Pressed and let go a second later: one message says so, whatever else it tells meanwhile."""
        self.values[name] = True
        seq = self.tell()
        self.values[name] = False
        self.world.later(1.0, self._tell_now)
        return seq

    def reboot(self) -> None:
        """It forgets what was not acknowledged, and counts anew."""
        self._boot += 1
        self._seq = 0
        self.unanswered.clear()

    def _tell_now(self) -> None:
        self.tell()

    def _tell_regularly(self) -> None:
        self.tell()
        self.world.later(self._every_s * self.world.chance.uniform(0.95, 1.05), self._tell_regularly)

    def _send(self, seq: int) -> None:
        payload = self.unanswered[seq]
        self._send_after(self._broker.latency(), payload)
        if self.noise and self.world.chance.random() < self.noise:
            self._send_after(self.world.chance.uniform(0.0, 10.0), payload)  # late, overtaken and double

    def _send_after(self, delay_s: float, payload: bytes) -> None:
        self.world.later(delay_s, lambda: self._broker.publish(f"tocsin/dev/{self.name}/readings", payload))

    def _repeat_later(self) -> None:
        if self.unanswered and not self._repeating:
            self._repeating = True
            self.world.later(REPEAT_S, self._repeat)

    def _repeat(self) -> None:
        self._repeating = False
        for seq in list(self.unanswered)[:BURST]:
            self._send(seq)
        self._repeat_later()

    def _hear(self, topic: str, payload: bytes) -> None:
        told = json.loads(payload)
        if told["boot"] != self.boot:
            return
        for first, last in told["seqs"]:
            for seq in range(first, last + 1):
                if self.unanswered.pop(seq, None) is not None:
                    self.answered.add((self.name, self.boot, seq))


@dataclass
class Receiver:
    """Hears events and triggers of one output, and confirms triggers. `told` begins anew with each trial."""

    world: World
    broker: Broker
    name: str
    answers: bool = True
    told: list[dict[str, Any]] = field(default_factory=list)
    triggers: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.broker.listen("tocsin/event", self._hear)
        self.broker.listen("tocsin/evacuation", self._order)

    def _hear(self, topic: str, payload: bytes) -> None:
        event = json.loads(payload)
        self.world.note(event["id"])
        self.told.append(event)

    def _order(self, topic: str, payload: bytes) -> None:
        trigger = json.loads(payload)
        self.triggers.append(trigger)
        if self.answers:
            answer = json.dumps({"id": trigger["id"], "by": self.name}).encode()
            self.world.later(self.broker.latency(), lambda: self.broker.publish("tocsin/evacuation/confirm", answer))
