"""What can be and what cannot: conditions judged over the legal ranges of what they read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.analysis.interval import Interval
from rules.analysis.places import Places
from rules.analysis.satisfy import ANYWHERE, Known, together
from rules.analysis.shape import shape
from rules.conditions import compile_device
from rules.device_state import DeviceState
from rules.expression import And, Compare, Name, Node, Not, Or, parse
from tests.rules.house import CONFIRMED, HEAT, SMOKE, device, plan, rule, tier

MEASURED = ("smoke_obscuration", "co", "smoke")


def can(*texts: str, known: Known = ANYWHERE) -> bool:
    """Whether these conditions can hold together."""
    return together([(parse(text).root, True) for text in texts], known) is not None


@pytest.mark.parametrize(
    "text",
    [
        "co > 50 and co < 40",
        "co > 50 and co <= 50",
        "(co > 50 or temperature > 60) and not (co > 20 or temperature > 30)",
        "smoke and not smoke",
        "rise(temperature, 60s) >= 30 and temperature < -20",
        "rise(temperature, 60s) > 30 and temperature <= -10",
        "any(co > 5 and co < 4)",
        "any(co > 5) and all(co < 4)",
        "share(co > 5 and co < 4) > 0.2",
        "share(co > 5 or co <= 5) < 1",
        "count(co > 5 and co < 4) >= 1",
        "max(co) > 90 and not max(co) > 80",
        "any(smoke) and not any(smoke)",
        "co < 50 and co >= 50",
        "co > 50 and co >= 50 and co <= 50",
        "co < 50 and co <= 50 and co >= 50",
        "share(co > 5 and co < 4) > 0",
        "share(smoke) > 1.5",
        "share(smoke) < 0",
        "count(smoke) < 0",
        "count(smoke, 60s) < 0",
        "max(temperature) > 1300",
        "min(temperature) < -50",
        "mean(temperature, 60s) > 1300",
        "rise(temperature, 60s) > 1241",
        "rise(temperature, 60s) < 0",
        "rise(temperature, 60s) >= 0.5 and temperature < -39.8",
    ],
)
def test_a_contradiction_is_found(text: str) -> None:
    """No value of anything can make these true."""
    assert not can(text)


@pytest.mark.parametrize(
    "text",
    [
        "co > 40 and co < 50",
        "co >= 50 and co <= 50",
        "co > 40 and temperature < 0",
        "not (co > 40)",
        "rise(temperature, 60s) >= 30 and temperature < 0",
        "rise(temperature, 60s) >= 0.5",
        "rate(temperature, 60s) > 4 and temperature < 0",
        "any(co > 5) and any(co < 4)",
        "share(co > 5) > 0.2 and share(co > 5) < 0.3",
        "count(smoke) >= 2",
        "mean(temperature) > 40",
        "alarms([smoke], devices: 2)",
        "not alarms([smoke])",
        "smoke and not absent",
        "share(smoke) >= 1",
        "count(smoke) < 1",
        "count(smoke) > 1000",
        "count(smoke, 60s) < 1",
        "count(smoke, 60s) > 500",
        "max(temperature) >= 1200",
        "min(temperature) <= -40",
        "rate(temperature, 60s) < -100",
        "rise(temperature, 60s) >= 1240",
        "rise(temperature, 60s) < 0.5",
        "rise(temperature, 60s) >= 30 and temperature <= -10",
    ],
)
def test_what_can_be_is_not_called_impossible(text: str) -> None:
    """A rule that can act is never refused as one that cannot."""
    assert can(text)


def test_what_a_device_does_not_measure_is_false() -> None:
    """So its negation is true, as the engine has it."""
    known = Known(frozenset({"co"}))
    assert not can("smoke or temperature > 50", known=known)
    assert not can("rise(temperature, 60s) > 5", known=known)
    assert can("not smoke and not temperature > 50 and co > 5", known=known)


def test_what_no_device_measures_may_still_be_counted() -> None:
    """None of them makes it true, which a rule can ask for."""
    nobody = Known(frozenset({"co"}), members={frozenset({"co"}): 2})
    assert can("count(smoke) < 1", known=nobody) and can("share(smoke) < 0.5", known=nobody)
    assert can("not any(smoke)", known=nobody) and not can("any(smoke)", known=nobody)
    assert can("any(smoke) and all(smoke)", known=Known(frozenset({"co"}))), "what devices there are is open"


def test_what_several_devices_must_meet_one_of_them_must_measure() -> None:
    """A zone with a CO sensor and a smoke detector has no device that says both."""
    known = Known(frozenset({"co", "smoke"}), members={frozenset({"co"}): 1, frozenset({"smoke"}): 1})
    assert not can("any(co > 5 and smoke)", known=known)
    assert can("any(co > 5) and any(smoke)", known=known)
    assert can("count(smoke) >= 1", known=known) and not can("count(smoke) >= 2", known=known)
    assert can("count(smoke) < 1", known=known)
    assert can("count(smoke, 60s) >= 5", known=known), "one device can become true many times"


def test_a_bomb_of_alternatives_is_taken_as_possible() -> None:
    """(a or b) and (c or d) and ... is not worked out for ever."""
    clauses = [f"(co > {n} or temperature > {n})" for n in range(30)]
    assert can(" and ".join(clauses) + " and co < 0 and temperature < -40")
    assert can(*clauses, "co < 1")


def test_the_places_of_a_rule_say_what_can_count_there() -> None:
    """Three detectors in the house: two of them stand on the floor, one in the attic."""
    whole = plan(SMOKE, HEAT, CONFIRMED)
    places = Places(whole)
    (floor,) = places.known(CONFIRMED)
    assert sum((floor.members or {}).values()) == 2
    assert can("alarms([smoke], at: orange, devices: 2, within: 60s)", known=floor)
    assert not can("alarms([smoke, heat], devices: 3)", known=floor)
    assert not can("alarms([smoke, heat], at: red)", known=floor)
    assert not can("alarms([unheard-of])", known=floor)
    assert len(places.known(SMOKE)) == 1


def test_only_members_count() -> None:
    """A rule with a selector looks at no other device."""
    only = rule("only", "zone", ["floor"], tier("red", "any(smoke)"), members=["det-a"])
    (known,) = Places(plan(only, devices=[device("det-a", "room-a", "smoke"), device("co-1", "room-a", "co")])).known(
        only
    )
    assert sorted(known.measured or ()) == ["smoke"] and sum((known.members or {}).values()) == 1


def _expressions() -> st.SearchStrategy[Node]:
    names = st.sampled_from(["smoke", "heat"]).map(lambda name: Name(name, 0))
    compares = st.builds(
        lambda name, operator, threshold: Compare(Name(name, 0), operator, threshold, 0, 0),
        st.sampled_from(["smoke_obscuration", "co", "temperature"]),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from([1.0, 2.0, 3.0, 50.0, 99.0]),
    )
    return st.recursive(
        names | compares,
        lambda below: st.one_of(
            below.map(lambda node: Not(node, 0)),
            st.lists(below, min_size=2, max_size=3).map(lambda nodes: And(tuple(nodes), 0)),
            st.lists(below, min_size=2, max_size=3).map(lambda nodes: Or(tuple(nodes), 0)),
        ),
        max_leaves=8,
    )


VALUES = st.fixed_dictionaries(
    {
        "smoke_obscuration": st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, 50.0, 60.0, 99.0, 100.0]),
        "co": st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, 50.0, 60.0, 99.0, 200.0]),
        "smoke": st.booleans(),
    }
)


@given(_expressions(), VALUES)
@settings(max_examples=300, deadline=None)
def test_it_agrees_with_the_engine(node: Node, values: dict[str, float | bool]) -> None:
    """The values it gives make the engine's own condition true; where it gives none, no values do."""
    state = DeviceState(device("det", "room-a", *MEASURED))
    condition = compile_device(node)
    witness = together([(node, True)], Known(frozenset(MEASURED)))
    if witness is None:
        state.values.update(values)
        assert condition(state, 0.0) is not True
    else:
        calm: dict[str, float | bool] = {"smoke_obscuration": 0.5, "co": 0.5, "smoke": False}
        state.values.update(calm | {name: value for name, value in witness.items() if name in MEASURED})
        assert condition(state, 0.0) is True


@given(
    st.lists(st.tuples(st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from([0.0, 1.0, 2.0])), max_size=4),
    st.sampled_from([Interval(), Interval(0, 2), Interval(low=0), Interval(high=2), Interval(1, 1)]),
)
def test_what_an_interval_gives_lies_in_it(cuts: list[tuple[str, float]], interval: Interval) -> None:
    """Whichever comparisons cut it."""
    for operator, threshold in cuts:
        interval = interval.cut(operator, threshold)
    assert interval.empty or interval.holds(interval.some())


def test_a_shape_forgets_only_the_places() -> None:
    """Blanks and needless parentheses do not make a condition another; everything else does."""
    texts = ["co > 5", "co >= 5", "co > 6", "not co > 5", "smoke", "smoke and heat", "smoke or heat"]
    texts += ["alarms([a])", "alarms([a, b])", "alarms([a], at: red)", "alarms([a], devices: 2)", "rise(co, 60s) > 5"]
    shapes = [shape(parse(text).root) for text in texts]
    assert len(set(shapes)) == len(texts)
    assert [shape(parse(f"  ( {text} )").root) for text in texts] == shapes


@pytest.mark.parametrize(
    ("interval", "number"),
    [
        (Interval(1, 3), 1),
        (Interval(1, 3, low_open=True), 3),
        (Interval(1, 3, low_open=True, high_open=True), 2),
        (Interval(low=1, low_open=True), 2),
        (Interval(high=1, high_open=True), 0),
        (Interval(), 0),
    ],
)
def test_one_number_of_an_interval(interval: Interval, number: float) -> None:
    """An end if it has one, else something between; it need not be a number that anything reaches."""
    assert interval.some() == number and interval.holds(number)


def test_a_comparison_that_says_nothing_new_cuts_nothing() -> None:
    """What is known to be above 2 and below 5 is above 1 and below 6 too."""
    known = Interval(2, 5)
    assert known.cut(">", 1) == known.cut(">=", 2) == known.cut("<", 6) == known.cut("<=", 5) == known
    assert known.cut(">", 2) == Interval(2, 5, low_open=True) and known.cut("<", 5) == Interval(2, 5, high_open=True)


def test_the_values_of_a_witness_are_those_that_were_asked_for() -> None:
    """An end where it belongs to the interval, else something between, else one step beyond the only end."""
    assert Interval(40.0, 50.0).some() == 40.0
    assert Interval(40.0, 50.0, low_open=True).some() == 50.0
    assert Interval(40.0, 50.0, low_open=True, high_open=True).some() == 45.0
    assert Interval(40.0, low_open=True).some() == 41.0
    assert Interval(high=40.0, high_open=True).some() == 39.0
    assert Interval().some() == 0.0
    found = together([(parse("co > 40 and co < 50 and smoke and not heat").root, True)])
    assert found == {"co": 45.0, "smoke": True, "heat": False}


def test_an_open_end_is_not_one_of_the_numbers() -> None:
    """And a closed one is."""
    for low_open, high_open in ((False, False), (True, False), (False, True), (True, True)):
        interval = Interval(1.0, 2.0, low_open, high_open)
        assert [interval.holds(value) for value in (0.5, 1.0, 1.5, 2.0, 2.5)] == [
            False,
            not low_open,
            True,
            not high_open,
            False,
        ]
        assert not interval.empty
    assert [Interval(1.0, 1.0, *ends).empty for ends in ((False, False), (True, False), (False, True))] == [
        False,
        True,
        True,
    ]
