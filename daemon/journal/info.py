"""What a journal holds, for people who look after the box."""

import sqlite3
from pathlib import Path
from typing import Any

from msgspec import Struct

from daemon.journal.rows import open_journal
from daemon.journal.thinning import thinned_to
from daemon.journal.wear import Wear


class Info(Struct, frozen=True):
    """A journal at a glance. Wall times are seconds since 1970, None in an empty journal."""

    path: str
    schema: int
    bytes: int  # of the file and its write-ahead log
    free_bytes: int  # of it, kept for reuse
    rows: int
    first_wall: float | None
    last_wall: float | None
    signals: int  # since the journal began, also those forgotten meanwhile
    decisions: int  # number of the last one
    snapshots: int
    runs: int
    per_day: int | None = None  # bytes written to the disk in a day like the last run, None before it is known
    records: int = 0  # of the audit, still there
    readings_since: float | None = None  # the oldest that are kept, wall time
    thinned: int = 0  # the row up to which readings are thinned


def look(path: Path) -> Info:
    """Raises NoJournal and sqlite3.Error."""
    connection = open_journal(path)
    try:
        return _look(connection, path)
    finally:
        connection.close()


def _look(connection: sqlite3.Connection, path: Path) -> Info:
    def one(sql: str) -> Any:
        return connection.execute(sql).fetchone()

    connection.execute("BEGIN")  # all of it at one instant
    (version,) = one("PRAGMA user_version")
    rows, first, last = one("SELECT count(*), min(wall), max(wall) FROM commits")
    total, decided = one("SELECT total, decided FROM commits ORDER BY seq DESC LIMIT 1") or (0, 0)
    return Info(
        path=str(path),
        schema=version,
        bytes=path.stat().st_size + _size(Path(f"{path}-wal")),
        free_bytes=one("PRAGMA freelist_count")[0] * one("PRAGMA page_size")[0],
        rows=rows,
        first_wall=first,
        last_wall=last,
        signals=total,
        decisions=decided,
        snapshots=one("SELECT count(*) FROM snapshots")[0],
        runs=one("SELECT count(*) FROM runs")[0],
        **(_kept(connection) if version >= 2 else {}),
    )


def _kept(connection: sqlite3.Connection) -> dict[str, Any]:
    """What a journal of the first version does not know of itself."""
    wrote, lasted_s = connection.execute("SELECT wrote, lasted FROM runs ORDER BY run DESC LIMIT 1").fetchone() or (
        0,
        0,
    )
    sql = "SELECT wall FROM commits WHERE readings IS NOT NULL ORDER BY seq LIMIT 1"
    (since,) = connection.execute(sql).fetchone() or (None,)
    (records,) = connection.execute("SELECT count(*) FROM commits WHERE record IS NOT NULL").fetchone()
    return {
        "per_day": Wear(wrote, lasted_s).per_day or None,
        "records": records,
        "readings_since": since,
        "thinned": thinned_to(connection),
    }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
