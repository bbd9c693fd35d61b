"""Scenario files: the stock ones fit the sample venue, wrong ones are refused with file, line and column."""

from pathlib import Path

import pytest

from config.load import load as load_venue
from config.problem import ConfigError
from rules.plan import Plan
from simulators import scenario_file

KTV = Path(__file__).resolve().parents[2] / "config" / "samples" / "ktv"
GOOD = """\
title: {en: a story}
length: 20s
story:
  - {at: 5s, name: lit, fire: {zone: room-305, growth: fast}}
expect:
  - {alarm: smoke@det-305, tier: orange, within: 20s, of: lit}
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_venue(KTV).plan


@pytest.mark.parametrize("name", scenario_file.stock_names())
def test_stock_scenarios_fit_the_sample_venue_and_are_short(name: str, plan: Plan) -> None:
    """Each names only what the sample has, and takes at most 75 s."""
    file = scenario_file.load(name)
    scenario_file.check(file, plan)
    assert file.scenario.length <= 75
    assert file.scenario.title.zh


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("growth: fast", "grow: fast"), "4:48: unknown key 'grow'"),
        (("at: 5s", "at: 5"), "4:10: at: found 5, expected a time with its unit"),
        (("tier: orange", "tier: orang"), "6:34: tier: found 'orang', expected"),
        (("of: lit", "of: lid"), "no step or expectation is named 'lid'"),
        (("name: lit, fire", "name: lit, press: sos-101, fire"), "has exactly one of"),
        (("length: 20s", "length: 20s\nlength: 30s"), "3:1: duplicate key 'length'"),
        (
            ("expect:\n  - {alarm: smoke@det-305, tier: orange, within: 20s, of: lit}\n", ""),
            "a story promises something",
        ),
        (("alarm: smoke@det-305, tier", "fault: det-305, tier"), "tier says nothing about fault"),
    ],
)
def test_a_wrong_file_is_refused_at_its_place(wrong: tuple[str, str], told: str, tmp_path: Path) -> None:
    """Unknown keys, values of the wrong form, two actions in a step: what, where, and what was expected."""
    path = tmp_path / "story.yaml"
    path.write_text(GOOD.replace(*wrong))
    with pytest.raises(ConfigError) as refused:
        scenario_file.load(str(path))
    assert f"{path}:" in str(refused.value)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("room-305", "room-306x"), "4:38: the venue has no zone 'room-306x' -- did you mean 'room-306'?"),
        (("smoke@det-305", "smok@det-305"), "6:13: the venue has no rule 'smok' -- did you mean 'smoke'?"),
        (("smoke@det-305", "smoke@det-35"), "6:13: the venue has no place 'det-35'"),
    ],
)
def test_what_the_venue_does_not_have_is_told(wrong: tuple[str, str], told: str, tmp_path: Path, plan: Plan) -> None:
    """Ids that the venue has not are found before anything is played."""
    path = tmp_path / "story.yaml"
    path.write_text(GOOD.replace(*wrong))
    with pytest.raises(ConfigError) as refused:
        scenario_file.check(scenario_file.load(str(path)), plan)
    assert told in str(refused.value)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """A misspelt scenario is told the right word."""
    with pytest.raises(ConfigError, match="did you mean 'room-fire'"):
        scenario_file.load("room-fyre")
