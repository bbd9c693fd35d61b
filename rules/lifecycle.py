"""What an alarm's change means to people: moves along the table of `rules.alarm`, each with its decision."""

from typing import TypeVar

from rules.alarm import Alarm, Move
from rules.decision import (
    Acknowledged,
    AlarmChange,
    Because,
    Clear,
    Decision,
    Escalate,
    Raise,
    Return,
    Silenced,
    StepDown,
)
from rules.tier import Tier

Change = TypeVar("Change", bound=AlarmChange)


def settle(alarm: Alarm, after: Tier, waiting: bool, because: tuple[Because, ...], now: float) -> Decision | None:
    """Bring an alarm in line with its condition.

    `after` is the worst tier whose condition is true now; `waiting` says that an on-delay or an investigation runs.
    """
    if after:
        return _stand(alarm, after, because, now)
    if alarm.state in ("unack", "acked"):
        return _return(alarm, now)
    if waiting and alarm.can(Move.START):
        alarm.move(Move.START)
        alarm.since = now
    elif not waiting and alarm.can(Move.LAPSE):
        alarm.move(Move.LAPSE)
        alarm.settle()
    return None


def _stand(alarm: Alarm, after: Tier, because: tuple[Because, ...], now: float) -> Decision | None:
    if alarm.can(Move.RAISE):
        if alarm.state in ("normal", "pending"):
            alarm.since = now
        alarm.move(Move.RAISE)
        _sound(alarm, max(alarm.tier, after), because)
        return change(Raise, alarm, now)
    if after > alarm.tier:
        alarm.move(Move.ESCALATE)
        _sound(alarm, after, because)
        return change(Escalate, alarm, now)
    if after < alarm.tier and not alarm.rule.latching:
        alarm.tier = after
        alarm.because = because
        return change(StepDown, alarm, now)
    return None


def _sound(alarm: Alarm, tier: Tier, because: tuple[Because, ...]) -> None:
    alarm.tier = tier
    alarm.because = because
    alarm.sounding = True
    alarm.acknowledged_by = ""


def _return(alarm: Alarm, now: float) -> Decision:
    alarm.move(Move.LATCH if alarm.rule.latching else Move.RETURN)
    if alarm.state == "normal":
        return _clear(alarm, now, alarm.because)
    return change(Return, alarm, now)


def _clear(alarm: Alarm, now: float, because: tuple[Because, ...]) -> Decision:
    alarm.settle()
    return change(Clear, alarm, now, because)


def acknowledge(alarm: Alarm, who: str, why: str, now: float) -> Decision | None:
    """A person took note; None when there is nothing to acknowledge in this state."""
    if not alarm.can(Move.ACKNOWLEDGE):
        return None
    alarm.move(Move.ACKNOWLEDGE)
    alarm.sounding = False
    alarm.acknowledged_by = who
    by = (Because(now, who, why),)
    return _clear(alarm, now, by) if alarm.state == "normal" else change(Acknowledged, alarm, now, by)


def silence(alarm: Alarm, who: str, why: str, now: float) -> Decision | None:
    """A person stopped the sounder; None when it did not sound."""
    if not alarm.sounding:
        return None
    alarm.sounding = False
    return change(Silenced, alarm, now, (Because(now, who, why),))


def reset(alarm: Alarm, who: str, why: str, now: float) -> Decision | None:
    """A person reset a latched alarm; None when the table does not allow it in this state."""
    if not alarm.can(Move.RESET):
        return None
    alarm.move(Move.RESET)
    return _clear(alarm, now, (Because(now, who, why),))


def change(kind: type[Change], alarm: Alarm, now: float, because: tuple[Because, ...] | None = None) -> Change:
    """A decision of this kind, showing the alarm as it is now."""
    return kind(
        at=now,
        alarm=alarm.id,
        rule=alarm.rule.id,
        place=alarm.place,
        zone=alarm.zone,
        category=alarm.rule.category,
        tier=alarm.tier,
        state=alarm.state,
        sounding=alarm.sounding,
        because=alarm.because if because is None else because,
    )
