"""A venue of three devices, and clocks and outputs that tests hold in their hands."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from daemon.clock import Stamp
from drivers.contract import Delivery, DeliveryFailed, LinkHealth
from rules.expression import parse
from rules.plan import EvacuationPlan, Plan, Rule, TierRule
from rules.signal import Origin, Reading
from rules.tier import Tier
from rules.venue import Device, Text, Venue, Zone


def plan() -> Plan:
    """Two smoke detectors (orange after 5 s of smoke) and a panic button that evacuates at once."""
    zones = {
        "venue": Zone("venue", "venue", Text("Venue")),
        "room-1": Zone("room-1", "room", Text("Room 1"), "venue"),
    }
    detectors = {
        name: _device(name, "smoke_detector", "smoke_obscuration", "temperature") for name in ("det-1", "det-2")
    }
    devices = {**detectors, "sos-1": _device("sos-1", "panic_button", "pressed")}
    smoke = Rule(
        id="smoke",
        title=Text("Smoke"),
        category="fire",
        each="device",
        places=tuple(detectors),
        tiers=(TierRule(Tier.ORANGE, parse("smoke_obscuration >= 4.8"), on_delay_s=5.0, line="house.yaml:1"),),
        latching=True,
    )
    panic = Rule(
        id="panic",
        title=Text("Panic"),
        category="panic",
        each="device",
        places=("sos-1",),
        tiers=(TierRule(Tier.RED, parse("pressed"), line="house.yaml:2"),),
        latching=True,
        evacuate="whole",
    )
    whole = EvacuationPlan("whole", ("venue",), Text("Please leave"), Text("Car park"))
    return Plan(Venue("venue", zones, devices, ("broker",)), (smoke, panic), {"whole": whole})


def _device(name: str, kind: str, *quantities: str) -> Device:
    return Device(name, kind, Text(name), "room-1", frozenset(quantities), stale_after_s=3600.0, link="broker")


def smoke(at: float, value: float, seq: int, device: str = "det-1") -> Reading:
    """A detector's reading of smoke obscuration."""
    return Reading(at, device, "smoke_obscuration", value, "live", Origin("boot", seq))


def press(at: float, seq: int) -> Reading:
    """A press of the panic button."""
    return Reading(at, "sos-1", "pressed", True, "live", Origin("boot", seq))


class HandClock:
    """Stands still until `pass_s`."""

    def __init__(self, at: float = 100.0) -> None:
        self.at = at
        self.slept_s = 0.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return 1_700_000_000.0 + self.at

    def wall_of(self, at: float) -> float:
        return 1_700_000_000.0 + at

    def stamp(self) -> Stamp:
        return Stamp(self.at, self.wall(), "boot", self.at)

    def suspended_s(self) -> float:
        return self.slept_s

    def pass_s(self, seconds: float) -> None:
        self.at += seconds


class HandOutput:
    """Delivers as the test says: `answer` may raise DeliveryFailed, or wait on `gate`."""

    def __init__(self, name: str = "out") -> None:
        self.name = name
        self.health = LinkHealth(up=True)
        self.prepared: list[Delivery] = []
        self.tried: list[Delivery] = []
        self.confirmed: list[Delivery] = []
        self.answer: Callable[[Delivery], None] = lambda delivery: None
        self.gate = asyncio.Event()
        self.gate.set()
        self.changed = asyncio.Event()

    def take_up(self, standing: Sequence[Delivery]) -> None:
        """It keeps no states."""

    def prepare(self, delivery: Delivery) -> None:
        self.prepared.append(delivery)

    def rename(self, venue: Venue, evacuation_plans: Mapping[str, EvacuationPlan]) -> None:
        """It shows no names."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def deliver(self, delivery: Delivery) -> None:
        self.tried.append(delivery)
        self.changed.set()
        self.answer(delivery)
        await self.gate.wait()
        self.confirmed.append(delivery)
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a try or a confirmation that makes the condition true."""
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


def refuse(retry: bool) -> Callable[[Delivery], None]:
    """An answer that fails every delivery."""

    def answer(delivery: Delivery) -> None:
        raise DeliveryFailed("no", retry=retry)

    return answer


def settled(path: Path) -> list[list[object]]:
    """Every settlement in a journal, in order, as it was written."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT settled FROM commits WHERE settled IS NOT NULL ORDER BY seq").fetchall()
    return [one for (text,) in rows for one in json.loads(text)]
