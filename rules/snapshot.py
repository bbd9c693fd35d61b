"""All of the engine's state as one value that outlives the process."""

from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from rules.cause import Cause
from rules.decision import Because, State
from rules.device_state import DeviceState
from rules.held import HeldState
from rules.investigation import Step
from rules.level import Phase
from rules.overlay import Overlay
from rules.seen import Seen, SeenState
from rules.signal import Origin
from rules.status import EvacuationStatus, FaultStatus
from rules.surroundings import SurroundingsSnapshot
from rules.tier import Tier
from rules.truth import Truth
from rules.window import LowWindow, SlopeWindow

Samples = list[tuple[float, float]]
Device = TypeVar("Device")  # as it lives, or as it was kept


class DeviceSnapshot(Struct, array_like=True):
    """A device. Windows are (quantity, span, samples)."""

    heard_at: float | None
    expected_by: float
    gone: str
    values: dict[str, float | bool]
    unverified: dict[str, float | bool]
    faults: list[str]
    seen: list[SeenState]
    told: dict[str, Origin]
    lows: list[tuple[str, float, Samples]]
    slopes: list[tuple[str, float, Samples]]
    stale_after_s: float | None = None  # as `expected_by` was reckoned
    windows: dict[str, HeldState] = {}
    awaited_until: float = 0.0
    quantities: list[str] = []


class LevelSnapshot(Struct, array_like=True):
    """One tier of an alarm."""

    tier: Tier
    phase: Phase
    due: float | None
    began: float | None = None
    seen: Truth = False


class AlarmSnapshot(Struct, array_like=True):
    """An alarm that is not at rest, with its investigation if one runs or ran out."""

    zone: str
    category: str
    state: State
    tier: Tier
    standing: Tier
    sounding: bool
    since: float
    acknowledged_by: str
    because: tuple[Because, ...]
    levels: list[LevelSnapshot]
    stood: list[tuple[Tier, float]]
    step: Step = Step.IDLE
    due: float | None = None
    overdue: str = ""
    triggers: list[str] = []
    step_began: float | None = None
    held: list[str] = []
    overlays: list[Overlay] = []
    withheld: bool = False
    chatter_raised: list[float] = []
    chatter_quiet_at: float | None = None
    first_out: bool = False
    re_alarm_at: float | None = None  # where `quiet_since` is not kept: a snapshot from before there was one
    told: list[str] = []
    stood_down: Tier = Tier.NONE
    grouped: bool = False
    quiet_since: float | None = None
    asked: str | None = None  # unknown: a snapshot from before there was one


class EngineSnapshot(Struct, Generic[Device]):
    """Everything. Alarms that are at rest are left out. `rules` and `zones` are as the last decisions left them."""

    now: float
    started: float | None
    devices: dict[str, Device]
    alarms: dict[str, AlarmSnapshot]
    faults: list[FaultStatus]
    evacuations: list[EvacuationStatus]
    evacuation_count: int
    rules: str = ""
    zones: dict[str, Tier] = {}
    surroundings: SurroundingsSnapshot = msgspec.field(default_factory=SurroundingsSnapshot)
    flood_raised: list[float] = []
    flood_since: float | None = None


def encode(snapshot: EngineSnapshot[DeviceState]) -> bytes:
    """As MessagePack. Devices are written one by one: a thousand snapshots at once would take 2 MB."""
    return msgspec.msgpack.encode(snapshot, enc_hook=_of_device)


def decode(body: bytes) -> EngineSnapshot[DeviceSnapshot]:
    """Raises msgspec.ValidationError or msgspec.DecodeError when the bytes are not such a snapshot."""
    return msgspec.msgpack.decode(body, type=EngineSnapshot[DeviceSnapshot])


class _Rules(Struct):
    rules: str = ""


class _Counted(Struct):
    evacuation_count: int = 0


def rules_of(body: bytes) -> str:
    """The digest of the venue's files that a snapshot was made under; empty when it says none. Raises as `decode`."""
    return msgspec.msgpack.decode(body, type=_Rules).rules


def evacuations_counted(body: bytes) -> int:
    """How many evacuations there had been. Raises as `decode`."""
    return msgspec.msgpack.decode(body, type=_Counted).evacuation_count


def with_evacuations(body: bytes, more: Iterable[EvacuationStatus], count: int, rules: str) -> bytes:
    """The same snapshot with more evacuations in force, of which there were `count` at least, under the files with the
    digest `rules`. Raises as `decode`.
    """
    kept = decode(body)
    kept.evacuations += more
    kept.evacuation_count = max(kept.evacuation_count, count)
    kept.rules = rules
    return msgspec.msgpack.encode(kept)


def _of_device(device: DeviceState) -> DeviceSnapshot:
    """A device as it is now."""
    return DeviceSnapshot(
        device.heard_at,
        device.expected_by,
        device.gone,
        device.values,
        device.unverified,
        sorted(device.faults),
        device.seen.runs(),
        device.told,
        [(name, span_s, window.samples()) for (name, span_s), window in device.lows.items()],
        [(name, span_s, window.samples()) for (name, span_s), window in device.slopes.items()],
        device.device.stale_after_s,
        {key: window.state() for key, window in device.windows().items()},
        device.awaited_until,
        sorted(device.device.quantities),
    )


def into_device(device: DeviceState, kept: DeviceSnapshot) -> None:
    """Bring a new device state to what was kept; quantities it no longer has are dropped."""
    device.heard_at = kept.heard_at
    device.expected_by = kept.expected_by
    if kept.expected_by and kept.stale_after_s is not None:
        device.expected_by += device.device.stale_after_s - kept.stale_after_s
    device.gone = kept.gone
    device.values = {name: value for name, value in kept.values.items() if name in device.device.quantities}
    device.unverified = {name: value for name, value in kept.unverified.items() if name in device.device.quantities}
    device.faults = set(kept.faults)
    device.seen = Seen(kept.seen)
    device.told = kept.told
    for name, span_s, samples in kept.lows:
        if (name, span_s) in device.lows:
            device.lows[name, span_s] = LowWindow(span_s, samples)
    for name, span_s, samples in kept.slopes:
        if (name, span_s) in device.slopes:
            device.slopes[name, span_s] = SlopeWindow(span_s, samples)
    for key, state in kept.windows.items():
        window = device.windows().get(key)
        if window is not None:
            window.restore(state)
    if device.device.quantities <= set(kept.quantities):  # a device that measures more than before has time to tell it
        device.awaited_until = kept.awaited_until
    _begin_windows(device, kept)


def _begin_windows(device: DeviceState, kept: DeviceSnapshot) -> None:
    """A rule that is new looks back on a window that was not kept: it begins with the last value."""
    at = device.heard_at or 0.0
    for windows in (device.lows, device.slopes):
        for (name, _), window in windows.items():
            if name in device.values and not window.samples():
                window.add(at, device.values[name])
    for key, (name, held) in device.held.items():
        if name in device.values and key not in kept.windows:
            held.add(at, device.values[name])


def of_cause(cause: Cause) -> AlarmSnapshot | None:
    """An alarm as it is now; None when it is at rest and nothing of it needs to be remembered."""
    alarm, investigation = cause.alarm, cause.investigation
    at_rest = alarm.state == "normal" and all(level.phase is Phase.INACTIVE for level in alarm.levels)
    rests = at_rest and not alarm.stood and not alarm.overlays
    if rests and (investigation is None or investigation.at_rest):
        return None
    kept = AlarmSnapshot(
        alarm.zone,
        alarm.rule.category,
        alarm.state,
        alarm.tier,
        alarm.standing,
        alarm.sounding,
        alarm.since,
        alarm.acknowledged_by,
        alarm.because,
        [LevelSnapshot(level.rule.tier, level.phase, level.due, level.began, level.seen) for level in alarm.levels],
        sorted(alarm.stood.items()),
    )
    if investigation is not None:
        kept.step, kept.due, kept.overdue = investigation.step, investigation.due, investigation.overdue
        kept.triggers = [trigger.id for trigger in investigation.triggers]
        kept.step_began = investigation.began
        kept.held = [alarm.id for alarm in investigation.held]
        kept.told = sorted(investigation.told)
    kept.overlays, kept.withheld = list(alarm.overlays.values()), alarm.withheld
    kept.chatter_raised, kept.chatter_quiet_at = list(alarm.chatter.raised), alarm.chatter.quiet_at
    kept.first_out, kept.quiet_since = alarm.first_out, alarm.quiet_since
    kept.stood_down, kept.grouped, kept.asked = alarm.stood_down, alarm.grouped, alarm.asked
    return kept


def into_cause(cause: Cause, kept: AlarmSnapshot, causes: dict[str, Cause]) -> None:
    """Bring a new alarm to what was kept; tiers that the rule no longer has are dropped."""
    alarm = cause.alarm
    alarm.state, alarm.tier, alarm.standing = kept.state, kept.tier, kept.standing
    alarm.sounding, alarm.since, alarm.acknowledged_by = kept.sounding, kept.since, kept.acknowledged_by
    alarm.because = kept.because
    alarm.stood = dict(kept.stood)
    by_tier = {level.tier: level for level in kept.levels}
    for level in alarm.levels:
        if level.rule.tier in by_tier:
            was = by_tier[level.rule.tier]
            level.restore(was.phase, was.began, was.due, was.seen)
    alarm.overlays, alarm.withheld = {overlay.kind: overlay for overlay in kept.overlays}, kept.withheld
    alarm.chatter.restore(kept.chatter_raised, kept.chatter_quiet_at, alarm.level_tier)
    alarm.first_out, alarm.quiet_since = kept.first_out, kept.quiet_since
    if kept.re_alarm_at is not None:
        alarm.quiet_since = kept.re_alarm_at - (alarm.rule.re_alarm_s or 0.0)
    alarm.stood_down, alarm.grouped = kept.stood_down, kept.grouped
    alarm.asked = (alarm.rule.evacuate or "") if kept.asked is None else kept.asked
    if cause.investigation is not None:
        triggers = [causes[trigger].alarm for trigger in kept.triggers if trigger in causes]
        cause.investigation.restore(kept.step, kept.step_began, kept.due, kept.overdue, triggers)
        cause.investigation.held = [causes[alarm].alarm for alarm in kept.held if alarm in causes]
        cause.investigation.told = {alarm for alarm in kept.told if alarm in causes}
