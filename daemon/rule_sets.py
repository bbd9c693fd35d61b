"""The sets of files that were in force, kept in the state folder: to start from when the venue's files are refused, and
to go through the journal with the rules under which it was written.
"""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from config.files import FileSet, Text

FOLDER = "rules"  # in the state folder
KEPT = 16  # sets; the journal's two snapshots need at most three, the rest is for people
GOOD = "good"  # names the last good set
_DIGITS = 8


class _Stored(Struct, frozen=True):
    """A set as text, so that people can read it."""

    directory: str
    overrides: tuple[str, ...]
    files: dict[str, str]


class RuleSets:
    """One file for each set, `00000012-<digest>.json`, whole or absent; the highest number was stored last. The file
    `good` names the set that was in force last: a set is stored before the engine takes it, and may be refused there.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def store(self, found: FileSet) -> None:
        """Keep an accepted set, durably, so that the journal may name it; drop the oldest. Raises OSError."""
        self._folder.mkdir(mode=0o750, exist_ok=True)
        paths = self._paths()
        if paths and _is(paths[-1], found.digest):
            return
        number = int(paths[-1].name[:_DIGITS]) + 1 if paths else 1
        _write(self._folder / f"{number:0{_DIGITS}}-{found.digest}.json", _encode(found))
        good = self._good()
        for path in paths[: max(0, len(paths) + 1 - KEPT)]:
            if not _is(path, good):
                path.unlink(missing_ok=True)

    def mark_good(self, digest: str) -> None:
        """The stored set of that digest is in force: it is the last good one from now on, durably. Raises OSError."""
        if self._marked() != digest:
            _write(self._folder / GOOD, digest.encode())

    def last(self) -> FileSet | None:
        """The last good set; None when there is none, or when it cannot be read or is not what its name says."""
        return self.find(self._good())

    def find(self, digest: str) -> FileSet | None:
        """The set with that digest; None as for `last`."""
        return next((found for path in self._paths() if _is(path, digest) and (found := _read(path))), None)

    def _good(self) -> str:
        """The digest of the last good set. Where none was ever marked it is the one stored last."""
        paths = self._paths()
        return self._marked() or (paths[-1].stem[_DIGITS + 1 :] if paths else "")

    def _marked(self) -> str:
        try:
            return (self._folder / GOOD).read_text("ascii", "replace")
        except OSError:
            return ""

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"{'[0-9]' * _DIGITS}-*.json"))


def _encode(found: FileSet) -> bytes:
    files = {name: content.raw.decode() for name, content in found.files.items() if isinstance(content, Text)}
    return msgspec.json.encode(_Stored(found.directory, found.overrides, files))


def _read(path: Path) -> FileSet | None:
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
    except (OSError, msgspec.DecodeError):
        return None
    files = {name: Text(text.encode()) for name, text in stored.files.items()}
    found = FileSet(stored.directory, dict(files), stored.overrides)
    return found if _is(path, found.digest) else None


def _is(path: Path, digest: str) -> bool:
    return path.stem[_DIGITS + 1 :] == digest


def _write(path: Path, body: bytes) -> None:
    """Whole after a power cut, or not there."""
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
