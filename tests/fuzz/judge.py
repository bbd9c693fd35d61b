"""Invariant: any venue and rules files give a Setup, or a ConfigError with a place in a file for every problem; and the
engine of a Setup takes any signals without an exception. Never anything else, never a wait.
"""

from typing import Literal

import msgspec

from config.files import FileSet, Text
from config.load import load_files
from config.problem import LONGEST, ConfigError, Problem
from config.safety.proof import prove
from config.setup import Setup
from rules.engine import Engine
from rules.signal import Resumed
from tests.fuzz.dice import Dice
from tests.fuzz.houses import files
from tests.fuzz.life import signals

Verdict = Literal["loaded", "refused"]
LIFE_BYTES = 300  # of the choices, for what happens in the house; the others are for its files
SIGNALS = 40  # of one life; a restart in the middle of it


def judge(raw: bytes) -> Verdict:
    """Make files of the bytes, look at them, and let what can be loaded live. AssertionError where something is amiss;
    any other exception is one that got out.
    """
    found = files(Dice(raw[LIFE_BYTES:]))
    try:
        setup = load_files(found)
    except ConfigError as error:
        refused = error
    else:
        live(Dice(raw[:LIFE_BYTES]), setup)
        return "loaded"
    assert refused.problems, "refused without a reason"
    lines = {str(found.path(name)): line_count(found, name) for name in found.files}
    for problem in refused.problems:
        is_somewhere(problem, lines)
    return "refused"


def line_count(found: FileSet, name: str) -> int:
    """How many lines a file has for the widest notion of a line, one at its end included."""
    content = found.files[name]
    assert isinstance(content, Text)
    return len(content.raw.decode().splitlines()) + 1


def is_somewhere(problem: Problem, lines: dict[str, int]) -> None:
    """It points into a file, and says something that can be shown."""
    assert 1 <= problem.line <= lines[problem.file] and problem.col >= 1, problem
    assert problem.text and len(problem.text) <= LONGEST + 3, problem
    str(problem).encode()


def live(dice: Dice, setup: Setup) -> None:
    """What loaded runs, explains itself and survives a restart, and its proof comes to an end."""
    engine = _days(dice, Engine(setup.plan))
    again = Engine.restore(setup.plan, engine.snapshot())
    again.step(Resumed(engine.now + 10.0, 10.0))
    _days(dice, again)
    if dice.one_in(4):
        prove(setup.plan)


def _days(dice: Dice, engine: Engine) -> Engine:
    """What happens is told, and whoever asks is answered."""
    for signal in signals(dice, engine, SIGNALS // 2):
        msgspec.json.encode(engine.step(signal))
        for alarm in engine.alarms()[:3]:
            engine.explain(alarm.alarm)
    for view in (engine.alarms, engine.faults, engine.evacuations, engine.devices, engine.schedules, engine.shows):
        msgspec.json.encode(view())
    return engine
