"""The numbers that several comparisons leave possible."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from `low` to `high`; an open end is not one of them."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    @property
    def empty(self) -> bool:
        """Whether no number is left."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def holds(self, value: float) -> bool:
        """Whether a number lies in it."""
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below

    def cut(self, operator: str, threshold: float) -> "Interval":
        """What is left of it by one comparison more."""
        match operator:
            case ">" | ">=":
                if threshold < self.low or (threshold == self.low and self.low_open):
                    return self
                return Interval(threshold, self.high, operator == ">", self.high_open)
            case _:
                if threshold > self.high or (threshold == self.high and self.high_open):
                    return self
                return Interval(self.low, threshold, self.low_open, operator == "<")

    def some(self) -> float:
        """One number of it, an end rather than something between; it is not empty."""
        if not self.low_open and math.isfinite(self.low):
            return self.low
        if not self.high_open and math.isfinite(self.high):
            return self.high
        if math.isinf(self.high):
            return self.low + 1 if math.isfinite(self.low) else 0.0
        return (self.low + self.high) / 2 if math.isfinite(self.low) else self.high - 1
