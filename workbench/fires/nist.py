"""The home smoke alarm tests of NIST (Technical Note 1455): one file for each test, SDCnn, all with the same naming.

    TIME      seconds from ignition
    TCx_n     thermocouple n of the tree at station x, C; 1 is nearest the ceiling
    SMx_n     smoke meter at station x, optical density (base 10) per metre; the lowest n is nearest the ceiling
    GASx_n    gas sampled at station x, volume %: CO, CO2, O2

A station becomes one combined detector in a room of its own: its highest thermocouple and its highest smoke meter.
The gas analysers are left out: without any fire they wander by 0.005 % = 50 ppm and more, and a CO detector answers to
40 ppm. The outputs of the alarms under test (Ion1A, Pho1A, CO1A, Heat1A...) are raw values of their makers.

Activation_Times.csv, in the same folder, tells when the real alarms of each test rang: columns such as SDC02-Ion1A.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from workbench.fires.channels import Channel, Reader, listed, obscuration
from workbench.fires.recording import Detector, Rang, Recording, RecordingError, Sample
from workbench.fires.sheet import Sheet, number, read_sheet

TIME = ("TIME", "TIME (S)", "TIME_S", "TIME [S]")
ACTIVATION_TIMES = "Activation_Times.csv"

_STATION = re.compile(r"(TC|SM)([A-Z])_?(\d+)", re.IGNORECASE)
_KNOWN = re.compile(
    r"TC.*|SM.*|GAS.*|(Heat|CO\d|CO|Ion|Pho|Asp|Pres|Di(Ph|Io|Pho|Ion)\d?|Load)[\w ]*|TIME.*", re.IGNORECASE
)
_TEST = re.compile(r"SDC[ _-]?(\d+)", re.IGNORECASE)
_RANG = re.compile(r"SDC[ _-]?(\d+)[ _-]+(Ion|Pho)\w*", re.IGNORECASE)
_QUANTITY = {"TC": "temperature", "SM": "smoke_obscuration"}


def matches(names: tuple[str, ...]) -> bool:
    """Whether a line of names is that of such a file: a time, and the tree of at least one station."""
    upper = {name.upper() for name in names}
    return not upper.isdisjoint(TIME) and any(_STATION.fullmatch(name) for name in upper)


def read(path: Path) -> Recording:
    """One test. Raises RecordingError when the file has no sample."""
    sheet = read_sheet(path, TIME)
    channels, notes = _channels(sheet)
    reader = Reader(sheet, channels)
    time = next(column for column, name in enumerate(sheet.names) if name.upper() in TIME)
    samples = tuple(_samples(reader, time))
    if not samples:
        raise RecordingError(f"{path}: no row has a time and a measurement")
    rang, missing = _rang(path)
    return Recording(
        name=_test(path),
        series="NIST",
        group="house fire",
        detectors=tuple(_detectors(channels)),
        samples=samples,
        rang=rang,
        notes=(*notes, *missing, *reader.notes()),
    )


def _test(path: Path) -> str:
    found = _TEST.search(path.stem)
    return f"SDC{int(found[1]):02}" if found else path.stem


def _channels(sheet: Sheet) -> tuple[list[Channel], list[str]]:
    """For each station and quantity the channel nearest the ceiling, and what is to be said about the others."""
    nearest: dict[tuple[str, str], tuple[int, Channel]] = {}
    for column, name in enumerate(sheet.names):
        found = _STATION.fullmatch(name)
        if found is None:
            continue
        kind, station, depth = found[1].upper(), found[2].lower(), int(found[3])
        convert = obscuration if kind == "SM" else float
        channel = Channel(column, name, f"station-{station}", _QUANTITY[kind], convert)
        key = (channel.detector, channel.quantity)
        if key not in nearest or depth < nearest[key][0]:
            nearest[key] = (depth, channel)
    chosen = [nearest[key] for key in sorted(nearest)]
    notes = [f"{one.name} stands for {one.detector}: none is nearer the ceiling" for depth, one in chosen if depth > 1]
    unknown = [name for name in sheet.names if name and not _KNOWN.fullmatch(name)]
    if unknown:
        notes.append(f"not understood: {listed(unknown)}")
    if any(name.upper().startswith("GAS") for name in sheet.names):
        notes.append("gas analysers left out: their noise and drift exceed what a CO detector answers to")
    return [channel for _, channel in chosen], notes


def _detectors(channels: list[Channel]) -> Iterator[Detector]:
    """One for each station: a smoke detector where a smoke meter stands, else a heat detector."""
    for station in sorted({channel.detector for channel in channels}):
        quantities = tuple(channel.quantity for channel in channels if channel.detector == station)
        kind = "smoke_detector" if "smoke_obscuration" in quantities else "heat_detector"
        yield Detector(station, f"room-{station.removeprefix('station-')}", kind, quantities)


def _samples(reader: Reader, time: int) -> Iterator[Sample]:
    """Rows with a time, oldest first; a line of units has none."""
    last = float("-inf")
    for row in reader.sheet.rows:
        at = number(reader.sheet.cell(row, time))
        if at is not None and at >= last and (values := reader.values(row)):
            yield Sample(at, values)
            last = at


def _rang(path: Path) -> tuple[Rang | None, list[str]]:
    """The first real alarms of the test, from Activation_Times.csv beside the file."""
    table, test = path.with_name(ACTIVATION_TIMES), _test(path)
    if not table.is_file():
        return None, [f"no {ACTIVATION_TIMES} beside it: not compared with real alarms"]
    times: dict[str, list[float]] = {"ion": [], "pho": []}
    sheet = read_sheet(table, ("Act",))
    for column, name in enumerate(sheet.names):
        found = _RANG.fullmatch(name)
        if found is None or f"SDC{int(found[1]):02}" != test:
            continue
        for row in sheet.rows:
            at = number(sheet.cell(row, column))
            if at is not None and at >= 0:
                times[found[2].lower()].append(at)
    if not times["ion"] and not times["pho"]:
        return None, [f"{ACTIVATION_TIMES} tells of no alarm in {test}"]
    return Rang(min(times["ion"], default=None), min(times["pho"], default=None)), []
