"""All tests that are asked for, each with the plan that it is about, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.load import load
from config.problem import ConfigError, Mark, Problem, Problems
from rules.plan import Plan
from rules.wiring import wire
from workbench.ruletests.files import TestFile, find, read
from workbench.ruletests.inline import is_inline, load_inline
from workbench.ruletests.judge import Failure, judge
from workbench.ruletests.play import Build, Player, Recording, Stuck
from workbench.ruletests.sheet import tests_of
from workbench.ruletests.story import Test


@dataclass(frozen=True)
class Venue:
    """A venue's plan, and the tests about it in the order of their files."""

    config: Path
    plan: Plan
    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Result:
    """What came of one test. `error` is set when it could not be played to its end."""

    test: Test
    venue: Venue
    recording: Recording
    failures: list[Failure] = field(default_factory=list)
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything followed that must."""
        return not self.failures and not self.error


def load_suite(paths: Sequence[Path], keyword: str = "") -> list[Venue]:
    """The tests in files and folders whose name contains the keyword, by venue.

    Raises ConfigError with all problems of the test files and of the venues' files.
    """
    problems = Problems()
    files = [file for path in find(paths, problems) if (file := read(path, problems)) is not None]
    refused: list[Problem] = []
    plans: dict[Path, Plan | None] = {}
    tests: dict[Path, list[Test]] = {}
    for file in files:
        config = file.config
        if config not in plans:
            plans[config] = _plan(file, config, refused)
        plan = plans[config]
        if plan is not None:
            tests.setdefault(config, []).extend(tests_of(file, plan, problems))
    try:
        problems.refuse()
    except ConfigError as error:
        refused += error.problems
    if refused:
        raise ConfigError(refused)
    venues = [
        Venue(config, plan, tuple(test for test in tests[config] if keyword.lower() in test.name.lower()))
        for config, plan in plans.items()
        if plan is not None
    ]
    return [venue for venue in venues if venue.tests]


def _plan(file: TestFile, config: Path, refused: list[Problem]) -> Plan | None:
    try:
        return load_inline(file.path, file.document) if is_inline(file.document) else load(config).plan
    except ConfigError as error:
        if not is_inline(file.document):
            mark: Mark = file.document.mark(("config",))
            refused.append(Problem(mark.file, mark.line, mark.col, f"the venue in {config} has problems: see there"))
        refused += error.problems
        return None


def run(venue: Venue, test: Test, build: Build = wire) -> Result:
    """Play and judge one test."""
    player = Player(venue.plan, build)
    try:
        recording = player.play(test)
    except Stuck as stuck:
        return Result(test, venue, player.recording, error=str(stuck))
    return Result(test, venue, recording, judge(test, recording))
