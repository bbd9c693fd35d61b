"""`for:` writes a range of zones or devices once: {for: {floor: 1..3, room: 01..20}, id: "room-{floor}{room}"}."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import product

from config.document import Document, Path, Value, words
from config.problem import Problems, did_you_mean, show

MAX_VALUES = 1000  # of one range
MAX_ENTRIES = 10_000  # of one list after expansion: ten times the largest venue; bounds memory whatever the ranges say

_RANGE = re.compile(r"([0-9]{1,6})\.\.([0-9]{1,6})|([a-z])\.\.([a-z])")
_NAMED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

Choice = dict[str, str]


def expand(document: Document, sections: tuple[str, ...], problems: Problems) -> Document:
    """The document with every entry of these lists that has a `for` replaced by the entries it stands for.

    Each of them keeps the places of the entry it was written as. Wrong ranges are noted and their entries left out.
    """
    if not isinstance(document.data, dict):
        return document
    data, origin = dict(document.data), dict(document.origin)
    for section in sections:
        if isinstance(data.get(section), list):
            data[section], origin[section] = _Entries(document, section, problems).expanded()
    return replace(document, data=data, origin=origin)


class _Entries:
    """One list being expanded."""

    def __init__(self, document: Document, section: str, problems: Problems) -> None:
        self._document = document
        self._section = section
        self._problems = problems

    def expanded(self) -> tuple[Value, list[int]]:
        """The entries, and for each of them the index of the entry that it was written as."""
        result: list[Value] = []
        origin: list[int] = []
        for index, entry in self._document.items(self._section):
            for choice in self._choices((self._section, index), entry, MAX_ENTRIES - len(result)):
                result.append(self._filled(entry, choice))
                origin.append(index)
        return result, origin

    def _choices(self, path: Path, entry: Value, room: int) -> Iterator[Choice]:
        """Each combination of values that an entry stands for; one empty combination for an entry without `for`."""
        if not isinstance(entry, dict) or "for" not in entry:
            yield {}
            return
        ranges = self._ranges((*path, "for"), entry["for"])
        unknown = list(_unknown(path, entry, ranges)) if ranges else []
        for where, found in unknown:
            hint = did_you_mean(found[1], ranges) or f"write its range: for: {{{found[1]}: ...}}"
            mark = self._document.mark_within(where, found.start())
            self._problems.add(mark, f"{found[0]!r} is not a name of this entry's ranges", hint, words(where))
        if unknown:
            return
        total = 1
        for values in ranges.values():
            total *= len(values)
        if ranges and total > room:
            mark = self._document.mark((*path, "for"))
            self._problems.add(mark, f"{total} entries, expected at most {MAX_ENTRIES} in {self._section!r} altogether")
        elif ranges and all(ranges.values()):
            for combination in product(*ranges.values()):
                yield dict(zip(ranges, combination, strict=True))

    def _ranges(self, path: Path, written: Value) -> dict[str, list[str]]:
        if not isinstance(written, dict) or not written:
            self._note(path, f"for: found {show(written)}, expected names with ranges, such as {{room: 01..20}}")
            return {}
        return {name: self._range((*path, name), values) for name, values in written.items()}

    def _range(self, path: Path, written: Value) -> list[str]:
        """The values of one name; empty, with the problem noted, when they cannot be read."""
        if isinstance(written, list):
            good = [str(value) for value in written if isinstance(value, str | int) and not isinstance(value, bool)]
            if len(good) == len(written) > 0:
                return good
        found = _RANGE.fullmatch(written) if isinstance(written, str) else None
        values = _counted(found) if found else []
        if not values:
            self._note(
                path, f"found {show(written)}, expected a range such as 1..3, 01..20 or a..d, or a list of values"
            )
        elif len(values) > MAX_VALUES:
            self._note(path, f"a range of {len(values)} values, expected at most {MAX_VALUES}")
            return []
        return values

    def _filled(self, entry: Value, choice: Choice) -> Value:
        """The entry with every {name} in its texts replaced."""
        if not choice:
            return entry
        assert isinstance(entry, dict)
        return {key: _fill(value, choice) for key, value in entry.items() if key != "for"}

    def _note(self, path: Path, text: str) -> None:
        self._problems.add(self._document.mark(path), text, about=words(path))


def _unknown(path: Path, value: Value, names: Collection[str]) -> Iterator[tuple[Path, re.Match[str]]]:
    """Every {name} in the texts of a value that is not one of the names, with the path of its text."""
    match value:
        case str():
            yield from ((path, found) for found in _NAMED.finditer(value) if found[1] not in names)
        case list():
            for index, item in enumerate(value):
                yield from _unknown((*path, index), item, names)
        case dict():
            for key, item in value.items():
                yield from _unknown((*path, key), item, names)
        case _:
            return


def _fill(value: Value, choice: Choice) -> Value:
    """A value with every {name} in its texts replaced."""
    match value:
        case str():
            return _NAMED.sub(lambda found: choice[found[1]], value)
        case list():
            return [_fill(item, choice) for item in value]
        case dict():
            return {key: _fill(item, choice) for key, item in value.items()}
        case _:
            return value


def _counted(found: re.Match[str]) -> list[str]:
    """The values of a range in order; as many zeros in front as its first value has. Empty when it runs backwards."""
    first, last, letter, last_letter = found.groups()
    if letter:
        return [chr(code) for code in range(ord(letter), ord(last_letter) + 1)]
    start, end = int(first), int(last)
    width = len(first) if first.startswith("0") else 0
    return [str(number).zfill(width) for number in range(start, min(end, start + MAX_VALUES) + 1)]
