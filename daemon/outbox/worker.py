"""One output's deliveries: evacuations at once, then what people in danger wait for, then all other news.

The three ways do not wait for each other: neither a hanging notice nor ten thousand of them hold up a fire.
"""

import asyncio
from collections.abc import Callable, Iterator

from daemon.clock import Clock
from daemon.core import OutputHealth
from daemon.outbox.job import Job, is_command, is_urgent
from daemon.outbox.lane import Lane
from daemon.outbox.ledger import Settled
from daemon.outbox.orders import Orders
from daemon.outbox.sender import Sender
from drivers.contract import Output
from rules.signal import Signal


class Worker:
    """Serves one output. `settle` is told how each delivery ended, `report` what is not well."""

    def __init__(
        self,
        output: Output,
        clock: Clock,
        settle: Callable[[Settled], None],
        report: Callable[[Signal], None],
    ) -> None:
        self._output = output
        self._settle = settle
        self._sender = Sender(output, clock, self._settled, report)
        self._orders = Orders(self._sender)
        self._urgent = Lane(self._sender, "urgent")
        self._routine = Lane(self._sender, "routine")
        self._at_rest = asyncio.Event()  # nothing waits for a confirmation
        self._at_rest.set()

    @property
    def name(self) -> str:
        return self._output.name

    @property
    def source(self) -> str:
        return self._sender.source

    def health(self) -> OutputHealth:
        sender, health = self._sender, self._output.health
        error = sender.last_error or health.last_error
        return OutputHealth(self.name, health.up, self._pending, sender.delivered, sender.failed, error)

    def owed(self) -> Iterator[Job]:
        """What waits for a confirmation: evacuations first, then in the order in which it is sent."""
        for way in (self._orders, self._urgent, self._routine):
            yield from way

    def prepare(self, job: Job) -> None:
        """A delivery whose decision is not durable yet; it is offered once it is."""
        if is_command(job):
            self._sender.prepare(job)

    def offer(self, job: Job) -> None:
        """Take a delivery; never blocks."""
        self._at_rest.clear()
        if is_command(job):
            self._orders.offer(job)
        elif is_urgent(job):
            self._urgent.offer(job)
        else:
            self._routine.offer(job)

    def discard(self, job: Job, who: str, why: str) -> None:
        """A person gives up one of those owed."""
        for way in (self._orders, self._urgent, self._routine):
            if any(one is job for one in way):
                way.discard(job, who, why)

    async def rest(self) -> None:
        """Returns when nothing waits for a confirmation."""
        await self._at_rest.wait()

    async def run(self) -> None:
        """Delivers for ever; may be cancelled and run again, and goes on where it was."""
        try:
            async with asyncio.TaskGroup() as group:
                self._orders.begin(group)
                group.create_task(self._urgent.run(), name=f"{self.source}/urgent")
                group.create_task(self._routine.run(), name=f"{self.source}/routine")
        finally:
            self._orders.pause()

    @property
    def _pending(self) -> int:
        return len(self._orders) + len(self._urgent) + len(self._routine)

    def _settled(self, settled: Settled) -> None:
        self._settle(settled)
        if not self._pending:
            self._at_rest.set()
