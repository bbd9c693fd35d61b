"""The signals that come in masses, packed: at most 30 bytes for a reading where its JSON takes 87. Pure.

Readings, Heard and Tick are routine. A number stands for device, quantity, provenance and boot: a `Book` hands the
numbers out, and the journal keeps them beside its rows. Everything else that the engine is told stays legible text.
"""

import struct
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

import msgspec

from rules.signal import Heard, Origin, Provenance, Reading, Signal, Tick

BOOK_MAX = 20_000  # numbers in one book, some 4 MB: 1,000 devices with five quantities, and three reboots of each
TICK = 0  # the number of every Tick

_CHECKSUM = struct.Struct("<I")  # of all that follows
_EPOCH = struct.Struct("<II")  # of the book, and how many signals follow
_HEAD_BYTES = _CHECKSUM.size + _EPOCH.size
_tail = msgspec.json.Encoder()
_read_tail = msgspec.json.Decoder(tuple[list[float | bool | None], list[int], list[int]])


class Name(NamedTuple):
    """What a number stands for. Without `quantity` it is a Heard; `boot` is that of the readings' origin."""

    device: str
    quantity: str | None
    provenance: Provenance
    boot: str | None


class Unreadable(Exception):
    """Packed signals were damaged, or their book is."""


class Book:
    """The numbers of one epoch, from the row `epoch` on. `new` are those not yet written beside the rows."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.new: list[tuple[int, Name]] = []
        self.numbers: dict[tuple[str, str | None, str, str | None], int] = {}  # by what is in a Name

    @property
    def full(self) -> bool:
        """A device that restarts for ever fills it; then another is begun."""
        return len(self.numbers) >= BOOK_MAX

    def begin(self, name: Name) -> int | None:
        """A number for a name that has none yet; None for one with half a character in it, which nothing can write."""
        try:
            f"{name.device}{name.quantity}{name.boot}".encode()
        except UnicodeEncodeError:
            return None
        number = self.numbers[name] = len(self.numbers) + 1
        self.new.append((number, name))
        return number


def pack(signals: Sequence[Signal], book: Book) -> tuple[bytes | None, list[Signal]]:
    """The routine ones packed, None when there are none; and all others, whose places are packed with them."""
    others: list[Signal] = []
    places: list[int] = []
    ats: list[float] = []
    numbers: list[int] = []
    values: list[float | bool | None] = []
    counts: list[int] = []
    known = book.numbers.get
    for place, signal in enumerate(signals):  # 0.3 us each: a burst must not keep the loop from the interpreter
        number: int | None
        value: float | bool | None
        if type(signal) is Reading:
            origin = signal.origin
            boot, count = (None, 0) if origin is None else (origin.boot, origin.seq)
            words = (signal.device, signal.quantity, signal.provenance, boot)
            number, value = known(words) or book.begin(Name(*words)), signal.value
        else:
            number, value = _plain(signal, book)
            count = 0
        if number is None:
            others.append(signal)
            places.append(place)
            continue
        ats.append(signal.at)
        numbers.append(number)
        values.append(value)
        counts.append(count)
    return _packed(book.epoch, _Columns(ats, numbers, values, counts, places)) if ats else None, others


class _Columns(NamedTuple):
    """Of the routine signals; `places` are those of the others among all."""

    ats: Sequence[float]
    numbers: Sequence[int]
    values: Sequence[float | bool | None]
    counts: Sequence[int]
    places: Sequence[int]


def _packed(epoch: int, columns: _Columns) -> bytes:
    """Arrays are as the machine has them: little-endian on x86_64 and aarch64, and so are the journals."""
    head = _EPOCH.pack(epoch, len(columns.ats))
    body = array("d", columns.ats).tobytes() + array("H", columns.numbers).tobytes() + _tail.encode(columns[2:])
    return _CHECKSUM.pack(zlib.crc32(body, zlib.crc32(head))) + head + body


def _plain(signal: Signal, book: Book) -> tuple[int | None, bool | None]:
    if type(signal) is Tick:
        return TICK, None
    if type(signal) is Heard:
        name = Name(signal.device, None, "live", None)
        return book.numbers.get(name) or book.begin(name), signal.online
    return None, None


def epoch_of(packed: bytes) -> int:
    """Whose book is needed to unpack it. Raises Unreadable for what is damaged."""
    if len(packed) < _HEAD_BYTES:
        raise Unreadable("it is cut off")
    (checksum,) = _CHECKSUM.unpack_from(packed)
    if zlib.crc32(memoryview(packed)[_CHECKSUM.size :]) != checksum:
        raise Unreadable("its checksum is wrong: bits of it have changed since it was written")
    epoch, _ = _EPOCH.unpack_from(packed, _CHECKSUM.size)
    return int(epoch)


def unpack(packed: bytes, names: Mapping[int, Name], others: Sequence[Signal], problems: list[str]) -> list[Signal]:
    """All signals in their order; of those that cannot be read each is told in `problems`. Raises Unreadable."""
    columns = _columns(packed)
    merged: list[Signal | None] = []
    for at, number, value, seq in zip(*columns[:4], strict=True):  # a million times at a start without a snapshot
        if number == TICK:
            merged.append(Tick(at))
            continue
        try:
            device, quantity, provenance, boot = names[number]
        except KeyError:
            device, quantity, provenance, boot = "", None, "live", None
        if not device or value is None:
            what = f"{device} {quantity} was no number" if device else f"nothing says what number {number} stands for"
            problems.append(f"a signal cannot be read ({what}) and is lost")
            merged.append(None)
        elif quantity is None:
            merged.append(Heard(at, device, bool(value)))
        else:
            merged.append(Reading(at, device, quantity, value, provenance, boot if boot is None else Origin(boot, seq)))
    for place, signal in zip(columns.places, others, strict=False):  # those that cannot be read are not here
        merged.insert(place, signal)
    return [signal for signal in merged if signal is not None]


def filtered(packed: bytes, wanted: Callable[[float, int, float | bool | None], bool]) -> bytes | None:
    """The routine signals of which `wanted(at, number, value)`, packed anew; None when none is left.

    Raises Unreadable.
    """
    epoch = epoch_of(packed)
    columns = _columns(packed)
    keep = [wanted(*one) for one in zip(*columns[:3], strict=True)]
    if all(keep):
        return packed
    if not any(keep):
        return None
    places: list[int] = []
    others, gone, routine = set(columns.places), 0, iter(keep)
    for place in range(len(keep) + len(others)):
        if place in others:
            places.append(place - gone)
        elif not next(routine):
            gone += 1
    return _packed(
        epoch,
        _Columns(
            list(compress(columns.ats, keep)),
            list(compress(columns.numbers, keep)),
            list(compress(columns.values, keep)),
            list(compress(columns.counts, keep)),
            places,
        ),
    )


def _columns(packed: bytes) -> _Columns:
    _, count = _EPOCH.unpack_from(packed, _CHECKSUM.size)
    try:
        fixed = struct.Struct(f"<{count}d{count}H")
        columns = fixed.unpack_from(packed, _HEAD_BYTES)
        tail = _read_tail.decode(memoryview(packed)[_HEAD_BYTES + fixed.size :])
    except (struct.error, msgspec.MsgspecError) as error:
        raise Unreadable(str(error)) from error
    return _Columns(columns[:count], columns[count:], *tail)
