"""What the codecs of all MQTT dialects share: reading JSON without belief, and turning values into readings.

No I/O, no clock, no logging: see the codecs.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from drivers.contract import BadInput
from rules.quantity import QUANTITIES, Quantity
from rules.signal import Origin, Provenance, Reading

Message = TypeVar("Message")

_MARK = b'":'


def bound(quantities: frozenset[str]) -> dict[str, Quantity]:
    """The quantities that a device is configured to measure, by name."""
    return {name: QUANTITIES[name] for name in quantities}


def read_json(payload: bytes, decoder: "msgspec.json.Decoder[Message]", kind: type[Message], device: str) -> Message:
    """Decode a message of known shape, fast. Raises BadInput as `read_object` does, and for the wrong shape.

    A key that stands twice is for `refuse_repeated_keys` to find.
    """
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    plain = read_object(payload, device)
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise BadInput(f"the payload is not what was expected: {str(error)[:200]}", payload, device=device) from None


def read_object(payload: bytes, device: str) -> dict[str, Any]:
    """Decode a JSON object. Raises BadInput for what is not JSON, not UTF-8, nested without end, or has a key twice.

    NaN, Infinity and 1e999 are let through as floats that no quantity accepts: they spoil one value, not the message.
    """
    try:
        plain = json.loads(payload.decode("utf-8"), object_pairs_hook=_unique)
    except UnicodeDecodeError:
        reason = "the payload is not UTF-8"
    except RecursionError:
        reason = "the payload is nested too deep"
    except json.JSONDecodeError as error:
        reason = f"the payload is not JSON: {error.msg} at character {error.pos}"
    except ValueError as error:  # a key twice; a number of thousands of digits
        reason = f"the payload is not sound JSON: {str(error)[:200]}"
    else:
        if isinstance(plain, dict):
            return plain
        reason = "the payload is not a JSON object"
    raise BadInput(reason, payload, device=device)


def refuse_repeated_keys(payload: bytes, expected: int, device: str) -> None:
    """Raises BadInput when a key stands twice in an object. `expected` is how many keys the message is known to have:
    usually counting settles it without a second reading."""
    if payload.count(_MARK) != expected:
        read_object(payload, device)


def take(
    device: str,
    values: Mapping[str, Any],
    wanted: Mapping[str, Quantity],
    at: float,
    provenance: Provenance,
    origin: Origin | None = None,
) -> tuple[list[Reading], list[BadInput]]:
    """Readings of the wanted quantities among `values`, and what stands in their place but cannot be believed."""
    readings: list[Reading] = []
    bad: list[BadInput] = []
    for name, value in values.items():
        quantity = wanted.get(name)
        if quantity is None:
            continue
        if quantity.accepts(value):
            believed = value if value is True or value is False else float(value)
            readings.append(Reading(at, device, name, believed, provenance, origin))
        else:
            bad.append(bad_value(device, quantity, value))
    return readings, bad


def bad_value(device: str, quantity: Quantity, value: object) -> BadInput:
    """A value that the quantity cannot have."""
    if quantity.unit:
        wanted = f"expected {quantity.low:g} to {quantity.high:g} {quantity.unit}"
    else:
        wanted = "expected true or false"
    shown = repr(value).encode("utf-8", "backslashreplace")
    return BadInput(f"{quantity.name} is out of what it can be, {wanted}", shown, device=device, quantity=quantity.name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
