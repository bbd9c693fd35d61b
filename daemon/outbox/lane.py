"""Events of one output, in order, each tried until the far end confirms it or it is given up."""

import asyncio
from collections import deque
from collections.abc import Iterator

from daemon.outbox.job import Job
from daemon.outbox.ledger import Outcome
from daemon.outbox.sender import Bug, Sender, jittered

PENDING_MAX = 10_000  # deliveries in line, about 10 MB; beyond it the oldest is dropped: the newest state matters
EVENT_TRY_S = 5.0  # a broker on the venue's own network answers in milliseconds
EVENT_FAULT_S = 10.0  # a broker's restart takes less
UNDELIVERED = "undelivered"  # fault code
BACK_OFF_S = (0.1, 1.0)  # first and longest wait after a failed try: a try on a dead connection costs next to nothing


class Lane:
    """One line of one output. The fault `undelivered` stands until the line moves on by a confirmation, or is empty:
    who gives up the first delivery does not end it, for those behind it wait as well."""

    def __init__(self, sender: Sender, name: str) -> None:
        self._sender = sender
        self._name = name  # within the output
        self._line: deque[Job] = deque()
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._line)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._line)

    def offer(self, job: Job) -> None:
        """Take a delivery; never blocks."""
        if len(self._line) >= PENDING_MAX:
            dropped = self._line.popleft()
            text = f"more than {PENDING_MAX} deliveries wait; the oldest are dropped"
            self._sender.complaints.lost("overflow", text)
            self._sender.end(dropped, "dropped")
        self._line.append(job)
        self._arrived.set()

    def discard(self, job: Job, who: str, why: str) -> None:
        """A person gives it up."""
        self._line.remove(job)
        self._sender.end(job, "discarded", who, why)
        self._settle_if_empty()

    async def run(self) -> None:
        """Delivers for ever; may be cancelled and run again, and goes on where it was."""
        while True:
            while not self._line:
                self._arrived.clear()
                await self._arrived.wait()
            job = self._line[0]
            outcome = await self._deliver(job)
            if outcome is not None:
                self._line.popleft()
                self._sender.end(job, outcome)
                self._settle_if_empty()

    async def _deliver(self, job: Job) -> Outcome | None:
        """How it ended; None when it was given up meanwhile."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        wait_s, longest_s = BACK_OFF_S
        while not self._sender.expired(job):
            failure = await self._sender.attempt(job, EVENT_TRY_S)
            if job.given_up:
                return None
            if failure is None:
                self._sender.complaints.settle(self._name, UNDELIVERED)
                return "confirmed"
            late = loop.time() - began >= EVENT_FAULT_S
            if not failure.retry or (late and isinstance(failure, Bug)):  # the next alarm does not wait for a bug
                self._sender.complaints.lost("refused", f"{job} is refused: {failure}")
                return "refused"
            if late:
                text = f"{job} is undelivered after {EVENT_FAULT_S:.0f} s: {failure}"
                self._sender.complaints.add(self._name, UNDELIVERED, text)
            await asyncio.sleep(jittered(wait_s))
            if job.given_up:
                return None
            wait_s = min(wait_s * 2, longest_s)
        return "expired"

    def _settle_if_empty(self) -> None:
        if not self._line:
            self._sender.complaints.settle(self._name, UNDELIVERED)
