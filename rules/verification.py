"""Alarm verification across detectors (NFPA 72): a second device that signals too is verification enough for both."""

from collections.abc import Iterable

from rules.cause import Cause
from rules.decision import Decision, Verify
from rules.evidence import evidence
from rules.level import Level
from rules.plan import Rule


class Verification:
    """Knows which alarms of a rule verify each other, and which first signals people were told of."""

    __slots__ = ("_of_rule", "_told")

    def __init__(self, rules: Iterable[Rule], causes: Iterable[Cause]) -> None:
        self._of_rule: dict[str, list[Cause]] = {}
        self._told: set[tuple[str, int]] = set()  # alarm, tier
        verifying = {rule.id for rule in rules if any(tier.verify is not None for tier in rule.tiers)}
        for cause in causes if verifying else ():
            if cause.alarm.rule.id in verifying:
                self._of_rule.setdefault(cause.alarm.rule.id, []).append(cause)

    def take_up(self) -> None:
        """After a restore: what is being verified was told before."""
        for causes in self._of_rule.values():
            for cause in causes:
                self._told.update((cause.alarm.id, level.rule.tier) for level in cause.alarm.levels if level.verifying)

    def second_devices(self, cause: Cause) -> list[Cause]:
        """The other alarms of the rule that signal while this one does, one of the two being verified; then neither
        waits longer.

        What is out of service is no second device, and has none.
        """
        found: list[Cause] = []
        if cause.alarm.disabled:
            return found
        others = [one for one in self._of_rule.get(cause.alarm.rule.id, ()) if one is not cause]
        for index, level in enumerate(cause.alarm.levels):
            signalling = [one for one in others if _signals(one, index)] if _signals(cause, index) else []
            found += [one for one in signalling if level.verifying or one.alarm.levels[index].verifying]
            for one in [cause, *signalling] if signalling else ():
                if one.alarm.levels[index].verifying:
                    one.alarm.levels[index].force()
        return found

    def first_signals(self, cause: Cause, now: float) -> list[Decision]:
        """Tell people, once, of each first signal that is being verified."""
        said: list[Decision] = []
        told = cause.alarm.rule.id in self._of_rule and not cause.alarm.disabled
        for level in cause.alarm.levels if told else ():
            key = (cause.alarm.id, int(level.rule.tier))
            if not level.verifying:
                self._told.discard(key)
            elif key not in self._told:
                self._told.add(key)
                because = evidence(cause, level.rule.tier, now)
                said.append(Verify(now, cause.alarm.id, cause.alarm.zone, _latest(level, now), because))
        return said


def _signals(cause: Cause, index: int) -> bool:
    level = cause.alarm.levels[index]
    if cause.alarm.disabled:
        return False
    return level.verifying or max(cause.alarm.standing, cause.alarm.level_tier) >= level.rule.tier


def _latest(level: Level, now: float) -> float:
    """When a verification that begins now is over at the latest."""
    verify = level.rule.verify
    assert verify is not None
    return now + verify.reset_s + verify.confirm_within_s
