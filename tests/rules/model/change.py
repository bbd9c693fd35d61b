"""What follows when something an alarm looks at has changed, and when an alarm has changed."""

from rules.expression import Call, Expression, Node, Word, walk
from tests.rules.model import evacuation, life, overlays, surroundings, tree, windows
from tests.rules.model.state import (
    Alarm,
    Said,
    State,
    holders,
    is_disabled,
    is_up,
    members,
    new_level,
    rule_of,
    standing,
    stands,
)


def expressions(s: State, alarm: Alarm) -> list[Expression]:
    """Every condition of its rule."""
    return [one for tier in rule_of(s, alarm).tiers for one in (tier.when, tier.clear) if one is not None]


def calls(s: State, alarm: Alarm, function: str) -> list[Call]:
    """Where its conditions call this function."""
    nodes = [node for one in expressions(s, alarm) for node in walk(one.root)]
    return [node for node in nodes if isinstance(node, Call) and node.function == function]


# Looking


def look_at(s: State, device: str, name: str, past: bool = False) -> None:
    """Something of this name changed at a device: let those alarms look whose conditions name it."""
    for alarm in list(s.alarms.values()):
        if _concerns(s, alarm, device, name):
            look(s, alarm, past)
    s.looked_back[device] = s.now


def _concerns(s: State, alarm: Alarm, device: str, name: str) -> bool:
    if device not in members(s, alarm):
        return False
    if name not in tree.AROUND and name not in s.plan.venue.devices[device].quantities:
        return False
    return any(name in tree.names(one.root) for one in expressions(s, alarm))


def look(s: State, alarm: Alarm, past: bool = False) -> None:
    """Look at the conditions of an alarm again. `past`: as it was, which can raise it and not end it."""
    if take_conditions(s, alarm, past):
        settle(s, alarm)
    tell_blind(s, alarm)


def take_conditions(s: State, alarm: Alarm, past: bool = False) -> bool:
    """Let each tier take what its conditions say; whether one went into another phase."""
    rule, moved, unknown = rule_of(s, alarm), False, False
    alarm["looked_at"] = s.now
    waiting = any(windows.awaits(s, one, _names(s, alarm)) for one in members(s, alarm))
    for one in rule.tiers:
        when = tree.truth(s, alarm, one.when.root)
        if one is rule.tiers[-1] and is_forced(s, alarm):
            when = True
        clear = tree.negated(when) if one.clear is None else tree.truth(s, alarm, one.clear.root)
        if past:
            if not when:
                continue
            clear = None
        elif when is None:
            unknown = True
            when = True if rule.unknown == "assume_alarm" and not waiting else None
        level = alarm["levels"].setdefault(int(one.tier), new_level())
        moved = life.take(level, one, when, clear, s.now) or moved
    if not past:
        alarm["blind"] = unknown and (None if waiting else True)
    return moved


def _names(s: State, alarm: Alarm) -> set[str]:
    return {name for one in expressions(s, alarm) for name in tree.names(one.root)}


def is_forced(s: State, alarm: Alarm) -> bool:
    """Whether its investigation ran out, and one of the alarms that began it still stands."""
    looked_into, rule = alarm["investigation"], rule_of(s, alarm).investigate
    if rule is None or looked_into["step"] != "expired":
        return False
    return any(stands(s.alarms[one], rule.at) for one in looked_into["triggers"] if one in s.alarms)


def tell_blind(s: State, alarm: Alarm) -> None:
    """A rule that asks for it has a fault from when it cannot decide until it can. Who was just heard has time."""
    if rule_of(s, alarm).unknown == "fault" and alarm["blind"] is not None:
        report(s, alarm["place"], f"blind:{alarm['rule']}", over=not alarm["blind"])


def report(s: State, source: str, code: str, over: bool = False) -> bool:
    """A fault occurs or is over; whether that is news."""
    if over == ((source, code) not in s.faults):
        return False
    if over:
        del s.faults[source, code]
        s.say("EndFault", source=source, code=code)
    else:
        explained = explanation(s, source, code)
        s.faults[source, code] = s.now
        s.say("ReportFault", source=source, code=code, explained_by="" if code.startswith("blind:") else explained)
    return True


def explanation(s: State, source: str, code: str) -> str:
    """The dead link or the dead feeder that explains a fault; empty when nothing does."""
    return overlays.explained_fault(s, source, code)


# An alarm has changed


def settle(s: State, alarm: Alarm) -> None:
    """The tiers of an alarm moved: tell people, and let all look who look at this alarm."""
    surroundings.verify(s, alarm)
    chattering = overlays.chatters(s, alarm)
    before = standing(alarm)
    after = max(before, life.worst(s, alarm)) if alarm["chatter_until"] is not None else life.worst(s, alarm)
    if after != before:
        alarm["story"].append((s.now, after))
        alarm["stood_down"] = min(alarm["stood_down"], after)
    if alarm["overlays"]:
        if before != after:
            alarm["withheld"] = True
            over = next(iter(alarm["overlays"]))
            s.said.append({**life.said_of(s, alarm, "Withheld", overlay=over), "tier": after})
    else:
        announce(s, alarm, life.follow(s, alarm, before, after))
    if chattering:
        s.said.append(life.said_of(s, alarm, "Chattering", count=3))
    top = int(rule_of(s, alarm).tiers[-1].tier)
    if after < top:
        alarm["asked"] = None
    if before < top <= after and not is_disabled(alarm):
        confirmed(s, alarm)
    evacuation.look_at_ways(s)
    look_at_zones(s)
    if before != after and not is_disabled(alarm):
        tell_readers(s, alarm, before, after)
    if before and not after:
        overlays.once_is_over(s, alarm)


def announce(s: State, alarm: Alarm, said: Said | None) -> None:
    """Tell people of an alarm: the first of its category is marked, and too many at once are told without a sound."""
    if said is None:
        return
    others = [one for one in s.alarms.values() if one is not alarm and is_up(one)]
    if said["say"] == "Raise":
        alarm["first_out"] = not any(rule_of(s, one).category == said["category"] for one in others)
        said["first_out"] = alarm["first_out"]
    overlays.flood(s, alarm, said)
    overlays.time_quiet(s, alarm)


def confirmed(s: State, alarm: Alarm) -> None:
    """The highest tier is true: nothing is left to look into, and its evacuation begins."""
    if alarm["investigation"]["step"] != "expired":
        alarm["investigation"].update(step="idle", began=None, triggers=[])
    alarm["asked"] = rule_of(s, alarm).evacuate
    plan = s.plan.evacuation_plans.get(rule_of(s, alarm).evacuate or "")
    if plan is not None:
        begins = evacuation.of_plan(s, plan.id) is None
        evacuation.confirmed(s, plan, alarm["zone"])
        for one in list(s.alarms.values()) if begins else ():
            if rule_of(s, one).evacuate == plan.id and stands(one, int(rule_of(s, one).tiers[-1].tier)):
                evacuation.confirmed(s, plan, one["zone"])  # it burns there too
        if begins:
            surroundings.end_shows(s)


def look_at_zones(s: State) -> None:
    """The worst tier of the alarms in each zone and below it. Faults do not count."""
    for zone in s.plan.venue.zones:
        inside = [
            one["tier"]
            for one in s.alarms.values()
            if zone in holders(s, one["zone"]) and rule_of(s, one).category != "fault"
        ]
        worst = max(inside, default=0)
        if worst != s.zone_tiers[zone]:
            s.zone_tiers[zone] = worst
            s.say("ZoneTier", zone=zone, tier=worst)


def readers(s: State, alarm: Alarm) -> list[Alarm]:
    """The alarms whose conditions ask about this one, or that may be looked into because of it."""
    return [
        one
        for one in s.alarms.values()
        if any(alarm in tree.asked(s, one, call) for call in calls(s, one, "alarms")) or may_look_into(s, one, alarm)
    ]


def may_look_into(s: State, alarm: Alarm, trigger: Alarm) -> bool:
    """Whether an alarm of this rule at this place begins an investigation of the other."""
    rule = rule_of(s, alarm).investigate
    return rule is not None and trigger["rule"] in rule.of and alarm["place"] in holders(s, trigger["zone"])


def tell_readers(s: State, alarm: Alarm, before: int, after: int) -> None:
    """What counts for others has changed from one tier to another."""
    for one in readers(s, alarm):
        was_confirmed = stands(one, int(rule_of(s, one).tiers[-1].tier))
        look(s, one)
        if was_confirmed and joins(s, one, alarm, before, after):
            confirmed(s, one)  # an all-clear does not cover what comes after it
    for one in list(s.alarms.values()):
        rule = rule_of(s, one).investigate
        if rule is not None and may_look_into(s, one, alarm) and before < rule.at <= after:
            surroundings.begin_investigation(s, one, alarm)
        elif rule is not None and may_look_into(s, one, alarm) and after < rule.at <= before:
            one["investigation"]["told"] = [told for told in one["investigation"]["told"] if told != alarm["id"]]
    if bool(before) != bool(after):
        overlays.suppress(s, overlays.consequences(s, alarm))


def joins(s: State, alarm: Alarm, other: Alarm, before: int, after: int) -> bool:
    """Whether the other alarm rose to a tier at which this one counts it, or at which it is looked into."""
    ats = [tree.at_tier(call) for call in calls(s, alarm, "alarms") if other in tree.asked(s, alarm, call)]
    rule = rule_of(s, alarm).investigate
    if rule is not None:
        ats.append(int(rule.at))
    return any(before < at <= after for at in ats)


def shown_changed(s: State, alarm: Alarm) -> None:
    """What people are shown of an alarm changed without its condition: to some it counts for as long as it is shown."""
    evacuation.look_at_ways(s)
    look_at_zones(s)
    for one in readers(s, alarm):
        look(s, one)


def words_around(s: State, alarm: Alarm) -> set[str]:
    """What its conditions ask of the surroundings: schedules, and whether nobody is on duty."""
    asked: set[str] = set()
    for call in calls(s, alarm, "during"):
        word: Node = call.arguments[0][1]
        assert isinstance(word, Word)
        asked.add(word.word)
    return asked | ({"nobody_on_duty"} & _names(s, alarm))
