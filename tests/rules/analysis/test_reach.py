"""What follows from a signal by arithmetic: which tier, after which steps, at whose places; and the hours of a week."""

from dataclasses import replace

import pytest

from rules.analysis.chain import Event, Part
from rules.analysis.extremes import Values, presses
from rules.analysis.reach import Reach, reads
from rules.analysis.week import ALWAYS, Situation, situations
from rules.plan import DutyRule, InvestigationRule, Plan, Rule, VerifyRule
from rules.schedule import Schedule, Span
from rules.tier import Tier
from rules.venue import Text, Venue, Zone
from tests.rules.house import PLANS, device, plan, rule, tier

ZONES = [
    Zone("venue", "venue", Text("venue")),
    Zone("one", "floor", Text("one"), "venue", ("two",)),
    Zone("two", "floor", Text("two"), "venue"),
    Zone("three", "floor", Text("three"), "venue"),
]
NAMES = ("one", "two", "three")
DEVICES = [
    *(device(f"d-{name}", name, "smoke", "temperature") for name in NAMES),
    *(device(f"co-{name}", name, "co", "pressed") for name in NAMES),
]
DETECTORS = [f"d-{name}" for name in NAMES]
HOT = 1200.0


def house(*rules: Rule) -> Plan:
    """Three floors, of which the first two are neighbours."""
    return Plan(Venue("venue", {one.id: one for one in ZONES}, {one.id: one for one in DEVICES}), rules, PLANS)


def smoky(*floors: str) -> dict[str, Values]:
    """The detectors of these floors see smoke and are hot."""
    return {f"d-{floor}": {"smoke": True, "temperature": HOT} for floor in floors}


SMOKE = rule("smoke", "device", DETECTORS, tier("orange", "smoke"), latching=True)


@pytest.mark.parametrize(
    ("only", "seconds", "words"),
    [
        (tier("red", "smoke"), 0.0, "at once"),
        (tier("red", "smoke", on=1), 1.0, "only waits for red 1 s"),
        (tier("red", "smoke and rise(temperature, 20s) > 5", on=19), 19.0, "only waits for red 19 s"),
        (tier("red", "smoke and rise(temperature, 20s) > 5", on=20), None, ""),
        (replace(tier("red", "smoke"), verify=VerifyRule(30, 60)), 30.0, "only is verified 30 s"),
        (replace(tier("red", "smoke and rise(temperature, 20s) > 5"), verify=VerifyRule(30, 60)), None, ""),
        (tier("red", "not smoke"), None, ""),
        (tier("red", "smoke or not heat"), None, ""),
    ],
)
def test_a_tier_of_one_device(only: object, seconds: float | None, words: str) -> None:
    """With its delay or its verification, if what it asks lasts that long; what is true in calm is no answer."""
    of = house(rule("only", "device", DETECTORS, only, latching=True))  # type: ignore[arg-type]  # a TierRule
    red = Reach(of).follow(smoky("one")).red
    assert (None if red is None else red.seconds) == seconds
    assert red is None or red.words == words


def test_a_second_device_that_signals_ends_the_verification() -> None:
    """One that speaks of something else does not."""
    verified = replace(tier("red", "smoke"), verify=VerifyRule(30, 60))
    reach = Reach(house(rule("only", "device", DETECTORS, verified, latching=True)))
    one = ("only", "d-one")
    other: dict[str, Values] = {"d-three": {"temperature": HOT}}
    assert reach.follow(smoky("one", "three")).alarms[one][Tier.RED].seconds == 0.0
    assert reach.follow(smoky("one") | other).alarms[one][Tier.RED].seconds == 30.0
    assert reach.follow(smoky("one") | {"co-two": {"co": 500.0}}).alarms[one][Tier.RED].seconds == 30.0


def test_only_the_rules_that_are_asked_about_look_at_devices() -> None:
    """Below a ceiling, which those that read them do not have."""
    base = rule("base", "device", DETECTORS, tier("orange", "smoke"), tier("red", "temperature > 100"), latching=True)
    reader = rule("reader", "zone", NAMES, tier("red", "alarms([base], at: orange)"), evacuate="whole")
    mixed = rule("mixed", "zone", NAMES, tier("orange", "any(smoke) and alarms([base])"))
    other = rule("other", "device", DETECTORS, tier("red", "smoke"), evacuate="whole")
    reach = Reach(house(base, reader, mixed, other))
    everything = reach.follow(smoky("one"))
    assert set(everything.alarms) == {
        ("base", "d-one"),
        ("reader", "one"),
        ("mixed", "one"),
        ("other", "d-one"),
    }
    below = reach.follow(smoky("one"), frozenset({"base"}), Tier.ORANGE)
    assert {alarm: set(tiers) for alarm, tiers in below.alarms.items()} == {
        ("base", "d-one"): {Tier.ORANGE},
        ("reader", "one"): {Tier.RED},
    }
    assert set(reach.follow(smoky("one"), frozenset({"base"})).alarms["base", "d-one"]) == {Tier.ORANGE, Tier.RED}
    assert set(reach.follow(smoky("one"), None, Tier.ORANGE).alarms["base", "d-one"]) == {Tier.ORANGE, Tier.RED}


@pytest.mark.parametrize("delays", [(5, 30), (30, 5)])
def test_a_plan_begins_with_the_first_that_asks_for_it(delays: tuple[float, float]) -> None:
    """Whichever rule stands first."""
    rules = [
        rule(f"r{number}", "device", DETECTORS, tier("red", "smoke", on=on), latching=True, evacuate="whole")
        for number, on in enumerate(delays)
    ]
    reached = Reach(house(*rules)).follow(smoky("one"))
    assert reached.evacuation is not None and reached.evacuation[0] == "whole"
    assert reached.evacuation[1].seconds == 5.0 and reached.red is not None and reached.red.seconds == 5.0


def test_neighbours_count_where_they_are_asked_for() -> None:
    """Of three floors two are neighbours; each names the places that it counts."""
    beside = rule("beside", "zone", NAMES, tier("red", "alarms([smoke], devices: 2, among: neighbours)"))
    within = rule("within", "zone", NAMES, tier("red", "alarms([smoke], devices: 2)"))
    reach = Reach(house(SMOKE, beside, within))
    assert set(reach.follow(smoky("one", "two")).alarms) - {("smoke", f"d-{name}") for name in NAMES} == {
        ("beside", "one"),
        ("beside", "two"),
    }
    assert set(reach.follow(smoky("one", "three")).alarms) == {("smoke", "d-one"), ("smoke", "d-three")}


def test_a_look_round_begins_where_the_alarm_is() -> None:
    """Not on the floor beside it; staff use all their time, or are not there, or it is not the hour for it."""
    look = InvestigationRule(("smoke",), Tier.ORANGE)
    confirmed = rule("confirmed", "zone", NAMES, tier("red", "alarms([smoke], devices: 2)"), investigate=look)
    confirmed = replace(confirmed, during="open")
    told = smoky("one") | {"co-two": {"co": 500.0}}
    of = replace(house(SMOKE, confirmed), schedules={"open": Schedule(()), "other": Schedule(())})
    found = Reach(of, Situation(frozenset({"open"}))).follow(told)
    assert set(found.alarms) == {("smoke", "d-one"), ("confirmed", "one")}
    assert found.red == Event(
        (
            Part("staff acknowledge (confirmed)", 15.0, looked_into=True),
            Part("staff look (confirmed)", 60.0, looked_into=True),
        )
    )
    at_once = Reach(of, Situation(frozenset({"open"}), staffed=False)).follow(told).red
    assert at_once == Event()
    assert Reach(of, Situation(frozenset({"other"}))).follow(told).red is None
    assert Reach(of, Situation(known=False)).follow(told).red is not None, "an unknown hour holds nothing back"
    assert reads(confirmed) == {"smoke"}
    assert reads(replace(confirmed, tiers=(tier("red", "any(smoke)"),))) == {"smoke"}


def test_only_members_are_looked_at_and_each_press_counts() -> None:
    """Of a rule over several devices."""
    some = rule("some", "zone", NAMES, tier("red", "any(smoke)"), members=["d-one"])
    reach = Reach(house(some))
    assert set(reach.follow(smoky("one", "two")).alarms) == {("some", "one")}
    often = rule("often", "zone", NAMES, tier("red", "any(count(pressed, 60s) >= 3)"))
    found = Reach(house(often)).follow({"co-two": {"pressed": True}}).red
    assert found is not None and found.seconds == 2.0


@pytest.mark.parametrize(
    ("text", "pressed"),
    [
        ("pressed", 1),
        ("count(pressed, 60s) >= 3", 3),
        ("count(pressed, 60s) > 3", 4),
        ("not count(pressed, 60s) <= 3", 4),
        ("not count(pressed, 60s) < 3", 3),
        ("count(pressed, 60s) >= 2.5", 3),
        ("count(pressed or contact, 60s) >= 2 and count(pressed, 1h) >= 5", 5),
        ("count(pressed, 60s) >= 50", 10),
        ("count(contact, 60s) >= 7", 1),
        ("rise(temperature, 60s) >= 7", 1),
    ],
)
def test_a_person_presses_as_often_as_a_rule_asks(text: str, pressed: int) -> None:
    """And ten times at most; what is no press is not pressed."""
    assert presses(plan(rule("sos", "device", ["det-a"], tier("red", text)))) == pressed
    several = rule("several", "zone", ["floor"], tier("red", "count(pressed) >= 4"))
    assert presses(plan(several)) == 1, "of four devices each is pressed"


def test_every_hour_of_the_week_that_differs_is_told_once() -> None:
    """With and without somebody on duty, and while the clock cannot be believed."""
    quiet = plan()
    assert situations(quiet) == [ALWAYS]
    unmanned = Situation(staffed=False, when="while nobody is on duty")
    assert situations(replace(quiet, duty=DutyRule())) == [ALWAYS, unmanned]
    hours = [
        Situation(when="mon 00:00"),
        Situation(frozenset({"open"}), when="mon 09:30"),
        Situation(known=False, when="while the clock cannot be believed"),
    ]
    open_ = replace(quiet, schedules={"open": Schedule((Span(9 * 3600 + 1800, 17 * 3600),))})
    assert situations(open_) == hours
    alone = [replace(one, staffed=False, when=f"{one.when}, while nobody is on duty") for one in hours]
    assert situations(replace(open_, duty=DutyRule())) == hours + alone


def test_hours_after_a_date_that_a_schedule_names_are_told_too() -> None:
    """A feast that begins on a date goes on into the night after it, when the night shift is there."""
    day = 739_000
    feast = Schedule((Span(23 * 3600, 5 * 3600, only=frozenset({day})),))
    shift = Schedule((Span(3 * 3600, 4 * 3600),))
    found = situations(replace(plan(), schedules={"feast": feast, "shift": shift}))
    assert {one.active: one.when for one in found if one.known} == {
        frozenset(): "mon 00:00",
        frozenset({"shift"}): "mon 03:00",
        frozenset({"feast"}): "wed 23:00 at a date that a schedule names",
        frozenset({"feast", "shift"}): "thu 03:00 at a date that a schedule names",
    }
