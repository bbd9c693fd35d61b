"""What the journal holds as InfluxDB line protocol. docs/history.md names every measurement, tag and field.

The same row gives the same lines whenever it is asked, so that a point that is sent twice is stored once.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

import msgspec

from daemon.core import Event
from daemon.journal.rows import Row
from rules.decision import (
    Advance,
    AlarmChange,
    Anchored,
    Because,
    Decision,
    DutyChange,
    EndEvacuation,
    EndFault,
    EndFlood,
    EndShowMode,
    Evacuate,
    Flood,
    Investigate,
    Refuse,
    ReportFault,
    Reroute,
    Restart,
    ShowMode,
    StandDown,
    Verify,
    ZoneTier,
)
from rules.signal import Reading, Signal

US = 1000  # nanoseconds; also how many points of a series can share one microsecond
ROW = 31  # of these for each row, so that what shares it across two rows stays apart too
TEXT_CHARS = 4000  # of a text: InfluxDB refuses 64 kB, VictoriaMetrics lines of 256 kB

_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ ", "\t": r"\ ", "\\": "/"})
_FIELD = str.maketrans({"\\": r"\\", '"': r"\"", "\n": " ", "\r": " "})


class Lines:
    """`zones` says in which zone each device is; `prefix` begins each measurement's name."""

    def __init__(self, venue: str, zones: Mapping[str, str], prefix: str) -> None:
        self._venue = _tag(venue)
        self._prefix = prefix
        self.follow(zones)

    def follow(self, zones: Mapping[str, str]) -> None:
        """Another plan is in force: devices may stand elsewhere from here on."""
        self._zones = dict(zones)
        self._series: dict[tuple[str, str, str], str] = {}

    def of(self, row: Row, signals: Sequence[Signal], events: Sequence[Event]) -> list[str]:
        """The lines of one row, decoded: what was heard, then what was decided, each in its order."""
        return [*self._heard(row, signals), *(self._decided(event) for event in events)]

    def _heard(self, row: Row, signals: Sequence[Signal]) -> Iterator[str]:
        """A row may have been thinned since it was sent: no point's time depends on the others."""
        wall_us = int(row.wall * 1e6)
        before: dict[str, tuple[int, int]] = {}  # of a series: the last microsecond, and its first points in it
        for signal in signals:
            if type(signal) is not Reading:
                continue
            key = (signal.device, signal.quantity, signal.provenance)
            series = self._series.get(key) or self._new_series(*key)
            value, time_us = float(signal.value), wall_us - int((row.at - signal.at) * 1e6)
            if signal.origin is not None:
                number = signal.origin.seq
            else:
                last_us, number = before.get(series, (0, 0))
                number = number + 1 if last_us == time_us else ROW * row.seq
                before[series] = time_us, number
            if math.isfinite(value):  # no driver makes another one, and no server takes it
                yield f"{series}{value!r} {time_us * US + number % US}"

    def _new_series(self, device: str, quantity: str, provenance: str) -> str:
        told = {"device": device, "provenance": "" if provenance == "live" else provenance}
        series = self._name(quantity, told, self._zones.get(device, "")) + " value="
        self._series[device, quantity, provenance] = series
        return series

    def _decided(self, event: Event) -> str:
        return f"{self._point(event.decision, event.id)} {int(event.wall * 1e6) * US + event.id % US}"

    def _point(self, decision: Decision, number: int) -> str:
        match decision:
            case ZoneTier():
                return f"{self._name('zone', {}, decision.zone)} tier={int(decision.tier)}i"
            case ReportFault():
                name = self._name("fault", {"source": decision.source, "code": decision.code})
                return f"{name} standing=1i,text={_text(decision.text)}"
            case EndFault():
                return f"{self._name('fault', {'source': decision.source, 'code': decision.code})} standing=0i"
            case AlarmChange():
                tags = {"category": decision.category, "place": decision.place, "rule": decision.rule}
                numbers = f"tier={int(decision.tier)}i,sounding={int(decision.sounding)}i,decision={number}i"
                words = f"change={_text(_kind(decision))},state={_text(decision.state)}{_why(decision.because)}"
                return f"{self._name('alarm', tags, decision.zone)} {numbers},{words}"
            case Investigate() | StandDown() | Verify() | ShowMode() | EndShowMode():
                return self._event(decision, number, decision.zone)
            case Evacuate() | Advance() | Reroute():
                return self._event(decision, number, decision.origin)
            case EndEvacuation() | Flood() | EndFlood() | DutyChange() | Refuse() | Restart() | Anchored():
                return self._event(decision, number)
            case _:
                assert_never(decision)

    def _event(self, decision: Decision, number: int, zone: str = "") -> str:
        name = self._name("event", {"kind": _kind(decision)}, zone)
        plain = msgspec.to_builtins(decision)
        plain.pop("because", None)
        body = msgspec.json.encode(plain).decode()
        return f"{name} decision={number}i,body={_text(body)}{_why(decision.because)}"

    def _name(self, measurement: str, own: Mapping[str, str], zone: str = "") -> str:
        """Measurement and tags, in the order of their names, as servers like it."""
        tags = {name: _tag(value) for name, value in own.items()} | {"venue": self._venue, "zone": _tag(zone)}
        return _tag(self._prefix + measurement) + "".join(
            f",{name}={tags[name]}" for name in sorted(tags) if tags[name]
        )


def _kind(decision: Decision) -> str:
    return str(type(decision).__struct_config__.tag)


def _why(because: tuple[Because, ...]) -> str:
    """The evidence that came last."""
    return f",because={_text(f'{because[-1].source}: {because[-1].text}')}" if because else ""


def _tag(text: str) -> str:
    return text[:TEXT_CHARS].translate(_TAG)


def _text(text: str) -> str:
    return f'"{text[:TEXT_CHARS].translate(_FIELD)}"'
