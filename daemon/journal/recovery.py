"""The engine and the deliveries owed, as they were: the newest snapshot, and every row after it, folded.

What the engine decides during this fold was journaled in the same rows as its signals, and is dropped. Rows are gone
through with the rules that were in force when they were written. Only when those are lost can the engine decide what
nobody was told: of that, what still stands is news.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal.rows import Reader, Span
from daemon.journal.text import Column
from daemon.outbox.ledger import Ledger, Owed
from drivers.contract import Delivery
from rules.decision import Advance, Decision, Escalate, Evacuate, Raise, Shown
from rules.engine import Engine
from rules.plan import Plan
from rules.reload import swap
from rules.signal import Reloaded, Signal
from rules.snapshot import rules_of

PlanOf = Callable[[str], Plan | None]  # the plan that a digest names, if it is still known

_unsettled: Column[Owed] = Column("delivery", Owed)
_in_force: Column[Delivery] = Column("delivery", Delivery)


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


def recover(connection: sqlite3.Connection, plan: Plan, plan_of: PlanOf = lambda _: None) -> Recovered:
    """Build engine and ledger from the journal. Raises sqlite3.Error.

    The engine decides by the plan that was in force last, or by `plan` when that is not known.
    """
    memory, after = _from_snapshot(connection, plan, plan_of)
    _fold(connection, memory, plan_of, after)
    memory.news = _still_standing(memory.news, memory.engine)
    (decided,) = connection.execute("SELECT decided FROM commits ORDER BY seq DESC LIMIT 1").fetchone() or (0,)
    # what a full disk kept out of the rows can still be owed, and its number is not given again
    memory.next_decision = 1 + max([decided, *(one.decision for one in memory.ledger.owed())])
    return memory


def _from_snapshot(connection: sqlite3.Connection, plan: Plan, plan_of: PlanOf) -> tuple[Recovered, int]:
    """What the newest snapshot that can be read holds, and the row of `commits` that it stands after."""
    last, problems = last_stamp(connection), list[str]()
    sql = "SELECT seq, commit_seq, body, unsettled, in_force FROM snapshots ORDER BY seq DESC"
    for seq, commit, body, unsettled, in_force in connection.execute(sql):
        try:
            owed = _unsettled.decode(unsettled, f"snapshot {seq}", problems)
            standing = _in_force.decode(in_force, f"snapshot {seq}", problems)
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


def _fold(connection: sqlite3.Connection, memory: Recovered, plan_of: PlanOf, after: int) -> None:
    reader = Reader(connection)
    reader.problems = memory.problems
    runs = reader.runs()
    for row in reader.rows(Span(after)):
        fresh: list[Decision] = []
        for signal in reader.signals(row):
            fresh += _step(memory, signal, plan_of)
            memory.folded += 1
        decided = reader.events(row)
        if fresh:
            memory.news += _untold(fresh, decided)
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
