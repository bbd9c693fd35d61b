"""The engine: told one signal at a time, it says what follows. The only state that decides anything in Tocsin.

Deterministic: the same plan and the same signals give the same decisions on any machine. Time is `signal.at` alone;
`deadline` says when a Tick is due if nothing is heard before.
"""

from collections import Counter

from msgspec.structs import replace

from rules import attendance, hearing, orders, presence, snapshot, stock
from rules.board import Board
from rules.decision import Decision
from rules.explain import Explanation, explain
from rules.left_over import LeftOver
from rules.plan import Plan
from rules.ring import ring
from rules.signal import (
    Calendar,
    Fault,
    Heard,
    LinkDown,
    LinkUp,
    Origin,
    Reading,
    Recovered,
    Reloaded,
    Resumed,
    Signal,
    Tick,
)
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
from rules.views import alarm_status, device_status, running_delays
from rules.wiring import House, wire


class Engine:
    """Holds the state of one plan. `step` changes it; nobody else can."""

    def __init__(self, plan: Plan, house: House | None = None) -> None:
        """`house` is what `wire(plan)` gave, for whoever wants to look at the live objects while the engine runs."""
        self._plan = plan
        self._board = Board(plan, house or wire(plan))
        self._devices = self._board.house.devices
        self._now = 0.0
        self._started: float | None = None
        self._rules = ""
        self._left_over = LeftOver()

    # What it is told

    def step(self, signal: Signal) -> list[Decision]:
        """Take one signal; the decisions that follow, in order. What the plan does not know is passed over."""
        out = self._board.out = []
        now = self._now = max(self._now, signal.at)
        if self._started is None:
            self._started = now
            stock.begin(self._board, now)
        if isinstance(signal, Resumed):
            stock.resume(self._board, self._left_over, signal.down_s, now)
        elif isinstance(signal, Reloaded):
            self._rules = signal.rules
            stock.take_stock(self._board, self._left_over, now)
        while (ringing := self._board.timers.pop(now)) is not None:
            due, key = ringing
            ring(self._board, key, due, now)
        match signal:
            case Reading():
                hearing.reading(self._board, signal, now)
            case Heard():
                presence.told(self._board, signal, now)
            case Fault():
                hearing.fault(self._board, signal, now)
            case Recovered():
                hearing.recovered(self._board, signal, now)
            case LinkUp() | LinkDown():
                hearing.link(self._board, signal, now)
            case Calendar():
                attendance.calendar(self._board, signal, now)
            case Tick() | Resumed() | Reloaded():
                pass
            case _:
                orders.carry_out(self._board, signal, now)
        return out

    def deadline(self) -> float | None:
        """The engine time at which something happens without being told; a Tick is due then."""
        return self._board.timers.next()

    @property
    def now(self) -> float:
        """The engine time of the last signal."""
        return self._now

    @property
    def plan(self) -> Plan:
        """What it decides by."""
        return self._plan

    @property
    def rules(self) -> str:
        """The digest of the venue's files that it was last told are in force; empty when it never was."""
        return self._rules

    def seen(self, device: str, origin: Origin) -> bool:
        """Whether this message of a device was taken already. A device that the plan does not know has no memory."""
        state = self._devices.get(device)
        return state is not None and origin in state.seen

    # What it shows

    def alarms(self) -> tuple[AlarmStatus, ...]:
        """Every alarm that is not normal or that people keep from view, worst tier first, then oldest.

        Of those that others explain, only the ones that would be in view.
        """
        found = [alarm_status(cause) for cause in self._board.causes.values() if cause.alarm.notable]
        return tuple(sorted(found, key=lambda alarm: (-alarm.tier, alarm.since, alarm.alarm)))

    def faults(self) -> tuple[FaultStatus, ...]:
        """Every standing fault, oldest first."""
        explanation = self._board.suppression.explanation
        return tuple(
            replace(fault, explained_by=explanation(fault.source, fault.code))
            for fault in self._board.faults.standing.values()
        )

    def flood_since(self) -> float | None:
        """Since when more alarms come than people can follow; None while they do not."""
        return self._board.annunciator.flood_since

    def evacuations(self) -> tuple[EvacuationStatus, ...]:
        """Every evacuation in force."""
        return tuple(self._board.evacuations.in_force.values())

    def explain(self, alarm: str) -> Explanation:
        """Why an alarm (rule@place) is as it is, or why it is not. Raises KeyError when no rule makes such an alarm."""
        return explain(self._board.causes[alarm], self._now)

    def devices(self) -> tuple[DeviceStatus, ...]:
        """Every device of the venue and what it said last."""
        return tuple(device_status(state) for state in self._devices.values())

    def zone_tiers(self) -> dict[str, Tier]:
        """The worst tier of each zone, NONE included."""
        return dict(self._board.zones.tiers)

    def running_delays(self) -> Counter[tuple[str, str, str]]:
        """In how many alarms each delay runs: by rule, tier ("" for one that is of no tier), and the delay's name."""
        return running_delays(self._board.causes.values())

    def schedules(self) -> tuple[ScheduleStatus, ...]:
        """Every schedule of the venue that was told."""
        return tuple(self._board.surroundings.schedules.values())

    def duty(self) -> DutyStatus | None:
        """Whether somebody is on duty; None where the venue's file says nothing of it."""
        return self._board.surroundings.duty()

    def shows(self) -> tuple[ShowStatus, ...]:
        """Every show that is on."""
        return tuple(self._board.surroundings.shows.values())

    # What outlives the process

    def snapshot(self) -> bytes:
        """All state, for `restore`."""
        alarms = {alarm: snapshot.of_cause(cause) for alarm, cause in self._board.causes.items()}
        return snapshot.encode(
            snapshot.EngineSnapshot(
                self._now,
                self._started,
                self._devices,
                {alarm: kept for alarm, kept in alarms.items() if kept is not None},
                list(self._board.faults.standing.values()),
                list(self._board.evacuations.in_force.values()),
                self._board.evacuations.count,
                self._rules,
                self.zone_tiers(),
                self._board.surroundings.snapshot(),
                flood_raised=list(self._board.annunciator.raised),
                flood_since=self._board.annunciator.flood_since,
            )
        )

    @classmethod
    def restore(cls, plan: Plan, body: bytes) -> "Engine":
        """An engine that goes on where the snapshot was taken; see `take_up`."""
        engine = cls(plan)
        engine.take_up(body)
        return engine

    def take_up(self, body: bytes) -> None:
        """Go on where the snapshot was taken; only for an engine that was told nothing yet.

        Alarms and faults of what the plan no longer has end with the next Resumed or Reloaded; evacuations never do.
        Delays that run are as long as the plan says now. Raises msgspec.ValidationError or msgspec.DecodeError when
        the bytes are not a snapshot.
        """
        kept = snapshot.decode(body)
        self._now, self._started, self._rules = kept.now, kept.started, kept.rules
        for device, device_kept in kept.devices.items():
            if device in self._devices:
                snapshot.into_device(self._devices[device], device_kept)
        self._board.surroundings.restore(kept.surroundings, self._plan.schedules, self._plan.venue.zones)
        causes = self._board.causes
        for alarm, alarm_kept in kept.alarms.items():
            if alarm not in causes:
                self._left_over.alarm_gone(alarm, alarm_kept)
                continue
            snapshot.into_cause(causes[alarm], alarm_kept, causes)
            if causes[alarm].investigation is None:
                self._left_over.investigation_gone(alarm, alarm_kept)
        self._board.faults.standing = {(fault.source, fault.code): fault for fault in kept.faults}
        self._board.annunciator.restore(kept.flood_raised, kept.flood_since)
        self._board.take_up(kept.alarms, kept.now)
        self._board.evacuations.restore(kept.evacuations, kept.evacuation_count)
        self._left_over.zones_told(kept.zones, self._board.zones.tiers)
        attendance.take_up(self._board)
        if self._started is not None:
            presence.take_up(self._board, self._now)
