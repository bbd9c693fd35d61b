"""What the engine knows of one device."""

from collections.abc import Callable
from dataclasses import dataclass

from rules.coincidence import Coincidence
from rules.held import CountWindow, ExtremeWindow, MeanWindow, least
from rules.quantity import QUANTITIES, Kind
from rules.seen import Seen
from rules.signal import Origin
from rules.surroundings import Surroundings
from rules.truth import Truth
from rules.venue import Device
from rules.window import LowWindow, SlopeWindow

WindowKey = tuple[str, float]  # quantity, span in seconds


@dataclass(frozen=True, slots=True)
class Counter:
    """How often a condition that reads these names became true."""

    names: frozenset[str]
    condition: "Callable[[DeviceState, float], Truth]"
    window: CountWindow


class DeviceState:
    """The last believed value of each quantity. A quantity that is missing from `values` is unknown, never normal.

    `expected_by` is the engine time at which silence becomes a fault, `gone` says why the device counts as absent.
    Until `awaited_until` a quantity that was not told yet may still come; afterwards it is unknown for good.
    `unverified` holds retained values, shown but never decided on. `told` is the device's own count of the message
    that told each value. `held`, `counters` and `coincidences` are kept by the canonical text of the call that asks.
    """

    __slots__ = (
        "around",
        "awaited_until",
        "coincidences",
        "counters",
        "device",
        "expected_by",
        "faults",
        "gone",
        "heard_at",
        "held",
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
        self.awaited_until = 0.0
        self.gone = ""
        self.faults: set[str] = set()
        self.lows: dict[WindowKey, LowWindow] = {}
        self.slopes: dict[WindowKey, SlopeWindow] = {}
        self.held: dict[str, tuple[str, ExtremeWindow | MeanWindow]] = {}  # with the quantity that they look back on
        self.counters: dict[str, Counter] = {}
        self.coincidences: dict[str, Coincidence] = {}
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

    def untold(self, names: frozenset[str]) -> list[str]:
        """Those of these names that it measures and whose value is unknown. An event is never unknown."""
        measured = sorted(names & self.device.quantities - self.values.keys())
        return [name for name in measured if QUANTITIES[name].kind is not Kind.EVENT]

    def awaits(self, names: frozenset[str], now: float) -> bool:
        """Whether one of these was not told often enough, and may be soon: the device has just begun to be heard."""
        if self.absent or now >= self.awaited_until:
            return False
        once = any(slope.rate() is None for (name, _), slope in self.slopes.items() if name in names)
        return once or bool(self.untold(names))

    def believe(self, quantity: str, value: float | bool, at: float) -> None:
        """Take a live value, and remember it in the windows that look back on its quantity."""
        self.values[quantity] = value
        self.unverified.pop(quantity, None)
        for (name, _), low in self.lows.items():
            if name == quantity:
                low.add(at, value)
        for (name, _), slope in self.slopes.items():
            if name == quantity:
                slope.add(at, value)
        for name, held in self.held.values():
            if name == quantity:
                held.add(at, value)

    def doubt(self, quantity: str, at: float) -> bool:
        """From now on the value of one quantity is unknown. Whether it was known."""
        for name, held in self.held.values():
            if name == quantity:
                held.lose(at)
        return self.values.pop(quantity, None) is not None

    def forget(self, at: float) -> None:
        """Everything it said is unknown from now on: it went silent."""
        self.values.clear()
        for _, held in self.held.values():
            held.lose(at)

    def count(self, name: str, now: float, past: bool = False) -> None:
        """Something of this name changed: let those that count with it look. What is past can only be one more."""
        for counter in self.counters.values():
            if name in counter.names:
                truth = counter.condition(self, now)
                if truth or not past:
                    counter.window.look(now, truth)

    def windows(self) -> dict[str, ExtremeWindow | MeanWindow | CountWindow]:
        """Those whose values hold until the next, by the text of the call that asks."""
        held = {key: window for key, (_, window) in self.held.items()}
        return {**held, **{key: counter.window for key, counter in self.counters.items()}}

    def due(self, now: float) -> float | None:
        """The next instant at which what its windows say changes by time alone."""
        dues = [window.due(now) for _, window in self.held.values()] if self.held else []
        dues += [counter.window.due(now) for counter in self.counters.values() if counter.window.counted]
        return least(dues) if dues else None

    def timed_names(self) -> list[str]:
        """What its windows look back on."""
        names = {name for name, _ in self.held.values()}
        return sorted(names.union(*(counter.names for counter in self.counters.values())))
