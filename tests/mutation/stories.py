"""The tests that may notice a mutant: which functions each calls, and how long it takes."""

import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import CodeType, FrameType

import pytest
from _pytest.tmpdir import tmppath_result_key

from rules.engine import Engine
from tests.mutation.mutant import code_of, in_place

# One that loops for ever ends when a test has computed so many times as long as without a mutant, and at least so long.
# Not by the clock: the machine has other things to do.
PATIENCE = 20.0
LEAST_CPU_S = 1.0
LOADER = "tests/config/"
FIRST_S = 0.02  # what the quickest tests may take before the broad ones have their turn
ENOUGH_S = 1.0  # of tests without the mutant: what only those after them would notice counts as unnoticed


class Stories:
    """The tests, collected once: a mutant costs its tests, not a whole pytest."""

    def __init__(self, items: Sequence[pytest.Item], mutants: Iterable[str]) -> None:
        """Runs each twice. Raises pytest.UsageError when one fails, or when none would notice a broken engine."""
        self._items = {item.nodeid: item for item in items}
        self._durations_s = {test: self._timed(test) for test in self._items}
        self._code_of = {mutant: code_of(mutant) for mutant in mutants}
        self._reaching: dict[CodeType, set[str]] = defaultdict(set)
        codes = set(self._code_of.values())
        for test in self._items:
            for code in self._called(test) & codes:
                self._reaching[code].add(test)
        self._breadth = {test: sum(test in tests for tests in self._reaching.values()) for test in self._items}
        self._of: dict[CodeType, list[str]] = {}
        self._control()

    def of(self, mutant: str) -> list[str]:
        """The tests that reach it: some quick ones, then those that look at most for their time, then the others."""
        code = self._code_of[mutant]
        if code not in self._of:
            self._of[code] = self._ordered(mutant)
        return self._of[code]

    def _ordered(self, mutant: str) -> list[str]:
        tests = sorted(self._reached(mutant), key=lambda one: self._durations_s[one])
        quick = self._within(tests, FIRST_S)
        others = sorted(tests[len(quick) :], key=lambda one: self._durations_s[one] / self._breadth[one] ** 2)
        return self._within(quick + others, ENOUGH_S)

    def cost_s(self, mutant: str) -> float:
        """How long the tests of a mutant take when none notices it."""
        return sum(self._durations_s[test] for test in self.of(mutant))

    def _within(self, tests: list[str], limit_s: float) -> list[str]:
        """As many of them as take so long together, the one that goes beyond it included."""
        spent_s = 0.0
        for count, test in enumerate(tests, 1):
            spent_s += self._durations_s[test]
            if spent_s > limit_s:
                return tests[:count]
        return tests

    def _reached(self, mutant: str) -> list[str]:
        """What the loader's tests reach besides the analysis has its own."""
        analysis = mutant.startswith("rules.analysis.")
        return [test for test in self._reaching[self._code_of[mutant]] if analysis or not test.startswith(LOADER)]

    def notice(self, mutant: str, path: Path) -> bool:
        """Whether a test notices it. One that computes for ever ends the process by SIGPROF."""
        try:
            with in_place(mutant, path):
                return any(self._fails(test, PATIENCE * self._durations_s[test]) for test in self.of(mutant))
        except Exception:  # noqa: BLE001  it cannot even be defined
            return True

    def _timed(self, test: str) -> float:
        began = time.process_time()
        if self._fails(test):
            raise pytest.UsageError(f"{test} fails without any mutant")
        return time.process_time() - began

    def _called(self, test: str) -> set[CodeType]:
        called: set[CodeType] = set()

        def note(frame: FrameType, event: str, _: object) -> None:
            if event == "call":
                called.add(frame.f_code)

        sys.setprofile(note)
        try:
            self._fails(test)
        finally:
            sys.setprofile(None)
        return called

    def _control(self) -> None:
        """An engine that says nothing is noticed by one test in three at least, or no mutant is what is tested."""
        step = Engine.step.__code__
        Engine.step.__code__ = (lambda self, signal: []).__code__
        noticed = sum(self._fails(test) for test in self._reaching[step])
        Engine.step.__code__ = step
        if 3 * noticed < len(self._reaching[step]) or not noticed:
            raise pytest.UsageError(f"only {noticed} tests notice an engine that says nothing")

    def _fails(self, test: str, limit_s: float = 0.0) -> bool:
        """Run it without pytest's reports, which take longer than most tests."""
        item = self._items[test]
        assert isinstance(item, pytest.Function)
        item._initrequest()
        item.stash[tmppath_result_key] = {}  # the reports would have filled it, and tmp_path asks for it
        signal.setitimer(signal.ITIMER_PROF, max(limit_s, LEAST_CPU_S) if limit_s else 0.0)
        try:
            item.session._setupstate.setup(item)
            item.runtest()
        except Exception:  # noqa: BLE001  whatever it is, it was noticed
            return True
        except pytest.fail.Exception:
            return True
        finally:
            item.session._setupstate.teardown_exact(None)
        return False
