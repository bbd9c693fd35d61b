"""Zigbee2MQTT, pure: what its messages mean. Observed on Zigbee2MQTT 2.14.1 and written down as tables.

A device's message holds every attribute it has, null where unknown. `action` is there only in the message of the press.
After its own restart Zigbee2MQTT says again what it remembers, with `linkquality` null: that is of unknown age, as a
retained message is. `test` is never fire; smoke beside a test is still smoke.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.contract import BadInput, Decoded
from drivers.payload import read_object, take
from rules.quantity import Quantity
from rules.signal import Fault, Heard, Provenance, Reading, Recovered, Signal

# attribute -> our quantity, in the same unit; battery devices give `voltage` in mV, and no one configures it for those
_ATTRIBUTES = {
    "smoke": "smoke",
    "gas": "gas",
    "tamper": "tamper",
    "battery_low": "battery_low",
    "trouble": "trouble",
    "test": "test",
    "temperature": "temperature",
    "humidity": "humidity",
    "co": "co",
    "power": "power",
    "voltage": "voltage",
    "current": "current",
    "energy": "energy",
    "ac_frequency": "frequency",
}
# attribute -> our quantity, and what its words say of it
_WORDS: dict[str, tuple[str, dict[object, bool]]] = {
    "state": ("relay", {"ON": True, "OFF": False}),
    "battery_state": ("battery_low", {"low": True, "medium": False, "high": False}),
}
_AVAILABILITY = {"online": True, "offline": False}
BRIDGE_OFFLINE = "bridge_offline"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a button: those that are a press for help, and those that mean nothing."""

    actions: frozenset[str]
    quiet: frozenset[str]


def decode_device(
    device: str, wanted: Mapping[str, Quantity], words: Vocabulary, payload: bytes, retained: bool, at: float
) -> Decoded:
    """A device's own message. Raises BadInput when it cannot be read as a whole."""
    told = read_object(payload, device)
    remembered = "linkquality" in told and told["linkquality"] is None
    provenance: Provenance = "retained" if retained or remembered else "live"
    values = {name: told[key] for key, name in _ATTRIBUTES.items() if told.get(key) is not None}
    for key, (name, meanings) in _WORDS.items():
        if told.get(key) is not None:
            values[name] = _meaning(meanings, told[key])
    readings, bad = take(device, values, wanted, at, provenance)
    if "pressed" in wanted:
        if told.get("sos") is True:
            readings.append(Reading(at, device, "pressed", True, provenance))
        elif told.get("action") is not None:
            pressed, strange = _press(device, words, told["action"], provenance, at)
            readings += pressed
            bad += strange
    return Decoded(_alive(device, readings, provenance, at), tuple(bad))


def decode_action(device: str, words: Vocabulary, payload: bytes, retained: bool, at: float) -> Decoded:
    """The topic `<name>/action`: the word alone, empty after the press."""
    word = payload.decode("utf-8", "backslashreplace")
    provenance: Provenance = "retained" if retained else "live"
    pressed, strange = _press(device, words, word, provenance, at)
    return Decoded(_alive(device, pressed, provenance, at), tuple(strange))


def decode_availability(device: str, payload: bytes, retained: bool, at: float) -> Decoded:
    """JSON or, from old versions, a plain word. A retained "online" outlives the bridge itself, and tells nothing."""
    online = _AVAILABILITY.get(_state_word(payload, device))
    if online is None:
        raise BadInput("an availability that is neither online nor offline", payload, device=device)
    return Decoded() if retained and online else Decoded((Heard(at, device, online=online),))


def decode_bridge(source: str, payload: bytes, at: float) -> Decoded:
    """The bridge's own state, which is its last will too. Raises BadInput for any other word."""
    word = _state_word(payload, "")
    if word == "online":
        return Decoded((Recovered(at, source, BRIDGE_OFFLINE),))
    if word == "offline":
        text = "Zigbee2MQTT is not running: nothing behind it can be heard; look at its box and its service"
        return Decoded((Fault(at, source, BRIDGE_OFFLINE, text),))
    raise BadInput("a bridge state that is neither online nor offline", payload)


def _state_word(payload: bytes, device: str) -> str:
    if payload.startswith(b"{"):
        return str(read_object(payload, device).get("state"))
    return payload.decode("utf-8", "backslashreplace")


def _meaning(meanings: Mapping[object, bool], word: Any) -> object:
    """The word's meaning, or the word itself for `take` to refuse."""
    return meanings.get(word, word) if isinstance(word, str) else repr(word)


def _press(
    device: str, words: Vocabulary, action: Any, provenance: Provenance, at: float
) -> tuple[list[Reading], list[BadInput]]:
    if not isinstance(action, str) or (action not in words.actions and action not in words.quiet):
        reason = "a button action with no meaning here; name it in the device's options, under actions or quiet_actions"
        evidence = repr(action).encode("utf-8", "backslashreplace")
        return [], [BadInput(reason, evidence, device=device, quantity="pressed")]
    return ([Reading(at, device, "pressed", True, provenance)] if action in words.actions else []), []


def _alive(device: str, readings: list[Reading], provenance: Provenance, at: float) -> tuple[Signal, ...]:
    if readings or provenance == "retained":
        return tuple(readings)
    return (Heard(at, device),)
