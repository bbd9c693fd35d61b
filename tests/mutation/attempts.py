"""Mutants tried two at a time, in processes of their own."""

import gc
import os
import resource
import sys
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from io import BufferedReader
from pathlib import Path
from typing import NoReturn

from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import status_by_exit_code

from tests.mutation.stories import Stories

CHILDREN = 2
BATCH = 25  # mutants that share a fork: rules/ has no state of its own that one could leave to the next
MEMORY_BYTES = 2 << 30  # one that adds to a list for ever ends before the machine's memory does
NOTICED = ("killed", "timeout")
NOT_REACHED = 33  # mutmut's code of a mutant that no test runs
ENDED_THE_PROCESS = 36  # mutmut's code of a timeout


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

    def _try_all(self, mutants: Sequence[str], answering: int) -> NoReturn:
        """In the child. Its end is not pytest's."""
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        try:
            for mutant in mutants:
                os.write(answering, bytes([self._stories.notice(mutant, Path(self._file_of[mutant].path))]))
        finally:
            os._exit(0)

    def _await_one(self) -> None:
        pid, _ = os.wait()
        child = self._running.pop(pid)
        answers = child.answers.read()
        child.answers.close()
        for mutant, noticed in zip(child.mutants, answers, strict=False):
            self._keep(mutant, noticed)
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
            left_min = (self._all - self._tried) / rate / 60
            told = f"{self._tried} of {self._all} tried, {self._unnoticed} unnoticed"
            sys.stdout.write(f"\r{told}, {rate:.1f} a second, {left_min:.0f} min left   ")
            sys.stdout.flush()
