"""From a danger signal to red and to evacuation: the arithmetic and the engine give one answer."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.analysis.chain import Event, Part
from rules.analysis.chains import Chains
from rules.analysis.drive import HORIZON_S, LAST_INSTANT_S, Stage, first_evacuation, first_red
from rules.analysis.extremes import calm, extreme
from rules.analysis.reach import Reach, Told
from rules.decision import Clear, Return
from rules.plan import InvestigationRule, Plan, Rule
from rules.tier import Tier
from rules.venue import Device
from tests.rules.house import CONFIRMED, HEAT, SMOKE, device, plan, rule, tier

CALL = rule("call", "device", ["call"], tier("red", "contact"), latching=True, evacuate="whole")
SOS = rule("sos", "device", ["sos"], tier("orange", "pressed"), latching=True, category="panic")
DEVICES: tuple[Device, ...] = (
    device("det-a", "room-a", "smoke_obscuration", "temperature", "smoke"),
    device("det-b", "room-b", "smoke_obscuration", "temperature", "smoke"),
    device("det-attic", "attic", "smoke_obscuration", "temperature", "smoke"),
    device("call", "floor", "contact"),
    device("sos", "room-a", "pressed"),
    device("meter", "floor", "voltage"),
)
HOUSE = plan(SMOKE, HEAT, CONFIRMED, CALL, SOS, devices=DEVICES)


def evacuation(told: Told, of: Plan = HOUSE) -> float | None:
    """When the arithmetic says that people are led out."""
    found = Reach(of).follow(told).evacuation
    return found[1].seconds if found else None


def told(*devices: str, of: Plan = HOUSE) -> Told:
    """Each of these devices says the worst of everything."""
    everything = frozenset(name for one in of.venue.devices.values() for name in one.quantities)
    return {name: extreme(of.venue.devices[name], everything) for name in devices}


@pytest.mark.parametrize(
    ("devices", "seconds"),
    [
        (["det-a"], 75.0),
        (["det-a", "det-b"], 0.0),
        (["det-a", "det-attic"], 75.0),
        (["det-attic"], None),
        (["call"], 0.0),
        (["sos"], None),
    ],
)
def test_the_arithmetic_and_the_engine_agree(devices: list[str], seconds: float | None) -> None:
    """One detector waits for the look round, two confirm each other, a call point needs nobody."""
    assert evacuation(told(*devices)) == seconds
    driven = first_evacuation(Stage(HOUSE).play(told(*devices)))
    assert driven == (seconds if not seconds else seconds - LAST_INSTANT_S)


def test_nobody_acknowledges() -> None:
    """Then the look round is over sooner than when somebody does at the last instant."""
    assert first_evacuation(Stage(HOUSE).play(told("det-a"), "away")) == 15.0


def test_each_chain_says_its_parts() -> None:
    """A fire inspector reads what the time is made of."""
    slow = plan(replace(SMOKE, tiers=(tier("orange", "smoke", on=7),)), CONFIRMED, devices=DEVICES)
    chains = [chain for chain in Chains(slow).all() if chain.rule == "smoke"]
    alone, pair, attic = chains
    assert alone.like == ("det-a", "det-b") and alone.others == 0 and alone.tier is Tier.ORANGE
    assert alone.evacuation is not None and alone.evacuation.seconds == 82.0 and alone.evacuation.looked_into
    assert [(part.text, part.seconds) for part in alone.evacuation.parts] == [
        ("smoke waits for orange", 7.0),
        ("staff acknowledge (confirmed)", 15.0),
        ("staff look (confirmed)", 60.0),
    ]
    assert pair.others == 1 and list(pair.told) == ["det-b", "det-a"] and pair.plan == "whole"
    assert pair.evacuation is not None and pair.evacuation.seconds == 7.0 and not pair.evacuation.looked_into
    assert attic.device == "det-attic" and attic.red is None and attic.evacuation is None


def test_devices_without_danger_have_no_chain() -> None:
    """A meter is in no chain; a rule that a device can never trip is in none of its chains."""
    chains = Chains(plan(rule("fast", "device", ["det-a"], tier("red", "rate(temperature, 60s) > 1")), devices=DEVICES))
    assert all("meter" not in devices for devices in chains.classes)
    assert list(chains.all()) == []
    assert chains.everything("det-a") == {"smoke": True, "smoke_obscuration": 100.0, "temperature": 1200.0}


GROUPS = {
    "any(smoke)": 0.0,
    "any(smoke and co > 5)": None,
    "count(smoke) >= 1": 0.0,
    "count(smoke) > 1": None,
    "count(smoke) < 5": None,
    "share(smoke) >= 0.5": 0.0,
    "share(smoke) > 0.5": None,
    "max(temperature) > 100": 0.0,
    "max(temperature) < 100": None,
    "mean(temperature) > 100": None,
    "not any(smoke)": None,
    "any(smoke) and max(temperature) > 100": 0.0,
    "any(smoke) and mean(temperature) > 100": None,
    "mean(temperature) > 100 or any(smoke)": 0.0,
    "alarms([smoke]) and alarms([slow])": 20.0,
    "alarms([slow]) and alarms([smoke])": 20.0,
    "alarms([slow]) or alarms([smoke])": 0.0,
    "alarms([slow], devices: 2)": None,
}


@pytest.mark.parametrize("when", GROUPS)
def test_conditions_over_several_devices(when: str) -> None:
    """What the arithmetic says is reached, the engine reaches then; what it does not see, it never calls reached."""
    slow = rule("slow", "device", ["det-a", "det-b"], tier("blue", "smoke", on=20))
    zone_rule = rule("z", "zone", ["floor"], tier("red", when), evacuate="whole")
    house = plan(SMOKE, slow, zone_rule, devices=DEVICES)
    assert evacuation(told("det-a", of=house), house) == GROUPS[when]
    if GROUPS[when] is not None:
        assert first_red(Stage(house).play(told("det-a", of=house))) == GROUPS[when]


@pytest.mark.parametrize(
    ("when", "true"),
    [
        ("smoke", True),
        ("not smoke", False),
        ("smoke and temperature > 100", True),
        ("smoke and not absent", True),
        ("co > 5", False),
        ("heat", None),
        ("rise(temperature, 60s) >= 100", True),
        ("rise(temperature, 30s) >= 100", None),
        ("rise(temperature, 60s) >= 1190", False),
        ("rate(temperature, 60s) >= 1", None),
        ("smoke or rate(temperature, 60s) >= 1", True),
        ("temperature < 30", False),
    ],
)
def test_conditions_on_one_device(when: str, true: bool | None) -> None:
    """Held for the 40 s of the on-delay: a rise over 30 s does not last so long."""
    house = plan(rule("r", "device", ["det-a"], tier("red", when, on=40), evacuate="whole"), devices=DEVICES)
    assert evacuation(told("det-a", of=house), house) == (40.0 if true else None)
    if true:
        assert first_red(Stage(house).play(told("det-a", of=house))) == 40.0


DELAYS = st.sampled_from([0.0, 1.0, 5.0, 12.0, 60.0])


@st.composite
def houses(draw: st.DrawFn) -> Plan:
    """The house with delays, numbers of devices and tiers of all sorts."""
    smoke = replace(
        SMOKE,
        tiers=(tier("yellow", "smoke_obscuration >= 2", on=draw(DELAYS)), tier("orange", "smoke", on=draw(DELAYS))),
    )
    heat = replace(HEAT, tiers=(tier("orange", "temperature >= 57", on=draw(DELAYS)),))
    at, devices, within = (
        draw(st.sampled_from(["yellow", "orange"])),
        draw(st.integers(1, 3)),
        draw(st.sampled_from([10, 60])),
    )
    look = InvestigationRule(
        ("smoke", "heat"), Tier.ORANGE, draw(st.sampled_from([5.0, 15.0])), draw(st.sampled_from([30.0, 180.0]))
    )
    confirmed = replace(
        CONFIRMED,
        places=("floor", "venue") if draw(st.booleans()) else ("floor",),
        tiers=(
            tier("red", f"alarms([smoke, heat], at: {at}, devices: {devices}, within: {within}s)", on=draw(DELAYS)),
        ),
        investigate=look if draw(st.booleans()) else None,
    )
    return plan(smoke, heat, confirmed, devices=DEVICES)


@given(houses(), st.sets(st.sampled_from(["det-a", "det-b", "det-attic"]), min_size=1))
@settings(max_examples=150, deadline=None)
def test_no_house_makes_them_disagree(house: Plan, devices: set[str]) -> None:
    """The same answer for every chain: never, or the same second."""
    say = told(*sorted(devices), of=house)
    arithmetic, driven = evacuation(say, house), first_evacuation(Stage(house).play(say))
    assert (arithmetic is None) == (driven is None)
    assert arithmetic is None or driven is None or 0 <= arithmetic - driven <= LAST_INSTANT_S


def test_a_danger_that_relents() -> None:
    """The devices say that all is calm again, of what they told and of nothing else."""
    said = list(Stage(HOUSE).play({"det-b": {"smoke": True}, "sos": {"pressed": True}}, relent_s=20.0, until_s=40.0))
    ends = [(one.after_s, one.what.alarm) for one in said if isinstance(one.what, Return | Clear)]
    assert ends == [(0.0, "sos@sos"), (20.0, "smoke@det-b")]
    assert max(one.after_s for one in said) <= 40.0 < HORIZON_S


def test_what_calm_and_the_worst_are() -> None:
    """A press is not said in calm; what does not tell of danger has no worst."""
    assert calm(DEVICES[4]) == {}
    assert calm(DEVICES[5]) == {"voltage": 220.0}
    assert extreme(DEVICES[5], frozenset({"voltage"})) == {}


def test_an_event_adds_up_its_parts() -> None:
    """Nothing on the way is no time at all."""
    assert Event().seconds == 0 and not Event().looked_into
    assert math.isclose(Event().then(Part("a", 1.5), Part("b", 2.0)).seconds, 3.5)


def test_a_rule_of_the_venue_that_reads_a_rule_of_zones() -> None:
    """Red in the end, by way of a zone."""
    middle = rule("middle", "zone", ["floor"], tier("orange", "any(smoke)"))
    whole: Rule = rule("end", "venue", ["venue"], tier("red", "alarms([middle], at: orange)", on=3), evacuate="whole")
    house = plan(middle, whole, devices=DEVICES)
    (a,) = (chain for chain in Chains(house).all() if not chain.others)
    assert a.rule == "middle" and a.red is not None and a.red.seconds == 3.0
