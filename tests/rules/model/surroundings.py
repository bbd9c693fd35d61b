"""What is true around the devices, and what waits for people: schedules, duty, shows, verification, investigation."""

from collections.abc import Callable, Iterator
from functools import partial

from rules.signal import Calendar, Duty, EndShow, StartShow
from tests.rules.model import change, evacuation, life, tree
from tests.rules.model.state import Alarm, State, holders, is_disabled, is_up, rule_of, standing, stands

Timer = tuple[float, str, str, Callable[[], None]]


def timers(s: State) -> Iterator[Timer]:
    """The ends of shows."""
    for zone, show in s.shows.items():
        yield show["until"], "show", zone, partial(_show_over, s, zone)


def timers_of(s: State, alarm: Alarm) -> Iterator[Timer]:
    """The end of the step of an investigation that runs."""
    looked_into = alarm["investigation"]
    if looked_into["step"] in ("acknowledge", "look"):
        yield step_due(s, alarm), "investigate", alarm["id"], lambda: _take_as_true(s, alarm)


# Schedules, duty, shows


def calendar(s: State, told: Calendar) -> None:
    """A schedule says something else. A person's word on duty is over when the duty schedule goes another way."""
    if told.schedule not in s.plan.schedules:
        return
    if told.schedule in s.schedules and s.schedules[told.schedule] is told.active:
        return
    nobody = tree.nobody_on_duty(s)
    s.schedules[told.schedule] = told.active
    on_duty = s.plan.duty is not None and told.schedule == s.plan.duty.schedule
    if s.duty_word is not None and on_duty and told.active is not None:
        if s.duty_word["against"] is None:
            s.duty_word["against"] = told.active
        elif s.duty_word["against"] is not told.active:
            s.duty_word = None
    changed = {told.schedule}
    if tree.nobody_on_duty(s) != nobody:
        s.say("DutyChange", staffed=nobody)
        changed.add("nobody_on_duty")
    _look_around(s, changed)


def duty(s: State, said: Duty) -> bool:
    """A person says whether somebody is on duty. Refused where the venue knows no duty."""
    if s.plan.duty is None:
        return False
    s.duty_word = {"staffed": said.staffed, "against": s.schedules.get(s.plan.duty.schedule)}
    s.say("DutyChange", staffed=said.staffed)
    _look_around(s, {"nobody_on_duty"})
    return True


def reconsider(s: State) -> None:
    """The rules may be others. A duty schedule of which nothing was told yet will be told, and then this is done."""
    if (
        s.plan.duty is None
        or not s.plan.duty.schedule
        or s.duty_word is not None
        or s.plan.duty.schedule in s.schedules
    ):
        _wait_for_nobody(s)
        begin_held(s)
        _begin_overlooked(s)


def _begin_overlooked(s: State) -> None:
    """What stands, was never brought to an investigation that came with other rules, and nobody has stood down."""
    for alarm in list(s.alarms.values()):
        rule = rule_of(s, alarm).investigate
        if rule is None:
            continue
        for one in [one for name in rule.of for one in s.alarms.values() if one["rule"] == name]:
            told = one["id"] in alarm["investigation"]["told"]
            if (
                not told
                and change.may_look_into(s, alarm, one)
                and stands(one, rule.at)
                and one["stood_down"] < rule.at
            ):
                begin_investigation(s, alarm, one)


def _look_around(s: State, changed: set[str]) -> None:
    """All look who ask about it."""
    _wait_for_nobody(s)
    for word in sorted(changed):
        for alarm in list(s.alarms.values()):
            if word in change.words_around(s, alarm):
                change.look(s, alarm)
    begin_held(s)
    _begin_overlooked(s)


def _wait_for_nobody(s: State) -> None:
    """With nobody on duty no show goes on and nothing waits for people."""
    if tree.nobody_on_duty(s):
        for zone in sorted(s.shows):
            _end_show(s, zone)
        for alarm in list(s.alarms.values()):
            if alarm["investigation"]["step"] in ("acknowledge", "look"):
                _take_as_true(s, alarm)


def start_show(s: State, order: StartShow) -> bool:
    """Haze on a stage: at most four hours, and somebody watches."""
    if order.zone not in s.plan.venue.zones or not 0 < order.for_s <= 4 * 3600 or tree.nobody_on_duty(s):
        return False
    if order.zone == s.plan.venue.root or s.evacuations or _fire_in(s, order.zone):
        return False
    s.shows[order.zone] = {"since": s.now, "until": s.now + order.for_s, "who": order.who}
    s.say("ShowMode", zone=order.zone, deadline=s.now + order.for_s, who=order.who)
    return True


def _fire_in(s: State, zone: str) -> bool:
    return any(
        rule_of(s, one).category == "fire"
        and (is_up(one) or stands(one, 1))
        and (zone in holders(s, one["zone"]) or one["zone"] in holders(s, zone))
        for one in s.alarms.values()
    )


def end_shows(s: State) -> None:
    """People are led out: no show goes on."""
    for zone in sorted(s.shows):
        _end_show(s, zone)
    begin_held(s)


def end_show(s: State, order: EndShow) -> bool:
    """A person ends it."""
    if order.zone not in s.shows:
        return False
    _show_over(s, order.zone)
    return True


def _show_over(s: State, zone: str) -> None:
    _end_show(s, zone)
    begin_held(s)


def _end_show(s: State, zone: str) -> None:
    del s.shows[zone]
    s.say("EndShowMode", zone=zone)


# Verification


def verify(s: State, alarm: Alarm) -> None:
    """A second detector of the rule that signals, or stands, verifies both. People are told each first signal once."""
    if is_disabled(alarm):
        return
    seconds = []
    others = [one for one in s.alarms.values() if one is not alarm and one["rule"] == alarm["rule"]]
    for tier in (int(one.tier) for one in rule_of(s, alarm).tiers):
        if _signals(s, alarm, tier):
            signalling = [one for one in others if _signals(s, one, tier)]
            seconds += [one for one in signalling if _verifies(alarm, tier) or _verifies(one, tier)]
            for one in [alarm, *signalling] if signalling else []:
                if _verifies(one, tier):
                    life.enter(one["levels"][tier], "active", s.now)
    for one in seconds:
        change.settle(s, one)
    for rule in rule_of(s, alarm).tiers:
        tier, told = int(rule.tier), alarm["verifying_told"]
        if not _verifies(alarm, tier):
            told.discard(tier)
        elif tier not in told and rule.verify is not None:
            told.add(tier)
            deadline = s.now + rule.verify.reset_s + rule.verify.confirm_within_s
            s.say("Verify", alarm=alarm["id"], zone=alarm["zone"], deadline=deadline)


def _signals(s: State, alarm: Alarm, tier: int) -> bool:
    worst = max(standing(alarm), life.worst(s, alarm))
    return not is_disabled(alarm) and (_verifies(alarm, tier) or worst >= tier)


def _verifies(alarm: Alarm, tier: int) -> bool:
    return alarm["levels"][tier]["phase"] in ("resetting", "confirming")


# Investigation


def step_due(s: State, alarm: Alarm) -> float:
    """When the step that runs is over: from where it began, as long as the plan says now."""
    rule, looked_into = rule_of(s, alarm).investigate, alarm["investigation"]
    assert rule is not None
    return float(looked_into["began"]) + (
        rule.acknowledge_within_s if looked_into["step"] == "acknowledge" else rule.then_s
    )


def begin_investigation(s: State, alarm: Alarm, trigger: Alarm) -> None:
    """One alarm of the list rose. Staff look, unless all are being led out, or it is confirmed already."""
    looked_into = alarm["investigation"]
    looked_into["told"].append(trigger["id"])
    trigger["stood_down"] = 0
    top = int(rule_of(s, alarm).tiers[-1].tier)
    if evacuation.moves_everybody(s, rule_of(s, alarm).evacuate or "") or alarm["overlays"] or stands(alarm, top):
        return
    if _holds_back(s, alarm, trigger):
        if trigger["id"] not in looked_into["held"]:
            looked_into["held"].append(trigger["id"])
        return
    if looked_into["step"] == "expired":
        looked_into.update(step="idle", began=None, triggers=[])
    if trigger["id"] in looked_into["triggers"]:
        return
    looked_into["triggers"].append(trigger["id"])
    if looked_into["step"] != "idle":
        return
    looked_into.update(step="acknowledge", began=s.now)
    if tree.nobody_on_duty(s):
        _take_as_true(s, alarm)
        return
    change.settle(s, alarm)
    _say_step(s, alarm)


def _say_step(s: State, alarm: Alarm) -> None:
    step, due = alarm["investigation"]["step"], step_due(s, alarm)
    s.say("Investigate", alarm=alarm["id"], zone=alarm["zone"], step=step, deadline=due)


def _holds_back(s: State, alarm: Alarm, trigger: Alarm) -> bool:
    """A show around a detector that haze fools, or not the hours of the rule that confirms."""
    if rule_of(s, trigger).show_mode and any(zone in s.shows for zone in holders(s, trigger["zone"])):
        return True
    hours = rule_of(s, alarm).during
    return bool(hours) and s.schedules.get(hours) is False


def begin_held(s: State) -> None:
    """What nothing holds back any more begins its investigation, if it still stands."""
    for alarm in list(s.alarms.values()):
        for held in list(alarm["investigation"]["held"]):
            trigger, rule = s.alarms[held], rule_of(s, alarm).investigate
            if held not in alarm["investigation"]["held"]:
                continue
            if rule is not None and not _holds_back(s, alarm, trigger):
                alarm["investigation"]["held"].remove(held)
                if stands(trigger, rule.at):
                    begin_investigation(s, alarm, trigger)


def _take_as_true(s: State, alarm: Alarm) -> None:
    """Nobody stood it down, or nobody can: it is taken as true."""
    alarm["investigation"].update(step="expired", began=None)
    top = alarm["levels"][int(rule_of(s, alarm).tiers[-1].tier)]
    if top["phase"] not in life.COUNTS:
        life.enter(top, "active", s.now)
    change.settle(s, alarm)
    change.look(s, alarm)  # what began it may be gone: then it returns at once


def acknowledge_investigations(s: State, alarm: Alarm) -> bool:
    """Staff take note of it, or of any alarm that began it. Whether one was."""
    noted = False
    for one in list(s.alarms.values()):
        looked_into = one["investigation"]
        if looked_into["step"] == "acknowledge" and (one is alarm or alarm["id"] in looked_into["triggers"]):
            looked_into.update(step="look", began=s.now)
            _say_step(s, one)
            noted = True
    return noted


def stand_down(s: State, alarm: Alarm) -> None:
    """A person looked and found no fire."""
    for trigger in alarm["investigation"]["triggers"]:
        one = s.alarms[trigger]
        one["stood_down"] = 0 if is_disabled(one) else standing(one)
    alarm["investigation"].update(step="idle", began=None, triggers=[])
    s.say("StandDown", alarm=alarm["id"], zone=alarm["zone"])
    change.settle(s, alarm)


def withdraw(s: State, alarm: Alarm) -> None:
    """A person reset an alarm: what was looked into only because of it is stood down."""
    for one in list(s.alarms.values()):
        looked_into = one["investigation"]
        if looked_into["step"] in ("acknowledge", "look") and alarm["id"] in looked_into["triggers"]:
            looked_into["triggers"].remove(alarm["id"])
            if not looked_into["triggers"]:
                stand_down(s, one)


def forget_overdue(s: State, plan: str) -> None:
    """An all-clear covers what ran out before it."""
    for one in list(s.alarms.values()):
        if one["investigation"]["step"] == "expired" and rule_of(s, one).evacuate == plan:
            one["investigation"].update(step="idle", began=None, triggers=[])
            change.look(s, one)
