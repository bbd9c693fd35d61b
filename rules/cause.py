"""An alarm together with what makes it true: the conditions of its rule, bound to the devices they look at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rules.aggregate import Spread, Tally
from rules.alarm import Alarm
from rules.coincidence import Coincidence
from rules.conditions import compile_device
from rules.device_state import DeviceState
from rules.expression import Expression, Node
from rules.group_conditions import Group, GroupParts, compile_group, group_parts
from rules.investigation import Investigation
from rules.level import Phase
from rules.plan import Rule
from rules.tier import Tier
from rules.truth import Truth, negate

Subject = TypeVar("Subject")
Conditions = tuple[tuple[Callable[[Subject, float], Truth], Callable[[Subject, float], Truth] | None], ...]


@dataclass(frozen=True)
class CompiledRule:
    """A rule's expressions as closures, shared by all its alarms: when and clear for each tier, lowest first."""

    rule: Rule
    device: Conditions[DeviceState]
    group: Conditions[Group]
    parts: GroupParts
    names: frozenset[str]  # quantities and states of devices that any of them reads


def expressions_of(rule: Rule) -> list[Expression]:
    """Every expression of a rule."""
    return [text for tier in rule.tiers for text in (tier.when, tier.clear) if text is not None]


def compile_rule(rule: Rule) -> CompiledRule:
    """Compile the checked expressions of a rule."""
    expressions = expressions_of(rule)
    names = frozenset[str]().union(*(expression.quantities for expression in expressions))
    if rule.each == "device":
        return CompiledRule(rule, _conditions(rule, compile_device), (), GroupParts(), names)
    return CompiledRule(rule, (), _conditions(rule, compile_group), group_parts(expressions), names)


def _conditions(rule: Rule, compiled: Callable[[Node], Callable[[Subject, float], Truth]]) -> Conditions[Subject]:
    return tuple((compiled(tier.when.root), compiled(tier.clear.root) if tier.clear else None) for tier in rule.tiers)


class _Cause(Generic[Subject]):
    """What the causes have in common. `blind`: its condition is unknown, and its rule makes that a fault.

    `looked_at` is the instant of the last look.
    """

    __slots__ = ("_compiled", "_names", "_subject", "alarm", "blind", "investigation", "looked_at", "members")

    def __init__(
        self,
        compiled: CompiledRule,
        conditions: Conditions[Subject],
        alarm: Alarm,
        subject: Subject,
        members: Sequence[DeviceState],
    ) -> None:
        self._compiled = conditions
        self._names = compiled.names
        self._subject = subject
        self.alarm = alarm
        self.members = members
        self.blind = False
        self.looked_at = 0.0
        self.investigation: Investigation | None = None

    def update(self, now: float, past: bool = False) -> bool:
        """Look again; whether any tier's phase changed. `past`: what is seen is over, so it can only raise."""
        changed = unknown = False
        self.looked_at = now
        for level, (when, clear) in zip(self.alarm.levels, self._compiled, strict=True):
            true = when(self._subject, now)
            if self.investigation is not None and self.investigation.forced and level is self.alarm.levels[-1]:
                true = True
            if past:
                moved = bool(true) and level.update(True, None, now)
            elif true is False and level.phase is Phase.INACTIVE:  # nearly all, nearly always: nothing is to be cleared
                level.seen = False
                continue
            else:
                clears = negate(true) if clear is None else clear(self._subject, now)
                if true is None:
                    unknown = True
                    true = self._assumed(now)
                moved = level.update(true, clears, now)
            changed = changed or moved
        if self.alarm.rule.unknown == "fault" and not past and not (unknown and self._awaits(now)):
            self.blind = unknown
        return changed

    @property
    def waiting(self) -> bool:
        """Whether an on-delay or an investigation runs."""
        return self.alarm.raising_at is not None or (self.investigation is not None and self.investigation.running)

    def truth(self, tier: Tier, now: float) -> Truth:
        """Whether the condition of a tier of its rule is true by what is known."""
        tiers = [level.rule.tier for level in self.alarm.levels]
        when, _ = self._compiled[tiers.index(tier)]
        return when(self._subject, now)

    def untold(self) -> list[str]:
        """The devices that do not tell what its conditions look at."""
        return [member.device.id for member in self.members if member.untold(self._names)]

    def _assumed(self, now: float) -> Truth:
        """What an unknown condition is taken for. A device that has just begun to be heard has time to tell."""
        return True if self.alarm.rule.unknown == "assume_alarm" and not self._awaits(now) else None

    def _awaits(self, now: float) -> bool:
        return any(member.awaits(self._names, now) for member in self.members)


class DeviceCause(_Cause[DeviceState]):
    """The alarm of one device. `coincidences` are the alarms of other rules that it reads."""

    __slots__ = ("coincidences", "device")

    def __init__(
        self, compiled: CompiledRule, alarm: Alarm, device: DeviceState, coincidences: Sequence[Coincidence] = ()
    ) -> None:
        super().__init__(compiled, compiled.device, alarm, device, (device,))
        self.device = device
        self.coincidences = coincidences

    @property
    def cause(self) -> "DeviceCause":
        """As a watcher, it tells itself."""
        return self

    def take(self, now: float) -> "DeviceCause":
        """As a watcher: the device changed, which is always something new to look at."""
        return self

    def joined_by(self, alarm: Alarm, before: Tier, after: Tier) -> bool:
        """Whether an alarm that rose from one tier to another now counts here and did not before."""
        return any(before < one.at <= after for one in self.coincidences if alarm in one.alarms)


class GroupCause(_Cause[Group]):
    """The alarm of a zone or of the venue."""

    __slots__ = ("group",)

    def __init__(self, compiled: CompiledRule, alarm: Alarm, group: Group, members: Sequence[DeviceState]) -> None:
        super().__init__(compiled, compiled.group, alarm, group, members)
        self.group = group
        self.investigation = Investigation(compiled.rule.investigate) if compiled.rule.investigate else None

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

    def window_expires_at(self) -> float | None:
        """The first instant after the last look at which a coincidence forgets a device."""
        ends = [coincidence.expires_at(self.looked_at) for coincidence in self.group.coincidences.values()]
        return min((end for end in ends if end is not None), default=None)


class GroupWatcher:
    """Tells one zone or venue alarm that one of its devices changed."""

    __slots__ = ("_aggregates", "_member", "cause")

    def __init__(self, cause: GroupCause, member: DeviceState, aggregates: Sequence[Tally | Spread]) -> None:
        self.cause = cause
        self._member = member
        self._aggregates = aggregates

    def take(self, now: float) -> GroupCause | None:
        """Take over the device's change; the alarm's cause when there is something new to look at.

        To a rule that minds the unknown it is something new that a device has told all it measures.
        """
        changed = self.cause.alarm.rule.unknown != "hold"
        for aggregate in self._aggregates:
            if aggregate.update(self._member, now):
                changed = True
        return self.cause if changed else None


Cause = DeviceCause | GroupCause
Watcher = DeviceCause | GroupWatcher
