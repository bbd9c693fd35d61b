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
from dataclasses import replace
from functools import partial

from config.apart import CheckEnded, refuse_apart
from config.files import FileSet, fingerprint, read_files
from config.load import load_files
from config.problem import ConfigError
from config.setup import Setup
from daemon.core import ReloadReport
from daemon.notify import sd_notify
from daemon.pump import Pump, RulesInTheWay, RulesUnusable
from daemon.reload_words import in_words, needs_restart, refusal
from daemon.rule_sets import RuleSets
from daemon.start import Start, in_the_files
from drivers.contract import Now
from rules.decision import Decision
from rules.engine import Engine
from rules.reload import compare, counted, in_the_way
from rules.signal import Fault, Recovered

SOURCE = "tocsin/rules"
REFUSED = "refused"  # fault code: the files cannot be used
NOT_KEPT = "not_kept"  # fault code: the files of this start are not in the state folder
RESTART = "restart"  # fault code: the files can be used only by a restart

CHANGED = "a file changed"  # why

POLL_S = 2.0  # between two looks at the files
SETTLE_S = 1.0  # unchanged for so long, a file is no longer being written
SETTLE_MAX_S = 30.0  # a file that never comes to rest is read all the same, and refused if it is not whole

_log = logging.getLogger(__name__)


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
        """`adopt` is called after each change. In safe mode nothing is changed before the next start."""
        self.setup = start.setup
        self._safe_mode = bool(start.safe_mode)
        self._start: Start | None = start
        self._directory = start.directory
        self._overrides = start.overrides
        self._sets = sets
        self._pump = pump
        self._now = now
        self._adopt = adopt
        self._turn = asyncio.Lock()
        self._told: dict[str, str] = {}  # the text of each fault that stands, by code
        self._beginning: asyncio.Future[Sequence[Decision]] | None = None  # what comes of the files of this start
        self._waits_for = start.waits_for  # what is up and in the way of files that are good
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
            self._sets.store(start.found)
        except OSError as error:
            self.complain(NOT_KEPT, f"the venue's files cannot be kept in the state folder: {error}; free space there")
        engine = self._pump.engine
        same = engine.plan is self.setup.plan
        if not same or engine.rules != self.setup.digest:
            fresh = engine if same else Engine(self.setup.plan)  # a second engine takes memory that never comes back
            self._beginning = self._pump.reload(fresh, self.setup.digest, why="the daemon was started")
        else:
            self._beginning = asyncio.get_running_loop().create_future()
            self._beginning.set_result(())

    def complain(self, code: str, text: str) -> None:
        """A fault with another text is told anew."""
        if self._told.get(code) == text:
            return
        self._end(code)
        self._told[code] = text
        self._pump.report(Fault(self._now(), SOURCE, code, text))

    async def run(self, hangup: asyncio.Event) -> None:
        """Reloads for ever: whenever `hangup` is set, and when the files change."""
        async with self._turn:
            await self._begun()
        if self._safe_mode:
            await asyncio.Event().wait()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._on_hangup(hangup))
            tasks.create_task(self._on_change())

    async def reload(self, who: str = "", why: str = "") -> ReloadReport:
        """Take the files as they are now. Returns when what came of it is durable."""
        if self._safe_mode:
            why_not = "the daemon is in safe mode: restart it to go by the venue's files again"
            return ReloadReport("restart", self.setup.digest, restart=(why_not,))
        async with self._turn:
            sd_notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
            try:
                await self._begun()
                before = dict(self._told)
                report = await self._reload(who, why)
            finally:
                sd_notify("READY=1")
        good = report.outcome in ("applied", "unchanged")
        known = self._told == before and why == CHANGED  # nobody asked, and the fault says it already
        _log.log(logging.INFO if good else logging.DEBUG if known else logging.ERROR, "%s", in_words(report))
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
        in_way = in_the_way(self._pump.engine, setup.plan)
        if in_way:
            return self._wait_for(found, in_way)
        restart = needs_restart(self.setup, setup)
        if restart:
            self._well()
            self.complain(RESTART, f"{'; '.join(restart)}: restart the daemon to take the files up; nothing is changed")
            return ReloadReport("restart", self.setup.digest, restart=restart)
        return await self._put_in_force(found, setup, fresh, who, why)

    async def _put_in_force(self, found: FileSet, setup: Setup, fresh: Engine, who: str, why: str) -> ReloadReport:
        changes = await asyncio.to_thread(compare, self.setup.plan, setup.plan)
        try:
            await asyncio.to_thread(self._sets.store, found)
        except OSError as error:
            return self._refuse((f"the files are good but cannot be kept in the state folder: {error}",), 1)
        changes = counted(changes, self._pump.engine)
        try:
            await self._pump.reload(fresh, setup.digest, who, why)
        except RulesInTheWay as error:  # it began while the files were read
            return self._wait_for(found, error.found)
        except RulesUnusable as error:
            _log.exception("the engine cannot go on under the new rules")
            return self._refuse((str(error),), 1)
        self.setup = setup
        self._adopt(setup)
        self._end(NOT_KEPT)
        self._well()
        await self._mark_good()
        return ReloadReport("applied", setup.digest, changes)

    async def _mark_good(self) -> None:
        """In force, and so the last good ones; in safe mode they are not in force."""
        if self._safe_mode:
            return
        try:
            await asyncio.to_thread(self._sets.mark_good, self.setup.digest)
        except OSError as error:
            text = "the rules in force cannot be marked as the last good ones in the state folder"
            self.complain(NOT_KEPT, f"{text}: {error}; free space there")

    def _wait_for(self, found: FileSet, in_way: dict[str, str]) -> ReloadReport:
        """The files are good, and are taken up as soon as nothing is in their way."""
        problems = in_the_files(found, in_way)
        report = self._refuse(problems, len(problems))
        self._waits_for = frozenset(in_way)
        return report

    def _is_free(self) -> bool:
        """Whether files that waited need not wait any more."""
        if not self._waits_for:
            return False
        engine = self._pump.engine
        up = {alarm.alarm for alarm in engine.alarms()} | {one.evacuation for one in engine.evacuations()}
        return self._waits_for.isdisjoint(up)

    async def _check(self, found: FileSet) -> None:
        """In a child, which ends with this task."""
        try:
            await asyncio.to_thread(refuse_apart, found, started=partial(setattr, self, "_child"))
        except asyncio.CancelledError:
            if self._child is not None:
                self._child.kill()
            raise

    async def _begun(self) -> None:
        """See what came of the files of this start, once."""
        answer, self._beginning = self._beginning, None
        if answer is None:
            return
        try:
            await answer
        except RulesInTheWay as error:  # it began with the first words of this start
            self._goes_on_as_before()
            self._refuse(tuple(error.found.values()), len(error.found))
            self._waits_for = frozenset(error.found)
        except RulesUnusable as error:
            _log.exception("the engine cannot go on under the rules of this start")
            self._goes_on_as_before()
            self._refuse((str(error),), 1)
        else:
            await self._mark_good()

    def _goes_on_as_before(self) -> None:
        engine = self._pump.engine
        self.setup = replace(self.setup, plan=engine.plan, digest=engine.rules)
        self._adopt(self.setup)

    def _refuse(self, problems: tuple[str, ...], count: int) -> ReloadReport:
        self._waits_for = frozenset()
        self._end(RESTART)
        self.complain(REFUSED, refusal(problems, count))
        return ReloadReport("refused", self.setup.digest, problems=problems, count=count)

    def _well(self) -> None:
        self._waits_for = frozenset()
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
                await self.reload(why=CHANGED)
            elif self._is_free():
                await self.reload(why="nothing is in the way any more")

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
    gc.collect()  # garbage that is frozen stays for ever
    fresh = Engine(setup.plan)
    gc.freeze()  # as at the start: the collector need not walk all this in the middle of the change, or of an alarm
    return setup, fresh
