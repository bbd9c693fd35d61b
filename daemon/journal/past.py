"""The engine as it was at an instant of the past, folded from the journal by the rules of that time. Writes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daemon.journal.rows import NoJournal, Reader, Span, open_journal
from daemon.journal.thinning import thinned_to
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Reloaded, Signal
from rules.snapshot import rules_of

PlanOf = Callable[[str], Plan]  # what to go by where the journal names this digest, or none at its beginning

PROGRESS_ROWS = 500  # between two reports: some ten a second


class NoHistory(Exception):
    """The journal cannot tell of that instant; says why, and what it can tell of."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One signal of the past, and the wall clock, seconds since 1970, when it was written down."""

    wall: float
    signal: Signal


class History:
    """A journal, read only. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises NoHistory when there is no journal that this version can read."""
        try:
            self._connection = open_journal(path)
        except NoJournal as error:
            raise NoHistory(str(error)) from error
        self._reader = Reader(self._connection)
        self.problems = self._reader.problems

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def span(self) -> tuple[float, float]:
        """Wall times of the first and the last row. Raises NoHistory for an empty journal."""
        first, last = self._connection.execute("SELECT min(wall), max(wall) FROM commits").fetchone()
        if first is None:
            raise NoHistory("the journal is empty")
        return first, last

    def rules_at(self, wall: float) -> str:
        """The digest of the files that were in force at an instant; empty when the journal does not say."""
        silent = Reader(self._connection)  # what cannot be read is told when it is gone through
        sql = "SELECT seq FROM commits WHERE wall <= ? AND signals LIKE ? ORDER BY seq DESC"
        for (seq,) in self._connection.execute(sql, (wall, '%"reloaded"%')):
            for signal in reversed(silent.signals(next(silent.rows(Span(seq - 1))))):
                if isinstance(signal, Reloaded):
                    return signal.rules
        for (body,) in self._connection.execute(
            "SELECT body FROM snapshots WHERE wall <= ? ORDER BY seq DESC", (wall,)
        ):
            try:
                return rules_of(body)
            except msgspec.MsgspecError:
                continue
        return ""

    def engine_before(self, plan_of: PlanOf, wall: float) -> tuple[Engine, int]:
        """The newest kept engine that is not later than `wall`, and the row it stands after; else a fresh one."""
        sql = "SELECT commit_seq, body FROM snapshots WHERE wall <= ? ORDER BY seq DESC"
        for row, body in self._connection.execute(sql, (wall,)):
            try:
                return Engine.restore(plan_of(rules_of(body)), body), row
            except (msgspec.MsgspecError, ValueError) as error:
                self.problems.append(f"a snapshot cannot be read ({error}); an older one is used")
        (first,) = self._connection.execute("SELECT min(seq) FROM commits").fetchone()
        if first is not None and first > 1:
            text = "the journal's beginning was let go by retention: what stood before it is unknown here"
            self.problems.append(text)
        return Engine(plan_of("")), 0

    def heard(self, after: int, until: float, progress: Callable[[float], object]) -> Iterator[Heard]:
        """All signals written after a row and not later than the wall time `until`, in order.

        `progress` is told the share done, 0 to 1.
        """
        if after < thinned_to(self._connection):
            text = "readings of that time were thinned: what changed by less than the venue's deadbands is not told"
            self.problems.append(text)
        counting = "SELECT count(*) FROM commits WHERE seq > ? AND wall <= ?"
        (rows,) = self._connection.execute(counting, (after, until)).fetchone()
        for number, row in enumerate(self._reader.rows(Span(after, until=until))):
            if number % PROGRESS_ROWS == 0:
                progress(min(1.0, number / max(1, rows)))  # more may be written meanwhile
            for signal in self._reader.signals(row):
                yield Heard(row.wall, signal)
        progress(1.0)
