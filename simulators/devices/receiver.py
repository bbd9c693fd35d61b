"""The far end of an evacuation trigger: a sounder controller that confirms, and drops what it has had before."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from time import time

from simulators.wire import Broker, Wire

REMEMBERED_MAX = 1000  # ids of triggers already carried out; a venue has a handful in its life


@dataclass(slots=True)
class Trigger:
    """One trigger as the sounder controller carried it out."""

    id: str
    action: str
    plan: str
    evacuation: str
    zones: tuple[str, ...]
    origin: str
    at: float


@dataclass(slots=True)
class Arrivals:
    """What came in: each trigger once, and how often the same ones came again. Pure."""

    carried_out: list[Trigger] = field(default_factory=list)
    repeats: int = 0
    too_late: int = 0
    unreadable: int = 0

    def take(self, payload: bytes, now: float, wall: float) -> str | None:
        """The id to confirm; None for what cannot be read or came too late to be carried out."""
        try:
            said = json.loads(payload)
            trigger = Trigger(
                id=str(said["id"]),
                action=str(said["action"]),
                plan=str(said["plan"]),
                evacuation=str(said["evacuation"]),
                zones=tuple(said["zones"]),
                origin=str(said.get("origin", "")),
                at=now,
            )
            expires = said.get("expires")
        except (ValueError, TypeError, KeyError):
            self.unreadable += 1
            return None
        if any(known.id == trigger.id for known in self.carried_out):
            self.repeats += 1
            return trigger.id
        if isinstance(expires, int | float) and wall > expires:
            self.too_late += 1
            return None
        if len(self.carried_out) < REMEMBERED_MAX:
            self.carried_out.append(trigger)
        return trigger.id


class Receiver:
    """Confirms each trigger on `<prefix>/evacuation/confirm`; `deaf` keeps it from confirming."""

    def __init__(self, prefix: str, broker: Broker, now: Callable[[], float], name: str = "sounder-controller") -> None:
        self.arrivals = Arrivals()
        self.deaf = False
        self._name = name
        self._now = now
        self._confirm_topic = f"{prefix}/evacuation/confirm"
        self.wire = Wire(broker, f"sim-{name}", filters=(f"{prefix}/evacuation",), on_message=self._received)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        if self.deaf:
            return
        confirmed = self.arrivals.take(payload, self._now(), time())
        if confirmed is not None:
            self.wire.publish(self._confirm_topic, json.dumps({"id": confirmed, "by": self._name}).encode())
