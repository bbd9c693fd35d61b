"""What all the fires together say: how many false alarms, how soon, and sooner than which real alarms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rules.tier import Tier
from workbench.fires.outcome import Outcome

ACT = Tier.ORANGE


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """Fires of one kind: seconds from ignition to orange. One that never reached it counts as later than all others."""

    series: str
    group: str
    fires: int
    missed: int
    median_s: float | None
    worst_s: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole folder. `compared` fires have times of real alarms."""

    fires: int
    quiet_s: float
    false: int  # fires with orange or red before ignition
    yellow: int  # fires with blue or yellow, and nothing worse, before ignition
    compared: int
    before_photo: int
    with_photo: int
    before_first: int
    with_first: int  # at the same instant
    groups: tuple[GroupSummary, ...]


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    """Of outcomes under one and the same rules."""
    compared = [one for one in outcomes if one.rang is not None]
    keys = sorted({(one.series, one.group) for one in outcomes})
    return Summary(
        fires=len(outcomes),
        quiet_s=sum(one.quiet_s for one in outcomes),
        false=sum(bool(one.false) for one in outcomes),
        yellow=sum(bool(one.before) and not one.false for one in outcomes),
        compared=len(compared),
        before_photo=_sooner(compared, lambda one: one.rang.photo_s if one.rang else None),
        with_photo=sum(one.rang is not None and one.rang.photo_s is not None for one in compared),
        before_first=_sooner(compared, lambda one: one.rang.first_s if one.rang else None),
        with_first=sum(one.rang is not None and one.first_s.get(ACT) == one.rang.first_s for one in compared),
        groups=tuple(_group(series, group, outcomes) for series, group in keys),
    )


def _sooner(outcomes: Sequence[Outcome], real: Callable[[Outcome], float | None]) -> int:
    """Fires in which orange came before the real alarm."""
    pairs = [(one.first_s.get(ACT), real(one)) for one in outcomes]
    return sum(ours is not None and theirs is not None and ours < theirs for ours, theirs in pairs)


def _group(series: str, group: str, outcomes: Sequence[Outcome]) -> GroupSummary:
    times = [one.first_s.get(ACT, float("inf")) for one in outcomes if (one.series, one.group) == (series, group)]
    middle, worst = median(times), max(times)
    return GroupSummary(
        series,
        group,
        len(times),
        sum(at == float("inf") for at in times),
        None if middle == float("inf") else middle,
        None if worst == float("inf") else worst,
    )
