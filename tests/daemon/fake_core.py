"""A core without an engine: what stands is set by the test, orders are answered as told, events are fed by hand."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from daemon.core import (
    Event,
    HistoryHealth,
    JournalHealth,
    OutputHealth,
    OwedDelivery,
    ProcessHealth,
    ProofHealth,
    ReloadReport,
)
from drivers.contract import LinkHealth
from rules.decision import Because, Decision, Refuse, Restart
from rules.engine import Engine
from rules.explain import Explanation
from rules.expression import parse
from rules.plan import EvacuationPlan, Plan, Rule, TierRule
from rules.signal import Order, Role
from rules.status import (
    AlarmStatus,
    DeviceStatus,
    DutyStatus,
    EvacuationStatus,
    FaultStatus,
    ScheduleStatus,
    ShowStatus,
)
from rules.tier import Tier
from rules.venue import Device, Text, Venue, Zone

QUEUE_MAX = 100
WALL = 1_790_000_000.0  # an instant in 2026


def make_plan() -> Plan:
    """Three floors of twenty rooms, a corridor on each, a stage; one detector in each room."""
    zones = [Zone("ktv", "venue", Text("Starlight KTV", "星光KTV"))]
    devices = []
    for floor in range(1, 4):
        zones.append(Zone(f"floor-{floor}", "floor", Text(f"Floor {floor}", f"{floor}楼"), "ktv"))
        zones.append(
            Zone(f"corridor-{floor}", "corridor", Text(f"Corridor {floor}", f"{floor}楼走廊"), f"floor-{floor}")
        )
        for room in range(1, 21):
            number = f"{floor}{room:02}"
            name = Text(f"Room {number}", f"{number}包房")
            zones.append(Zone(f"room-{number}", "room", name, f"floor-{floor}"))
            detector = Text(f"Detector {number}", f"{number}探测器")
            devices.append(
                Device(f"det-{number}", "smoke_detector", detector, f"room-{number}", frozenset(), 30.0, "broker")
            )
    zones.append(Zone("stage", "hall", Text("Stage", "舞台"), "floor-1"))
    smoke = Rule(
        id="smoke",
        title=Text("Smoke", "烟雾"),
        category="fire",
        each="device",
        places=tuple(device.id for device in devices),
        tiers=(TierRule(Tier.ORANGE, parse("smoke_obscuration >= 4.8")),),
        latching=True,
    )
    whole = EvacuationPlan("whole-building", ("ktv",), Text("Leave now", "请立即撤离"), Text("Car park", "停车场"))
    venue = Venue("ktv", {zone.id: zone for zone in zones}, {device.id: device for device in devices}, ("broker",))
    return Plan(venue, (smoke,), {whole.id: whole})


def alarm(place: str = "det-305", tier: Tier = Tier.ORANGE, since: float = 90.0, **changes: object) -> AlarmStatus:
    """A smoke alarm that stands, not yet acknowledged."""
    fields: dict[str, object] = {
        "alarm": f"smoke@{place}",
        "rule": "smoke",
        "place": place,
        "zone": place.replace("det", "room"),
        "category": "fire",
        "tier": tier,
        "state": "unack",
        "sounding": True,
        "since": since,
        "pending_until": None,
        "acknowledged_by": "",
        "because": (Because(since, place, "smoke_obscuration 6.1 >= 4.8", "fire.yaml:9"),),
    }
    return AlarmStatus(**{**fields, **changes})  # type: ignore[arg-type]


@dataclass
class FakeCore:
    """Keeps the contract of daemon.core.Core; everything is a public field for the test to change."""

    plan: Plan = field(default_factory=make_plan)
    version: str = "0.1.0"
    started_at: float = 0.0
    safe_mode: str = ""
    restart: Restart | None = None
    time: float = 100.0
    standing: list[AlarmStatus] = field(default_factory=list)
    flood: float | None = None
    faulty: list[FaultStatus] = field(default_factory=list)
    evacuating: list[EvacuationStatus] = field(default_factory=list)
    scheduled: list[ScheduleStatus] = field(default_factory=list)
    attended: DutyStatus | None = None
    showing: list[ShowStatus] = field(default_factory=list)
    tiers: dict[str, Tier] = field(default_factory=dict)
    health: LinkHealth = field(default_factory=lambda: LinkHealth(up=True, received=4711))
    degraded: str = ""
    refuse: str = ""
    answer: tuple[Decision, ...] = ()
    order_takes: asyncio.Event | None = None
    orders: list[Order] = field(default_factory=list)
    reloads: list[tuple[str, str]] = field(default_factory=list)  # who, why
    reloaded: ReloadReport = field(default_factory=lambda: ReloadReport("unchanged", "feedbeef00000000"))
    owing: list[OwedDelivery] = field(default_factory=list)
    discarded: list[tuple[str, str, str, str, str]] = field(default_factory=list)  # output, delivery, who, why, role
    queues: list[asyncio.Queue[Event | None]] = field(default_factory=list)
    joined: asyncio.Event = field(default_factory=asyncio.Event)  # somebody subscribed
    left: asyncio.Event = field(default_factory=asyncio.Event)  # a subscriber left or was ended

    def engine_time(self) -> float:
        return self.time

    def wall_of(self, at: float) -> float:
        return WALL + at

    def alarms(self) -> Sequence[AlarmStatus]:
        return self.standing

    def explain(self, alarm: str) -> Explanation:
        return Engine(self.plan).explain(alarm)

    def faults(self) -> Sequence[FaultStatus]:
        return self.faulty

    def evacuations(self) -> Sequence[EvacuationStatus]:
        return self.evacuating

    def devices(self) -> Sequence[DeviceStatus]:
        return [
            DeviceStatus(one.id, one.kind, one.zone, one.link, 99.0, False, {"smoke_obscuration": 0.4})
            for one in self.plan.venue.devices.values()
        ]

    def schedules(self) -> Sequence[ScheduleStatus]:
        return self.scheduled

    def duty(self) -> DutyStatus | None:
        return self.attended

    def shows(self) -> Sequence[ShowStatus]:
        return self.showing

    def zone_tiers(self) -> dict[str, Tier]:
        return self.tiers

    def flood_since(self) -> float | None:
        return self.flood

    def links(self) -> Sequence[tuple[str, str, LinkHealth]]:
        return [("broker", "mqtt", self.health)]

    def outputs(self) -> Sequence[OutputHealth]:
        return [OutputHealth("broker", True, 0, 12, 0, "")]

    def history(self) -> Sequence[HistoryHealth]:
        return [HistoryHealth("archive", "waiting", 7500.0, 123_456, 1_000_000, 2, 0, "503: try later")]

    def proofs(self) -> Sequence[ProofHealth]:
        return [ProofHealth("broker", "broker", 90.0, 0.012, "")]

    def owed(self) -> Sequence[OwedDelivery]:
        return self.owing

    def discard(self, output: str, delivery: str, who: str, why: str, role: Role) -> str:
        self.discarded.append((output, delivery, who, why, role))
        return self.refuse

    def journal(self) -> JournalHealth:
        return JournalHealth(1000, 1_000_000, self.degraded)

    def process(self) -> ProcessHealth:
        return ProcessHealth(60_000_000, 30, 4096, 0.02)

    def readings_taken(self) -> int:
        return 4711

    async def order(self, order: Order) -> Sequence[Decision]:
        self.orders.append(order)
        if self.order_takes is not None:
            await self.order_takes.wait()
        if self.refuse:
            return (Refuse(self.time, type(order).__name__.lower(), "", self.refuse),)
        return self.answer

    def rules(self) -> str:
        return "feedbeef00000000"

    async def reload(self, who: str, why: str) -> ReloadReport:
        self.reloads.append((who, why))
        return self.reloaded

    def subscribe(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self.queues.append(queue)
        self.joined.set()
        return self._listen(queue)

    async def _listen(self, queue: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._drop(queue)

    def _drop(self, queue: asyncio.Queue[Event | None]) -> None:
        if queue in self.queues:
            self.queues.remove(queue)
            self.left.set()

    def tell(self, event: Event) -> None:
        """Feeds one event to all subscribers; ends those that are QUEUE_MAX behind."""
        for queue in list(self.queues):
            if queue.qsize() >= QUEUE_MAX:
                queue.put_nowait(None)
                self._drop(queue)
            else:
                queue.put_nowait(event)
