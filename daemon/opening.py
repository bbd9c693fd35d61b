"""What the daemon remembers at its start, and what the engine hears first."""

import logging
import sqlite3
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from config.setup import Setup
from daemon import wall
from daemon.clock import SystemClock
from daemon.journal.recovery import Recovered as Memory
from daemon.journal.recovery import believed_wall, recover, recover_deliveries
from daemon.journal.schema import JournalUnusable, open_database
from daemon.notify import sd_notify
from daemon.pump import ENGINE
from daemon.quarantine import Quarantine
from daemon.rule_sets import RuleSets
from daemon.start import Start, plan_kept
from daemon.supervisor import CODE as DRIVER_FAILED
from rules.builtin import builtin
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Fault, Recovered, Resumed, Signal, Tick

JOURNAL = "tocsin/journal"
SAFE_MODE = "safe_mode"  # fault code
SAY_S = 2.0  # between two words about a long fold
EXTEND_S = 30  # what systemd grants from each such word on

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """The journal as it was found. Without a connection `problem` says why."""

    connection: sqlite3.Connection | None
    memory: Memory
    clock: SystemClock
    problem: str = ""
    believed_wall: float | None = None  # of the newest row whose time was not doubted


def open_journal(path: Path, start: Start, sets: RuleSets, quarantine: Quarantine) -> Opened:
    """Open the journal and recover from it. In safe mode nothing that an engine was told is told again."""
    plan = start.setup.plan
    try:
        connection = open_database(path)
    except JournalUnusable as error:
        return _without_journal(plan, str(error))
    try:
        if start.safe_mode:
            memory = recover_deliveries(connection, plan, start.setup.digest)
        else:
            plan_of = partial(_plan_of, start.setup, sets)
            progress = Progress()
            memory = recover(connection, plan, plan_of, left_out=quarantine.keep, progress=progress)
            progress.end()
        believed = believed_wall(connection, _doubted_since(memory.engine))
    except sqlite3.Error as error:
        connection.close()
        return _without_journal(plan, f"{path}: {error}")
    # A run whose journal opened late wrote stamps that begin at zero: the engine may have seen later ones.
    clock = SystemClock(memory.last, not_before=memory.engine.now)
    return Opened(connection, memory, clock, believed_wall=believed)


def under_builtin_rules(setup: Setup) -> Setup:
    """The same venue, devices, links and outputs, under the rules of safe mode."""
    return replace(setup, plan=builtin(setup.plan))


def first_words(opened: Opened, safe_mode: str) -> list[Signal]:
    """What the engine hears first: how long it was deaf, and that faults of the run before are looked at anew."""
    now = opened.clock.now()
    first: Signal = Resumed(now, opened.clock.down_s) if opened.memory.last is not None else Tick(now)
    words: list[Signal] = [first]
    words += [
        Recovered(now, fault.source, fault.code)
        for fault in opened.memory.engine.faults()
        if fault.source.startswith(("tocsin/", "output/", "history/")) or fault.code == DRIVER_FAILED
    ]
    if safe_mode:
        text = (
            f"SAFE MODE: {safe_mode}. Only the built-in rules are in force: any smoke, heat, call point, carbon "
            "monoxide, gas or call for help is red. Look into the log and the folder quarantine, then restart the "
            "daemon to leave it"
        )
        words.append(Fault(now, ENGINE, SAFE_MODE, text))
    if opened.problem:
        text = f"{opened.problem}; alarms go on from memory, and what stood before is unknown"
        words.append(Fault(now, JOURNAL, "unusable", text))
    if opened.memory.problems:
        words.append(Fault(now, JOURNAL, "unreadable", "; ".join(opened.memory.problems)[:1000]))
    return words


class Progress:
    """Says how far a long fold has come: a line in the log, and to systemd, which would otherwise lose its patience."""

    def __init__(self) -> None:
        self._said = self._began = time.monotonic()

    def __call__(self, done: int, rows: int) -> None:
        now = time.monotonic()
        if now - self._said < SAY_S:
            return
        self._said = now
        words = f"recovering: {done * 100 // max(rows, 1)} % of {rows} rows of the journal"
        _log.warning("%s", words)
        sd_notify(f"STATUS={words}\nEXTEND_TIMEOUT_USEC={EXTEND_S * 1_000_000}")

    def end(self) -> None:
        """Take the words back."""
        if self._said != self._began:
            sd_notify("STATUS=")


def _plan_of(setup: Setup, sets: RuleSets, rules: str) -> Plan | None:
    return setup.plan if rules == setup.digest else plan_kept(sets, rules)


def _doubted_since(engine: Engine) -> float | None:
    """The engine time since which the wall clock could not be believed in the run before."""
    return next((one.since for one in engine.faults() if (one.source, one.code) == (wall.SOURCE, wall.NOT_SET)), None)


def _without_journal(plan: Plan, problem: str) -> Opened:
    """Decisions are numbered by the wall clock's milliseconds: beyond all that the journal may hold."""
    clock = SystemClock()
    number = int(max(clock.wall(), wall.EARLIEST) * 1000)  # also by a clock that says 1970
    return Opened(None, Memory(Engine(plan), next_decision=number), clock, problem)
