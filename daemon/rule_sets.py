"""The sets of files that were in force, kept in the state folder: to start from when the venue's files are refused, and
to go through the journal with the rules under which it was written.
"""

import logging
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from config.files import FileSet, Text
from config.load import load_files
from config.problem import ConfigError
from rules.plan import Plan

FOLDER = "rules"  # in the state folder
KEPT = 16  # sets; the journal's two snapshots need at most three, the rest is for people
_DIGITS = 8

_log = logging.getLogger(__name__)


class _Stored(Struct, frozen=True):
    """A set as text, so that people can read it."""

    directory: str
    overrides: tuple[str, ...]
    files: dict[str, str]


class RuleSets:
    """One file for each set, `00000012-<digest>.json`: the highest number was kept last. Whole or absent."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def keep(self, found: FileSet) -> None:
        """Make an accepted set the last one, durably; drop the oldest. Raises OSError."""
        self._folder.mkdir(mode=0o750, exist_ok=True)
        paths = self._paths()
        if paths and paths[-1].stem.endswith(f"-{found.digest}"):
            return
        number = int(paths[-1].name[:_DIGITS]) + 1 if paths else 1
        _write(self._folder / f"{number:0{_DIGITS}}-{found.digest}.json", _encode(found))
        for path in paths[: max(0, len(paths) + 1 - KEPT)]:
            path.unlink(missing_ok=True)

    def last(self) -> FileSet | None:
        """The set kept last; None when there is none, or when it cannot be read or is not what its name says."""
        paths = self._paths()
        return _read(paths[-1]) if paths else None

    def find(self, digest: str) -> FileSet | None:
        """The set with that digest; None as for `last`."""
        return next((found for path in self._paths() if (found := _read(path)) and found.digest == digest), None)

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"{'[0-9]' * _DIGITS}-*.json"))


def plan_kept(sets: RuleSets, digest: str) -> Plan | None:
    """The plan of the set with that digest; None when it is not kept any more, or this program refuses it."""
    found = sets.find(digest)
    try:
        return None if found is None else load_files(found).plan
    except ConfigError as error:
        _log.warning("the rules %s that were in force are refused by this program: %s", digest, error.problems[0])
        return None


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
    return found if path.stem.endswith(f"-{found.digest}") else None


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
