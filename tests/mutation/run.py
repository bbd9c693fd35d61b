"""`make mutants`: change rules/ in one small way at a time and see whether a told story notices.

mutmut makes the mutants and keeps what became of them in mutants/: an interrupted run goes on where it was, a function
that changed is tried anew, and what nothing noticed is tried anew when the tests have changed. What was noticed stays
so until its function changes: remove mutants/ to begin anew.

python -m tests.mutation.run [NAME...] tries these only, and anew; * stands for anything. At the end: a line for each
file, the names of those that nothing noticed, and the score. Exit status 1 below 90 %, or when some are left to try.
"""

import hashlib
import sys
from collections.abc import Collection, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from mutmut.__main__ import collect_source_file_mutation_data, create_mutants
from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import status_by_exit_code

from tests.mutation.attempts import NOTICED, Attempts
from tests.mutation.stories import Stories

WORK = Path("mutants")
ENOUGH_PERCENT = 90.0
# Told stories only: what chance finds today it may not find tomorrow, and a score that moves by itself proves nothing.
# The tests of the model test the model. What rules/analysis shows is mostly told to the loader that asks for it.
ARGUMENTS = (
    *("tests/rules", "tests/config/safety", "tests/config/test_hours.py", "tests/config/test_ranges.py"),
    *("-m", "not hypothesis", "-q", "-s", "--assert=plain"),
    *("--ignore=tests/rules/test_model.py", "--ignore=tests/rules/test_model_control.py"),
    *("--ignore=tests/rules/test_invariants.py", "--ignore=tests/config/safety/test_proof.py"),
    *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "-p", "no:logging", "-p", "no:faulthandler"),
)


class MutantsInsteadOfTests:
    """A pytest plugin: once the tests are collected, the mutants run instead of them."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """pytest's hook for all that comes after collecting."""
        files = _files()
        stories = Stories(session.items, [mutant for file in files for mutant in file.exit_code_by_key])
        Attempts(files, stories, self._names).run()
        return True


def main() -> int:
    """Try what is left to try, and say what is known."""
    WORK.mkdir(exist_ok=True)
    with redirect_stdout(StringIO()):
        create_mutants(max_children=2)
    _try_again_if_the_tests_changed()
    ended = pytest.main([*ARGUMENTS], plugins=[MutantsInsteadOfTests(sys.argv[1:])])
    return int(ended) or _report(_files())


def _try_again_if_the_tests_changed() -> None:
    digest = hashlib.sha256()
    for path in sorted([*Path("tests/rules").rglob("*"), *Path("tests/config").rglob("*")]):
        digest.update(path.read_bytes() if path.suffix in (".py", ".txt") else b"")
    known = WORK / "tests.sha256"
    if known.exists() and known.read_text() == digest.hexdigest():
        return
    for file in _files():
        for name, code in file.exit_code_by_key.items():
            if code is not None and status_by_exit_code[code] not in NOTICED:
                file.exit_code_by_key[name] = None
        file.save()
    known.write_text(digest.hexdigest())


def _report(files: Sequence[SourceFileMutationData]) -> int:
    unnoticed: list[str] = []
    left = tried = 0
    print("\n tried  noticed")
    for file in sorted(files, key=lambda one: str(one.path)):
        statuses = {name: status_by_exit_code[code] for name, code in file.exit_code_by_key.items() if code is not None}
        alive = [f"  {name} ({status})" for name, status in statuses.items() if status not in NOTICED]
        unnoticed += alive
        left += len(file.exit_code_by_key) - len(statuses)
        tried += len(statuses)
        print(_line(len(statuses), len(alive), str(file.path)))
    print("\nWhat nothing noticed; `mutmut show NAME` shows the change:", *unnoticed, sep="\n")
    print(_line(tried, len(unnoticed), f"of all; {left} not tried yet" if left else "of all"))
    return int(left > 0 or 100 * (tried - len(unnoticed)) < ENOUGH_PERCENT * tried)


def _line(tried: int, unnoticed: int, what: str) -> str:
    return f"{tried:6} {tried - unnoticed:7} {100 * (tried - unnoticed) / max(1, tried):5.1f} % {what}"


def _files() -> list[SourceFileMutationData]:
    return list(collect_source_file_mutation_data(mutant_names=[])[1].values())


if __name__ == "__main__":
    sys.exit(main())
