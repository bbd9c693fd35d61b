"""Megatec/Q1 on the wire: ASCII, ended by CR, no checksum.

The only guards against a noisy line are the fixed widths of the fields, so a frame is taken only when every field has
its width, and a digit too few is a bad frame and not a smaller number. Field order and widths: NUT's
`nutdrv_qx_megatec.c`, which demands the same 47 bytes. A reply is known by itself and not by the question before it:
`(` starts a status, `#` a rating or an identity, anything a UPS does not know it echoes or answers `(NAK`.
"""

import re
from dataclasses import dataclass

from drivers.contract import BadInput
from rules.quantity import QUANTITIES

ASK_STATUS = b"Q1\r"
ASK_RATING = b"F\r"
ASK_IDENTITY = b"I\r"

END = ord("\r")
STARTS = b"(#"
IDENTITY_START = ord("#")  # an identity may hold any character, a "(" too
IDLE = b"\n\0"  # some UPSs end with CR LF, and a break on the line reads as NUL: between frames neither means anything
FRAME_MAX = 64  # the longest reply has 47 bytes; more without an end is noise and is let go
HALF_FRAME_S = 0.5  # a byte takes 4 ms at 2400 Bd, a burst 16 ms; after a longer pause the rest will not come

_NUMBER = rb"[-\d]{3}\.[-\d]"
_STATUS = re.compile(
    rb"\((?P<input>%b) (?P<fault>%b) (?P<output>%b) (?P<load>[-\d]{3}) (?P<hertz>[-\d]{2}\.[-\d])"
    rb" (?P<battery>[-\d]{2}\.[-\d]|[-\d]\.[-\d]{2}) (?P<celsius>[-\d]{2}\.[-\d]) (?P<flags>[01]{8})"
    % (_NUMBER, _NUMBER, _NUMBER)
)
_RATING = re.compile(
    rb"#(?P<volts>[-\d]{3}\.[-\d]) (?P<amperes>[-\d]{3}) (?P<battery>[-\d]{3}\.[-\d]|[-\d]{2}\.[-\d]{2})"
    rb" (?P<hertz>[-\d]{2}\.[-\d])"
)
_IDENTITY = re.compile(rb"#(?P<maker>[ -~]{15}) (?P<model>[ -~]{10}) (?P<firmware>[ -~]{10})")
_READ = re.compile(rb"\d+\.?\d*")
_ABSENT = re.compile(rb"-+\.?-*")


@dataclass(frozen=True, slots=True)
class Status:
    """The answer to Q1. None is a value that the UPS does not measure (`---.-`).

    `battery_v` is volts of the pack, or of one cell when `per_cell`.
    """

    input_v: float | None
    fault_v: float | None
    output_v: float | None
    load_percent: float | None
    frequency_hz: float | None
    battery_v: float | None
    per_cell: bool
    mains_failed: bool
    battery_low: bool
    regulating: bool  # bypass, trim or boost: the voltages tell which
    failed: bool
    line_interactive: bool
    testing: bool
    shutting_down: bool


@dataclass(frozen=True, slots=True)
class Rating:
    """The answer to F. None is a value that the UPS does not tell."""

    output_v: float | None
    battery_v: float | None


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer to I: what the maker wrote, with the padding taken off."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The UPS does not know the command: it sent it back, or `(NAK`."""

    frame: bytes


Reply = Status | Rating | Identity | Refused


def parse(frame: bytes) -> Reply:
    """Read one frame, without its CR. Raises BadInput for anything but a whole and legal reply."""
    if frame in (b"(NAK", b"Q1", b"F", b"I"):
        return Refused(frame)
    if found := _STATUS.fullmatch(frame):
        return _status(found, frame)
    if found := _RATING.fullmatch(frame):
        return Rating(_value(found["volts"], frame), _value(found["battery"], frame))
    if found := _IDENTITY.fullmatch(frame):
        return Identity(" ".join(found[0][1:].decode("ascii").split()))
    raise BadInput("not a Megatec reply", frame)


def _status(found: re.Match[bytes], frame: bytes) -> Status:
    flags = [flag == ord("1") for flag in found["flags"]]  # b7 first; b0 (beeper) is of no interest
    load_percent = _value(found["load"], frame)
    if load_percent is not None and not QUANTITIES["load"].accepts(load_percent):
        raise BadInput(f"a load of {load_percent:.0f} % is impossible", frame)
    return Status(
        input_v=_value(found["input"], frame),
        fault_v=_value(found["fault"], frame),
        output_v=_value(found["output"], frame),
        load_percent=load_percent,
        frequency_hz=_value(found["hertz"], frame),
        battery_v=_value(found["battery"], frame),
        per_cell=found["battery"][1:2] == b".",
        mains_failed=flags[0],
        battery_low=flags[1],
        regulating=flags[2],
        failed=flags[3],
        line_interactive=flags[4],
        testing=flags[5],
        shutting_down=flags[6],
    )


def _value(field: bytes, frame: bytes) -> float | None:
    if _READ.fullmatch(field):
        return float(field)
    if _ABSENT.fullmatch(field):
        return None
    raise BadInput(f"{field.decode('ascii')} is half a number", frame)


class Frames:
    """Cuts the byte stream into replies; the outcome does not depend on how the bytes were divided on their way.

    A start byte inside a frame begins a new one, so that half a frame costs itself and not the next.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._last_at = 0.0

    def feed(self, data: bytes, at: float) -> list[Reply | BadInput]:
        """Take bytes that arrived at `at`; give what they completed, in order."""
        found = self.expire(at)
        self._last_at = at
        for byte in data:
            if byte == END:
                found += self._cut()
            elif self._buffer or byte not in IDLE:
                if byte in STARTS and self._buffer and self._buffer[0] != IDENTITY_START:
                    found.append(self._drop("cut off by the start of another frame"))
                self._buffer.append(byte)
                if len(self._buffer) > FRAME_MAX:
                    found.append(self._drop(f"no end within {FRAME_MAX} bytes"))
        return found

    def expire(self, at: float) -> list[Reply | BadInput]:
        """Give up half a frame whose rest has not come by `at`."""
        if not self._buffer or at < self._last_at + HALF_FRAME_S:
            return []
        return [self._drop(f"half a frame and then {HALF_FRAME_S} s of silence")]

    def deadline(self) -> float | None:
        """When `expire` is to be called, if no byte comes before."""
        return self._last_at + HALF_FRAME_S if self._buffer else None

    def clear(self) -> None:
        """Forget what belongs to a line that is gone."""
        self._buffer.clear()

    def _cut(self) -> list[Reply | BadInput]:
        frame = bytes(self._buffer)
        self._buffer.clear()
        if not frame:
            return []
        try:
            return [parse(frame)]
        except BadInput as bad:
            return [bad]

    def _drop(self, reason: str) -> BadInput:
        dropped = bytes(self._buffer)
        self._buffer.clear()
        return BadInput(reason, dropped)
