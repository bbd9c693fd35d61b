"""Evacuations on their way to one output: each has a task of its own, so that nothing holds it up.

Neither a slow event nor another unconfirmed evacuation does.
"""

import asyncio
from collections.abc import Iterator

from daemon.outbox.job import Job
from daemon.outbox.sender import Sender
from drivers.contract import CONFIRM_S
from rules.decision import Advance, EndEvacuation, Evacuate

ORDER_TRY_S = 1.0  # an evacuation is repeated every second until the far end confirms it
assert ORDER_TRY_S > CONFIRM_S  # the output's own word, who did not answer, comes first
ORDER_FAULT_S = 3.0  # EN 54-2 7.8: a mandatory output within 3 s of the alarm condition
UNCONFIRMED = "unconfirmed"  # fault code


class Orders:
    """What is to be told now: by stage of an evacuation, or its end."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def offer(self, job: Job) -> None:
        """Take an order; never blocks. The newest word on a stage is the only one."""
        decision = job.delivery.decision
        assert isinstance(decision, Evacuate | Advance | EndEvacuation)
        if isinstance(decision, EndEvacuation):  # it takes back every stage that nobody confirmed
            for stage in [one for one in self._jobs if one.startswith(f"{decision.evacuation}/")]:
                self._take_back(stage)
            order = decision.evacuation
        else:
            order = f"{decision.evacuation}/{decision.stage}"
        self._take_back(order)
        self._jobs[order] = job
        self._launch(order)

    def discard(self, job: Job, who: str, why: str) -> None:
        """A person gives it up."""
        order = next(order for order, one in self._jobs.items() if one is job)
        self._stop(order)
        self._sender.end(job, "discarded", who, why)
        self._sender.complaints.settle(job.decision, UNCONFIRMED)

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Tell all that is to be told, and what comes, in tasks of `group`."""
        self._group = group
        for order in self._jobs:
            self._launch(order)

    def pause(self) -> None:
        """The group has ended."""
        self._group = None

    def _take_back(self, order: str) -> None:
        earlier = self._jobs.get(order)
        if earlier is not None:
            self._stop(order)
            self._sender.end(earlier, "superseded")
            self._sender.complaints.settle(earlier.decision, UNCONFIRMED)

    def _launch(self, order: str) -> None:
        if self._group is not None:
            name = f"{self._sender.source}/{order}"
            telling = self._tell(order, self._jobs[order])
            try:
                self._tasks[order] = self._group.create_task(telling, name=name)
            except RuntimeError:  # the group is ending: it is told when the worker runs again
                telling.close()

    def _stop(self, order: str) -> None:
        del self._jobs[order]
        task = self._tasks.pop(order, None)
        if task is not None:
            task.cancel()

    async def _tell(self, order: str, job: Job) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self._sender.expired(job):
            tried = loop.time()
            failure = await self._sender.attempt(job, ORDER_TRY_S)
            if failure is None:
                self._finish(order)
                self._sender.end(job, "confirmed")
                self._sender.complaints.settle(job.decision, UNCONFIRMED)
                return
            if loop.time() - began >= ORDER_FAULT_S:
                text = f"{job} is not confirmed after {ORDER_FAULT_S:.0f} s: {failure}"
                self._sender.complaints.add(job.decision, UNCONFIRMED, text)
            await asyncio.sleep(max(0.0, tried + ORDER_TRY_S - loop.time()))
        self._finish(order)
        self._sender.complaints.settle(job.decision, UNCONFIRMED)
        self._sender.end(job, "expired")

    def _finish(self, order: str) -> None:
        del self._jobs[order]
        self._tasks.pop(order, None)
