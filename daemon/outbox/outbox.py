"""What still has to be told, and to whom: every decision to every output, and to those who listen on the API."""

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import msgspec

from daemon.clock import Clock
from daemon.core import Event, OutputHealth, OwedDelivery
from daemon.journal.journal import Entry
from daemon.outbox.broadcast import Broadcast
from daemon.outbox.discarding import why_kept
from daemon.outbox.job import Job, is_command, is_urgent
from daemon.outbox.ledger import Owed, Run, Settled
from daemon.outbox.stand_ins import StandIns
from daemon.outbox.worker import Worker
from rules.decision import Decision
from rules.signal import Role

SETTLE_S = 0.05  # confirmations gathered into one journal entry; a crash in between repeats a delivery with the same id
SETTLE_ROWS = 500
HELD = "held"  # instead of a job's reason: it is not sent while another output may still confirm it

_log = logging.getLogger(__name__)


class Outbox:
    """Implements daemon.pump.Downstream."""

    def __init__(self, run: Run, clock: Clock, broadcast: Broadcast) -> None:
        self._run = run
        self._clock = clock
        self._broadcast = broadcast
        self._workers: list[Worker] = []
        self._by_name: dict[str, Worker] = {}
        self._stand_ins = StandIns({}, lambda output, job: None, self.settle)
        self._settled: list[Settled] = []
        self._timer: asyncio.TimerHandle | None = None
        self._submit: Callable[[Entry], None] | None = None

    def connect(
        self,
        workers: Sequence[Worker],
        submit: Callable[[Entry], None],
        then: Mapping[str, str] = MappingProxyType({}),
        standing: Iterable[Decision] = (),
    ) -> None:
        """Name who delivers, where it is written down, who takes over from whom, and what stands; once, before anything
        is sent."""
        self._submit = submit
        self._stand_ins = StandIns(then, lambda output, job: self._by_name[output].offer(job), self.settle)
        self._workers = sorted(workers, key=lambda worker: self._stand_ins.depth(worker.name))
        self._by_name = {worker.name: worker for worker in workers}
        self._stand_ins.assume_told(standing)

    def prepare(self, events: Sequence[Event]) -> Callable[[], None]:
        jobs = sorted([Job(event.id, self._run.delivery(event)) for event in events], key=_priority)
        offers = [(worker, dataclasses.replace(job)) for job in jobs for worker in self._workers]
        for worker, job in offers:
            worker.prepare(job)
        return partial(self._tell, offers, events)

    def resume(self, owed: Iterable[Owed]) -> None:
        """Take up what an earlier run did not see confirmed. What is owed to an output that is gone is dropped."""
        owing: dict[int, set[str]] = {}
        taken_up = list(owed)
        for one in taken_up:
            owing.setdefault(one.decision, set()).add(one.output)
        for one in sorted(taken_up, key=lambda one: self._stand_ins.depth(one.output)):
            if one.output in self._by_name:
                self._offer(self._by_name[one.output], Job(one.decision, one.delivery, "taken_up"), owing[one.decision])
            else:
                self.settle(Settled(one.decision, one.output, "dropped"))

    def health(self) -> list[OutputHealth]:
        """Each output, and for whom it stands in."""
        stands_in_for = self._stand_ins.stands_in_for
        return [msgspec.structs.replace(one.health(), stands_in_for=stands_in_for(one.name)) for one in self._workers]

    def owed(self) -> list[OwedDelivery]:
        """What each output still has to tell, evacuations first; of a stand-in also what is held for it."""
        owed: list[OwedDelivery] = []
        for worker in self._workers:
            ways: list[tuple[Job, str]] = [(job, job.reason) for job in worker.owed()]
            ways += [(job, HELD) for job in self._stand_ins.held(worker.name)]
            owed += [
                _shown(worker.name, job, reason) for job, reason in sorted(ways, key=lambda one: _priority(one[0]))
            ]
        return owed

    def discard(self, output: str, delivery: str, who: str, why: str, role: Role) -> str:
        """A person gives up a delivery; it is journalled as discarded, by whom and why. Why they may not, or empty."""
        worker = self._by_name.get(output)
        if worker is None:
            return f"there is no output {output!r}"
        owed = next((one for one in worker.owed() if one.delivery.id == delivery), None)
        held = next((one for one in self._stand_ins.held(output) if one.delivery.id == delivery), None)
        job = owed or held
        if job is None:
            return f"output {output!r} owes no delivery {delivery!r}"
        kept = why_kept(job, role)
        if not kept:
            _log.warning("output %s: %s is discarded by %s: %s", output, job, who, why)
            if job is held:
                self._stand_ins.discard(output, job, who, why)
            else:
                worker.discard(job, who, why)
        return kept

    def settle(self, settled: Settled) -> None:
        """Write down how a delivery ended, soon."""
        self._settled.append(settled)
        self._stand_ins.settled(settled)
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

    def _offer(self, worker: Worker, job: Job, owing: Collection[str]) -> None:
        """At once, or to a stand-in only when it has to take over from one of those that owe it."""
        others = self._stand_ins.stands_in_for(worker.name)
        if others:
            self._stand_ins.hold(worker.name, job, [one for one in others if one in owing])
        else:
            worker.offer(job)

    def _tell(self, offers: Sequence[tuple[Worker, Job]], events: Sequence[Event]) -> None:
        for worker, job in offers:
            self._offer(worker, job, self._by_name)
        for event in events:
            self._broadcast.tell(event)


def _shown(output: str, job: Job, reason: str) -> OwedDelivery:
    event = Event(job.decision, job.delivery.wall, job.delivery.decision, job.delivery.doubtful)
    return OwedDelivery(output, event, job.delivery.id, job.tries, reason, job.error)


def _priority(job: Job) -> int:
    return 0 if is_command(job) else 1 if is_urgent(job) else 2
