"""Random plans: a small house with everything in it that rules can be about, and rules drawn from few words.

Conditions are such that the model can read them off their tree. Times are halves, so that sums of them are exact and
timers meet at the same instant.
"""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from rules.decision import StageAction
from rules.expression import Expression, parse
from rules.plan import (
    DutyRule,
    EvacuationPlan,
    InvestigationRule,
    Limits,
    Plan,
    Rule,
    Stage,
    TierRule,
    VerifyRule,
)
from rules.schedule import Schedule
from rules.tier import Tier
from rules.venue import Device, Route, Text, Venue, Zone

ZONES = (
    Zone("venue", "venue", Text("venue")),
    Zone("floor", "floor", Text("floor"), "venue", (), (Route("stair", ("room-a",), Text("yard")),)),
    Zone("room-a", "room", Text("room a"), "floor", ("room-b",)),
    Zone("room-b", "room", Text("room b"), "floor", (), (Route("door", ("room-b",), Text("yard")),)),
    Zone("attic", "floor", Text("attic"), "venue", ("floor",), (Route("ladder", ("floor",), Text("roof")),)),
)
MEASURED = {
    "det-a": ("room-a", "wire-1", None, ("smoke", "smoke_obscuration")),
    "det-b": ("room-b", "wire-1", None, ("smoke", "smoke_obscuration")),
    "det-c": ("attic", "wire-2", "ups", ("smoke", "contact")),
    "ups": ("room-a", "wire-2", None, ("on_battery", "voltage")),
    "plug": ("room-b", "wire-2", "ups", ("voltage",)),
    "button": ("floor", "wire-1", "plug", ("pressed", "contact")),
}
DETECTORS = ("det-a", "det-b", "det-c")
PLACES = ("venue", "floor", "room-a", "attic")
ON_DEVICE = (
    "smoke",
    "smoke_obscuration >= 2",
    "smoke_obscuration >= 5",
    "contact",
    "pressed",
    "on_battery",
    "voltage < 40",
    "absent",
    "faulted",
)
LOOKING_BACK = (
    "rise(smoke_obscuration, 8s) >= 2",
    "rate(smoke_obscuration, 20s) >= 0.5",
    "max(smoke_obscuration, 8s) >= 2",
    "min(smoke_obscuration, 5s) >= 2",
    "max(voltage, 20s) < 150",
    "min(voltage, 8s) < 40",
)
MEASURES = ON_DEVICE[:-2]  # without what the silence of a device makes true
AROUND = ("during(open)", "during(staff)", "nobody_on_duty")
CLEARS = ("smoke_obscuration < 1", "not smoke", "voltage > 200", "not absent", "smoke_obscuration < 1 or not smoke")
EVACUATIONS = ("whole", "phased")


def venue(stale: dict[str, float]) -> Venue:
    """The house; each device has its own time until its silence is a fault."""
    devices = {
        name: Device(name, "device", Text(name), zone, frozenset(quantities), stale[name], link, fed_by)
        for name, (zone, link, fed_by, quantities) in MEASURED.items()
    }
    return Venue("venue", {zone.id: zone for zone in ZONES}, devices, ("wire-1", "wire-2"))


def evacuation_plans(after_s: float, staged: bool) -> dict[str, EvacuationPlan]:
    """One for everybody at once, one by stages."""
    stages = (
        Stage("first", who="origin", actions=(StageAction("lights_up", "venue"),)),
        Stage("next", who="neighbours", after_s=after_s),
        Stage("rest", who="rest", after_s=2 * after_s),
        Stage("power", after_s=3 * after_s, actions=(StageAction("power_off", "venue"),)),
    )
    phased = EvacuationPlan("phased", ("floor", "attic"), Text("leave"), Text("yard"), stages if staged else ())
    return {"whole": EvacuationPlan("whole", ("venue",), Text("leave"), Text("yard")), "phased": phased}


@st.composite
def _joined(draw: st.DrawFn, atoms: list[str]) -> str:
    """One to three of these, joined."""
    chosen = draw(st.lists(st.sampled_from(atoms), min_size=1, max_size=3))
    chosen = [f"not ({one})" if draw(st.integers(0, 7)) == 0 else one for one in chosen]
    word = draw(st.sampled_from((" or ", " and ")))
    return word.join(f"({one})" for one in chosen) if len(chosen) > 1 else chosen[0]


@st.composite
def conditions(draw: st.DrawFn, on_device: bool, read: list[str], words: tuple[str, ...] = ON_DEVICE) -> Expression:
    """A condition on a device or on a zone, that may read the alarms of these rules."""
    around = draw(st.integers(0, 3)) == 0
    atoms = [*words, *LOOKING_BACK] if on_device else []
    if not on_device:
        inner = draw(_joined([*words, *(AROUND if around else ())]))
        atoms += [f"any({inner})", f"all({inner})", f"share({inner}) >= 0.5", f"count({inner}) >= 2"]
    if around:
        atoms += AROUND
    if read:
        atoms += [draw(_alarms(on_device, read)) for _ in range(4)]
    return parse(draw(_joined(atoms)))


@st.composite
def _alarms(draw: st.DrawFn, on_device: bool, read: list[str]) -> str:
    names = draw(st.lists(st.sampled_from(read), min_size=1, max_size=2, unique=True))
    more = [f", at: {draw(st.sampled_from(('blue', 'yellow', 'orange')))}"] if draw(st.booleans()) else []
    if not on_device:
        more += [", devices: 2"] if draw(st.booleans()) else []
        more += [f", within: {draw(st.sampled_from((3, 8, 60)))}s"] if draw(st.booleans()) else []
        more += [", among: neighbours"] if draw(st.integers(0, 3)) == 0 else []
    return f"alarms([{', '.join(names)}]{''.join(more)})"


delays = st.sampled_from((0.0, 0.0, 2.0, 5.0, 20.0))


@st.composite
def tiers(
    draw: st.DrawFn, on_device: bool, read: list[str], words: tuple[str, ...] = ON_DEVICE
) -> tuple[TierRule, ...]:
    """One to three tiers, lowest first."""
    chosen = sorted(draw(st.sets(st.sampled_from(list(Tier)[1:]), min_size=1, max_size=3)))
    found = []
    for tier in chosen:
        clear = parse(draw(st.sampled_from(CLEARS))) if on_device and draw(st.booleans()) else None
        verify = VerifyRule(draw(st.sampled_from((2.0, 5.0))), 8.0) if draw(st.integers(0, 5)) == 0 else None
        on_delay_s = 0.0 if verify else draw(delays)
        when = draw(conditions(on_device, read, words))
        found.append(TierRule(tier, when, clear, on_delay_s, draw(delays), verify=verify if on_device else None))
    return tuple(found)


@st.composite
def rules(draw: st.DrawFn, name: str, earlier: list[str], later: list[str], words: tuple[str, ...] = ON_DEVICE) -> Rule:
    """A rule that reads those before it and suppresses those after it."""
    on_device = not earlier or draw(st.booleans())
    places = draw(st.lists(st.sampled_from(list(MEASURED) if on_device else PLACES), min_size=1, unique=True))
    rare = st.integers(0, 3).map(lambda number: number == 0)
    some: dict[str, Any] = {}
    if earlier and not on_device and draw(st.booleans()):
        looked_into = draw(st.lists(st.sampled_from(earlier), min_size=1, unique=True))
        some["investigate"] = InvestigationRule(tuple(looked_into), draw(st.sampled_from(list(Tier)[1:])), 5.0, 20.0)
    if draw(rare):
        some["evacuate"] = draw(st.sampled_from(EVACUATIONS))
    if draw(rare):
        some["re_alarm_s"] = draw(st.sampled_from((10.0, 60.0)))
    if draw(rare):
        some["suppresses"] = tuple(draw(st.lists(st.sampled_from(later), unique=True))) if later else ()
    if draw(rare):
        some["during"] = "open"
    if draw(rare):
        some["unknown"] = draw(st.sampled_from(("fault", "assume_alarm")))
    if not on_device and draw(rare):
        some["members"] = frozenset(draw(st.lists(st.sampled_from(list(MEASURED)), min_size=1)))
    return Rule(
        name,
        Text(name),
        draw(st.sampled_from(("fire", "power", "power", "panic", "fault"))),
        "device" if on_device else "zone",
        tuple(places),
        draw(tiers(on_device, earlier, words)),
        latching=draw(st.booleans()),
        explained_by_link=draw(rare),
        show_mode=on_device and draw(rare),
        after_outage="restart" if draw(rare) else "assume_held",
        **some,
    )


@st.composite
def plans(draw: st.DrawFn, words: tuple[str, ...] = ON_DEVICE) -> Plan:
    """The house with up to five rules."""
    names = [f"r{number}" for number in range(draw(st.integers(1, 5)))]
    found = tuple(draw(rules(name, names[:number], names[number + 1 :], words)) for number, name in enumerate(names))
    stale = {name: draw(st.sampled_from((15.0, 1000.0))) for name in MEASURED}
    duty = draw(st.sampled_from((None, DutyRule(), DutyRule("staff"))))
    schedules = {"open": Schedule(()), "staff": Schedule(())}
    people = evacuation_plans(draw(st.sampled_from((10.0, 30.0))), draw(st.booleans()))
    return Plan(venue(stale), found, people, schedules, duty, Limits(100.0, 200.0))


@st.composite
def edits(draw: st.DrawFn, plan: Plan) -> Plan:
    """The same plan, or one with another delay, duty or name, a rule less or more, or without its investigations."""
    what = draw(st.sampled_from(("same", "delays", "remove", "add", "investigate", "rename", "duty", "evacuate")))
    names = [rule.id for rule in plan.rules]
    if what == "remove" and names:
        gone = draw(st.sampled_from(names))
        return replace(plan, rules=tuple(rule for rule in plan.rules if rule.id != gone))
    if what == "add" and len(names) < 6:
        name = f"r{1 + max((int(one[1:]) for one in names), default=4)}"  # nobody reads it yet
        return replace(plan, rules=(*plan.rules, draw(rules(name, names, []))))
    if what == "rename" and names:
        last = replace(plan.rules[-1], id=f"r{1 + max(int(one[1:]) for one in names)}")  # nobody reads it
        return replace(plan, rules=(*plan.rules[:-1], last))
    if what == "duty":
        return replace(plan, duty=draw(st.sampled_from((None, DutyRule(), DutyRule("staff"), DutyRule("open")))))
    if what == "delays":
        return replace(plan, rules=tuple(_retimed(rule, draw(delays)) for rule in plan.rules))
    if what == "evacuate":
        return replace(plan, rules=tuple(_evacuating(rule, draw(st.integers(0, 2))) for rule in plan.rules))
    if what == "investigate":
        return replace(plan, rules=tuple(replace(rule, investigate=None) for rule in plan.rules))
    return plan


def _evacuating(rule: Rule, which: int) -> Rule:
    """It asks for another evacuation, or for none. A rule is in the way of that only while its alarm is up."""
    return rule if which == 2 else replace(rule, evacuate=EVACUATIONS[which])


def _retimed(rule: Rule, delay_s: float) -> Rule:
    """Its delays are others; none that was there is gone, none that was not is."""
    looked_into = rule.investigate and replace(rule.investigate, acknowledge_within_s=3.0 + delay_s, then_s=30.0)
    tiers = tuple(
        replace(
            tier,
            on_delay_s=1.0 + delay_s if tier.on_delay_s else 0.0,
            off_delay_s=2.0 + delay_s if tier.off_delay_s else 0.0,
            verify=tier.verify and VerifyRule(1.0 + delay_s, 9.0),
        )
        for tier in rule.tiers
    )
    again_s = rule.re_alarm_s and 5.0 + delay_s
    return replace(rule, tiers=tiers, investigate=looked_into, re_alarm_s=again_s)
