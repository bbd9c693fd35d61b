"""The engine and the deliveries owed, as they were: the newest snapshot, and every row after it, folded.

What the engine decides during this fold is dropped: it was journaled in the same rows as its signals.
"""

import sqlite3
from dataclasses import dataclass, field

import msgspec

from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal_text import Column, Item
from daemon.ledger import Ledger, Owed, Run, Settled
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Signal

_signals: Column[Signal] = Column("signal", Signal)
_events: Column[Event] = Column("decision", Event)
_settled: Column[Settled] = Column("settlement", Settled)
_unsettled: Column[Owed] = Column("delivery", Owed)
_outputs = msgspec.json.Decoder(tuple[str, ...])


@dataclass(slots=True)
class Recovered:
    """What the journal remembers. `problems` are for people: what could not be read, and what that means."""

    engine: Engine
    ledger: Ledger = field(default_factory=Ledger)
    last: Stamp | None = None
    next_decision: int = 1
    folded: int = 0
    problems: list[str] = field(default_factory=list)


def last_stamp(connection: sqlite3.Connection) -> Stamp | None:
    """The last instant that an earlier run wrote down."""
    row = connection.execute(
        "SELECT at, wall, boot, boottime FROM commits JOIN runs USING (run) ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return Stamp(*row) if row else None


def recover(connection: sqlite3.Connection, plan: Plan) -> Recovered:
    """Build engine and ledger from the journal. Raises sqlite3.Error."""
    memory = Recovered(Engine(plan), last=last_stamp(connection))
    _fold(connection, memory, after=_from_snapshot(connection, plan, memory))
    (decided,) = connection.execute("SELECT decided FROM commits ORDER BY seq DESC LIMIT 1").fetchone() or (0,)
    # what a full disk kept out of the rows can still be owed, and its number is not given again
    memory.next_decision = 1 + max([decided, *(one.decision for one in memory.ledger.owed())])
    return memory


def _from_snapshot(connection: sqlite3.Connection, plan: Plan, memory: Recovered) -> int:
    """Take up the newest snapshot that can be read. Returns the row of `commits` that it stands after."""
    sql = "SELECT seq, commit_seq, body, unsettled FROM snapshots ORDER BY seq DESC"
    for seq, commit, body, unsettled in connection.execute(sql):
        try:
            owed = _unsettled.decode(unsettled, f"snapshot {seq}", memory.problems)
            memory.engine = Engine.restore(plan, body)
        except (msgspec.MsgspecError, ValueError) as error:
            memory.problems.append(f"snapshot {seq} cannot be read ({error}); an older one is used")
            continue
        memory.ledger = Ledger(owed)
        return int(commit)
    return 0


def _fold(connection: sqlite3.Connection, memory: Recovered, after: int) -> None:
    runs = _runs(connection)
    rows = connection.execute(
        "SELECT seq, run, signals, events, settled FROM commits WHERE seq > ? ORDER BY seq", (after,)
    )
    for seq, run, signals, events, settled in rows:
        for signal in _read(_signals, signals, seq, memory.problems):
            memory.engine.step(signal)
            memory.folded += 1
        decided = _read(_events, events, seq, memory.problems)
        memory.ledger.take(runs[run], decided, _read(_settled, settled, seq, memory.problems))


def _runs(connection: sqlite3.Connection) -> dict[int, Run]:
    rows = connection.execute("SELECT run, name, boot, outputs FROM runs")
    return {run: Run(name, boot, _outputs.decode(outputs)) for run, name, boot, outputs in rows}


def _read(column: Column[Item], text: str | None, seq: int, problems: list[str]) -> list[Item]:
    try:
        return column.decode(text, f"commit {seq}", problems)
    except msgspec.DecodeError as error:
        problems.append(f"commit {seq} cannot be read ({error}); what is in it is lost")
        return []
