"""From a danger signal to red and to evacuation: the arithmetic and the engine give one answer."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.analysis.calm_group import Told
from rules.analysis.chain import Event, Part
from rules.analysis.chains import Chains, slowest
from rules.analysis.drive import HORIZON_S, LAST_INSTANT_S, Stage, first_evacuation, first_red
from rules.analysis.extremes import calm, extreme
from rules.analysis.places import Places, coincidences
from rules.analysis.reach import Reach
from rules.analysis.week import ALWAYS, MAX_SITUATIONS, TooManySituations, situations
from rules.decision import Clear, Return
from rules.expression import parse
from rules.plan import DutyRule, InvestigationRule, Plan, Rule, VerifyRule
from rules.schedule import Schedule, Span
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


def test_what_cannot_lead_to_red_makes_no_difference() -> None:
    """Each room may have rules of its own against nuisances: its devices stay alike in the proof."""
    own = rule("own", "device", ["det-a"], tier("yellow", "temperature >= 40"), category="power")
    pair = rule(
        "pair", "zone", ["floor"], tier("yellow", "alarms([own, smoke], at: yellow, devices: 3)"), category="power"
    )
    chains = Chains(plan(SMOKE, HEAT, own, pair, CONFIRMED, CALL, SOS, devices=DEVICES))
    assert chains.classes == Chains(HOUSE).classes
    assert [one.others for one in chains.all()] == [one.others for one in Chains(HOUSE).all()]


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
    """A meter is in no chain; what another rule than one of danger says of a detector is none either."""
    cold = rule("cold", "device", ["det-a"], tier("yellow", "temperature < 10"), category="power")
    chains = Chains(plan(cold, devices=DEVICES))
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
    "mean(temperature) > 100": 0.0,
    "mean(temperature) > 700": None,
    "min(temperature) > 100": None,
    "min(co) > 100": None,
    "all(smoke)": None,
    "share(smoke) <= 0.5": None,
    "count(rise(temperature, 60s) >= 5) >= 1 and any(min(temperature, 20s) >= 57)": 20.0,
    "any(rate(temperature, 60s) > 500)": None,
    "not any(rate(temperature, 60s) > 500)": None,
    "all(rate(temperature, 60s) > 500 or not smoke)": None,
    "not any(smoke)": None,
    "any(smoke) and max(temperature) > 100": 0.0,
    "any(smoke) and mean(temperature) > 700": None,
    "mean(temperature) > 700 or any(smoke)": 0.0,
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
        ("rise(temperature, 500ms) >= 100", None),
        ("rise(temperature, 60s) >= 1190", False),
        ("rate(temperature, 60s) >= 500", None),
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


OPEN = Schedule((Span(10 * 3600, 2 * 3600),))  # ten in the morning to two at night
NIGHT = "not during(open)"


def house_with(smoke_when: str, duty: DutyRule | None = None, **changes: object) -> Plan:
    """The house with opening hours, and a rule for smoke that asks for them."""
    smoke = replace(SMOKE, tiers=(tier("orange", smoke_when),))
    whole = plan(smoke, replace(CONFIRMED, **changes), devices=DEVICES)  # type: ignore[arg-type]  # fields of a rule
    return replace(whole, schedules={"open": OPEN}, duty=duty)


@pytest.mark.parametrize("when", ["smoke", f"smoke and {NIGHT}", "smoke and during(open)", "smoke and nobody_on_duty"])
def test_every_hour_of_the_week_comes_out_alike(when: str) -> None:
    """Open, closed, the clock unknown, staffed or not: the arithmetic and the engine agree in each."""
    house = house_with(when, DutyRule())
    say: Told = {"det-a": {"smoke": True}}
    for around in situations(house):
        arithmetic = Reach(house, around).follow(say).evacuation
        driven = first_evacuation(Stage(house, around).play(say))
        assert (arithmetic is None) == (driven is None), around
        if arithmetic is not None and driven is not None:
            assert 0 <= arithmetic[1].seconds - driven <= LAST_INSTANT_S
            assert arithmetic[1].seconds == (75.0 if around.staffed else 0.0)


def test_a_zone_rule_asks_for_the_hour_too() -> None:
    """Of schedules and duty, as of devices; a rule with `during` begins no investigation outside of its hours."""
    for when in ("during(open)", NIGHT, "nobody_on_duty", "not nobody_on_duty"):
        asks = rule("z", "zone", ["floor"], tier("red", f"any(smoke) and {when}"), evacuate="whole")
        house = replace(plan(asks, devices=DEVICES), schedules={"open": OPEN}, duty=DutyRule())
        for around in situations(house):
            found = Reach(house, around).follow({"det-a": {"smoke": True}}).evacuation
            driven = first_evacuation(Stage(house, around).play({"det-a": {"smoke": True}}))
            assert (0.0 if found else None) == driven, (when, around)
    house = house_with("smoke", during="open")
    closed = next(around for around in situations(house) if around.known and not around.active)
    assert Reach(house, closed).follow({"det-a": {"smoke": True}}).evacuation is None
    assert first_evacuation(Stage(house, closed).play({"det-a": {"smoke": True}})) is None


def test_the_slowest_hour_of_a_chain_is_told() -> None:
    """Staff that look are slower than nobody who does."""
    house = house_with("smoke", DutyRule())
    chains = slowest(chain for around in situations(house) for chain in Chains(house, around).all())
    assert [(chain.evacuation and chain.evacuation.seconds, chain.when) for chain in chains if not chain.others] == [
        (75.0, "mon 00:00"),
        (None, "mon 00:00"),
    ]
    house = house_with("smoke and during(open)")
    chains = slowest(chain for around in situations(house) for chain in Chains(house, around).all())
    assert chains[0].when == "mon 00:00" and chains[0].evacuation is not None
    assert [part.seconds for part in chains[0].evacuation.parts] == [15, 60]


def test_of_two_hours_the_slower_is_told_whichever_comes_first() -> None:
    """The order in which the hours are tried makes no difference."""
    chain = next(one for one in Chains(HOUSE).all() if one.evacuation is not None and one.evacuation.seconds)
    sooner = replace(chain, evacuation=Event())
    assert slowest([sooner, chain]) == slowest([chain, sooner]) == [chain]


def test_company_that_needs_no_second_device_is_no_chain() -> None:
    """A call point evacuates by itself: that a detector says the same adds nothing to be worked out."""
    agreed = replace(CONFIRMED, tiers=(tier("red", "alarms([smoke, call], at: orange, devices: 2, within: 60s)"),))
    house = plan(SMOKE, CALL, agreed, devices=(DEVICES[0], DEVICES[3]))
    assert [chain.others for chain in Chains(house).all() if chain.rule == "smoke"] == [0]


def test_an_alarm_below_the_tier_asked_for_leads_nowhere() -> None:
    """A coincidence of orange alarms does not count a yellow one."""
    assert evacuation({"det-a": {"smoke_obscuration": 3.0}, "det-b": {"smoke_obscuration": 3.0}}) is None


def test_a_verified_signal_takes_its_time() -> None:
    """A steady signal is taken as true after the reset, two at once (NFPA 72 alarm verification)."""
    tiers = (replace(tier("orange", "smoke"), verify=VerifyRule(30.0, 60.0)),)
    house = plan(replace(SMOKE, tiers=tiers), CONFIRMED, devices=DEVICES)
    for devices, seconds in ((("det-a",), 105.0), (("det-a", "det-b"), 0.0), (("det-a", "det-attic"), 75.0)):
        say: Told = {device: {"smoke": True} for device in devices}
        driven = first_evacuation(Stage(house).play(say))
        assert evacuation(say, house) == seconds and driven is not None and 0 <= seconds - driven <= LAST_INSTANT_S


def test_the_hours_of_a_week() -> None:
    """Each state once, with the first hour that has it; dates that a schedule names are hours of their own."""
    holiday = Schedule((Span(0, 0, only=frozenset({738_000})),))
    house = replace(plan(SMOKE, devices=DEVICES), schedules={"open": OPEN, "holiday": holiday})
    found = {(one.known, one.active): one.when for one in situations(house)}
    assert found == {
        (False, frozenset()): "while the clock cannot be believed",
        (True, frozenset({"open"})): "mon 00:00",
        (True, frozenset()): "mon 02:00",
        (True, frozenset({"open", "holiday"})): "thu 00:00 at a date that a schedule names",
        (True, frozenset({"holiday"})): "thu 02:00 at a date that a schedule names",
    }
    assert situations(plan(SMOKE)) == [ALWAYS]
    assert [one.staffed for one in situations(replace(plan(SMOKE), duty=DutyRule()))] == [True, False]


def test_a_week_of_too_many_hours_is_refused() -> None:
    """Each would have to be proved by itself, and nobody would oversee them."""
    schedules = {f"s{n}": Schedule((Span(n * 60, n * 60 + 30),)) for n in range(MAX_SITUATIONS)}
    with pytest.raises(TooManySituations):
        situations(replace(plan(SMOKE), schedules=schedules))


def test_no_rule_has_a_seen_part_of_no_time() -> None:
    """In words, only what takes time is told."""
    assert Event((Part("verified", 0.0),)).words == "at once"
    assert Event((Part("delay", 2.0), Part("look", 60.0))).words == "delay 2 s + look 60 s"


def test_a_detector_beside_the_zone_agrees() -> None:
    """`among: neighbours`: the arithmetic takes the company from next door, as the engine does."""
    when = "alarms([smoke], at: orange, devices: 2, within: 60s, among: neighbours)"
    rooms = rule("rooms", "zone", ["room-a", "room-b"], tier("red", when), evacuate="whole")
    whole = plan(replace(SMOKE, tiers=SMOKE.tiers[1:]), rooms, devices=DEVICES)
    zones = dict(whole.venue.zones) | {"room-a": replace(whole.venue.zones["room-a"], neighbours=("room-b",))}
    house = replace(whole, venue=replace(whole.venue, zones=zones))
    pair = [chain for chain in Chains(house).all() if chain.others and chain.device == "det-a"]
    assert [list(chain.told) for chain in pair] == [["det-b", "det-a"]]
    assert first_evacuation(Stage(house).play(pair[0].told)) == 0.0
    assert not [chain for chain in Chains(whole).all() if chain.red], "without a neighbour no room has two"


def test_a_device_rule_may_read_the_zones_that_hold_it() -> None:
    """What can count for it: its own alarm, and those of its zones."""
    reader = rule("reader", "device", ["det-a"], tier("red", "alarms([confirmed]) and smoke"))
    (known,) = Places(plan(SMOKE, HEAT, CONFIRMED, reader, devices=DEVICES)).known(reader)
    (read,) = coincidences(parse("alarms([confirmed, smoke])").root)
    assert known.can_alarm(read.call) and read.names.names == ("confirmed", "smoke")
