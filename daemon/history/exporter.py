"""One target's loop: read, send, wait, say how it stands. Runs in a process of its own (`daemon.history.child`)."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from daemon.history.answer import Broken, Busy, Refused, Stored, Verdict
from daemon.history.cursor import Cursor, CursorFile
from daemon.history.influx import Influx
from daemon.history.job import Condition, Job, Progress
from daemon.history.lines import Lines
from daemon.history.replay import Place, Replay
from daemon.history.sender import Sender
from daemon.history.source import Batch, NewJournal, Source
from daemon.journal.rows import NoJournal

POLL_S = 1.0  # for new rows: what is in the database is at most so much older than what is in the journal
PING_S = 15.0  # without traffic: less than the idle times of servers and proxies, 30 s and more
SAVE_S = 5.0  # between two cursors: what a killed process sends again, beside the window
TELL_S = 1.0
BACK_OFF_S = (0.5, 30.0)  # first and longest wait after a failure: a request to a dead server costs nothing
JITTER = (0.75, 1.25)  # so that many venues do not come back to one server in step

_chance = random.SystemRandom()


class Exporter:
    """`stop` ends it between two requests. `tell` is called at least every TELL_S while requests are answered."""

    def __init__(self, job: Job, tell: Callable[[Progress], None], stop: threading.Event) -> None:
        target, folder = job.target, Path(job.folder)
        self._file = CursorFile(folder / f"{target.id}.cursor")
        cursor = self._before = self._saved = self._file.read()
        begin = Place(cursor.seq, cursor.total)
        self._rate = target.points_per_s
        self._window_s = target.resend_window_s
        self._lines = Lines(job.venue, job.zones, target.prefix)
        self._source = Source(Path(job.journal), self._lines, cursor.journal, begin, cursor.lost)
        self._replay = Replay(self._window_s, begin)
        self._influx = Influx(target)
        self._sender = Sender(self._influx, target.batch_points, folder / f"{target.id}.rejected", cursor.rejected)
        self._tell, self._stop = tell, stop
        self._zones: dict[str, str] | None = None  # to be followed from the next rows on
        self._batch = Batch([], begin)
        self._condition: Condition = "starting"
        self._told: Condition | None = None
        self._backlog = (0, 0.0)
        self._error = ""
        self._failures = 0
        self._earliest = 0.0  # of the next request, so that the rate is kept
        self._asked = self._saved_at = self._told_at = 0.0

    def follow(self, zones: dict[str, str]) -> None:
        """Another plan is in force. May be called from any thread."""
        self._zones = zones

    def run(self) -> None:
        """Until `stop` is set."""
        self._say()  # what earlier processes counted is no news
        while not self._stop.is_set():
            until = time.monotonic() + self._turn()
            if time.monotonic() - self._saved_at >= SAVE_S:
                self._save()
            self._say()
            while (left_s := until - time.monotonic()) > 0 and not self._stop.wait(min(left_s, TELL_S)):
                self._say()
        self._save()

    def _turn(self) -> float:
        """At most one request. Returns for how long there is nothing to do."""
        now = time.monotonic()
        if now < self._earliest:
            return self._earliest - now
        try:
            if self._sender.idle and not self._load(now):
                return self._idle(now)
            before = self._sender.stored
            verdict = self._sender.step()
        except NewJournal:
            self._replay = Replay(self._window_s, Place())
            return 0.0
        except NoJournal as error:
            self._condition, self._error = "waiting", str(error)
            return POLL_S
        except (OSError, ValueError) as error:  # token or certificates
            return self._heed(Refused(str(error)))
        self._asked = time.monotonic()
        self._earliest = max(self._earliest, now) + (self._sender.stored - before) / self._rate
        return self._heed(verdict)

    def _load(self, now: float) -> bool:
        """Give the sender the next rows that hold a point; whether there are any."""
        zones, self._zones = self._zones, None
        if zones is not None:
            self._lines.follow(zones)
        while self._sender.idle:
            batch = self._source.next()
            if batch is None:
                return False
            self._batch = batch
            self._sender.take(batch.lines)
            if not batch.lines:
                self._acknowledged(now)
        return True

    def _idle(self, now: float) -> float:
        """A connection that is used now and then is known to be whole."""
        if now - self._asked < PING_S:
            return POLL_S
        self._asked = now
        return self._heed(self._influx.ping()) or POLL_S

    def _heed(self, verdict: Verdict) -> float:
        """Draw the conclusions. Returns how long to wait."""
        match verdict:
            case Stored():
                self._condition, self._error, self._failures = "up", "", 0
                self._believe(time.monotonic())
                return 0.0
            case Busy():
                self._condition, self._error = "waiting", verdict.reason
                wait_s = self._back_off()
                return (
                    wait_s
                    if verdict.after_s is None
                    else max(verdict.after_s * _chance.uniform(1.0, JITTER[1]), wait_s)
                )
            case Refused():
                self._condition, self._error = "refused", verdict.reason
                self._influx.close()
                return self._back_off()
            case Broken():
                self._condition, self._error = "waiting", verdict.reason
                self._go_back()
                return self._back_off()
            case _:
                assert_never(verdict)

    def _believe(self, now: float) -> None:
        if self._influx.lost_connection():
            self._go_back()
            return
        if self._sender.idle:
            self._acknowledged(now)
        self._replay.reached(now)

    def _acknowledged(self, now: float) -> None:
        self._source.acknowledge(self._batch.place)
        self._replay.sent(self._batch.place, now)

    def _go_back(self) -> None:
        """What the server may have lost is sent again."""
        self._replay.broken()
        self._sender.drop()
        self._source.go_back(self._replay.kept)

    def _back_off(self) -> float:
        first_s, longest_s = BACK_OFF_S
        wait_s = min(first_s * 2.0 ** min(self._failures, 10), longest_s)
        self._failures += 1
        return wait_s * _chance.uniform(*JITTER)

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        place = self._replay.kept
        points = self._before.points + self._sender.stored
        journal, lost = self._source.journal, self._source.lost
        cursor = Cursor(journal, place.seq, place.total, points, self._sender.rejected, lost)
        if cursor == self._saved:
            return
        try:
            self._file.write(cursor)
            self._saved = cursor
        except OSError as error:  # a full disk: what is sent again later costs nothing
            self._error = self._error or f"the cursor cannot be kept: {error}"

    def _say(self) -> None:
        """At once when the condition is another one, else every TELL_S."""
        now = time.monotonic()
        if now - self._told_at < TELL_S and self._condition == self._told:
            return
        self._told_at, self._told = now, self._condition
        with contextlib.suppress(NoJournal):  # then the last that is known stands, and the condition says why
            self._backlog = self._source.backlog()
        behind, behind_s = self._backlog
        points = self._before.points + self._sender.stored
        rejected, lost = self._sender.rejected, self._source.lost
        self._tell(Progress(self._condition, behind_s, behind, points, rejected, lost, self._error))
