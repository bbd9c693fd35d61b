"""Recorded journals told to today's engine, under the rules of then."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from config.files import STOCK, FileSet, Text
from config.load import load_files
from rules.decision import Decision
from rules.engine import Engine
from rules.plan import Plan
from rules.reload import swap
from rules.signal import Reloaded, Signal
from tests.rules.recorded.rows import Told, read

FOLDER = Path(__file__).parent
RULES = FOLDER / "rules"  # a folder of files for each set that a journal names


@dataclass(frozen=True, slots=True)
class Difference:
    """Where today's engine says something else: the last signal before it, and what was and what is said."""

    signal: Signal | None
    recorded: tuple[Decision, ...]
    today: tuple[Decision, ...]

    def __str__(self) -> str:
        lines = [f"after {msgspec.json.encode(self.signal).decode()}"]
        lines += [f"  - {_words(one)}" for one in self.recorded if one not in self.today]
        lines += [f"  + {_words(one)}" for one in self.today if one not in self.recorded]
        return "\n".join(lines if len(lines) > 1 else [*lines, "  the same, in another order"])


def _words(decision: Decision) -> str:
    return msgspec.json.encode(decision).decode()


def names() -> list[str]:
    """The journals that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def journal(name: str) -> list[Told]:
    """One of them."""
    return list(read((FOLDER / f"{name}.txt").read_text("utf-8").splitlines()))


@cache
def plan_of(rules: str) -> Plan:
    """The rules that a journal names. Stock packs are those of then."""
    found = {path: Text(path.read_bytes()) for path in sorted((RULES / rules).rglob("*.yaml"))}
    files = {str(path.relative_to(RULES / rules)).replace("stock/", STOCK): text for path, text in found.items()}
    named = {name.removesuffix(".yaml") if name.startswith(STOCK) else name: text for name, text in files.items()}
    return load_files(FileSet(rules, dict(named))).plan


def replay(told: Sequence[Told]) -> Iterator[Difference]:
    """Every place where today's engine decides otherwise than was recorded."""
    for (signals, recorded), today in zip(told, decide([signals for signals, _ in told]), strict=True):
        if today != recorded:
            yield Difference(signals[-1] if signals else None, tuple(recorded), tuple(today))


def decide(journal: Iterable[Sequence[Signal]]) -> Iterator[list[Decision]]:
    """What today's engine says to each part of a journal, under the rules that it names from its beginning on."""
    parts = list(journal)
    begun = next(one.rules for part in parts for one in part if isinstance(one, Reloaded))
    engine = Engine(plan_of(begun))
    for signals in parts:
        said: list[Decision] = []
        for signal in signals:
            if isinstance(signal, Reloaded):
                fresh = Engine(plan_of(signal.rules)) if signal.rules != (engine.rules or begun) else engine
                said += swap(engine, fresh, signal)
                engine = fresh
            else:
                said += engine.step(signal)
        yield said
