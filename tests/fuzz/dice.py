"""Choices read from bytes, so that a fuzzer which changes a byte changes a choice and not a letter."""

from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")


ODD_IN = 80  # a file has some forty places for something odd: half of the files are to be right


class Dice:
    """When the bytes are used up every choice is the plain one: the first option, the lowest number, no."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    @property
    def used_up(self) -> bool:
        return self._at >= len(self._raw)

    def number(self, low: int, high: int) -> int:
        """From `low` to `high`, both included."""
        width = 1 if high - low < 256 else 4
        taken = self._raw[self._at : self._at + width]
        self._at += width
        return low + int.from_bytes(taken, "little") % (high - low + 1)

    def one_in(self, count: int) -> bool:
        """Yes, once in so many times."""
        return self.number(0, count - 1) == count - 1

    def pick(self, options: Sequence[One]) -> One:
        """One of them; the first is the plain one."""
        return options[self.number(0, len(options) - 1)]

    def mostly(self, right: Sequence[One], odd: Sequence[One]) -> One:
        """One of the right ones, and rarely an odd one."""
        return self.pick(odd if self.one_in(ODD_IN) else right)

    def some(self, options: Sequence[One], least: int = 1, most: int = 3) -> list[One]:
        """A few of them, the same one perhaps twice."""
        return [self.pick(options) for _ in range(self.number(least, most))]
