"""What the engine knows of one device."""

from rules.seen import Seen
from rules.signal import Origin
from rules.surroundings import Surroundings
from rules.venue import Device
from rules.window import LowWindow, SlopeWindow, Window

WindowKey = tuple[str, float]  # quantity, span in seconds


class DeviceState:
    """The last believed value of each quantity. A quantity that is missing from `values` is unknown, never normal.

    `expected_by` is the engine time at which silence becomes a fault, `gone` says why the device counts as absent.
    `unverified` holds retained values, shown but never decided on. `told` is the device's own count of the message
    that told each value.
    """

    __slots__ = (
        "around",
        "device",
        "expected_by",
        "faults",
        "gone",
        "heard_at",
        "lows",
        "seen",
        "slopes",
        "told",
        "unverified",
        "values",
    )

    def __init__(self, device: Device, around: Surroundings | None = None) -> None:
        self.device = device
        self.around = around or Surroundings()  # one for the whole house
        self.values: dict[str, float | bool] = {}
        self.unverified: dict[str, float | bool] = {}
        self.heard_at: float | None = None
        self.expected_by = 0.0
        self.gone = ""
        self.faults: set[str] = set()
        self.lows: dict[WindowKey, LowWindow] = {}
        self.slopes: dict[WindowKey, SlopeWindow] = {}
        self.seen = Seen()
        self.told: dict[str, Origin] = {}

    @property
    def absent(self) -> bool:
        """Whether it is silent or reported offline."""
        return bool(self.gone)

    def is_late(self, quantity: str, origin: Origin) -> bool:
        """Whether a later message of the device has told this quantity already: a repeat can be overtaken by news."""
        told = self.told.get(quantity)
        return told is not None and self.seen.precedes(origin, told)

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
