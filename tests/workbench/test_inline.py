"""A small venue and its rules in the test file itself."""

from pathlib import Path

import pytest

from config.problem import ConfigError
from workbench.ruletests.suite import load_suite, run

INLINE = """# A bar.
venue: {id: bar, name: {en: Bar}}
tests:
  - name: dark
    series: {meter.voltage: 230 40}
    expect: [{1s: {alarms: [dark@meter blue]}}]
zones: [{id: cellar, kind: room}]
rules:
  - id: dark
    category: power
    each: device
    tiers:
      - {tier: blue, when: voltage < 44}
devices:
  - {id: meter, kind: power_meter, zone: cellar, link: wire, driver: tocsin, quantities: [voltage]}
"""


def test_a_venue_in_the_test_file_is_like_any_other(tmp_path: Path) -> None:
    """Links and outputs may be left out; the rules are those of the file."""
    path = tmp_path / "bar.yaml"
    path.write_text(INLINE)
    (venue,) = load_suite([path])
    assert [rule.line for rule in venue.plan.rules] == ["inline.yaml:9"]
    assert run(venue, venue.tests[0]).passed


def test_stock_packs_are_named_as_in_a_venue_file(tmp_path: Path) -> None:
    """`rules` with names instead of rules."""
    path = tmp_path / "bar.yaml"
    head, _, tail = INLINE.partition("rules:\n")
    path.write_text(
        f"{head}rules: [stock:power]\n{tail[tail.index('devices:') :]}".replace(
            "dark@meter blue", "mains-loss@bar, supply-lost@meter"
        )
    )
    (venue,) = load_suite([path])
    assert run(venue, venue.tests[0]).passed


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("voltage < 44", "voltag < 44", "13:28"),
        ("kind: room", "knd: room", "7:9"),
        ("zone: cellar", "zone: roof", "15:42"),
    ],
)
def test_problems_have_the_line_of_the_test_file(tmp_path: Path, right: str, wrong: str, place: str) -> None:
    """Whichever section they are in."""
    path = tmp_path / "bar.yaml"
    path.write_text(INLINE.replace(right, wrong))
    with pytest.raises(ConfigError) as error:
        load_suite([path])
    assert f"{path}:{place}" in {str(problem).split(": ")[0] for problem in error.value.problems}
