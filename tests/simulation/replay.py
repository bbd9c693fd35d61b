"""The journal of a whole run, gone through again from its first row by a fresh engine."""

from pathlib import Path

from daemon.journal.rows import Reader, open_journal
from daemon.journal.verify import verify
from rules.decision import (
    Anchored,
    Decision,
    Restart,
)
from rules.engine import Engine
from rules.plan import Plan
from rules.reload import swap
from rules.signal import Reading, Reloaded, Signal

SHOWN = 5  # differences

Message = tuple[str, str, int]  # device, boot, number


def check(path: Path, plan: Plan, acknowledged: set[Message]) -> list[str]:
    """What is wrong with the journal: a row that was altered, a message that is missing, a decision that differs."""
    connection = open_journal(path)
    reader = Reader(connection)
    signals: list[Signal] = []
    then: list[Decision] = []
    for row in reader.rows():
        signals += reader.signals(row)
        decided = [event.decision for event in reader.events(row)]
        then += [
            decision for decision in decided if not isinstance(decision, Restart | Anchored)
        ]  # the daemon's own words
    connection.close()
    return [
        *reader.problems,
        *_altered(path),
        *_missing(signals, acknowledged),
        *_differences(_again(plan, signals), then),
    ]


def _altered(path: Path) -> list[str]:
    """Without the anchors, for these go by the wall clock, and here that is stepped by hours."""
    verdict = verify(path, None, (), lambda _: None)
    return [f"row {finding.row}: {finding.what}" for finding in verdict.findings[:SHOWN]]


def _missing(signals: list[Signal], acknowledged: set[Message]) -> list[str]:
    written = {
        (one.device, one.origin.boot, one.origin.seq)
        for one in signals
        if isinstance(one, Reading) and one.origin is not None
    }
    return [f"acknowledged and not in the journal: {message}" for message in sorted(acknowledged - written)[:SHOWN]]


def _again(plan: Plan, signals: list[Signal]) -> list[Decision]:
    engine, decided = Engine(plan), list[Decision]()
    for signal in signals:
        if isinstance(signal, Reloaded):
            old, engine = engine, Engine(plan)
            decided += swap(old, engine, signal)
        else:
            decided += engine.step(signal)
    return decided


def _differences(again: list[Decision], then: list[Decision]) -> list[str]:
    found = [f"decided {old}, and again {new}" for old, new in zip(then, again, strict=False) if old != new]
    if len(again) != len(then):
        found.append(f"the journal has {len(then)} decisions, going through it again gives {len(again)}")
    return found[:SHOWN]
