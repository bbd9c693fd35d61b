"""The engine and the deliveries owed, as they were: the newest snapshot, and every row after it, folded.

What the engine decides during this fold was journaled in the same rows as its signals, and is dropped. Rows are gone
through with the rules that were in force when they were written. Only when those are lost can the engine decide what
nobody was told: of that, what still stands is news.

A signal at which the engine raises is left out, and the fold begins anew without it. What was heard in safe mode is
gone through with the venue's rules like all else; what the built-in rules had told then ends, and evacuations never do.
"""

import sqlite3
from collections.abc import Callable, Container
from dataclasses import dataclass, field

import msgspec

from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal.built_in import BuiltInAlarms
from daemon.journal.in_force import taken_up
from daemon.journal.rows import Reader, Span
from daemon.journal.text import Column
from daemon.outbox.ledger import Ledger, Owed
from drivers.contract import Delivery
from rules.decision import Advance, Decision, Escalate, Evacuate, Raise, Shown
from rules.engine import Engine
from rules.plan import Plan
from rules.reload import swap
from rules.signal import Reloaded, Signal
from rules.snapshot import evacuations_counted, rules_of

PlanOf = Callable[[str], Plan | None]  # the plan that a digest names, if it is still known

_unsettled: Column[Owed] = Column("delivery", Owed)
_in_force: Column[Delivery] = Column("delivery", Delivery)


Progress = Callable[[int, int], None]  # rows gone through, of how many
LeftOut = Callable[[Signal, Exception, str], None]  # the evidence, and what became of it
PROGRESS_ROWS = 500  # between two reports: some ten a second
LEFT_OUT_MAX = 20  # each costs a fold; more than these are no single bad signals, and safe mode comes next


@dataclass(slots=True)
class Recovered:
    """What the journal remembers. `problems` are for people: what could not be read, and what that means."""

    engine: Engine
    ledger: Ledger = field(default_factory=Ledger)
    last: Stamp | None = None
    next_decision: int = 1
    folded: int = 0
    problems: list[str] = field(default_factory=list)
    news: list[Decision] = field(default_factory=list)


def last_stamp(connection: sqlite3.Connection) -> Stamp | None:
    """The last instant that an earlier run wrote down."""
    row = connection.execute(
        "SELECT at, wall, boot, boottime FROM commits JOIN runs USING (run) ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return Stamp(*row) if row else None


def believed_wall(connection: sqlite3.Connection, doubted_since: float | None) -> float | None:
    """The wall time of the newest row, or of the newest before the engine time from which it was doubted on."""
    row = connection.execute(
        "SELECT wall FROM commits WHERE ?1 IS NULL OR at < ?1 ORDER BY seq DESC LIMIT 1", (doubted_since,)
    ).fetchone()
    return float(row[0]) if row else None


class _Raised(Exception):
    """The engine raised at the signal of that row and position."""

    def __init__(self, place: tuple[int, int], signal: Signal) -> None:
        super().__init__(f"commit {place[0]}, signal {place[1] + 1}")
        self.place = place
        self.signal = signal


def recover(
    connection: sqlite3.Connection,
    plan: Plan,
    plan_of: PlanOf = lambda _: None,
    *,
    left_out: LeftOut = lambda signal, error, what: None,
    progress: Progress = lambda done, rows: None,
) -> Recovered:
    """Build engine and ledger from the journal. Raises sqlite3.Error, and what the engine raises at too many signals.

    The engine decides by the plan that was in force last, or by `plan` when that is not known.
    """
    skipped: dict[tuple[int, int], str] = {}
    while True:
        memory, after = _from_snapshot(connection, plan, plan_of)
        built_in = BuiltInAlarms()
        try:
            _fold(connection, memory, plan_of, after, skipped, built_in, progress)
            break
        except _Raised as raised:
            error = raised.__cause__
            assert isinstance(error, Exception)
            if len(skipped) >= LEFT_OUT_MAX:
                raise error from None
            skipped[raised.place] = f"{raised} is left out: the engine raises {error!r:.200} at it, which is a bug"
            left_out(raised.signal, error, f"{raised} was left out at a start")
    memory.problems += skipped.values()
    memory.news = [*_still_standing(memory.news, memory.engine), *built_in.ends(memory.engine)]
    engine = memory.engine
    memory.engine, ends = taken_up(engine, memory.ledger.in_force(), 0, engine.rules)
    memory.news += ends
    memory.next_decision = _next_decision(connection, memory.ledger)
    return memory


def recover_deliveries(connection: sqlite3.Connection, plan: Plan, rules: str) -> Recovered:
    """For safe mode: a fresh engine that was told nothing of what is in the journal, for it may be that at which the
    other one ended. What is owed to the outputs and the evacuations in force need no engine. Raises sqlite3.Error.
    """
    problems, count, after, ledger = list[str](), 0, 0, Ledger()
    sql = "SELECT seq, commit_seq, body, unsettled, in_force FROM snapshots ORDER BY seq DESC"
    for seq, commit, body, unsettled, in_force in connection.execute(sql):
        try:
            ledger = Ledger(*_deliveries(seq, unsettled, in_force, problems))
            after, count = int(commit), evacuations_counted(body)
            break
        except msgspec.MsgspecError as error:
            problems.append(f"snapshot {seq} cannot be read ({error}); an older one is used")
    reader = Reader(connection)
    runs = reader.runs()
    for row in reader.rows(Span(after)):
        ledger.take(runs[row.run], reader.events(row), reader.settled(row))
    engine, _ = taken_up(Engine(plan), ledger.in_force(), count, rules)
    next_decision = _next_decision(connection, ledger)
    return Recovered(engine, ledger, last_stamp(connection), next_decision, problems=[*problems, *reader.problems])


def _next_decision(connection: sqlite3.Connection, ledger: Ledger) -> int:
    """What a full disk kept out of the rows can still be owed, and its number is not given again."""
    (decided,) = connection.execute("SELECT decided FROM commits ORDER BY seq DESC LIMIT 1").fetchone() or (0,)
    return 1 + max([int(decided), *(one.decision for one in ledger.owed())])


def _deliveries(
    seq: int, unsettled: str | None, in_force: str | None, problems: list[str]
) -> tuple[list[Owed], list[Delivery]]:
    """What a snapshot holds beside the engine."""
    where = f"snapshot {seq}"
    return _unsettled.decode(unsettled, where, problems), _in_force.decode(in_force, where, problems)


def _from_snapshot(connection: sqlite3.Connection, plan: Plan, plan_of: PlanOf) -> tuple[Recovered, int]:
    """What the newest snapshot that can be read holds, and the row of `commits` that it stands after."""
    last, problems = last_stamp(connection), list[str]()
    sql = "SELECT seq, commit_seq, body, unsettled, in_force FROM snapshots ORDER BY seq DESC"
    for seq, commit, body, unsettled, in_force in connection.execute(sql):
        try:
            owed, standing = _deliveries(seq, unsettled, in_force, problems)
            engine = Engine.restore(_plan_then(rules_of(body), plan, plan_of, problems), body)
        except (msgspec.MsgspecError, ValueError) as error:
            problems.append(f"snapshot {seq} cannot be read ({error}); an older one is used")
            continue
        return Recovered(engine, Ledger(owed, standing), last, problems=problems), int(commit)
    return Recovered(Engine(plan), last=last, problems=problems), 0


def _plan_then(rules: str, plan: Plan, plan_of: PlanOf, problems: list[str]) -> Plan:
    """The plan that was in force, or `plan` with a problem noted."""
    found = plan_of(rules) if rules else plan
    if found is None:
        text = f"the rules {rules} under which the journal was written are not kept in the state folder"
        problems.append(f"{text}; it was gone through with other rules, look at what stands")
    return found or plan


def _fold(
    connection: sqlite3.Connection,
    memory: Recovered,
    plan_of: PlanOf,
    after: int,
    skipped: Container[tuple[int, int]],
    built_in: BuiltInAlarms,
    progress: Progress,
) -> None:
    reader = Reader(connection)
    reader.problems = memory.problems
    runs = reader.runs()
    _, last = reader.ends()
    for number, row in enumerate(reader.rows(Span(after))):
        if number % PROGRESS_ROWS == 0:
            progress(number, max(number, last - after))
        fresh: list[Decision] = []
        for position, signal in enumerate(reader.signals(row)):
            if (row.seq, position) in skipped:
                continue
            try:
                fresh += _step(memory, signal, plan_of)
            except Exception as error:  # a bug must not keep the daemon from all else that is in the journal
                raise _Raised((row.seq, position), signal) from error
            memory.folded += 1
        decided = reader.events(row)
        if fresh:
            memory.news += _untold(fresh, decided)
            if runs[row.run].safe:
                built_in.meanwhile(fresh, decided)
        built_in.take(decided)
        memory.ledger.take(runs[row.run], decided, reader.settled(row))


def _step(memory: Recovered, signal: Signal, plan_of: PlanOf) -> list[Decision]:
    if not isinstance(signal, Reloaded):
        return memory.engine.step(signal)
    old, memory.engine = memory.engine, Engine(_plan_then(signal.rules, memory.engine.plan, plan_of, memory.problems))
    return swap(old, memory.engine, signal)


def _untold(fresh: list[Decision], decided: list[Event]) -> list[Decision]:
    """Of what the engine says now, the alarms and evacuations that it did not say then."""
    told = {_subject(event.decision) for event in decided}
    return [decision for decision in fresh if _subject(decision) and _subject(decision) not in told]


def _subject(decision: Decision) -> str:
    """What an announcement is about; nothing for a decision that announces no danger."""
    match decision:
        case Raise() | Escalate() | Shown() if decision.tier:
            return f"{decision.alarm} {decision.tier}"
        case Evacuate():
            return decision.evacuation
        case Advance():
            return f"{decision.evacuation} {decision.stage}"
        case _:
            return ""


def _still_standing(news: list[Decision], engine: Engine) -> list[Decision]:
    standing = {f"{alarm.alarm} {alarm.tier}" for alarm in engine.alarms()}
    standing |= {status.evacuation for status in engine.evacuations()}
    standing |= {f"{status.evacuation} {stage}" for status in engine.evacuations() for stage in status.begun}
    return [decision for decision in news if _subject(decision) in standing]
