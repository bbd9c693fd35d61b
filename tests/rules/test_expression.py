"""The text of a condition: what it may say, and what is said when it does not."""

from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import compile_device
from rules.expression import MAX_DEPTH, MAX_NODES, MAX_TEXT, ExpressionError, parse
from rules.group_conditions import compile_group
from rules.plan import Each
from rules.typecheck import problems

RULES = {"smoke", "heat-rise", "call-point"}


@pytest.mark.parametrize(
    ("each", "text"),
    [
        ("device", "smoke_obscuration >= 4.8 or smoke"),
        ("device", "rise(temperature, 60s) >= 8.3 or temperature >= 57"),
        ("device", "not (absent or faulted) and rate(frequency, 500ms) <= -0.1"),
        ("device", "min(co, 5m) > 9 and max(co, 5m) < 90 or mean(co, 5m) > 30"),
        ("device", "count(pressed, 10s) >= 2 or count(rise(co, 60s) > 5 or absent, 1h) > 3"),
        ("device", "alarms([smoke]) and alarms([heat-rise, call-point], at: red)"),
        ("zone", "alarms([smoke], devices: 2, within: 60s, among: neighbours)"),
        ("venue", "any(count(absent, 1h) >= 3) or share(mean(co, 5m) > 30) > 0.1"),
        ("zone", "alarms([smoke, heat-rise], at: orange, devices: 2, within: 60s) or alarms([call-point])"),
        ("venue", "share(on_battery or voltage < 40) >= 0.5 and min(battery_runtime) < 300"),
        ("venue", "any(rise(temperature, 1m) > 8) and not all(absent) and count(smoke) > 1 and mean(co) > 1e1"),
    ],
)
def test_what_engineers_write_is_understood(each: Each, text: str) -> None:
    """The conditions of the stock packs and their like have no problems."""
    assert problems(parse(text), each=each, rule_ids=RULES) == []


def test_what_stands_side_by_side_is_not_deep() -> None:
    """Neither functions, nor parentheses, nor negations that are over: only what is open counts."""
    for part in ("any(smoke)", "(smoke)", "not smoke"):
        assert parse(" or ".join([part] * 40)).quantities == {"smoke"}


def test_the_longest_and_the_largest_condition_is_understood() -> None:
    """The bounds themselves are allowed."""
    assert parse("x" * MAX_TEXT).quantities == {"x" * MAX_TEXT}
    assert parse(" or ".join(["smoke"] * (MAX_NODES - 1))).quantities == {"smoke"}


@pytest.mark.parametrize("closed", ["(co) or ", "not co or ", "f(co) or "])
@pytest.mark.parametrize(("outside", "times"), [(0, 40), (5, 1)])
def test_what_is_closed_lets_nothing_go_deeper(closed: str, outside: int, times: int) -> None:
    """Its depth is given back once, and no more than that."""
    before = "(" * outside + closed * times
    with pytest.raises(ExpressionError, match="nested") as caught:
        parse(before + "(" * (MAX_DEPTH + 1 - outside))
    assert caught.value.offset == len(before) + MAX_DEPTH - outside


@pytest.mark.parametrize(
    ("text", "offset", "message", "hint"),
    [
        ("smoke ==  2", 6, "unexpected '='", ">= or <="),
        ("smoke && heat", 6, "unexpected '&'", "and"),
        ("smoke || heat", 6, "unexpected '|'", "or"),
        ("co != 2", 3, "unexpected '!'", "not"),
        ("co =< 2", 3, "unexpected '='", "<="),
        ("co => 2", 3, "unexpected '='", ">="),
        ("co = 2", 3, "unexpected '='", ""),
        ("co < smoke", 5, "expected a number without a unit, found 'smoke'", ""),
        ("co <= 1 < 2", 8, "a comparison has one operator", "and"),
        ("co <= 1 > 2", 8, "a comparison has one operator", "and"),
        ("co < 1 <= 2", 7, "a comparison has one operator", "and"),
        ("rise(and)", 5, "expected a quantity, a function or `(`, found 'and'", ""),
        ("not not", 7, "expected a quantity, a function or `(`, found the end", ""),
        ("alarms([2])", 8, "expected a rule id, found '2'", ""),
        ("alarms([smoke", 13, "expected `,` or `]`, found the end", ""),
        ("during(60s)", 7, "expected an id, found '60s'", ""),
        ("rise(co, 5s", 11, "expected `,` or `)`, found the end", ""),
        ("co >=", 5, "expected a number without a unit, found the end", ""),
        ("co >= 5s", 6, "expected a number without a unit, found '5s'", ""),
        ("co >= 1 >= 2", 8, "a comparison has one operator", "and"),
        ("(co > 1", 7, "expected `)`, found the end", ""),
        ("co > 1 smoke", 7, "expected `and`, `or` or the end, found 'smoke'", ""),
        ("or smoke", 0, "expected a quantity, a function or `(`, found 'or'", ""),
        ("alarms([smoke heat])", 14, "expected `,` or `]`, found 'heat'", ""),
        ("rise(co 5s)", 8, "expected `,` or `)`, found '5s'", ""),
        ("co > 1e999", 5, "1e999 is too large a number", ""),
        (f"rise(co, {'9' * 309}h) > 1", 9, f"{'9' * 309}h is too long a time", ""),
        ("smoke$", 5, "unexpected '$'", ""),
        ("(" * (MAX_DEPTH + 1), MAX_DEPTH, "nested more than 32 deep", ""),
        ("not " * (MAX_DEPTH + 1) + "smoke", 4 * MAX_DEPTH, "nested more than 32 deep", ""),
        ("f(" * (MAX_DEPTH + 1), 2 * MAX_DEPTH, "nested more than 32 deep", ""),
        (" or ".join(["smoke"] * (MAX_NODES + 1)), 0, "a condition has at most 200 parts, this one has 202", ""),
        ("x" * (MAX_TEXT + 1), MAX_TEXT, "a condition has at most 2000 characters, this one has 2001", ""),
    ],
)
def test_bad_grammar_is_told_with_its_place(text: str, offset: int, message: str, hint: str) -> None:
    """The first thing that does not fit is named, with the offset at which it stands."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert (caught.value.offset, caught.value.message, caught.value.hint) == (offset, message, hint)


@pytest.mark.parametrize(
    ("each", "text", "message", "hint"),
    [
        ("device", "»smok > 2", "unknown quantity 'smok'", "smoke"),
        ("device", "»temprature", "unknown quantity 'temprature'", "temperature"),
        ("device", "»smoke > 2", "smoke is true or false, it cannot be compared with a number", ""),
        ("device", "»co", "co is a number, compare it", "co >= ..."),
        ("device", "»rise > 2", "unknown quantity 'rise'", "rise"),
        ("device", "»any", "any is a function", "any(...)"),
        ("device", "»any(smoke)", "any() looks at several devices, this rule is about one device", ""),
        ("device", "»rice(co, 5s) > 1", "unknown function 'rice'", "rise"),
        ("device", "»rise(co, 5s)", "rise() gives a number: compare it", ""),
        ("device", "»rise(co) > 1", "rise() takes (quantity, window), 1 given", ""),
        ("device", "rise(co, »5) > 1", "expected a time such as 60s as window", ""),
        ("device", "rise(»smoke, 5s) > 1", "smoke is true or false, it cannot be compared with a number", ""),
        ("device", "rise(co, »2h) > 1", "a window is longer than 0 and at most 1h", ""),
        ("device", "rise(co, »0s) > 1", "a window is longer than 0 and at most 1h", ""),
        ("device", "»min(co) > 1", "min() takes (quantity, window), 1 given", ""),
        ("device", "mean(co, 5m) > »20000", "20000 is outside what co (ppm) can be, 0 to 10000", ""),
        ("device", "count(»co, 5m) > 1", "co is a number, compare it", "co >= ..."),
        ("device", "count(smoke, 5m) > »513", "513 is outside what a count can be, 0 to 512", ""),
        (
            "device",
            "count(smoke, 5m) >= »0",
            "a count lies within 0 to 512: >= 0 is always or never true",
            "",
        ),
        ("device", "count(»count(smoke, 5m) > 1, 1h) > 1", "count() cannot stand inside count()", ""),
        ("device", "count(»alarms([smoke]), 1h) > 1", "alarms() cannot stand inside count()", ""),
        ("device", "alarms([smoke], among: »neighbours)", "alarms() has no 'among'", ""),
        ("device", "temperature >= »5000", "5000 is outside what temperature (C) can be, -40 to 1200", ""),
        ("device", "co >= »0", "co (ppm) lies within 0 to 10000: >= 0 is always or never true", ""),
        ("device", "rise(co, 5s) > »-1", "-1 is outside what a rise of co (ppm) can be, 0 to 10000", ""),
        ("device", "(»smoke or heat) > 1", "only a quantity or a function of one can be compared with a number", ""),
        ("zone", "»smoke", "smoke belongs to one device, a zone or venue rule asks about several", "any(smoke ...)"),
        ("zone", "»rise(co, 5s) > 1", "rise() looks at one device", "any(rise(...) ...)"),
        ("zone", "»max(co, 5m) > 1", "max() takes (quantity), 2 given", "any(max(...) ...)"),
        ("zone", "»share(smoke, 5m) > 0.5", "share() takes (condition), 2 given", ""),
        ("zone", "any(»alarms([smoke]))", "alarms() cannot stand inside any()", ""),
        ("zone", "»co > 1", "co belongs to one device, a zone or venue rule asks about several", "any(co ...)"),
        ("zone", "alarms([smoke], among: »neighbors)", "unknown 'neighbors', expected neighbours", "neighbours"),
        ("zone", "alarms([smoke], among: »2)", "expected neighbours as among", ""),
        ("venue", "alarms([smoke], among: »neighbours)", "a rule for each venue has no neighbours, a zone has", ""),
        ("zone", "»any(smoke) > 1", "any() gives true or false: it cannot be compared", ""),
        ("zone", "share(smoke) > »2", "2 is outside what a share can be, 0 to 1", ""),
        ("zone", "min(co) < »20000", "20000 is outside what co (ppm) can be, 0 to 10000", ""),
        ("zone", "alarms([»smok])", "unknown rule 'smok'", "smoke"),
        ("zone", "alarms(»[])", "the list of rules is empty", ""),
        ("zone", "alarms([smoke], at: »amber)", "unknown tier 'amber'", ""),
        ("zone", "alarms([smoke], device: »2)", "alarms() has no 'device'", "devices"),
        ("zone", "alarms([smoke], devices: 2, devices: »2)", "'devices' is given twice", ""),
        ("zone", "alarms([smoke], devices: »1.5)", "expected a whole number of 1 or more", ""),
        ("zone", "alarms(»smoke)", "expected a list of rule ids such as [smoke] as rules", ""),
        ("zone", "any(»5s)", "expected a condition", ""),
        ("zone", "alarms([smoke], at: »ornage)", "unknown tier 'ornage'", "orange"),
        ("zone", "alarms([smoke], devices: »0)", "expected a whole number of 1 or more", ""),
        ("zone", "alarms([smoke], at: »2)", "expected a tier (blue, yellow, orange, red) as at", ""),
        ("zone", "alarms([smoke], devices: »5s)", "expected a whole number as devices", ""),
        ("zone", "max(»smoke or heat) > 1", "expected a quantity as quantity", ""),
        ("zone", "max(co) > »20000", "20000 is outside what co (ppm) can be, 0 to 10000", ""),
        ("zone", "»max(co, smoke) > 1", "max() takes (quantity), 2 given", ""),
        ("device", "»min(60s) > 1", "min() takes (quantity, window), 1 given", ""),
        (
            "device",
            "during(»opening-hour)",
            "unknown schedule 'opening-hour', expected the id of one in the venue file",
            "opening-hours",
        ),
        ("device", "temperature > »1200.5", "1200.5 is outside what temperature (C) can be, -40 to 1200", ""),
        ("device", "temperature < »-41", "-41 is outside what temperature (C) can be, -40 to 1200", ""),
        (
            "device",
            "temperature > »1200",
            "temperature (C) lies within -40 to 1200: > 1200 is always or never true",
            "",
        ),
        (
            "device",
            "temperature <= »1200",
            "temperature (C) lies within -40 to 1200: <= 1200 is always or never true",
            "",
        ),
        ("device", "temperature < »-40", "temperature (C) lies within -40 to 1200: < -40 is always or never true", ""),
        (
            "device",
            "rise(temperature, 60s) > »1241",
            "1241 is outside what a rise of temperature (C) can be, 0 to 1240",
            "",
        ),
        ("device", "alarms([heat-rise, »heat-rice])", "unknown rule 'heat-rice'", "heat-rise"),
    ],
)
def test_bad_meaning_is_told_with_the_right_word(each: Each, text: str, message: str, hint: str) -> None:
    """Names, types and thresholds are checked, the nearest right word is offered, and the place (»)."""
    found = problems(parse(text.replace("»", "")), each=each, rule_ids=RULES, schedules={"opening-hours"})
    assert [(problem.offset, problem.message, problem.hint) for problem in found] == [(text.index("»"), message, hint)]


@pytest.mark.parametrize(
    ("each", "text"),
    [
        ("device", "temperature >= 1200 or temperature <= -40"),
        ("device", "rise(temperature, 1h) >= 1240"),
        ("device", "count(smoke, 1ms) >= 512"),
        ("zone", "share(smoke) >= 1 or count(smoke) > 600"),
        ("zone", "alarms([smoke], devices: 1, within: 1h)"),
        ("venue", "during(opening-hours) and nobody_on_duty"),
    ],
)
def test_the_last_that_a_sensor_can_say_may_be_asked(each: Each, text: str) -> None:
    """A threshold at the end of the range can be crossed, from one side."""
    assert problems(parse(text), each=each, rule_ids=RULES, schedules={"opening-hours"}) == []


def test_all_problems_are_told_at_once_in_order() -> None:
    """One look is enough to mend a condition."""
    found = problems(parse("smok or temprature > 1 or co >= 99999"), each="device", rule_ids=RULES)
    assert [problem.offset for problem in found] == [0, 8, 32]


def test_an_expression_names_what_it_reads() -> None:
    """Quantities and rules are told apart, and words behind a keyword are neither."""
    expression = parse("alarms([smoke, heat-rise], at: orange) or any(co > 5 and absent)")
    assert sorted(expression.quantities) == ["absent", "co"]
    assert sorted(expression.rules) == ["heat-rise", "smoke"]


@given(st.text(alphabet=st.sampled_from("smoke co rise()[],:<>= and or not 0123456789.s-_\u4e00'\"\\\n"), max_size=80))
def test_any_text_is_an_expression_or_an_expression_error(text: str) -> None:
    """Invariant: parse gives an Expression or raises ExpressionError within the text; checking one never raises."""
    offsets = list(_problem_offsets(text))
    assert all(0 <= offset <= len(text) for offset in offsets)


def _problem_offsets(text: str) -> Iterator[int]:
    try:
        expression = parse(text)
    except ExpressionError as error:
        yield error.offset
        return
    for each in get_args(Each):
        yield from (problem.offset for problem in problems(expression, each=each, rule_ids=RULES))


@pytest.mark.parametrize("text", ["any(smoke)", "share(smoke) > 1", "smoke(1) > 2"])
def test_what_the_check_refuses_is_never_compiled_for_a_device(text: str) -> None:
    """Only checked conditions run: anything else is a programming error and says so."""
    with pytest.raises(AssertionError, match="not a"):
        compile_device(parse(text).root)


@pytest.mark.parametrize("text", ["smoke", "rise(co, 5s) > 1", "rate(co, 5s)"])
def test_what_the_check_refuses_is_never_compiled_for_a_group(text: str) -> None:
    """The same of conditions on several devices."""
    with pytest.raises(AssertionError, match="not a"):
        compile_group(parse(text).root)
