"""One alarm's life after ISA-18.2 (NORM, UNACK, ACKED, RTNUN, LUNACK, LACKED), and how its tiers begin and end."""

from typing import Any

from rules.plan import TierRule
from tests.rules.model.state import Alarm, Said, State, is_up, rule_of

WAITS = ("pending", "resetting", "confirming")  # phases in which a tier does not count yet but may come to
COUNTS = ("active", "returning")


# One tier: its delays are timers


def level_due(s: State, alarm: Alarm, tier: int) -> float | None:
    """When the delay that runs is over: from where it began, as long as the plan says now."""
    level = alarm["levels"][tier]
    if level["began"] is None:
        return None
    one = next(one for one in rule_of(s, alarm).tiers if one.tier == tier)
    verify_s = (one.verify.reset_s, one.verify.confirm_within_s) if one.verify else (0.0, 0.0)
    delay_s = {
        "pending": one.on_delay_s,
        "returning": one.off_delay_s,
        "resetting": verify_s[0],
        "confirming": verify_s[1],
    }
    return float(level["began"]) + delay_s[level["phase"]]


def take(level: dict[str, Any], one: TierRule, when: bool | None, clear: bool | None, now: float) -> bool:
    """What the two conditions of a tier say now. Whether it went into another phase."""
    before, level["seen"] = level["phase"], when
    if before == "inactive" and when:
        if one.verify is not None:
            enter(level, "resetting" if one.verify.reset_s > 0 else "active", now)
        else:
            enter(level, "pending" if one.on_delay_s > 0 else "active", now)
    elif before == "pending" and when is False:
        enter(level, "inactive", now)
    elif before == "confirming" and when:
        enter(level, "active", now)
    elif before == "active" and clear and when is False:
        enter(level, "returning" if one.off_delay_s > 0 else "inactive", now)
    elif before == "returning" and (when is not False or not clear):  # unknown is not clear
        enter(level, "active", now)
    return bool(level["phase"] != before)


def enter(level: dict[str, Any], phase: str, now: float) -> None:
    """Begin a phase; those that wait or return have a delay that begins with them."""
    level["phase"] = phase
    level["began"] = now if phase in (*WAITS, "returning") else None


def delay_over(level: dict[str, Any], now: float) -> None:
    """The delay of a tier is over."""
    phase = level["phase"]
    if phase in ("resetting", "confirming") and level["seen"] is not False:
        enter(level, "active", now)  # it signals still, or it cannot be told: that is no all-clear
    else:
        enter(
            level,
            {"pending": "active", "resetting": "confirming", "confirming": "inactive", "returning": "inactive"}[phase],
            now,
        )


def worst(s: State, alarm: Alarm) -> int:
    """The worst tier that counts."""
    tiers = [int(one.tier) for one in rule_of(s, alarm).tiers]
    return max((tier for tier in tiers if alarm["levels"][tier]["phase"] in COUNTS), default=0)


def waits(s: State, alarm: Alarm) -> bool:
    """Whether an on-delay, a verification or an investigation runs."""
    tiers = [int(one.tier) for one in rule_of(s, alarm).tiers]
    running = alarm["investigation"]["step"] in ("acknowledge", "look")
    return running or any(alarm["levels"][tier]["phase"] in WAITS for tier in tiers)


# The alarm: the moves of the standard


def said_of(s: State, alarm: Alarm, kind: str, **more: Any) -> Said:
    """A decision on an alarm, as it is now."""
    rule = rule_of(s, alarm)
    shown = {key: alarm[key] for key in ("place", "zone", "tier", "state", "sounding")}
    return {"say": kind, "at": s.now, "alarm": alarm["id"], "rule": rule.id, "category": rule.category, **shown, **more}


def at_rest(alarm: Alarm) -> None:
    """Nothing of it is shown any more."""
    alarm.update(tier=0, sounding=False, since=0.0, acknowledged_by="", first_out=False, grouped=False)


def _sound(alarm: Alarm, tier: int) -> None:
    alarm.update(state="unack", tier=tier, sounding=True, acknowledged_by="", grouped=False)


def follow(s: State, alarm: Alarm, before: int, after: int) -> Said | None:
    """The worst tier that is true went from one to another: what people are told of it."""
    if after:
        return _follow_danger(s, alarm, before, after)
    latching = rule_of(s, alarm).latching
    if alarm["state"] == "unack":
        alarm["state"] = "latched_unack" if latching else "rtn_unack"
        return said_of(s, alarm, "Return")
    if alarm["state"] == "acked" and latching:
        alarm["state"] = "latched_acked"
        return said_of(s, alarm, "Return")
    if alarm["state"] == "acked":
        return over(s, alarm)
    if waits(s, alarm) and alarm["state"] == "normal":
        alarm.update(state="pending", since=s.now)
    elif not waits(s, alarm) and alarm["state"] == "pending":
        alarm["state"] = "normal"
        at_rest(alarm)
    return None


def _follow_danger(s: State, alarm: Alarm, before: int, after: int) -> Said | None:
    if alarm["state"] not in ("unack", "acked"):
        if not is_up(alarm):
            alarm["since"] = s.now
        _sound(alarm, max(alarm["tier"], after) if rule_of(s, alarm).latching else after)
        return said_of(s, alarm, "Raise")
    if after > alarm["tier"]:
        _sound(alarm, after)
        return said_of(s, alarm, "Escalate")
    if after < alarm["tier"] and not rule_of(s, alarm).latching:
        alarm["tier"] = after
        return said_of(s, alarm, "StepDown")
    if before < after == alarm["tier"] and not alarm["sounding"]:  # a new danger re-sounds
        _sound(alarm, after)
        return said_of(s, alarm, "Raise")
    return None


def over(s: State, alarm: Alarm) -> Said:
    """The alarm is over."""
    alarm["state"] = "normal"
    at_rest(alarm)
    return said_of(s, alarm, "Clear")


def acknowledge(s: State, alarm: Alarm, who: str) -> Said | None:
    """A person took note; None when nothing waits for that."""
    after = {"unack": "acked", "rtn_unack": "normal", "latched_unack": "latched_acked"}.get(alarm["state"])
    if after is None:
        return None
    alarm.update(sounding=False, grouped=False, quiet_since=None, acknowledged_by=who)
    if after == "normal":
        return over(s, alarm)
    alarm["state"] = after
    return said_of(s, alarm, "Acknowledged")
