"""The task that writes down, once a minute, where the audit's chain stands."""

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from daemon.clock import Clock
from daemon.journal.anchors import Anchor, anchor_of, append
from daemon.journal.chain import Head
from rules.decision import Anchored, Decision
from rules.signal import Fault, Recovered, Signal

EVERY_S = 60.0  # what was cut off in the last minute cannot be seen
TELL_EVERY_S = 3600.0  # to all outputs: whoever receives it holds it, far from this machine
SOURCE = "tocsin/audit"
CODE = "anchor"

_log = logging.getLogger("tocsin.audit")  # a log that leaves the machine is the third party that holds the anchors


class Anchoring:
    """`stands` says the journal's id and how far its chain is durable."""

    def __init__(
        self,
        path: Path,
        stands: Callable[[], tuple[str, Head]],
        clock: Clock,
        report: Callable[[Signal], None],
        tell: Callable[[Decision], None],
    ) -> None:
        self._path = path
        self._stands = stands
        self._clock = clock
        self._report = report
        self._tell = tell
        self._last: Anchor | None = None
        self._failing = False

    async def run(self) -> None:
        """For ever: an anchor at once, and one each EVERY_S in which something was recorded."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write())
            tasks.create_task(self._say())

    async def _say(self) -> None:
        """To the outputs. That is a record itself, so not each minute; nor does it wait for the disk of the anchors."""
        while True:
            journal, head = self._stands()
            if head.record:
                self._tell(Anchored(self._clock.now(), journal, head.record, head.hash.hex()))
            await asyncio.sleep(TELL_EVERY_S if head.record else EVERY_S)

    async def _write(self) -> None:
        while True:
            error = await self._aside()
            if error is None:
                self._calm()
            else:
                self._complain(error)
            await asyncio.sleep(EVERY_S)

    def anchor(self) -> None:
        """Write down where the chain stands, if that is news. Raises OSError."""
        journal, head = self._stands()
        if not head.record or (self._last and (self._last.journal, self._last.record) == (journal, head.record)):
            return
        anchor = anchor_of(journal, head, self._clock.wall())
        append(self._path, anchor)
        self._last = anchor
        _log.info("audit %s: record %d is %s", anchor.journal, anchor.record, anchor.hash)

    def finish(self, within_s: float) -> None:
        """The last anchor of this run, after the journal was closed; a disk that hangs holds the end up no longer."""

        def write() -> None:
            try:
                self.anchor()
            except OSError as error:
                _log.warning("audit: the last records have no anchor: %s", error)

        writing = threading.Thread(target=write, name="anchor", daemon=True)
        writing.start()
        writing.join(within_s)
        if writing.is_alive():
            _log.warning("audit: the last anchor was not written within %.1f s", within_s)

    async def _aside(self) -> OSError | None:
        """In a thread of its own, for a disk that hangs must starve nobody else; nor does an end wait for it."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[OSError | None] = loop.create_future()

        def write() -> None:
            try:
                self.anchor()
            except OSError as error:
                loop.call_soon_threadsafe(_settle, done, error)
            else:
                loop.call_soon_threadsafe(_settle, done, None)

        threading.Thread(target=write, name="anchor", daemon=True).start()
        return await done

    def _complain(self, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            text = f"{error}; who cuts off the audit now leaves no trace: check the state folder's disk"
            self._report(Fault(self._clock.now(), SOURCE, CODE, text))

    def _calm(self) -> None:
        if self._failing:
            self._failing = False
            self._report(Recovered(self._clock.now(), SOURCE, CODE))


def _settle(done: "asyncio.Future[OSError | None]", error: OSError | None) -> None:
    if not done.done():
        done.set_result(error)
