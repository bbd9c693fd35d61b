"""Stories told to the real engine in virtual time, and what must follow."""

from pathlib import Path
from typing import get_args

import pytest

from config.problem import ConfigError
from rules.signal import Order
from tests.workbench.bench import RULES, load_one, run_one
from workbench.ruletests import happenings
from workbench.ruletests.suite import run

FIRE = """  - name: two detectors
    every: 5s
    series:
      det-1.smoke_obscuration: 0x2 6x20
      det-2.smoke_obscuration: _x6 6x3
      sos.pressed: _ press
    at:
      - {11s: acknowledge smoke@det-1}
      - {40s: link_down wire}
      - {45s: reset sos@sos}
      - {50s: all_clear whole-1 as commander}
    expect:
      - {%s: {%s}}
"""


@pytest.mark.parametrize(
    ("time", "what"),
    [
        ("10s", "alarm: smoke@det-1, tier: orange, state: unack, sounding: true"),
        ("12s", "alarm: smoke@det-1, state: acked, sounding: false"),
        ("9s", "alarm: smoke@det-1, state: normal"),
        ("9s", "alarm: smoke@det-1, tier: none"),
        ("0s", "alarm: smoke@det-1, tier: orange, within: 10s"),
        ("10s..90s", "alarm: smoke@det-1, tier: orange"),
        ("10s", "alarm: smoke@det-1, because: 6 %/m"),
        ("5s", "alarms: [sos@sos orange]"),
        ("12s", "alarms: [sos@sos, smoke@det-1 orange]"),
        ("0s", "alarms: []"),
        ("0s..29s", "no_evacuation: true"),
        ("30s", "evacuation: whole, origin: hall"),
        ("20s", "evacuation: whole, within: 10s"),
        ("51s", "no_evacuation: true"),
        ("40s", "fault: wire, code: link_down"),
        ("39s", "no_fault: any"),
        ("40s", "no_fault: det-1"),
        ("30s", "zone: hall, tier: red"),
        ("30s", "zone: attic, tier: orange"),
        ("10s", "decision: investigate, step: acknowledge, count: 1"),
        ("0s..60s", "decision: raise, count: 4"),
        ("30s", "decision: evacuate, plan: whole, because: smoke@det-2"),
        ("0s..60s", "decision: stand_down, count: 0"),
        ("45s", "decision: refuse, order: reset"),
    ],
)
def test_what_follows_is_found(tmp_path: Path, time: str, what: str) -> None:
    """Each kind of expectation, met."""
    assert run_one(tmp_path, FIRE % (time, what)).failures == []


@pytest.mark.parametrize(
    ("time", "what", "was"),
    [
        ("10s", "alarm: smoke@det-1, tier: red", "smoke@det-1 is unack orange"),
        ("9s", "alarm: smoke@det-1", "smoke@det-1 is normal"),
        ("12s", "alarm: smoke@det-1, sounding: true", "smoke@det-1 is acked orange and does not sound"),
        ("9s..12s", "alarm: smoke@det-1, tier: orange", "smoke@det-1 is normal"),
        ("0s", "alarm: smoke@det-1, tier: orange, within: 9s", "smoke@det-1 is normal"),
        ("5s", "alarms: [smoke@det-1]", "up: sos@sos orange"),
        ("5s", "alarms: [sos@sos red]", "up: sos@sos orange"),
        ("0s", "alarms: [sos@sos]", "no alarm is up"),
        ("0s..60s", "no_evacuation: true", "in force: whole-1"),
        ("29s", "evacuation: whole", "none in force"),
        ("30s", "evacuation: whole, origin: attic", "in force: whole from hall"),
        ("40s", "no_fault: any", "faulted: wire link_down"),
        ("40s", "fault: wire, code: other", "faulted: wire link_down"),
        ("39s", "fault: wire", "no fault stands"),
        ("30s", "zone: hall, tier: orange", "hall is red"),
        ("0s..60s", "decision: raise, count: 1", "4 of them, at 5 s, 10 s, 30 s, 30 s"),
        ("0s..60s", "decision: stand_down", "none of them"),
    ],
)
def test_what_does_not_follow_is_told_with_what_was_there(tmp_path: Path, time: str, what: str, was: str) -> None:
    """Each kind of expectation, not met."""
    assert [failure.was for failure in run_one(tmp_path, FIRE % (time, what)).failures] == [was]


def test_delays_are_exact(tmp_path: Path) -> None:
    """Time is virtual: a timer fires at its very instant, without data, and not before."""
    test = """  - name: puff
    series: {det-1.smoke_obscuration: 2}
    expect:
      - {4.99s: {alarm: smoke@det-1, state: pending}}
      - {5s: {alarm: smoke@det-1, tier: yellow}}
      - {5s: {decision: raise, count: 1}}
"""
    assert run_one(tmp_path, test).failures == []


def test_what_a_story_begins_with_is_no_change(tmp_path: Path) -> None:
    """The first value of a series is the first that the device ever says; what is well elsewhere is said before it."""
    test = """  - name: warm from the beginning
    series: {det-1.temperature: 50}
    expect: [{0s: {alarms: []}}]
"""
    rules = RULES.replace("smoke_obscuration >= 5 or temperature > 57", '"rise(temperature, 60s) >= 8.3"')
    venue = load_one(tmp_path, test, rules=rules)
    assert run(venue, venue.tests[0]).passed


def test_a_silent_device_is_lost_and_the_others_live(tmp_path: Path) -> None:
    """Devices are heard throughout, unless the story has them silent."""
    test = """  - name: silence
    at: [{10s: silent det-1}, {100s: heard det-1}]
    expect:
      - {29s: {alarms: []}}
      - {40s: {alarms: [lost@det-1 blue]}}
      - {99s: {alarms: [lost@det-1]}}
      - {100s: {alarm: lost@det-1, state: rtn_unack}}
      - {0s..200s: {no_fault: det-2}}
"""
    assert run_one(tmp_path, test).failures == []


def test_a_restart_loses_no_timer_and_hears_nothing_meanwhile(tmp_path: Path) -> None:
    """What is said in a downtime is not heard; a delay that ran is over when its instant has come."""
    test = """  - name: restart
    series: {det-1.smoke_obscuration: _ 2, det-2.smoke_obscuration: _x4 9}
    at: [{2s: restart 10s}, {13s: restart}]
    expect:
      - {1.5s: {alarm: smoke@det-1, state: pending}}
      - {11s: {alarm: smoke@det-1, state: pending}}
      - {12s: {alarm: smoke@det-1, tier: yellow}}
      - {13s: {alarms: [smoke@det-1 yellow]}}
      - {0s..20s: {decision: raise, count: 1}}
"""
    assert run_one(tmp_path, test).failures == []


def test_a_value_that_no_sensor_reports_is_a_fault(tmp_path: Path) -> None:
    """nan and what is out of range reach the engine as they would from a device."""
    test = """  - name: nan
    series: {det-1.smoke_obscuration: _ nan 0 101}
    expect:
      - {1s: {fault: det-1, code: "bad_value:smoke_obscuration"}}
      - {2s: {no_fault: det-1}}
      - {3s: {fault: det-1}}
"""
    assert run_one(tmp_path, test).failures == []


def test_people_put_alarms_aside_and_take_them_back(tmp_path: Path) -> None:
    """Shelved and out of service, each with its end, by who may; and a show in a zone."""
    test = """  - name: aside
    at:
      - {10s: fault det-1 dirty}
      - {20s: shelve lost@det-1 1m as engineer}
      - {30s: unshelve lost@det-1}
      - {40s: shelve_once lost@det-1 1m as engineer}
      - {100s: out_of_service det-2 1h as engineer}
      - {110s: fault det-2 dirty}
      - {120s: in_service det-2}
      - {130s: start_show hall 30m}
      - {140s: start_show hall 30m as commander}
      - {150s: end_show hall}
      - {160s: duty off}
    expect:
      - {10s: {alarms: [lost@det-1 blue]}}
      - {20s: {alarm: lost@det-1, overlay: shelved}}
      - {20s: {decision: hidden, alarm: lost@det-1}}
      - {30s: {alarm: lost@det-1, tier: blue, overlay: none}}
      - {99s: {alarm: lost@det-1, overlay: shelved}}
      - {100s: {alarm: lost@det-1, overlay: none}}
      - {110s: {alarm: lost@det-2, overlay: out_of_service}}
      - {120s: {alarm: lost@det-2, overlay: none, tier: blue}}
      - {130s: {decision: refuse, order: start-show}}
"""
    assert run_one(tmp_path, test).failures == []


def test_every_order_can_be_told() -> None:
    """What people can order, a story can have them order."""
    assert {kind.__name__ for kind in get_args(Order)} - set(vars(happenings)) == set()


def test_nothing_is_known_where_a_story_starts_so(tmp_path: Path) -> None:
    """`start: unknown` leaves out that all is well; `given` says what is known all the same."""
    test = """  - name: unknown
    start: unknown
    given: {call.contact: true}
    expect:
      - {0s: {alarms: [call@call red]}}
      - {0s: {evacuation: whole}}
"""
    assert run_one(tmp_path, test).failures == []


BROKEN = """  - name: broken
    series:
      det-9.smoke_obscuration: 1
      det-1.co: 1
      det-1.smoke_obscuration: 1 fast
      call.contact: 5
    at:
      - {"5": restart}
      - {5s: acknowlege smoke@det-1}
      - {5s: acknowledge smoke@det-9}
      - {5s: acknowledge smoke@det-1 as cook}
      - {5s: link_down}
    expect:
      - {5s: {alarm: smoke@call}}
      - {9s..5s: {no_evacuation: true}}
      - {5s: {tier: red}}
      - {5s: {decision: rise}}
      - {5s: {decision: evacuate, alarm: smoke@det-1}}
      - {5s: {alarm: smoke@det-1, tier: purple}}
      - {5s..6s: {alarm: smoke@det-1, within: 2s}}
      - {5s: {alarms: [smoke@det-1 purple]}}
"""


def test_every_problem_is_told_at_its_place(tmp_path: Path) -> None:
    """What the venue does not have, and what means nothing, with line, column and the nearest right word."""
    with pytest.raises(ConfigError) as error:
        load_one(tmp_path, BROKEN)
    told = [str(problem).split("house.yaml:")[1] for problem in error.value.problems]
    assert [problem.split(": ", 1)[0] for problem in told] == [
        "4:7",
        "5:7",
        "6:34",
        "7:21",
        "9:10",
        "10:14",
        "11:14",
        "12:14",
        "13:14",
        "15:22",
        "16:10",
        "17:14",
        "18:25",
        "19:25",
        "20:41",
        "21:47",
        "22:23",
    ]
    text = "\n".join(told)
    for words in (
        "the venue has no device 'det-9' -- did you mean 'det-3'?",
        "device 'det-1' does not measure 'co', expected 'smoke_obscuration' or 'temperature'",
        "found 'fast', expected a number",
        "'5' is not a duration; write a number and a unit",
        "found 'acknowlege', expected",
        "did you mean 'acknowledge'?",
        "expected 'operator', 'commander' or 'engineer'",
        "expected link_down LINK",
        "rule 'smoke' has no alarm at 'call', expected one such as 'smoke@det-1'",
        "expected a span that ends after it begins",
        "the decision 'evacuate' says nothing of 'alarm'",
        "did you mean 'raise'?",
        "expected 'none', 'blue', 'yellow', 'orange' or 'red'",
        "within after a span",
    ):
        assert words in text
