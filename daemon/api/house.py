"""The running daemon as the API sees it."""

import importlib.metadata
from collections.abc import AsyncIterator, Mapping, Sequence

from daemon.clock import Clock
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
from daemon.history.export import Export
from daemon.journal.journal import Journal
from daemon.outbox.broadcast import Broadcast
from daemon.outbox.outbox import Outbox
from daemon.proof import Prover
from daemon.pump import Pump
from daemon.reload import Reloader
from daemon.vitals import Vitals
from drivers.contract import Link, LinkHealth
from rules.decision import Decision, Restart
from rules.explain import Explanation
from rules.plan import Plan
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


class House:
    """Implements daemon.core.Core."""

    def __init__(
        self,
        clock: Clock,
        pump: Pump,
        journal: Journal,
        links: Mapping[str, tuple[str, Link]],
        outbox: Outbox,
        broadcast: Broadcast,
        reloader: Reloader,
        exports: Sequence[Export],
        vitals: Vitals,
        provers: Sequence[Prover],
        safe_mode: str = "",
    ) -> None:
        self.version = importlib.metadata.version("tocsin")
        self.started_at = clock.now()
        self._vitals = vitals
        self.safe_mode = safe_mode
        self.restart: Restart | None = None
        self._clock = clock
        self._pump = pump
        self._journal = journal
        self._links = links
        self._outbox = outbox
        self._broadcast = broadcast
        self._reloader = reloader
        self._exports = exports
        self._provers = provers

    @property
    def plan(self) -> Plan:
        return self._pump.engine.plan

    def engine_time(self) -> float:
        return self._clock.now()

    def wall_of(self, at: float) -> float:
        return self._clock.wall_of(at)

    def alarms(self) -> Sequence[AlarmStatus]:
        return self._pump.engine.alarms()

    def explain(self, alarm: str) -> Explanation:
        return self._pump.engine.explain(alarm)

    def faults(self) -> Sequence[FaultStatus]:
        return self._pump.engine.faults()

    def evacuations(self) -> Sequence[EvacuationStatus]:
        return self._pump.engine.evacuations()

    def devices(self) -> Sequence[DeviceStatus]:
        return self._pump.engine.devices()

    def schedules(self) -> Sequence[ScheduleStatus]:
        return self._pump.engine.schedules()

    def duty(self) -> DutyStatus | None:
        return self._pump.engine.duty()

    def shows(self) -> Sequence[ShowStatus]:
        return self._pump.engine.shows()

    def zone_tiers(self) -> dict[str, Tier]:
        return self._pump.engine.zone_tiers()

    def flood_since(self) -> float | None:
        return self._pump.engine.flood_since()

    def links(self) -> Sequence[tuple[str, str, LinkHealth]]:
        return [(name, kind, link.health) for name, (kind, link) in self._links.items()]

    def outputs(self) -> Sequence[OutputHealth]:
        return self._outbox.health()

    def proofs(self) -> Sequence[ProofHealth]:
        return [prover.health() for prover in self._provers]

    def owed(self) -> Sequence[OwedDelivery]:
        return self._outbox.owed()

    def discard(self, output: str, delivery: str, who: str, why: str, role: Role) -> str:
        return self._outbox.discard(output, delivery, who, why, role)

    def journal(self) -> JournalHealth:
        return self._journal.health()

    def history(self) -> Sequence[HistoryHealth]:
        return [export.health() for export in self._exports]

    def process(self) -> ProcessHealth:
        return self._vitals.health()

    def readings_taken(self) -> int:
        return self._pump.readings_taken

    async def order(self, order: Order) -> Sequence[Decision]:
        return await self._pump.order(order)

    def rules(self) -> str:
        return self._reloader.setup.digest

    async def reload(self, who: str, why: str) -> ReloadReport:
        return await self._reloader.reload(who, why)

    def subscribe(self) -> AsyncIterator[Event]:
        return self._broadcast.subscribe()
