"""The running daemon as the API sees it."""

import importlib.metadata
from collections.abc import AsyncIterator, Mapping, Sequence

from daemon.broadcast import Broadcast
from daemon.clock import Clock
from daemon.core import Event, JournalHealth, OutputHealth
from daemon.journal import Journal
from daemon.pump import Pump
from daemon.worker import Worker
from drivers.contract import Link, LinkHealth
from rules.decision import Decision
from rules.engine import Engine
from rules.explain import Explanation
from rules.plan import Plan
from rules.signal import Order
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


class House:
    """Implements daemon.core.Core."""

    def __init__(
        self,
        plan: Plan,
        clock: Clock,
        engine: Engine,
        pump: Pump,
        journal: Journal,
        links: Mapping[str, tuple[str, Link]],
        workers: Sequence[Worker],
        broadcast: Broadcast,
    ) -> None:
        self.plan = plan
        self.version = importlib.metadata.version("tocsin")
        self.started_wall = clock.wall()
        self._clock = clock
        self._engine = engine
        self._pump = pump
        self._journal = journal
        self._links = links
        self._workers = workers
        self._broadcast = broadcast

    def engine_time(self) -> float:
        return self._clock.now()

    def wall_of(self, at: float) -> float:
        return self._clock.wall_of(at)

    def alarms(self) -> Sequence[AlarmStatus]:
        return self._engine.alarms()

    def explain(self, alarm: str) -> Explanation:
        return self._engine.explain(alarm)

    def faults(self) -> Sequence[FaultStatus]:
        return self._engine.faults()

    def evacuations(self) -> Sequence[EvacuationStatus]:
        return self._engine.evacuations()

    def devices(self) -> Sequence[DeviceStatus]:
        return self._engine.devices()

    def schedules(self) -> Sequence[ScheduleStatus]:
        return self._engine.schedules()

    def duty(self) -> DutyStatus | None:
        return self._engine.duty()

    def shows(self) -> Sequence[ShowStatus]:
        return self._engine.shows()

    def zone_tiers(self) -> dict[str, Tier]:
        return self._engine.zone_tiers()

    def flood_since(self) -> float | None:
        return self._engine.flood_since()

    def links(self) -> Sequence[tuple[str, str, LinkHealth]]:
        return [(name, kind, link.health) for name, (kind, link) in self._links.items()]

    def outputs(self) -> Sequence[OutputHealth]:
        return [worker.health() for worker in self._workers]

    def journal(self) -> JournalHealth:
        return self._journal.health()

    def readings_taken(self) -> int:
        return self._pump.readings_taken

    async def order(self, order: Order) -> Sequence[Decision]:
        return await self._pump.order(order)

    def subscribe(self) -> AsyncIterator[Event]:
        return self._broadcast.subscribe()
