"""Which rules, tiers and parts of conditions tests exercised."""

from pathlib import Path

from tests.workbench.bench import RULES, load_one
from workbench.ruletests.coverage import Coverage
from workbench.ruletests.suite import run

HALF = """  - name: smoke that comes and goes
    series: {det-1.smoke_obscuration: 2x10 0}
    expect: [{5s: {alarm: smoke@det-1, tier: yellow}}, {40s: {alarm: smoke@det-1, state: latched_unack}}]
"""
WHOLE = """  - name: smoke, then heat
    series: {det-1.smoke_obscuration: 0 6 0, det-1.temperature: 20x5 60 20}
    expect: [{5s: {alarm: smoke@det-1, tier: orange}}, {60s: {alarm: smoke@det-1, tier: orange}}]
"""


def measured(folder: Path, *tests: str) -> Coverage:
    """What these tests cover."""
    venue = load_one(folder, *tests)
    coverage = Coverage()
    coverage.expect(venue.plan)
    for test in venue.tests:
        result = run(venue, test, coverage.build)
        assert result.passed, result.failures
        coverage.take(venue.plan, result.recording.decisions)
    return coverage


def missing(coverage: Coverage, rule: str) -> list[str]:
    """What is not covered of a rule."""
    return [point.what for one in coverage.rules() if one.rule == rule for point in one.missing]


def test_what_no_test_exercised_is_named(tmp_path: Path) -> None:
    """A tier that never began or ended; an operand that never alone decided."""
    coverage = measured(tmp_path, HALF)
    assert missing(coverage, "smoke") == [
        "orange is never raised",
        "orange is never cleared",
        "`smoke_obscuration >= 5` alone never makes `smoke_obscuration >= 5 or temperature > 57` true",
        "`temperature > 57` alone never makes `smoke_obscuration >= 5 or temperature > 57` true",
    ]
    assert missing(coverage, "call") == ["red is never raised", "red is never cleared"]


def test_tests_together_cover_a_rule(tmp_path: Path) -> None:
    """What one leaves out another may do."""
    coverage = measured(tmp_path, HALF, WHOLE)
    assert missing(coverage, "smoke") == []
    (smoke,) = [one for one in coverage.rules() if one.rule == "smoke"]
    assert smoke.percent == 100.0
    assert 0 < coverage.percent < 100


COUNTED = """  - id: often
    category: fault
    each: device
    devices: {kind: smoke_detector}
    tiers:
      - {tier: blue, when: "count(temperature > 30 and smoke_obscuration > 1, 60s) >= 2"}
  - id: several
    category: fault
    each: zone
    zones: {ids: [hall]}
    devices: {kind: smoke_detector}
    tiers:
      - {tier: blue, when: any(temperature > 30 or smoke_obscuration > 1) and count(temperature > 40) >= 2}
"""
TWICE = """  - name: twice
    series:
      det-1.temperature: 20 40 20 40 20 40
      det-1.smoke_obscuration: 0 2 0 2 2 0
    expect: [{3s: {alarm: often@det-1, tier: blue}}]
"""


def test_conditions_inside_functions_are_looked_at(tmp_path: Path) -> None:
    """Of a device in each of its looks, of several devices one by one."""
    venue = load_one(tmp_path, TWICE, rules=RULES + COUNTED)
    coverage = Coverage()
    coverage.expect(venue.plan)
    result = run(venue, venue.tests[0], coverage.build)
    assert result.passed, result.failures
    coverage.take(venue.plan, result.recording.decisions)
    assert missing(coverage, "often") == ["blue is never cleared"]
    whole = "any(temperature > 30 or smoke_obscuration > 1) and count(temperature > 40) >= 2"
    assert missing(coverage, "several") == [
        "blue is never raised",
        "blue is never cleared",
        f"`any(temperature > 30 or smoke_obscuration > 1)` alone never makes `{whole[:57]}...` true",
        f"`any(temperature > 30 or smoke_obscuration > 1)` alone never makes `{whole[:57]}...` false",
        f"`count(temperature > 40) >= 2` alone never makes `{whole[:57]}...` true",
    ]


def test_notes_change_nothing(tmp_path: Path) -> None:
    """An engine that is measured decides as one that is not."""
    venue = load_one(tmp_path, HALF, WHOLE)
    coverage = Coverage()
    coverage.expect(venue.plan)
    for test in venue.tests:
        told = run(venue, test).recording.decisions
        assert told
        assert run(venue, test, coverage.build).recording.decisions == told
