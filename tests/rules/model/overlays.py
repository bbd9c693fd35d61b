"""What keeps alarms from people (shelved, suppressed, out of service), and what keeps too many from them at once."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from rules.plan import Rule
from rules.tier import Tier
from tests.rules.model import change, life
from tests.rules.model.state import Alarm, Said, State, holders, is_disabled, is_up, rule_of, standing, stands

Timer = tuple[float, str, str, Callable[[], None]]

CHATTER_S = 60.0
FLOOD_S = 600.0


def is_managed(rule: Rule) -> bool:
    """Highly managed: nothing keeps its alarms from people."""
    return rule.category in ("fire", "panic") or rule.evacuate is not None


def timers(s: State, alarm: Alarm) -> Iterator[Timer]:
    """The ends of its overlays, and when it sounds again."""
    untils = [over["until"] for over in alarm["overlays"].values() if over["until"] is not None]
    if untils:
        yield min(untils), "overlay", alarm["id"], lambda: _time_over(s, alarm)
    if alarm["quiet_since"] is not None:
        due = alarm["quiet_since"] + rule_of(s, alarm).re_alarm_s
        yield due, "re_alarm", alarm["id"], lambda: _re_alarm(s, alarm)


# Over one alarm


def _counted(alarm: Alarm) -> int:
    return 0 if is_disabled(alarm) else standing(alarm)


def cover(s: State, alarm: Alarm, kind: str, until: float | None, by: str, once: bool = False) -> None:
    """An overlay is laid over an alarm: it is out of view, whatever its condition does."""
    counted, was_up = _counted(alarm), is_up(alarm)
    alarm["overlays"][kind] = {"since": s.now, "until": until, "by": by, "once": once}
    said = _hide(s, alarm, kind)
    if was_up or kind != "suppressed":
        s.said.append(said)
        time_quiet(s, alarm)
        change.shown_changed(s, alarm)
    _recount(s, alarm, counted)


def _hide(s: State, alarm: Alarm, kind: str) -> Said:
    over = alarm["overlays"][kind]
    alarm["withheld"] = alarm["withheld"] or is_up(alarm)
    alarm["state"] = "normal"
    life.at_rest(alarm)
    said = life.said_of(s, alarm, "Hidden", overlay=kind, until=over["until"], by=over["by"])
    return {**said, "tier": standing(alarm)}


def uncover(s: State, alarm: Alarm, kinds: list[str]) -> None:
    """Overlays are taken off. When none is left, the alarm begins anew from what is true now."""
    counted = _counted(alarm)
    for kind in kinds:
        del alarm["overlays"][kind]
    if alarm["overlays"]:
        if kinds[-1] != "suppressed":
            s.said.append(_hide(s, alarm, next(iter(alarm["overlays"]))))
    else:
        life.follow(s, alarm, 0, standing(alarm))
        missed, alarm["withheld"] = alarm["withheld"], False
        if missed or kinds[-1] != "suppressed":
            change.announce(s, alarm, life.said_of(s, alarm, "Shown", overlay=kinds[-1]))
            change.shown_changed(s, alarm)
    time_quiet(s, alarm)
    _recount(s, alarm, counted)


def _recount(s: State, alarm: Alarm, before: int) -> None:
    """Out of service it counts nowhere; back in service it counts as if it were new."""
    after, top = _counted(alarm), int(rule_of(s, alarm).tiers[-1].tier)
    if before == after:
        return
    if before < top <= after:
        change.confirmed(s, alarm)
    change.tell_readers(s, alarm, before, after)


def _time_over(s: State, alarm: Alarm) -> None:
    over = [kind for kind, one in alarm["overlays"].items() if one["until"] is not None and one["until"] <= s.now]
    uncover(s, alarm, over)


def once_is_over(s: State, alarm: Alarm) -> None:
    """It returned to normal: a shelving until then is over."""
    if alarm["overlays"].get("shelved", {}).get("once"):
        uncover(s, alarm, ["shelved"])


# Suppression by design


def consequences(s: State, alarm: Alarm) -> list[Alarm]:
    """The alarms that this one explains while it stands: in its zone, or fed by its device."""
    rule = rule_of(s, alarm)
    return [
        one
        for name in rule.suppresses
        for one in s.alarms.values()
        if one["rule"] == name
        and not is_managed(rule_of(s, one))
        and (
            alarm["place"] in _feeders(s, one["place"])
            if rule.each == "device"
            else alarm["place"] in holders(s, one["zone"])
        )
    ]


def _feeders(s: State, place: str) -> list[str]:
    """What the power of a device comes through, nearest first."""
    devices = s.plan.venue.devices
    found: list[str] = []
    at = devices[place].fed_by if place in devices else None
    while at is not None and at in devices and at not in (place, *found):
        found.append(at)
        at = devices[at].fed_by
    return found


def behind(s: State, link: str) -> list[Alarm]:
    """The alarms at devices on a link that this link explains while it is down."""
    return [one for one in s.alarms.values() if _explained_by_link(s, one) == link]


def _explained_by_link(s: State, alarm: Alarm) -> str | None:
    rule = rule_of(s, alarm)
    if rule.each != "device" or not rule.explained_by_link or is_managed(rule):
        return None
    return s.plan.venue.devices[alarm["place"]].link


def suppress(s: State, alarms: list[Alarm]) -> None:
    """What explains these alarms may have come or gone."""
    for alarm in alarms:
        by = _explained(s, alarm)
        if by and "suppressed" not in alarm["overlays"]:
            cover(s, alarm, "suppressed", None, by)
        elif not by and "suppressed" in alarm["overlays"]:
            uncover(s, alarm, ["suppressed"])


def _explained(s: State, alarm: Alarm) -> str:
    """What explains an alarm; empty when nothing does."""
    for root in s.alarms.values():
        if stands(root, Tier.BLUE) and any(one is alarm for one in consequences(s, root)):
            return str(root["id"])
    link = _explained_by_link(s, alarm)
    return link if link is not None and (link, "link_down") in s.faults else ""


def explained_fault(s: State, source: str, code: str) -> str:
    """The dead link, or for silence the dead device that feeds it; empty when nothing explains a fault."""
    device = s.plan.venue.devices.get(source)
    link = device.link if device is not None else source.split("/", maxsplit=1)[0]
    if code != "link_down" and (link, "link_down") in s.faults:
        return link
    if device is None or code not in ("silent", "offline"):
        return ""
    for feeder in _feeders(s, source):
        silent = any((feeder, one) in s.faults for one in ("silent", "offline"))
        roots = [one for one in s.alarms.values() if one["place"] == feeder and rule_of(s, one).suppresses]
        if silent or any(stands(one, Tier.BLUE) for one in roots):
            return feeder
    return ""


# Too many


def chatters(s: State, alarm: Alarm) -> bool:
    """Whether it has come three times within a minute; then it is held until a minute has passed in quiet."""
    level, comings = life.worst(s, alarm), alarm["comings"]
    was = comings[-1][1]
    if level == was or is_managed(rule_of(s, alarm)):
        return False
    comings.append((s.now, level))
    held = alarm["chatter_until"] is not None
    if held:
        alarm["chatter_until"] = s.now + CHATTER_S
    came = [at for (_, before), (at, after) in pairwise(comings) if after and not before]
    if was or held or len(came) < 3 or s.now - came[-3] > CHATTER_S:
        return False
    alarm["chatter_until"] = s.now + CHATTER_S
    return True


def flood(s: State, alarm: Alarm, said: Said) -> None:
    """Say it. In a flood lesser alarms come without a sound; ten that come in ten minutes begin one."""
    s.said.append(said)
    if said["say"] == "Shown":
        said["grouped"] = False
    if said["say"] == "Raise":
        said["grouped"] = False
    if said["say"] not in ("Raise", "Shown") or not said["sounding"]:
        return
    if s.flood_since is not None and alarm["tier"] <= Tier.YELLOW and not is_managed(rule_of(s, alarm)):
        alarm.update(sounding=False, grouped=True)
        said.update(sounding=False, grouped=True)
    s.raises.append(s.now)
    if s.flood_since is None and len([at for at in s.raises if s.now - at <= FLOOD_S]) >= 10:
        s.flood_since = s.now
        s.say("Flood", count=10)


def flood_timers(s: State) -> Iterator[Timer]:
    """A flood is over when fewer than five have come in ten minutes."""
    if s.flood_since is not None:
        yield s.raises[-5] + FLOOD_S, "flood", "", lambda: _flood_over(s)


def _flood_over(s: State) -> None:
    s.flood_since = None
    for alarm in s.alarms.values():
        alarm["grouped"] = False
        time_quiet(s, alarm)
    s.say("EndFlood", count=len([at for at in s.raises if at + FLOOD_S > s.now]))


def time_quiet(s: State, alarm: Alarm) -> None:
    """An alarm that stands without a sound sounds again after the time its rule gives, not counting a flood's quiet."""
    stands_quiet = alarm["state"] in ("unack", "acked") and not alarm["sounding"] and not alarm["grouped"]
    if rule_of(s, alarm).re_alarm_s is None or not stands_quiet:
        alarm["quiet_since"] = None
    elif alarm["quiet_since"] is None:
        alarm["quiet_since"] = s.now


def _re_alarm(s: State, alarm: Alarm) -> None:
    alarm.update(state="unack", sounding=True, acknowledged_by="")
    change.announce(s, alarm, life.said_of(s, alarm, "ReAlarm"))
