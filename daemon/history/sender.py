"""Lines on their way to one target: cut into requests that it takes, and what it will never take put aside."""

import logging
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from daemon.history.answer import Answer, Malformed, Refused, Stored, TooLarge, Verdict

REQUEST_BYTES = 1024 * 1024  # before gzip; InfluxDB Cloud takes 50 MB, a proxy often 1 MB
REJECTED_BYTES = 1024 * 1024  # kept of what was put aside, for people; beyond it lines are only counted
KNOWN_MAX = 10_000  # about 1 MB
HOPELESS = 50  # so many lines refused one after another and none taken: not the lines are wrong but the target

_log = logging.getLogger(__name__)


class Writer(Protocol):
    """What takes lines; daemon.history.influx has the real one."""

    def write(self, lines: Sequence[str]) -> Answer: ...


class Sender:
    """One request a call of `step`, until `idle`. `rejected` counts the lines put aside, in the file `aside`."""

    def __init__(self, writer: Writer, batch_points: int, aside: Path, rejected: int = 0) -> None:
        self._writer = writer
        self._most = batch_points
        self._aside = aside
        self._waiting: deque[Sequence[str]] = deque()
        self._known: set[int] = set()  # hashes of lines put aside: sent again after a break, they count once
        self._refused_in_a_row = 0
        self.rejected = rejected
        self.stored = 0

    @property
    def idle(self) -> bool:
        return not self._waiting

    def take(self, lines: Sequence[str]) -> None:
        self._waiting.extend(_cut(lines, self._most))

    def drop(self) -> None:
        """Forget what waits; it is read again."""
        self._waiting.clear()

    def step(self) -> Verdict:
        """Send one request. Answers Stored when it is done with these lines, or has cut them for the next steps."""
        lines = self._waiting[0]
        answer = self._writer.write(lines)
        if isinstance(answer, Stored):
            self._waiting.popleft()
            self._refused_in_a_row = 0
            self.stored += len(lines)
            return answer
        if isinstance(answer, TooLarge):
            self._most = max(1, len(lines) // 2)
            return self._narrow(lines, "413: too large alone")
        if isinstance(answer, Malformed):
            if self._refused_in_a_row >= HOPELESS:
                text = f"{HOPELESS} lines in a row are refused, look at bucket and precision: {answer.reason}"
                return Refused(text)
            return self._narrow(lines, answer.reason)
        return answer

    def _narrow(self, lines: Sequence[str], reason: str) -> Verdict:
        """Halve them; one line alone is put aside."""
        self._waiting.popleft()
        if len(lines) > 1:
            middle = len(lines) // 2
            self._waiting.extendleft((lines[middle:], lines[:middle]))
        else:
            self._refused_in_a_row += 1
            self._put_aside(lines[0], reason)
        return Stored()

    def _put_aside(self, line: str, reason: str) -> None:
        if hash(line) in self._known:
            return
        if len(self._known) < KNOWN_MAX:
            self._known.add(hash(line))
        self.rejected += 1
        _log.warning("history: a line is put aside, the server refuses it: %s: %.200s", reason, line)
        try:
            if self._aside.exists() and self._aside.stat().st_size >= REJECTED_BYTES:
                return
            with self._aside.open("a") as file:
                file.write(f"# {reason}\n{line}\n")
        except OSError as error:
            _log.warning("history: %s cannot be written: %s", self._aside, error)


def _cut(lines: Sequence[str], most: int) -> list[Sequence[str]]:
    """In their order, at most so many and at most REQUEST_BYTES at a time; a longer line goes alone."""
    cut: list[Sequence[str]] = []
    begin = size = 0
    for index, line in enumerate(lines):
        if index > begin and (index - begin == most or size + len(line) > REQUEST_BYTES):
            cut.append(lines[begin:index])
            begin, size = index, 0
        size += len(line) + 1
    if begin < len(lines):
        cut.append(lines[begin:])
    return cut
