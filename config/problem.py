"""What is wrong in a file, where, and what to write instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

SHOWN = 60  # characters of foreign text in a message: enough to recognise it
LONGEST = 2000  # characters of a message: a file of one long word must not become a log of it
COMPARED = 64  # longer words are never looked up for a likely right one: the comparison is quadratic


class Mark(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int = 1
    col: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong. `hint` says what to do, such as "did you mean 'smoke'?"; it may be empty.

    `timeline` shows what would happen, line by line, as the engine that ran these rules told it.
    """

    file: str
    line: int
    col: int
    text: str
    hint: str = ""
    timeline: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f"{self.file}:{self.line}:{self.col}: {self.text}" + (f" -- {self.hint}" if self.hint else "")
        return "\n".join((said, *self.timeline))


class ConfigError(Exception):
    """A configuration that cannot be used, with the problems found in it, sorted by place, and how many there are.

    All of them are held, unless somebody who only counted the rest says `count`.
    """

    def __init__(self, problems: Iterable[Problem], count: int | None = None) -> None:
        self.problems = tuple(sorted(problems))
        self.count = len(self.problems) if count is None else count
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[tuple[Problem, ...], int]]:
        """Whole on the other side of a process: by itself an exception would take its text for the problems."""
        return ConfigError, (self.problems, self.count)


class Problems:
    """Collects problems. One thing written once but meant many times, such as a range of rooms, is reported once."""

    def __init__(self) -> None:
        self._found: dict[tuple[Mark, object], Problem] = {}

    def add(self, mark: Mark, text: str, hint: str = "", about: object = None, timeline: tuple[str, ...] = ()) -> None:
        """The first problem `about` the same thing at the same place is kept."""
        text = text if len(text) <= LONGEST else text[:LONGEST] + "..."
        self._found.setdefault((mark, about), Problem(mark.file, mark.line, mark.col, text, hint, timeline))

    def __len__(self) -> int:
        return len(self._found)

    def refuse(self) -> None:
        """Raises ConfigError when there is any problem."""
        if self._found:
            raise ConfigError(self._found.values())


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """The nearest right word as a question, or nothing."""
    if len(word) > COMPARED:
        return ""
    near = get_close_matches(word, sorted(choices), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def show(value: object) -> str:
    """A value of the file as a person would recognise it, cut to a bounded length."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "keys with values"
        case list():
            return "a list"
        case str() if len(value) > SHOWN:
            return repr(value[:SHOWN]) + "..."
        case _:
            return repr(value)


def one_of(words: Iterable[str]) -> str:
    """Words for a sentence: 'a', 'b' or 'c'."""
    quoted = [repr(word) for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
