"""The notation of a series, character by character."""

import math

import pytest

from workbench.ruletests.series import MAX_VALUES, SeriesError, Value, parse_series


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", ()),
        ("1", (1.0,)),
        ("-3.5", (-3.5,)),
        ("2x3", (2.0, 2.0, 2.0)),
        ("0.1+0.1x3", (0.1, 0.2, 0.3)),
        ("1-2x3", (1.0, -1.0, -3.0)),
        ("-1+0.5x2 7", (-1.0, -0.5, 7.0)),
        ("_ 1 _x2 2", (None, 1.0, None, None, 2.0)),
        ("true false on off press", (True, False, True, False, True)),
        ("offx2 onx1", (False, False, True)),
    ],
)
def test_a_series_is_what_it_says(text: str, values: tuple[Value, ...]) -> None:
    """N is the number of values, in a repetition, a ramp and a silence alike; a sum of tenths is what is written."""
    assert parse_series(text) == values


def test_nan_is_a_value_that_no_sensor_reports() -> None:
    """It can be told, so that a test can tell the fault that it must become."""
    (value,) = parse_series("nan")
    assert isinstance(value, float) and math.isnan(value)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("1 2 fast", 4),
        ("1x0", 0),
        ("1+2", 0),
        ("1x", 0),
        ("x3", 0),
        ("1,2", 0),
        ("3 _x-1", 2),
        (f"1 1x{MAX_VALUES}", 2),
        ("1x99999999999999999999", 0),
    ],
)
def test_what_means_nothing_is_told_at_its_place(text: str, offset: int) -> None:
    """The offset is that of the part that is wrong."""
    with pytest.raises(SeriesError) as error:
        parse_series(text)
    assert error.value.offset == offset
