"""`make mutants`: change rules/ in one small way at a time and see whether a told story of tests/rules notices.

mutmut makes the mutants and keeps what became of them in mutants/: an interrupted run goes on where it was, a function
that changed is tried anew, and what nothing noticed is tried anew when the tests have changed. What was noticed stays
so until its function changes: remove mutants/ to begin anew.

python -m tests.mutation.run [NAME...] tries these only, and anew; * stands for anything. At the end: a line for each
file, the names of those that nothing noticed, and the score. Exit status 1 below 90 %, or when some are left to try.
"""

import gc
import hashlib
import os
import resource
import signal
import sys
import time
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from io import BufferedReader
from pathlib import Path
from typing import NoReturn

import pytest
from mutmut.__main__ import collect_source_file_mutation_data, create_mutants
from mutmut.configuration import config
from mutmut.mutation import trampoline
from mutmut.mutation.data import SourceFileMutationData
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import change_cwd, copy_also_copy_files, copy_src_dir, setup_source_paths
from mutmut.utils.format_utils import mangled_name_from_mutant_name

WORK = Path("mutants")
CHILDREN = 2
BATCH = 25  # mutants that share a fork: rules/ has no state of its own that one could leave to the next
ENOUGH_PERCENT = 90.0
# A mutant that adds to a list for ever ends before the machine's memory does, one that loops for ever when a test has
# computed ten times as long as without it. Not by the clock: the machine has other things to do.
MEMORY_BYTES = 2 << 30
PATIENCE = 10.0
LEAST_CPU_S = 1.0
NOTICED = ("killed", "timeout")
NOT_REACHED = 33  # mutmut's code of a mutant that no test runs
ENDED_THE_PROCESS = 36  # mutmut's code of a timeout


class Stories:
    """The tests, collected once: a mutant costs its tests, not a whole pytest."""

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self._items = {item.nodeid: item for item in items}
        self._reaching: dict[str, set[str]] = defaultdict(set)
        self._durations_s: dict[str, float] = {}

    def learn(self) -> None:
        """Note which functions each test calls and how long it takes. Fails when one fails without any mutant."""
        trampoline.set_mutant_under_test("stats")
        for test in self._items:
            state()._stats.clear()
            began = time.process_time()
            if self._fails(test):
                raise pytest.UsageError(f"{test} fails without any mutant")
            self._durations_s[test] = time.process_time() - began
            for function in state()._stats:
                self._reaching[function].add(test)
        trampoline.set_mutant_under_test("fail")
        if not any(self._fails(test) for test in self._items):
            raise pytest.UsageError("no test fails where every function does: the mutants are not what is tested")

    def of(self, mutant: str) -> list[str]:
        """The tests that reach it, quickest first."""
        return sorted(self._reaching[mangled_name_from_mutant_name(mutant)], key=lambda one: self._durations_s[one])

    def cost_s(self, mutant: str) -> float:
        """How long the tests of a mutant take when none notices it."""
        return sum(self._durations_s[test] for test in self._reaching[mangled_name_from_mutant_name(mutant)])

    def notice(self, mutant: str) -> bool:
        """Whether a test notices it. One that computes for ever ends the process by SIGPROF."""
        trampoline.set_mutant_under_test(mutant)
        for test in self.of(mutant):
            signal.setitimer(signal.ITIMER_PROF, max(LEAST_CPU_S, PATIENCE * self._durations_s[test]))
            if self._fails(test):
                return True
        return False

    def _fails(self, test: str) -> bool:
        """Run it without pytest's reports, which take longer than most tests."""
        item = self._items[test]
        assert isinstance(item, pytest.Function)
        item._initrequest()
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


@dataclass
class Child:
    """A process that tries some mutants one after the other, and writes a byte for each: 1 when it was noticed."""

    mutants: list[str]
    answers: BufferedReader


class Attempts:
    """The mutants that are to be tried, and what is known of all."""

    def __init__(self, files: Sequence[SourceFileMutationData], stories: Stories, names: Collection[str]) -> None:
        self._stories = stories
        self._file_of = {mutant: file for file in files for mutant in file.exit_code_by_key}
        known = {mutant: code for file in files for mutant, code in file.exit_code_by_key.items()}
        chosen = [one for one in known if any(fnmatch(one, name) for name in names)]
        untried = [one for one, code in known.items() if code is None]
        self._to_try = deque(sorted(chosen if names else untried, key=stories.cost_s))
        self._all = len(self._to_try)
        self._running: dict[int, Child] = {}
        self._began_s = self._shown_s = time.monotonic()
        self._tried = self._unnoticed = 0

    def run(self) -> None:
        """Try them all; what became of each is kept."""
        gc.freeze()  # what is there stays shared with the children
        while self._to_try or self._running:
            while self._to_try and len(self._running) < CHILDREN:
                self._start()
            if self._running:
                self._await_one()

    def _start(self) -> None:
        mutants: list[str] = []
        while self._to_try and len(mutants) < BATCH:
            mutant = self._to_try.popleft()
            if self._stories.of(mutant):
                mutants.append(mutant)
            else:
                self._keep(mutant, NOT_REACHED)
        answers, answering = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._try_all(mutants, answering)
        os.close(answering)
        self._running[pid] = Child(mutants, os.fdopen(answers, "rb"))

    def _try_all(self, mutants: list[str], answering: int) -> NoReturn:
        """In the child. Its end is not pytest's."""
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        os.chdir(WORK)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        try:
            for mutant in mutants:
                os.write(answering, bytes([self._stories.notice(mutant)]))
        finally:
            os._exit(0)

    def _await_one(self) -> None:
        pid, _ = os.wait()
        child = self._running.pop(pid)
        answers = child.answers.read()
        child.answers.close()
        for mutant, noticed in zip(child.mutants, answers, strict=False):
            self._keep(mutant, int(noticed))
        if len(answers) < len(child.mutants):  # this one ended the process; those after it were not tried
            self._keep(child.mutants[len(answers)], ENDED_THE_PROCESS)
            self._to_try.extendleft(reversed(child.mutants[len(answers) + 1 :]))

    def _keep(self, mutant: str, code: int) -> None:
        file = self._file_of[mutant]
        file.exit_code_by_key[mutant] = code
        file.save()
        self._tried += 1
        self._unnoticed += status_by_exit_code[code] not in NOTICED
        now = time.monotonic()
        if now - self._shown_s >= 1.0 or self._tried == self._all:
            self._shown_s = now
            rate = self._tried / (now - self._began_s)
            _say(
                f"\r{self._tried} of {self._all} tried, {self._unnoticed} unnoticed, "
                f"{rate:.1f} a second, {(self._all - self._tried) / rate / 60:.0f} min left   "
            )


class MutantsInsteadOfTests:
    """A pytest plugin: once the tests are collected, the mutants run instead of them."""

    def __init__(self, root: Path, names: Collection[str]) -> None:
        self._root = root
        self._names = names

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """pytest's hook for all that comes after collecting."""
        stories = Stories(session.items)
        stories.learn()
        with change_cwd(self._root):  # mutmut's files are named from there
            Attempts(_files(), stories, self._names).run()
        return True


def main() -> int:
    """Try what is left to try, and say what is known."""
    root = Path.cwd()
    trampoline.set_mutant_under_test("mutant_generation")
    WORK.mkdir(exist_ok=True)
    copy_src_dir()
    copy_also_copy_files()
    setup_source_paths()
    create_mutants(CHILDREN)
    _try_again_if_the_tests_changed()
    arguments = [*config().pytest_add_cli_args_test_selection, *config().pytest_add_cli_args]
    plugin = MutantsInsteadOfTests(root, sys.argv[1:])
    with change_cwd(WORK):
        ended = pytest.main(["--rootdir=.", "-q", "-s", *arguments], plugins=[plugin])
    return int(ended) or _report()


def _try_again_if_the_tests_changed() -> None:
    digest = hashlib.sha256()
    for path in sorted(Path("tests/rules").rglob("*.py")):
        digest.update(path.read_bytes())
    known = WORK / "tests.sha256"
    if known.exists() and known.read_text() == digest.hexdigest():
        return
    for file in _files():
        for name, code in file.exit_code_by_key.items():
            if code is not None and status_by_exit_code[code] not in NOTICED:
                file.exit_code_by_key[name] = None
        file.save()
    known.write_text(digest.hexdigest())


def _report() -> int:
    unnoticed: list[str] = []
    left = tried = 0
    _say("\n tried  noticed\n")
    for file in sorted(_files(), key=lambda one: str(one.path)):
        statuses = {name: status_by_exit_code[code] for name, code in file.exit_code_by_key.items() if code is not None}
        alive = [f"  {name} ({status})\n" for name, status in statuses.items() if status not in NOTICED]
        unnoticed += alive
        left += len(file.exit_code_by_key) - len(statuses)
        tried += len(statuses)
        _say(_line(len(statuses), len(alive), str(file.path)))
    _say("".join(["\nWhat nothing noticed; `mutmut show NAME` shows the change:\n", *unnoticed]))
    _say("\n" + _line(tried, len(unnoticed), f"of all; {left} not tried yet" if left else "of all"))
    return int(left > 0 or 100 * (tried - len(unnoticed)) < ENOUGH_PERCENT * tried)


def _line(tried: int, unnoticed: int, what: str) -> str:
    return f"{tried:6} {tried - unnoticed:7} {100 * (tried - unnoticed) / max(1, tried):5.1f} % {what}\n"


def _files() -> list[SourceFileMutationData]:
    return list(collect_source_file_mutation_data(mutant_names=[])[1].values())


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
