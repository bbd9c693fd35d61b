"""Each mutant is given to the tests until one fails. Those that none notices are what the tests do not protect."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rules.decision import AlarmChange, Investigate
from workbench.ruletests.judge import fails
from workbench.ruletests.mutations import Mutant, mutants
from workbench.ruletests.play import Player, Stuck
from workbench.ruletests.story import Test
from workbench.ruletests.suite import Venue, load_suite

PROCESSES = 2  # the box of a venue has two cores to spare for an engineer, not more
MAX_MUTANTS = 5_000  # of one run: at a hundred tests of ten milliseconds each, an hour on one core at worst
CHUNK = 8  # mutants handed to a process at a time


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one mutant: the test that noticed it, or none."""

    rule: str
    line: str
    text: str
    noticed_by: str | None

    @property
    def survived(self) -> bool:
        """Whether no test noticed."""
        return self.noticed_by is None


class Hunter:
    """The tests of some venues, and for each rule those first that touch it."""

    def __init__(self, venues: Sequence[Venue]) -> None:
        self.mutants = [(venue, mutant) for venue in venues for mutant in mutants(venue.plan)]
        self._touched = {(venue.config, test.mark): _touched(venue, test) for venue in venues for test in venue.tests}

    def judge(self, index: int) -> Verdict:
        """What comes of one mutant."""
        venue, mutant = self.mutants[index]
        noticed = next((test.name for test in self._tests(venue, mutant) if _notices(test, mutant)), None)
        return Verdict(mutant.rule, mutant.line, mutant.text, noticed)

    def _tests(self, venue: Venue, mutant: Mutant) -> list[Test]:
        return sorted(venue.tests, key=lambda test: mutant.rule not in self._touched[venue.config, test.mark])


def hunt(
    files: Sequence[Path],
    keyword: str,
    venues: Sequence[Venue],
    limit: int,
    progress: Callable[[int, int], None],
) -> Iterator[Verdict]:
    """A verdict on each mutant of these venues, or on `limit` of them, spread evenly.

    The processes read the files anew: a plan of live closures does not travel.
    """
    chosen = _spread(count(venues), min(limit, MAX_MUTANTS))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, context, _begin, (list(files), keyword)) as pool:
        for done, verdict in enumerate(pool.map(_judge, chosen, chunksize=CHUNK), 1):
            progress(done, len(chosen))
            yield verdict


def count(venues: Sequence[Venue]) -> int:
    """How many mutants there are."""
    return sum(1 for venue in venues for _ in mutants(venue.plan))


def _spread(total: int, limit: int) -> list[int]:
    if total <= limit:
        return list(range(total))
    return [index * total // limit for index in range(limit)]


_hunters: list[Hunter] = []  # one in each process of the pool, made when the process begins


def _begin(files: list[Path], keyword: str) -> None:
    _hunters.append(Hunter(load_suite(files, keyword)))


def _judge(index: int) -> Verdict:
    return _hunters[0].judge(index)


def _touched(venue: Venue, test: Test) -> frozenset[str]:
    """The rules whose alarms moved in a test."""
    moved = Player(venue.plan).play(test).decisions
    return frozenset(
        one.rule if isinstance(one, AlarmChange) else one.alarm.partition("@")[0]
        for one in moved
        if isinstance(one, AlarmChange | Investigate)
    )


def _notices(test: Test, mutant: Mutant) -> bool:
    try:
        return fails(test, Player(mutant.plan).play(test))
    except Stuck:
        return True
