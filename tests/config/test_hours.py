"""Schedules, duty, and what rules ask of them, as they are written in the files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.load import load
from config.problem import ConfigError
from rules.expression import parse
from rules.plan import DutyRule, VerifyRule
from rules.render import render
from rules.schedule import DAY_S, weekday
from tests.config.conftest import VENUE

Write = Callable[..., Path]

HOURS = """\
schedules:
  opening-hours:
    - {days: [fri, sat], from: "20:00", to: "04:00", closed: ["2027-02-06"]}
    - {dates: ["2027-02-07"], from: 14:00, to: 24:00}
duty: {schedule: opening-hours}
"""
RULES = """\
rules:
  - id: smoke
    category: fire
    each: device
    show_mode: true
    tiers:
      - {tier: orange, when: smoke, verify: {reset: 20s}}
    latching: true
  - id: open-late
    category: power
    each: zone
    zones: {kind: floor}
    during: opening-hours
    tiers:
      - {tier: blue, when: any(smoke) or any(tamper), clear: not any(smoke) and not any(tamper)}
      - {tier: yellow, when: any(smoke) and nobody_on_duty}
  - id: nobody
    category: power
    each: venue
    tiers:
      - {tier: blue, when: during(opening-hours) and nobody_on_duty}
"""


def test_schedules_are_built_for_the_calendar(write: Write) -> None:
    """Days, dates, closed days and the end of the day become spans counted from midnight."""
    plan = load(write(VENUE + HOURS)).plan
    assert plan.duty == DutyRule("opening-hours")
    weekly, special = plan.schedules["opening-hours"].spans
    assert (weekly.begins_s, weekly.ends_s, weekly.length_s) == (20 * 3600, 4 * 3600, 8 * 3600)
    assert weekly.days == {4, 5} and {weekday(day) for day in weekly.never} == {5}
    assert (special.begins_s, special.ends_s) == (14 * 3600, DAY_S) and {weekday(day) for day in special.only} == {6}


def test_duty_may_be_of_people_alone(write: Write) -> None:
    """Without a schedule only an order says it, and without the key somebody is always there."""
    assert load(write(VENUE + "duty: {}\n")).plan.duty == DutyRule("")
    assert load(write()).plan.duty is None


def test_during_is_written_into_the_conditions(write: Write) -> None:
    """The rule works only then: each tier asks the schedule too, and ends with it; the words can be read again."""
    rules = {rule.id: rule for rule in load(write(VENUE + HOURS, RULES)).plan.rules}
    smoke, late, nobody = rules["smoke"], rules["open-late"], rules["nobody"]
    assert smoke.show_mode and smoke.tiers[0].verify == VerifyRule(20.0, 60.0)
    blue, yellow = late.tiers
    assert late.during == "opening-hours"
    assert blue.when.text == "(any(smoke) or any(tamper)) and during(opening-hours)"
    clear = "not any(smoke) and not any(tamper) or not during(opening-hours)"
    assert blue.clear is not None and blue.clear.text == clear
    assert yellow.when.text == "(any(smoke) and nobody_on_duty) and during(opening-hours)" and yellow.clear is None
    assert render(parse(yellow.when.text).root) == yellow.when.text
    assert nobody.places == ("bar",), "a rule of the surroundings alone needs no device"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{from: 8 pm, to: '04:00'}", "from: found '8 pm', expected a time of the day such as 20:30"),
        ("{from: '24:00', to: '04:00'}", "from: found '24:00', expected a time of the day such as 20:30"),
        ("{from: '20:00', to: '24:01'}", "to: found '24:01', expected a time of the day such as 20:30"),
        ("{from: '20:00', to: '24:00', days: [monday]}", "found 'monday', expected one of mon, tue, wed, thu"),
        ("{from: '20:00', to: '24:00', dates: ['6.2.2027']}", "found '6.2.2027', expected a date such as 2027-02-06"),
        ("{from: '20:00', to: '24:00', closed: ['2027-02-30']}", "found '2027-02-30', expected a date"),
        ("{from: '20:00', to: '24:00', days: [mon], dates: ['2027-02-06']}", "found days and dates, expected one"),
        ("{from: '20:00'}", "'to' is missing"),
    ],
)
def test_a_wrong_span_is_told_at_its_place(write: Write, written: str, told: str) -> None:
    """Times, days and dates that are none are refused in the line where they stand."""
    with pytest.raises(ConfigError) as refused:
        load(write(f"{VENUE}schedules:\n  late:\n    - {written}\n"))
    (problem,) = refused.value.problems
    assert told in problem.text and problem.line == VENUE.count("\n") + 3
