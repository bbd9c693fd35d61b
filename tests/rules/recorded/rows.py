"""A journal as text that people can read and compare: what was told, and behind `->` what was decided on it.

12.031 det-305 temperature=22.1 co=0.4 (9f2c 17)     readings of one message: time, device, values, boot and seq
["link_up",3.1,"broker"]                              any other signal, as the journal writes it
-> {"type":"raise",...}                               a decision on what stands above it, as the journal writes it
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rules.decision import Decision
from rules.signal import Origin, Reading, Signal

Told = tuple[list[Signal], list[Decision]]  # some signals, and the decisions on them in their order

_ARROW = "-> "
_SIGNALS = msgspec.json.Decoder(Signal)
_DECISIONS = msgspec.json.Decoder(Decision)
_READINGS = re.compile(
    r"(?P<at>\S+) (?P<device>\S+) (?P<values>\S+=\S+(?: \S+=\S+)*)(?: \((?P<boot>\S+) (?P<seq>\d+)\))?"
)


def write(journal: Iterable[Told]) -> Iterator[str]:
    """The lines of a journal; what was told between two decisions stands together."""
    for signals, decisions in journal:
        yield from _signal_lines(signals)
        for decision in decisions:
            yield _ARROW + msgspec.json.encode(decision).decode()


def read(lines: Iterable[str]) -> Iterator[Told]:
    """The journal that the lines stand for."""
    signals: list[Signal] = []
    decisions: list[Decision] = []
    for line in lines:
        if line.startswith(_ARROW):
            decisions.append(_DECISIONS.decode(line.removeprefix(_ARROW)))
            continue
        if decisions:
            yield signals, decisions
            signals, decisions = [], []
        signals += _signals(line)
    yield signals, decisions


def _signal_lines(signals: Sequence[Signal]) -> Iterator[str]:
    """Readings of one message in one line."""
    together: list[Reading] = []
    for signal in signals:
        if isinstance(signal, Reading) and signal.provenance == "live":
            if together and _message(together[0]) != _message(signal):
                yield _line(together)
                together = []
            together.append(signal)
            continue
        if together:
            yield _line(together)
            together = []
        yield msgspec.json.encode(signal).decode()
    if together:
        yield _line(together)


def _message(reading: Reading) -> object:
    return reading.at, reading.device, reading.origin


def _line(readings: Sequence[Reading]) -> str:
    first = readings[0]
    values = " ".join(f"{one.quantity}={msgspec.json.encode(one.value).decode()}" for one in readings)
    origin = f" ({first.origin.boot} {first.origin.seq})" if first.origin else ""
    return f"{first.at!r} {first.device} {values}{origin}"


def _signals(line: str) -> list[Signal]:
    found = _READINGS.fullmatch(line)
    if found is None:
        return [_SIGNALS.decode(line)]
    origin = Origin(found["boot"], int(found["seq"])) if found["boot"] else None
    values = (one.split("=") for one in found["values"].split(" "))
    return [
        Reading(float(found["at"]), found["device"], quantity, msgspec.json.decode(value), "live", origin)
        for quantity, value in values
    ]
