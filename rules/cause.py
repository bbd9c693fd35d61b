"""An alarm together with what makes it true: the conditions of its rule, bound to the devices they look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.aggregate import Spread, Tally
from rules.alarm import Alarm
from rules.conditions import DeviceTruth, WindowNeeds, compile_device, window_needs
from rules.device_state import DeviceState
from rules.expression import Expression
from rules.group_conditions import Group, GroupParts, GroupTruth, compile_group, group_parts
from rules.investigation import Investigation
from rules.plan import Rule
from rules.tier import Tier
from rules.truth import negate


@dataclass(frozen=True)
class CompiledRule:
    """A rule's expressions as closures, shared by all its alarms: when and clear for each tier, lowest first."""

    rule: Rule
    device: tuple[tuple[DeviceTruth, DeviceTruth | None], ...]
    group: tuple[tuple[GroupTruth, GroupTruth | None], ...]
    parts: GroupParts
    windows: tuple[WindowNeeds, ...]


def expressions_of(rule: Rule) -> list[Expression]:
    """Every expression of a rule."""
    return [text for tier in rule.tiers for text in (tier.when, tier.clear) if text is not None]


def compile_rule(rule: Rule) -> CompiledRule:
    """Compile the checked expressions of a rule."""
    expressions = expressions_of(rule)
    windows = tuple(window_needs(expression) for expression in expressions)
    if rule.each == "device":
        device = tuple(
            (compile_device(tier.when.root), compile_device(tier.clear.root) if tier.clear else None)
            for tier in rule.tiers
        )
        return CompiledRule(rule, device, (), GroupParts(), windows)
    group = tuple(
        (compile_group(tier.when.root), compile_group(tier.clear.root) if tier.clear else None) for tier in rule.tiers
    )
    return CompiledRule(rule, (), group, group_parts(expressions), windows)


class DeviceCause:
    """The alarm of one device."""

    __slots__ = ("_compiled", "alarm", "device", "investigation")

    def __init__(self, compiled: CompiledRule, alarm: Alarm, device: DeviceState) -> None:
        self._compiled = compiled.device
        self.alarm = alarm
        self.device = device
        self.investigation: Investigation | None = None

    def update(self, now: float, past: bool = False) -> bool:
        """Look again; whether any tier's phase changed. `past`: what is seen is over, so it can only raise."""
        device = self.device
        changed = False
        for level, (when, clear) in zip(self.alarm.levels, self._compiled, strict=True):
            true = when(device, now)
            if past:
                moved = level.update(true or None, None, now)
            else:
                moved = level.update(true, negate(true) if clear is None else clear(device, now), now)
            changed = changed or moved
        return changed

    @property
    def cause(self) -> "DeviceCause":
        """As a watcher, it tells itself."""
        return self

    def look(self, now: float, past: bool = False) -> bool:
        """As a watcher: the device changed."""
        return self.update(now, past)


class GroupCause:
    """The alarm of a zone or of the venue."""

    __slots__ = ("_compiled", "alarm", "group", "investigation", "members")

    def __init__(self, compiled: CompiledRule, alarm: Alarm, group: Group, members: Sequence[DeviceState]) -> None:
        self._compiled = compiled.group
        self.alarm = alarm
        self.group = group
        self.members = members
        self.investigation = Investigation(compiled.rule.investigate) if compiled.rule.investigate else None

    def update(self, now: float, past: bool = False) -> bool:
        """Look again; whether any tier's phase changed. `past`: what is seen is over, so it can only raise."""
        changed = False
        top = len(self._compiled) - 1
        for index, (level, (when, clear)) in enumerate(zip(self.alarm.levels, self._compiled, strict=True)):
            true = when(self.group, now)
            if index == top and self.investigation is not None and self.investigation.forced:
                true = True
            if past:
                moved = level.update(true or None, None, now)
            else:
                moved = level.update(true, negate(true) if clear is None else clear(self.group, now), now)
            changed = changed or moved
        return changed

    def joined_by(self, alarm: Alarm, before: Tier, after: Tier) -> bool:
        """Whether an alarm that rose from one tier to another now counts here and did not before."""
        counted = [one.at for one in self.group.coincidences.values() if alarm in one.alarms]
        if self.investigation is not None:
            counted.append(self.investigation.rule.at)
        return any(before < at <= after for at in counted)

    def refresh(self, now: float) -> None:
        """Look at every device again: the devices were restored behind the aggregates' back."""
        aggregates: list[Tally | Spread] = [*self.group.tallies.values(), *self.group.spreads.values()]
        for aggregate in aggregates:
            for member in self.members:
                if aggregate.looks_at(member):
                    aggregate.update(member, now)

    def window_expires_at(self, now: float) -> float | None:
        """The next instant at which a coincidence forgets a device."""
        ends = [coincidence.expires_at(now) for coincidence in self.group.coincidences.values()]
        return min((end for end in ends if end is not None), default=None)


class GroupWatcher:
    """Tells one zone or venue alarm that one of its devices changed."""

    __slots__ = ("_aggregates", "_member", "cause")

    def __init__(self, cause: GroupCause, member: DeviceState, aggregates: Sequence[Tally | Spread]) -> None:
        self.cause = cause
        self._member = member
        self._aggregates = aggregates

    def look(self, now: float, past: bool = False) -> bool:
        """Take over the device's change; whether any tier's phase changed with it."""
        changed = False
        for aggregate in self._aggregates:
            if aggregate.update(self._member, now):
                changed = True
        return changed and self.cause.update(now, past)


Cause = DeviceCause | GroupCause
Watcher = DeviceCause | GroupWatcher
