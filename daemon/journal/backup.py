"""A copy of the journal while it is written: one file, whole, as it stood when the copy began."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from daemon.journal.rows import open_journal

STEP_PAGES = 256  # 1 MB between two words of progress


class BackupFailed(Exception):
    """There is no copy; says why, and what to do."""


def backup(path: Path, target: Path, progress: Callable[[float], object]) -> int:
    """Copy the journal to a new file and look it through. Returns the bytes of the copy.

    No commit waits for it: it reads at one instant, beside the writer, whose log of changes grows meanwhile. Raises
    BackupFailed, NoJournal, sqlite3.Error and OSError; no half copy is left then, for it may be what fills the disk.
    """
    if target.exists():
        raise BackupFailed(f"{target} is there already: give another name, or move it away")
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(open_journal(path)) as source:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM runs").fetchone()  # from here on it sees one instant
            _copy(source, part, progress)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.rename(target)
    folder = os.open(target.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return target.stat().st_size


def _copy(source: sqlite3.Connection, part: Path, progress: Callable[[float], object]) -> None:
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        source.backup(
            copy,
            pages=STEP_PAGES,
            progress=lambda _, left, pages: progress((pages - left) / max(1, pages)),
        )
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, to be read also where nothing can be written
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise BackupFailed(f"the copy is damaged ({found}): `tocsin journal verify` says whether the journal is")
