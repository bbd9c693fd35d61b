"""A comma-separated file of a laboratory: a line of names, perhaps a line of units, then numbers."""

import csv
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from pathlib import Path

from workbench.fires.recording import RecordingError

MAX_BYTES = 256 * 1024 * 1024  # an hour of a thousand channels each 100 ms; more is not a test fire
LINES_BEFORE_NAMES = 3  # a title or a line of units may stand above the names


@dataclass(frozen=True, slots=True)
class Sheet:
    """The names in the order of the file, and the rows below them, all of them as text."""

    path: Path
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def cell(self, row: tuple[str, ...], column: int) -> str:
        """One cell; short rows end in empty ones."""
        return row[column].strip() if column < len(row) else ""


def read_names(path: Path) -> list[tuple[str, ...]]:
    """The first lines, any of which may be the line of names. Raises RecordingError when the file cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = islice(csv.reader(file), LINES_BEFORE_NAMES)
            return [tuple(cell.strip() for cell in row) for row in rows]
    except (OSError, csv.Error) as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error


def read_sheet(path: Path, one_of: Collection[str]) -> Sheet:
    """The whole file; the line of names is the first that has a name of `one_of`, in any case.

    Raises RecordingError when there is no such line, or the file cannot be read.
    """
    wanted = {name.casefold() for name in one_of}
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RecordingError(f"{path}: longer than {MAX_BYTES // 2**20} MB, expected the recording of one fire")
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = [tuple(row) for row in csv.reader(file) if row]
    except (OSError, csv.Error) as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    for line, row in enumerate(rows[:LINES_BEFORE_NAMES]):
        names = tuple(cell.strip() for cell in row)
        if wanted & {name.casefold() for name in names}:
            return Sheet(path, names, tuple(rows[line + 1 :]))
    raise RecordingError(f"{path}: no line of names with one of {', '.join(sorted(one_of))}")


def number(text: str) -> float | None:
    """A finite number, or nothing: an empty cell, NaN, and the words loggers write for a broken channel."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None
