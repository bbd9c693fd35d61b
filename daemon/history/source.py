"""The journal from a target's place on, as batches of lines."""

import logging
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from daemon.history.lines import Lines
from daemon.history.replay import Place
from daemon.history.tail import Tail
from daemon.journal.rows import NoJournal, Reader, Row

PROBLEMS_TOLD = 5  # of one batch, in the log

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole rows; once all `lines` are acknowledged, so is everything up to `place`."""

    lines: list[str]
    place: Place


class Source:
    """Reads on from `begin` when the journal still is the one named `journal`, else from the journal's beginning.

    `lost` counts the signals that retention let go before they were sent, and what could not be read.
    """

    def __init__(self, path: Path, lines: Lines, journal: str, begin: Place, lost: int) -> None:
        self._tail = Tail(path)
        self._lines = lines
        self._position = begin
        self._counted = begin  # what is missing up to there is in `lost`
        self._known = bool(journal)  # not only from its present beginning on
        self.journal = journal
        self.acknowledged = begin  # at least once
        self.lost = lost

    def next(self) -> Batch | None:
        """What follows; None when all that is written was read. Raises NoJournal, and NewJournal once for another."""
        rows = self._tail.rows(self._position.seq)
        if self._tail.name != self.journal or (not rows and self._tail.last() < self._position.seq):
            before, self.journal, self._known = self.journal, self._tail.name, False
            self._position = self._counted = self.acknowledged = Place()
            if before:
                raise NewJournal("the journal is not the one that was read before: it is sent from its beginning")
            rows = self._tail.rows(0)
        if not rows:
            return None
        begin = self._position
        try:
            return self._batch(rows)
        except sqlite3.Error as error:
            self._position = begin
            self._tail.close()
            raise NoJournal(str(error)) from error

    def _batch(self, rows: list[Row]) -> Batch:
        reader = self._tail.reader
        assert reader is not None, "rows were read"
        lines: list[str] = []
        first_time = self._position >= self._counted
        for row in rows:
            signals = reader.signals(row)
            self._count(Place(row.seq, row.total), len(signals), reader)
            lines += self._lines.of(row, signals, reader.events(row))
        problems, reader.problems = reader.problems, []
        if first_time:
            self.lost += len(problems)
            for problem in problems[:PROBLEMS_TOLD]:
                _log.warning("history: %s", problem)
        return Batch(lines, self._position)

    def go_back(self, place: Place) -> None:
        """Read on from there."""
        self._position = place

    def acknowledge(self, place: Place) -> None:
        self.acknowledged = max(self.acknowledged, place)

    def backlog(self) -> tuple[int, float]:
        """How many signals are written and were never acknowledged, and the age of the oldest of them, seconds.

        Raises NoJournal.
        """
        backlog = self._tail.backlog(*self.acknowledged)
        age_s = max(0.0, time.time() - backlog.oldest_wall) if backlog.oldest_wall else 0.0
        return backlog.signals, age_s

    def _count(self, place: Place, signals: int, reader: Reader) -> None:
        """Each row says how many signals there are so far. What is not there is lost when retention was here before
        us; else it was thinned, as the venue asks. Nobody knows what came before the first row that was ever read.
        """
        if place > self._counted:
            missing = place.total - self._counted.total - signals
            if missing > 0 and self._known and not reader.has_readings(self._counted.seq):
                self.lost += missing
            self._counted, self._known = place, True
        self._position = place


class NewJournal(NoJournal):
    """The journal that was read is gone, and another one, or an older copy, is there."""
