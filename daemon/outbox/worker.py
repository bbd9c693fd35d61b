"""One output's deliveries: in order, each with its own deadline, tried again until the far end confirms.

Evacuations do not stand in that line. Each has a task of its own, so that neither a slow event nor another unconfirmed
evacuation holds it up.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from daemon.clock import Clock
from daemon.core import OutputHealth
from daemon.outbox.ledger import Outcome, Settled
from drivers.contract import Delivery, DeliveryFailed, Output
from rules.decision import Advance, EndEvacuation, Evacuate
from rules.signal import Fault, Recovered, Signal

PENDING_MAX = 10_000  # deliveries in line, about 10 MB; beyond it the oldest is dropped: the newest state matters
COMMAND_TRY_S = 1.0  # an evacuation is repeated every second until the far end confirms it
COMMAND_FAULT_S = 3.0  # EN 54-2 7.8: a mandatory output within 3 s of the alarm condition
EVENT_TRY_S = 5.0  # a broker on the venue's own network answers in milliseconds
EVENT_FAULT_S = 10.0  # a broker's restart takes less
BACK_OFF_S = (0.1, 1.0)  # first and longest wait after a failed try: a try on a dead connection costs next to nothing

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery, and the number of its decision's row."""

    decision: int
    delivery: Delivery


class _Bug(DeliveryFailed):
    """The output failed in a way that no contract knows; it may be this very decision that trips it."""


class Worker:
    """Serves one output. `settle` is told how each delivery ended, `report` what is not well."""

    def __init__(
        self, output: Output, clock: Clock, settle: Callable[[Settled], None], report: Callable[[Signal], None]
    ) -> None:
        self._output = output
        self._clock = clock
        self._settle = settle
        self._report = report
        self._line: deque[Job] = deque()
        self._arrived = asyncio.Event()
        self._commands: dict[str, Job] = {}  # by stage of an evacuation, or its end: what is to be told now
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._at_rest = asyncio.Event()  # nothing waits for a confirmation
        self._at_rest.set()
        self._faults: dict[str, set[int]] = {}  # code -> decisions that cannot be delivered
        self.delivered = 0
        self.failed = 0
        self.last_error = ""

    @property
    def name(self) -> str:
        return self._output.name

    @property
    def source(self) -> str:
        return f"output/{self.name}"

    def health(self) -> OutputHealth:
        pending = len(self._line) + len(self._commands)
        error = self.last_error or self._output.health.last_error
        return OutputHealth(self.name, self._output.health.up, pending, self.delivered, self.failed, error)

    def offer(self, job: Job) -> None:
        """Take a delivery; never blocks."""
        self._at_rest.clear()
        decision = job.delivery.decision
        if isinstance(decision, Evacuate | Advance):
            self._command(f"{decision.evacuation}/{decision.stage}", job)
            return
        if isinstance(decision, EndEvacuation):
            self._supersede(decision.evacuation)
            self._command(decision.evacuation, job)
            return
        if len(self._line) >= PENDING_MAX:
            dropped = self._line.popleft()
            self._raise(dropped, "overflow", f"more than {PENDING_MAX} deliveries wait; the oldest are dropped")
            self._end(dropped, "dropped")
        self._line.append(job)
        self._arrived.set()

    async def rest(self) -> None:
        """Returns when nothing waits for a confirmation."""
        await self._at_rest.wait()

    async def run(self) -> None:
        """Delivers for ever; may be cancelled and run again, and goes on where it was."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                for command in self._commands:
                    self._launch(command)
                await self._serve_line()
            finally:
                self._group = None

    def _command(self, command: str, job: Job) -> None:
        """The newest word on a stage is the only one."""
        self._take_back(command)
        self._commands[command] = job
        self._launch(command)

    def _supersede(self, evacuation: str) -> None:
        """Its end takes back every stage that nobody confirmed."""
        for command in [one for one in self._commands if one.startswith(f"{evacuation}/")]:
            self._take_back(command)

    def _take_back(self, command: str) -> None:
        earlier = self._commands.pop(command, None)
        if earlier is not None:
            self._stop(command)
            self._end(earlier, "superseded")
            self._lower(earlier, "unconfirmed")

    def _launch(self, command: str) -> None:
        if self._group is not None:
            self._tasks[command] = self._group.create_task(
                self._tell(command, self._commands[command]), name=f"{self.source}/{command}"
            )

    def _stop(self, command: str) -> None:
        task = self._tasks.pop(command, None)
        if task is not None:
            task.cancel()

    async def _tell(self, command: str, job: Job) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self._expired(job):
            tried = loop.time()
            failure = await self._attempt(job.delivery, COMMAND_TRY_S)
            if failure is None:
                self._finish_command(command, job, "confirmed")
                self._lower(job, "unconfirmed")
                return
            if loop.time() - began >= COMMAND_FAULT_S:
                text = f"{_what(job)} is not confirmed after {COMMAND_FAULT_S:.0f} s: {failure}"
                self._raise(job, "unconfirmed", text)
            await asyncio.sleep(max(0.0, tried + COMMAND_TRY_S - loop.time()))
        self._finish_command(command, job, "expired")

    def _finish_command(self, command: str, job: Job, outcome: Outcome) -> None:
        del self._commands[command]
        self._tasks.pop(command, None)
        self._end(job, outcome)

    async def _serve_line(self) -> None:
        while True:
            while not self._line:
                self._arrived.clear()
                await self._arrived.wait()
            job = self._line[0]
            outcome = await self._deliver(job)
            if self._line and self._line[0] is job:  # it was not dropped meanwhile
                self._line.popleft()
                self._end(job, outcome)

    async def _deliver(self, job: Job) -> Outcome:
        loop = asyncio.get_running_loop()
        began = loop.time()
        wait_s, longest_s = BACK_OFF_S
        while not self._expired(job):
            failure = await self._attempt(job.delivery, EVENT_TRY_S)
            if failure is None:
                for code in ("undelivered", "refused", "overflow"):
                    self._lower(None, code)
                return "confirmed"
            late = loop.time() - began >= EVENT_FAULT_S
            if not failure.retry or (late and isinstance(failure, _Bug)):  # the next alarm does not wait for a bug
                self._raise(job, "refused", f"{_what(job)} is refused: {failure}")
                return "refused"
            if late:
                self._raise(job, "undelivered", f"{_what(job)} is undelivered after {EVENT_FAULT_S:.0f} s: {failure}")
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, longest_s)
        return "expired"

    async def _attempt(self, delivery: Delivery, within_s: float) -> DeliveryFailed | None:
        try:
            async with asyncio.timeout(within_s):
                await self._output.deliver(delivery)
        except DeliveryFailed as failed:
            failure: DeliveryFailed = failed
        except TimeoutError:
            failure = DeliveryFailed(f"no confirmation within {within_s:.0f} s", retry=True)
        except Exception as error:  # noqa: BLE001 - a bug in an output must not stop the others
            _log.exception("%s: a bug in the output", self.source)
            failure = _Bug(f"a bug in the output: {error!r:.200}", retry=True)
        else:
            self.delivered += 1
            return None
        self.failed += 1
        self.last_error = str(failure)
        return failure

    def _expired(self, job: Job) -> bool:
        return job.delivery.expires is not None and self._clock.now() >= job.delivery.expires

    def _end(self, job: Job, outcome: Outcome) -> None:
        self._settle(Settled(job.decision, self.name, outcome))
        if not self._line and not self._commands:
            self._at_rest.set()

    def _raise(self, job: Job, code: str, text: str) -> None:
        standing = self._faults.setdefault(code, set())
        if not standing:
            self._report(Fault(self._clock.now(), self.source, code, text))
        if len(standing) < PENDING_MAX:
            standing.add(job.decision)

    def _lower(self, job: Job | None, code: str) -> None:
        """A fault is over when the last delivery that caused it is; without a job, at once."""
        standing = self._faults.get(code)
        if not standing:
            return
        standing.difference_update([job.decision] if job is not None else standing.copy())
        if not standing:
            self._report(Recovered(self._clock.now(), self.source, code))


def _what(job: Job) -> str:
    return f"{type(job.delivery.decision).__name__} {job.delivery.id}"
