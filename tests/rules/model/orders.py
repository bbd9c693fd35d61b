"""What people order, and who may: each is carried out or refused."""

from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Duty,
    EndShow,
    InService,
    Order,
    OrderEvacuation,
    OutOfService,
    Reset,
    Shelve,
    Silence,
    StartShow,
    Unshelve,
)
from tests.rules.model import change, evacuation, life, overlays, surroundings
from tests.rules.model.state import Alarm, State, is_up, rule_of, standing

WITH_REASON = (AllClear, StartShow, Shelve, OutOfService)


def carry_out(s: State, order: Order) -> None:
    """Do it, or say that it is refused."""
    if not _may(s, order) or not _do(s, order):
        word, target = _named(order)
        s.say("Refuse", order=word, target=target)


def _may(s: State, order: Order) -> bool:
    """What takes protection away needs a role, and some of it a reason."""
    if isinstance(order, WITH_REASON) and not order.why.strip():
        return False
    if isinstance(order, AllClear | AdvanceEvacuation):
        return order.role == "commander"
    if isinstance(order, StartShow | Shelve | OutOfService):
        return order.role in ("commander", "engineer")
    if isinstance(order, Reset) and order.alarm in s.alarms:
        return order.role == "commander" or not overlays.is_managed(rule_of(s, s.alarms[order.alarm]))
    return True


def _do(s: State, order: Order) -> bool:
    match order:
        case Acknowledge():
            return order.alarm in s.alarms and _acknowledge(s, s.alarms[order.alarm], order.who)
        case Silence():
            return _silence(s, order.alarm)
        case Reset():
            return order.alarm in s.alarms and _reset(s, s.alarms[order.alarm])
        case OrderEvacuation():
            return _evacuate(s, order.plan)
        case AdvanceEvacuation():
            return order.evacuation in s.evacuations and evacuation.advanced(s, s.evacuations[order.evacuation])
        case AllClear():
            return order.evacuation in s.evacuations and _all_clear(s, order.evacuation)
        case Duty():
            return surroundings.duty(s, order)
        case StartShow():
            return surroundings.start_show(s, order)
        case EndShow():
            return surroundings.end_show(s, order)
        case Shelve():
            return order.alarm in s.alarms and _shelve(s, s.alarms[order.alarm], order)
        case OutOfService():
            return _out_of_service(s, order)
        case Unshelve():
            return _take_back(s, order.alarm, "shelved")
        case InService():
            return _take_back(s, order.target, "out_of_service")


def _named(order: Order) -> tuple[str, str]:
    match order:
        case Acknowledge():
            return "acknowledge", order.alarm
        case Silence():
            return "silence", order.alarm or "all"
        case Reset():
            return "reset", order.alarm
        case OrderEvacuation():
            return "evacuate", order.plan
        case AdvanceEvacuation():
            return "advance", order.evacuation
        case AllClear():
            return "all-clear", order.evacuation
        case Duty():
            return "duty", "on" if order.staffed else "off"
        case StartShow():
            return "start-show", order.zone
        case EndShow():
            return "end-show", order.zone
        case Shelve():
            return "shelve", order.alarm
        case Unshelve():
            return "unshelve", order.alarm
        case OutOfService():
            return "out-of-service", order.target
        case InService():
            return "in-service", order.target


def _acknowledge(s: State, alarm: Alarm, who: str) -> bool:
    said = life.acknowledge(s, alarm, who)
    if said is not None:
        change.announce(s, alarm, said)
        change.shown_changed(s, alarm)
    return surroundings.acknowledge_investigations(s, alarm) or said is not None


def _silence(s: State, name: str) -> bool:
    """Neither acknowledged nor reset: only the sounder stops."""
    sounding = [one for one in s.alarms.values() if one["sounding"] and name in ("", one["id"])]
    for alarm in sounding:
        alarm["sounding"] = False
        change.announce(s, alarm, life.said_of(s, alarm, "Silenced"))
        change.shown_changed(s, alarm)
    return bool(sounding)


def _reset(s: State, alarm: Alarm) -> bool:
    if alarm["investigation"]["step"] in ("acknowledge", "look"):
        surroundings.stand_down(s, alarm)
        return True
    if alarm["state"] != "latched_acked":
        return False
    said = life.over(s, alarm)
    alarm["investigation"].update(step="idle", began=None, triggers=[])
    change.announce(s, alarm, said)
    change.shown_changed(s, alarm)
    surroundings.withdraw(s, alarm)
    return True


def _evacuate(s: State, plan: str) -> bool:
    if plan not in s.plan.evacuation_plans or not evacuation.ordered(s, s.plan.evacuation_plans[plan]):
        return False
    surroundings.end_shows(s)
    return True


def _all_clear(s: State, name: str) -> bool:
    one = s.evacuations.pop(name)
    s.say("EndEvacuation", evacuation=name, plan=one["plan"], zones=tuple(one["zones"]))
    surroundings.forget_overdue(s, one["plan"])
    return True


def _shelve(s: State, alarm: Alarm, order: Shelve) -> bool:
    longest_s = s.plan.limits.shelve_max_s
    for_s = longest_s if order.once and order.for_s == 0 else order.for_s
    if overlays.is_managed(rule_of(s, alarm)) or not 0 < for_s <= longest_s:
        return False
    overlays.cover(s, alarm, "shelved", s.now + for_s, order.who, order.once)
    return True


def _targets(s: State, target: str) -> list[Alarm]:
    if target in s.alarms:
        return [s.alarms[target]]
    return [one for one in s.alarms.values() if one["place"] == target and rule_of(s, one).each == "device"]


def _out_of_service(s: State, order: OutOfService) -> bool:
    alarms = _targets(s, order.target)
    if not alarms or not 0 < order.for_s <= s.plan.limits.out_of_service_max_s:
        return False
    for alarm in alarms:
        rule = rule_of(s, alarm)
        signals = (is_up(alarm) or standing(alarm)) and not _is_stuck(s, alarm, order.role)
        signals = signals or life.waits(s, alarm)
        if overlays.is_managed(rule) and (rule.each != "device" or signals):
            return False
    for alarm in alarms:
        overlays.cover(s, alarm, "out_of_service", s.now + order.for_s, order.who)
    return True


def _is_stuck(s: State, alarm: Alarm, role: str) -> bool:
    """Whether it is acknowledged and a commander says so, while nobody is led out or asked to look because of it."""
    looked_into = [
        one["investigation"]
        for one in s.alarms.values()
        if one["investigation"]["step"] in ("acknowledge", "look") and alarm["id"] in one["investigation"]["triggers"]
    ]
    return alarm["state"] == "acked" and role == "commander" and not s.evacuations and not looked_into


def _take_back(s: State, target: str, kind: str) -> bool:
    covered = [one for one in _targets(s, target) if kind in one["overlays"]]
    for alarm in covered:
        overlays.uncover(s, alarm, [kind])
    return bool(covered)
