"""Which devices are one to a proof, who must agree with whom, and what the engine is asked where arithmetic ends."""

from collections.abc import Iterable
from dataclasses import replace

from rules.analysis.chain import Chain, Event, Part
from rules.analysis.chains import Chains, slowest
from rules.analysis.week import Situation
from rules.plan import DutyRule, InvestigationRule, Plan, Rule
from rules.tier import Tier
from rules.venue import Device, Text, Venue, Zone
from tests.rules.house import PLANS, device, plan, rule, tier


def building(rules: Iterable[Rule], **floors: list[Device]) -> Plan:
    """A floor for each list of devices."""
    zones = [Zone("venue", "venue", Text("venue")), *(Zone(name, "floor", Text(name), "venue") for name in floors)]
    devices = {one.id: one for here in floors.values() for one in here}
    return Plan(Venue("venue", {one.id: one for one in zones}, devices), tuple(rules), PLANS)


def detectors(floor: str, count: int) -> list[Device]:
    """So many smoke detectors on a floor."""
    return [device(f"{floor}-{number}", floor, "smoke") for number in range(count)]


def alike(of: Plan) -> list[set[str]]:
    """The floors whose detectors are one to the proof; those of one floor always are."""
    return [{of.venue.devices[one].zone for one in devices} for devices in Chains(of).classes]


FLOORS = {f"f{count}": detectors(f"f{count}", count) for count in (1, 2, 3, 9, 10, 12)}


def test_floors_with_as_many_alarms_are_alike() -> None:
    """For a rule that counts alarms; more than nine are as good as ten; what it does not read makes no difference."""
    more = FLOORS | {"also": [*detectors("also", 2), device("co", "also", "co"), device("meter", "also", "voltage")]}
    ids = [one.id for here in more.values() for one in here if "smoke" in one.quantities]
    smoke = rule("smoke", "device", ids, tier("orange", "smoke"))
    gas = rule("gas", "device", ["co"], tier("orange", "co > 50"))
    both = rule("both", "zone", more, tier("red", "alarms([smoke], devices: 2, within: 60s)"))
    found = alike(building([smoke, gas, both], **more))
    assert found == [{"f1"}, {"f2", "also"}, {"f3"}, {"f9", "f10", "f12"}, {"also"}]
    assert alike(building([smoke], **FLOORS)) == [set(FLOORS)], "no rule asks who stands beside"


def test_floors_with_as_many_devices_of_a_kind_are_alike() -> None:
    """For a rule that counts devices: those that it looks at, by what they measure of what it asks."""
    more = FLOORS | {
        "also": [*detectors("also", 2), device("meter", "also", "voltage")],
        "too": [*detectors("too", 2), device("clamp", "too", "current")],
    }
    ids = [one.id for here in more.values() for one in here]
    count = rule("count", "zone", more, tier("red", "count(smoke) >= 2"))
    found = alike(building([count], **more))
    assert found == [{"f1"}, {"f2"}, {"f3"}, {"f9"}, {"f10"}, {"f12"}, {"also", "too"}]
    members = [one for one in ids if one.endswith(("-0", "-1"))]
    some = rule("some", "zone", more, tier("red", "count(smoke) >= 2"), members=members)
    chosen = [{one for one in devices if one in members} for devices in Chains(building([some], **more)).classes]
    floors = [{one.rsplit("-", 1)[0] for one in here} for here in chosen if here]
    assert floors == [{"f1"}, {"f2", "f3", "f9", "f10", "f12", "also", "too"}]


def test_who_is_not_needed_is_not_named() -> None:
    """The nearest other is a heat detector, and two of smoke are asked for: the chain names the other of smoke."""
    here = [
        device("s1", "f", "smoke"),
        device("h1", "f", "heat"),
        device("s2", "f", "smoke"),
        device("h2", "f", "heat"),
    ]
    smoke = rule("smoke", "device", ["s1", "s2"], tier("orange", "smoke"))
    heat = rule("heat", "device", ["h1", "h2"], tier("orange", "heat"))
    confirmed = rule(
        "confirmed", "zone", ["f"], tier("red", "alarms([smoke], devices: 2) or alarms([heat], devices: 3)")
    )
    chains = list(Chains(building([smoke, heat, confirmed], f=here)).all())
    red = [chain for chain in chains if chain.red is not None]
    assert [set(chain.told) for chain in red] == [{"s1", "s2"}]


SLOW = "smoke and rate(temperature, 60s) < 100"  # when its rate is small again depends on what was told before


def test_what_the_engine_took_is_the_time_of_the_chain() -> None:
    """By the rules of this chain alone and below the ceiling: not by what goes off beside it, nor by its own red."""
    tiers = (tier("yellow", "smoke"), tier("orange", SLOW, on=3), tier("red", "smoke_obscuration > 50"))
    slow = rule("slow", "device", ["det-a"], *tiers, latching=True)
    look = InvestigationRule(("slow",), Tier.ORANGE)
    two = tier("red", "alarms([slow], at: orange, devices: 2)")
    confirmed = rule("confirmed", "zone", ["floor"], two, investigate=look, latching=True, evacuate="whole")
    beside = rule("beside", "device", ["det-a", "det-b"], tier("red", "smoke"), evacuate="whole")
    of = plan(slow, confirmed, beside)
    told = {"det-a": {"smoke": True, "smoke_obscuration": 100.0, "temperature": 1200.0}}
    took = Event((Part("measured", 97.9990234375, looked_into=True),))
    found = [chain for chain in Chains(of).all(Tier.ORANGE) if chain.measured]
    assert found == [
        Chain("det-a", ("det-a",), "slow", Tier.ORANGE, told, took, took, "whole", measured=True),
    ]
    unmanned = Situation(staffed=False, when="at night")
    (alone,) = [one for one in Chains(replace(of, duty=DutyRule()), unmanned).all(Tier.ORANGE) if one.measured]
    assert alone.evacuation == Event((Part("measured", 23.0),)) and alone.when == "at night"


def test_a_measured_chain_may_lead_to_no_evacuation() -> None:
    """Then only its red has a time; and one whose own alarm never comes is not measured."""
    slow = rule("slow", "device", ["det-a"], tier("red", SLOW))
    (chain,) = Chains(plan(slow)).all()
    assert chain.measured and chain.red == Event((Part("measured", 20.0),)) and chain.evacuation is None


def test_devices_with_other_rules_are_not_alike() -> None:
    """Nor those that a rule of their zone counts and those that it does not."""
    here = {"f": detectors("f", 3)}
    red = rule("red", "device", ["f-0", "f-2"], tier("red", "smoke"))
    assert [set(one) for one in Chains(building([red], **here)).classes] == [{"f-0", "f-2"}, {"f-1"}]
    some = rule("some", "zone", ["f"], tier("red", "any(smoke)"), members=["f-1"])
    of = building([some], **here)
    assert [set(one) for one in Chains(of).classes] == [{"f-0", "f-2"}, {"f-1"}]
    assert [chain.like for chain in Chains(of).all()] == [("f-1",)]


def test_rules_that_lead_nowhere_make_no_difference() -> None:
    """What is neither of fire or panic nor red, nor read by what is, is not followed."""
    here = {"f": detectors("f", 2)}
    for category, word, followed in (("power", "orange", 0), ("power", "red", 1), ("fire", "yellow", 1)):
        only = rule("only", "device", ["f-0", "f-1"], tier(word, "smoke"), category=category)
        assert len(list(Chains(building([only], **here)).all())) == followed, (category, word)
    first = rule("first", "device", ["f-0"], tier("orange", "smoke"), category="power")
    then = rule("then", "zone", ["f"], tier("red", "alarms([first])"), category="power")
    assert [chain.rule for chain in Chains(building([first, then], **here)).all()] == ["first"]


def test_the_slowest_hour_is_the_one_that_is_told() -> None:
    """An evacuation at once is slower than none, for it is one."""
    chain = Chain("d", ("d",), "r", Tier.RED, {}, Event(), None, "whole")
    at_once, late = replace(chain, evacuation=Event()), replace(chain, evacuation=Event((Part("waits", 5.0),)))
    for hours in ((chain, at_once, late), (late, at_once, chain), (at_once, late)):
        assert slowest(hours) == [late]
    assert slowest((chain, at_once)) == [at_once] and slowest((at_once, chain)) == [at_once]


def test_others_are_found_for_every_kind_of_rule_that_needs_them() -> None:
    """One that counts, one of two parts that no device has both of, one of a device that reads what its zone counts."""
    here = [device("s1", "f", "smoke"), device("t1", "f", "temperature"), device("s2", "f", "smoke")]

    def others(*rules: Rule) -> list[set[str]]:
        return [set(chain.told) for chain in Chains(building(rules, f=here)).all() if chain.red is not None]

    count = rule("count", "zone", ["f"], tier("red", "count(smoke) >= 2"))
    assert others(count) == [{"s1", "s2"}]
    parts = rule("parts", "zone", ["f"], tier("red", "any(smoke) and any(temperature > 50)"))
    assert others(parts) == [{"s1", "t1"}, {"t1", "s1"}]
    hall = rule("hall", "zone", ["f"], tier("orange", "count(smoke) >= 2"))
    lone = rule("lone", "device", ["s1"], tier("red", "smoke and alarms([hall])"))
    assert {"s1", "s2"} in others(hall, lone)


def test_a_chain_is_about_its_own_rule_and_below_the_ceiling() -> None:
    """Its alarm would be red a second later, and another rule is red at once: neither is what this chain leads to."""
    here = detectors("f", 3)
    ids = [one.id for one in here]
    tiers = (tier("yellow", "smoke"), tier("orange", "smoke", on=3), tier("red", "smoke", on=1))
    base = rule("base", "device", ids, *tiers, latching=True)
    beside = rule("beside", "device", ids, tier("red", "smoke"))
    two = rule("two", "zone", ["f"], tier("red", "alarms([base], at: orange, devices: 2)"), evacuate="whole")
    of = building([base, beside, two], f=here)

    def found(ceiling: Tier) -> list[tuple[str, Tier, list[str], float | None, float | None, str]]:
        return [
            (one.rule, one.tier, sorted(one.told), _seconds(one.red), _seconds(one.evacuation), one.plan)
            for one in Chains(of).all(ceiling)
        ]

    assert found(Tier.YELLOW) == [("base", Tier.YELLOW, ["f-0"], None, None, "")]
    assert found(Tier.ORANGE) == [
        ("base", Tier.ORANGE, ["f-0"], None, None, ""),
        ("base", Tier.ORANGE, ["f-0", "f-1"], 3, 3, "whole"),
    ]
    assert found(Tier.RED) == [
        ("base", Tier.RED, ["f-0"], 1, None, ""),
        ("beside", Tier.RED, ["f-0"], 0, None, ""),
    ]


def _seconds(event: Event | None) -> float | None:
    return None if event is None else event.seconds
