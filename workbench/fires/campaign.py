"""All recordings of a folder, played side by side on the processors there are."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from workbench.fires.change import Change, apply
from workbench.fires.find import Found
from workbench.fires.house import plan_for
from workbench.fires.outcome import Outcome, judge
from workbench.fires.recording import RecordingError

ALONE = 8  # so few fires are played sooner than a second process is started


def play_all(
    found: Sequence[Found],
    rules: tuple[Path, ...] = (),
    changes: tuple[Change, ...] = (),
    tick: Callable[[], None] = lambda: None,
) -> tuple[list[tuple[Outcome, ...]], list[str]]:
    """What was said of each recording, in the order given: under the rules as they are, then under each change.

    The second list says what is wrong with the recordings that cannot be read. `tick` is called as each is done. Raises
    ConfigError when the rules have a problem.
    """
    outcomes: dict[int, tuple[Outcome, ...]] = {}
    wrong: dict[int, str] = {}

    def take(index: int, result: Callable[[], tuple[Outcome, ...]]) -> None:
        try:
            outcomes[index] = result()
        except RecordingError as error:
            wrong[index] = str(error)
        tick()

    workers = min(os.cpu_count() or 1, len(found))
    if len(found) <= ALONE or workers < 2:
        for index, one in enumerate(found):
            take(index, partial(play, one, rules, changes))
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            running = {pool.submit(play, one, rules, changes): index for index, one in enumerate(found)}
            for done in as_completed(running):
                take(running[done], done.result)
    return [outcomes[index] for index in sorted(outcomes)], [wrong[index] for index in sorted(wrong)]


def play(found: Found, rules: tuple[Path, ...] = (), changes: tuple[Change, ...] = ()) -> tuple[Outcome, ...]:
    """One recording under the rules as they are, then under each change. Raises RecordingError or ConfigError."""
    recording = found.read()
    plan = plan_for(recording.detectors, rules)
    return tuple(judge(recording, one, str(found.path)) for one in (plan, *(apply(plan, change) for change in changes)))
