"""Every story that these tests tell comes out the same when Tocsin restarts before each thing that is told."""

import importlib
import inspect
from pathlib import Path

import pytest

from rules.engine import Engine
from rules.signal import Signal
from tests.rules import house

TELLERS = sorted(
    path.stem
    for path in Path(__file__).parent.glob("test_*.py")
    if "= Story(" in path.read_text() and path != Path(__file__)
)
tell = house.Story.tell


def restart_and_tell(story: house.Story, signal: Signal) -> list[str]:
    """As `Story.tell`, by an engine that has just been restored."""
    story.engine = Engine.restore(story.engine.plan, story.engine.snapshot())
    return tell(story, signal)


def stories(module: str) -> list[str]:
    """The tests of a module that need nothing from outside and leave nothing to chance."""
    return [
        name
        for name, test in vars(importlib.import_module(f"tests.rules.{module}")).items()
        if name.startswith("test_") and not inspect.signature(test).parameters and not hasattr(test, "hypothesis")
    ]


@pytest.mark.parametrize("module", TELLERS)
def test_a_restart_before_each_signal_changes_no_story(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown, what runs, and what is remembered outlives the process, each at the instant when it matters."""
    monkeypatch.setattr(house.Story, "tell", restart_and_tell)
    told = stories(module)
    assert told
    for name in told:
        getattr(importlib.import_module(f"tests.rules.{module}"), name)()
