"""A series of values in few characters, in the manner of promtool: "0.1x6 0.5+0.5x10 _x3 press".

    v         one value: a number, true, false, press, or nan (what no sensor reports)
    vxN       the value N times
    a+bxN     N values from a on, each b more than the one before; a-bxN: b less
    _  _xN    nothing is said

N is always the number of values. promtool gives one more for `vxN` and `a+bxN`, and none more for `_xN`.
"""

import re

MAX_VALUES = 10_000  # a day at a value each ten seconds is 8,640

Value = float | bool | None  # None: nothing is said

_WORDS: dict[str, float | bool] = {
    "true": True,
    "false": False,
    "on": True,
    "off": False,
    "press": True,
    "nan": float("nan"),
}
_DIGITS = r"\d+(?:\.\d+)?"
_ITEM = re.compile(
    rf"(?:(?P<nothing>_)|(?P<word>[a-z]+?)|(?P<start>-?{_DIGITS})(?:(?P<step>[+-]{_DIGITS})(?=x))?)(?:x(?P<count>\d+))?"
)
_ROUNDING = 9  # decimals: 0.1 three times is 0.3, as it is written


class SeriesError(Exception):
    """A part of a series that means nothing: its offset in the text, what was expected."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


def parse_series(text: str) -> tuple[Value, ...]:
    """The values in order. Raises SeriesError for the first part that means nothing."""
    values: list[Value] = []
    for part in re.finditer(r"\S+", text):
        item = _ITEM.fullmatch(part[0])
        if item is None or (item["word"] is not None and item["word"] not in _WORDS):
            words = ", ".join(_WORDS)
            expected = f"expected a number, {words} or _, each with xN to repeat it, or a ramp such as 0.5+0.5x10"
            raise SeriesError(part.start(), f"found {part[0][:40]!r}, {expected}")
        count = int(item["count"] or 1)
        if not 0 < count <= MAX_VALUES - len(values):
            raise SeriesError(part.start(), f"found {part[0][:40]!r}, expected 1 to {MAX_VALUES} values in a series")
        values += _expand(item, count)
    return tuple(values)


def _expand(item: re.Match[str], count: int) -> list[Value]:
    if item["nothing"]:
        return [None] * count
    if item["word"]:
        return [_WORDS[item["word"]]] * count
    start, step = float(item["start"]), float(item["step"] or 0)
    return [round(start + step * index, _ROUNDING) for index in range(count)]
