"""The engine: told one signal at a time, it says what follows. The only state that decides anything in Tocsin.

Deterministic: the same plan and the same signals give the same decisions on any machine. Time is `signal.at` alone;
`deadline` says when a Tick is due if nothing is heard before.
"""

from collections import Counter

from msgspec.structs import replace

from rules import attendance, orders, snapshot
from rules.board import BLIND, Board
from rules.conditions import ABSENT, FAULTED
from rules.decision import Decision
from rules.device_state import DeviceState
from rules.explain import Explanation, explain
from rules.faults import LINK_DOWN, OFFLINE, SILENCES, SILENT, FaultRegister
from rules.left_over import LeftOver
from rules.plan import Plan
from rules.quantity import QUANTITIES, Kind, Quantity
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
from rules.timers import Timers
from rules.views import alarm_status, device_status, running_delays
from rules.wiring import House, wire

BAD_VALUE = "bad_value:"  # fault code, the quantity follows: a value that no working sensor reports
UNVERIFIED = "unverified"  # fault code: an alarm is told only by a retained message, so it may be old or may be now


class Engine:
    """Holds the state of one plan. `step` changes it; nobody else can."""

    def __init__(self, plan: Plan, house: House | None = None) -> None:
        """`house` is what `wire(plan)` gave, for whoever wants to look at the live objects while the engine runs."""
        house = house or wire(plan)
        self._plan = plan
        self._devices = house.devices
        self._watchers = house.watchers
        self._minded = house.minding.keys()
        self._timers = Timers()
        self._faults = FaultRegister()
        self._board = Board(plan, house, self._timers, self._faults)
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
            self._start(now)
        if isinstance(signal, Resumed):
            self._resume(now, signal.down_s)
        elif isinstance(signal, Reloaded):
            self._rules = signal.rules
            self._take_stock(now)
        self._run_timers(now)
        match signal:
            case Reading():
                self._reading(signal, now)
            case Heard():
                self._heard(signal, now)
            case Fault():
                self._fault(signal, now)
            case Recovered():
                self._recovered(signal.source, signal.code, now)
            case LinkUp():
                self._link(self._faults.end(signal.link, LINK_DOWN, now), signal.link, now)
            case LinkDown():
                self._link(self._faults.report(signal.link, LINK_DOWN, signal.reason, now), signal.link, now)
            case Calendar():
                attendance.calendar(self._board, signal, now)
            case Tick() | Resumed() | Reloaded():
                pass
            case _:
                orders.carry_out(self._board, signal, now)
        return out

    def deadline(self) -> float | None:
        """The engine time at which something happens without being told; a Tick is due then."""
        return self._timers.next()

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
            for fault in self._faults.standing.values()
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
        """In how many alarms each delay runs: by rule, tier ("" for an investigation), and the delay's name."""
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
                {device: snapshot.of_device(state) for device, state in self._devices.items()},
                {alarm: kept for alarm, kept in alarms.items() if kept is not None},
                list(self._faults.standing.values()),
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
        self._faults.standing = {(fault.source, fault.code): fault for fault in kept.faults}
        self._board.annunciator.restore(kept.flood_raised, kept.flood_since)
        self._board.take_up(kept.alarms, kept.now)
        self._board.evacuations.restore(kept.evacuations, kept.evacuation_count)
        self._left_over.zones_told(kept.zones, self._board.zones.tiers)
        self._expect_all()

    def _expect_all(self) -> None:
        """After a restore: set the silence timers; a device that is new to the plan is expected from now on."""
        if self._started is None:
            return
        for state in self._devices.values():
            state.expected_by = state.expected_by or self._now + state.device.stale_after_s
            state.awaited_until = state.awaited_until or self._now + state.device.stale_after_s
            self._timers.set(("silent", state.device.id), None if state.absent else state.expected_by)
            self._timers.set(("held", state.device.id), state.due(self._now))
            if state.device.id in self._minded and state.awaited_until > self._now:
                self._timers.set(("awaited", state.device.id), state.awaited_until)

    # Readings

    def _reading(self, reading: Reading, now: float) -> None:
        state = self._devices.get(reading.device)
        quantity = QUANTITIES.get(reading.quantity)
        if state is None or quantity is None or reading.quantity not in state.device.quantities:
            return
        if not quantity.accepts(reading.value):
            self._fault(_bad_value(reading, quantity, now), now)
        elif reading.provenance == "retained":
            self._retained(state, reading, now)
        else:
            self._live(state, reading, quantity, now)

    def _live(self, state: DeviceState, reading: Reading, quantity: Quantity, now: float) -> None:
        self._hear(state, now)
        if reading.origin is not None:
            state.seen.add(reading.origin)
            if state.is_late(reading.quantity, reading.origin) and quantity.kind is not Kind.EVENT:
                self._late(state, reading, now)
                return
            state.told[reading.quantity] = reading.origin
        before = state.values.get(reading.quantity)
        state.believe(reading.quantity, reading.value, now)
        if state.faults:
            self._end_value_faults(state, reading.quantity, now)
        if before == reading.value and quantity.kind is Kind.STATE:
            return
        self._look(state, reading.quantity, now)
        if quantity.kind is Kind.EVENT:
            state.values[reading.quantity] = False
            self._look(state, reading.quantity, now)

    def _late(self, state: DeviceState, reading: Reading, now: float) -> None:
        """News overtook this reading on its way. It counts as an instant of the past: it can raise an alarm, and ends
        none. The news may be unknown by now: the device was silent in between.
        """
        newer = state.values.get(reading.quantity)
        state.values[reading.quantity] = reading.value
        self._look(state, reading.quantity, now, past=True)
        if newer is None:
            del state.values[reading.quantity]
        else:
            state.values[reading.quantity] = newer
        self._look(state, reading.quantity, now)

    def _look(self, state: DeviceState, name: str, now: float, past: bool = False) -> None:
        """Something of this name changed at a device: let those look who watch it. `past`: as it was, no longer is."""
        state.count(name, now, past)
        self._board.look(self._watchers[state.device.id].get(name, ()), now, past)
        self._timers.set(("held", state.device.id), state.due(now))

    def _retained(self, state: DeviceState, reading: Reading, now: float) -> None:
        """A state of unknown age: shown, never believed. An alarm in it is a fault to look at."""
        if reading.quantity in state.values:
            return
        state.unverified[reading.quantity] = reading.value
        if QUANTITIES[reading.quantity].alarming and reading.value is True:
            text = f"a retained message says {reading.quantity}; whether it is so now is unknown: look at the device"
            self._fault(Fault(now, reading.device, UNVERIFIED, text), now)

    def _end_value_faults(self, state: DeviceState, quantity: str, now: float) -> None:
        """A good value ends the faults that its bad or its unverified predecessor caused."""
        if f"{BAD_VALUE}{quantity}" in state.faults:
            self._recovered(state.device.id, f"{BAD_VALUE}{quantity}", now)
        still = any(value is True and QUANTITIES[name].alarming for name, value in state.unverified.items())
        if UNVERIFIED in state.faults and not still:
            self._recovered(state.device.id, UNVERIFIED, now)

    # Presence and faults

    def _heard(self, heard: Heard, now: float) -> None:
        state = self._devices.get(heard.device)
        if state is None:
            return
        if heard.online:
            self._hear(state, now)
        else:
            self._lose(state, OFFLINE, "it was reported offline: look at the device and its power", now)

    def _hear(self, state: DeviceState, now: float) -> None:
        state.heard_at = now
        state.expected_by = now + state.device.stale_after_s
        if not state.absent:
            return
        state.gone = ""
        self._timers.set(("silent", state.device.id), state.expected_by)
        self._await(state, now)
        for code in SILENCES:
            self._board.out += self._faults.end(state.device.id, code, now)
        self._look(state, ABSENT, now)

    def _lose(self, state: DeviceState, code: str, text: str, now: float) -> None:
        """The device is gone: everything it said is unknown from now on.

        Rules that ask `absent` look once while the last values still count, so that `on_battery and absent` is true of
        a UPS that falls silent on battery.
        """
        if state.absent:
            return
        state.gone = text
        self._timers.set(("silent", state.device.id), None)
        explained_by = self._board.suppression.explanation(state.device.id, code)
        self._board.out += self._faults.report(state.device.id, code, text, now, explained_by)
        self._look(state, ABSENT, now)
        state.forget(now)
        for name in sorted(self._watchers[state.device.id]):
            self._look(state, name, now)
        self._board.stop_waiting(state.device.id, now)

    def _fault(self, fault: Fault, now: float) -> None:
        explained_by = self._board.suppression.explanation(fault.source, fault.code)
        self._board.out += self._faults.report(fault.source, fault.code, fault.text, now, explained_by)
        state = self._devices.get(fault.source)
        if state is None:
            return
        state.faults.add(fault.code)
        self._look(state, FAULTED, now)
        if fault.quantity is not None and state.doubt(fault.quantity, now):
            self._look(state, fault.quantity, now)

    def _link(self, said: list[Decision], link: str, now: float) -> None:
        """A link went down or came up: what it explains is hidden, or shown again."""
        self._board.out += said
        if said:
            self._board.suppress(self._board.suppression.behind(link), now)

    def _recovered(self, source: str, code: str, now: float) -> None:
        self._board.out += self._faults.end(source, code, now)
        state = self._devices.get(source)
        if state is not None:
            state.faults.discard(code)
            self._look(state, FAULTED, now)

    # Time

    def _start(self, now: float) -> None:
        """The first signal ever: from here on every device is expected to be heard."""
        self._started = now
        for state in self._devices.values():
            state.expected_by = now + state.device.stale_after_s
            self._timers.set(("silent", state.device.id), state.expected_by)
            self._await(state, now)

    def _await(self, state: DeviceState, now: float) -> None:
        """Give a device its staleness time to tell what is not known yet; then it matters to those who mind."""
        state.awaited_until = now + state.device.stale_after_s
        if state.device.id in self._minded:
            self._timers.set(("awaited", state.device.id), state.awaited_until)

    def _resume(self, now: float, down_s: float) -> None:
        """Nothing was heard while the process was down: that is no device's silence."""
        for state in self._devices.values():
            if not state.absent:
                state.expected_by = max(state.expected_by, now + state.device.stale_after_s)
                if state.awaited_until > now - down_s:
                    self._await(state, now)
        self._board.restart_delays(now)
        self._take_stock(now)

    def _take_stock(self, now: float) -> None:
        """The venue's files may have changed: what stood and can stand no more ends, and each rule looks at what is
        known already, before any delay is over: a condition that is no longer asked must not become an alarm.
        """
        self._board.out += self._left_over.end(self._plan, self._board.zones.tiers, now)
        for state in self._devices.values():
            self._pass_time(state, now)
        self._board.look_at_all(now)
        for source, code in list(self._faults.standing):
            if not self._can_be_faulted(source, code):
                self._board.out += self._faults.end(source, code, now)
        self._board.out += self._board.evacuations.reroute(now, ())

    def _can_be_faulted(self, source: str, code: str) -> bool:
        """Whether a source is a device, a link or what stands behind it, an output, or Tocsin itself, or the place of
        an alarm whose rule still reports that it cannot decide.
        """
        if code.startswith(BLIND):
            cause = self._board.causes.get(f"{code.removeprefix(BLIND)}@{source}")
            return cause is not None and cause.alarm.rule.unknown == "fault"
        owner = source.partition("/")[0]
        return source in self._devices or owner in self._plan.venue.links or owner in ("tocsin", "output")

    def _run_timers(self, now: float) -> None:
        while (ringing := self._timers.pop(now)) is not None:
            due, key = ringing
            if key[0] == "silent":
                self._silent(self._devices[key[1]], due, now)
            elif key[0] == "show":
                attendance.show_over(self._board, key[1], now)
            elif key[0] == "held":
                self._pass_time(self._devices[key[1]], now)
            elif key[0] == "awaited":
                self._board.stop_waiting(key[1], now)
            else:
                self._board.ring(key, now)

    def _pass_time(self, state: DeviceState, now: float) -> None:
        """A window of a device lets go of a value, or its mean crosses a threshold, although nothing was heard. What is
        counted may be new.
        """
        for name in state.timed_names():
            state.count(name, now)
            self._board.look_later(self._watchers[state.device.id].get(name, ()), now)
        self._timers.set(("held", state.device.id), state.due(now))

    def _silent(self, state: DeviceState, due: float, now: float) -> None:
        """The silence timer is set lazily: it is moved only when it rings, not with every reading."""
        if state.expected_by > due:
            self._timers.set(("silent", state.device.id), state.expected_by)
            return
        last = "never heard" if state.heard_at is None else f"last heard {now - state.heard_at:.1f} s ago"
        text = f"nothing heard within {state.device.stale_after_s:g} s ({last}): look at the device and its link"
        self._lose(state, SILENT, text, now)


def _bad_value(reading: Reading, quantity: Quantity, now: float) -> Fault:
    text = f"{quantity.name} {reading.value!r} is not {quantity.expected}"
    return Fault(now, reading.device, f"{BAD_VALUE}{quantity.name}", text, quantity.name)
