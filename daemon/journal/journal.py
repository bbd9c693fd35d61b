"""What happened, made durable: the side of the journal that lives on the event loop.

Everything is written in order by one thread (`writer`). Whoever submits an entry is told when it is durable,
or, when that takes longer than COMMIT_DEADLINE_S, that it has to go on without: an alarm does not wait for a disk.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daemon.clock import Stamp
from daemon.core import Event, JournalHealth
from daemon.journal.chain import Head
from daemon.journal.writer import Writer
from daemon.outbox.ledger import Ledger, Owed, Settled
from drivers.contract import Delivery
from rules.signal import Signal

COMMIT_DEADLINE_S = 0.25  # a healthy commit takes 0.1 ms to 50 ms; beyond this, alarms go out from memory
GATHER_S = 0.2  # readings that decide nothing wait so long for company: a commit writes two pages of the disk or more
GATHER_SIGNALS = 80  # and no longer than for so many: two such rows fill a page, and a broker sends 200 unacknowledged
GATHER_PER_S = 50  # of that time no more than so many: a press is written with them, and waits while they are packed
HELD_SIGNALS = 50_000  # not yet written; about 15 MB, and 50 s of the heaviest traffic
HELD_SETTLED = 10_000  # not yet written; without one a start may deliver once more, with the same id
HELD_DECISIONS = 10_000  # not yet written; kept longer than signals, for they are what people ask for afterwards


@dataclass(slots=True)
class Entry:
    """What becomes durable together.

    `snapshot` is the engine after the last of `signals`; with it go the deliveries owed and those in force.
    """

    stamp: Stamp
    signals: Sequence[Signal] = ()
    events: Sequence[Event] = ()
    settled: Sequence[Settled] = ()
    snapshot: bytes | None = None
    unsettled: Sequence[Owed] = ()
    in_force: Sequence[Delivery] = ()
    decided: Callable[[], None] | None = None
    done: Callable[[], None] | None = None
    handed: float = math.inf  # to the writer, loop time


def gathers(gather_s: float) -> int:
    """How many signals that decide nothing are written together at most."""
    return min(GATHER_SIGNALS, max(1, round(gather_s * GATHER_PER_S)))


class Journal:
    """The only way to the database. `on_degraded(reason)` and `on_recovered()` are told once per change."""

    def __init__(
        self,
        writer: Writer,
        ledger: Ledger,
        on_degraded: Callable[[str], None],
        on_recovered: Callable[[], None],
        gather_s: float = GATHER_S,
    ) -> None:
        self._writer = writer
        self._ledger = ledger  # after all that was submitted: what a snapshot has to say of the deliveries
        self._on_degraded = on_degraded
        self._on_recovered = on_recovered
        self._gather_s = gather_s
        self._gather_signals = gathers(gather_s)
        self._unwritten: deque[Entry] = deque()
        self._released = 0  # of the oldest unwritten entries: those whose waiters have gone on already
        self._held_signals = 0
        self._held_decisions = 0
        self._held_settled = 0
        self._gathered: list[Entry] = []
        self._gathered_signals = 0
        self._handing: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.degraded = ""
        self.lost_signals = 0
        self.lost_decisions = 0
        self.wants_snapshot = False  # something is missing in it: only a snapshot makes the next start right

    def start(self) -> None:
        """Begin to write. Call on the running loop."""
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()  # done when the writer's thread is no more
        self._writer.start(
            written=lambda count: self._loop.call_soon_threadsafe(self._written, count),
            failed=lambda reason: self._loop.call_soon_threadsafe(self._degrade, reason),
            died=lambda: self._loop.call_soon_threadsafe(self.ended.set_result, None),
        )

    def submit(self, entry: Entry) -> None:
        """Write an entry after all that came before. Then `entry.decided` and `entry.done` are called on the loop, each
        in order and exactly once: of all that was written together first what was decided, then the rest.

        An entry with decisions goes to the disk at once, one without after `gather_s` at most.
        """
        self._ledger.take(self._writer.run, entry.events, entry.settled)
        if entry.snapshot is not None:
            entry.unsettled = self._ledger.owed()
            entry.in_force = self._ledger.in_force()
        self._bound(entry)
        if self.degraded and not (entry.signals or entry.events or entry.settled or entry.snapshot):
            self._release([entry])  # nothing of it is left to write, and those before it are released already
            return
        self._held_signals += len(entry.signals)
        self._held_decisions += len(entry.events)
        self._held_settled += len(entry.settled)
        self._unwritten.append(entry)
        self._gathered.append(entry)
        self._gathered_signals += len(entry.signals)
        if entry.events or entry.snapshot is not None or self._gathered_signals >= self._gather_signals:
            self._hand_over()
        elif self._handing is None:
            self._handing = self._loop.call_later(self._gather_s, self._hand_over)
        if self.degraded:
            self._release_all()

    @property
    def holds_older_state(self) -> bool:
        """It was opened only after the engine had started without it: a snapshot would bury what it remembers."""
        return self._writer.holds_older_state

    def stands(self) -> tuple[str, Head]:
        """The journal's id, empty before it was first opened, and how far the audit's chain is durable."""
        return self._writer.stands

    def health(self) -> JournalHealth:
        return JournalHealth(
            self._writer.total_signals, self._writer.size_bytes, self.degraded, self._writer.wear.per_day
        )

    def close(self, within_s: float) -> bool:
        """Write what is left and close the database. False when that took longer than `within_s`."""
        if self._timer is not None:
            self._timer.cancel()
        self._hand_over()
        return self._writer.close(within_s)

    def _hand_over(self) -> None:
        """Give the writer what is gathered."""
        if self._handing is not None:
            self._handing.cancel()
            self._handing = None
        gathered, self._gathered, self._gathered_signals = self._gathered, [], 0
        now = self._loop.time()
        for entry in gathered:
            entry.handed = now
            self._writer.put(entry)
        if gathered and self._timer is None and not self.degraded:
            self._timer = self._loop.call_later(COMMIT_DEADLINE_S, self._watch)

    def _bound(self, entry: Entry) -> None:
        """Leave out what cannot be held. The snapshot that is then asked for makes up for it at the next start."""
        if self._held_signals + len(entry.signals) > HELD_SIGNALS:
            self.lost_signals += len(entry.signals)
            entry.signals = ()
            entry.snapshot = None
            self.wants_snapshot = True
        if self._held_decisions + len(entry.events) > HELD_DECISIONS:
            self.lost_decisions += len(entry.events)
            entry.events = ()
            self.wants_snapshot = True
        if self._held_settled + len(entry.settled) > HELD_SETTLED:
            entry.settled = ()
            self.wants_snapshot = True

    def _written(self, count: int) -> None:
        waited: list[Entry] = []
        for _ in range(count):
            entry = self._unwritten.popleft()
            self._held_signals -= len(entry.signals)
            self._held_decisions -= len(entry.events)
            self._held_settled -= len(entry.settled)
            if self._released:
                self._released -= 1
            else:
                waited.append(entry)
        self._release(waited)
        if self._writer.replaced:
            self._writer.replaced = False
            self.wants_snapshot = True
        if self.degraded and self._oldest_age_s() < COMMIT_DEADLINE_S:
            self.degraded = ""
            self._on_recovered()

    def _watch(self) -> None:
        self._timer = None
        if not self._unwritten or self.degraded:
            return
        left = COMMIT_DEADLINE_S - self._oldest_age_s()
        if left <= 0:
            self._degrade(f"nothing was written for {COMMIT_DEADLINE_S * 1000:.0f} ms; the disk is slow or hangs")
        else:
            self._timer = self._loop.call_later(left, self._watch)

    def _degrade(self, reason: str) -> None:
        news = not self.degraded
        self.degraded = reason
        self._release_all()
        if news:
            self._on_degraded(reason)

    def _release_all(self) -> None:
        self._release([self._unwritten[index] for index in range(self._released, len(self._unwritten))])
        self._released = len(self._unwritten)

    def _release(self, entries: Sequence[Entry]) -> None:
        """Let their waiters go on, and forget them: they hold the messages, and a full disk may last for days.

        Acknowledgements leave a turn of the loop later than what was decided: an order goes out first.
        """
        for decided in [entry.decided for entry in entries if entry.decided is not None]:
            self._loop.call_soon(decided)
        self._loop.call_soon(self._finish, [entry.done for entry in entries if entry.done is not None])
        for entry in entries:
            entry.decided = entry.done = None

    def _finish(self, waiting: Sequence[Callable[[], None]]) -> None:
        for done in waiting:
            self._loop.call_soon(done)

    def _oldest_age_s(self) -> float:
        """Of the oldest that the writer has; those that are still gathered do not count."""
        return max(0.0, self._loop.time() - self._unwritten[0].handed) if self._unwritten else 0.0
