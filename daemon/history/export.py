"""One export as the daemon sees it: its process, how it stands, and the faults that tell people."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping

import msgspec

from daemon.clock import Clock
from daemon.core import HistoryHealth
from daemon.history.job import Job, Progress, Zones
from daemon.journal.keeping import Keeping
from rules.signal import Fault, Recovered, Signal

CHILD = (sys.executable, "-P", "-m", "daemon.history.child")
SILENT_S = 60.0  # it speaks every second, and a request has its deadline: one that is silent for so long hangs
STOP_S = 1.5  # it ends within a second of the end of its input
CAUGHT_UP_S = 30.0  # behind by no more than this, a target that was behind is not any more
SHARE_LOSING = 0.8  # of what retention keeps: while there is still time to do something
GONE_SHOWN_S = 3600.0  # people have an hour to see that lines were put aside or lost; the counts stay
NOT_FOR_IT = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS")  # the daemon's alone

Report = Callable[[Signal], None]


class ExportEnded(Exception):
    """The process ended or hung; the supervisor starts another."""


class Export:
    """Implements nothing of the daemon's own: what fails in here fails alone. `run` is for the supervisor."""

    def __init__(self, job: Job, behind_after_s: float, clock: Clock, report: Report, keeping: Keeping) -> None:
        self._job = job
        self._faults = _Faults(self.source, behind_after_s, clock, report, keeping)
        self._process: asyncio.subprocess.Process | None = None
        self._progress = Progress()

    @property
    def source(self) -> str:
        """As faults name it."""
        return f"history/{self._job.target.id}"

    @property
    def pid(self) -> int:
        """Its process while it runs, else 0."""
        return 0 if self._process is None else self._process.pid

    def health(self) -> HistoryHealth:
        told = self._progress
        return HistoryHealth(
            self._job.target.id,
            told.condition,
            told.behind_s,
            told.behind,
            told.points,
            told.rejected,
            told.lost,
            told.error,
        )

    def follow(self, zones: Mapping[str, str]) -> None:
        """Another plan is in force: devices may stand elsewhere."""
        self._job = msgspec.structs.replace(self._job, zones=dict(zones))
        self._say(Zones(self._job.zones))

    async def run(self) -> None:
        """Export until cancelled. Raises ExportEnded."""
        environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_IT}
        process = self._process = await asyncio.create_subprocess_exec(
            *CHILD, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment
        )
        try:
            self._say(self._job)
            await self._listen(process)
        finally:
            self._process = None
            await _end(process)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await asyncio.wait_for(process.stdout.readline(), SILENT_S)
            except TimeoutError:
                raise ExportEnded(f"the exporting process said nothing for {SILENT_S:.0f} s") from None
            if not line:
                raise ExportEnded(f"the exporting process ended: exit code {await process.wait()}; its log says why")
            self._progress = msgspec.json.decode(line, type=Progress)
            self._faults.judge(self._progress)

    def _say(self, words: Job | Zones) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(msgspec.json.encode(words) + b"\n")


class _Faults:
    """Tells each fault once, and when it is over."""

    def __init__(self, source: str, behind_after_s: float, clock: Clock, report: Report, keeping: Keeping) -> None:
        self._keeping = keeping
        self._source = source
        self._behind_after_s = behind_after_s
        self._clock = clock
        self._report = report
        self._standing: set[str] = set()
        self._before: Progress | None = None
        self._gone_at: dict[str, float] = {}  # when a count last grew, by the fault that tells of it

    def judge(self, told: Progress) -> None:
        before, self._before = self._before or told, told
        if told.condition == "starting":  # what was sent shortly before the last stop may only have to be sent again
            return
        now = self._clock.now()
        if told.rejected > before.rejected:
            self._gone_at["history_rejected"] = now
        if told.lost > before.lost:
            self._gone_at["history_lost"] = now
        found = dict(self._found(told, now))
        for code, text in found.items():
            if code not in self._standing:
                self._report(Fault(now, self._source, code, text))
        for code in sorted(self._standing - found.keys()):
            self._report(Recovered(now, self._source, code))
        self._standing = set(found)

    def _found(self, told: Progress, now: float) -> Iterator[tuple[str, str]]:
        error = f": {told.error}" if told.error else ""
        late = CAUGHT_UP_S if "history_behind" in self._standing else self._behind_after_s
        if told.behind_s > late:
            yield "history_behind", f"{_span(told.behind_s)} and {told.behind} signals are not sent yet{error}"
        if told.condition == "refused" or ("history_refused" in self._standing and told.condition != "up"):
            yield "history_refused", f"the server refuses what is sent, look at url, bucket and token{error}"
        share = max(told.behind / self._keeping.signals, told.behind_s / self._keeping.readings_s)
        if share >= SHARE_LOSING:
            text = f"{share:.0%} of what the journal keeps is not sent yet: what is older is about to be deleted{error}"
            yield "history_losing", text
        gone = {
            "history_rejected": f"{told.rejected} lines are put aside so far, the server does not accept them",
            "history_lost": f"{told.lost} signals so far could not be read, or were deleted, before they were sent",
        }
        for code, at in self._gone_at.items():
            if now - at < GONE_SHOWN_S:
                yield code, gone[code]


def _span(seconds: float) -> str:
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


async def _end(process: asyncio.subprocess.Process) -> None:
    """The end of its input is the end of it; a request under way does not keep it."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        _kill(process)
        await process.wait()
    except asyncio.CancelledError:
        _kill(process)
        raise


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
