"""Whether a journal is what was written: its pages, the checksums of its readings, and the chain of its audit."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from daemon.journal import anchors as anchor_files
from daemon.journal.anchors import Anchor
from daemon.journal.chain import Head, run_words
from daemon.journal.compact import Unreadable, epoch_of
from daemon.journal.composing import NewRow, link
from daemon.journal.keeping import AUDIT_KEPT_S
from daemon.journal.rows import PAGE_ROWS, NoJournal, open_journal

MAX_FINDINGS = 100  # told; a journal that was rewritten has one for each anchor
LATE_S = 600.0  # without an anchor, ten times what lies between two


class Finding(Struct, frozen=True):
    """Something is not as it was written. `row` is the row of `commits`, None where no row is left to name."""

    row: int | None
    what: str


class Verdict(Struct, frozen=True):
    """What came of it. `head` is the last record and its hash: kept somewhere else, it can be asked for again."""

    whole: bool
    rows: int
    records: int
    unchained: int  # rows of a version that had no chain
    anchors: int
    head: str
    findings: tuple[Finding, ...]


def verify(
    path: Path, anchors: Path | None, held: Sequence[tuple[int, str]], progress: Callable[[float], object]
) -> Verdict:
    """Go through all of a journal. `anchors` is the file of anchors, None for none; `held` are records and hashes that
    somebody else kept. Raises NoJournal, sqlite3.Error and OSError.
    """
    with closing(open_journal(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version < 2:
            raise NoJournal(f"{path}: a journal of version {version} has no audit chain; the daemon makes one of it")
        connection.text_factory = _bytes_and_all
        (journal,) = connection.execute("SELECT value FROM meta WHERE key = 'journal'").fetchone()
        kept = _kept(journal, anchors, held)  # before the rows: a daemon may write both meanwhile
        audit = _Audit(connection, kept)
        audit.pages()
        audit.rows(progress)
        audit.ends()
        return audit.verdict()


class _Kept(NamedTuple):
    """What is known of a journal outside it; `missing` is the file of anchors if there is none."""

    anchors: list[Anchor]
    held: Sequence[tuple[int, str]]
    findings: list[Finding]
    missing: Path | None = None


def _kept(journal: str, path: Path | None, held: Sequence[tuple[int, str]]) -> _Kept:
    if path is None or not path.exists():
        return _Kept([], held, [], path)
    found, problems = anchor_files.read(path)
    findings = [Finding(None, problem) for problem in problems]
    mine = [one for one in found if one.journal == journal]
    if found and found[-1].journal != journal:
        text = f"the last anchor is of another journal, {found[-1].journal}: this one took its place, or is older"
        findings.append(Finding(None, f"{path}: {text}"))
    return _Kept(mine, held, findings)


class _Audit:
    """One pass over the rows."""

    def __init__(self, connection: sqlite3.Connection, kept: _Kept) -> None:
        self._connection = connection
        self._anchors = kept.anchors
        self._missing = kept.missing
        self._findings = kept.findings
        self._told: dict[int, set[str]] = {}  # hashes that others know, by record
        for record, digest in [*((one.record, one.hash) for one in kept.anchors), *kept.held]:
            self._told.setdefault(record, set()).add(digest)
        seq, record, chain = connection.execute("SELECT seq, record, chain FROM forgotten").fetchone()
        self._start = self._head = Head(record, seq, chain)
        self._runs: dict[int, bytes] = {}
        self._untouched: int | None = None  # behind it retention may take rows out, after it nobody
        self._count = 0
        self._unchained = 0
        self._last: NewRow | None = None
        self._first_wall: float | None = None
        self._last_record_wall = 0.0
        self._latest_wall = 0.0  # not that of the last row: the clock may have been lost meanwhile

    def pages(self) -> None:
        """The file's own structure."""
        for (text,) in self._connection.execute("PRAGMA quick_check(20)").fetchall():
            if text != "ok":
                self._find(None, f"the database itself is damaged: {text}")

    def rows(self, progress: Callable[[float], object]) -> None:
        """Each row in turn, from the oldest to the one that is the last now."""
        first, last = self._connection.execute("SELECT min(seq), max(seq) FROM commits").fetchone()
        self._hold(self._start, None)
        while page := self._page(first, last):
            progress((page[0].seq - first) / max(1, last - first))
            for row in page:
                self._count += 1
                self._latest_wall = max(self._latest_wall, row.wall)
                self._first_wall = row.wall if self._first_wall is None else self._first_wall
                self._look(row)
                self._last = row
        progress(1.0)

    def _page(self, first: int | None, last: int | None) -> list[NewRow]:
        """The next rows, and what retention has done, at one instant; the chain joins one page to the next."""
        begin = first if self._last is None else self._last.seq + 1
        sql = f"SELECT {', '.join(NewRow._fields)} FROM commits WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"  # noqa: S608  # our own words
        self._connection.execute("BEGIN")
        seq, record, chain = self._connection.execute("SELECT seq, record, chain FROM forgotten").fetchone()
        if record > self._head.record:  # it has overtaken us
            self._start = self._head = Head(record, seq, chain)
        (self._untouched,) = self._connection.execute("SELECT min(commit_seq) FROM snapshots").fetchone()
        runs = self._connection.execute("SELECT run, name, boot, outputs FROM runs").fetchall()
        self._runs = {run: run_words(*words) for run, *words in runs}
        rows = self._connection.execute(sql, (begin, last, PAGE_ROWS)).fetchall()
        self._connection.execute("COMMIT")
        return [NewRow._make(row) for row in rows]

    def ends(self) -> None:
        """What is missing at the beginning and at the end, as others know it."""
        beyond = sorted(record for record in self._told if record > self._head.record)
        if beyond:
            text = f"the audit ends with record {self._head.record}, but there was a record {beyond[-1]}"
            self._find(None, f"{text}: its end was cut off")
        young = self._latest_wall - AUDIT_KEPT_S
        for one in self._anchors:
            if one.record <= self._start.record and one.wall > young:
                when = datetime.fromtimestamp(one.wall, UTC).isoformat(timespec="seconds")
                self._find(
                    None, f"record {one.record}, anchored at {when}, is gone, though it is too young to be let go"
                )
                break
        if self._missing and self._last_record_wall > (self._first_wall or 0.0) + LATE_S:
            self._find(None, f"{self._missing}: there are no anchors: a cut end of the audit cannot be seen")
        if self._anchors and self._last_record_wall > self._anchors[-1].wall + LATE_S:
            text = f"nothing after record {self._anchors[-1].record} is anchored"
            self._find(None, f"{text}: the end of the anchors was cut off, or could not be written")

    def verdict(self) -> Verdict:
        records = self._head.record - self._start.record
        return Verdict(
            whole=not self._findings,
            rows=self._count,
            records=records,
            unchained=self._unchained,
            anchors=len(self._anchors),
            head=f"{self._head.record}:{self._head.hash.hex()}",
            findings=tuple(self._findings[:MAX_FINDINGS]),
        )

    def _look(self, row: NewRow) -> None:
        self._look_for_gap(row)
        if row.readings is not None:
            try:
                epoch_of(_as_bytes(row.readings))
            except Unreadable as error:
                self._find(row.seq, f"its readings are damaged: {error}")
        if row.record is not None and row.chain is not None:
            self._look_at_record(row, row.record, row.chain)
        elif row.events is None and row.settled is None and row.signals is None:
            return
        elif row.seq <= self._start.row and not self._start.record:
            self._unchained += 1
        else:
            self._find(
                row.seq, "it says more than readings and has no place in the chain: it was added or stripped of it"
            )

    def _look_for_gap(self, row: NewRow) -> None:
        last = self._last
        if last is None:
            return
        if self._untouched is not None and last.seq >= self._untouched and row.seq != last.seq + 1:
            self._find(row.seq, f"rows {last.seq + 1} to {row.seq - 1} before it are gone: they were deleted")
        if row.total < last.total or row.decided < last.decided:
            self._find(row.seq, "its counts run backwards: rows were put in another order, or changed")

    def _look_at_record(self, row: NewRow, record: int, chain: bytes) -> None:
        if record != self._head.record + 1:
            what = "is missing" if record == self._head.record + 2 else "are missing"
            gap = (
                f"record {self._head.record + 1} to {record - 1} {what}"
                if record > self._head.record
                else "out of order"
            )
            self._find(row.seq, f"it is record {record} and follows record {self._head.record}: {gap}")
        elif link(self._head, row, self._runs.get(row.run, b"")).hash != chain:
            self._find(row.seq, f"record {record} is not what was written: it, or the record before it, was changed")
        self._head = Head(record, row.seq, chain)
        self._last_record_wall = max(self._last_record_wall, row.wall)
        self._hold(self._head, row.seq)

    def _hold(self, head: Head, row: int | None) -> None:
        """Compare with what others know of this record."""
        told = self._told.get(head.record)
        if told and told != {head.hash.hex()}:
            self._find(
                row, f"record {head.record} is not the one that was anchored: it or what came before was rewritten"
            )

    def _find(self, row: int | None, what: str) -> None:
        self._findings.append(Finding(row, what))


def _bytes_and_all(raw: bytes) -> str:
    """Text as it is on the disk, also where a bit of it has changed."""
    return raw.decode("utf-8", "surrogateescape")


def _as_bytes(packed: bytes | str) -> bytes:
    """SQLite lets anybody put text in a column of bytes."""
    return packed.encode("utf-8", "surrogateescape") if isinstance(packed, str) else packed


def held_of(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Records and hashes as `Verdict.head` and the log tell them, RECORD:HASH. Raises ValueError."""
    for text in texts:
        record, _, digest = text.partition(":")
        if len(digest) != 64 or not all(letter in "0123456789abcdef" for letter in digest):
            raise ValueError(f"found {text!r}, expected RECORD:HASH as the log and a verdict tell it")
        yield int(record), digest
