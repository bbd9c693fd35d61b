"""Invariant: any venue and rules files give a Setup, or a ConfigError with a place in a file for every problem; and the
engine of a Setup takes any signals without an exception. `make fuzz` looks for what breaks it as long as one likes.
"""

import math
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config.files import FileSet
from config.load import load_files
from config.problem import ConfigError, Problem
from config.setup import Setup
from rules.decision import Decision
from rules.engine import Engine
from rules.signal import Reading, Signal
from tests.fuzz.judge import judge

BYTES = st.binary(min_size=600, max_size=2000)  # fewer make houses that are all alike
# The same houses each time: about 10 ms each. What is new is looked for by `make fuzz`.
FEW = settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def look() -> Counter[str]:
    """Judge a few houses, and count what came of them."""
    counts: Counter[str] = Counter()

    @FEW
    @given(BYTES)
    def each(raw: bytes) -> None:
        counts[judge(raw)] += 1

    each()
    return counts


def test_any_files_are_loaded_and_live_or_are_refused_with_places() -> None:
    """A short run finds nothing, and neither all nor none of its files could be loaded."""
    counts = look()
    assert counts["loaded"] >= 80 and counts["refused"] >= 80


def test_an_error_that_is_no_config_error_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a check that trips over a list where it expects a word."""

    def trips(found: FileSet) -> Setup:
        try:
            return load_files(found)
        except ConfigError as error:
            raise TypeError("unhashable type: 'list'") from error

    monkeypatch.setattr("tests.fuzz.judge.load_files", trips)
    with pytest.raises(TypeError, match="unhashable"):
        look()


def test_a_problem_that_points_nowhere_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a line behind the end of the file."""

    def points_nowhere(found: FileSet) -> Setup:
        raise ConfigError([Problem(str(found.path("venue.yaml")), 100_000, 1, "something is wrong")])

    monkeypatch.setattr("tests.fuzz.judge.load_files", points_nowhere)
    with pytest.raises(AssertionError, match="100000"):
        look()


def test_an_engine_that_trips_over_a_signal_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a value that is no number."""
    step = Engine.step

    def trips(self: Engine, signal: Signal) -> list[Decision]:
        if isinstance(signal, Reading) and math.isnan(signal.value):
            raise ValueError("cannot convert float NaN to integer")
        return step(self, signal)

    monkeypatch.setattr(Engine, "step", trips)
    with pytest.raises(ValueError, match="NaN"):
        look()
