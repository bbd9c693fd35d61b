"""What the engine knows of one device."""

from typing import TYPE_CHECKING

from rules.seen import Seen
from rules.venue import Device
from rules.window import LowWindow, SlopeWindow, Window

if TYPE_CHECKING:
    from rules.cause import Watcher

WindowKey = tuple[str, float]  # quantity, span in seconds


class DeviceState:
    """The last believed value of each quantity. A quantity that is missing from `values` is unknown, never normal.

    `expected_by` is the engine time at which silence becomes a fault; `unverified` holds retained values, shown but
    never decided on. `watchers` are, for each quantity or word, the alarms that look at it.
    """

    __slots__ = (
        "absent",
        "device",
        "expected_by",
        "faults",
        "heard_at",
        "lows",
        "seen",
        "slopes",
        "unverified",
        "values",
        "watchers",
    )

    def __init__(self, device: Device) -> None:
        self.device = device
        self.values: dict[str, float | bool] = {}
        self.unverified: dict[str, float | bool] = {}
        self.heard_at: float | None = None
        self.expected_by = 0.0
        self.absent = False
        self.faults: set[str] = set()
        self.lows: dict[WindowKey, LowWindow] = {}
        self.slopes: dict[WindowKey, SlopeWindow] = {}
        self.seen = Seen()
        self.watchers: dict[str, list[Watcher]] = {}

    def believe(self, quantity: str, value: float | bool, at: float) -> None:
        """Take a live value, and remember it in the windows that look back on its quantity."""
        self.values[quantity] = value
        self.unverified.pop(quantity, None)
        if self.lows or self.slopes:
            for window in self._windows_of(quantity):
                window.add(at, value)

    def forget(self) -> None:
        """Everything it said is unknown from now on: it went silent."""
        self.values.clear()

    def _windows_of(self, quantity: str) -> list[Window]:
        windows: list[Window] = [window for (name, _), window in self.lows.items() if name == quantity]
        windows += [window for (name, _), window in self.slopes.items() if name == quantity]
        return windows
