"""Checks files in a process of its own, under limits, so that no file can hang, crash or bloat a running daemon.

What comes back is the verdict and nothing else: a plan is never taken from the child. The daemon loads the very bytes
that were checked, by their digest.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
from msgspec import Struct

from config.files import FileSet
from config.problem import ConfigError, Problem

CHILD = (sys.executable, "-P", "-m", "config.apart_child")
SHOWN_CHARS = 300  # of what a child that died said last
NO_MEMORY = 77  # exit code of the child
PROBLEMS_TOLD = 100  # by the child; the rest is counted

_ADVICE = "`tocsin check` may say more; rules or devices that are fewer or simpler help"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take. A venue of 1,000 devices and 20 rules takes 60 MB and 1.5 s on two slow cores.

    The address space, with what the daemon itself needs, stays below the service's MemoryHigh. A plan that fits into it
    fits into the daemon.
    """

    address_space_bytes: int = 288 * 1024 * 1024
    cpu_s: int = 30
    deadline_s: float = 60.0  # wall: the daemon goes first, and may need the processor
    answer_bytes: int = 256 * 1024  # 100 problems are 20 kB


class Finding(Struct, frozen=True, array_like=True):
    """A problem as the child tells it."""

    file: str
    line: int
    col: int
    text: str
    hint: str

    def problem(self) -> Problem:
        return Problem(self.file, self.line, self.col, self.text, self.hint)


class Verdict(Struct, frozen=True):
    """What the child found in the files with this digest: the first PROBLEMS_TOLD problems, and how many in all."""

    digest: str
    findings: list[Finding]
    count: int


class CheckEnded(Exception):
    """The child came to no verdict: it was ended by a limit, or died. Says which, and what to do."""


Started = Callable[["subprocess.Popen[bytes]"], object]


def refuse_apart(
    found: FileSet, limits: Limits | None = None, command: tuple[str, ...] = CHILD, started: Started = lambda _: None
) -> None:
    """Check the files in a child. Raises ConfigError with what it found wrong, or CheckEnded. Blocks until then.

    `started` is given the child, for whoever has to end it before its time, or has something to do meanwhile.
    """
    verdict = _verdict(found, limits or Limits(), command, started)
    if verdict.digest != found.digest:
        raise CheckEnded("the check answered for other files than it was given; look at the daemon's installation")
    if verdict.count:
        raise ConfigError([finding.problem() for finding in verdict.findings], verdict.count)


def _verdict(found: FileSet, limits: Limits, command: tuple[str, ...], started: Started) -> Verdict:
    with _memory() as question, _memory() as answer, _memory() as errors:
        question.write(msgspec.msgpack.encode(found))
        question.seek(0)
        with subprocess.Popen(command, stdin=question, stdout=answer, stderr=errors) as child:  # noqa: S603  # our program
            code = _wait(child, limits, started)
        if code != 0:
            said = _text(errors).strip()[-SHOWN_CHARS:].rpartition("\n")[2]
            raise CheckEnded(f"the check {_ending(code)}" + (f", saying {said!r}" if said else "") + f"; {_ADVICE}")
        answer.seek(0)
        try:
            return msgspec.json.decode(answer.read(limits.answer_bytes), type=Verdict)
        except msgspec.DecodeError as error:
            raise CheckEnded(f"the answer of the check cannot be read: {error}") from None


def _wait(child: "subprocess.Popen[bytes]", limits: Limits, started: Started) -> int:
    """The child's exit code; negative when a signal ended it. It does not outlive this call."""
    try:
        _limit(child.pid, limits)
        started(child)
        return child.wait(limits.deadline_s)
    except subprocess.TimeoutExpired:
        raise CheckEnded(f"the check took longer than {limits.deadline_s:g} s and was ended; {_ADVICE}") from None
    finally:
        child.kill()


def _limit(child: int, limits: Limits) -> None:
    """Set from outside: whatever the child runs, it runs under them. Files in memory count as files written."""
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.address_space_bytes, limits.address_space_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1),  # first the signal that says why
        (resource.RLIMIT_FSIZE, limits.answer_bytes, limits.answer_bytes),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            resource.prlimit(child, kind, (soft, hard))


def _memory() -> BinaryIO:
    """A file that needs no disk and that neither side can wait for."""
    return os.fdopen(os.memfd_create("check"), "w+b")


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _ending(code: int) -> str:
    if code == -signal.SIGXCPU:
        return "took more processor time than it may"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return "needed more memory than it may" if code == NO_MEMORY else f"ended with code {code}"
