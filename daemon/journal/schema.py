"""The journal's database: its tables, its settings, and how it is opened.

One row of `commits` is one transaction: the signals that the engine took, what it decided, and which deliveries were
settled, each as one JSON array; signals that come in masses are packed in `readings` (`compact`). Nothing is ever
changed but by forgetting what is old: the engine and the deliveries that are owed are a fold over these rows. The views
show all but the readings one by one. A row that says more than readings is a record of the audit: it has a number and
the hash of all records up to it (`chain`).
"""

import sqlite3
from pathlib import Path

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # NORMAL lost acknowledged rows at a power cut
    "PRAGMA busy_timeout=2000",  # ms; only a backup or an engineer's shell can hold the lock
    "PRAGMA wal_autocheckpoint=4000",  # pages, 16 MB: a checkpoint holds up commits by milliseconds: seldom
    "PRAGMA journal_size_limit=67108864",  # bytes of WAL kept after a checkpoint that a reader delayed
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-2000",  # KiB: the writer appends, it seldom reads
)

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('journal', lower(hex(randomblob(8))));
CREATE TABLE runs (
    run INTEGER PRIMARY KEY, name TEXT NOT NULL, boot TEXT NOT NULL, outputs TEXT NOT NULL, started REAL NOT NULL);
CREATE TABLE commits (
    seq INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs,
    at REAL NOT NULL, wall REAL NOT NULL, boottime REAL NOT NULL,
    total INTEGER NOT NULL, decided INTEGER NOT NULL, -- signals so far, number of the last decision so far
    settled TEXT, events TEXT, signals TEXT);
CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY, commit_seq INTEGER NOT NULL, wall REAL NOT NULL, body BLOB NOT NULL,
    unsettled TEXT, in_force TEXT);
CREATE VIEW signals AS
    SELECT commits.seq AS commit_seq, each.key AS position, json_extract(each.value, '$[0]') AS kind,
        json_extract(each.value, '$[1]') AS at, commits.wall AS wall, each.value AS body
    FROM commits, json_each(commits.signals) AS each;
CREATE VIEW decisions AS
    SELECT json_extract(each.value, '$.id') AS seq, commits.seq AS commit_seq, commits.run AS run,
        json_extract(each.value, '$.wall') AS wall, json_extract(each.value, '$.decision') AS body
    FROM commits, json_each(commits.events) AS each;
CREATE VIEW settlements AS
    SELECT json_extract(each.value, '$[0]') AS decision_seq, json_extract(each.value, '$[1]') AS output,
        json_extract(each.value, '$[2]') AS outcome, commits.wall AS wall
    FROM commits, json_each(commits.settled) AS each;
CREATE VIEW outbox AS
    SELECT decisions.seq AS decision_seq, each.value AS output, runs.name || '-' || decisions.seq AS id,
        ifnull(settlements.outcome, 'pending') AS state, settlements.wall AS settled
    FROM decisions JOIN runs USING (run) JOIN json_each(runs.outputs) AS each
        LEFT JOIN settlements ON settlements.decision_seq = decisions.seq AND settlements.output = each.value;
"""

# Rows of version 1 keep all signals as JSON and belong to no chain.
_PACKED_AND_CHAINED = """
ALTER TABLE commits ADD COLUMN readings BLOB;
ALTER TABLE commits ADD COLUMN record INTEGER;
ALTER TABLE commits ADD COLUMN chain BLOB;
ALTER TABLE snapshots ADD COLUMN record INTEGER NOT NULL DEFAULT 0; -- how far the chain went then
ALTER TABLE snapshots ADD COLUMN chain BLOB;
ALTER TABLE runs ADD COLUMN wrote INTEGER NOT NULL DEFAULT 0; -- bytes
ALTER TABLE runs ADD COLUMN lasted REAL NOT NULL DEFAULT 0; -- seconds, in which it wrote them
CREATE TABLE names (
    epoch INTEGER NOT NULL, number INTEGER NOT NULL,
    device TEXT NOT NULL, quantity TEXT, provenance TEXT NOT NULL, boot TEXT,
    PRIMARY KEY (epoch, number)) WITHOUT ROWID;
CREATE TABLE forgotten ( -- one row: the last record that retention let go of, or the last row before there was a chain
    seq INTEGER NOT NULL, record INTEGER NOT NULL, chain BLOB NOT NULL, wall REAL NOT NULL);
INSERT INTO forgotten SELECT ifnull(max(seq), 0), 0, zeroblob(32), ifnull(max(wall), 0) FROM commits;
DROP VIEW signals;
CREATE VIEW legible AS
    SELECT commits.seq AS commit_seq, each.key AS position, json_extract(each.value, '$[0]') AS kind,
        json_extract(each.value, '$[1]') AS at, commits.wall AS wall, each.value AS body
    FROM commits, json_each(commits.signals) AS each;
"""

STEPS: tuple[str, ...] = (
    _FIRST,
    _PACKED_AND_CHAINED,
)  # the n-th makes version n + 1 of version n; a new journal takes all of them
SCHEMA_VERSION = len(STEPS)


class JournalUnusable(Exception):
    """The database can be neither opened nor created; says why, and what a person can do."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the journal, or create it. The connection may be used by any one thread at a time.

    Raises JournalUnusable. Never deletes or renames anything: a database that looks broken may be whole.
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)
        connection.text_factory = readable
        for pragma in _PRAGMAS:
            connection.execute(pragma).fetchall()
        _prepare(connection, path)
    except (sqlite3.Error, JournalUnusable) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, JournalUnusable):
            raise
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise JournalUnusable(f"{path}: {error} ({name}); {advice(name)}") from error
    return connection


def readable(raw: bytes) -> str:
    """A text of the database. One bit that changed on the disk must not keep the rest from being read."""
    return raw.decode("utf-8", "replace")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """One transaction, whatever the version: a crash leaves the journal as it was, or as this program writes it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise JournalUnusable(
            f"{path}: its schema is version {version}, this program writes version {SCHEMA_VERSION}; "
            "start the program version that wrote it, or give another --state folder"
        )
    if version < SCHEMA_VERSION:
        steps = "".join(STEPS[version:])
        connection.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")


def advice(name: str) -> str:
    """What a person can do about an error of SQLite."""
    if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        return "copy the file aside and check it with `PRAGMA integrity_check` before you start with an empty folder"
    if name == "SQLITE_FULL":
        return "free space on that file system"
    return "check that the disk is well, and that the folder exists, can be written, and has space"
