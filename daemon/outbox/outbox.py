"""What still has to be told, and to whom: every decision to every output, and to those who listen on the API."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from daemon.clock import Clock
from daemon.core import Event, OwedDelivery
from daemon.journal.journal import Entry, Journal
from daemon.outbox.broadcast import Broadcast
from daemon.outbox.discarding import why_kept
from daemon.outbox.job import Job, is_command, is_urgent
from daemon.outbox.ledger import Owed, Run, Settled
from daemon.outbox.worker import Worker
from rules.signal import Role

SETTLE_S = 0.05  # confirmations gathered into one journal entry; a crash in between repeats a delivery with the same id
SETTLE_ROWS = 500

_log = logging.getLogger(__name__)


class Outbox:
    """Implements daemon.pump.Downstream."""

    def __init__(self, run: Run, clock: Clock, broadcast: Broadcast) -> None:
        self._run = run
        self._clock = clock
        self._broadcast = broadcast
        self._workers: list[Worker] = []
        self._settled: list[Settled] = []
        self._timer: asyncio.TimerHandle | None = None
        self._submit: Callable[[Entry], None] | None = None

    def connect(self, workers: Sequence[Worker], journal: Journal) -> None:
        """Name who delivers and where it is written down; once, before anything is sent."""
        self._workers = list(workers)
        self._submit = journal.submit

    def prepare(self, events: Sequence[Event]) -> Callable[[], None]:
        jobs = sorted([Job(event.id, self._run.delivery(event)) for event in events], key=_priority)
        offers = [(worker, replace(job)) for job in jobs for worker in self._workers]
        for worker, job in offers:
            worker.prepare(job)
        return partial(self._tell, offers, events)

    def resume(self, owed: Iterable[Owed]) -> None:
        """Take up what an earlier run did not see confirmed. What is owed to an output that is gone is dropped."""
        workers = {worker.name: worker for worker in self._workers}
        for one in owed:
            if one.output in workers:
                workers[one.output].offer(Job(one.decision, one.delivery, "taken_up"))
            else:
                self.settle(Settled(one.decision, one.output, "dropped"))

    def owed(self) -> list[OwedDelivery]:
        """What each output still has to tell, evacuations first."""
        return [_shown(worker.name, job) for worker in self._workers for job in worker.owed()]

    def discard(self, output: str, delivery: str, who: str, why: str, role: Role) -> str:
        """A person gives up a delivery; it is journalled as discarded, by whom and why. Why they may not, or empty."""
        worker = next((one for one in self._workers if one.name == output), None)
        if worker is None:
            return f"there is no output {output!r}"
        job = next((one for one in worker.owed() if one.delivery.id == delivery), None)
        if job is None:
            return f"output {output!r} owes no delivery {delivery!r}"
        kept = why_kept(job, role)
        if not kept:
            _log.warning("output %s: %s is discarded by %s: %s", output, job, who, why)
            worker.discard(job, who, why)
        return kept

    def settle(self, settled: Settled) -> None:
        """Write down how a delivery ended, soon."""
        self._settled.append(settled)
        if len(self._settled) >= SETTLE_ROWS:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SETTLE_S, self.flush)

    def flush(self) -> None:
        """Write down now what is gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._settled and self._submit is not None:
            settled, self._settled = self._settled, []
            self._submit(Entry(self._clock.stamp(), settled=settled))

    def _tell(self, offers: Sequence[tuple[Worker, Job]], events: Sequence[Event]) -> None:
        for worker, job in offers:
            worker.offer(job)
        for event in events:
            self._broadcast.tell(event)


def _shown(output: str, job: Job) -> OwedDelivery:
    event = Event(job.decision, job.delivery.wall, job.delivery.decision)
    return OwedDelivery(output, event, job.delivery.id, job.tries, job.reason, job.error)


def _priority(job: Job) -> int:
    return 0 if is_command(job) else 1 if is_urgent(job) else 2
