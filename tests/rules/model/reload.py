"""Going on after a restart, and under other rules."""

from rules.plan import Plan
from tests.rules.model import change, evacuation, heard, overlays, surroundings, windows
from tests.rules.model.state import State, members, rule_of, stands


def resume(s: State, down_s: float) -> None:
    """Nobody listened for a while: that is no device's silence. Delays of rules that say so begin anew."""
    for device, entries in s.heard.items():
        if not heard.is_absent(s, device):
            waited = heard.awaited_until(s, device) > s.now - down_s
            entries.append({"what": "expected", "at": s.now})
            if waited:
                entries.append({"what": "awaited", "at": s.now})
    for alarm in s.alarms.values():
        if rule_of(s, alarm).after_outage == "restart":
            for level in alarm["levels"].values():
                level["began"] = None if level["began"] is None else s.now
    take_stock(s)


def take_stock(s: State, *, first: bool = False) -> None:
    """The files may be others: say what has ended with that, and let every alarm look before any delay is over."""
    for said in s.left_over:
        s.said.append({**said, "at": s.now})
    s.left_over = []
    change.look_at_zones(s)
    for device in s.heard if not first else ():
        pass_time(s, device)
    for alarm in list(s.alarms.values()):
        change.take_conditions(s, alarm)
        change.settle(s, alarm)
        if overlays.is_managed(rule_of(s, alarm)) and "shelved" in alarm["overlays"]:
            overlays.uncover(s, alarm, ["shelved"])
        change.tell_blind(s, alarm)
    overlays.suppress(s, list(s.alarms.values()))
    for source, code in list(s.faults):
        if not _can_be_faulted(s, source, code):
            change.report(s, source, code, over=True)
    for alarm in list(s.alarms.values()):
        rule = rule_of(s, alarm)
        if rule.evacuate not in (None, alarm["asked"]) and stands(alarm, int(rule.tiers[-1].tier)):
            change.confirmed(s, alarm)
    evacuation.say_ways(s)
    surroundings.reconsider(s)


def _can_be_faulted(s: State, source: str, code: str) -> bool:
    if code.startswith("blind:"):
        alarm = s.alarms.get(f"{code.removeprefix('blind:')}@{source}")
        return alarm is not None and rule_of(s, alarm).unknown == "fault"
    return source in s.heard or source.split("/", maxsplit=1)[0] in (*s.plan.venue.links, "tocsin", "output")


def keep(s: State, before: Plan) -> None:
    """What the new plan has no place for ends; people are told with the next signal."""
    if s.plan.duty is None:
        s.duty_word = None
    investigates = {rule.id: rule.investigate is not None for rule in s.plan.rules}
    there = {f"{rule.id}@{place}" for rule in s.plan.rules for place in rule.places}
    categories = {rule.id: rule.category for rule in before.rules}
    for name, alarm in list(s.alarms.items()):
        looked_into = alarm["investigation"]
        if not investigates.get(alarm["rule"], False):
            if looked_into["step"] in ("acknowledge", "look"):
                s.left_over.append({"say": "StandDown", "alarm": name, "zone": alarm["zone"]})
            looked_into.update(step="idle", began=None, triggers=[], held=[], told=[])
        looked_into["triggers"] = [one for one in looked_into["triggers"] if one in there]
        looked_into["told"] = [one for one in looked_into["told"] if one in there]
        looked_into["held"] = [one for one in looked_into["held"] if one in there]
        if name not in there:
            del s.alarms[name]
            if alarm["tier"] or alarm["withheld"] or alarm["overlays"].keys() - {"suppressed"}:
                place = {"rule": alarm["rule"], "place": alarm["place"], "zone": alarm["zone"]}
                gone = {"category": categories[alarm["rule"]], "tier": 0, "state": "normal", "sounding": False}
                s.left_over.append({"say": "Clear", "alarm": name, **place, **gone})


def time_again(s: State) -> None:
    """What has changed with the plan in the times that nobody asks for."""
    for device, entries in s.heard.items():
        if s.started and heard.asked_at(s, device) is not None and heard.awaited_until(s, device) <= s.now:
            entries.append({"what": "asked"})
    for alarm in s.alarms.values():
        overlays.time_quiet(s, alarm)
    s.burning = evacuation.burning(s)


def pass_time(s: State, device: str) -> None:
    """Time changed what the windows of a device say: those look who look back."""
    for name in windows.names(s, device):
        change.look_at(s, device, name)


def minded(s: State) -> list[list[str]]:
    """For each alarm to which it matters that a device does not tell: its devices."""
    return [members(s, alarm) for alarm in s.alarms.values() if rule_of(s, alarm).unknown != "hold"]


def stop_waiting(s: State, device: str) -> None:
    """What a device has not told by now is unknown: let those look to whom that matters."""
    s.heard[device].append({"what": "asked"})
    for alarm in list(s.alarms.values()):
        if rule_of(s, alarm).unknown != "hold" and device in members(s, alarm):
            change.look(s, alarm)
