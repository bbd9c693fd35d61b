"""Tocsin's own dialect, pure: messages in, signals out; receipts in, messages out.

    <prefix>/dev/<address>/readings   {"boot":"9f2c","seq":17,"readings":{"smoke_obscuration":0.4,"temperature":23.1}}
    <prefix>/dev/<address>/status     online | offline
    <prefix>/cmd/<address>/ack        {"boot":"9f2c","seqs":[[17,17]]}

A device numbers its messages within one run (`boot`) and repeats each until it is acknowledged, so that nothing is lost
even when the broker is killed.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from drivers.contract import BadInput, Decoded, Receipt
from drivers.payload import read_json, refuse_repeated_keys, take
from rules.quantity import QUANTITIES, Quantity
from rules.signal import Heard, Origin, Signal, Tick

_SEQ_LIMIT = 2**53  # what every JSON library can hold
_OWN_KEYS = 3


class Message(Struct):
    """One numbered message. 32 readings are more than any device has sensors."""

    boot: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[ -~]+$")]
    seq: Annotated[int, Meta(ge=0, le=_SEQ_LIMIT)]
    readings: Annotated[dict[str, Any], Meta(max_length=32)]


_decoder = msgspec.json.Decoder(Message)
_encoder = msgspec.json.Encoder()


def decode_readings(device: str, wanted: Mapping[str, Quantity], payload: bytes, retained: bool, at: float) -> Decoded:
    """All readings of one message carry its origin. Raises BadInput when the message cannot be read as a whole."""
    message = read_json(payload, _decoder, Message, device)
    refuse_repeated_keys(payload, _OWN_KEYS + len(message.readings), device)
    origin = Origin(message.boot, message.seq)
    readings, bad = take(device, message.readings, wanted, at, "retained" if retained else "live", origin)
    if len(readings) + len(bad) < len(message.readings):
        bad += _unheard_of(device, message.readings)
    if retained:  # not believed, so not acknowledged either: the device goes on repeating it
        return Decoded(tuple(readings), tuple(bad))
    signals: tuple[Signal, ...] = tuple(readings) if readings else (Heard(at, device),)
    return Decoded(signals, tuple(bad), Receipt(device, message.boot, message.seq))


def decode_proof(address: str, payload: bytes, retained: bool, at: float) -> Decoded:
    """A proof of life: nothing that a rule could look at, and a receipt. Raises BadInput."""
    message = read_json(payload, _decoder, Message, "")
    if retained:
        return Decoded()
    return Decoded((Tick(at),), receipt=Receipt(address, message.boot, message.seq))


def decode_status(device: str, payload: bytes, retained: bool, at: float) -> Decoded:
    """A retained "online" proves nothing about now, and tells nothing. Raises BadInput for any other word."""
    if payload == b"offline":
        return Decoded((Heard(at, device, online=False),))
    if payload == b"online":
        return Decoded() if retained else Decoded((Heard(at, device),))
    raise BadInput("a status that is neither online nor offline", payload, device=device)


def encode_receipts(receipts: Iterable[Receipt]) -> list[tuple[str, bytes]]:
    """(device, payload) for each device and boot, the numbers gathered into inclusive ranges."""
    numbers: dict[tuple[str, str], set[int]] = {}
    for receipt in receipts:
        numbers.setdefault((receipt.device, receipt.boot), set()).add(receipt.seq)
    return [
        (device, _encoder.encode({"boot": boot, "seqs": _ranges(sorted(seqs))}))
        for (device, boot), seqs in numbers.items()
    ]


def _ranges(numbers: list[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def _unheard_of(device: str, readings: Mapping[str, Any]) -> list[BadInput]:
    """Quantities that are in no table: a misspelt name must not pass for silence."""
    strange = [name for name in readings if name not in QUANTITIES]
    if not strange:
        return []
    reason = f"no quantity is called {strange[0]!r}; the names are in rules/quantity.py"
    return [BadInput(reason, strange[0].encode("utf-8", "backslashreplace"), device=device)]
