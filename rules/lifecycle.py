"""What an alarm's change means to people: moves along the table of `rules.alarm`, each with its decision."""

from typing import Any, TypeVar

from rules.alarm import Alarm, Move
from rules.decision import (
    Acknowledged,
    AlarmChange,
    AlarmDecision,
    Because,
    Clear,
    Escalate,
    Raise,
    ReAlarm,
    Return,
    Silenced,
    StepDown,
)
from rules.tier import Tier

Change = TypeVar("Change", bound=AlarmChange)


def settle(
    alarm: Alarm, before: Tier, after: Tier, waiting: bool, because: tuple[Because, ...], now: float
) -> AlarmDecision | None:
    """Bring an alarm in view in line with its condition.

    `before` and `after` are the worst tiers whose condition was and is true; `waiting` says that an on-delay or an
    investigation runs.
    """
    if after:
        return _stand(alarm, before, after, because, now)
    if alarm.state in ("unack", "acked"):
        return _return(alarm, now)
    if waiting and alarm.can(Move.START):
        alarm.move(Move.START)
        alarm.since = now
    elif not waiting and alarm.can(Move.LAPSE):
        alarm.move(Move.LAPSE)
        alarm.settle()
    return None


def _stand(alarm: Alarm, before: Tier, after: Tier, because: tuple[Because, ...], now: float) -> AlarmDecision | None:
    if alarm.can(Move.RAISE):
        if alarm.state in ("normal", "pending"):
            alarm.since = now
        alarm.move(Move.RAISE)
        _sound(alarm, max(alarm.tier, after) if alarm.rule.latching else after, because)
        return change(Raise, alarm, now)
    if after > alarm.tier:
        alarm.move(Move.ESCALATE)
        _sound(alarm, after, because)
        return change(Escalate, alarm, now)
    if after < alarm.tier and not alarm.rule.latching:
        alarm.tier = after
        alarm.because = because
        return change(StepDown, alarm, now)
    if before < after == alarm.tier and not alarm.sounding:
        alarm.move(Move.RISE_AGAIN)
        _sound(alarm, after, because)
        return change(Raise, alarm, now)
    return None


def re_alarm(alarm: Alarm, now: float) -> ReAlarm:
    """The time after which an alarm that stands without a sound sounds again is over."""
    alarm.move(Move.RE_ALARM)
    _sound(alarm, alarm.tier, alarm.because)
    return change(ReAlarm, alarm, now)


def time_re_alarm(alarm: Alarm, now: float) -> None:
    """Begin or end the time after which an alarm that stands without a sound sounds again.

    It is not begun for one that has made no sound because of a flood: that would sound in the flood after all.
    """
    quiet = alarm.state in ("unack", "acked") and not alarm.sounding and not alarm.grouped
    if alarm.rule.re_alarm_s is None or not quiet:
        alarm.quiet_since = None
    elif alarm.quiet_since is None:
        alarm.quiet_since = now


def _sound(alarm: Alarm, tier: Tier, because: tuple[Because, ...]) -> None:
    alarm.tier = tier
    alarm.because = because
    alarm.sounding = True
    alarm.grouped = False
    alarm.acknowledged_by = ""


def _return(alarm: Alarm, now: float) -> AlarmDecision:
    alarm.move(Move.LATCH if alarm.rule.latching else Move.RETURN)
    if alarm.state == "normal":
        return _clear(alarm, now, alarm.because)
    return change(Return, alarm, now)


def _clear(alarm: Alarm, now: float, because: tuple[Because, ...]) -> Clear:
    alarm.settle()
    return change(Clear, alarm, now, because)


def acknowledge(alarm: Alarm, who: str, why: str, now: float) -> Acknowledged | Clear | None:
    """A person took note; None when there is nothing to acknowledge in this state."""
    if not alarm.can(Move.ACKNOWLEDGE):
        return None
    alarm.move(Move.ACKNOWLEDGE)
    alarm.sounding = False
    alarm.grouped = False
    alarm.quiet_since = None
    alarm.acknowledged_by = who
    by = (Because(now, who, why),)
    return _clear(alarm, now, by) if alarm.state == "normal" else change(Acknowledged, alarm, now, by)


def silence(alarm: Alarm, who: str, why: str, now: float) -> Silenced:
    """A person stopped the sounder of an alarm that sounds."""
    alarm.sounding = False
    return change(Silenced, alarm, now, (Because(now, who, why),))


def reset(alarm: Alarm, who: str, why: str, now: float) -> Clear | None:
    """A person reset a latched alarm; None when the table does not allow it in this state."""
    if not alarm.can(Move.RESET):
        return None
    alarm.move(Move.RESET)
    return _clear(alarm, now, (Because(now, who, why),))


def change(
    kind: type[Change], alarm: Alarm, now: float, because: tuple[Because, ...] | None = None, **more: Any
) -> Change:
    """A decision of this kind, showing the alarm as it is now; `more` are the fields that only this kind has."""
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
        **more,
    )
