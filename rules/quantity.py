"""The vocabulary of measurement: every quantity, its unit, its legal range, its meaning.

No unit travels with a value: a driver converts into the unit written here, or does not report at all.
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a quantity behaves."""

    NUMBER = "number"
    STATE = "state"  # true or false, and stays so until reported otherwise
    EVENT = "event"  # true at the instant it happens, nothing afterwards: a press


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is measured. `low` and `high` bound what a working sensor can report, in `unit`."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    low: float = 0.0
    high: float = 0.0
    alarming: bool = False  # true means danger: a retained `true` is never taken for normal

    @property
    def expected(self) -> str:
        """What a value must be, in words: "0 to 100 %/m" or "true or false"."""
        return f"{self.low:g} to {self.high:g} {self.unit}" if self.kind is Kind.NUMBER else "true or false"

    def accepts(self, value: object) -> bool:
        """Whether a value has the right type and lies in the legal range (NaN does not)."""
        if self.kind is not Kind.NUMBER:
            return isinstance(value, bool)
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high


def _number(name: str, unit: str, low: float, high: float, meaning: str) -> Quantity:
    return Quantity(name, Kind.NUMBER, unit, meaning, low, high)


def _state(name: str, meaning: str, *, alarming: bool = False) -> Quantity:
    return Quantity(name, Kind.STATE, "", meaning, alarming=alarming)


_TABLE = (
    _number("smoke_obscuration", "%/m", 0.0, 100.0, "light lost to smoke along one metre"),
    _number("temperature", "C", -40.0, 1200.0, "air at the detector"),
    _number("humidity", "%", 0.0, 100.0, "relative humidity"),
    _number("co", "ppm", 0.0, 10_000.0, "carbon monoxide"),
    _state("smoke", "the detector's own verdict: smoke", alarming=True),
    _state("heat", "the detector's own verdict: heat", alarming=True),
    _state("gas", "the detector's own verdict: combustible gas", alarming=True),
    _state("contact", "an alarm contact of a panel or call point is active", alarming=True),
    Quantity("pressed", Kind.EVENT, "", "a button was pressed", alarming=True),
    _state("tamper", "the device was opened or taken off its base"),
    _state("battery_low", "the device's own battery must be changed"),
    _state("trouble", "the device reports a fault of its own"),
    _state("test", "the device is being tested"),
    _number("voltage", "V", 0.0, 1000.0, "mains voltage"),
    _number("current", "A", 0.0, 6300.0, "mains current"),
    _number("power", "W", -4_000_000.0, 4_000_000.0, "active power"),
    _number("frequency", "Hz", 0.0, 100.0, "mains frequency"),
    _number("energy", "kWh", 0.0, 1e9, "energy counted since the meter was made"),
    _state("on_battery", "the UPS carries the load from its battery"),
    _state("ups_battery_low", "the UPS says that its battery is nearly empty"),
    _state("ups_failed", "the UPS reports an internal failure"),
    _state("ups_bypass", "the UPS passes the mains through unprotected"),
    _number("battery_charge", "%", 0.0, 100.0, "UPS battery charge"),
    _number("battery_runtime", "s", 0.0, 864_000.0, "time the UPS can carry today's load"),
    _number("battery_voltage", "V", 0.0, 1000.0, "UPS battery voltage"),
    _number("output_voltage", "V", 0.0, 1000.0, "UPS output voltage"),
    _number("load", "%", 0.0, 300.0, "UPS load against its rating"),
    _state("relay", "the output relay is energised"),
)

QUANTITIES: dict[str, Quantity] = {quantity.name: quantity for quantity in _TABLE}
