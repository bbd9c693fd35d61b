"""Writes recordings as the two laboratories do, of fires that never burnt."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

LIT = datetime.fromisoformat("2018-12-04T15:07:31+00:00")
QUADRANTS = tuple(f"Quadrant {one} Temperature 25 mm Below Ceiling" for one in "ABCD")

Curve = Callable[[float], float]


def ramp(start_s: float, per_s: float, base: float) -> Curve:
    """Constant up to an instant, then rising by so much a second."""
    return lambda at: base + max(0.0, at - start_s) * per_s


def write_nist(path: Path, channels: dict[str, Curve], times: Iterable[float] = range(0, 121, 2)) -> Path:
    """A file of NIST's form: TIME and these channels, numbers written as there."""
    lines = [",".join(["TIME", *channels])]
    lines += [",".join(f"{value:.2E}" for value in (at, *(one(at) for one in channels.values()))) for at in times]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def write_activations(folder: Path, **rang: str) -> None:
    """Activation_Times.csv; a name such as SDC02_Ion1A stands for the column SDC02-Ion1A."""
    names = [name.replace("_", "-") for name in rang]
    rows = [",".join(["Act", *names]), ",".join(["-1", *rang.values()])]
    (folder / "Activation_Times.csv").write_text("\n".join(rows) + "\n")


def write_fsri(
    path: Path,
    channels: dict[str, Curve],
    seconds: Iterable[int] = range(-60, 121),
    events: str | None = "2018-12-04-15:07:31,Ignition",
) -> Path:
    """A file of FSRI's form with its events; "Time" counts rows, "Timestamp" is the wall clock."""
    lines = [",".join(["Time", "Timestamp", "Elapsed Time", *channels])]
    for row, at in enumerate(seconds):
        stamp = (LIT + timedelta(seconds=at)).strftime("%Y-%m-%d %H:%M:%S")
        lines.append(",".join([str(row - 60), stamp, "00:00:00", *(f"{one(at):.2f}" for one in channels.values())]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    if events is not None:
        path.with_name(f"{path.stem}_Events.csv").write_text(f"Time,Event\n{events}\n")
    return path


def burning(start_s: float = 0.0, per_s: float = 1.0) -> dict[str, Curve]:
    """All four quadrants heat up from an instant on."""
    return {name: ramp(start_s, per_s, 20.0) for name in QUADRANTS}
