"""Tasmota, pure: what its messages mean, as tables.

A three-phase meter sends lists. One number stands for all phases then: the lowest voltage, for a lost phase must show;
the highest current; the sum of power. A null in place of a number is a sensor that does not answer, so a bad value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.contract import BadInput, Decoded
from drivers.payload import read_object, take
from rules.quantity import Quantity
from rules.signal import Heard, Signal

_PHASES_LIMIT = 8
# key in ENERGY -> our quantity, and what stands for several phases
_ENERGY: dict[str, tuple[str, Callable[[list[float]], float]]] = {
    "Power": ("power", sum),
    "Voltage": ("voltage", min),
    "Current": ("current", max),
    "Frequency": ("frequency", min),
    "Total": ("energy", sum),
}
# key in any sensor's object -> our quantity
_SENSOR = {"Temperature": "temperature", "Humidity": "humidity"}
_ON_OFF = {"ON": True, "OFF": False, "1": True, "0": False}
_LWT = {b"Online": True, b"Offline": False}


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which of a board's parts this device is: `phase` 0 means all; `sensor` "" means any."""

    relay: int = 1
    switch: int = 1
    button: int = 1
    phase: int = 0
    sensor: str = ""


def decode_lwt(device: str, payload: bytes, retained: bool, at: float) -> Decoded:
    """A retained "Online" proves nothing about now. Raises BadInput for any other word."""
    online = _LWT.get(payload)
    if online is None:
        raise BadInput("a last will that is neither Online nor Offline", payload, device=device)
    return Decoded() if retained and online else Decoded((Heard(at, device, online=online),))


def decode_power(
    device: str, wanted: Mapping[str, Quantity], wiring: Wiring, payload: bytes, retained: bool, at: float
) -> Decoded:
    """The topic stat/<device>/POWER: the word alone."""
    word = payload.decode("utf-8", "backslashreplace")
    return _decoded(device, {"relay": _ON_OFF.get(word, word)} if wiring.relay == 1 else {}, wanted, retained, at)


def decode_energy(
    device: str, wanted: Mapping[str, Quantity], wiring: Wiring, payload: bytes, retained: bool, at: float
) -> Decoded:
    """The topic tele/<device>/ENERGY of old versions: the object alone."""
    return _decoded(device, _energy(read_object(payload, device), wiring), wanted, retained, at)


def decode_object(
    device: str, wanted: Mapping[str, Quantity], wiring: Wiring, payload: bytes, retained: bool, at: float
) -> Decoded:
    """SENSOR, STATE, RESULT and the answers to STATUS 8 and 10. Raises BadInput when it cannot be read as a whole."""
    told = read_object(payload, device)
    if isinstance(told.get("StatusSNS"), dict):
        told = told["StatusSNS"]
    values: dict[str, Any] = {}
    if "ENERGY" in told:
        if not isinstance(told["ENERGY"], dict):
            raise BadInput("ENERGY is not an object", payload, device=device)
        values.update(_energy(told["ENERGY"], wiring))
    values.update(_sensors(told, wiring))
    values.update(_contacts(told, wiring))
    return _decoded(device, values, wanted, retained, at)


def _decoded(
    device: str, values: Mapping[str, Any], wanted: Mapping[str, Quantity], retained: bool, at: float
) -> Decoded:
    readings, bad = take(device, values, wanted, at, "retained" if retained else "live")
    alive: tuple[Signal, ...] = () if retained else (Heard(at, device),)
    return Decoded(tuple(readings) or alive, tuple(bad))


def _energy(told: Mapping[str, Any], wiring: Wiring) -> dict[str, Any]:
    return {name: _phases(told[key], of, wiring) for key, (name, of) in _ENERGY.items() if key in told}


def _phases(value: Any, of: Callable[[list[float]], float], wiring: Wiring) -> Any:
    """One value for the phases; what is no list of numbers is handed on for `take` to refuse."""
    if not isinstance(value, list):
        return value
    if not 0 < len(value) <= _PHASES_LIMIT or not all(type(one) in (int, float) for one in value):
        return value
    if any(one != one for one in value):  # NaN would vanish in min and max
        return value
    if wiring.phase:
        return value[wiring.phase - 1] if wiring.phase <= len(value) else value
    return of(value)


def _sensors(told: Mapping[str, Any], wiring: Wiring) -> dict[str, Any]:
    fahrenheit = told.get("TempUnit") == "F"
    found: dict[str, Any] = {}
    for part, measured in told.items():
        if not isinstance(measured, dict) or part == "ENERGY" or (wiring.sensor and part != wiring.sensor):
            continue
        for key, name in _SENSOR.items():
            if key in measured and name not in found:
                value = measured[key]
                if name == "temperature" and fahrenheit and type(value) in (int, float):
                    value = (value - 32) / 1.8
                found[name] = value
    return found


def _contacts(told: Mapping[str, Any], wiring: Wiring) -> dict[str, Any]:
    found: dict[str, Any] = {}
    power = told.get(f"POWER{wiring.relay}", told.get("POWER") if wiring.relay == 1 else None)
    if power is not None:
        found["relay"] = _on_off(power)
    switch = told.get(f"Switch{wiring.switch}")
    if switch is not None:
        found["contact"] = _on_off(switch.get("Action") if isinstance(switch, dict) else switch)
    button = told.get(f"Button{wiring.button}")
    if isinstance(button, dict) and isinstance(button.get("Action"), str) and button["Action"] != "NONE":
        found["pressed"] = True  # SINGLE, DOUBLE, HOLD...: whoever needs help does not count
    return found


def _on_off(word: Any) -> Any:
    return _ON_OFF.get(word, word) if isinstance(word, str) else repr(word)
