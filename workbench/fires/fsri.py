"""Compartment fires of UL FSRI: for each test X.csv with one row a second, and X_Events.csv that tells of the ignition.

A channel is named by place and depth, "Quadrant A Temperature 25 mm Below Ceiling", in C. Each place with a
thermocouple at most 150 mm below the ceiling becomes one heat detector: there the sensitive part of one hangs (25 to
150 mm, BS 5839-1). Quadrants lie in one room; any other place is a room of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbench.fires.channels import Channel, Reader, listed
from workbench.fires.recording import Detector, Recording, RecordingError, Sample
from workbench.fires.sheet import Sheet, number, read_sheet

EVENTS = "_Events"
DEEPEST_M = 0.15

_CHANNEL = re.compile(r"(.+?) Temperature (\d+(?:\.\d+)?) ?(mm|cm|m) Below Ceiling", re.IGNORECASE)
_METRES = {"mm": 0.001, "cm": 0.01, "m": 1.0}
_QUADRANT = re.compile(r"\s*\bQuad(?:rant)? \w+\b\s*", re.IGNORECASE)
_KNOWN = re.compile(
    r"Time|Timestamp|Elapsed Time|.*(Temperature|Velocity|Pressure|Heat Flux|Oxygen|Carbon (Mon|Di)oxide|"
    r"Heat Release Rate|Mass|Gas Flow).*",
    re.IGNORECASE,
)


def matches(path: Path, names: tuple[str, ...]) -> bool:
    """Whether a file is such a recording: a thermocouple below the ceiling, and its events beside it."""
    return any(_CHANNEL.fullmatch(name) for name in names) and events_of(path).is_file()


def events_of(path: Path) -> Path:
    """Where the events of a recording are written."""
    return path.with_name(f"{path.stem}{EVENTS}{path.suffix}")


def read(path: Path) -> Recording:
    """One test. Raises RecordingError when nothing hangs below the ceiling, or no ignition is told."""
    sheet = read_sheet(path, ("Timestamp", "Time"))
    channels, notes = _channels(sheet)
    reader = Reader(sheet, channels)
    samples = tuple(_samples(reader, _Clock.of(sheet)))
    if not samples:
        raise RecordingError(f"{path}: no row has a time and a measurement")
    return Recording(
        name=path.stem,
        series="FSRI",
        group=path.stem.partition("_")[0],
        detectors=tuple(
            Detector(channel.detector, _room(_CHANNEL.fullmatch(channel.name)), "heat_detector", (channel.quantity,))
            for channel in channels
        ),
        samples=samples,
        rang=None,
        notes=(*notes, *reader.notes()),
    )


def _channels(sheet: Sheet) -> tuple[list[Channel], list[str]]:
    """For each place the highest thermocouple, unless it hangs too low to stand for a detector."""
    highest: dict[str, tuple[float, Channel]] = {}
    for column, name in enumerate(sheet.names):
        found = _CHANNEL.fullmatch(name)
        if found is None:
            continue
        depth_m = float(found[2]) * _METRES[found[3].lower()]
        channel = Channel(column, name, _id(found[1]), "temperature")
        if depth_m <= DEEPEST_M and depth_m < highest.get(channel.detector, (DEEPEST_M + 1, channel))[0]:
            highest[channel.detector] = (depth_m, channel)
    if not highest:
        raise RecordingError(f"{sheet.path}: no thermocouple within {DEEPEST_M:g} m below the ceiling")
    unknown = [name for name in sheet.names if name and not _KNOWN.fullmatch(name)]
    return [channel for _, channel in highest.values()], [f"not understood: {listed(unknown)}"] if unknown else []


def _room(found: re.Match[str] | None) -> str:
    """The room of a place: what its name says beside the quadrant."""
    assert found is not None
    return _id(_QUADRANT.sub(" ", found[1])) or "compartment"


def _id(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.strip().lower()).strip("-")


@dataclass(frozen=True, slots=True)
class _Clock:
    """Which column tells the time, and when the fire was lit on that clock.

    The column "Time" counts rows. Rows were lost now and then, so the time of day is right where the two differ.
    """

    column: int
    ignition_s: float
    of_day: bool

    @classmethod
    def of(cls, sheet: Sheet) -> "_Clock":
        """Raises RecordingError when the events tell of no ignition on a clock that the recording has."""
        names = [name.casefold() for name in sheet.names]
        lit = _ignition(events_of(sheet.path))
        stamp = _instant(lit)
        if stamp is not None and "timestamp" in names:
            return cls(names.index("timestamp"), stamp, of_day=True)
        seconds = number(lit)
        if seconds is not None and "time" in names:
            return cls(names.index("time"), seconds, of_day=False)
        raise RecordingError(
            f"{events_of(sheet.path)}: the ignition is told as {lit!r}, expected a date and time "
            "beside a column Timestamp, or seconds beside a column Time"
        )

    def read(self, text: str) -> float | None:
        """Seconds from ignition."""
        at = _instant(text) if self.of_day else number(text)
        return None if at is None else at - self.ignition_s


def _ignition(path: Path) -> str:
    """What the events say of when the fire was lit: "Ignition" itself, or the first event with the word in it."""
    sheet = read_sheet(path, ("Event",))
    names = [name.casefold() for name in sheet.names]
    if "time" not in names:
        raise RecordingError(f"{path}: no column Time, expected Time,Event")
    events = [
        (sheet.cell(row, names.index("event")).casefold(), sheet.cell(row, names.index("time"))) for row in sheet.rows
    ]
    lit = [at for event, at in events if event == "ignition"] or [at for event, at in events if "ignition" in event]
    if not lit:
        raise RecordingError(f"{path}: no event Ignition, expected when the fire was lit")
    return lit[0]


def _instant(text: str) -> float | None:
    """Seconds on the laboratory's wall clock: "2018-12-04 15:07:31", also with a dash between date and time."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T-](\d\d:\d\d:\d\d(?:\.\d+)?)", text.strip())
    if match is None:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00").timestamp()
    except ValueError:
        return None


def _samples(reader: Reader, clock: _Clock) -> Iterator[Sample]:
    last = float("-inf")
    for row in reader.sheet.rows:
        at = clock.read(reader.sheet.cell(row, clock.column))
        if at is not None and at >= last and (values := reader.values(row)):
            yield Sample(at, values)
            last = at
