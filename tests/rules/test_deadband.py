"""A deadband is a clear condition that nobody had to write."""

import pytest

from rules.deadband import cleared_by
from rules.expression import ExpressionError, parse
from tests.rules.house import Story, device, plan, rule, tier, without_zones


@pytest.mark.parametrize(
    ("when", "band", "clear"),
    [
        ("temperature >= 57", 2, "temperature < 55"),
        ("voltage < 198", 4.4, "voltage >= 202.4"),
        ("temperature > 57 or heat", 2, "not (temperature > 55 or heat)"),
        ("(voltage < 198 or voltage > 235.4) and not voltage < 44", 4, None),
        ("not temperature < 57", 2, "not not temperature < 55"),
        ("any(temperature >= 57)", 2, "not any(temperature >= 55)"),
        ("max(temperature) >= 57", 2, "not max(temperature) >= 55"),
        ("mean(temperature, 60s) >= 57 and min(temperature, 60s) >= 50", 2, None),
        ("rise(temperature, 60s) >= 8.3 or temperature >= 57", 0.3, None),
        ("rate(frequency, 2s) <= -0.1", 0.02, "not rate(frequency, 2s) <= -0.08"),
        ("count(pressed, 60s) >= 3", 1, "not count(pressed, 1m) >= 2"),
        ("share(on_battery) > 0.5", 0.1, "not share(on_battery) > 0.4"),
    ],
)
def test_each_threshold_moves_back_by_the_band(when: str, band: float, clear: str | None) -> None:
    """Towards where the condition is true for longer, also under `not`; the text of the result is its own."""
    found = cleared_by(parse(when), band)
    assert parse(found.text).quantities == found.quantities
    if clear is not None:
        assert found.text == clear


def test_thresholds_under_not_move_the_other_way() -> None:
    """Voltage out of band clears 4 V inside of it at both ends, and below 48 V, where the mains is gone."""
    found = cleared_by(parse("(voltage < 198 or voltage > 235.4) and not voltage < 44"), 4)
    assert found.text == "not ((voltage < 202 or voltage > 231.4) and not voltage < 40)"


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("smoke or heat", "a deadband moves a threshold back, and the condition has none"),
        (
            "temperature >= 57 or co >= 100",
            "a deadband is in one unit, and the condition compares C and ppm: write clear instead",
        ),
        (
            "share(temperature >= 57) > 0.5",
            "a deadband is in one unit, and the condition compares C and a share: write clear instead",
        ),
        (
            "count(temperature >= 57) > 2",
            "a deadband is in one unit, and the condition compares C and a count: write clear instead",
        ),
        (
            "rate(temperature, 60s) > 1 or temperature >= 57",
            "a deadband is in one unit, and the condition compares C and C/s: write clear instead",
        ),
    ],
)
def test_what_a_deadband_cannot_mean_is_refused(when: str, message: str) -> None:
    """Without a threshold there is nothing to move, and one number has one unit."""
    with pytest.raises(ExpressionError) as caught:
        cleared_by(parse(when), 2)
    assert (caught.value.message, caught.value.offset) == (message, 0)


def test_a_value_that_swings_about_its_limit_is_one_alarm() -> None:
    """It returns only when it has come back by the band."""
    det = device("det", "room-a", "temperature")
    hot = rule(
        "hot", "device", ("det",), tier("blue", "temperature >= 57", cleared_by(parse("temperature >= 57"), 2).text)
    )
    story = Story(plan(hot, devices=[det]))
    assert without_zones(story.read(1, "det", temperature=57.0)) == ["Raise hot@det blue"]
    for at, value in ((2, 56.0), (3, 58.0), (4, 55.0), (5, 57.5)):
        assert story.read(at, "det", temperature=value) == []
    assert without_zones(story.read(6, "det", temperature=54.9)) == ["Return hot@det blue"]
