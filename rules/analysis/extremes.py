"""What devices say in a proof: all is calm, or the worst that can be said of a danger."""

from rules.quantity import QUANTITIES, Kind
from rules.venue import Device

Values = dict[str, float | bool]

# Where calm is not the foot of the legal range: a mild room, mains of 220 V 50 Hz, a UPS with a full battery.
_CALM: Values = {
    "temperature": 20.0,
    "humidity": 50.0,
    "voltage": 220.0,
    "frequency": 50.0,
    "power": 0.0,
    "battery_charge": 100.0,
    "battery_runtime": 3600.0,
    "battery_voltage": 13.6,
    "output_voltage": 220.0,
}
# Quantities whose highest value, or true, means danger to people. A state that does says so in the table of quantities.
DANGEROUS = frozenset({"smoke_obscuration", "temperature", "co"}) | {
    name for name, quantity in QUANTITIES.items() if quantity.alarming
}


def calm(device: Device) -> Values:
    """What a device says of a quiet evening; a press is not said at all."""
    return {name: calm_value(name) for name in sorted(device.quantities) if QUANTITIES[name].kind is not Kind.EVENT}


def calm_value(name: str) -> float | bool:
    """What a quantity is on a quiet evening."""
    quantity = QUANTITIES[name]
    return _CALM.get(name, quantity.low) if quantity.kind is Kind.NUMBER else False


def extreme(device: Device, read: frozenset[str]) -> Values:
    """The worst that a device can say of the dangerous quantities among `read`."""
    return {name: _worst(name) for name in sorted(device.quantities & read & DANGEROUS)}


def _worst(name: str) -> float | bool:
    quantity = QUANTITIES[name]
    return quantity.high if quantity.kind is Kind.NUMBER else True
