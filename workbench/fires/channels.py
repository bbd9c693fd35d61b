"""Which column of a file is which detector's quantity, and in what unit it is written."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rules.quantity import QUANTITIES
from workbench.fires.recording import Measured
from workbench.fires.sheet import Sheet, number


@dataclass(frozen=True, slots=True)
class Channel:
    """A column that stands for what a detector reports. `convert` gives the unit of the quantity's table."""

    column: int
    name: str
    detector: str
    quantity: str
    convert: Callable[[float], float] = float


@dataclass
class Reader:
    """Reads the channels of a sheet row by row and counts what was no measurement."""

    sheet: Sheet
    channels: Sequence[Channel]
    dropped: dict[str, int] = field(default_factory=dict)  # by channel name

    def values(self, row: tuple[str, ...]) -> tuple[Measured, ...]:
        """What was measured in one row. Empty cells, NaN and values that no working sensor reports are left out."""
        found = []
        for channel in self.channels:
            value = number(self.sheet.cell(row, channel.column))
            value = None if value is None else channel.convert(value)
            if value is None or not QUANTITIES[channel.quantity].accepts(value):
                self.dropped[channel.name] = self.dropped.get(channel.name, 0) + 1
            else:
                found.append(Measured(channel.detector, channel.quantity, value))
        return tuple(found)

    def notes(self) -> list[str]:
        """What was left out, one line for each channel."""
        rows = len(self.sheet.rows)
        return [f"{name}: {count} of {rows} values are missing or impossible" for name, count in self.dropped.items()]


def obscuration(optical_density_per_m: float) -> float:
    """Optical density per metre, log10(I0/I)/L, as %/m. Below the meter's own zero there is no smoke."""
    return 100.0 * (1.0 - math.pow(10.0, -max(0.0, optical_density_per_m)))


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
