"""Takes the venue's files anew while the daemon runs: at SIGHUP, when a file changes, and when a person asks.

Files are read once, checked in a child, loaded from the bytes that were checked, kept in the state folder, and only
then put in force by the pump. What fails on the way leaves all as it was, and is a fault until the next good reload.
"""

import asyncio
import gc
import logging
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from config.apart import CheckEnded, refuse_apart
from config.files import VENUE, FileSet, fingerprint, read_files
from config.load import load_files
from config.problem import ConfigError
from config.setup import Setup
from daemon.core import ReloadReport
from daemon.notify import sd_notify
from daemon.pump import Pump, RulesUnusable
from daemon.reload_words import in_words, needs_restart, refusal
from daemon.rule_sets import RuleSets
from drivers.contract import Now
from rules.decision import Decision
from rules.engine import Engine
from rules.reload import compare, counted
from rules.signal import Fault, Recovered

SOURCE = "tocsin/rules"
REFUSED = "refused"  # fault code: the files cannot be used
NOT_KEPT = "not_kept"  # fault code: the files of this start are not in the state folder
RESTART = "restart"  # fault code: the files can be used only by a restart

POLL_S = 2.0  # between two looks at the files
SETTLE_S = 1.0  # unchanged for so long, a file is no longer being written
SETTLE_MAX_S = 30.0  # a file that never comes to rest is read all the same, and refused if it is not whole

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """The files that the daemon starts with. `refused` says why they are the last good ones and not the directory's."""

    setup: Setup
    found: FileSet
    directory: Path
    overrides: tuple[str, ...] = ()
    refused: str = ""


class Reloader:
    """Owns which files are in force. One reload at a time; others wait their turn and then see the newest files."""

    def __init__(
        self,
        start: Start,
        sets: RuleSets,
        pump: Pump,
        now: Now,
        adopt: Callable[[Setup], None],
    ) -> None:
        """`adopt` is called after each change."""
        self.setup = start.setup
        self._start: Start | None = start
        self._directory = start.directory
        self._overrides = start.overrides
        self._sets = sets
        self._pump = pump
        self._now = now
        self._adopt = adopt
        self._turn = asyncio.Lock()
        self._told: dict[str, str] = {}  # the text of each fault that stands, by code
        self._child: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Before the pump runs: the engine goes on under the files of this start, if it decides by others. They are
        kept first: what the journal says of them must be found again.
        """
        assert self._start is not None, "it begins once"
        start, self._start = self._start, None
        if start.refused:
            self.complain(REFUSED, start.refused)
        try:
            self._sets.keep(start.found)
        except OSError as error:
            self.complain(NOT_KEPT, f"the venue's files cannot be kept in the state folder: {error}; free space there")
        engine = self._pump.engine
        same = engine.plan is self.setup.plan
        if not same or engine.rules != self.setup.digest:
            fresh = engine if same else Engine(self.setup.plan)  # a second engine takes memory that never comes back
            answer = self._pump.reload(fresh, self.setup.digest, why="the daemon was started")
            answer.add_done_callback(self._begun)

    def complain(self, code: str, text: str) -> None:
        """A fault with another text is told anew."""
        if self._told.get(code) == text:
            return
        self._end(code)
        self._told[code] = text
        self._pump.report(Fault(self._now(), SOURCE, code, text))

    async def run(self, hangup: asyncio.Event) -> None:
        """Reloads for ever: whenever `hangup` is set, and when the files change."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._on_hangup(hangup))
            tasks.create_task(self._on_change())

    async def reload(self, who: str = "", why: str = "") -> ReloadReport:
        """Take the files as they are now. Returns when what came of it is durable."""
        async with self._turn:
            sd_notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
            try:
                report = await self._reload(who, why)
            finally:
                sd_notify("READY=1")
        _log.log(logging.INFO if report.outcome in ("applied", "unchanged") else logging.ERROR, "%s", in_words(report))
        return report

    async def _reload(self, who: str, why: str) -> ReloadReport:
        found = await asyncio.to_thread(read_files, self._directory, self._overrides)
        if found.digest == self.setup.digest:
            self._well()
            return ReloadReport("unchanged", self.setup.digest)
        try:
            await self._check(found)
            setup, fresh = await asyncio.to_thread(_build, found)
        except ConfigError as error:
            return self._refuse(tuple(map(str, error.problems)), error.count)
        except CheckEnded as error:
            return self._refuse((f"{self._directory}: {error}",), 1)
        restart = needs_restart(self.setup, setup)
        if restart:
            self._end(REFUSED)
            self.complain(RESTART, f"{'; '.join(restart)}: restart the daemon to take the files up; nothing is changed")
            return ReloadReport("restart", self.setup.digest, restart=restart)
        gone = {one.plan for one in self._pump.engine.evacuations()} - setup.plan.evacuation_plans.keys()
        if gone:
            text = f"evacuation plan {min(gone)!r} is in force and cannot go before the all-clear"
            return self._refuse((f"{found.path(VENUE)}:1:1: {text}",), 1)
        return await self._put_in_force(found, setup, fresh, who, why)

    async def _put_in_force(self, found: FileSet, setup: Setup, fresh: Engine, who: str, why: str) -> ReloadReport:
        changes = await asyncio.to_thread(compare, self.setup.plan, setup.plan)
        try:
            await asyncio.to_thread(self._sets.keep, found)
        except OSError as error:
            return self._refuse((f"the files are good but cannot be kept in the state folder: {error}",), 1)
        changes = counted(changes, self._pump.engine)
        try:
            await self._pump.reload(fresh, setup.digest, who, why)
        except RulesUnusable as error:
            _log.exception("the engine cannot go on under the new rules")
            return self._refuse((str(error),), 1)
        self.setup = setup
        self._adopt(setup)
        self._end(NOT_KEPT)
        self._well()
        return ReloadReport("applied", setup.digest, changes)

    async def _check(self, found: FileSet) -> None:
        """In a child, which ends with this task."""
        try:
            await asyncio.to_thread(refuse_apart, found, started=partial(setattr, self, "_child"))
        except asyncio.CancelledError:
            if self._child is not None:
                self._child.kill()
            raise

    def _begun(self, answer: "asyncio.Future[Sequence[Decision]]") -> None:
        error = None if answer.cancelled() else answer.exception()
        if error is not None:
            _log.error("the engine cannot go on under the rules of this start", exc_info=error)
            self._refuse((str(error),), 1)

    def _refuse(self, problems: tuple[str, ...], count: int) -> ReloadReport:
        self._end(RESTART)
        self.complain(REFUSED, refusal(problems, count))
        return ReloadReport("refused", self.setup.digest, problems=problems, count=count)

    def _well(self) -> None:
        self._end(REFUSED)
        self._end(RESTART)

    def _end(self, code: str) -> None:
        if self._told.pop(code, None) is not None:
            self._pump.report(Recovered(self._now(), SOURCE, code))

    async def _on_hangup(self, hangup: asyncio.Event) -> None:
        while True:
            await hangup.wait()
            hangup.clear()
            await self.reload(why="SIGHUP")

    async def _on_change(self) -> None:
        """The first look also finds what changed between the start's reading and now."""
        seen: object = None
        while True:
            await asyncio.sleep(POLL_S)
            now = await asyncio.to_thread(fingerprint, self._directory)
            if now != seen:
                seen = await self._settled(now)
                await self.reload(why="a file changed")

    async def _settled(self, last: object) -> object:
        for _ in range(int(SETTLE_MAX_S / SETTLE_S)):
            await asyncio.sleep(SETTLE_S)
            now = await asyncio.to_thread(fingerprint, self._directory)
            if now == last:
                break
            last = now
        return last


def _build(found: FileSet) -> tuple[Setup, Engine]:
    """In a thread: an engine of a large venue takes longer to build than an alarm may wait."""
    setup = load_files(found)
    fresh = Engine(setup.plan)
    gc.freeze()  # as at the start: the collector need not walk all this in the middle of the change, or of an alarm
    return setup, fresh
