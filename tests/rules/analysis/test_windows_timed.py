"""Windows, aggregates and alarms of other rules: the second that the arithmetic gives is the one the engine takes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.analysis.calm_device import Said
from rules.analysis.calm_group import SaidByMany, Told
from rules.analysis.chain import Event, Part
from rules.analysis.chains import Chains, slowest
from rules.analysis.course import constant
from rules.analysis.drive import LAST_INSTANT_S, Stage, first_evacuation, first_red
from rules.analysis.extremes import MAX_PRESSES, presses
from rules.analysis.measure import MAX_STORIES
from rules.analysis.reach import Reach
from rules.analysis.week import ALWAYS, situations
from rules.expression import Call, Compare, Number, parse
from rules.plan import DutyRule, InvestigationRule, Plan, Rule
from rules.schedule import Schedule, Span
from rules.tier import Tier
from rules.venue import Device
from tests.rules.house import device, plan, rule, tier

OPEN = Schedule((Span(10 * 3600, 2 * 3600),))  # ten in the morning to two at night
STEP_S = 0.002  # a window looks again a millisecond after its mean has crossed, at the latest
DEVICES: tuple[Device, ...] = (
    device("det-a", "room-a", "smoke_obscuration", "temperature", "smoke"),
    device("det-b", "room-b", "smoke_obscuration", "temperature", "smoke"),
    device("det-a2", "room-a", "smoke_obscuration", "temperature", "smoke"),
    device("det-attic", "attic", "smoke_obscuration", "temperature", "smoke"),
    device("sos", "room-a", "pressed"),
)
ONE: Told = {"det-a": {"smoke": True, "temperature": 1200.0}}


def house(*rules: Rule) -> Plan:
    return plan(*rules, devices=DEVICES)


def both_say(of: Plan, told: Told, *, exact: bool = True) -> float | None:
    """When the arithmetic says that it comes to red; the engine agrees to the millisecond, or is sooner."""
    red = Reach(of).follow(told).red
    driven = first_red(Stage(of).play(told, until_s=4000.0))
    assert (red is None) == (driven is None)
    if red is None or driven is None:
        return None
    assert abs(driven - red.seconds) <= STEP_S if exact else driven <= red.seconds + STEP_S
    return red.seconds


@pytest.mark.parametrize(
    ("when", "on", "seconds"),
    [
        ("max(temperature, 60s) > 50", 0, 0.0),
        ("max(temperature, 60s) < 50", 0, None),
        ("max(temperature, 60s) < 2000", 0, None),
        ("min(temperature, 60s) >= 57", 0, 60.0),
        ("min(temperature, 60s) >= 57", 5, 65.0),
        ("min(temperature, 60s) < 57 and smoke", 0, 0.0),
        ("min(temperature, 60s) < 57 and smoke", 60, None),
        ("mean(temperature, 60s) >= 610", 0, 60.0),
        ("mean(temperature, 60s) >= 610", 10, 70.0),
        ("mean(temperature, 1h) >= 1200", 0, 3600.0),
        ("mean(temperature, 1h) > 1200", 0, None),
        ("mean(temperature, 60s) >= 10", 0, None),
        ("mean(smoke_obscuration, 60s) >= 1", 0, None),
        ("mean(co, 60s) >= 1", 0, None),
        ("not mean(temperature, 60s) < 610", 0, 60.0),
        ("mean(temperature, 60s) < 610 and smoke", 29, 29.0),
        ("mean(temperature, 60s) < 610 and smoke", 31, None),
        ("rise(smoke_obscuration, 60s) < 5 and smoke", 0, 0.0),
        ("rise(smoke_obscuration, 60s) > 5 and smoke", 0, None),
        ("rate(temperature, 60s) >= 100", 0, 0.0),
        ("count(smoke, 60s) >= 1", 0, 0.0),
        ("count(smoke, 60s) >= 1", 59, 59.0),
        ("count(smoke, 60s) >= 1", 61, None),
        ("count(smoke, 60s) >= 2", 0, None),
        ("count(smoke, 60s) < 1 and smoke", 0, 60.0),
        ("count(not smoke, 60s) >= 1", 0, None),
        ("smoke and min(temperature, 20s) >= 57 and mean(temperature, 60s) >= 610", 3, 63.0),
        ("min(temperature, 20s) >= 57 or mean(temperature, 60s) >= 610", 3, 23.0),
    ],
)
def test_a_window_of_one_device(when: str, on: float, seconds: float | None) -> None:
    """A signal is held: a peak counts at once, a least value and, at the latest, a mean after the whole window."""
    of = house(rule("r", "device", ["det-a"], tier("red", when, on=on)))
    assert both_say(of, ONE, exact="mean" not in when) == seconds


def test_a_mean_takes_its_whole_window_when_the_signal_just_suffices() -> None:
    """That is the time which may be promised, and no more than that."""
    of = house(rule("r", "device", ["det-a"], tier("red", "mean(temperature, 60s) >= 57")))
    assert Reach(of).follow(ONE).red == Event((Part("mean(temperature, 1m) >= 57 takes", 60.0),))
    assert first_red(Stage(of).play({"det-a": {"temperature": 57.0}})) == 60.0


def test_a_count_of_what_is_known_for_a_while() -> None:
    """The count is unknown as soon as its condition is."""
    for on, seconds in ((0, 0.0), (9, 9.0)):
        counts = tier("red", "count(rise(temperature, 60s) > 5, 10s) >= 1", on=on)
        assert both_say(house(rule("r", "device", ["det-a"], counts)), ONE) == seconds


@pytest.mark.parametrize(
    "when",
    [
        "rise(temperature, 60s) < 5 and smoke",
        "rate(temperature, 60s) < 100",
        "count(mean(temperature, 60s) >= 610, 60s) >= 1",
    ],
)
def test_what_depends_on_more_than_the_worst_is_not_promised(when: str) -> None:
    """On when calm was told last, or how bad it is: the engine comes to it in one story, and otherwise in another."""
    of = house(rule("r", "device", ["det-a"], tier("red", when)))
    assert Reach(of).follow(ONE).red is None and first_red(Stage(of).play(ONE)) is not None


@pytest.mark.parametrize(
    ("when", "seconds"),
    [
        ("pressed", 0.0),
        ("count(pressed, 10s) >= 3", 2.0),
        ("count(pressed, 10s) > 3", 3.0),
        ("pressed and count(pressed, 10s) >= 3", 2.0),
        ("count(pressed, 10s) >= 1", 0.0),
        ("count(pressed, 10s) < 3 and pressed", 0.0),
        ("count(pressed, 2s) >= 3", None),
        ("count(pressed, 1m) >= 40", None),
    ],
)
def test_a_person_presses_each_second(when: str, seconds: float | None) -> None:
    """As often as a rule asks, and no more than ten times."""
    of = house(rule("r", "device", ["sos"], tier("red", when), category="panic"))
    assert both_say(of, {"sos": {"pressed": True}}) == seconds
    assert 1 <= presses(of) <= MAX_PRESSES


def test_a_press_beside_a_detector() -> None:
    """Only the press is said again and again."""
    of = house(
        rule("r", "device", ["sos"], tier("red", "count(pressed, 10s) >= 3"), category="panic"),
        rule("smoke", "device", ["det-a"], tier("yellow", "smoke"), latching=True),
    )
    assert both_say(of, {**ONE, "sos": {"pressed": True}}) == 2.0


def test_what_is_no_condition_is_a_fault_of_whoever_asks() -> None:
    """The checked conditions are all there is."""
    said = Said(DEVICES[0], {}, ALWAYS, 1, lambda _: constant(False))
    group = SaidByMany(DEVICES, {}, ALWAYS, 1, lambda _: constant(False))
    slope = parse("rate(temperature, 60s) > 1").root
    assert isinstance(slope, Compare) and isinstance(slope.left, Call)
    with pytest.raises(AssertionError, match="not a condition"):
        said.course(Number(1.0, 0))
    with pytest.raises(AssertionError, match="not a number"):
        said.course(replace(slope, left=replace(slope.left, function="other")))
    with pytest.raises(AssertionError, match="not a condition"):
        group.course(Number(1.0, 0))


SMOKE = rule("smoke", "device", ["det-a", "det-b", "det-a2"], tier("orange", "smoke", on=7), latching=True)
ROOMS = rule("rooms", "zone", ["room-a", "room-b"], tier("orange", "any(smoke)", on=4), latching=True)


@pytest.mark.parametrize(
    ("when", "seconds"),
    [
        ("alarms([smoke])", 7.0),
        ("alarms([smoke], at: red)", None),
        ("alarms([rooms], at: orange) and smoke", 4.0),
        ("alarms([smoke]) and alarms([rooms])", 7.0),
        ("alarms([smoke]) or alarms([rooms])", 4.0),
        ("not alarms([smoke]) and smoke", 0.0),
        ("alarms([puff]) and min(temperature, 30s) > 57", None),
        ("alarms([kept]) and min(temperature, 30s) > 57", 30.0),
        ("not alarms([steep]) and smoke", None),
    ],
)
def test_alarms_that_a_device_rule_reads(when: str, seconds: float | None) -> None:
    """At the device and at the zones that hold it; one that is not latched is gone with its condition."""
    peak = "max(smoke_obscuration, 10s) < 1 and rise(temperature, 20s) > 5"
    puff = rule("puff", "device", ["det-a"], tier("blue", peak))
    kept = rule("kept", "device", ["det-a"], tier("blue", peak), latching=True)
    steep = rule("steep", "device", ["det-a"], tier("blue", "rate(temperature, 60s) > 500"))
    of = house(SMOKE, ROOMS, puff, kept, steep, rule("r", "device", ["det-a"], tier("red", when)))
    red = Reach(of).follow(ONE).red
    assert (red and red.seconds) == seconds
    if seconds is not None:
        assert first_red(Stage(of).play(ONE)) == seconds


def test_an_alarm_that_is_over_no_longer_confirms() -> None:
    """A rise ends with its window: a second device that is slower than that and `within` together confirms nothing."""
    quick = rule("quick", "device", ["det-a"], tier("orange", "rise(temperature, 20s) >= 5"), latching=True)
    for on, seconds in ((25.0, 25.0), (40.0, None)):
        slow = rule("slow", "device", ["det-b"], tier("orange", "smoke", on=on), latching=True)
        end = rule(
            "end", "zone", ["floor"], tier("red", "alarms([quick, slow], devices: 2, within: 10s)"), evacuate="whole"
        )
        of = house(quick, slow, end)
        assert both_say(of, {"det-a": {"temperature": 1200.0}, "det-b": {"smoke": True}}) == seconds


WINDOWS = st.sampled_from([1.0, 5.0, 20.0, 60.0])


@st.composite
def conditions(draw: st.DrawFn, deep: int = 2) -> str:
    """A condition on one device, of windows and values."""
    if deep and draw(st.booleans()):
        parts = [draw(conditions(deep=deep - 1)) for _ in range(2)]
        return f"({draw(st.sampled_from([' and ', ' or '])).join(parts)})"
    window = f"{draw(WINDOWS):g}s"
    atom = draw(
        st.sampled_from(
            [
                "smoke",
                f"min(temperature, {window}) >= 57",
                f"max(temperature, {window}) >= 57",
                f"mean(temperature, {window}) >= 610",
                f"mean(temperature, {window}) >= 315",
                f"rise(temperature, {window}) >= 8",
                f"count(smoke, {window}) >= 1",
                f"count(smoke, {window}) < 1",
                "smoke_obscuration > 1",
            ]
        )
    )
    return f"not {atom}" if draw(st.booleans()) else atom


@given(conditions(), st.sampled_from([0.0, 3.0, 30.0]))
@settings(max_examples=150, deadline=None)
def test_what_is_called_reached_is_reached_then(when: str, on: float) -> None:
    """No condition makes the arithmetic promise more than the engine keeps."""
    of = house(rule("r", "device", ["det-a"], tier("red", when, on=on)))
    red = Reach(of).follow(ONE).red
    if red is not None:
        driven = first_red(Stage(of).play(ONE))
        assert driven is not None and driven <= red.seconds + STEP_S, when


LOOK = InvestigationRule(("hot",), Tier.ORANGE)
CONFIRMED = rule("confirmed", "zone", ["floor"], tier("red", "alarms([hot], at: orange, devices: 2)"), evacuate="whole")


@pytest.mark.parametrize(
    ("when", "others"),
    [
        ("any(temperature > 57)", 0),
        ("count(temperature > 57) >= 2", 1),
        ("count(temperature > 57) >= 3", 2),
        ("share(temperature > 57) > 0.5", 1),
        ("all(temperature > 57)", 2),
        ("min(temperature) > 57", 2),
        ("mean(temperature) > 700", 1),
        ("max(temperature) > 700", 0),
        ("any(rise(temperature, 30s) >= 5) and count(rise(temperature, 30s) >= 2) >= 3", 2),
        ("count(temperature > 57) >= 4", None),
    ],
)
def test_as_many_devices_as_needed(when: str, others: int | None) -> None:
    """A rule over several devices gets its chain, with those others listed that it takes."""
    hot = rule("hot", "zone", ["floor"], tier("orange", when, on=2), latching=True)
    of = house(hot, replace(CONFIRMED, investigate=LOOK, tiers=(tier("red", "alarms([hot], devices: 2)"),)))
    chains = [chain for chain in Chains(of).all() if chain.device == "det-a"]
    if others is None:
        assert chains == []
        return
    (chain,) = chains
    assert chain.others == others and chain.evacuation is not None and chain.evacuation.seconds == 77.0
    driven = first_evacuation(Stage(of).play(chain.told))
    assert driven is not None and 0 <= 77.0 - driven <= LAST_INSTANT_S
    if others:
        fewer = dict(list(chain.told.items())[1:])
        assert first_evacuation(Stage(of).play(fewer)) is None


def test_each_tier_with_the_devices_that_it_takes() -> None:
    """One device is a warning, two are red."""
    hot = rule(
        "hot", "zone", ["floor"], tier("yellow", "any(smoke)"), tier("red", "count(smoke) >= 2"), evacuate="whole"
    )
    chains = [chain for chain in Chains(house(hot)).all() if chain.device == "det-a"]
    assert [(one.tier, one.others, one.red is not None) for one in chains] == [
        (Tier.YELLOW, 0, False),
        (Tier.RED, 1, True),
    ]


def test_companions_by_rules_of_zones() -> None:
    """Two rooms agree, each by a rule of its own; a second device of the same room is none."""
    hot = rule("hot", "zone", ["room-a", "room-b"], tier("orange", "any(smoke)", on=3), latching=True)
    of = house(hot, CONFIRMED)
    for device_id, other in (("det-a", "det-b"), ("det-b", "det-a")):
        alone, pair = (chain for chain in Chains(of).all() if device_id in chain.like)
        assert alone.red is None and pair.evacuation is not None and pair.evacuation.seconds == 3.0
        assert list(pair.told) in ([other, device_id], ["det-b", "det-a"])
        assert first_evacuation(Stage(of).play(pair.told)) == 3.0


def test_companions_of_companions() -> None:
    """Two rooms must agree, of which one takes two devices."""
    hot = rule("hot", "zone", ["room-a", "room-b"], tier("orange", "all(smoke)"), latching=True)
    of = house(hot, CONFIRMED)
    chains = [chain for chain in Chains(of).all() if chain.evacuation is not None and chain.device == "det-a"]
    assert [sorted(chain.told) for chain in chains] == [["det-a", "det-a2", "det-b"]]
    assert first_evacuation(Stage(of).play(chains[0].told)) == 0.0


def test_a_device_rule_that_needs_its_zone() -> None:
    """Its own smoke, while the zone is in alarm by two devices."""
    hot = rule("hot", "zone", ["floor"], tier("orange", "count(smoke) >= 2"), latching=True)
    own = rule("own", "device", ["det-a"], tier("red", "smoke and alarms([hot])"), evacuate="whole")
    (chain,) = (chain for chain in Chains(house(hot, own)).all() if chain.rule == "own")
    assert chain.others == 1 and chain.red is not None
    assert first_evacuation(Stage(house(hot, own)).play(chain.told)) == 0.0


def test_what_only_others_bring_about_is_not_said_of_a_device() -> None:
    """A detector that cannot tell the heat adds nothing to a rule that asks for both at one device."""
    both = rule("both", "zone", ["floor"], tier("red", "count(smoke and temperature > 57) >= 2"), evacuate="whole")
    of = plan(both, devices=[*DEVICES, device("plain", "room-a", "smoke")])
    assert {chain.device for chain in Chains(of).all()} == {"det-a"}


def test_a_neighbour_that_has_more_devices_is_no_reason() -> None:
    """What can be in the next room, and not in this one, is not missing here."""
    three = rule("three", "zone", ["room-a", "room-b"], tier("red", "count(smoke) >= 2"), evacuate="whole")
    whole = plan(three, devices=DEVICES)
    zones = dict(whole.venue.zones) | {"room-a": replace(whole.venue.zones["room-a"], neighbours=("room-b",))}
    of = replace(whole, venue=replace(whole.venue, zones=zones))
    assert [(chain.like, chain.others) for chain in Chains(of).all()] == [(("det-a", "det-a2"), 1)]


def test_half_of_many_devices() -> None:
    """More than are taken out one by one: as many as it takes, and none too few."""
    many = [device(f"many-{number:02}", "attic", "smoke") for number in range(40)]
    half = rule("half", "zone", ["attic"], tier("red", "share(smoke) >= 0.5"), evacuate="whole")
    (chain,) = Chains(plan(half, devices=many)).all()
    assert chain.others == 19 and len(chain.like) == 40


def test_so_many_rules_are_measured_and_no_more() -> None:
    """Each takes a new engine; the rest is said to be untimed."""
    steep = tier("red", "rate(temperature, 5s) > 100")
    rules = [rule(f"steep-{number}", "device", ["det-a"], steep, evacuate="whole") for number in range(MAX_STORIES + 2)]
    chains = list(Chains(house(*rules)).all())
    assert [chain.measured for chain in chains] == [True] * MAX_STORIES + [False] * 2
    assert all(bool(chain.untimed) is not chain.measured for chain in chains)


def test_a_measured_chain_at_a_hour_that_is_not_known() -> None:
    """A rule that asks for an hour is not missing while no hour is known, or in another one."""
    closed = tier("red", "temperature > 57 and temperature < 90 and not during(open) and not nobody_on_duty")
    of = replace(house(rule("odd", "device", ["det-a"], closed)), schedules={"open": OPEN}, duty=DutyRule())
    said = {around.when: [chain.untimed != "" for chain in Chains(of, around).all()] for around in situations(of)}
    assert [hour for hour, untimed in said.items() if untimed] == ["mon 02:00"]


def test_what_no_arithmetic_times_is_measured() -> None:
    """A rate depends on when the device told last: the engine is asked."""
    steep = rule("steep", "device", ["det-a"], tier("red", "rate(temperature, 5s) > 100", on=2), evacuate="whole")
    (chain,) = Chains(house(steep)).all()
    assert chain.measured and not chain.untimed and chain.evacuation is not None
    assert chain.evacuation.words == "measured 2 s" and not chain.evacuation.looked_into
    many = rule("many", "zone", ["floor"], tier("red", "count(rate(temperature, 5s) > 100) >= 2"), evacuate="whole")
    (chain,) = (one for one in Chains(house(SMOKE, many)).all() if one.device == "det-a" and one.rule == "many")
    assert chain.measured and chain.others == 1 and chain.evacuation is not None


@pytest.mark.parametrize("when", ["temperature > 57 and temperature < 90", "count(smoke, 60s) >= 2"])
def test_what_cannot_be_timed_is_said(when: str) -> None:
    """Neither arithmetic nor engine can tell how long a fire takes to this."""
    odd = rule("odd", "device", ["det-a"], tier("red", when), evacuate="whole")
    (chain,) = Chains(house(odd)).all()
    assert chain.untimed == f"odd red: {when}" and chain.plan == "whole"
    assert chain.red is None and chain.evacuation is None and not chain.measured


def test_an_hour_that_cannot_be_timed_is_the_slowest() -> None:
    """What is timed at one hour and not at another is never passed over."""
    odd = tier("red", "smoke and (nobody_on_duty or temperature < 10)")
    of = replace(house(rule("odd", "device", ["det-a"], odd, evacuate="whole")), duty=DutyRule())
    (chain,) = slowest(chain for around in situations(of) for chain in Chains(of, around).all())
    assert chain.untimed and not chain.when


def test_an_evacuation_that_cannot_be_timed_is_said() -> None:
    """The alarm is timed, and what it should lead to is not."""
    end = rule("end", "zone", ["floor"], tier("red", "alarms([smoke]) and any(temperature < 10)"), evacuate="whole")
    chains = [chain for chain in Chains(house(SMOKE, end)).all() if chain.rule == "smoke" and chain.device == "det-a"]
    assert [(chain.untimed, chain.plan) for chain in chains] == [
        ("", ""),
        ("end red: alarms([smoke]) and any(temperature < 10)", "whole"),
    ]
