"""Small changes to rules, each of which a test can notice."""

from pathlib import Path

import pytest

from rules.expression import parse
from rules.plan import TierRule
from rules.tier import Tier
from tests.workbench.bench import load_one
from workbench.ruletests.equivalence import Sizes, alike
from workbench.ruletests.hunt import Hunter
from workbench.ruletests.mutations import mutants

NOTHING = "  - {name: nothing, expect: [{0s: {alarms: []}}]}\n"
EXACT = """  - name: the call point
    series: {call.contact: _ true false}
    expect:
      - {0s: {alarms: []}}
      - {1s: {alarms: [call@call red]}}
      - {1s: {evacuation: whole}}
      - {2s: {alarm: call@call, state: latched_unack}}
"""


def changes(folder: Path, rule: str) -> list[str]:
    """The changes to one rule, in words."""
    return [mutant.text for mutant in mutants(load_one(folder, NOTHING).plan) if mutant.rule == rule]


def test_all_that_a_rule_says_is_changed(tmp_path: Path) -> None:
    """Tiers, thresholds both ways and at their very value, delays, operators, latching."""
    assert changes(tmp_path, "smoke") == [
        "yellow: tier yellow became blue",
        "yellow: smoke_obscuration >= 2 became smoke_obscuration >= 2.2",
        "yellow: smoke_obscuration >= 2 became smoke_obscuration >= 1.8",
        "yellow: smoke_obscuration >= 2 became smoke_obscuration > 2",
        "yellow: smoke_obscuration < 1 became smoke_obscuration < 1.1",
        "yellow: smoke_obscuration < 1 became smoke_obscuration < 0.9",
        "yellow: smoke_obscuration < 1 became smoke_obscuration <= 1",
        "yellow: on_delay 5s became 10s",
        "yellow: on_delay 5s became 0s",
        "yellow: off_delay 30s became 1m",
        "yellow: off_delay 30s became 0s",
        "orange: tier orange became red",
        "orange: smoke_obscuration >= 5 or temperature > 57 became smoke_obscuration >= 5 and temperature > 57",
        "orange: smoke_obscuration >= 5 became smoke_obscuration >= 5.5",
        "orange: smoke_obscuration >= 5 became smoke_obscuration >= 4.5",
        "orange: smoke_obscuration >= 5 became smoke_obscuration > 5",
        "orange: temperature > 57 became temperature > 62.7",
        "orange: temperature > 57 became temperature > 51.3",
        "orange: temperature > 57 became temperature >= 57",
        "orange: on_delay 0s became 5s",
        "latching became false",
    ]


def test_a_coincidence_and_its_investigation_are_changed(tmp_path: Path) -> None:
    """How many devices, within how long, at which tier; how long staff have; whether people are led out."""
    assert changes(tmp_path, "confirmed") == [
        "red: tier red became orange",
        "red: at: orange became red",
        "red: at: orange became yellow",
        "red: devices: 2 became 3",
        "red: devices: 2 became 1",
        "red: within: 1m became 2m",
        "red: within: 1m became 30s",
        "red: on_delay 0s became 5s",
        "latching became false",
        "investigate was left out",
        "investigate: at orange became red",
        "investigate: at orange became yellow",
        "investigate: acknowledge_within 15s became 30s",
        "investigate: acknowledge_within 15s became 7500ms",
        "investigate: then 1m became 2m",
        "investigate: then 1m became 30s",
        "evacuate was left out",
    ]


def test_what_tests_pin_is_noticed_and_what_they_do_not_survives(tmp_path: Path) -> None:
    """The tests of the call point pin all of its rule, and nothing of any other."""
    hunter = Hunter([load_one(tmp_path, EXACT)])
    verdicts = [hunter.judge(index) for index in range(len(hunter.mutants))]
    assert {verdict.rule for verdict in verdicts if not verdict.survived} == {"call"}
    assert [verdict for verdict in verdicts if verdict.rule == "call" and verdict.survived] == []


def tier(when: str, clear: str | None = None) -> TierRule:
    """A tier with these conditions."""
    return TierRule(Tier.RED, parse(when), parse(clear) if clear else None)


NO_SIZES = Sizes({})
HALVES = Sizes({"share(on_battery)": (4,)})


@pytest.mark.parametrize(
    ("one", "other", "sizes"),
    [
        (tier("voltage >= 44", "voltage < 44"), tier("voltage >= 44", "voltage <= 44"), NO_SIZES),
        (tier("smoke or heat"), tier("heat or smoke"), NO_SIZES),
        (tier("share(on_battery) >= 0.5"), tier("share(on_battery) >= 0.45"), HALVES),
        (
            tier("rise(temperature, 60s) > 8"),
            tier("rise(temperature, 60s) > 8 or rise(temperature, 60s) < 0"),
            NO_SIZES,
        ),
        (tier("temperature >= 57"), tier("temperature >= 57 or temperature > 1200"), NO_SIZES),
    ],
)
def test_versions_that_no_test_can_tell_apart(one: TierRule, other: TierRule, sizes: Sizes) -> None:
    """True in the same cases, or different only where the value cannot be, or where the tier cannot end."""
    assert alike(one, other, sizes)


@pytest.mark.parametrize(
    ("one", "other", "sizes"),
    [
        (tier("voltage < 44"), tier("voltage <= 44"), NO_SIZES),
        (tier("voltage < 44", "voltage > 50"), tier("voltage < 44", "voltage >= 50"), NO_SIZES),
        (tier("smoke or heat"), tier("smoke and heat"), NO_SIZES),
        (tier("share(on_battery) >= 0.5"), tier("share(on_battery) > 0.5"), HALVES),
        (tier("share(on_battery) >= 0.5"), tier("share(on_battery) >= 0.75"), HALVES),
        (tier("any(smoke)"), tier("any(heat)"), NO_SIZES),
        (tier("absent"), tier("not absent"), NO_SIZES),
    ],
)
def test_versions_that_a_test_can_tell_apart(one: TierRule, other: TierRule, sizes: Sizes) -> None:
    """They differ in at least one case that can be."""
    assert not alike(one, other, sizes)
