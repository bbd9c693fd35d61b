"""What still has to be told, and to whom: every decision to every output, and to those who listen on the API."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from daemon.clock import Clock
from daemon.core import Event
from daemon.journal.journal import Entry, Journal
from daemon.outbox.broadcast import Broadcast
from daemon.outbox.job import Job, is_command, is_urgent
from daemon.outbox.ledger import Owed, Run, Settled
from daemon.outbox.worker import Worker

SETTLE_S = 0.05  # confirmations gathered into one journal entry; a crash in between repeats a delivery with the same id
SETTLE_ROWS = 500


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


def _priority(job: Job) -> int:
    return 0 if is_command(job) else 1 if is_urgent(job) else 2
