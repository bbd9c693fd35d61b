"""What is done at a time of the day: a copy of the journal, and a look through it. Nothing that decides waits for it.

The work is `tocsin journal backup` and `verify` in a process of its own, at a low priority.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.maintenance_file import BackupEntry, MaintenanceEntry
from daemon.clock import Clock
from rules.signal import Fault, Recovered, Signal

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # it has no types

SOURCE = "tocsin/maintenance"
LIMIT_S = 3600.0  # 10 GB at 3 MB/s, which a worn flash card still gives
NICE = 10
CATCH_UP_S = 600.0  # after the start, when the last copy is older than it should be: the box was off at the hour
OVERDUE_S = 25 * 3600.0  # a day, and the hour that daylight saving time may add
SAID_CHARS = 300  # of what the work said last
NAME = "journal-*.db"
HALF = f"{NAME}.part"  # of a copy that was killed

_log = logging.getLogger(__name__)


class Maintenance:
    """`database` is the journal's file. `doubted` says whether the wall clock cannot be believed."""

    def __init__(
        self,
        wanted: MaintenanceEntry | None,
        time_zone: str,
        database: Path,
        clock: Clock,
        report: Callable[[Signal], None],
        doubted: Callable[[], bool],
    ) -> None:
        self._wanted = wanted
        self._time_zone = time_zone
        self._database = database
        self._clock = clock
        self._report = report
        self._doubted = doubted
        self._failing: set[str] = set()
        self._scheduler: AsyncIOScheduler | None = None

    async def run(self) -> None:
        """For ever; without anything to do it only waits."""
        wanted = self._wanted
        if wanted is None or (wanted.backup is None and wanted.verify is None):
            await asyncio.Event().wait()
            return
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # what was done is said here, once
        # A job is never dropped for being late, and one that piled up while the machine slept is done once.
        late = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=late)
        if wanted.backup is not None:
            self._daily(wanted.backup.at, partial(self.backup, wanted.backup), self._overdue(wanted.backup))
        if wanted.verify is not None:
            self._daily(wanted.verify.at, self.verify)
        self._scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def clock_moved(self) -> None:
        """The scheduler sleeps by the wall clock, and has to look at it anew."""
        if self._scheduler is not None:
            self._scheduler.wakeup()

    async def backup(self, wanted: BackupEntry) -> None:
        """Copy the journal, then forget the oldest copies."""
        folder = Path(wanted.folder)
        await asyncio.to_thread(_forget_halves, folder)
        target = folder / f"journal-{datetime.fromtimestamp(self._clock.wall(), UTC):%Y%m%dT%H%M%SZ}.db"
        failure = await self._work("backup", str(target), "--file", str(self._database))
        if not failure and not self._doubted():  # by a clock that says 1970 the newest copy would be the oldest
            failure = await asyncio.to_thread(_forget, folder, wanted.keep)
        self._say("backup", failure and f"the copy of the journal to {folder} failed: {failure}")

    async def verify(self) -> None:
        """Look through the journal."""
        failure = await self._work("verify", "--file", str(self._database))
        self._say("verify", failure and f"the journal is not as it was written, or cannot be read: {failure}")

    def _daily(self, at: str, work: Callable[[], Awaitable[None]], soon: bool = False) -> None:
        from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # it has no types

        assert self._scheduler is not None
        hour, minute = at.split(":")
        options: dict[str, Any] = {}
        if soon:
            options["next_run_time"] = datetime.now(UTC) + timedelta(seconds=CATCH_UP_S)
        self._scheduler.add_job(work, CronTrigger(hour=hour, minute=minute, timezone=_zone(self._time_zone)), **options)

    def _overdue(self, wanted: BackupEntry) -> bool:
        try:
            newest = max((file.stat().st_mtime for file in Path(wanted.folder).glob(NAME)), default=0.0)
        except OSError:
            return True
        return self._clock.wall() - newest > OVERDUE_S

    async def _work(self, *arguments: str) -> str:
        """Why it failed; empty when it did not."""
        command = (sys.executable, "-P", "-m", "daemon.cli", "journal", *arguments)
        pipe = asyncio.subprocess.PIPE
        try:
            child = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
        except OSError as error:
            return str(error)
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, child.pid, NICE)
        try:
            async with asyncio.timeout(LIMIT_S):
                said, _ = await child.communicate()
        except TimeoutError:
            return f"it took longer than {LIMIT_S / 3600:g} h and was ended"
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        last = said.decode(errors="replace").strip()[-SAID_CHARS:].rpartition("\n")[2]
        if child.returncode == 0:
            _log.info("journal %s: %s", arguments[0], last)
            return ""
        return last or f"it ended with code {child.returncode}"

    def _say(self, work: str, failure: str) -> None:
        code = f"{work}_failed"
        now = self._clock.now()
        if failure and work not in self._failing:
            self._failing.add(work)
            self._report(Fault(now, SOURCE, code, failure))
        elif not failure and work in self._failing:
            self._failing.discard(work)
            self._report(Recovered(now, SOURCE, code))


def _forget(folder: Path, keep: int) -> str:
    """Delete all copies but the newest; why that failed, or nothing."""
    try:
        for old in sorted(folder.glob(NAME))[:-keep]:
            old.unlink()
    except OSError as error:
        return f"old copies cannot be deleted: {error}"
    return ""


def _forget_halves(folder: Path) -> None:
    """Each is as large as the journal: one for each night that failed would fill the disk."""
    for half in folder.glob(HALF):
        with suppress(OSError):
            half.unlink()


def _zone(name: str) -> Any:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
