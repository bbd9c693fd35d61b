"""The engine as it was: the newest snapshot, and every signal after it through the same engine.

What the engine decides during this fold is dropped: it was journaled in the same transactions as its signals.
"""

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from daemon.clock import Stamp
from drivers.contract import Delivery
from rules.decision import Decision
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Signal

PENDING_TAKEN = 10_000  # deliveries still owed that are taken up again, the newest; the same bound as in a worker

_log = logging.getLogger(__name__)
_signals = msgspec.json.Decoder(list[Signal])
_raw_signals = msgspec.json.Decoder(list[msgspec.Raw])
_signal = msgspec.json.Decoder(Signal)
_decision = msgspec.json.Decoder(Decision)


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that an earlier run did not see confirmed. `decision` is the number of its row."""

    decision: int
    output: str
    delivery: Delivery


@dataclass(slots=True)
class Recovered:
    """What the journal remembers. `problems` are for people: what could not be read, and what that means."""

    engine: Engine
    last: Stamp | None = None
    next_decision: int = 1
    folded: int = 0
    owed: list[Owed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def last_stamp(connection: sqlite3.Connection) -> Stamp | None:
    """The last instant that an earlier run wrote down."""
    row = connection.execute(
        "SELECT at, wall, boot, boottime FROM commits JOIN runs USING (run) ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return Stamp(*row) if row else None


def recover(connection: sqlite3.Connection, plan: Plan) -> Recovered:
    """Build the engine from the journal. Raises sqlite3.Error."""
    problems: list[str] = []
    engine, after = _from_snapshot(connection, plan, problems)
    folded = 0
    for signals in _commits(connection, after, problems):
        for signal in signals:
            engine.step(signal)
        folded += len(signals)
    (last_decision,) = connection.execute("SELECT max(seq) FROM decisions").fetchone()
    return Recovered(
        engine=engine,
        last=last_stamp(connection),
        next_decision=(last_decision or 0) + 1,
        folded=folded,
        owed=_owed(connection, problems),
        problems=problems,
    )


def _from_snapshot(connection: sqlite3.Connection, plan: Plan, problems: list[str]) -> tuple[Engine, int]:
    """The engine of the newest snapshot that can be read, and the commit that it stands after."""
    for seq, commit, body in connection.execute("SELECT seq, commit_seq, body FROM snapshots ORDER BY seq DESC"):
        try:
            return Engine.restore(plan, body), commit
        except (msgspec.MsgspecError, ValueError) as error:
            problems.append(f"snapshot {seq} cannot be read ({error}); an older one is used")
    return Engine(plan), 0


def _commits(connection: sqlite3.Connection, after: int, problems: list[str]) -> Iterator[list[Signal]]:
    rows = connection.execute("SELECT seq, signals FROM commits WHERE seq > ? ORDER BY seq", (after,))
    for seq, body in rows:
        try:
            yield _signals.decode(body)
        except msgspec.MsgspecError:
            yield list(_readable(seq, body, problems))


def _readable(seq: int, body: str, problems: list[str]) -> Iterator[Signal]:
    try:
        raws = _raw_signals.decode(body)
    except msgspec.MsgspecError as error:
        problems.append(f"commit {seq} cannot be read ({error}); its signals are lost")
        return
    for raw in raws:
        try:
            yield _signal.decode(raw)
        except msgspec.MsgspecError as error:
            problems.append(f"commit {seq}: a signal cannot be read ({error}): {bytes(raw)[:80]!r}")


def _owed(connection: sqlite3.Connection, problems: list[str]) -> list[Owed]:
    rows = connection.execute(
        "SELECT decision_seq, output, id, expires, decisions.wall, body FROM outbox "
        "JOIN decisions ON decisions.seq = decision_seq WHERE state = 'pending' ORDER BY decision_seq DESC LIMIT ?",
        (PENDING_TAKEN,),
    ).fetchall()
    owed: list[Owed] = []
    for decision_seq, output, delivery_id, expires, wall, body in reversed(rows):
        try:
            decision = _decision.decode(body)
        except msgspec.MsgspecError as error:
            problems.append(f"decision {decision_seq} cannot be read ({error}) and is not sent to {output} again")
            continue
        owed.append(Owed(decision_seq, output, Delivery(delivery_id, decision, wall, expires)))
    return owed
